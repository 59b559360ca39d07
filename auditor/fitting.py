"""How the columns of a table and a saved model go together, for `auditor init`: what is missing, and what may be meant."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from auditor import wording
from auditor.data.categories import toml_text
from auditor.errors import InputError
from auditor.models.detection import Format
from auditor.models.files import read_model_file
from auditor.models.verification import Violation, verify
from auditor.roles import ROLES, is_called

PROGRAMS = (Format.EXPORTED, Format.EXPORTED_OLD)
MOST_SHOWN = 10


def role_lines(columns: Sequence[str], *, timed: bool) -> list[str]:
    """A line for each of group, time and weight, with the first column that is called so, commented out: it is a guess.

    None for time where `timed`: a column was found.
    """
    lines = []
    for setting, words, meaning in ROLES:
        if timed and setting == "time":
            continue
        found = next((name for name in columns if is_called(name, words)), None)
        guess = "a guess, from its name: " if found else ""
        lines.append(f"# {setting} = {toml_text(found or words[1])}  # {guess}the column {meaning}")
    return lines


def fit_lines(model: Path | None, features: Sequence[str]) -> list[str]:
    """Comments on how the columns left as features differ from what an exported program takes; none where they fit."""
    takes = [] if model is None or not model.is_file() or not features else _taken(model)
    if len(takes) > 1:
        return _by_name([name for name, _ in takes], features)
    width = takes[0][1] if takes else None
    if width is None or width == len(features):
        return []
    plural = wording.plural(abs(width - len(features)), "column")
    what = (
        f"{plural} too many: take those that are no features into ids" if width < len(features) else f"{plural} missing"
    )
    return [
        f"# the model takes {wording.plural(width, 'value')} a row, and {len(features)} columns are features: {what}"
    ]


def _by_name(takes: Sequence[str], features: Sequence[str]) -> list[str]:
    missing = [name for name in takes if name not in features]
    more = [name for name in features if name not in takes]
    said = [("missing", missing), ("more than it takes", more)]
    lines = [f"# of the model's inputs {_listed(takes)}:"] if missing or more else []
    return lines + [f"#   {what}: {_listed(names)}" for what, names in said if names]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return ", ".join(wording.name(name) for name in names[:MOST_SHOWN]) + more


def _taken(model: Path) -> list[tuple[str, int | None]]:
    """The inputs of an exported program by name, and the width of each that is a row of numbers; none where it is none."""
    file = read_model_file(model)
    if file.detected.format not in PROGRAMS:
        return []
    try:
        program = verify(file.content).program
    except (InputError, Violation):
        return []
    graph, specs = program["graph_module"]["graph"], program["graph_module"]["signature"]["input_specs"]
    given = [spec["user_input"]["arg"] for spec in specs if "user_input" in spec]
    names = [argument["as_tensor"]["name"] for argument in given if "as_tensor" in argument]
    return [(name, _width(graph["tensor_values"][name]["sizes"])) for name in names]


def _width(sizes: Sequence[dict[str, Any]]) -> int | None:
    found: int | None = sizes[1].get("as_int") if len(sizes) == 2 else None
    return found
