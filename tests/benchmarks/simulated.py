"""Models whose truth is known, and test data drawn from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr, ndtri

from auditor.batches import Batch
from auditor.statistics import sortable_key
from auditor.testing import rows

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Keys = NDArray[np.uint32]

# A beta distribution with this many pseudo-rows spreads the true recalls of the classes: 80% gives mostly 60% to 94%.
RECALL_CONCENTRATION = 20


@dataclass(frozen=True)
class BinaryModel:
    """Scores are N(separation, 1) for positives and N(0, 1) for negatives; the threshold gives the recall."""

    separation: float
    recall: float

    @property
    def false_positive_rate(self) -> float:
        return float(ndtr(ndtri(self.recall) - self.separation))

    @property
    def area(self) -> float:
        return float(ndtr(self.separation / np.sqrt(2)))

    def cells(self, prevalence: float) -> Floats:
        """(2, 2) probabilities of (true, called)."""
        found, alarm = self.recall, self.false_positive_rate
        return np.array(
            [[(1 - prevalence) * (1 - alarm), (1 - prevalence) * alarm], [prevalence * (1 - found), prevalence * found]]
        )

    def average_precision(self, prevalence: float) -> float:
        """Area under precision over recall, by the midpoint rule."""
        recall = (np.arange(200_000) + 0.5) / 200_000
        true = prevalence * recall
        return float(np.mean(true / (true + (1 - prevalence) * ndtr(ndtri(recall) - self.separation))))

    def sorted_keys(self, random: np.random.Generator, n: int, prevalence: float) -> tuple[Keys, Keys]:
        """Ascending sort keys of the scores of the positives and of the negatives."""
        scores, labels = self.scores(random, n, prevalence)
        keys = sortable_key(scores.astype(np.float32))
        return np.sort(keys[labels == 1]), np.sort(keys[labels == 0])

    def scores(self, random: np.random.Generator, n: int, prevalence: float) -> tuple[Floats, Counts]:
        """(n,) scores and labels."""
        labels = (random.random(n) < prevalence).astype(np.int64)
        return random.normal(size=n) + self.separation * labels, labels

    def batch(self, random: np.random.Generator, n: int, prevalence: float, *, shuffled: bool = False) -> Batch:
        """Rows with calibrated probabilities, decided at one half; shuffled labels leave nothing to know."""
        scores, labels = self.scores(random, n, prevalence)
        d = self.separation
        positive = expit(d * scores - d * d / 2 + logit(prevalence))
        return rows(
            random.permutation(labels) if shuffled else labels, probabilities=np.stack([1 - positive, positive], axis=1)
        )


@dataclass(frozen=True)
class Panel:
    """Models of one difficulty: the classes are equally frequent and differ in their true recall by nature."""

    classes: int
    accuracy: float
    rows_each: int
    models: int = 200

    @property
    def name(self) -> str:
        return f"{self.classes:,} classes, {self.accuracy:.0%} accuracy, {self.rows_each} rows each"


def spread_recalls(random: np.random.Generator, classes: int, accuracy: float) -> Floats:
    """(classes,) true recalls of one model, from a beta distribution about the accuracy."""
    return random.beta(accuracy * RECALL_CONCENTRATION, (1 - accuracy) * RECALL_CONCENTRATION, classes)


def confusion(random: np.random.Generator, recalls: Floats, n: int) -> Counts:
    """(classes, classes) counts of n rows of equally frequent classes; a missed row is called any other class."""
    classes = len(recalls)
    support = random.multinomial(n, np.full(classes, 1 / classes))
    found = random.binomial(support, recalls)
    matrix = np.zeros((classes, classes), np.int64)
    matrix[np.diag_indices(classes)] = found
    missed = np.repeat(np.arange(classes), support - found)
    np.add.at(matrix, (missed, (missed + random.integers(1, classes, len(missed))) % classes), 1)
    return matrix


def relative_losses(train: Counts, test: Counts) -> Floats:
    """By how much each class's recall and precision are lower on test, as a share of those on train."""
    parts = [np.diag(m) / np.maximum(m.sum(axis=axis), 1) for axis in (1, 0) for m in (train, test)]
    return np.concatenate([1 - after / np.maximum(before, 1e-9) for before, after in (parts[:2], parts[2:])])


def table(title: str, headings: Sequence[str], lines: Sequence[Sequence[object]]) -> None:
    """Print a table."""
    cells = [list(headings), *([str(cell) for cell in line] for line in lines)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(headings))]
    print(f"\n{title}")
    for line in cells:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
