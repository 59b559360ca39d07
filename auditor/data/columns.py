"""Arrow columns as numpy arrays, and runs of rows cut anew into batches of one size.

`to_numpy`, `pa.array` and `pa.scalar` import pandas wherever it is installed, for 0.3 s; DLPack and buffers do not.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import DTypeLike

from auditor.batches import Array
from auditor.data.declared import NOTHING, Declared, end_to_end, joined


@dataclass(frozen=True)
class Rows:
    """A run of rows as read: the columns of the matrix, labels (n,) int64, and the decisions of a prediction table."""

    columns: tuple[Array, ...]
    labels: Array
    decided: Array | None = None
    declared: Declared = NOTHING

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.labels)


@dataclass(frozen=True)
class Cut:
    """A run of rows as handed on: matrix (n, columns), the other parts of `Rows`, and the number of the first row."""

    first_row: int
    matrix: Array
    labels: Array
    decided: Array | None
    declared: Declared = NOTHING

    @property
    def row_key(self) -> Array:
        """(n,) uint64 numbers of the rows."""
        return np.arange(self.first_row, self.first_row + len(self.labels), dtype=np.uint64)


def numbers(column: Any) -> Array:  # noqa: ANN401  (pyarrow is untyped)
    """A one-dimensional array of the column's own number type, or float with NaN where cells are empty."""
    types = pa.types
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    if types.is_decimal(column.type) or types.is_null(column.type) or types.is_float16(column.type):
        column = column.cast(pa.float64())
    if column.null_count:
        floating = column if types.is_floating(column.type) else column.cast(pa.float64(), safe=False)
        column = filled(floating, np.nan)
    return np.from_dlpack(column)


def filled(column: Any, value: float) -> Any:  # noqa: ANN401
    """The Arrow array of numbers with a value in its empty cells."""
    width = column.type.to_pandas_dtype()
    one = pa.Array.from_buffers(column.type, 1, [None, pa.py_buffer(np.array([value], width).tobytes())])
    return pa.compute.fill_null(column, one[0])


def is_true(mask: Any) -> Array:  # noqa: ANN401
    """(n,) bool of an Arrow array of booleans without empty cells."""
    return np.asarray(np.from_dlpack(mask.cast(pa.uint8())) > 0)


def texts(values: Iterable[str]) -> Any:  # noqa: ANN401
    """An Arrow array of these texts."""
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends.tobytes()), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def recut(runs: Iterable[Rows], size: int, dtype: DTypeLike, first_row: int = 0) -> Iterator[Cut]:
    """The same rows in cuts of `size`, but for the last; each column is copied once, straight into the cut's matrix.

    `dtype` is that of the matrix: float32 or float64, or numpy's StringDType for texts.
    """
    size, first = _whole(size), first_row
    waiting: list[Rows] = []
    held = 0
    for run in runs:
        start = 0
        while held + len(run) - start >= size:
            stop = start + size - held
            yield _joined([*waiting, _part(run, start, stop)], dtype, first)
            waiting, held, start, first = [], 0, stop, first + size
        if start < len(run):
            waiting.append(_part(run, start, len(run)))
            held += len(run) - start
    if waiting:
        yield _joined(waiting, dtype, first)


def _whole(size: int) -> int:
    if size < 1:
        raise ValueError(f"a batch holds at least one row, not {size}")
    return size


def _part(run: Rows, start: int, stop: int) -> Rows:
    decided = None if run.decided is None else run.decided[start:stop]
    columns = tuple(column[start:stop] for column in run.columns)
    return Rows(columns, run.labels[start:stop], decided, run.declared.rows(slice(start, stop)))


def _joined(runs: list[Rows], dtype: DTypeLike, first_row: int) -> Cut:
    matrix = np.empty((sum(map(len, runs)), len(runs[0].columns)), dtype)
    start = 0
    with np.errstate(over="ignore"):  # what single precision cannot hold reaches the model as infinity
        for run in runs:
            for index, column in enumerate(run.columns):
                matrix[start : start + len(run), index] = column
            start += len(run)
    labels = np.concatenate([run.labels for run in runs])
    decided = end_to_end([run.decided for run in runs])
    return Cut(first_row, matrix, labels, decided, joined([run.declared for run in runs]))
