"""Text columns: codes by the declared categories, and the lines to declare where there are none."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute

from auditor import wording
from auditor.batches import Array
from auditor.data.columns import filled, is_true, texts
from auditor.data.folders import single_files
from auditor.data.formats import IMAGE_SUFFIXES, shown
from auditor.data.labels import NO_VALUE, encode_arrow, sorted_values
from auditor.data.tables import ColumnKind, Table, bad_number, listed, quoted
from auditor.errors import InputError

MOST_CATEGORIES = 50
NUMBER = r"(?i)^\s*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity)\s*$"


def codes(column: Any, name: str, declared: Sequence[str], where: Callable[[int], str], first_row: int) -> Array:  # noqa: ANN401
    """(n,) float32 places in the declared list, NaN for empty cells.

    Raises InputError at the first text that the list does not hold; `where` tells the place of a row of the file.
    """
    text = column.cast(pa.string())
    found = np.from_dlpack(filled(pa.compute.index_in(text, value_set=texts(declared)), -1))
    if not found.size or found.min() >= 0:
        return np.asarray(found.astype(np.float32))
    empty = is_true(pa.compute.is_null(text)) | is_true(pa.compute.is_in(text, value_set=texts([""])))
    outside = (found < 0) & ~empty
    if outside.any():
        row = int(outside.argmax())
        raise _undeclared_value(where(first_row + row), name, text[row].as_py(), declared)
    return np.where(found < 0, np.float32("nan"), found).astype(np.float32)


def _undeclared_value(where: str, column: str, value: str, declared: Sequence[str]) -> InputError:
    remedy = f"correct the cell, or extend [categories] {toml_key(column)} if the model knows the value"
    return InputError(f"{where}, column {quoted(column)}: {quoted(value)} is none of {listed(declared)}; {remedy}")


def refuse_text(tables: Sequence[Table], columns: Sequence[str]) -> NoReturn:
    """Raise the InputError for text columns without declared categories: the lines to add to auditor.toml.

    A column of a CSV file in which most cells are numbers gets the error for its first bad cell instead.
    """
    holding = [table for table in tables if any(table.kinds.get(column) is ColumnKind.TEXT for column in columns)]
    for table in single_files(holding):
        for column in columns:
            if table.kinds.get(column) is ColumnKind.TEXT:
                _refuse_bad_number(table, column)
    values = {column: _values(tables, column) for column in columns}
    for column, found in values.items():
        if found and all(value.lower().endswith(IMAGE_SUFFIXES) for value in found):
            raise _image_names(holding[0], column)
        if len(found) > MOST_CATEGORIES:
            raise _too_many_values(holding[0], column)
    raise _undeclared_columns(holding[0], values)


def _image_names(table: Table, column: str) -> InputError:
    remedy = f"say so in auditor.toml, [image] column = {toml_text(column)}, or leave it out with ids"
    return InputError(f"{shown(table.path)}: column {quoted(column)} holds the names of image files; {remedy}")


def _too_many_values(table: Table, column: str) -> InputError:
    holds = f"holds text with more than {MOST_CATEGORIES} different values"
    remedy = (
        "say with --group that it names what rows share (a patient, a customer), with --time that it tells when they happened, "
        f"leave it out with ids = [{toml_text(column)}], or name the inputs of the model in features (auditor.toml)"
    )
    return InputError(f"{shown(table.path)}: column {quoted(column)} {holds}; {remedy}")


def _undeclared_columns(table: Table, values: Mapping[str, tuple[str, ...]]) -> InputError:
    """Several lines, unlike any other error: they are there to be copied."""
    holds = "column {} holds text" if len(values) == 1 else "columns {} hold text"
    order = "add to auditor.toml, with the values in the order of the codes 0, 1, ... that the model was trained on:"
    first = f"{shown(table.path)}: {holds.format(listed(values))} where a model takes numbers; {order}"
    lines = [f"{toml_key(column)} = [{', '.join(map(toml_text, found))}]" for column, found in values.items()]
    return InputError("\n".join([first, "[categories]", *lines]))


def toml_text(text: str) -> str:
    """A TOML string that reads back as exactly this text and holds no control characters."""
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in json.dumps(text, ensure_ascii=False))


def toml_key(text: str) -> str:
    """A TOML key, quoted where it must be."""
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else toml_text(text)


def distinct_texts(tables: Iterable[Table], column: str) -> tuple[str, ...] | None:
    """The distinct texts of a column in order, None where there are more than fifty."""
    found = _values(tables, column)
    return found if len(found) <= MOST_CATEGORIES else None


def _values(tables: Iterable[Table], column: str) -> tuple[str, ...]:
    """The distinct texts of a column, given up a little beyond fifty."""
    found: set[str] = set()
    for table in tables:
        for part in table.parts():
            for batch in table.read(part, {column: pa.string()}):
                found |= {str(value) for value in encode_arrow(batch.column(0)).values if value not in (None, "")}
                if len(found) > MOST_CATEGORIES:
                    return tuple(found)
    return sorted_values(found)


def _refuse_bad_number(table: Table, column: str) -> None:
    if table.format != "CSV":
        return
    first = next(iter(table.read(table.parts()[0], {column: pa.string()}))).column(0)
    is_number = is_true(pa.compute.match_substring_regex(first, NUMBER))
    is_text = ~is_number & ~is_true(pa.compute.is_in(first, value_set=texts(NO_VALUE)))
    if is_number.sum() > is_text.sum() > 0:
        row = int(is_text.argmax())
        raise bad_number(table.where(row), column, wording.name(first[row].as_py()))
