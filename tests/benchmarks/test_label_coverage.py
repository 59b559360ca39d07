"""How often the intervals of averages over labels contain the truth, where the labels of a row depend on each other."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import ndtri

from auditor.batches import Array, Batch, OutputKind
from auditor.label_metrics import label_metric
from auditor.label_scores import LabelScores
from auditor.measurements import RowCounts, SplitMeasurements
from auditor.states import LabelCounts, Task
from tests.benchmarks.simulated import table

SEED, REPLICATES, TRUE_ROWS = 20061117, 1000, 1_000_000
METRICS = ("balanced_accuracy", "macro_f1", "micro_f1", "hamming_loss", "samples_f1")
LEAST = 0.927  # the lowest share of 1,000 intervals that is accepted of a nominal 95%


@dataclass(frozen=True)
class Design:
    """Labels of these prevalences in rows that share a factor: correlation of truths, and of errors, within a row."""

    rows: int
    prevalence: tuple[float, ...]
    correlation: float
    separation: float = 2.4

    def draw(self, random: np.random.Generator, n: int) -> tuple[Array, Array]:
        """(n, labels) truth and decisions."""
        truth = self._normal(random, n) > -ndtri(np.array(self.prevalence))
        return truth, self.separation * truth + self._normal(random, n) > self.separation / 2

    def _normal(self, random: np.random.Generator, n: int) -> NDArray[np.float64]:
        shared = random.standard_normal((n, 1))
        own = random.standard_normal((n, len(self.prevalence)))
        return np.asarray(np.sqrt(self.correlation) * shared + np.sqrt(1 - self.correlation) * own)


DESIGNS = (
    Design(300, (0.3, 0.1, 0.05, 0.2, 0.4), 0.0),
    Design(300, (0.3, 0.1, 0.05, 0.2, 0.4), 0.6),
    Design(2000, (0.02, 0.05, 0.01, 0.1), 0.6),
    Design(150, (0.05, 0.1, 0.3), 0.3, 4.5),
    Design(1000, (0.1,) * 12, 0.8),
)


def counted(truth: Array, given: Array) -> SplitMeasurements:
    task = Task(tuple(map(str, range(truth.shape[1]))), multilabel=True)
    said = LabelScores(np.zeros((len(truth), 0)), OutputKind.PREDICTED, (None,) * truth.shape[1], given.astype(np.int8))
    state = LabelCounts(task)
    state.update(Batch(truth.astype(np.int8), np.arange(len(truth), dtype=np.uint64), label_scores=said))
    return SplitMeasurements("test", RowCounts(), {LabelCounts: state.result()})


@pytest.mark.parametrize("design", DESIGNS, ids=lambda d: f"{d.rows} rows, {len(d.prevalence)} labels, {d.correlation}")
def test_intervals_of_averages_over_labels_contain_the_truth(design: Design) -> None:
    random = np.random.default_rng(SEED)
    whole = counted(*design.draw(random, TRUE_ROWS))
    truth = {name: label_metric(whole, name).value for name in METRICS}
    covered = dict.fromkeys((*METRICS, "labels taken for independent"), 0)
    for _ in range(REPLICATES):
        split = counted(*design.draw(random, design.rows))
        for name in METRICS:
            estimate = label_metric(split, name)
            covered[name] += estimate.low <= truth[name] <= estimate.high  # type: ignore[operator]
        alone = label_metric(split, "balanced_accuracy").first  # type: ignore[attr-defined]
        covered["labels taken for independent"] += alone.low <= truth["balanced_accuracy"] <= alone.high
    rows = [[name, f"{count / REPLICATES:.3f}"] for name, count in covered.items()]
    table(
        f"{design.rows} rows of {len(design.prevalence)} labels, correlation {design.correlation}",
        ["interval", "covers"],
        rows,
    )
    assert min(covered[name] for name in METRICS) / REPLICATES >= LEAST
