"""How often the near-duplicates check speaks of tables without copies, and how often it finds planted ones."""

from collections import Counter
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from auditor import Measurements, Status
from auditor.checking import Check, built_in
from auditor.measurements import RowCounts, SplitMeasurements
from auditor.states import FeatureSample, SampledRows, Task
from auditor.testing import compute
from tests.benchmarks.simulated import table

SEED, SEEDS = 20010401, 200
FALSE_ALARMS_AT_5, FEWEST_AT_95 = 16, 184
N_TRAIN, N_TEST, COPIES = 20_000, 5_000, 100

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]


def sample(features: Floats) -> SampledRows:
    n = len(features)
    return SampledRows(
        n, features.astype(np.float32), np.zeros(n, np.int64), np.arange(n, dtype=np.uint64), np.ones(n, bool)
    )


@cache
def near_duplicates() -> Check:
    return next(check for check in built_in() if check.id == "near-duplicates")


def verdict(test: Floats, train: Floats) -> str:
    """What the check says of two tables: `none`, or the severity and confidence of its finding."""
    splits = {
        name: SplitMeasurements(name, RowCounts(), {FeatureSample: sample(features)})
        for name, features in (("test", test), ("train", train))
    }
    m = Measurements(Task(("a", "b")), splits["test"], splits["test"], {"train": splits["train"]})
    (found,) = compute(near_duplicates(), m)
    assert found.status in (Status.PASS, Status.FAIL)
    return "none" if found.status is Status.PASS else f"{found.severity} {found.confidence}"


def normal(columns: int) -> Draw:
    return lambda random, n: random.normal(size=(n, columns))


def mixture(random: np.random.Generator, n: int) -> Floats:
    """Two normal classes in 20 columns."""
    return random.normal(size=(n, 20)) + 0.6 * random.integers(0, 2, (n, 1))


def mostly_binary(random: np.random.Generator, n: int) -> Floats:
    return np.c_[random.integers(0, 2, (n, 10)), random.normal(size=(n, 1))]


def core(random: np.random.Generator, n: int, share: float) -> Floats:
    """Four columns, a share of the rows in a dense core."""
    return random.normal(size=(n, 4)) * np.where(random.random((n, 1)) < share, 0.2, 1.0)


CLEAN: dict[str, tuple[Draw, Draw]] = {
    "two classes in 20 columns": (mixture, mixture),
    "1 column": (normal(1), normal(1)),
    "2 columns": (normal(2), normal(2)),
    "10 binary columns and a continuous one": (mostly_binary, mostly_binary),
    "whole numbers below 5 in 5 columns": ((lambda r, n: r.integers(0, 5, (n, 5))),) * 2,
    "heavy tails (Cauchy), 3 columns": ((lambda r, n: r.standard_cauchy((n, 3))),) * 2,
    "a dense core, 10% of train and 50% of test": ((lambda r, n: core(r, n, 0.5)), (lambda r, n: core(r, n, 0.1))),
}


@pytest.mark.parametrize("name", CLEAN)
def test_tables_without_copies_are_seldom_spoken_of(name: str) -> None:
    random = np.random.default_rng(SEED)
    of_test, of_train = CLEAN[name]
    said = Counter(verdict(of_test(random, N_TEST), of_train(random, N_TRAIN)) for _ in range(SEEDS))
    table(f"Of {SEEDS} pairs of tables without copies", ["tables", *said], [[name, *said.values()]])
    assert SEEDS - said["none"] <= FALSE_ALARMS_AT_5


@pytest.mark.parametrize("columns", [8, 20, 32])
@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_copies_with_noise_are_found(columns: int, noise: float) -> None:
    random, said = np.random.default_rng(SEED), Counter[str]()
    for _ in range(SEEDS):
        train, test = normal(columns)(random, N_TRAIN), normal(columns)(random, N_TEST)
        test[:COPIES] = train[:COPIES] + noise * random.normal(size=(COPIES, columns))
        said[verdict(test, train)] += 1
    table(
        f"Noise of {noise} standard deviations in 2% copies",
        ["tables", *said],
        [[f"{columns} columns", *said.values()]],
    )
    assert SEEDS - said["none"] >= FEWEST_AT_95


@pytest.mark.parametrize("columns", [2, 8])
def test_rounded_copies_are_confirmed(columns: int) -> None:
    random, said = np.random.default_rng(SEED), Counter[str]()
    for _ in range(SEEDS):
        train, test = normal(columns)(random, N_TRAIN), normal(columns)(random, N_TEST)
        test[:COPIES] = train[:COPIES].round(4)
        said[verdict(test, train)] += 1
    table("2% copies rounded to four decimals", ["tables", *said], [[f"{columns} columns", *said.values()]])
    assert sum(times for words, times in said.items() if "confirmed" in words) >= FEWEST_AT_95
