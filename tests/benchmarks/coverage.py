"""How often the interval that is shown contains the truth, by metric and by kind of test set."""

from collections.abc import Iterable, Iterator
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
from tests.benchmarks.simulated import BinaryModel, Counts, Floats, confusion, spread_recalls

POSITIVES = (10, 25, 50, 100, 500)
PREVALENCES = (0.02, 0.1, 0.3, 0.5)
CELLS = tuple(product(POSITIVES, PREVALENCES))
# Average precision is resampled at the cost of its rows, so that its grid is coarser.
COARSE_CELLS = tuple(product((10, 50, 500), (0.02, 0.1, 0.5)))
SEPARATIONS = (1.0, 2.0, 3.0)
MODELS = tuple(BinaryModel(separation, recall) for separation, recall in product(SEPARATIONS, (0.6, 0.8, 0.95)))
RANKERS = tuple(BinaryModel(separation, 0.8) for separation in SEPARATIONS)
MANY_CLASSES = tuple(product((3, 10, 100, 1000), (20, 50), (0.75, 0.9)))
SEVERAL_CLASSES = tuple(product((3, 10), (20, 50), (0.75, 0.9)))
RESAMPLED = {"MCC": "mcc", "kappa": "kappa", "macro F1": "macro_f1"}


@dataclass(frozen=True)
class Cell:
    """Shares of the intervals that contain, lie above and lie below the truth, its models weighted equally."""

    metric: str
    place: str
    covered: float
    above: float
    below: float
    worst_model: float
    intervals: int


class Tallies:
    """Intervals held against the truth, by metric and model, within one cell."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._seen: dict[str, dict[int, list[int]]] = {}

    def add(self, metric: str, model: int, estimate: Estimate, truth: float) -> None:
        """Count one interval; where the estimate is undefined none is shown."""
        low, high = estimate.low, estimate.high
        if low is not None and high is not None:
            of_model = self._seen.setdefault(metric, {}).setdefault(model, [0, 0, 0])
            of_model[1 if low > truth else 2 if high < truth else 0] += 1

    def cells(self) -> Iterator[Cell]:
        for metric, models in self._seen.items():
            counts = np.array(list(models.values()))
            shares = counts / counts.sum(axis=1, keepdims=True)
            covered, above, below = map(float, shares.mean(axis=0))
            yield Cell(metric, self.place, covered, above, below, float(shares[:, 0].min()), int(counts.sum()))


def of_counts(random: np.random.Generator, of_each_model: int) -> Iterator[Cell]:
    """Recall, precision, F1 and balanced accuracy of two classes."""
    for positives, prevalence in CELLS:
        tallies = Tallies(_place(positives, prevalence))
        for i, model in enumerate(MODELS):
            cells = model.cells(prevalence)
            truth = _true_shares(cells)
            for drawn in random.multinomial(round(positives / prevalence), cells.ravel(), of_each_model):
                for metric, estimate in _estimates(*map(int, drawn)).items():
                    tallies.add(metric, i, estimate, truth[metric])
        yield from tallies.cells()


def of_summaries(random: np.random.Generator, of_each_model: int) -> Iterator[Cell]:
    """MCC, kappa and macro F1 of two classes, by the Poisson bootstrap."""
    for positives, prevalence in CELLS:
        tallies = Tallies(_place(positives, prevalence))
        for i, model in enumerate(MODELS):
            cells = model.cells(prevalence)
            for drawn in random.multinomial(round(positives / prevalence), cells.ravel(), of_each_model):
                _add_summaries(tallies, i, drawn.reshape(2, 2), cells)
        yield from tallies.cells()


def of_classes(random: np.random.Generator, models: int, of_each_model: int) -> Iterator[Cell]:
    """Balanced accuracy of many classes that differ in their true recall."""
    for classes, rows_each, accuracy in MANY_CLASSES:
        tallies = Tallies(f"{classes} classes, {accuracy:.0%}, {rows_each} rows each")
        for _ in range(models):
            recalls = spread_recalls(random, classes, accuracy)
            for _ in range(of_each_model):
                support = random.multinomial(classes * rows_each, np.full(classes, 1 / classes))
                found = random.binomial(support, recalls)
                # A cell of few models would be judged by the luck of each, hence one tally for all.
                estimate = MeanOfProportions(tuple(found.tolist()), tuple(support.tolist()))
                tallies.add("balanced accuracy", 0, estimate, float(recalls.mean()))
        yield from tallies.cells()


def of_class_summaries(random: np.random.Generator, models: int, of_each_model: int) -> Iterator[Cell]:
    """MCC, kappa and macro F1 of several classes, by the Poisson bootstrap."""
    for classes, rows_each, accuracy in SEVERAL_CLASSES:
        tallies = Tallies(f"{classes} classes, {accuracy:.0%}, {rows_each} rows each")
        for _ in range(models):
            recalls = spread_recalls(random, classes, accuracy)
            truth = np.repeat((1 - recalls) / (classes - 1) / classes, classes).reshape(classes, classes)
            truth[np.diag_indices(classes)] = recalls / classes
            for _ in range(of_each_model):
                _add_summaries(tallies, 0, confusion(random, recalls, classes * rows_each), truth)
        yield from tallies.cells()


def of_areas(random: np.random.Generator, of_each_model: int) -> Iterator[Cell]:
    """Area under the ROC curve."""
    for positives, prevalence in CELLS:
        tallies = Tallies(_place(positives, prevalence))
        for (i, model), _ in product(enumerate(RANKERS), range(of_each_model)):
            found, rest = model.sorted_keys(random, round(positives / prevalence), prevalence)
            tallies.add("ROC-AUC", i, rank_metrics(found, rest).area, model.area)
        yield from tallies.cells()


def of_average_precision(random: np.random.Generator, of_each_model: int) -> Iterator[Cell]:
    """Average precision, by the Poisson bootstrap of its bins."""
    for positives, prevalence in COARSE_CELLS:
        tallies = Tallies(_place(positives, prevalence))
        for i, model in enumerate(RANKERS):
            truth = model.average_precision(prevalence)
            for _ in range(of_each_model):
                ranked = model.sorted_keys(random, round(positives / prevalence), prevalence)
                estimate = average_precision_estimate(*tally(*ranked)[1:], "audit-v1 average precision 1")
                tallies.add("average precision", i, estimate, truth)
        yield from tallies.cells()


def worst(cells: Iterable[Cell], how_many: int = 3) -> list[Cell]:
    """The cells farthest from 95%."""
    return sorted(cells, key=lambda cell: -abs(cell.covered - 0.95))[:how_many]


def _place(positives: int, prevalence: float) -> str:
    return f"{positives} positives at {prevalence:.0%}"


def _true_shares(cells: Floats) -> dict[str, float]:
    (tn, fp), (fn, tp) = cells.tolist()
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


def _add_summaries(tallies: Tallies, model: int, matrix: Counts, truth: Floats) -> None:
    summaries = {name: SUMMARIES[name] for name in RESAMPLED.values()}
    found = summary_estimates(ConfusionCounts.from_matrix(matrix), "audit-v1 confusion", summaries)
    # As counts of a sample so large that rounding does not matter.
    whole = ClassCounts(*(1e12 * part for part in (truth.sum(axis=1), truth.sum(axis=0), np.diag(truth), truth.sum())))
    for metric, name in RESAMPLED.items():
        tallies.add(metric, model, found[name], float(SUMMARIES[name][0](whole)))
