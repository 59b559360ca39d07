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


def split_at_random(labels, times, *, right=0.9, order=None, seed=0):
    """Measurements where a third of rows is drawn into the test, the rows of both files in this order."""
    draw = np.random.default_rng(seed)
    in_test = draw.random(len(labels)) < 1 / 3
    called = np.where(draw.random(len(labels)) < right, labels, 1 - labels)
    order = np.arange(len(labels)) if order is None else order
    train, test = order[~in_test[order]], order[in_test[order]]
    return measured(
        rows(labels[test], predicted=called[test], times=times[test]),
        train=rows(labels[train], predicted=called[train], times=times[train]),
        **TWO,
    )


LASTING = np.random.default_rng(8).permutation(np.arange(150) % 2)[np.arange(3000) // 20]


def test_labels_that_persist_are_a_question_to_the_reviewer(checks):
    (finding,) = found(checks, split_at_random(LASTING, np.arange(3000)))
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert (finding.direction, finding.limit, finding.subject) == ("flatters", 0.2, "labels in time")
    assert finding.interval.low > 0.8
    assert (
        "and labels persist. 958 of 987 test rows between training rows (97.1%) have the label of the training row nearest in "
        "time, where class shares alone give 496 (50.3%). That is 0.94 of the way from chance to always, at least 0.92 "
        in finding.message
    )
    assert "the figures hold for filling gaps, not for what comes later" in finding.message
    assert "class shares move" not in finding.message
    assert finding.remedy.startswith(
        "Split by time and audit that. If the model will only be asked about rows between known ones"
    )


def test_how_long_labels_may_persist_is_a_limit(checks):
    (finding,) = found(checks, split_at_random(LASTING, np.arange(3000)), persists=0.99)
    assert "labels persist" not in finding.message


def test_the_order_of_rows_says_nothing(checks):
    mixed = np.random.default_rng(9).permutation(3000)
    assert found(checks, split_at_random(LASTING, np.arange(3000), order=mixed)) == found(
        checks, split_at_random(LASTING, np.arange(3000))
    )


def test_all_rows_of_a_day_in_one_class_are_labels_that_persist(checks):
    of_day = np.random.default_rng(10).integers(0, 2, 100)
    day = np.repeat(np.arange(100), 30)
    (finding,) = found(checks, split_at_random(of_day[day], START + DAY * day))
    assert "and labels persist" in finding.message
    assert "more than with training rows 35 days away" in finding.message


def test_a_class_of_its_hour_is_no_fault(checks):
    hour = np.arange(6000)
    often = np.random.default_rng(11).random(6000) < 0.5 + 0.45 * np.sin(2 * np.pi * hour / 24)
    (finding,) = found(checks, split_at_random(often.astype(int), START + np.timedelta64(1, "h") * hour))
    assert finding.status is Status.PASS
    assert "have the label of the training row nearest in time, where class shares alone give " in finding.message
    (finding,) = found(checks, split_at_random(often.astype(int), hour))
    assert "and labels persist" in finding.message


def test_a_drift_is_told_once_and_not_as_labels_that_persist(checks):
    times = np.arange(6000)
    labels = (np.random.default_rng(15).random(6000) < 0.05 + 0.9 * times / 6000).astype(int)
    (finding,) = found(checks, split_at_random(labels, times))
    assert "and class shares move with time" in finding.message
    assert "labels persist" not in finding.message


def test_labels_that_persist_in_too_few_rows_to_flatter_are_left_alone(checks):
    """Two bursts of four rows in 6,000: whoever reads neighbours is right on 0.1% more rows."""
    labels = np.isin(np.arange(6000) // 4, [300, 1100]).astype(int)
    (finding,) = found(checks, split_at_random(labels, np.arange(6000)))
    assert finding.status is Status.PASS
    (finding,) = found(checks, split_at_random(labels, np.arange(6000)), inflation=0.0)
    assert "labels persist" in finding.message


def test_a_decay_and_labels_that_persist_are_two_findings(checks):
    """Train of every second five days, answers harder the farther from them, and classes that last for 20 days or more."""
    day = np.arange(0, 720, 0.1)
    labels = np.random.default_rng(12).integers(0, 2, 36)[(day // 20).astype(int)]
    into = day % 10
    away = np.where(into < 5, 0, np.minimum(into - 5, 10 - into))
    draw = np.random.default_rng(13)
    right = draw.random(len(day)) < 0.97 - 0.1 * away
    in_train = (away == 0) & (draw.random(len(day)) < 0.5)
    m = measured(
        rows(labels[~in_train], predicted=np.where(right, labels, 1 - labels)[~in_train], times=day[~in_train]),
        train=rows(labels[in_train], predicted=labels[in_train], times=day[in_train]),
        **TWO,
    )
    decayed, persist = found(checks, m)
    assert (decayed.confidence, persist.confidence) == (Confidence.CONFIRMED, Confidence.SUSPECTED)
    assert "rows near to a training row in time are easier" in decayed.message
    assert "labels persist" in persist.message


def test_of_rows_with_several_labels_the_number_of_labels_is_compared(checks):
    draw = np.random.default_rng(14)
    labels = np.stack([LASTING, LASTING, draw.integers(0, 2, 3000)], axis=1)
    in_test = draw.random(3000) < 1 / 3
    both = [rows(labels[part], predicted=labels[part], times=np.flatnonzero(part)) for part in (in_test, ~in_test)]
    (finding,) = found(checks, measured(both[0], train=both[1], class_names=["a", "b", "c"]))
    assert "and numbers of labels a row persist" in finding.message
    assert "have as many labels as the training row nearest in time" in finding.message


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
