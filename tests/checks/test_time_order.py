"""Test rows from before the last training row: whether there are any, and whether it matters."""

import numpy as np
import pytest

from auditor import Confidence, Severity, Status
from auditor.figure_data import Bars
from auditor.testing import compute, measured, rows

TWO = {"class_names": ["no", "yes"], "positive": "yes"}
DAY = np.timedelta64(1, "D")
START = np.datetime64("2025-01-01")


def of_times(train_times, test_times, *, right=0.9, positive=0.4, groups=None, seed=0):
    """Measurements of rows at these times; `right` and `positive` are shares or (n,) shares of the test rows."""
    draw = np.random.default_rng(seed)
    train_labels = (draw.random(len(train_times)) < np.resize(positive, len(train_times))).astype(int)
    labels = (draw.random(len(test_times)) < np.resize(positive, len(test_times))).astype(int)
    called = np.where(draw.random(len(labels)) < right, labels, 1 - labels)
    train = rows(train_labels, predicted=train_labels, times=train_times, groups=None if groups is None else groups[0])
    test = rows(labels, predicted=called, times=test_times, groups=None if groups is None else groups[1])
    return measured(test, train=train, **TWO)


def found(checks, m, **limits):
    return compute(checks["time-order"], m, limits=limits)


def test_a_test_after_the_training_rows_is_a_pass_with_its_dates(checks):
    (finding,) = found(checks, of_times(START + DAY * np.arange(200), START + DAY * np.arange(199, 300)))
    assert finding.status is Status.PASS
    assert finding.message == (
        "None of the 101 test rows is from before the last training row: train is of 2025-01-01 to 2025-07-19, test of "
        "2025-07-19 to 2025-10-27."
    )


def test_times_may_be_numbers(checks):
    (finding,) = found(checks, of_times(np.arange(200), np.arange(200, 300)))
    assert "train is of 0 to 199, test of 200 to 299" in finding.message


def test_a_random_split_of_data_that_do_not_move_is_no_fault(checks):
    times = np.random.default_rng(1).permutation(6000)
    (finding,) = found(checks, of_times(times[:4000], times[4000:]))
    assert finding.status is Status.PASS
    assert finding.message.startswith("2,000 of 2,000 test rows (100%) are from before the last training row")
    assert "neither class shares nor accuracy are shown to move by more than 2.0%" in finding.message


def test_a_random_split_of_classes_that_move_is_a_question_to_the_reviewer(checks):
    times = np.sort(np.random.default_rng(1).random(6000))
    chosen = np.random.default_rng(2).permutation(6000)
    drawn = np.random.default_rng(3).random(6000) < 0.2 + 0.4 * times
    labels = drawn.astype(int)
    of_train, of_test = chosen[:4000], chosen[4000:]
    train = rows(labels[of_train], predicted=labels[of_train], times=times[of_train])
    test = rows(labels[of_test], predicted=labels[of_test], times=times[of_test])
    (finding,) = found(checks, measured(test, train=train, **TWO))
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert (
        "and class shares move with time. From the earlier half of all rows to the later they move by "
        in finding.message
    )
    assert "Say whether the model will be used on what comes later" in finding.remedy


def test_accuracy_that_moves_is_a_question_too(checks):
    times = np.random.default_rng(1).permutation(6000)
    m = of_times(times[:4000], times[4000:], right=0.95 - 0.3 * times[4000:] / 6000)
    (finding,) = found(checks, m)
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert "on the later half of test rows and " in finding.message


