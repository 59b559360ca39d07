"""Whether labels persist in time: against counting by hand, and how often the bound errs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from auditor.statistics import CALENDAR, Persistence, persistence
from auditor.statistics.time_order import halves

STRICT = 0.005
HOUR = 3600.0

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def split(random: np.random.Generator, times: Floats, labels: Ints, seasons: tuple[float, ...] = ()) -> Persistence:
    """What is found where a fifth of rows is drawn into the test."""
    test = random.random(len(times)) < 0.2
    found = persistence(times[~test], labels[~test], times[test], labels[test], seasons)
    assert found is not None
    return found


def lower(found: Persistence) -> float:
    low = found.lower(STRICT)
    return -1.0 if low is None else low


def test_labels_in_runs_of_ten_by_hand() -> None:
    """Rows halfway between known rows 0, 1, ..., 99 have the label of the one before them: 9 of 99 agree by half."""
    known = np.arange(100.0)
    labels = (np.arange(100) // 10) % 2
    found = persistence(known, labels, known[:99] + 0.5, labels[:99])
    assert found is not None
    assert (found.n, found.agreed) == (99, 94.5)
    earlier = (30 * 29.5 + 20 * 20.5) / 50
    later = (29 * 29 + 20 * 20) / 49
    assert found.by_chance == pytest.approx(earlier + later)
    assert found.kappa.value == pytest.approx((94.5 - earlier - later) / (99 - earlier - later))
    assert (found.away, found.beyond_season) == (None, None)


def test_of_two_known_rows_the_nearer_counts_and_rows_outside_do_not() -> None:
    known = np.arange(100.0)
    labels = (np.arange(100) // 10) % 2
    times = np.r_[-5.0, known[:99] + 0.25, 200.0]
    found = persistence(known, labels, times, np.r_[0, labels[:99], 1])
    assert found is not None
    assert (found.n, found.agreed, found.kappa.value) == (99, 99.0, 1.0)


@given(st.integers(0, 2**32 - 1))
def test_agreement_and_chance_are_those_of_brute_force_whatever_the_order(seed: int) -> None:
    random = np.random.default_rng(seed)
    known, times = random.integers(0, 60, 90) * 1.0, random.integers(0, 60, 400) * 1.0
    known_labels, labels = random.integers(0, 3, 90), random.integers(0, 3, 400)
    found = persistence(known, known_labels, times, labels)
    if found is None:
        return
    inside = (times >= known.min()) & (times <= known.max())
    away = np.abs(times[inside, None] - known)
    nearest = away == away.min(axis=1, keepdims=True)
    weight = nearest / nearest.sum(axis=1, keepdims=True)
    held = weight @ np.eye(3)[known_labels]
    own = np.eye(3)[labels[inside]]
    later = halves(times[inside])
    assert later is not None
    chance = sum(own[part].sum(axis=0) @ held[part].sum(axis=0) / part.sum() for part in (later, ~later))
    assert (found.agreed, found.by_chance) == pytest.approx(((own * held).sum(), chance))
    mixed, mixed_known = random.permutation(400), random.permutation(90)
    again = persistence(known[mixed_known], known_labels[mixed_known], times[mixed], labels[mixed])
    assert again == found


@pytest.mark.parametrize("given", ["no rows", "no known rows", "one class", "few units", "one moment"])
def test_what_cannot_tell_is_none(given: str) -> None:
    known, times = np.arange(100.0), np.arange(100.0)
    labels = np.arange(100) % 2
    if given == "no rows":
        assert persistence(known, labels, [], []) is None
    elif given == "no known rows":
        assert persistence([], [], times, labels) is None
    elif given == "one class":
        assert persistence(known, np.ones(100), times, np.ones(100)) is None
    elif given == "few units":
        assert persistence(known, labels, times % 29, labels) is None
        assert persistence(known, labels, times % 30, labels) is not None
    else:
        assert persistence(known * 0, labels, times * 0, labels) is None


def test_rows_without_a_known_row_between_them_are_one_unit() -> None:
    """1,000 test rows that lie in 29 gaps between known rows."""
    known = np.arange(30.0)
    times = np.repeat(np.arange(29), 40) + np.tile(np.arange(1, 41) / 100, 29)
    assert persistence(known, np.arange(30) % 2, times, np.arange(len(times)) % 2) is None


@pytest.mark.parametrize("positive", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("rows", [500, 2000])
def test_rows_that_stand_alone_are_bounded_by_nothing(positive: float, rows: int) -> None:
    random = np.random.default_rng(1)
    alarms = 0
    for _ in range(200):
        times, labels = random.random(rows), (random.random(rows) < positive).astype(np.int64)
        test = random.random(rows) < 0.2
        found = persistence(times[~test], labels[~test], times[test], labels[test])
        alarms += found is not None and lower(found) > 0
    assert alarms <= 5


def test_the_error_is_that_of_moments_where_all_rows_of_a_moment_are_alike() -> None:
    """Of 250 moments with 40 rows of one class each, 50 are test rows: kappa varies as that of 50 rows, not of 2,000."""
    random = np.random.default_rng(2)
    values, errors = [], []
    for _ in range(300):
        moment = np.repeat(np.arange(250), 40)
        times, labels = random.random(250)[moment], random.integers(0, 2, 250)[moment]
        test = np.isin(moment, random.permutation(250)[:50])
        found = persistence(times[~test], labels[~test], times[test], labels[test])
        if found is not None:
            values.append(found.kappa.value)
            errors.append(found.kappa.standard_error)
    assert len(values) > 250
    spread = np.std(np.array(values, float))
    assert 0.1 < spread < 0.25
    assert 0.85 < np.sqrt(np.mean(np.array(errors, float) ** 2)) / spread < 1.3


def test_a_season_of_a_day_is_no_persistence_and_what_lasts_for_days_is() -> None:
    random = np.random.default_rng(3)
    hours = np.arange(6000)
    times = np.asarray(hours * HOUR, np.float64)
    by_day = (random.random(6000) < 0.5 + 0.4 * np.sin(2 * np.pi * hours / 24)).astype(np.int64)
    found = split(random, times, by_day, CALENDAR)
    assert found.away == 12 * 7 * 86_400
    assert found.kappa.lower(STRICT) > 0.2  # type: ignore[operator]
    assert lower(found) < 0.1
    lasting = random.integers(0, 2, 125)[hours // 48]
    assert lower(split(random, times, lasting, CALENDAR)) > 0.5


@pytest.mark.parametrize(
    ("days", "away"), [(2, None), (3, 1), (20, 7), (21, 7), (60, 21), (3 * 364, 364), (3650, 3 * 364)]
)
def test_the_longest_season_that_fits_three_times_is_looked_for(days: int, away: int | None) -> None:
    times = np.linspace(0, days * 86_400, 400)
    labels = np.random.default_rng(4).integers(0, 2, 400)
    found = persistence(times, labels, times, labels, CALENDAR)
    assert found is not None
    assert found.away == (None if away is None else away * 86_400)


def test_a_drift_of_shares_is_not_persistence() -> None:
    random = np.random.default_rng(5)
    times = np.sort(random.random(20_000))
    drifting = (random.random(20_000) < 0.05 + 0.9 * times).astype(np.int64)
    assert lower(split(random, times, drifting)) < 0.1
    step = split(random, times, (times > 0.5).astype(np.int64))
    assert step.room < 0.005 * step.n
