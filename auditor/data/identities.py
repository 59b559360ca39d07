"""Columns of ids: a hash of what tells one row from another."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from auditor.batches import Array
from auditor.data.columns import is_true, texts
from auditor.data.labels import NO_VALUE
from auditor.hashing import combined, text_hashes

WHOLE = r"^([+-]?\d+)\.0*$"


def identities(columns: Iterable[Any]) -> Array:
    """(n,) uint64 hashes of the ids of rows, of all columns together; 0 where one of them is empty.

    The texts of ids are compared, `7.0` as `7`.
    """
    each = [_hashes(column) for column in columns]
    return np.where(np.all(each, axis=0), combined(each), np.uint64(0))


def array_texts(values: Array) -> Any:  # noqa: ANN401  (pyarrow is untyped)
    """An Arrow array of the texts of an array of ids; empty where it holds NaN."""
    return pa.array(values.astype(str).tolist(), pa.string())


def _hashes(column: Any) -> Array:  # noqa: ANN401
    """(n,) uint64 hashes of the texts of a column, 0 for an empty cell."""
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        column = column.cast(pa.binary()).view(pa.string())
    written = pyarrow.compute.replace_substring_regex(column.cast(pa.string()), WHOLE, r"\1")
    empty = pyarrow.compute.is_in(written, value_set=texts(NO_VALUE))
    missing = is_true(pyarrow.compute.or_(empty, pyarrow.compute.is_null(written)))
    _, ends, data = written.buffers()
    places = np.frombuffer(ends, np.int32)[written.offset : written.offset + len(written) + 1]
    letters = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return np.where(missing, np.uint64(0), text_hashes(letters, places))
