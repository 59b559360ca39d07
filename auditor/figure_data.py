"""The data of figures: curves, bars and matrices, of finite numbers alone; what draws them computes nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One line of a curve: x and y of equal length; a blank point is null."""

    name: str
    x: tuple[float | None, ...]
    y: tuple[float | None, ...]

    def __post_init__(self) -> None:
        keep_rows(self, "x", "y")
        _same_length(self.x, self.y)


@dataclass(frozen=True)
class Curve:
    """A figure of lines; `marks` are vertical lines (name, x), `spans` shaded parts of the x axis (name, from, to)."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    marks: tuple[tuple[str, float], ...] = ()
    spans: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True)
class Bars:
    """A figure of one bar a name, with an optional limit drawn across, or what else `limit_name` says it is."""

    title: str
    names: tuple[str, ...]
    values: tuple[float | None, ...]
    limit: float | None = None
    value_label: str = ""
    limit_name: str = "limit"

    def __post_init__(self) -> None:
        keep_rows(self, "values")
        keep_numbers(self, "limit")
        _same_length(self.names, self.values)


@dataclass(frozen=True)
class Heatmap:
    """A figure of a matrix of counts, rows by columns."""

    title: str
    row_names: tuple[str, ...]
    column_names: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]

    def __post_init__(self) -> None:
        rows = tuple(tuple(finite(value) for value in row) for row in self.values)
        object.__setattr__(self, "values", rows)
        _same_length(self.row_names, rows)
        for row in rows:
            _same_length(self.column_names, row)


Figure = Curve | Bars | Heatmap


def finite(value: float | None) -> float | None:
    """The value as a finite float; ValueError for anything else, so that a check's slip is its own error."""
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number) or isinstance(value, str):
        raise ValueError(f"{value!r} is no finite number; undefined is None")
    return number


def keep_numbers(record: object, *names: str) -> None:
    """Hold these fields of a frozen record to finite floats."""
    for name in names:
        object.__setattr__(record, name, finite(getattr(record, name)))


def keep_rows(record: object, *names: str) -> None:
    """Hold these fields of a frozen record, each several numbers, to finite floats."""
    for name in names:
        object.__setattr__(record, name, tuple(finite(value) for value in getattr(record, name)))


def _same_length(first: Sequence[object], second: Sequence[object]) -> None:
    if not first or len(first) != len(second):
        raise ValueError(
            f"a figure needs as many values as places, and at least one; found {len(first)} and {len(second)}"
        )
