"""What MLflow tracked: a folder `mlruns` of text files, or its SQLite database."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from auditor.data.formats import readable, shown
from auditor.data.tables import quoted
from auditor.errors import InputError
from auditor.histories.log import Log, log_of_steps
from auditor.histories.runs import chosen_run

SQLITE = b"SQLite format 3\x00"
METRICS = "SELECT key, value, step, is_nan FROM metrics WHERE run_uuid = ? ORDER BY timestamp, step"
RUNS = "SELECT run_uuid, name FROM runs WHERE run_uuid IN (SELECT DISTINCT run_uuid FROM metrics) ORDER BY start_time"
# MLflow stores infinity as the largest number that a database column takes.
INFINITE = 1.7976931348623157e308


def read_mlflow_database(path: Path, run: str) -> Log:
    """The metrics of a run in an MLflow database, opened for reading only.

    Raises InputError where the file is no such database, or where there are several runs and `run` names none of them.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not {"metrics", "runs"} <= tables:
                found = "it has no tables runs and metrics"
                raise InputError(f"{shown(path)} is an SQLite database, but not MLflow's: {found}")
            names = dict(database.execute(RUNS).fetchall())
            if not names:
                raise InputError(f"{shown(path)} holds no run with metrics")
            key = chosen_run(path, {key: key for key in names}, run, names)
            rows = database.execute(METRICS, (key,)).fetchall()
    except (sqlite3.Error, UnicodeError) as error:
        raise InputError(f"{shown(path)} cannot be read as an MLflow database: {error}") from None
    return log_of_steps("MLflow database", _series(rows))


def _series(rows: Sequence[tuple[str, float, int, bool]]) -> dict[str, list[tuple[int, float]]]:
    series: dict[str, list[tuple[int, float]]] = {}
    for key, value, step, is_nan in rows:
        number = float("nan") if is_nan else float("inf") if abs(value) >= INFINITE else float(value)
        series.setdefault(str(key), []).append((int(step), number))
    return series


def read_mlflow_folder(path: Path, run: str) -> tuple[Log, Sequence[Path]]:
    """The metrics of a run below a folder, one text file each with lines of time, value and step; and these files.

    Raises InputError where the folder holds none, or several runs and `run` names none of them.
    """
    folders = [path] if path.name == "metrics" else sorted(f for f in path.rglob("metrics") if f.is_dir())
    files = {folder.parent: sorted(file for file in folder.rglob("*") if file.is_file()) for folder in folders}
    runs = {folder.name: (folder, found) for folder, found in files.items() if found}
    if not runs:
        kinds = "TensorBoard event files, MLflow's metrics, trainer_state.json or metrics.csv"
        raise InputError(f"{shown(path)} is a folder without a training history; expected {kinds}")
    folder, chosen = chosen_run(path, runs, run, {key: _run_name(folder) for key, (folder, _) in runs.items()})
    series = {file.relative_to(folder / "metrics").as_posix(): _read_metric(file) for file in chosen}
    return log_of_steps("MLflow folder", series), chosen


def _run_name(folder: Path) -> str:
    """The name that the run was given, or none."""
    tag = folder / "tags" / "mlflow.runName"
    return tag.read_text("utf-8", errors="replace").strip() if tag.is_file() else ""


def _read_metric(path: Path) -> list[tuple[int, float]]:
    with readable(path):
        lines = path.read_text("utf-8", errors="replace").splitlines()
    return [_point(path, number, line.split()) for number, line in enumerate(lines, 1) if line.strip()]


def _point(path: Path, number: int, parts: Sequence[str]) -> tuple[int, float]:
    """The step and value of a line; lines of old versions carry no step."""
    try:
        return (int(parts[2]) if len(parts) > 2 else number - 1), float(parts[1])
    except (ValueError, IndexError):
        found = quoted(" ".join(parts))
        raise InputError(f"{shown(path)} line {number}: expected a time, a value and a step, found {found}") from None
