"""Whether intervals hold where rows of a group are right or wrong together. The table is that of docs/validation.md."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import ndtr, ndtri, roots_hermitenorm

from auditor.batches import Batch
from auditor.engines.local import Stream, measure
from auditor.measurements import SplitMeasurements
from auditor.states import BucketRanking, Buckets, Confusion, Ranking, Task
from auditor.states.buckets import DESIGN
from auditor.testing import rows
from tests.benchmarks.coverage import Cell, Tallies
from tests.benchmarks.simulated import Counts, table

SEED = 20_010_402
COVERAGE = (0.927, 0.970)
TEST_SETS = 1000
TASK = Task(("rest", "target"), 1)
METRICS = ("accuracy", "recall", "roc_auc", "macro_f1")
RIGHT, POSITIVE = 0.85, 0.3


@dataclass(frozen=True)
class Groups:
    """Test sets of groups: how many, how large (0: heavy tails), and the correlation of being right within a group."""

    name: str
    groups: int
    size: int
    correlation: float

    def drawn(self, random: np.random.Generator) -> Counts:
        """(n,) group of each row."""
        heavy = np.minimum(1 + random.pareto(1.5, self.groups) * 5, 300).astype(np.int64)
        return np.repeat(np.arange(self.groups), self.size or heavy)


CASES = (
    Groups("1,000 groups of 1", 1000, 1, 0.0),
    Groups("100 groups of 10, correlation 0.2", 100, 10, 0.2),
    Groups("60 groups of 50, correlation 0.2", 60, 50, 0.2),
    Groups("200 groups of 1 to 300, heavy tails, correlation 0.2", 200, 0, 0.2),
    Groups("20 groups of 50, correlation 0.2", 20, 50, 0.2),
)


def spread(correlation: float) -> float:
    """Standard deviation of what a group adds to its scores, so that being right correlates so much within it."""
    nodes, weights = roots_hermitenorm(60)
    weights = weights / weights.sum()
    low, high = 0.0, 3.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        both = float(weights @ ndtr(ndtri(RIGHT) * np.sqrt(1 + middle**2) + middle * nodes) ** 2)
        low, high = (middle, high) if (both - RIGHT**2) / (RIGHT * (1 - RIGHT)) < correlation else (low, middle)
    return low


def drawn_set(random: np.random.Generator, case: Groups, wide: float, first: int) -> Batch:
    """Rows whose margin to the right side is normal, a part of it the group's own."""
    group = case.drawn(random)
    labels = (random.random(len(group)) < POSITIVE).astype(np.int64)
    centre = ndtri(RIGHT) * np.sqrt(1 + wide**2) + wide * random.normal(size=case.groups)[group]
    p = ndtr((2 * labels - 1) * (centre + random.normal(size=len(group))) / 2)
    return rows(labels, probabilities=np.stack([1 - p, p], axis=1), groups=first + group)


def truth(wide: float) -> dict[str, float]:
    """Of rows of new groups."""
    tp, fp = POSITIVE * RIGHT, (1 - POSITIVE) * (1 - RIGHT)
    fn, tn = POSITIVE - tp, 1 - POSITIVE - fp
    area = float(ndtr(2 * ndtri(RIGHT) * np.sqrt(1 + wide**2) / np.sqrt(2 * (1 + wide**2))))
    macro_f1 = (2 * tp / (2 * tp + fp + fn) + 2 * tn / (2 * tn + fp + fn)) / 2
    return {"accuracy": RIGHT, "recall": RIGHT, "roc_auc": area, "macro_f1": macro_f1}


def split_of(batch: Batch, missing: dict[str, str]) -> SplitMeasurements:
    states = (Confusion, Ranking, Buckets, BucketRanking)
    stream = Stream("test", lambda: iter([iter([batch])]), {"features": "made up", **missing})
    return measure({"test": stream}, states, TASK, lambda _split, _rows: None).test


def covered(case: Groups) -> Iterator[tuple[Cell, Cell]]:
    """Of each metric, intervals that know the groups and intervals that take rows as independent."""
    random, wide = np.random.default_rng(SEED), spread(case.correlation)
    known, unknown, true = Tallies(case.name), Tallies(case.name), truth(wide)
    for i in range(TEST_SETS):
        batch = drawn_set(random, case, wide, i * 1_000_000)
        grouped, plain = split_of(batch, {}), split_of(batch, {DESIGN: "left out"})
        for name in METRICS:
            known.add(name, 0, grouped.metric(name), true[name])
            unknown.add(name, 0, plain.metric(name), true[name])
    return zip(known.cells(), unknown.cells(), strict=True)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_intervals_that_know_the_groups_contain_the_truth(case: Groups) -> None:
    found = list(covered(case))
    lines = [(a.metric, f"{a.covered:.1%}", f"{a.above:.1%}", f"{a.below:.1%}", f"{b.covered:.1%}") for a, b in found]
    table(case.name, ("metric", "covered", "above", "below", "taken as independent"), lines)
    # The interval of the ROC-AUC unites two while a class has fewer than 500 rows, and is wider than need be.
    assert all(COVERAGE[0] <= cell.covered <= (1 if cell.metric == "roc_auc" else COVERAGE[1]) for cell, _ in found)
