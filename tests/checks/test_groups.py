"""Groups that test shares with train are found, weighed by what they add, and told beside figures of new groups."""

import numpy as np
import pytest

from auditor import Confidence, Direction, Severity, Status
from auditor.checking import judge
from auditor.findings import Finding
from auditor.policy import PRESETS, Policy
from auditor.states import GroupCells
from auditor.statistics import Difference, Proportion
from auditor.testing import compute, measured, rows

TWO = {"class_names": ["no", "yes"], "positive": "yes"}


def answers(n, right, seed=0):
    """Labels, and decisions of which exactly a share is right, spread over the rows."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 2, n)
    return labels, np.where(draw.permutation(n) < round(right * n), labels, 1 - labels)


def split_by(groups_of_test, groups_of_train, right_seen, right_new, **columns):
    """Measurements where rows of shared groups are right in one share of cases and those of new ones in another."""
    groups = np.asarray(groups_of_test)
    seen = np.isin(groups, groups_of_train)
    labels, called = np.zeros(len(groups), int), np.zeros(len(groups), int)
    for part, right in ((seen, right_seen), (~seen, right_new)):
        labels[part], called[part] = answers(int(part.sum()), right, seed=int(right * 1000))
    train_labels, _ = answers(len(groups_of_train), 1.0)
    train = rows(train_labels, predicted=train_labels, groups=groups_of_train)
    return measured(rows(labels, predicted=called, groups=groups, **columns), train=train, **TWO)


def found(checks, m, **limits):
    """The findings of the check, beside the conditions of the default preset."""
    asked = [checks["shared-groups"].with_limits(limits), checks["class-recall"], checks["acceptance"]]
    told = judge(asked, m, Policy(PRESETS["balanced"], (), confirmed=True))
    return [finding for finding in told if finding.check == "shared-groups"]


def test_groups_apart_are_a_pass_with_their_counts(checks):
    (finding,) = found(checks, split_by(np.arange(200, 400) // 2, np.arange(200) // 2, 0.9, 0.9))
    assert finding.status is Status.PASS
    assert finding.message == "None of the 100 groups of 200 test rows stands among the 100 of train."


def test_shared_groups_that_are_no_easier_are_major_and_both_figures_are_told(checks):
    m = split_by(np.arange(1500, 3500), np.arange(2000), 0.85, 0.85)
    finding, conditions = found(checks, m)
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.CONFIRMED)
    assert finding.direction is Direction.NONE
    assert not finding.validity
    assert finding.message.startswith(
        "500 of 2,000 test rows (25.0%) are of 500 groups that stand in train too. Accuracy is 85.0%"
    )
    assert "on the 1,500 rows (75.0%) of new groups" in finding.message
    assert conditions.status is Status.PASS
    assert "fails on the 1,500 rows of new groups alone" in conditions.message


def test_the_difference_of_198_of_200_and_1440_of_1800_is_that_of_newcombe():
    gain = Difference(Proportion(198, 200), Proportion(1440, 1800))
    assert gain.value == pytest.approx(0.19)
    assert gain.low == pytest.approx(0.159, abs=0.0005)
    assert gain.high == pytest.approx(0.210, abs=0.0005)


def test_rows_of_known_groups_that_are_right_far_more_often_are_a_suspected_blocker(checks):
    m = split_by(np.arange(1800, 3800), np.arange(2000), 198 / 200, 1440 / 1800)
    finding, *_ = found(checks, m)
    assert (finding.severity, finding.confidence) == (Severity.BLOCKER, Confidence.SUSPECTED)
    assert finding.direction is Direction.FLATTERS
    assert "or new ones are harder for another reason" in finding.message
    assert (
        "accuracy is 99.0% on them and 80.0% on the 1,800 rows (90.0%) of new groups: a difference of 19.0 points"
        in (finding.message.lower())
    )
    assert finding.interval is not None
    assert finding.value == pytest.approx(0.19)
    assert finding.interval.low == pytest.approx(0.145, abs=0.015)
    assert "Split so that no group stands on both sides" in finding.remedy


def test_a_handful_of_rows_moves_no_figure_and_is_minor(checks):
    finding, *_ = found(checks, split_by(np.arange(1999, 3999), np.arange(2000), 1.0, 0.8))
    assert finding.severity is Severity.MINOR
    assert finding.message.startswith("1 of 2,000 test rows (0.1%) is of 1 group that stands in train too")


def test_few_rows_that_are_easier_add_too_little_to_be_a_blocker(checks):
    finding, *_ = found(checks, split_by(np.arange(1940, 3940), np.arange(2000), 1.0, 0.8))
    assert finding.severity is Severity.MAJOR
    finding, *_ = found(checks, split_by(np.arange(1940, 3940), np.arange(2000), 1.0, 0.8), inflation=0.0)
    assert finding.severity is Severity.BLOCKER


def test_where_no_group_is_new_it_says_that_new_ones_cannot_be_told(checks):
    (finding,) = found(checks, split_by(np.arange(1000) // 5, np.arange(1000) // 5, 0.95, 0.95))
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert "there is no row of a new group to tell by" in finding.remedy
    assert (
        "Accuracy is 95.0% on them, and there is no row of a new group: how new groups fare cannot be told"
        in finding.message
    )


def test_rows_that_are_right_together_widen_the_interval(checks):
    """Groups that are right or wrong as a whole show less than their rows."""
    draw = np.random.default_rng(3)
    groups = np.repeat(np.arange(100, 300), 10)
    right = (draw.random(200) < np.where(np.arange(200) < 100, 0.9, 0.8))[groups - 100]
    labels = draw.integers(0, 2, 2000)
    train = rows([0, 1] * 100, predicted=[0, 1] * 100, groups=np.arange(200))
    test = rows(labels, predicted=np.where(right, labels, 1 - labels), groups=groups)
    m = measured(test, train=train, **TWO)
    seen, new = (part(m.train[GroupCells]) for part in (m.test[GroupCells].standing_in, m.test[GroupCells].new_to))
    gain = Difference(seen.sums.accuracy, new.sums.accuracy)
    assert gain.high - gain.low > 2 * (2 * 1.96 * np.sqrt(2 * 0.125 / 1000))
    finding, *_ = found(checks, m)
    assert finding.severity is Severity.MAJOR
    assert (finding.value, finding.limit) == (0.5, 0.001)


def test_conditions_that_only_known_groups_let_pass_are_named(checks):
    m = split_by(np.arange(500, 2500), np.arange(2000), 0.98, 0.40)
    _, conditions = found(checks, m)
    assert (conditions.status, conditions.severity) == (Status.FAIL, Severity.MAJOR)
    assert "would fail on the 500 rows of new groups alone: " in conditions.message
    assert "Recall on yes is " in conditions.message
    assert "at least 50.0% is required" in conditions.message


def test_rows_without_a_group_count_as_new_whatever_their_place(checks):
    from dataclasses import replace

    from auditor.hashing import group_hashes

    labels, called = answers(400, 0.9)
    alone = group_hashes([None], np.zeros(400, np.int64), np.arange(400, dtype=np.uint64))
    batch = replace(rows(labels, predicted=called), cluster=alone)
    (finding,) = found(checks, measured(batch, train=batch, **TWO))
    assert finding.status is Status.PASS
    assert "(400 rows without a group count as new)" in finding.message


def test_several_labels_are_right_together_or_not(checks):
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 2, (600, 3))
    called = np.where(draw.random((600, 1)) < 0.9, labels, 1 - labels)
    train = rows(labels, predicted=labels, groups=np.arange(600))
    m = measured(rows(labels, predicted=called, groups=np.arange(300, 900)), train=train, class_names=["a", "b", "c"])
    (finding,) = found(checks, m)
    assert finding.severity is Severity.MAJOR
    assert "The share of rows with every label right is 9" in finding.message


@pytest.mark.parametrize("given", ["no train", "no column"])
def test_without_train_or_a_column_it_says_so(checks, given):
    batch = rows([0, 1, 1], predicted=[0, 1, 0], groups=None if given == "no column" else [1, 2, 3])
    train = None if given == "no train" else batch
    (finding,) = found(checks, measured(batch, train=train, **TWO))
    assert finding.status is Status.SKIP
    assert ("training data" if given == "no train" else "--group") in finding.message


def of_ids(ids_of_test, ids_of_train, *, features=True, moved=0):
    labels, called = answers(len(ids_of_test), 0.9)
    train_labels, _ = answers(len(ids_of_train), 1.0)

    def values(ids, by):
        return (np.asarray(ids)[:, None] + by).astype(np.float32) if features else None

    test = rows(labels, predicted=called, ids=ids_of_test, features=values(ids_of_test, moved))
    train = rows(train_labels, predicted=train_labels, ids=ids_of_train, features=values(ids_of_train, 0.0))
    return measured(test, train=train, **TWO)


def ids(checks, m) -> Finding:
    (finding,) = compute(checks["shared-groups"], m)
    assert finding.subject == "ids"
    return finding


def test_ids_apart_are_a_pass(checks):
    finding = ids(checks, of_ids(np.arange(500, 700), np.arange(500)))
    assert finding.message == "No id of 200 test rows stands in train."


def test_numbers_that_begin_anew_in_each_file_tell_nothing(checks):
    finding = ids(checks, of_ids(np.arange(200), np.arange(500), moved=0.5))
    assert finding.status is Status.PASS
    assert "200 of them in the same place of the file" in finding.message


def test_the_same_id_with_the_same_features_is_the_same_row(checks):
    finding = ids(checks, of_ids(np.arange(450, 650), np.arange(500)))
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.CONFIRMED)
    assert (
        "50 of 200 test rows (25.0%) have the id of a training row: 50 of them have its features too" in finding.message
    )


def test_an_id_with_other_features_names_what_rows_share(checks):
    finding = ids(checks, of_ids(np.arange(450, 650), np.arange(500), moved=0.5))
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert "declare it with --group" in finding.remedy


def test_in_tables_of_predictions_a_shared_id_is_a_suspicion(checks):
    finding = ids(checks, of_ids(np.arange(450, 650), np.arange(500), features=False))
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)


IDS = ["customer", "deviceId", "age", "order_id", "account", "user", "household-id"]


def undeclared(names, seed=0):
    """Train and test of a table without groups: 4 rows a customer and a device, an age, a number of each row, few accounts."""
    draw = np.random.default_rng(seed)

    def part(n):
        columns = [
            draw.integers(0, n // 4, n),
            10_000_000 + 40 * draw.integers(0, n // 4, n),
            draw.integers(18, 90, n),
            np.arange(n),
            draw.integers(0, 40, n),
            draw.normal(size=n),
            draw.integers(0, n // 8, n),
        ]
        labels = draw.integers(0, 2, n)
        return rows(labels, predicted=labels, features=np.stack(columns, axis=1))

    return measured(part(800), train=part(2400), feature_names=names, **TWO)


def test_features_that_may_be_groups_are_a_hint_in_the_reason(checks):
    (finding,) = found(checks, undeclared(IDS))
    assert finding.status is Status.SKIP
    assert finding.message == (
        "No column of groups was declared with --group, and none of ids with --id in both files; columns that may name what "
        "rows share: “customer”, “deviceId”, “household-id”; declare with --group."
    )


def test_no_more_than_three_are_named_and_none_by_numbers_alone(checks):
    (finding,) = found(checks, undeclared(["a_id", "b_id", "age", "d", "e", "f", "g_id"]))
    assert "“a_id”, “b_id”, “g_id”" in finding.message
    for names in (["visits", "paid", "age", "n", "stage", "x", "valid"], ()):
        (finding,) = found(checks, undeclared(names))
        assert finding.message.endswith("none of ids with --id in both files.")
