"""What a file of a training run recorded, before its rows are put into epochs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Recorded = tuple[NDArray[np.int64], NDArray[np.float64]]


@dataclass(frozen=True)
class Log:
    """Columns as pairs of (values,) row numbers from 0, ascending, and (values,) numbers; a blank has no entry.

    `names` are all columns of the file, those without a number too, and `place` is what its rows are called in messages.
    """

    format: str
    n_rows: int
    columns: Mapping[str, Recorded]
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    place: str = "row"


def log_of_rows(form: str, rows: Sequence[Mapping[str, float]], notes: Iterable[str] = (), place: str = "row") -> Log:
    """A log from one mapping of numbers a row."""
    entries: dict[str, tuple[list[int], list[float]]] = {}
    for number, row in enumerate(rows):
        for name, value in row.items():
            at, values = entries.setdefault(name, ([], []))
            at.append(number)
            values.append(value)
    columns = {name: (np.array(at, np.int64), np.array(values, np.float64)) for name, (at, values) in entries.items()}
    return Log(form, len(rows), columns, tuple(columns), tuple(notes), place)


def log_of_steps(form: str, series: Mapping[str, Sequence[tuple[int, float]]], notes: Iterable[str] = ()) -> Log:
    """A log from (step, value) pairs in the order of writing; each step becomes a row.

    A value that was written twice for one step, as after a run was resumed, stands as it was written last.
    """
    pairs = {name: dict(values) for name, values in series.items() if values}
    steps = np.unique(np.array([step for found in pairs.values() for step in found], np.int64))
    columns: dict[str, Recorded] = {}
    for name, found in pairs.items():
        order = np.array(sorted(found), np.int64)
        columns[name] = (np.searchsorted(steps, order), np.array([found[step] for step in order.tolist()], np.float64))
    if "step" not in columns and len(steps):
        columns["step"] = (np.arange(len(steps)), steps.astype(np.float64))
    return Log(form, len(steps), columns, tuple(columns), tuple(notes), "step")
