"""Arrays whose rows may have several labels: y is (n, labels) of 0 and 1."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditor.batches import Array, Batch
from auditor.config import Config
from auditor.data.arrays import LABELS_AT_ONCE, NUMERIC, ArrayFile
from auditor.data.formats import shown
from auditor.data.labels import UNLABELLED
from auditor.data.tables import listed, quoted
from auditor.errors import InputError


@dataclass(frozen=True)
class LabelArrayShard:
    """All rows of a file; `ignore` is the integer that marks cells to leave out, as NaN does."""

    file: ArrayFile
    names: tuple[str, ...]
    ignore: int | None = None
    first_row: int = 0

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches with features (n, ...) float32, labels (n, labels) int8 and row keys."""
        row = self.first_row
        features, truth = self.file.features(size), self.file.arrays.rows(self.file.y, size)
        for x, y, given in zip(features, truth, self.file.columns(size), strict=True):
            labels = self._labels(y, row)
            keys = np.arange(row, row + len(x), dtype=np.uint64)
            yield self.file.declares(given, labels, row).on(Batch(labels, keys, x))
            row += len(x)

    def any_labelled(self) -> bool:
        """Whether some cell is filled; stops reading at the first."""
        return any((self._labels(y, 0) >= 0).any() for y in self.file.arrays.rows(self.file.y, LABELS_AT_ONCE))

    def _labels(self, y: Array, first_row: int) -> Array:
        return label_flags(y, self.names, self.ignore, self.file.where, first_row)


def label_flags(
    y: Array, names: tuple[str, ...], ignore: int | None, where: Callable[[int], str], first_row: int
) -> Array:
    """(n, labels) int8 of 1, 0 and -1 for a cell that is NaN or ignored; raises InputError at the first that is no such."""
    empty = np.isnan(y.astype(np.float64))
    if ignore is not None:
        empty |= y == ignore
    odd = ~empty & (y != 0) & (y != 1)
    if odd.any():
        row, column = np.argwhere(odd)[0]
        place = f"{where(first_row + int(row))}, label {quoted(names[column])}"
        raise InputError(f"{place}: expected 0 or 1, found {y[row, column]:g}; write NaN where it is not known")
    return np.where(empty, UNLABELLED, y == 1).astype(np.int8)


def any_label(file: ArrayFile, config: Config) -> bool:
    """Whether some cell of the labels is filled; raises InputError where y is not (n, labels) of numbers."""
    _require_columns(file, config.labels)
    return LabelArrayShard(file, config.labels, config.ignore_index).any_labelled()


def _require_columns(file: ArrayFile, names: tuple[str, ...]) -> None:
    require_label_columns(file.y.shape, file.y.dtype, names, f"{shown(file.path)}: array {quoted(file.y.key)}")


def require_label_columns(shape: tuple[int, ...], dtype: np.dtype[Any], names: tuple[str, ...], what: str) -> None:
    """Raise InputError where labels of this shape, which `what` names, have no column of numbers for each name."""
    if len(shape) != 2 or shape[1] != len(names) or dtype.kind not in NUMERIC:
        expected = f"expected numbers (rows, {len(names)}), a column for each of {listed(names)}"
        raise InputError(f"{what} of {dtype} has shape {shape}; {expected}")
