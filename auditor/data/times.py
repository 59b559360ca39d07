"""Columns of times: numbers as they stand, and dates and times as microseconds since 1970 in UTC."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from auditor.batches import Array
from auditor.data.columns import filled, numbers
from auditor.data.formats import shown
from auditor.data.tables import ColumnKind, Table, quoted
from auditor.errors import InputError

EXPECTED = "a number, or an ISO date or time such as 2026-01-31 or 2026-01-31T12:30:00+01:00"
ZONE = r"[T ]\d.*([Zz]|[+-]\d\d(:?\d\d)?)$"
BEYOND_MICROSECONDS = r"(\.\d{6})\d+"
PER_UNIT = {"D": 86_400_000_000, "s": 1_000_000, "ms": 1000, "us": 1}
EMPTY = np.iinfo(np.int64).min


def times(column: Any, name: str, where: Callable[[int], str], first_row: int) -> Array:  # noqa: ANN401  (pyarrow is untyped)
    """(n,) float64 of a column of numbers, else datetime64[us] in UTC; NaN or NaT where a cell is empty.

    Times without a zone are taken as UTC. Raises InputError at the first cell that is no time.
    """
    types = pa.types
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_date(column.type) or types.is_timestamp(column.type):
        return _of_clock(column, name, where, first_row)
    if types.is_string(column.type) or types.is_large_string(column.type) or types.is_string_view(column.type):
        return _of_texts(column.cast(pa.string()), name, where, first_row)
    if types.is_integer(column.type) or types.is_floating(column.type) or types.is_decimal(column.type):
        return _finite(numbers(column).astype(np.float64), name, where, first_row)
    if column.null_count == len(column):
        return np.full(len(column), np.nan)
    raise InputError(f"{where(first_row)}: time {quoted(name)} holds {column.type}; expected {EXPECTED}")


def array_times(values: Array, name: str, where: Callable[[int], str], first_row: int) -> Array:
    """The same of an array: of numbers, texts or numpy's datetime64."""
    if values.dtype.kind == "M":
        return values.astype("datetime64[us]")
    if values.dtype.kind in "US":
        return times(pa.array(values.astype(str).tolist(), pa.string()), name, where, first_row)
    return _finite(values.astype(np.float64), name, where, first_row)


def require_one_clock(tables: Sequence[Table], name: str) -> None:
    """Raise InputError where the times of one file are numbers and those of another dates, or true or false."""
    kinds = [table.kinds[name] for table in tables]
    for table, kind in zip(tables, kinds, strict=True):
        if kind is ColumnKind.BOOLEAN:
            raise InputError(f"{shown(table.path)}: time {quoted(name)} holds true or false; expected {EXPECTED}")
        if (kind is ColumnKind.NUMBER) != (kinds[0] is ColumnKind.NUMBER):
            found = ["numbers" if one is ColumnKind.NUMBER else "dates" for one in (kind, kinds[0])]
            other = f"{found[0]} and that of {shown(tables[0].path)} {found[1]}"
            raise InputError(f"{shown(table.path)}: time {quoted(name)} holds {other}; write both in one way")


def _of_clock(column: Any, name: str, where: Callable[[int], str], first_row: int) -> Array:  # noqa: ANN401
    unit = {"date32[day]": "D", "date64[ms]": "ms"}.get(str(column.type)) or column.type.unit
    width = pa.int32() if unit == "D" else pa.int64()
    since = np.from_dlpack(filled(column.cast(width).cast(pa.int64()), EMPTY))
    known, per = since != EMPTY, PER_UNIT.get(unit, 1)
    beyond = known & (np.abs(since // 2) > np.iinfo(np.int64).max // (2 * per))
    if beyond.any():
        row = first_row + int(beyond.argmax())
        raise InputError(
            f"{where(row)}: time {quoted(name)} lies beyond the years that are counted; expected {EXPECTED}"
        )
    moved = since // 1000 if unit == "ns" else np.where(known, since, 0) * per
    return np.where(known, moved, EMPTY).view("datetime64[us]")


def _of_texts(column: Any, name: str, where: Callable[[int], str], first_row: int) -> Array:  # noqa: ANN401
    compute = pyarrow.compute
    trimmed = compute.replace_substring_regex(compute.utf8_trim_whitespace(column), BEYOND_MICROSECONDS, r"\1")
    texts = compute.if_else(compute.equal(trimmed, ""), None, trimmed)
    zoned = compute.match_substring_regex(texts, ZONE)
    try:
        plain = compute.if_else(zoned, None, texts).cast(pa.timestamp("us")).cast(pa.int64())
        moved = compute.if_else(zoned, texts, None).cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    except pa.ArrowInvalid:
        raise _unreadable(texts, name, where, first_row) from None
    return np.from_dlpack(filled(compute.coalesce(plain, moved), EMPTY)).view("datetime64[us]")


def _unreadable(texts: Any, name: str, where: Callable[[int], str], first_row: int) -> InputError:  # noqa: ANN401
    """The error for the first text that is no time."""
    row = next((row for row in range(len(texts)) if not _is_time(texts.slice(row, 1))), 0)
    found = quoted(str(texts[row].as_py()))
    return InputError(f"{where(first_row + row)}: time {quoted(name)} is {found}; expected {EXPECTED}")


def _is_time(text: Any) -> bool:  # noqa: ANN401
    zoned = pyarrow.compute.match_substring_regex(text, ZONE)[0].as_py()
    try:
        text.cast(pa.timestamp("us", "UTC" if zoned else None))
    except pa.ArrowInvalid:
        return False
    return True


def _finite(values: Array, name: str, where: Callable[[int], str], first_row: int) -> Array:
    infinite = np.isinf(values)
    if infinite.any():
        row = int(infinite.argmax())
        raise InputError(f"{where(first_row + row)}: time {quoted(name)} is {values[row]:g}; expected {EXPECTED}")
    return values
