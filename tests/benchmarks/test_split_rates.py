"""How often shared groups and times out of order are found, and how often a clean split is accused."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from auditor import Finding, Measurements, Severity, Status
from auditor.batches import Batch
from auditor.checking import built_in
from auditor.engines.local import Stream, measure
from auditor.states import Buckets, Confusion, GroupCells, GroupTimes, Identities, RowTimes, State, Task
from auditor.testing import compute, rows
from tests.benchmarks.simulated import table

SEED = 20230901
SEEDS = 200
FALSE_ALARMS_AT_1, FEWEST_AT_95 = 5, 184
TRAIN, TEST, SIZE = 20_000, 5000, 10
TASK = Task(("no", "yes"), 1)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Drawn = tuple[Batch, Batch]


def measured(train: Batch, test: Batch) -> Measurements:
    """Measurements by the states of the two checks alone."""
    missing = {
        name: "not drawn"
        for name, part in (("group", test.cluster), ("time", test.time), ("design", test.cluster), ("identity", None))
        if part is None
    } | {"features": "none were drawn"}
    streams = {name: Stream(name, one(batch), missing) for name, batch in (("train", train), ("test", test))}
    states: list[type[State[Any]]] = [Confusion, Buckets, GroupCells, GroupTimes, Identities, RowTimes]
    found = measure(streams, states, TASK, lambda _split, _rows: None)
    return Measurements(TASK, found.test, found.as_given, found.splits)


def one(batch: Batch) -> Callable[[], Iterator[Iterator[Batch]]]:
    """A stream of one batch."""
    return lambda: iter([iter([batch])])


def answers(random: np.random.Generator, labels: Ints, right: Floats | float) -> Ints:
    """Decisions that are right with these probabilities."""
    return np.where(random.random(len(labels)) < right, labels, 1 - labels)


def alike_in_groups(random: np.random.Generator, groups: Ints, right: Floats, correlation: float) -> Floats:
    """(n,) probabilities of the rows: a beta distribution over groups with these means and the correlation within a group."""
    if not correlation:
        return right
    strength = (1 - correlation) / correlation
    _, first, place = np.unique(groups, return_index=True, return_inverse=True)
    return random.beta(right[first] * strength, (1 - right[first]) * strength)[place]


def in_groups(random: np.random.Generator, known: float, gap: float, correlation: float) -> Drawn:
    """A test set of groups of ten of which a share stands in train and is right more often."""
    groups = np.repeat(np.arange(TEST // SIZE), SIZE)
    seen = groups < known * TEST / SIZE
    right = alike_in_groups(random, groups, np.where(seen, 0.88 + gap, 0.88), correlation)
    labels, train_labels = random.integers(0, 2, TEST), random.integers(0, 2, TRAIN)
    train_groups = np.r_[np.unique(groups[seen]), np.arange(10**6, 10**6 + TRAIN)][:TRAIN]
    train = rows(train_labels, predicted=answers(random, train_labels, 0.95), groups=train_groups)
    return train, rows(labels, predicted=answers(random, labels, right), groups=groups)


def in_time(
    random: np.random.Generator, *, split: str, drift: float = 0.0, falling: float = 0.0, gaps: bool = False
) -> Drawn:
    """Rows over a year: split by time or at random, with classes that drift and answers that get worse far from train."""
    time = np.sort(random.random(TRAIN + TEST))
    in_test = np.zeros(len(time), bool)
    in_test[(np.arange(TEST) + TRAIN) if split == "by time" else random.permutation(len(time))[:TEST]] = True
    month = (time * 24).astype(int) % 2 == 1
    in_train = ~(in_test | (month & gaps))
    labels = (random.random(len(time)) < 0.4 + drift * (time - 0.5)).astype(np.int64)
    half_month = 1 / 48
    distance = np.where(month, half_month - np.abs(time * 24 % 1 - 0.5) / 24, 0.0) / half_month
    right = 0.93 - falling * distance
    called = answers(random, labels, right)
    return tuple(rows(labels[part], predicted=called[part], times=time[part]) for part in (in_train, in_test))  # type: ignore[return-value]


def lasting(random: np.random.Generator, rows_: int, positive: float, steps: float) -> Ints:
    """Labels of two states, the rarer of which lasts for this many steps in the mean."""
    ends, starts = 1 / steps, positive / (1 - positive) / steps
    lengths = np.stack([random.geometric(p, int(2 * rows_ * starts) + 50) for p in (starts, ends)], axis=1)
    return np.resize(np.repeat(np.tile([0, 1], len(lengths)), lengths.ravel()), 2 * rows_)[random.integers(rows_) :][
        :rows_
    ]


def at_random(random: np.random.Generator, time: NDArray[Any], labels: Ints) -> Drawn:
    """A fifth of these rows drawn into the test, right in 93% of cases."""
    in_test = np.isin(np.arange(len(time)), random.permutation(len(time))[: len(time) // 5])
    called = answers(random, labels, 0.93)
    return tuple(rows(labels[part], predicted=called[part], times=time[part]) for part in (~in_test, in_test))  # type: ignore[return-value]


def hours(n: int) -> NDArray[Any]:
    """(n,) dates, an hour apart."""
    return np.datetime64("2024-01-01T00") + np.timedelta64(1, "h") * np.arange(n)


def that_last(random: np.random.Generator, *, size: int, positive: float, steps: float) -> Drawn:
    """A row an hour, with labels that last."""
    return at_random(random, hours(size), lasting(random, size, positive, steps))


def that_stand_alone(random: np.random.Generator, *, size: int, positive: float) -> Drawn:
    """A row an hour, with labels that do not depend on each other."""
    return at_random(random, hours(size), (random.random(size) < positive).astype(np.int64))


def of_the_hour(random: np.random.Generator, *, swing: float, dated: bool) -> Drawn:
    """A row an hour for a year; the share of the class rises and falls by this much with the hour of the day."""
    hour = np.arange(8760)
    labels = (random.random(8760) < 0.5 + swing * np.sin(2 * np.pi * hour / 24)).astype(np.int64)
    return at_random(random, hours(8760) if dated else hour, labels)


def of_one_class_a_moment(random: np.random.Generator, *, whole: bool) -> Drawn:
    """250 moments of 40 rows of one class each, split by moment or, whatever the moment, by row."""
    moment = np.repeat(np.arange(250), 40)
    labels, time = random.integers(0, 2, 250)[moment], random.random(250)[moment]
    if not whole:
        return at_random(random, time, labels)
    in_test = np.isin(moment, random.permutation(250)[:50])
    called = answers(random, labels, 0.93)
    return tuple(rows(labels[part], predicted=called[part], times=time[part]) for part in (~in_test, in_test))  # type: ignore[return-value]


def of_groups_in_time(random: np.random.Generator) -> Drawn:
    """A split at random of groups that each have one class and one moment; nothing drifts."""
    groups = np.repeat(np.arange(250), 40)
    labels, time = random.integers(0, 2, 250)[groups], random.random(250)[groups]
    in_test = np.isin(groups, random.permutation(250)[:50])
    called = answers(random, labels, 0.9)
    return tuple(
        rows(labels[part], predicted=called[part], times=time[part], groups=groups[part])
        for part in (~in_test, in_test)
    )  # type: ignore[return-value]


PERSISTS = "labels in time"
CHECKS = {check.id: check for check in built_in()}


def worst(check: str, drawn: Drawn) -> Finding:
    """The gravest finding of a check."""
    found = compute(CHECKS[check], measured(*drawn))
    return max(found, key=lambda f: (f.status is Status.FAIL, f.severity.rank))


def rates(check: str, draw: Callable[[np.random.Generator], Drawn]) -> dict[str, int]:
    """Of 200 draws those with a failing finding, by how grave it is and how sure, cumulated from the gravest."""
    random = np.random.default_rng(SEED)
    found = [worst(check, draw(random)) for _ in range(SEEDS)]
    failing = [finding for finding in found if finding.status is Status.FAIL]
    return {
        "any": len(failing),
        "major": sum(f.severity.rank >= Severity.MAJOR.rank for f in failing),
        "confirmed": sum(f.severity.rank >= Severity.MAJOR.rank and f.confidence == "confirmed" for f in failing),
        "blocker": sum(f.severity is Severity.BLOCKER for f in failing),
        "persists": sum(f.subject == PERSISTS for f in failing),
    }


@pytest.mark.parametrize("correlation", [0.0, 0.2])
def test_groups_that_are_apart_are_left_alone_and_shared_ones_are_found(correlation: float) -> None:
    cells = {
        "split by group": (0.0, 0.0),
        "half of the rows of shared groups, no easier": (0.5, 0.0),
        "the same, 2 points easier": (0.5, 0.02),
        "the same, 5 points easier": (0.5, 0.05),
        "the same, 8 points easier": (0.5, 0.08),
        "all rows of shared groups, 5 points easier": (1.0, 0.05),
    }
    found = {
        name: rates("shared-groups", partial(in_groups, known=known, gap=gap, correlation=correlation))
        for name, (known, gap) in cells.items()
    }
    table(
        f"shared-groups, {TEST} test rows in groups of {SIZE}, correlation {correlation}",
        ["split", "any finding", "major or worse", "blocker"],
        [[name, one["any"], one["major"], one["blocker"]] for name, one in found.items()],
    )
    assert found["split by group"]["any"] <= FALSE_ALARMS_AT_1
    assert found["half of the rows of shared groups, no easier"]["blocker"] <= FALSE_ALARMS_AT_1
    assert found["the same, 2 points easier"]["blocker"] <= FALSE_ALARMS_AT_1
    assert all(one["major"] >= FEWEST_AT_95 for name, one in found.items() if name != "split by group")
    assert correlation or found["the same, 8 points easier"]["blocker"] >= FEWEST_AT_95


def test_a_split_by_time_is_left_alone_and_a_random_split_of_drifting_data_is_found() -> None:
    cells: dict[str, Callable[[np.random.Generator], Drawn]] = {
        "by time, classes drift from 30% to 50%": lambda random: in_time(random, split="by time", drift=0.2),
        "at random, nothing drifts": lambda random: in_time(random, split="at random"),
        "at random, groups of one class and moment, nothing drifts": of_groups_in_time,
        "at random, classes drift from 30% to 50%": lambda random: in_time(random, split="at random", drift=0.2),
        "train of every second half month, accuracy falls by 20 points between": lambda random: in_time(
            random, split="at random", falling=0.2, gaps=True
        ),
        "train of every second half month, accuracy stays": lambda random: in_time(
            random, split="at random", gaps=True
        ),
    }
    found = {name: rates("time-order", draw) for name, draw in cells.items()}
    table(
        f"time-order, {TEST} test rows",
        ["split", "any finding", "major or worse", "confirmed"],
        [[name, one["any"], one["major"], one["confirmed"]] for name, one in found.items()],
    )
    clean = ["by time, classes drift from 30% to 50%", "at random, nothing drifts"]
    clean += [
        "at random, groups of one class and moment, nothing drifts",
        "train of every second half month, accuracy stays",
    ]
    assert all(found[name]["any"] <= FALSE_ALARMS_AT_1 for name in clean)
    assert found["at random, classes drift from 30% to 50%"]["major"] >= FEWEST_AT_95
    assert found["train of every second half month, accuracy falls by 20 points between"]["confirmed"] >= FEWEST_AT_95


def test_labels_that_persist_are_found_and_rows_that_stand_alone_are_not_accused() -> None:
    last = {
        "1,500 rows, half of them positive, for 25 steps": partial(that_last, size=1500, positive=0.5, steps=25),
        "1,500 rows, half of them positive, for 5 steps": partial(that_last, size=1500, positive=0.5, steps=5),
        "25,000 rows, half of them positive, for 25 steps": partial(that_last, size=25_000, positive=0.5, steps=25),
        "25,000 rows, 2% of them positive, for 25 steps": partial(that_last, size=25_000, positive=0.02, steps=25),
        "250 moments of one class each, their rows in both files": partial(of_one_class_a_moment, whole=False),
    }
    alone = {
        f"{size:,} rows that stand alone, {positive:.0%} positive": partial(
            that_stand_alone, size=size, positive=positive
        )
        for size in (1500, 25_000)
        for positive in (0.02, 0.1, 0.5)
    }
    alone |= {
        "250 moments of one class each, split by moment": partial(of_one_class_a_moment, whole=True),
        "by hour of the day, 20% to 80%, dates": partial(of_the_hour, swing=0.3, dated=True),
        "by hour of the day, 5% to 95%, dates": partial(of_the_hour, swing=0.45, dated=True),
        "by hour of the day, 20% to 80%, plain numbers": partial(of_the_hour, swing=0.3, dated=False),
    }
    unseen = {"by hour of the day, 5% to 95%, plain numbers": partial(of_the_hour, swing=0.45, dated=False)}
    few = {"1,500 rows, half of them positive, for 3 steps": partial(that_last, size=1500, positive=0.5, steps=3)}
    found = {name: rates("time-order", draw) for name, draw in (last | few | alone | unseen).items()}
    table(
        "time-order, labels in time",
        ["split at random", "labels persist", "any finding"],
        [[name, one["persists"], one["any"]] for name, one in found.items()],
    )
    assert all(found[name]["persists"] >= FEWEST_AT_95 for name in last)
    assert all(found[name]["persists"] <= FALSE_ALARMS_AT_1 for name in alone)
    assert all(found[name]["any"] <= FALSE_ALARMS_AT_1 for name in alone if "stand alone" in name)
