"""A split: one named data file as re-iterable shards of batches."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from auditor.batches import Batch
from auditor.layout import ONE_MATRIX, Layout
from auditor.states.state import Task


class Shard(Protocol):
    """A part of a split that one worker reads: a whole text file, a Parquet row group, a file of arrays, a run of images."""

    @property
    def first_row(self) -> int:
        """The number of its first row in the split, from 0; `row_key` of row i is `first_row + i`."""
        ...

    def batches(self, size: int) -> Iterator[Batch]:
        """Its rows in order, `size` a batch but for the last; each call reads the file again."""
        ...


@dataclass(frozen=True)
class Reading:
    """What one whole reading of a loader gave.

    Its rows, the sum of the hashes of their features modulo 2^64, which no other order changes, and the rows that were
    drawn and not given (`drop_last`).
    """

    n_rows: int
    content: int
    left_out: int = 0


@dataclass(frozen=True)
class Split:
    """One data file in its role; `n_rows` is None where only reading the file would tell.

    `sha256` covers the full content. `feature_names` is () for arrays and predictions; `feature_shape` is the shape of
    one row's features, None for predictions, whose batches carry scores instead. `preparation` says what was
    done to images. `readings` tells what a loader has given at each whole reading so far; a file is read the same each
    time and has none. `origin` names what is no file.
    """

    name: str
    path: Path
    format: str
    sha256: str
    n_rows: int | None
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...]
    feature_shape: tuple[int, ...] | None
    parts: tuple[Shard, ...] = field(repr=False)
    preparation: str = ""
    readings: Callable[[], tuple[Reading, ...]] = tuple
    origin: str = ""

    def shards(self) -> Iterator[Shard]:
        """The parts in file order; a batch never straddles two of them."""
        return iter(self.parts)


@dataclass(frozen=True)
class Splits:
    """All splits of a run and what they agree on.

    `positive` is an index into `class_names`, None with more than two classes unless it was stated. `label_counts`
    holds, for each split whose labels were counted, the labelled rows of each class in the order of `class_names`.
    `layout` says what the columns of the features are. With `multilabel` a row may have several of the classes, which
    are labels.
    """

    test: Split
    train: Split | None
    validation: Split | None
    class_names: tuple[str, ...]
    class_names_from: str
    positive: int | None
    positive_from: str
    label_counts: Mapping[str, tuple[int, ...]]
    layout: Layout = ONE_MATRIX
    multilabel: bool = False

    @property
    def task(self) -> Task:
        """What is classified."""
        return Task(self.class_names, self.positive, self.multilabel)

    @property
    def given(self) -> tuple[Split, ...]:
        """The splits there are, train and validation before test."""
        return tuple(split for split in (self.train, self.validation, self.test) if split is not None)
