"""Train beside test as the report shows it: gaps with their intervals, how rows are told apart, and where the losses lie."""

from collections.abc import Iterator

import numpy as np

from auditor.findings import NotApplicable
from auditor.measurements import Measurements, SplitMeasurements
from auditor.results import Generalisation, ScoreHistogram, Value
from auditor.states import LossHistogram
from auditor.statistics.estimates import Difference
from auditor.summary import value

COMPARED = ("accuracy", "balanced_accuracy", "roc_auc", "log_loss")
CLASSES_SHOWN = 12
# Natural logarithms of the losses between which rows are counted, from 2e-12 to 55.
STEP = 0.5
EDGES = np.arange(-27, 4 + STEP, STEP)


def generalisation(measurements: Measurements) -> Generalisation | None:
    """What is known of train beside test; None where there are no other rows, or they change at each reading."""
    train = _other(measurements, "train")
    splits = [split for name in ("train", "validation") if (split := _other(measurements, name)) is not None]
    if not splits:
        return None
    gaps = {} if train is None else dict(_gaps(measurements, train))
    return Generalisation(gaps, _membership(measurements, train), _losses([*splits, measurements.test]))


def _other(measurements: Measurements, name: str) -> SplitMeasurements | None:
    return measurements.splits.get(name) if measurements.faithful(name) and measurements.faithful("test") else None


def _gaps(measurements: Measurements, train: SplitMeasurements) -> Iterator[tuple[str, Value]]:
    """Train less test of each metric, of log loss test less train; then recall of the classes that test finds least.

    Balanced accuracy has no gap where one of the two lacks a class of the other: they are means over different classes.
    """
    names = measurements.task.class_names
    recalls = {name: measurements.test.value(f"recall[{name}]") for name in names}
    least = sorted((name for name in names if recalls[name] is not None), key=lambda name: recalls[name] or 0.0)
    for metric in (*COMPARED, *(f"recall[{name}]" for name in least[:CLASSES_SHOWN])):
        try:
            pair = train.metric(metric), measurements.test.metric(metric)
        except NotApplicable:
            continue
        if metric == "balanced_accuracy" and not measurements.labels and not _same_classes(train, measurements.test):
            continue
        gap = Difference(*(reversed(pair) if metric == "log_loss" else pair))
        if gap.value is not None:
            yield metric, value(gap)


def _same_classes(first: SplitMeasurements, second: SplitMeasurements) -> bool:
    return bool(((first.counts.support > 0) == (second.counts.support > 0)).all())


def _membership(measurements: Measurements, train: SplitMeasurements | None) -> Value | None:
    """The share of pairs of one class in which the test row has the higher loss; None where rows weigh differently."""
    test = measurements.test
    if train is None or LossHistogram not in test or LossHistogram not in train or test.weighted:
        return None
    told = test[LossHistogram].above(train[LossHistogram])
    return None if told.value is None else value(told)


def _losses(splits: list[SplitMeasurements]) -> ScoreHistogram | None:
    """Rows of each split by log loss, from the least to the largest bin that any has; of several labels, all answers."""
    found = {split.name: counts for split in splits if (counts := _counted(split)) is not None}
    if not found:
        return None
    held = np.flatnonzero(np.sum(list(found.values()), axis=0))
    first, last = int(held[0]), int(held[-1]) + 1
    edges = np.exp(np.concatenate([[EDGES[0] - STEP], EDGES, [EDGES[-1] + STEP]]))[first : last + 1]
    noun = "answers" if splits[0].labels else "rows"
    shown = {f"{name}, {sum(counts):,} {noun}": counts[first:last] for name, counts in found.items()}
    return ScoreHistogram("log loss", tuple(float(f"{edge:.6g}") for edge in edges), shown)


def _counted(split: SplitMeasurements) -> tuple[int, ...] | None:
    """Rows between the edges, and beyond them; None where there are no scores."""
    parts = [part[LossHistogram].between(np.exp(EDGES)) for part in split.labels or (split,) if LossHistogram in part]
    return tuple(int(n) for n in np.sum(parts, axis=0)) if parts else None
