"""How often columns, their scaling and excellent figures are suspected wrongly, on tables whose faults are known.

Every random number comes from the SEED of the tables. The tables that this prints are those of docs/validation.md.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri, softmax
from sklearn.decomposition import PCA
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from auditor.findings import Confidence, Severity
from tests.benchmarks.simulated import table
from tests.benchmarks.tables import COLUMNS, N_TEST, N_TRAIN, Array, Rows, World, drawn, found_by, major

TABLES = 200
# Of 200 tables a true rate of 1% gives at most 5 in 97.5% of cases, one of 5% at most 16; a power of 95% (99%) at least 184 (195).
AT_MOST_1, AT_MOST_5, AT_LEAST_95, AT_LEAST_99 = 5, 16, 184, 195
Write = Callable[[Rows, np.random.Generator], None]


def _below(high: int, random: np.random.Generator, n: int) -> Array:
    return random.integers(0, high, n)


# One column that gives the answer away

CLEAN = {
    "two classes, accuracy .90": World(),
    "2% positives": World(far=4.0, shares=(0.98, 0.02)),
    "ten classes": World(far=4.0, shares=(0.1,) * 10),
    "columns of few values": World(levels=1),
    "one column of area .90": World(far=1.812, lone=True),
    "one column of area .97": World(far=2.66, lone=True),
}


def test_columns_of_clean_tables_are_not_suspected() -> None:
    lines = []
    for name, world in CLEAN.items():
        for n_train, n_test in ((N_TRAIN, N_TEST), (600, 150)):
            flagged, told = 0, 0
            for i in range(TABLES):
                test, train, _ = drawn(world, i, n_train=n_train, n_test=n_test)
                found = found_by(["target-leak"], test, train)
                flagged += major(found)
                told += bool(found) and not major(found)
            lines.append((name, n_train, n_test, f"{flagged} of {TABLES}", f"{told} of {TABLES}"))
            assert flagged <= (AT_MOST_5 if world.lone else AT_MOST_1)
    table("Clean tables", ("table", "train", "test", "suspected", "information or minor"), lines)


def categories(part: Rows, random: np.random.Generator, odds: Array) -> None:
    """One column for each of 20 categories, unevenly frequent, which differ in how often they are of class 1."""
    share = 1 / np.arange(2, COLUMNS + 2) * np.where(part.labels[:, None] == 1, np.exp(odds), 1)
    reached = np.cumsum(share, axis=1) / share.sum(axis=1, keepdims=True)
    part.features = np.eye(COLUMNS)[(random.random(len(part.labels))[:, None] > reached).sum(axis=1)]


def events(part: Rows, random: np.random.Generator, _odds: Array) -> None:
    part.features = random.poisson(np.where(part.labels == 1, 0.3, 0.1)[:, None], part.features.shape)


def amounts_of_some(part: Rows, random: np.random.Generator, _odds: Array) -> None:
    some = random.random(part.features.shape) < np.where(part.labels == 1, 0.3, 0.1)[:, None]
    part.features = np.where(some, np.exp(random.normal(5, 1, some.shape)).round(2), 0)


def events_of_one_class(part: Rows, random: np.random.Generator, _odds: Array) -> None:
    part.features[:, :10] = random.poisson(np.where(part.labels == 1, 0.1, 0)[:, None], (len(part.labels), 10))


@pytest.mark.parametrize("rare", [0.5, 0.1])
@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("20 categories, a column each", categories),
        ("counts, mean .1 and .3", events),
        ("amounts in 10% and 30%, else 0", amounts_of_some),
        ("counts of mean .1 in one class alone", events_of_one_class),
    ],
)
def test_columns_that_are_mostly_zero_are_not_suspected(
    name: str, write: Callable[[Rows, np.random.Generator, Array], None], rare: float
) -> None:
    lines = []
    for n_train, n_test in ((N_TRAIN, N_TEST), (600, 150)):
        flagged = 0
        for i in range(TABLES):
            test, train, random = drawn(World(shares=(1 - rare, rare)), i, n_train=n_train, n_test=n_test)
            odds = random.normal(size=COLUMNS)
            write(test, random, odds)
            write(train, random, odds)
            flagged += major(found_by(["target-leak"], test, train))
        lines.append((name, f"{rare:.0%}", n_train, n_test, f"{flagged} of {TABLES}"))
        assert flagged <= AT_MOST_1
    table("Columns that are mostly zero", ("table", "positives", "train", "test", "suspected"), lines)


@pytest.mark.parametrize(
    ("rare", "times", "n_train", "n_test"),
    [(0.015, 30, 2800, 1200), (0.015, 5, 2800, 1200), (0.05, 5, 2000, 1000), (0.02, 30, N_TRAIN, N_TEST)],
)
def test_rows_multiplied_within_train_are_no_leak(rare: float, times: int, n_train: int, n_test: int) -> None:
    flagged, apart = 0, 0
    for i in range(TABLES):
        test, train, random = drawn(World(far=3.0, shares=(1 - rare, rare)), i, n_train=n_train, n_test=n_test)
        place = random.permutation(np.repeat(np.arange(n_train), np.where(train.labels == 1, times, 1)))
        train = Rows(*(part[place] for part in vars(train).values()))
        found = found_by(["target-leak"], test, train)
        flagged += major(found)
        apart += any(one.severity is Severity.MINOR for one in found)
    print(f"\n{rare:.1%} positives, each {times} times in train, {n_train:,} and {n_test:,} rows before: ", end="")
    print(f"{flagged} of {TABLES} suspected, {apart} otherwise within train", end="")
    assert flagged <= AT_MOST_1
    assert apart <= AT_MOST_5


def flips(share: float) -> Write:
    def write(part: Rows, random: np.random.Generator) -> None:
        wrong = random.random(len(part.labels)) < share
        part.features[:, 7] = np.where(wrong, 1 - part.labels, part.labels)
        # The perfect model knows the column too: its log-odds are added.
        odds = np.log((1 - share) / share) * (2 * part.features[:, 7] - 1)
        scores = np.log(part.probabilities)
        part.probabilities = softmax(scores + np.stack([0 * odds, odds], axis=1), axis=1)

    return write


def blanks(share: float) -> Write:
    def write(part: Rows, random: np.random.Generator) -> None:
        blank = (part.labels == 1) ^ (random.random(len(part.labels)) < share)
        part.features[blank, 7] = np.nan

    return write


def filled(part: Rows, random: np.random.Generator) -> None:
    part.features[(part.labels == 0) | (random.random(len(part.labels)) < 0.9), 7] = np.nan


def one_value(part: Rows, random: np.random.Generator) -> None:
    part.features[:, 7] = (part.labels == 1) & (random.random(len(part.labels)) < 0.7)


def amounts(share: float, elsewhere: float) -> Write:
    def write(part: Rows, random: np.random.Generator) -> None:
        some = (part.labels == 1) & (random.random(len(part.labels)) < share)
        part.features[:, 7] = np.where(some, np.exp(random.normal(5, 1, len(some))), elsewhere)

    return write


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("the label with 1% flips", flips(0.01)),
        ("blank for one class, 3% exceptions", blanks(0.03)),
        ("filled in a tenth of one class alone", filled),
        ("one value in 70% of one class alone", one_value),
        ("amounts in 50% of one class alone, 0 elsewhere", amounts(0.5, 0)),
        ("amounts in 90% of one class alone, 0 elsewhere", amounts(0.9, 0)),
        ("amounts in 50% of one class alone, their mean elsewhere", amounts(0.5, float(np.exp(5.5)))),
    ],
)
def test_columns_written_after_the_answer_are_suspected(name: str, write: Write) -> None:
    found = 0
    for i in range(TABLES):
        test, train, random = drawn(World(shares=(0.6, 0.4)), i)
        write(test, random)
        write(train, random)
        findings = [one for one in found_by(["target-leak"], test, train) if one.subject == "column feature 8"]
        found += major(findings) and all(one.confidence is Confidence.SUSPECTED for one in findings)
    print(f"\nColumn {name}: {found} of {TABLES} suspected", end="")
    assert found >= AT_LEAST_99


@pytest.mark.parametrize(("n_train", "n_test", "at_least"), [(N_TRAIN, N_TEST, AT_LEAST_99), (1000, 250, AT_LEAST_95)])
def test_a_number_that_was_cut_into_five_classes_is_suspected(n_train: int, n_test: int, at_least: int) -> None:
    found = 0
    for i in range(TABLES):
        test, train, random = drawn(World(shares=(0.2,) * 5), i, n_train=n_train, n_test=n_test)
        for part in (test, train):
            part.features[:, 7] = random.normal(size=len(part.labels))
            part.labels = np.searchsorted(ndtri([0.2, 0.4, 0.6, 0.8]), part.features[:, 7])
            called = np.where(random.random(len(part.labels)) < 0.99, part.labels, (part.labels + 1) % 5)
            part.probabilities = np.where(np.eye(5)[called] == 1, 0.96, 0.01)
        findings = [one for one in found_by(["target-leak"], test, train) if one.subject == "column feature 8"]
        found += major(findings)
    print(f"\nA number cut into five classes, {n_train:,} and {n_test:,} rows: {found} of {TABLES} suspected", end="")
    assert found >= at_least


# Numbers of rows

WHOLE: dict[str, Callable[[np.random.Generator, int], Array]] = {
    **{f"uniform below {high:,}": partial(_below, high) for high in (2, 10, 100, 1000, 10**4, 10**5, 10**6, 4 * 10**6, 10**7)},
    "ages": lambda random, n: np.clip(random.normal(45, 18, n), 0, 100).round(),
    "years": lambda random, n: 2024 - random.geometric(0.08, n),
    "counts": lambda random, n: random.poisson(3, n),
    "long-tailed counts": lambda random, n: np.minimum(random.zipf(1.5, n), 10**9),
    "amounts of whole units": lambda random, n: np.exp(random.normal(10, 1.5, n)).round(),
    "codes of 500 categories": lambda random, n: random.choice(500, n, p=np.arange(1, 501) / 125_250),
    "seconds of a day": lambda random, n: random.integers(0, 86_400, n),
    "sorted seconds of a year": lambda random, n: np.sort(random.integers(0, 31_536_000, n)),
    "sorted measurements": lambda random, n: np.sort(random.normal(100, 15, n)),
    "customers of five rows": lambda random, n: random.integers(0, max(1, n // 5), n),
}  # fmt: skip


def test_whole_numbers_that_measure_something_number_no_rows() -> None:
    lines = []
    for n_train, n_test in ((N_TRAIN, N_TEST), (600, 150)):
        flagged, told = Counter[str](), 0
        for i in range(TABLES):
            test, train, random = drawn(World(), i, n_train=n_train, n_test=n_test)
            for part in (test, train):
                part.features = np.stack([draw(random, len(part.labels)) for draw in WHOLE.values()], axis=1)
            found = found_by(["row-numbers"], test, train)
            flagged.update(one.subject for one in found)
            told += any(one.subject == "order of the test file" for one in found)
        lines += [(name, n_train, n_test, flagged[f"column feature {j + 1}"]) for j, name in enumerate(WHOLE)]
        lines.append(("the order of the test file", n_train, n_test, told))
        assert not flagged.total() - told
        assert told <= AT_MOST_1
    table("Whole numbers", ("column", "train", "test", f"told of {TABLES}"), lines)


@pytest.mark.parametrize("by_class", [True, False])
def test_ids_left_among_the_features_are_told(by_class: bool) -> None:
    majors, minors = 0, 0
    for i in range(TABLES):
        test, train, random = drawn(World(), i)
        whole = train.then(test)
        order = np.argsort(whole.labels, kind="stable") if by_class else random.permutation(len(whole.labels))
        whole.features[order, 7] = np.arange(len(order))
        place = random.permutation(len(order))
        test, train = (
            Rows(*(part[rows] for part in vars(whole).values())) for rows in (place[:N_TEST], place[N_TEST:])
        )
        told = [one for one in found_by(["row-numbers"], test, train) if one.subject == "column feature 8"]
        suspected = major(told)
        majors += suspected and told[0].confidence is Confidence.SUSPECTED
        minors += bool(told) and not suspected
    print(
        f"\nIds of a file {'sorted by class' if by_class else 'in any order'}: {majors} suspected, {minors} minor",
        end="",
    )
    assert (majors if by_class else minors) >= AT_LEAST_99


# Scaling that saw the test rows


def scaled(scaler: Any, test: Rows, train: Rows, *, on_all: bool) -> tuple[Rows, Rows]:
    scaler.fit(np.concatenate([train.features, test.features]) if on_all else train.features)
    return tuple(replace(part, features=scaler.transform(part.features)) for part in (test, train))  # type: ignore[return-value]


def test_scaling_by_all_rows_is_found_and_no_other() -> None:
    lines = []
    worlds = {
        "normal": lambda part: part,
        "heavy tails": lambda part: replace(part, features=np.exp(1.5 * part.features)),
    }
    for name, shape in worlds.items():
        for scaler in (None, StandardScaler(), MinMaxScaler(), PCA(), PCA(whiten=True)):
            for on_all in (False, True):
                if scaler is None and on_all:
                    continue
                found = []
                for i in range(TABLES):
                    test, train, _ = drawn(World(), i)
                    pair = (shape(test), shape(train))
                    pair = pair if scaler is None else scaled(scaler, *pair, on_all=on_all)
                    found.append(found_by(["fitted-on-everything"], *pair))
                flagged = sum(map(bool, found))
                how = "none" if scaler is None else str(scaler)
                lines.append(
                    (name, how, "all rows" if on_all else "train", f"{flagged} of {TABLES}", sum(map(major, found)))
                )
                assert flagged >= AT_LEAST_99 if on_all else flagged <= AT_MOST_1
    table("Scaling", ("columns", "scaler", "learnt from", "found", "of these major"), lines)


# Excellent figures

LEAKAGE = ["shared-rows", "target-leak", "fitted-on-everything", "too-good"]
EASY = World(far=6.18)  # accuracy .999
FEWER = {"n_train": 4000, "n_test": 2000}
COPIES = 100  # 5% of the test rows


def test_an_easy_task_is_not_doubted() -> None:
    doubted = 0
    for i in range(TABLES):
        test, train, _ = drawn(EASY, i, **FEWER)
        found = [one for one in found_by(LEAKAGE, test, train) if one.check == "too-good"]
        assert found
        doubted += major(found)
    print(f"\nAn easy task, accuracy .999: {doubted} of {TABLES} doubted", end="")
    assert doubted <= AT_MOST_5


def test_copies_of_training_rows_that_lift_the_figures_are_found() -> None:
    """5% of the test rows are training rows, of which the model has all right and of the others 85%."""
    found = 0
    for i in range(TABLES):
        test, train, _ = drawn(World(far=2.07), i, **FEWER)
        known = Rows(*(part[:COPIES] for part in vars(train).values()))
        known.probabilities = np.where(np.eye(2)[known.labels] == 1, 0.99, 0.01)
        test = Rows(*(part[COPIES:] for part in vars(test).values())).then(known)
        found += major(found_by(["shared-rows"], test, train))
    print(f"\n5% copies, 15 points better on them: {found} of {TABLES} found", end="")
    assert found >= AT_LEAST_95


@pytest.mark.parametrize("how", ["copies", "no plain method"])
def test_excellent_figures_that_are_not_earned_are_doubted(how: str) -> None:
    doubted = 0
    for i in range(TABLES):
        test, train, random = drawn(EASY if how == "copies" else World(far=1.683), i, **FEWER)
        if how == "copies":
            test = Rows(*(part[COPIES:] for part in vars(test).values())).then(
                Rows(*(part[:COPIES] for part in vars(train).values()))
            )
        else:  # the model knows the labels from elsewhere: 99.8% of a task at which no more than 80% can be had
            for part in (test, train):
                right = random.random(len(part.labels)) < 0.998
                part.probabilities = np.where(np.eye(2)[np.where(right, part.labels, 1 - part.labels)] == 1, 0.99, 0.01)
        found = [one for one in found_by(LEAKAGE, test, train) if one.check == "too-good"]
        doubted += major(found)
    print(f"\nExcellent by {how}: {doubted} of {TABLES} doubted", end="")
    assert doubted >= AT_LEAST_95
