"""From the rows of a log to epochs: which rows belong together, and which value of theirs stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from auditor.data.formats import shown
from auditor.data.tables import listed, quoted
from auditor.errors import InputError
from auditor.histories.log import Log
from auditor.histories.names import canonical_names
from auditor.wording import count, plural

Floats = NDArray[np.float64]
Filled = tuple[Floats, NDArray[np.bool_]]
LOSSES = ("train_loss", "val_loss")
SPOKEN = {"train_loss": "training loss", "val_loss": "validation loss"}
NEARLY = 1e-6


@dataclass(frozen=True)
class Epochs:
    """The points of a history (points,), what they count, the columns there (points,) with NaN and a mask of blanks."""

    points: Floats
    unit: str
    columns: Mapping[str, Filled]
    sources: Mapping[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """Where each row lies: (rows,) counts of epochs or steps, NaN where a row has none, and what they count."""

    at: Floats
    unit: str
    notes: tuple[str, ...] = field(default=())


def by_epoch(path: Path, log: Log, train: str, validation: str) -> Epochs:
    """The log by epoch; `train` and `validation` name its columns of losses, "" leaves that to convention.

    Values of training columns within one epoch are averaged, of others the last one stands. Where epochs are counted in
    fractions and validation came more often than once an epoch, and where only steps were recorded, each validation
    ends a point of its own.
    """
    names = _names(path, log, train, validation)
    place = _place(path, log, names)
    points = _points(log, names, place)
    row_point = np.searchsorted(points, place.at - NEARLY)
    kept = np.isfinite(place.at) & (row_point < len(points))
    canonical = {name: what for what, name in names.items()}
    columns = {}
    for name, (rows, values) in log.columns.items():
        what = canonical.get(name, name if name not in names else f"{name} (as recorded)")
        if what not in ("epoch", place.unit):
            inside = kept[rows]
            averaged = what.startswith("train_")
            columns[what] = _merged(row_point[rows[inside]], values[inside], len(points), averaged=averaged)
    sources = {what: name for what, name in names.items() if what != name and what in columns}
    notes = (*log.notes, *place.notes, *_merging(columns, log, names, place.unit))
    return _whole(Epochs(points, place.unit, columns, sources, notes))


def _names(path: Path, log: Log, train: str, validation: str) -> dict[str, str]:
    """Which column of the log is what."""
    names = canonical_names(log.names)
    for what, key, stated in (("train_loss", "history_train", train), ("val_loss", "history_validation", validation)):
        if stated and stated not in log.columns:
            found = f"its columns are {listed(log.names)}"
            raise InputError(f"{shown(path)} has no column {quoted(stated)} with numbers, which `{key}` names; {found}")
        if stated:
            names = {other: name for other, name in names.items() if name != stated} | {what: stated}
    if not {*LOSSES} & names.keys():
        remedy = "name it with `history_train` or `history_validation` in auditor.toml"
        raise InputError(
            f"{shown(path)} has no column train_loss or val_loss; its columns are {listed(log.names)}; {remedy}"
        )
    present = {what: name for what, name in names.items() if name in log.columns}
    if not {*LOSSES} & present.keys():
        raise InputError(f"{shown(path)} has no value in its columns of losses; expected one loss an epoch")
    return present


def _place(path: Path, log: Log, names: Mapping[str, str]) -> Place:
    """Where the rows lie: by epoch where every loss has one, else by step, else one row an epoch from 1."""
    losses = np.unique(np.concatenate([log.columns[names[what]][0] for what in LOSSES if what in names]))
    for counter in ("epoch", "step"):
        if counter not in names:
            continue
        at = np.full(log.n_rows, np.nan)
        rows, values = log.columns[names[counter]]
        at[rows] = values
        if np.isfinite(at[losses]).all():
            return Place(at, counter)
        row = int(losses[~np.isfinite(at[losses])][0])
        if counter == "step" or "step" not in names:
            where = f"{shown(path)} {log.place} {row + 1}, column {counter}"
            raise InputError(f"{where}: expected a number, found none; every loss needs one, or none of them")
    numbered = "rows carry no epoch and are numbered from 1"
    return Place(np.arange(1.0, log.n_rows + 1), "epoch", (numbered,))


def _points(log: Log, names: Mapping[str, str], place: Place) -> Floats:
    """The ends of the points, ascending; a row belongs to the first one that is not before it."""
    at = {what: place.at[log.columns[names[what]][0]] for what in LOSSES if what in names}
    ends = np.unique(at["val_loss"] if "val_loss" in at else at["train_loss"])
    if place.unit == "step":
        return ends
    everything = np.concatenate(list(at.values()))
    whole = np.unique(np.ceil(everything - NEARLY)) + 0.0
    fractions = bool((np.abs(everything - np.round(everything)) > NEARLY).any())
    return ends if fractions and "val_loss" in at and len(ends) > len(whole) else whole


def _merged(points: NDArray[np.int64], values: Floats, n: int, *, averaged: bool) -> Filled:
    """(n,) means or last values by point, and where there is one at all; NaN and infinity stay what they are."""
    counts = np.bincount(points, minlength=n)
    merged = np.full(n, np.nan)
    if averaged:
        with np.errstate(invalid="ignore"):
            sums = np.bincount(points, values, minlength=n)
            merged[counts > 0] = sums[counts > 0] / counts[counts > 0]
    else:
        merged[points] = values
    return merged, counts > 0


def _merging(columns: Mapping[str, Filled], log: Log, names: Mapping[str, str], unit: str) -> list[str]:
    """How the values of each loss became one a point, in words."""
    said = []
    for what in LOSSES:
        if what not in columns:
            continue
        n, points = len(log.columns[names[what]][0]), int(np.count_nonzero(columns[what][1]))
        of = f'{SPOKEN[what]} from column "{names[what]}"'
        how = "their mean stands" if what == "train_loss" else "the last one stands"
        several = f", {count(n)} values in {plural(points, unit)}: {how} for each" if n > points else ""
        said.append(of + several)
    return said


def _whole(epochs: Epochs) -> Epochs:
    """Without points at which nothing was recorded."""
    any_value = np.zeros(len(epochs.points), bool)
    for _, there in epochs.columns.values():
        any_value |= there
    columns = {name: (values[any_value], there[any_value]) for name, (values, there) in epochs.columns.items()}
    return Epochs(epochs.points[any_value], epochs.unit, columns, epochs.sources, epochs.notes)
