"""Measure on this machine: one pass over each split, shard by shard."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from auditor.batches import Array, Batch
from auditor.engines.hits import Hits
from auditor.engines.second_look import Keep, second_look
from auditor.engines.sharing import Known, compared, known_of, unshared
from auditor.hashing import is_text
from auditor.measurements import RowCounts, SplitMeasurements
from auditor.overlap import OverlapCounts
from auditor.states.by_label import ByLabel, begun
from auditor.states.guarded import read_only
from auditor.states.row_hashes import RowHashes
from auditor.states.state import State, Task

STATE_ROWS_TIMES_CLASSES = 2**22

StateType = type[State[Any]]
Advance = Callable[[str, int], None]


@dataclass(frozen=True)
class Stream:
    """A split whose batches carry scores: `shards` yields one iterator of batches a shard, `missing` names reads it cannot offer.

    `unscored` yields the same rows without a forward pass, where that can be had; `faithful` says whether each reading has
    given the same rows so far.
    """

    name: str
    shards: Callable[[], Iterator[Iterator[Batch]]]
    missing: Mapping[str, str] = field(default_factory=dict)
    unscored: Callable[[], Iterator[Iterator[Batch]]] | None = None
    faithful: Callable[[], bool] = lambda: True

    def rows(self) -> Iterator[Batch]:
        """All batches, one after the other, with scores or without."""
        for batches in (self.unscored or self.shards)():
            yield from batches


@dataclass
class Tally:
    """What was seen of a split: states of the clean rows and of those that stand in train, kept apart; whether rows are images.

    hits: which rows stand in train.
    """

    clean: dict[StateType, State[Any]]
    shared: dict[StateType, State[Any]]
    hits: Hits = field(default_factory=Hits)
    rows: RowCounts = field(default_factory=RowCounts)
    images: bool = False

    def merge(self, other: "Tally") -> None:
        """Take in another shard."""
        for mine, theirs in ((self.clean, other.clean), (self.shared, other.shared)):
            for kind, state in mine.items():
                state.merge(theirs[kind])
        self.hits.merge(other.hits)
        self.rows += other.rows
        self.images |= other.images


@dataclass(frozen=True)
class Measured:
    """The results of all splits: the rows of test to be judged, all rows as given, and what test shares with train.

    `without_shared` leaves out every row that stands in train, taken out of the judged ones or not; None where none does.
    """

    test: SplitMeasurements
    as_given: SplitMeasurements
    splits: Mapping[str, SplitMeasurements]
    overlap: OverlapCounts | None
    without_shared: SplitMeasurements | None = None


def measure(
    streams: Mapping[str, Stream],
    states: Sequence[StateType],
    task: Task,
    advance: Advance,
    keep: Keep | None = None,
) -> Measured:
    """Run train, validation and test through the states; copies of training rows are told apart in test.

    `keep` receives the pairs of test rows and training rows that are equal.
    """
    splits: dict[str, SplitMeasurements] = {}
    for name in ("train", "validation"):
        if name in streams:
            tally = tally_stream(streams[name], states, task, None, advance)
            splits[name] = _measurements(streams[name], states, tally.clean, tally.rows)
    comparable = "train" in splits and "features" not in streams["test"].missing
    hashes = splits["train"].results.get(RowHashes) if comparable else None
    known = None if hashes is None else known_of(hashes)
    tally = tally_stream(streams["test"], states, task, known, advance)
    if known is not None and tally.rows.shared and all(streams[name].faithful() for name in ("train", "test")):
        hashes, splits_again = tally.shared[RowHashes].result(), (streams["train"].rows(), streams["test"].rows())
        known = Known(known.hashes, known.common, *second_look(tally.hits, hashes, splits_again, task, keep))
        if len(known.refuted):
            tally = tally_stream(streams["test"], states, task, known, lambda _name, _rows: None)
    return _with_overlap(streams["test"], states, tally, splits, known)


def uncompared(measured: Measured) -> Measured:
    """The same with nothing taken out, for rows that cannot be compared."""
    as_given = replace(measured.as_given, rows=replace(measured.as_given.rows, shared=0))
    return Measured(as_given, as_given, measured.splits, None)


def tally_stream(
    stream: Stream, states: Sequence[StateType], task: Task, known: Known | None, advance: Advance
) -> Tally:
    """Tally every shard of a stream and merge them in order."""
    wanted = [state for state in states if not state.reads & stream.missing.keys()]
    total = empty_tally(wanted, task)
    for batches in stream.shards():
        total.merge(tally_shard(batches, wanted, task, known, lambda rows: advance(stream.name, rows)))
    return total


def empty_tally(states: Sequence[StateType], task: Task) -> Tally:
    """A tally of nothing."""
    return Tally({state: begun(state, task) for state in states}, {state: begun(state, task) for state in states})


def tally_shard(
    batches: Iterator[Batch],
    states: Sequence[StateType],
    task: Task,
    known: Known | None,
    advance: Callable[[int], None],
) -> Tally:
    """One pass over one shard: the function that every engine runs."""
    tally = empty_tally(states, task)
    rows = max(1, STATE_ROWS_TIMES_CLASSES // task.n_classes)
    for batch in batches:
        for start in range(0, len(batch), rows):
            _take(
                tally,
                batch if len(batch) <= rows else batch.rows(np.arange(start, min(start + rows, len(batch)))),
                known,
            )
        advance(len(batch))
    return tally


def _take(tally: Tally, batch: Batch, known: Known | None) -> None:
    labelled, finite = batch.is_labelled, batch.said.finite
    usable = labelled & finite
    unusable = labelled & ~finite
    tally.images |= batch.features is not None and batch.features.ndim > 2
    judged = _part(batch, usable)
    shared = known.among(judged) if known is not None else np.zeros(len(judged), bool)
    tally.rows += RowCounts(
        len(batch),
        int((~labelled).sum()),
        int(unusable.sum()),
        _bad_inputs(batch, unusable),
        int(shared.sum()),
        int((~shared).sum()),
    )
    _update(tally.clean, _part(judged, ~shared))
    if shared.any():
        part = judged.rows(shared)
        tally.hits.add(part)
        _update(tally.shared, part)


def _part(batch: Batch, chosen: Array) -> Batch:
    return batch if chosen.all() else batch.rows(chosen)


def _update(states: Mapping[StateType, State[Any]], batch: Batch) -> None:
    if len(batch):
        for state in states.values():
            state.update(batch)


def _bad_inputs(batch: Batch, unusable: Array) -> int:
    if batch.features is None or is_text(batch.features) or not unusable.any():
        return 0
    features = batch.features[unusable].reshape(int(unusable.sum()), -1).astype(np.float64)
    return int((~np.isfinite(features).all(axis=1)).sum())


def _measurements(
    stream: Stream, states: Sequence[StateType], found: Mapping[StateType, State[Any]], rows: RowCounts
) -> SplitMeasurements:
    missing = {
        state: next(reason for read, reason in stream.missing.items() if read in state.reads)
        for state in states
        if state.reads & stream.missing.keys()
    }
    results = {kind: read_only(state.result()) for kind, state in found.items()}
    each = {kind: results.pop(kind) for kind, state in found.items() if isinstance(state, ByLabel)}
    labels = tuple(
        SplitMeasurements(stream.name, rows, {kind: of_label[i] for kind, of_label in each.items()}, missing)
        for i in range(max(map(len, each.values()), default=0))
    )
    return SplitMeasurements(stream.name, rows, results, missing, labels)


def _with_overlap(
    stream: Stream,
    states: Sequence[StateType],
    tally: Tally,
    splits: dict[str, SplitMeasurements],
    known: Known | None,
) -> Measured:
    clean = _measurements(stream, states, tally.clean, tally.rows)
    if known is None:
        return Measured(clean, clean, splits, None)
    usable = tally.rows.shared + tally.rows.judged
    overlap = unshared(clean, usable, known)
    if not tally.rows.shared:
        return Measured(clean, clean, splits, overlap)
    alike = tally.shared[RowHashes].result()
    kept = dict(tally.clean)
    for kind, state in kept.items():
        state.merge(tally.shared[kind])
    all_rows = RowCounts(**{**vars(tally.rows), "judged": usable})
    as_given = _measurements(stream, states, kept, all_rows)
    overlap = compared(replace(overlap, n_shared=tally.rows.shared), (as_given, clean, splits["train"]), known, alike)
    overlap = replace(overlap, by_chance=False) if tally.images else overlap
    return Measured(clean if overlap.copied else as_given, as_given, splits, overlap, clean)
