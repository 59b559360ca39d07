"""Tables whose faults are known, and what checks of columns find in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from auditor.batches import Batch
from auditor.checking import Check, built_in, judge
from auditor.engines.local import Stream, measure
from auditor.findings import Finding, Severity, Status
from auditor.measurements import Measurements
from auditor.policy import PRESETS, Policy
from auditor.states import Confusion, State, Task
from auditor.testing import rows

SEED = 20_010_401
N_TRAIN, N_TEST, COLUMNS = 20_000, 5000, 20
ACCURATE = 2.563  # deviations between two classes that a perfect model tells apart with accuracy .90
CHECKS = {check.id: check for check in built_in()}
Array = NDArray[Any]


@dataclass
class Rows:
    """Features, labels and what a perfect model of the clean columns says."""

    features: Array
    labels: Array
    probabilities: Array

    @property
    def batch(self) -> Batch:
        return rows(self.labels, probabilities=self.probabilities, features=self.features.astype(np.float32))

    def then(self, other: "Rows") -> "Rows":
        return Rows(
            *(
                np.concatenate([mine, theirs])
                for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)
            )
        )


@dataclass(frozen=True)
class World:
    """Classes that lie as far apart as `far` says, on the diagonal or, with `lone`, along the first column alone."""

    far: float = ACCURATE
    shares: tuple[float, ...] = (0.5, 0.5)
    lone: bool = False
    levels: int = 0

    def centres(self) -> Array:
        classes = len(self.shares)
        if classes > 2:
            return self.far * np.eye(classes, COLUMNS)
        along = np.eye(1, COLUMNS)[0] if self.lone else np.full(COLUMNS, COLUMNS**-0.5)
        return np.outer([0, self.far], along)

    def rows(self, random: np.random.Generator, n: int) -> Rows:
        labels = random.choice(len(self.shares), n, p=self.shares)
        centres = self.centres()
        features = random.normal(size=(n, COLUMNS)) + centres[labels]
        scores = features @ centres.T - (centres**2).sum(axis=1) / 2 + np.log(self.shares)
        shown = np.round(features * self.levels) / self.levels if self.levels else features
        return Rows(shown, labels, softmax(scores, axis=1))


def measured(test: Rows, train: Rows, checks: Sequence[Check]) -> Measurements:
    """What the checks need, and nothing else."""
    classes = test.probabilities.shape[1]
    task = Task(tuple(f"class {i}" for i in range(classes)), 1 if classes == 2 else None)
    streams = {"train": streamed("train", train.batch), "test": streamed("test", test.batch)}
    states: list[type[State[Any]]] = [Confusion, *(state for check in checks for state in check.needs)]
    found = measure(streams, list(dict.fromkeys(states)), task, lambda _split, _rows: None)
    return Measurements(task, found.test, found.as_given, found.splits, found.overlap)


def streamed(name: str, batch: Batch) -> Stream:
    return Stream(name, lambda: iter([iter([batch])]))


def found_by(ids: Sequence[str], test: Rows, train: Rows) -> list[Finding]:
    checks = [CHECKS[id_] for id_ in ids]
    found = judge(checks, measured(test, train, checks), Policy(PRESETS["balanced"], (), confirmed=True))
    assert Status.ERROR not in {finding.status for finding in found}
    return [finding for finding in found if finding.status is Status.FAIL]


def drawn(
    world: World, i: int, *, n_train: int = N_TRAIN, n_test: int = N_TEST
) -> tuple[Rows, Rows, np.random.Generator]:
    """Test rows, training rows, and what else is random of table number i."""
    random = np.random.default_rng((SEED, i))
    return world.rows(random, n_test), world.rows(random, n_train), random


def major(found: Sequence[Finding]) -> bool:
    return any(finding.severity.rank >= Severity.MAJOR.rank for finding in found)
