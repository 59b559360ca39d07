"""Which training run is meant, where a folder or a database holds several."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from auditor.data.formats import shown
from auditor.data.tables import listed, quoted
from auditor.errors import InputError

Run = TypeVar("Run")


def chosen_run(path: Path, runs: Mapping[str, Run], wanted: str, names: Mapping[str, str] | None = None) -> Run:
    """The only run, or the wanted one by its key or, where `names` gives some, by a name that no other run has.

    Raises InputError that lists the runs where the choice is open.
    """
    matching = [key for key in runs if wanted in {key, (names or {}).get(key, key)}]
    if wanted in runs or len(matching) == 1:
        return runs[wanted if wanted in runs else matching[0]]
    found = f"it holds {listed(_label(key, names) for key in runs)}"
    if wanted:
        raise InputError(f"{shown(path)} has no single run {quoted(wanted)}, which `history_run` names; {found}")
    if len(runs) == 1:
        return next(iter(runs.values()))
    raise InputError(f"{shown(path)} holds {len(runs)} runs; choose one with `history_run` in auditor.toml: {found}")


def _label(key: str, names: Mapping[str, str] | None) -> str:
    name = (names or {}).get(key)
    return f"{key} ({name})" if name else key
