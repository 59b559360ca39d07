"""Any history that is read, told by its content: its log, then its epochs."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.data.formats import Format, format_of, packing_of, readable, sha256, shown
from auditor.errors import InputError
from auditor.histories.delimited import read_delimited
from auditor.histories.epochs import Epochs, Filled, by_epoch
from auditor.histories.history import Column, History
from auditor.histories.json_text import read_json
from auditor.histories.log import Log
from auditor.histories.mlflow import SQLITE, read_mlflow_database, read_mlflow_folder
from auditor.histories.tensorboard import is_event_file, read_event_files
from auditor.wording import count, number

LOOKED_AT = 64
TABLES = ("trainer_state.json", "metrics.csv", "history.csv", "history.jsonl")


@dataclass(frozen=True)
class Wanted:
    """What was stated about a history: its columns of losses, the run where there are several, the audited epoch."""

    train: str = ""
    validation: str = ""
    run: str = ""
    epoch: float | None = None


def read_history(path: Path, wanted: Wanted | None = None) -> History:
    """The history in a file or folder: CSV, JSON, TensorBoard event files, an MLflow folder or database.

    Raises InputError where there is no loss, text in a column of losses or epochs, several runs and none chosen, or no
    such epoch as the stated one.
    """
    wanted = wanted or Wanted()
    log, files = _log(path, wanted)
    epochs = by_epoch(path, log, wanted.train, wanted.validation)
    columns = {name: _column(found) for name, found in epochs.columns.items()}
    odd = {name: _not_finite(epochs, name) for name in columns}
    history = History(
        path,
        _hash(path, files),
        tuple(epochs.points.tolist()),
        columns,
        {name: found for name, found in odd.items() if found},
        log.format,
        epochs.unit,
        epochs.sources,
        epochs.notes,
        wanted.epoch,
    )
    return _with_audited(history)


def _log(path: Path, wanted: Wanted) -> tuple[Log, Sequence[Path]]:
    """What was recorded, and the files that hold it."""
    if path.is_dir():
        return _folder(path, wanted)
    with readable(path), path.open("rb") as file:
        start = file.read(LOOKED_AT)
    if start.startswith(SQLITE):
        return read_mlflow_database(path, wanted.run), [path]
    if is_event_file(start):
        return read_event_files(path, [path], wanted.run), [path]
    if packing := packing_of(start):
        raise InputError(f"{shown(path)} is compressed with {packing}; unpack the history first")
    required = tuple(name for name in (wanted.train, wanted.validation) if name)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return read_json(path, required), [path]
    if format_of(path) is not Format.CSV:
        kinds = "a CSV or JSON file, TensorBoard event files or an MLflow folder"
        raise InputError(f"{shown(path)} holds no training history; expected {kinds}")
    return read_delimited(path, required), [path]


def _folder(path: Path, wanted: Wanted) -> tuple[Log, Sequence[Path]]:
    events = sorted(file for file in path.rglob("*tfevents*") if file.is_file())
    if events:
        return read_event_files(path, events, wanted.run), events
    tables = [path / name for name in TABLES if (path / name).is_file()]
    if tables:
        return _log(tables[0], wanted)
    return read_mlflow_folder(path, wanted.run)


def _hash(path: Path, files: Sequence[Path]) -> str:
    """The hash of the file; of several, that of a list of their names and hashes."""
    if list(files) == [path]:
        return sha256(path)
    lines = [f"{sha256(file)}  {file.relative_to(path).as_posix()}\n" for file in files]
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _column(found: Filled) -> Column:
    pairs = zip(*(array.tolist() for array in found), strict=True)
    return tuple(value if known and math.isfinite(value) else None for value, known in pairs)


def _not_finite(epochs: Epochs, name: str) -> tuple[float, ...]:
    values, there = epochs.columns[name]
    pairs = zip(epochs.points.tolist(), values.tolist(), there.tolist(), strict=True)
    return tuple(point for point, value, known in pairs if known and not math.isfinite(value))


def _with_audited(history: History) -> History:
    """The history, once the stated epoch is found to be one of its own."""
    stated = history.audited
    if stated is None or stated in history.epochs:
        return history
    first, last = (number(epoch, 6).rstrip("0").rstrip(".") for epoch in (history.epochs[0], history.epochs[-1]))
    found = f"its {count(len(history.epochs))} {history.unit}s run from {first} to {last}"
    raise InputError(f"{shown(history.path)} has no {history.unit} {stated:g}, which `epoch` names; {found}")