def test_accuracy_that_falls_with_the_distance_from_training_rows_is_confirmed_and_drawn(checks):
    """Train of every second month; the months between are harder the farther they lie from it."""
    draw = np.random.default_rng(4)
    train_times = START + (DAY * 60 * draw.integers(0, 12, 3000)) + DAY * draw.integers(0, 30, 3000)
    days = draw.integers(0, 690, 3000)
    into = days % 60
    distance = np.where(into < 30, 0, np.minimum(into - 29, 60 - into))
    m = of_times(train_times, START + DAY * days, right=0.95 - 0.02 * distance)
    (finding,) = found(checks, m)
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.CONFIRMED)
    assert "on the third of test rows nearest to one and " in finding.message
    (bars,) = finding.figures
    assert isinstance(bars, Bars)
    assert bars.names[0] == "0 days"
    assert bars.values[0] > bars.values[-1]


def test_a_few_strays_are_minor(checks):
    times = np.r_[np.arange(3), np.arange(1000, 1997)]
    (finding,) = found(checks, of_times(np.arange(1000), times))
    assert finding.severity is Severity.MINOR
    assert finding.message.startswith("3 of 1,000 test rows (0.3%) are from before the last training row")


def test_a_declared_chronological_split_is_held(checks):
    times = np.r_[np.arange(3), np.arange(1000, 1997)]
    (finding,) = found(checks, of_times(np.arange(1000), times), chronological=True)
    assert (finding.severity, finding.validity) == (Severity.BLOCKER, True)
    (finding,) = found(checks, of_times(np.arange(1000), np.arange(1000, 2000)), chronological=True)
    assert finding.status is Status.PASS


def test_rows_of_whole_groups_at_one_time_do_not_pass_for_drift(checks):
    """Groups of one class each, every one at a time of its own: the halves differ by chance of groups, not of rows."""
    alarms = 0
    for seed in range(20):
        draw = np.random.default_rng(seed)
        group = np.repeat(np.arange(120), 50)
        of_group = draw.integers(0, 2, 120)[group]
        labels, time = of_group, draw.permutation(120)[group].astype(float)
        in_test = (group % 3) == 0
        train = rows(labels[~in_test], predicted=labels[~in_test], times=time[~in_test], groups=group[~in_test])
        test = rows(labels[in_test], predicted=labels[in_test], times=time[in_test], groups=group[in_test])
        alarms += found(checks, measured(test, train=train, **TWO))[0].status is Status.FAIL
    assert alarms <= 1


def test_rows_of_one_group_at_one_time_in_both_files_are_told(checks):
    m = of_times(np.arange(100), np.r_[95:195, 150], groups=(np.arange(100), np.r_[95:195, 150]))
    _, repeated = found(checks, m)
    assert (repeated.severity, repeated.confidence) == (Severity.MINOR, Confidence.SUSPECTED)
    assert repeated.message == (
        "5 of 101 test rows have the group and the time of a training row, and 2 those of another test row."
    )


def test_rows_without_a_time_are_left_out_and_counted(checks):
    (finding,) = found(checks, of_times(np.r_[np.nan, np.arange(99)], np.r_[np.nan, np.arange(100, 199)]))
    assert finding.status is Status.PASS
    assert "2 rows without a time left out" in finding.message
    (finding,) = found(checks, of_times(np.full(100, np.nan), np.arange(100)))
    assert (finding.status, finding.message) == (Status.SKIP, "No judged row of train states a time.")


@pytest.mark.parametrize("given", ["no train", "no column"])
def test_without_train_or_a_column_it_says_so(checks, given):
    batch = rows([0, 1, 1], predicted=[0, 1, 0], times=None if given == "no column" else [1, 2, 3])
    (finding,) = found(checks, measured(batch, train=None if given == "no train" else batch, **TWO))
    assert finding.status is Status.SKIP
    assert ("training data" if given == "no train" else "no time") in finding.message


def test_of_many_rows_a_sample_is_compared_and_it_says_so(checks, monkeypatch):
    monkeypatch.setattr("auditor.states.row_times.MOST_ROWS", 500)
    times = np.random.default_rng(1).permutation(6000)
    (finding,) = found(checks, of_times(times[:4000], times[4000:]))
    assert "of train and test a sample of 500 rows was compared" in finding.message
