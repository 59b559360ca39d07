"""What test shares with train, counted: which contents do not count, and what is seen with and without the shared rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from auditor.batches import Array, Batch
from auditor.measurements import SplitMeasurements
from auditor.overlap import ClassOverlap, Common, OverlapCounts, SecondLook
from auditor.states.confusion import Confusion
from auditor.states.feature_sample import FeatureSample, SampledRows
from auditor.states.label_counts import LabelCounts
from auditor.states.row_hashes import Hashes, HashSet, RowHashes
from auditor.statistics.coincidence import MOST_ROWS, shared_pairs

Compared = tuple[SplitMeasurements, SplitMeasurements, SplitMeasurements]


@dataclass(frozen=True)
class Known:
    """The hashes of the training rows, what a second look at them told, and the numbers of the test rows that it refuted.

    `hashes` are without the rows of `common` contents, which tell no row from another: to have such a one is to be no copy.
    """

    hashes: HashSet
    common: HashSet
    look: SecondLook = field(default_factory=SecondLook)
    refuted: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))

    def among(self, batch: Batch) -> Array:
        """(n,) bool: rows of a batch of test that stand in train."""
        found = self.hashes.contains(batch.row_hashes)
        return found & ~np.isin(batch.row_key, self.refuted) if len(self.refuted) else found


def known_of(train: HashSet) -> Known:
    """What is known of train by its hashes."""
    common = train.common
    return Known(train.only(common.distinct.hashes, without=True) if common.n else train, common)


def unshared(clean: SplitMeasurements, usable: int, known: Known) -> OverlapCounts:
    """The counts where no test row stands in train; `clean` are the test rows that do not, of so many usable ones."""
    repeats, common, n_train = known.hashes.repeats, known.common, known.hashes.n + known.common.n
    of_test = clean[RowHashes].standing_in(common) if common.n else 0
    empty = Common(common.distinct.n, of_test, common.n)
    return OverlapCounts(usable, 0, n_train, repeats.rows, look=known.look, once_each=repeats.once_each, common=empty)


def compared(overlap: OverlapCounts, splits: Compared, known: Known, alike: HashSet) -> OverlapCounts:
    """The counts where `alike` stand in train; `splits` are all test rows, those without the shared ones, and train."""
    as_given, clean, train = splits
    everything, right = as_given[RowHashes], clean[RowHashes].right
    rest = everything.only(known.common.distinct.hashes, without=True)
    tables = _tables(as_given, train, known.common)
    found = replace(
        overlap,
        n_test_repeated=rest.repeats.rows,
        n_shared_right=everything.right - right,
        n_other_right=right,
        expected=rest.expected_across(known.hashes, alike),
        classes=_by_class(as_given, clean),
        gain_by_weight=_gain_by_weight(as_given, clean),
        by_chance=_by_chance(tables, overlap.n_shared, as_given.rows.judged * train.rows.judged),
    )
    return replace(found, apart=tuple(_apart(found, tables))) if found.by_chance else found


def _by_class(as_given: SplitMeasurements, clean: SplitMeasurements) -> tuple[ClassOverlap, ...]:
    """How many rows of each class, or label, are shared; none where classes were not counted."""
    if not {LabelCounts, Confusion} & as_given.results.keys():
        return ()
    counts = [split[LabelCounts] if LabelCounts in split.results else split[Confusion] for split in (as_given, clean)]
    rows, others = (zip(one.support, one.correct, strict=True) for one in counts)
    pairs = ((*map(int, one), *map(int, other)) for one, other in zip(rows, others, strict=True))
    return tuple(ClassOverlap(n - left, right - left_right, left, left_right) for n, right, left, left_right in pairs)


def _gain_by_weight(as_given: SplitMeasurements, clean: SplitMeasurements) -> float:
    """What shared rows add to an accuracy by weight; 0 without weights, or where either is undefined."""
    with_them, without = (split.value("accuracy") if as_given.weighted else None for split in (as_given, clean))
    return 0.0 if with_them is None or without is None else with_them - without


def _tables(test: SplitMeasurements, train: SplitMeasurements, common: HashSet) -> tuple[SampledRows, ...]:
    """Samples of the rows of both, those of common contents left out; none where features are no columns."""
    samples = [split.results.get(FeatureSample) for split in (test, train)]
    found = [one.rows(~common.contains(one.hashes)) for one in samples if isinstance(one, SampledRows)]
    return tuple(one.first(MOST_ROWS) for one in found) if len(found) == len(samples) and all(map(len, found)) else ()


def _by_chance(tables: tuple[SampledRows, ...], shared: int, possible: int) -> bool | None:
    """Whether the columns are so coarse that as many test rows may equal a training row by chance; None without columns."""
    return shared_pairs(*(table.features for table in tables)).explain(shared, possible) if tables else None


def _apart(overlap: OverlapCounts, tables: tuple[SampledRows, ...]) -> Iterator[int]:
    """The classes of which nearly all rows are shared, and few differ from each other in one column alone."""
    for k in overlap.unmatched:
        of_class = [table.features[table.labels == k] for table in tables if table.labels.ndim == 1]
        if len(of_class) == len(tables) and all(map(len, of_class)):
            pairs, test = shared_pairs(*of_class), len(of_class[0])
            if pairs.nearly < min(test, overlap.classes[k].shared):
                yield k
