"""A training history: the losses of each epoch, from a CSV file."""

import csv
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from auditor.data.formats import Format, format_of, readable, sha256, shown
from auditor.data.quotes import refuse_unclosed
from auditor.data.tables import bad_number, listed, require_names
from auditor.errors import InputError

SYNONYMS = {
    "epoch": ("epoch", "epochs"),
    "train_loss": ("train_loss", "training_loss", "train_loss_epoch", "loss_train", "loss", "loss_epoch"),
    "val_loss": (
        "val_loss",
        "valid_loss",
        "validation_loss",
        "val_loss_epoch",
        "eval_loss",
        "dev_loss",
        "loss_val",
        "loss_valid",
        "loss_validation",
    ),
}
Column = tuple[float | None, ...]


@dataclass(frozen=True)
class History:
    """Losses and metrics by epoch; `columns` holds `train_loss`, `val_loss` or both, and others under their own names.

    Blanks are None, and so are NaN and infinite values, which `not_finite` counts for each column that has any.
    """

    path: Path
    sha256: str
    epochs: tuple[float, ...]
    columns: Mapping[str, Column]
    not_finite: Mapping[str, int]


def read_history(path: Path) -> History:
    """The history in a CSV file with a header; rows of one epoch become one, the last value of each column standing.

    Without a column of epochs the rows are numbered from 1. Columns that hold text or nothing are left out.
    Raises InputError where there is no loss, or text in a column of losses or epochs.
    """
    header, rows = _table(path)
    names = _canonical_names(header)
    if not {"train_loss", "val_loss"} & set(names):
        raise InputError(f"{shown(path)} has no column train_loss or val_loss; its columns are {listed(header)}")
    cells = {name: [row[names[name]] for row in rows] for name in names}
    parsed = {name: _floats(path, header[names[name]], texts, name in SYNONYMS) for name, texts in cells.items()}
    raw = {name: values for name, values in parsed.items() if any(value is not None for value in values)}
    if not {"train_loss", "val_loss"} & set(raw):
        raise InputError(f"{shown(path)} has no value in its columns of losses; expected one loss an epoch")
    epochs, merged = _by_epoch(path, raw, len(rows))
    columns = {name: tuple(map(_finite, values)) for name, values in merged.items()}
    odd = {name: sum(_finite(value) != value for value in values) for name, values in merged.items()}
    return History(path, sha256(path), epochs, columns, {name: found for name, found in odd.items() if found})


def _finite(value: float | None) -> float | None:
    return value if value is None or math.isfinite(value) else None


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    if format_of(path) is not Format.CSV:
        raise InputError(f"{shown(path)} is no CSV file; expected one with columns epoch, train_loss and val_loss")
    try:
        with readable(path), path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except UnicodeDecodeError:
        raise InputError(f"{shown(path)} is not UTF-8 text; save the history as UTF-8") from None
    separator = max(",\t;", key=text.partition("\n")[0].count)
    refuse_unclosed(path, separator, path.stat().st_size)
    try:
        header, *rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if row] or [[]]
    except csv.Error as error:
        raise InputError(f"{shown(path)} cannot be read as CSV: {error}") from None
    require_names(path, header)
    if not rows:
        raise InputError(f"{shown(path)} has a header and no rows below it; expected one row an epoch")
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            cells = f"expected {len(header)} cells as in the header, found {len(row)}"
            raise InputError(f"{shown(path)} row {number}: {cells}; write empty cells out")
    return header, rows


def _canonical_names(header: list[str]) -> dict[str, int]:
    """Each column's name, canonical where it is a synonym, and its place."""
    simplified = [re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_") for name in header]
    plain = {name: place for place, name in reversed([*enumerate(simplified)])}
    found = {name: next((plain[s] for s in synonyms if s in plain), None) for name, synonyms in SYNONYMS.items()}
    names = {name: place for name, place in found.items() if place is not None}
    taken = set(names.values())
    return names | {name: place for place, name in enumerate(header) if place not in taken and name not in names}


def _floats(path: Path, column: str, texts: list[str], required: bool) -> list[float | None]:  # noqa: FBT001
    """The cells as numbers; nothing where a column that need not be numeric holds text."""
    values: list[float | None] = []
    for number, text in enumerate(texts, 1):
        try:
            values.append(float(text) if text.strip() else None)
        except ValueError:
            if required:
                raise bad_number(f"{shown(path)} row {number}", column, text) from None
            return []
    return values


def _by_epoch(
    path: Path, raw: Mapping[str, list[float | None]], n_rows: int
) -> tuple[tuple[float, ...], dict[str, Column]]:
    stated = raw.get("epoch", [float(number) for number in range(1, n_rows + 1)])
    rows: dict[float, dict[str, float]] = {}
    for index, epoch in enumerate(stated):
        if epoch is None or not math.isfinite(epoch):
            raise InputError(f"{shown(path)} row {index + 1}, column epoch: expected a number, found none")
        here = {name: values[index] for name, values in raw.items() if name != "epoch"}
        rows.setdefault(epoch, {}).update({name: value for name, value in here.items() if value is not None})
    kept = {epoch: row for epoch, row in sorted(rows.items()) if row}
    columns = {name: tuple(row.get(name) for row in kept.values()) for name in raw if name != "epoch"}
    return tuple(kept), columns
