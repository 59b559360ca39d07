"""The wheel holds what the tree holds, puts it inside the one package, and runs without the tree."""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from auditor import resources

TREE = Path(__file__).parent.parent
LEAVINGS = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache", "audit")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy to build in: building leaves folders behind."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("auditor", *resources.FOLDERS):
        shutil.copytree(TREE / name, copy / name, ignore=LEAVINGS)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(TREE / name, copy)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    return next((checkout / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an installer makes of the wheel."""
    folder = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def run(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python as if the wheel were installed, away from the tree."""
    environment = os.environ | {"PYTHONPATH": str(site)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)


def test_wheel_holds_every_file_of_the_tree_inside_the_package(checkout: Path, site: Path) -> None:
    beside = {f"{name}/{file}" for name in resources.FOLDERS for file in files(checkout / name)}
    assert files(site / "auditor") == files(checkout / "auditor") | beside


def test_nothing_but_the_package_is_installed_at_the_top(site: Path) -> None:
    assert {path.name for path in site.iterdir() if path.suffix != ".dist-info"} == {"auditor"}


def test_wheel_brings_the_command_the_licence_and_the_type_marker(site: Path) -> None:
    (metadata,) = site.glob("*.dist-info")
    (command,) = PathDistribution(metadata).entry_points
    assert (command.name, command.value) == ("auditor", "auditor.__main__:main")
    assert (metadata / "licenses/LICENSE").read_text() == (TREE / "LICENSE").read_text()
    assert (site / "auditor/py.typed").exists()


def test_samples_stay_small_enough_to_ship(site: Path) -> None:
    size = sum(path.stat().st_size for path in (site / "auditor/samples").rglob("*") if path.is_file())
    assert size < 6_000_000


@pytest.mark.parametrize("name", resources.FOLDERS)
def test_folders_are_found_inside_an_installed_package(site: Path, tmp_path: Path, name: str) -> None:
    found = run(site, tmp_path, "-c", f"from auditor import resources; print(resources.folder({name!r}))")
    assert found.stdout.strip() == str(site / "auditor" / name), found.stderr


@pytest.mark.parametrize("name", resources.FOLDERS)
def test_folders_are_found_beside_the_package_in_a_checkout(name: str) -> None:
    assert resources.folder(name) == TREE / name


def test_unknown_folder_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown folder 'docs': expected one of checks, templates, samples"):
        resources.folder("docs")


def test_missing_folder_says_that_the_installation_is_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "auditor")
    with pytest.raises(FileNotFoundError, match="install it again"):
        resources.folder("samples")


def test_installed_command_lists_the_built_in_checks(site: Path, tmp_path: Path) -> None:
    listing = run(site, tmp_path, "-c", "from auditor.cli import main; main()", "checks")
    assert listing.returncode == 0, listing.stderr
    assert {"acceptance", "shared-rows"} <= set(listing.stdout.split())


def test_installed_demo_writes_its_report(site: Path, tmp_path: Path) -> None:
    demo = run(site, tmp_path, "-c", "from auditor.cli import main; main()", "demo", "--out", "report")
    assert demo.returncode == 0, demo.stderr
    assert {"report.json", "report.html"} <= files(tmp_path / "report")
