"""Rows of equal hash are read once more and compared value by value, without a forward pass."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from auditor.batches import Array, Batch
from auditor.engines.first_rows import FirstRows, Rows
from auditor.engines.hits import Hits
from auditor.hashing import composed, is_text, splitmix64
from auditor.overlap import Pair, SecondLook
from auditor.states.row_hashes import Hashes, HashSet
from auditor.states.state import Task

MOST_VALUES_KEPT = 100_000
MOST_BYTES_KEPT = 2**27
PAIRS_SHOWN = 20


@dataclass(frozen=True)
class Matched:
    """Test rows and the first training row of equal features of each: numbers (n,) from 0, labels (n,) or (n, labels).

    by_value: (n,) bool, whether their values were compared, not their hashes alone.
    """

    test_row: Hashes
    train_row: Hashes
    test_label: Array
    train_label: Array
    by_value: Array

    def labels(self, task: Task) -> tuple[list[str], list[str]]:
        """The labels as text, of the test rows and of the training rows."""
        return _named(self.test_label, task), _named(self.train_label, task)


Keep = Callable[[Matched], None]
Splits = tuple[Iterable[Batch], Iterable[Batch]]


@dataclass
class Seen:
    """What was found so far, and the numbers of the rows that only seemed to stand in train."""

    refuted: list[Hashes] = field(default_factory=list)
    verified: int = 0
    by_hash: int = 0
    same_label: int = 0
    by_class: Array | int = 0
    first: Matched | None = None


def second_look(
    hits: Hits, hashes: HashSet, splits: Splits, task: Task, keep: Keep | None = None
) -> tuple[SecondLook, Hashes]:
    """Compare the test rows that are `hits`, and whose hashes are these, with the training rows of their hash.

    `splits` are the rows of train and of test.

    `keep` receives all pairs that hold, batch by batch. Also returns the numbers of the test rows that hold in no value by
    value comparison. The values of at most `MOST_VALUES_KEPT` different rows, and `MOST_BYTES_KEPT` bytes, are kept, chosen by
    their hash; the rest are equal by their hash alone.
    """
    train, test = splits
    known, seen = _learnt(train, hits, hashes.distinct), Seen()
    likely = _rows(test, lambda batch: batch.is_labelled & hits.among(batch.row_key))
    for batch in _rows(likely, lambda batch: hashes.contains(batch.row_hashes)):
        matched, refuted = known.find(batch)
        _count(matched, seen, task)
        seen.refuted.append(refuted)
        if keep is not None:
            keep(matched)
    pairs = () if seen.first is None else _pairs(seen.first, task)
    by_class = tuple(int(amount) for amount in np.broadcast_to(seen.by_class, task.n_classes))
    refuted = np.concatenate([np.zeros(0, np.uint64), *seen.refuted])
    return SecondLook(seen.verified, len(refuted), seen.by_hash, seen.same_label, by_class, pairs), refuted


def _rows(batches: Iterable[Batch], chosen: Callable[[Batch], Array]) -> Iterator[Batch]:
    """The chosen rows of each batch that has some."""
    for batch in batches:
        rows = chosen(batch)
        if rows.any():
            yield batch.rows(rows)


def _learnt(train: Iterable[Batch], hits: Hits, hashes: HashSet) -> "_Known":
    """The labelled training rows of those hashes."""
    known: _Known | None = None
    likely = _rows(train, lambda batch: batch.is_labelled & hits.may_equal(_features(batch)))
    for batch in _rows(likely, lambda batch: hashes.contains(batch.row_hashes)):
        known = known or _Known(hashes, _features(batch)[:1].nbytes)
        known.learn(batch)
    return known or _Known(hashes, 1)


def _features(batch: Batch) -> Array:
    assert batch.features is not None
    return batch.features


def _count(matched: Matched, seen: Seen, task: Task) -> None:
    same = matched.test_label == matched.train_label
    seen.verified += int(matched.by_value.sum())
    seen.by_hash += int((~matched.by_value).sum())
    seen.same_label += int((same if same.ndim == 1 else same.all(axis=1)).sum())
    if matched.test_label.ndim == 1:
        seen.by_class = seen.by_class + np.bincount(matched.test_label, minlength=task.n_classes)
    else:
        seen.by_class = seen.by_class + (matched.test_label == 1).sum(axis=0)
    seen.first = _first(matched if seen.first is None else _joined(seen.first, matched))


def _joined(one: Matched, other: Matched) -> Matched:
    return Matched(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in vars(one)))


def _first(matched: Matched) -> Matched:
    order = np.argsort(matched.test_row, kind="stable")[:PAIRS_SHOWN]
    return Matched(*(getattr(matched, name)[order] for name in vars(matched)))


def _pairs(first: Matched, task: Task) -> tuple[Pair, ...]:
    rows = zip(first.test_row.tolist(), first.train_row.tolist(), *first.labels(task), strict=True)
    return tuple(Pair(*row) for row in rows)


def _named(labels: Array, task: Task) -> list[str]:
    """The name of the class of each row, or the names of its labels."""
    if labels.ndim == 1:
        return list(np.array(task.class_names, object)[labels])
    names = np.full(len(labels), "", object)
    for i, name in enumerate(task.class_names):
        held = labels[:, i] == 1
        names[held] = names[held] + np.where(names[held] == "", "", ", ").astype(object) + name
    return list(names)


class _Known:
    """The first training row of each hash that was looked for, by the values of a sample of them, by hash beyond it."""

    def __init__(self, hashes: HashSet, row_bytes: int) -> None:
        self._hashes = hashes
        self._sampled = _sample(hashes.hashes, row_bytes)
        self._rank = np.cumsum(self._sampled) - 1
        self._by_value, self._by_hash = FirstRows(int(self._sampled.sum())), FirstRows(hashes.n)

    def learn(self, batch: Batch) -> None:
        """Take in training rows."""
        rows, sampled = self._rows(batch)
        self._by_value.learn(self._compact(rows.part(sampled)))
        self._by_hash.learn(_bare(rows.part(~sampled)))

    def find(self, batch: Batch) -> tuple[Matched, Hashes]:
        """Test rows with their training rows, and the numbers of those that have none."""
        rows, sampled = self._rows(batch)
        held, number, label = np.zeros(len(rows), bool), np.zeros(len(rows), np.uint64), np.empty_like(rows.label)
        held[sampled], number[sampled], label[sampled] = self._by_value.find(self._compact(rows.part(sampled)))
        held[~sampled], number[~sampled], label[~sampled] = self._by_hash.find(_bare(rows.part(~sampled)))
        matched = Matched(rows.number[held], number[held], rows.label[held], label[held], sampled[held])
        return matched, rows.number[~held]

    def _rows(self, batch: Batch) -> tuple[Rows, Array]:
        place = self._hashes.place(batch.row_hashes)
        values = _features(batch).reshape(len(batch), -1)
        values = composed(values) if is_text(values) else values
        return Rows(place, batch.row_key, batch.labels, values), self._sampled[place]

    def _compact(self, rows: Rows) -> Rows:
        return replace(rows, place=self._rank[rows.place])


def _bare(rows: Rows) -> Rows:
    return replace(rows, values=rows.values[:, :0])


def _sample(hashes: Hashes, row_bytes: int) -> Array:
    """(n,) bool: which of these hashes have their values kept: those whose mixed hash is lowest."""
    most = min(MOST_VALUES_KEPT, max(1, MOST_BYTES_KEPT // max(1, row_bytes)))
    if len(hashes) <= most:
        return np.ones(len(hashes), bool)
    mixed = splitmix64(hashes)
    return np.asarray(mixed <= np.partition(mixed, most - 1)[most - 1])
