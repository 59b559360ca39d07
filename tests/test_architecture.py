"""Who may import what, read from the source; and what `auditor --help` may cost."""

import ast
import subprocess
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import pytest

TREE = Path(__file__).parent.parent
SOURCES = sorted(
    path.relative_to(TREE).as_posix() for part in ("auditor", "checks") for path in TREE.glob(f"{part}/**/*.py")
)

# A module, and the one file that may import it.
SOLE_IMPORTER = {
    "auditor.cli": "auditor/__main__.py",
    "matplotlib": "auditor/figures.py",
    "ray": "auditor/engines/ray.py",
    "scipy.stats": "",  # takes longer to import than `auditor --help` to answer; scipy.special has what is needed
    "weasyprint": "auditor/rendering/pdf.py",
}

# Files, and all they may import beside the standard library.
ROOMS = {
    "auditor/statistics/": ("auditor.statistics", "numpy", "scipy.spatial", "scipy.special"),
    "checks/": ("auditor", "numpy"),
}

# Files that read a finished report, and all they may import of this package.
READS_REPORTS = ("auditor/figures.py", "auditor/rendering/")
REPORT = (
    "auditor.errors",
    "auditor.figure_data",
    "auditor.figures",
    "auditor.findings",
    "auditor.measurements",
    "auditor.rendering",
    "auditor.report",
    "auditor.results",
    "auditor.resources",
    "auditor.wording",
)

# What checks may use of this package, as any plug-in may.
PUBLIC = {"auditor.row_wording", "auditor.wording"} | {
    f"{module}.{name}"
    for module in ("auditor", "auditor.states", "auditor.statistics")
    for name in import_module(module).__all__
}

HEAVY = {"matplotlib", "numpy", "pyarrow", "pydantic", "scipy", "torch", "weasyprint"}


def imported(source: str) -> set[str]:
    """Everything a source imports, wherever in the file, as dotted paths."""
    nodes = list(ast.walk(ast.parse(source)))
    whole = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = {
        f"{'.' * node.level}{node.module or ''}.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return whole | parts


def within(path: str, modules: Iterable[str]) -> bool:
    return any(path == module or path.startswith(f"{module}.") for module in modules)


def of_others(file: str, paths: set[str]) -> set[str]:
    """Imports that are left to one other file."""
    return {path for path in paths if within(path, (name for name, owner in SOLE_IMPORTER.items() if owner != file))}


def out_of_room(file: str, paths: set[str]) -> set[str]:
    """Imports that the file's folder may not use."""
    foreign = {path for path in paths if path.split(".", maxsplit=1)[0] not in sys.stdlib_module_names}
    return {
        path
        for room, allowed in ROOMS.items()
        if file.startswith(room)
        for path in foreign
        if not within(path, allowed)
    }


def past_report(file: str, paths: set[str]) -> set[str]:
    """Imports by which a renderer would reach past the report."""
    own = {path for path in paths if within(path, ["auditor"])}
    return {path for path in own if not within(path, REPORT)} if file.startswith(READS_REPORTS) else set()


def not_public(file: str, paths: set[str]) -> set[str]:
    """Imports by a check that a plug-in could not rely on."""
    own = {path for path in paths if within(path, ["auditor"])} if file.startswith("checks/") else set()
    return {path for path in own if not within(path, PUBLIC) or "._" in path}


def breaches(file: str, source: str) -> set[str]:
    paths = imported(source)
    return of_others(file, paths) | out_of_room(file, paths) | past_report(file, paths) | not_public(file, paths)


@pytest.mark.parametrize("file", SOURCES)
def test_every_file_imports_only_what_its_room_allows(file: str) -> None:
    assert breaches(file, (TREE / file).read_text()) == set()


@pytest.mark.parametrize(
    ("file", "source", "breach"),
    [
        ("auditor/pipeline.py", "def audit():\n    import ray.util", "ray.util"),
        ("auditor/engines/local.py", "from ray import remote", "ray.remote"),
        ("auditor/rendering/html.py", "import weasyprint", "weasyprint"),
        ("auditor/rendering/html.py", "from matplotlib.pyplot import plot", "matplotlib.pyplot.plot"),
        ("auditor/rendering/html.py", "from auditor.states import Confusion", "auditor.states.Confusion"),
        ("auditor/figures.py", "from auditor import pipeline", "auditor.pipeline"),
        ("auditor/pipeline.py", "from auditor.cli import main", "auditor.cli.main"),
        ("auditor/statistics/intervals.py", "import torch", "torch"),
        ("auditor/statistics/intervals.py", "from scipy.stats import norm", "scipy.stats.norm"),
        ("auditor/statistics/intervals.py", "from ..states import State", "..states.State"),
        ("checks/leakage.py", "from auditor.measurements import Measurements", "auditor.measurements.Measurements"),
        ("checks/leakage.py", "from auditor.states import _total", "auditor.states._total"),
        ("checks/leakage.py", "import torch", "torch"),
    ],
)
def test_a_breach_is_seen(file: str, source: str, breach: str) -> None:
    assert breaches(file, source) == {breach}


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("auditor/rendering/pdf.py", "import weasyprint"),
        ("auditor/figures.py", "from matplotlib.figure import Figure"),
        ("auditor/statistics/intervals.py", "import math\nimport numpy as np\nfrom scipy.special import betaincinv"),
        ("checks/leakage.py", "from auditor import Finding, check\nfrom auditor.states import Confusion"),
    ],
)
def test_what_is_allowed_is_no_breach(file: str, source: str) -> None:
    assert breaches(file, source) == set()


@pytest.mark.parametrize(
    "statement", ["import auditor", "from auditor.cli import main; main(['--help'], standalone_mode=False)"]
)
def test_the_package_and_its_help_import_nothing_heavy(statement: str) -> None:
    program = f"import sys; {statement}; print(*sys.modules, sep='\\n', file=sys.stderr)"
    finished = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert HEAVY.isdisjoint(finished.stderr.split())
