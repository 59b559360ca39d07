"""How often the near-duplicates check speaks of tables without copies, and how often it finds planted ones."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from auditor import Measurements, Status
from auditor.checking import Check, built_in
from auditor.measurements import RowCounts, SplitMeasurements
from auditor.states import FeatureSample, FoldedRows, FoldedTexts, SampledRows, State, Task
from auditor.testing import compute, rows
from tests.benchmarks.simulated import table

SEED, SEEDS = 20010401, 200
FALSE_ALARMS_AT_5, FEWEST_AT_95 = 16, 184
N_TRAIN, N_TEST, COPIES = 20_000, 5_000, 100

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Flags = NDArray[np.bool_]
Draw = Callable[[np.random.Generator, int], Floats]


def sample(features: Floats, labels: Labels | None = None, right: Flags | None = None) -> SampledRows:
    n = len(features)
    labels, right = np.zeros(n, np.int64) if labels is None else labels, np.ones(n, bool) if right is None else right
    return SampledRows(n, features.astype(np.float32), labels, np.arange(n, dtype=np.uint64), right)


@cache
def near_duplicates() -> Check:
    return next(check for check in built_in() if check.id == "near-duplicates")


def verdict(test: Floats, train: Floats) -> str:
    """What the check says of two tables: `none`, or the severity and confidence of its finding."""
    return said_of({FeatureSample: sample(test)}, {FeatureSample: sample(train)})


def said_of(test: Mapping[type[State[Any]], Any], train: Mapping[type[State[Any]], Any]) -> str:
    """The same of the results of two splits."""
    splits = {name: SplitMeasurements(name, RowCounts(), found) for name, found in (("test", test), ("train", train))}
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


# Texts


Written = NDArray[np.object_]
WAYS = (str, str.capitalize, str.upper)


def folded(texts: Written) -> FoldedRows:
    nothing = np.zeros(len(texts), np.int64)
    state = FoldedTexts(Task(("a", "b")))
    state.update(rows(nothing, predicted=nothing, features=np.array(texts.tolist(), np.dtypes.StringDType())))
    return state.result()


def verdict_on_texts(test: Written, train: Written) -> str:
    return said_of({FoldedTexts: folded(test)}, {FoldedTexts: folded(train)})


def long(random: np.random.Generator, n: int) -> Written:
    """Texts of twelve of a thousand words."""
    return np.array(
        [" ".join(f"w{word}" for word in row) for row in random.integers(0, 1000, (n, 12)).tolist()], object
    )


def short(random: np.random.Generator, n: int) -> Written:
    """Texts of one to three of forty words, unevenly frequent; a fifth is capitalised, a tenth in capitals."""
    share = 1 / np.arange(1, 41)
    words, lengths = random.choice(40, (n, 3), p=share / share.sum()).tolist(), random.integers(1, 4, n).tolist()
    ways = random.choice(3, n, p=[0.7, 0.2, 0.1]).tolist()
    made = (" ".join(f"w{word}" for word in row[:length]) for row, length in zip(words, lengths, strict=True))
    return np.array([WAYS[way](text) for text, way in zip(made, ways, strict=True)], object)


def heavy(random: np.random.Generator, n: int) -> Written:
    """Messages some of which are sent over and over (Zipf, 1.3), a tenth in capitals."""
    sent = zip(random.zipf(1.3, n).tolist(), (random.random(n) < 0.1).tolist(), strict=True)
    return np.array([f"MESSAGE {which}" if capitals else f"message {which}" for which, capitals in sent], object)


@pytest.mark.parametrize("draw", [long, short, heavy])
@pytest.mark.parametrize("size", [1, 4])
def test_texts_without_copies_are_seldom_spoken_of(draw: Callable[..., Written], size: int) -> None:
    random = np.random.default_rng(SEED)
    said = Counter(verdict_on_texts(draw(random, 1000 * size), draw(random, 4000 * size)) for _ in range(SEEDS))
    name = f"{draw.__name__}, {1000 * size:,} and {4000 * size:,} texts"
    table(f"Of {SEEDS} pairs of files of texts without copies", ["texts", *said], [[name, *said.values()]])
    assert SEEDS - said["none"] <= FALSE_ALARMS_AT_5
    assert {words.split()[0] for words in said} <= {"none", "minor"}


@pytest.mark.parametrize("draw", [long, short, heavy])
def test_training_texts_in_other_case_are_found(draw: Callable[..., Written]) -> None:
    random, said = np.random.default_rng(SEED), Counter[str]()
    for _ in range(SEEDS):
        train, test = np.append(draw(random, 3000), long(random, 1000)), np.append(draw(random, 700), long(random, 300))
        test[-50:] = [text.upper() for text in train[-50:]]
        said[verdict_on_texts(test, train)] += 1
    table("5% copies in capitals", ["texts", *said], [[draw.__name__, *said.values()]])
    assert SEEDS - said["none"] >= FEWEST_AT_95
