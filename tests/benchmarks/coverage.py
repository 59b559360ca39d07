"""How often the interval that is shown contains the truth, by cell of positives and prevalence."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from auditor.statistics import (
    SUMMARIES,
    ClassCounts,
    ConfusionCounts,
    Estimate,
    FScore,
    MeanOfProportions,
    Proportion,
    average_precision_estimate,
    rank_metrics,
    summary_estimates,
    tally,
)
from tests.benchmarks.simulated import BinaryModel, Counts, Floats, confusion

POSITIVES = (10, 25, 50, 100, 500)
PREVALENCES = (0.02, 0.1, 0.3, 0.5)
SEPARATIONS = (1.0, 2.0, 3.0)
RECALLS = (0.6, 0.8, 0.95)
MODELS = tuple(BinaryModel(d, recall) for d, recall in product(SEPARATIONS, RECALLS))
# Rarely used for reading: average precision costs most, and its grid is coarser.
COARSE = tuple(product((10, 50, 500), (0.02, 0.1, 0.5)))
MANY_CLASSES = tuple(product((10, 100, 1000), (20, 50), (0.75, 0.9)))
FEW_CLASSES = tuple(product((3, 10), (20, 50), (0.75, 0.9)))
BOOTSTRAPPED = {name: SUMMARIES[name] for name in ("mcc", "kappa", "macro_f1")}


@dataclass(frozen=True)
class Cell:
    """Coverage of one metric in one cell: shares of the models' intervals that contain, lie above and below the truth."""

    metric: str
    place: str
    covered: float
    above: float
    below: float
    worst_model: float
    repetitions: int


@dataclass
class Tallied:
    """Intervals held against one truth."""

    covered: int = 0
    above: int = 0
    below: int = 0

    def add(self, estimate: Estimate, truth: float) -> None:
        """Undefined estimates show no interval and are not counted."""
        low, high = estimate.low, estimate.high
        if low is None or high is None:
            return
        self.above += low > truth
        self.below += high < truth
        self.covered += low <= truth <= high

    @property
    def n(self) -> int:
        return self.covered + self.above + self.below


def summed(metric: str, place: str, models: Iterable[Tallied]) -> Cell:
    """A cell from the tallies of its models, each of equal weight."""
    each = list(models)
    shares = np.array([[t.covered, t.above, t.below] for t in each]) / np.array([[t.n] for t in each])
    covered, above, below = map(float, shares.mean(axis=0))
    return Cell(metric, place, covered, above, below, float(shares[:, 0].min()), sum(t.n for t in each))


def grid() -> Iterator[tuple[str, int, float]]:
    """(place, rows, prevalence) of each cell."""
    for positives, prevalence in product(POSITIVES, PREVALENCES):
        yield place(positives, prevalence), round(positives / prevalence), prevalence


def place(positives: int, prevalence: float) -> str:
    return f"{positives} positives at {prevalence:.0%}"


def of_counts(random: np.random.Generator, repetitions: int) -> Iterator[Cell]:
    """Recall, precision, F1 and balanced accuracy, from confusion counts drawn at once."""
    for where, n, prevalence in grid():
        tallies = {name: [Tallied() for _ in MODELS] for name in ("recall", "precision", "F1", "balanced accuracy")}
        for i, model in enumerate(MODELS):
            truth = _truth(ConfusionTruth(model.cells(prevalence)))
            for drawn in random.multinomial(n, model.cells(prevalence).ravel(), repetitions):
                for name, estimate in _estimates(*map(int, drawn)).items():
                    tallies[name][i].add(estimate, truth[name])
        yield from (summed(name, where, each) for name, each in tallies.items())


@dataclass(frozen=True)
class ConfusionTruth:
    """The (2, 2) probabilities of (true, called)."""

    cells: Floats


def _truth(truth: ConfusionTruth) -> dict[str, float]:
    (tn, fp), (fn, tp) = truth.cells.tolist()
    recall, specificity = tp / (tp + fn), tn / (tn + fp)
    return {
        "recall": recall,
        "precision": tp / (tp + fp),
        "F1": 2 * tp / (2 * tp + fp + fn),
        "balanced accuracy": (recall + specificity) / 2,
    }


def _estimates(tn: int, fp: int, fn: int, tp: int) -> dict[str, Estimate]:
    return {
        "recall": Proportion(tp, tp + fn),
        "precision": Proportion(tp, tp + fp),
        "F1": FScore(tp, fp, fn),
        "balanced accuracy": MeanOfProportions((tp, tn), (tp + fn, tn + fp)),
    }
