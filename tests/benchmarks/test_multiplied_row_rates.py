"""How often near-duplicates asks about tables that were augmented before the split, and about regions that are easy by nature."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.spatial import KDTree

from auditor.states import FeatureSample
from tests.benchmarks.simulated import table
from tests.benchmarks.test_near_duplicate_rates import (
    FALSE_ALARMS_AT_5,
    FEWEST_AT_95,
    N_TEST,
    N_TRAIN,
    SEED,
    SEEDS,
    Floats,
    Labels,
    said_of,
    sample,
)

ASKED_AT_MOST = 10

# Tables without copies in which the model is right more often where rows are dense


@dataclass(frozen=True)
class Table:
    """Rows, their labels, and how probable it is that the model is right on each."""

    features: Floats
    labels: Labels
    chance: Floats


def clusters(random: np.random.Generator, columns: int, spread: float = 50.0) -> Table:
    """Twenty-five normal clusters, the densest `spread` times as narrow as the widest; the denser the easier, 60% to 99%."""
    which, rank = random.integers(0, 25, N_TEST + N_TRAIN), random.permutation(25) / 24
    features = 3 * random.normal(size=(25, columns))[which]
    features += spread ** (-rank)[which][:, None] * random.normal(size=features.shape)
    return Table(features, random.integers(0, 2, 25)[which], 0.6 + 0.39 * rank[which])


def easy_core(random: np.random.Generator, columns: int) -> Table:
    """Normal columns; the nearer the middle the easier."""
    features = random.normal(size=(N_TEST + N_TRAIN, columns))
    outside = (features**2).mean(axis=1).argsort().argsort() / len(features)
    return Table(features, random.integers(0, 2, len(features)), 0.99 - 0.39 * outside)


def rare_and_narrow(random: np.random.Generator) -> Table:
    """Ten normal columns, and a class of 1.5% in a cluster a tenth as wide that is always found."""
    labels = (random.random(N_TEST + N_TRAIN) < 0.015).astype(np.int64)
    features = random.normal(size=(len(labels), 10)) * np.where(labels, 0.1, 1.0)[:, None] + labels[:, None]
    return Table(features, labels, np.where(labels, 0.99, 0.8))


def easy_profiles(random: np.random.Generator, continuous: int) -> Table:
    """Eight unevenly frequent categories of two to six values and some normal columns; frequent profiles are easier."""
    n = N_TEST + N_TRAIN
    shares = [random.dirichlet(np.full(random.integers(2, 7), 0.7)) for _ in range(8)]
    codes = np.stack([random.choice(len(share), n, p=share) for share in shares], axis=1)
    likely = np.sum([np.log(share)[codes[:, i]] for i, share in enumerate(shares)], axis=0)
    rank = likely.argsort().argsort() / n
    return Table(np.c_[codes, random.normal(size=(n, continuous))], random.integers(0, 2, n), 0.6 + 0.39 * rank)


EASY: dict[str, Callable[[np.random.Generator], Table]] = {
    "25 clusters in 2 columns": lambda random: clusters(random, 2),
    "25 clusters in 5 columns": lambda random: clusters(random, 5),
    "25 clusters in 10 columns": lambda random: clusters(random, 10),
    "1 column, easy in the middle": lambda random: easy_core(random, 1),
    "3 columns, easy in the middle": lambda random: easy_core(random, 3),
    "a rare class in a narrow cluster": rare_and_narrow,
    "8 categories and a continuous column": lambda random: easy_profiles(random, 1),
    "8 categories and three continuous columns": lambda random: easy_profiles(random, 3),
}


def verdict_on(table: Table, random: np.random.Generator, rows: int | None = None) -> str:
    """What the check says of a random split of (the first of) the rows, 5,000 to 20,000."""
    order = random.permutation(len(table.labels))[:rows]
    test, train = np.split(order, [len(order) // 5])
    right = random.random(len(table.labels)) < table.chance
    known, new = (sample(table.features[some], table.labels[some], right[some]) for some in (train, test))
    return said_of({FeatureSample: new}, {FeatureSample: known})


@pytest.mark.parametrize("rows", [2000, N_TEST + N_TRAIN])
@pytest.mark.parametrize("name", EASY)
def test_regions_that_are_dense_and_easy_by_nature_are_seldom_asked_about(name: str, rows: int) -> None:
    random = np.random.default_rng(SEED)
    said = Counter(verdict_on(EASY[name](random), random, rows) for _ in range(SEEDS))
    table(f"Of {SEEDS} tables without copies", ["tables", "rows", *said], [[name, rows, *said.values()]])
    assert sum(times for words, times in said.items() if "major" in words or "blocker" in words) <= ASKED_AT_MOST
    assert SEEDS - said["none"] <= FALSE_ALARMS_AT_5


# Tables that were augmented or interpolated before a random split


Labelled = tuple[Floats, Labels]


def two_classes(random: np.random.Generator, n: int, apart: float, rare: float = 0.5, columns: int = 10) -> Labelled:
    """Two normal classes that differ in three columns."""
    labels = (random.random(n) < rare).astype(np.int64)
    features = random.normal(size=(n, columns))
    features[:, :3] += apart * labels[:, None]
    return features, labels


def times_five(random: np.random.Generator, noise: float) -> Labelled:
    features, labels = two_classes(random, 500, 0.35)
    return np.repeat(features, 5, axis=0) + noise * random.normal(size=(2500, 10)), np.repeat(labels, 5)


def one_copy(random: np.random.Generator, share: float) -> Labelled:
    features, labels = two_classes(random, 2000, 0.6)
    some = random.choice(2000, int(share * 2000), replace=False)
    return np.r_[features, features[some] + 0.02 * random.normal(size=(len(some), 10))], np.r_[labels, labels[some]]


def smote(random: np.random.Generator, to: float) -> Labelled:
    """The rare class is brought to a share by rows between one of it and one of its five nearest (Chawla et al. 2002)."""
    features, labels = two_classes(random, 3000, 1.2, 0.03, 8)
    rare = features[labels == 1]
    more = int((labels == 0).sum() * to / (1 - to)) - len(rare)
    nearest = np.asarray(KDTree(rare).query(rare, k=6)[1])[:, 1:]
    one = random.integers(0, len(rare), more)
    other = nearest[one, random.integers(0, 5, more)]
    made = rare[one] + random.random((more, 1)) * (rare[other] - rare[one])
    return np.r_[features, made], np.r_[labels, np.ones(more, np.int64)]


AUGMENTED: dict[str, Callable[[np.random.Generator], Labelled]] = {
    "500 rows five times, noise of 0.02": lambda random: times_five(random, 0.02),
    "500 rows five times, noise of 0.05": lambda random: times_five(random, 0.05),
    "500 rows five times, noise of 0.1": lambda random: times_five(random, 0.1),
    "a noisy copy of 20% of the rows": lambda random: one_copy(random, 0.2),
    "a noisy copy of 40% of the rows": lambda random: one_copy(random, 0.4),
    "a noisy copy of 60% of the rows": lambda random: one_copy(random, 0.6),
    "a noisy copy of each row": lambda random: one_copy(random, 1.0),
    "a rare class brought to half by SMOTE": lambda random: smote(random, 0.5),
    "a rare class brought to a fifth by SMOTE": lambda random: smote(random, 0.2),
}


@pytest.mark.parametrize("name", AUGMENTED)
def test_tables_augmented_before_the_split_are_asked_about(name: str) -> None:
    random, said, right = np.random.default_rng(SEED), Counter[str](), []
    for _ in range(SEEDS):
        features, labels = AUGMENTED[name](random)
        test, train = np.split(random.permutation(len(labels)), [len(labels) * 3 // 10])
        answers = labels[train][np.asarray(KDTree(features[train]).query(features[test])[1])]
        right.append((answers == labels[test]).mean())
        said[
            said_of(
                {FeatureSample: sample(features[test], labels[test], answers == labels[test])},
                {FeatureSample: sample(features[train], labels[train])},
            )
        ] += 1
    title = f"Of {SEEDS} tables, on which the nearest training row is right in {np.mean(right):.1%}"
    table(title, ["tables", *said], [[name, *said.values()]])
    assert said["major suspected"] >= FEWEST_AT_95
