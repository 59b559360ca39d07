"""Equal rows with other labels are found, chance is not held against labels, and labels known too well are suspected."""

import numpy as np
import pytest

from auditor import Confidence, Severity, Status
from auditor.testing import compute, measured, rows

NAMES = ["a", "b"]


def table(n, *, seed, conflicts=0, coarse=False):
    """Features and labels of n rows, of which the first stand there twice with two labels."""
    draw = np.random.default_rng(seed)
    features = (draw.integers(0, 6, (n, 5)) if coarse else draw.normal(size=(n, 5))).astype(np.float32)
    labels = draw.integers(0, 2, n)
    features[1 : 2 * conflicts : 2] = features[0 : 2 * conflicts : 2]
    labels[1 : 2 * conflicts : 2] = 1 - labels[0 : 2 * conflicts : 2]
    return features, labels


def batch(features, labels, predicted=None):
    return rows(labels, predicted=labels if predicted is None else predicted, features=features)


def of_test(found):
    return next(finding for finding in found if finding.subject == "test")


def found_in(checks, test, train=None):
    return compute(checks["conflicting-labels"], measured(test, train=train, class_names=NAMES, positive="b"))


def test_rows_that_all_differ_are_a_pass(checks):
    finding = of_test(found_in(checks, batch(*table(1000, seed=1))))
    assert finding.status is Status.PASS
    assert finding.message == "No two test rows are equal."


def test_equal_rows_of_one_label_are_a_pass_with_their_count(checks):
    features, labels = table(1000, seed=1)
    features[1], labels[1] = features[0], labels[0]
    finding = of_test(found_in(checks, batch(features, labels)))
    assert finding.message == "None of the 2 test rows that have an equal has one with another label."


@pytest.mark.parametrize(("conflicts", "severity"), [(3, Severity.INFO), (20, Severity.MINOR), (100, Severity.MAJOR)])
def test_conflicts_weigh_by_the_share_of_rows_that_is_in_them(checks, conflicts, severity):
    finding = of_test(found_in(checks, batch(*table(1000, seed=2, conflicts=conflicts))))
    assert finding.severity is severity
    assert f"{2 * conflicts} of 1,000 test rows" in finding.message
    assert "pairs of equal rows differ in label in 100% of cases" in finding.message
    assert f"cannot exceed 50.0% on rows that repeat, and {1 - conflicts / 1000:.1%} on all of these" in finding.message


def test_chance_in_coarse_columns_is_told_and_not_held_against_the_labels(checks):
    finding = of_test(found_in(checks, batch(*table(5000, seed=3, coarse=True))))
    assert finding.status is Status.PASS
    assert finding.value > 0.2
    assert "the columns are coarse and make rows equal by chance" in finding.message


def test_train_is_judged_beside_test(checks):
    found = found_in(checks, batch(*table(500, seed=1)), batch(*table(1000, seed=2, conflicts=100)))
    assert [(finding.subject, finding.severity) for finding in found] == [
        ("test", Severity.INFO), ("train", Severity.MAJOR),
    ]  # fmt: skip


def known(right_share, seed=5):
    """200 inputs that train holds four times with labels at random, and the same in test, most of them right."""
    draw = np.random.default_rng(seed)
    inputs = draw.normal(size=(200, 3)).astype(np.float32)
    train = batch(np.repeat(inputs, 4, axis=0), draw.integers(0, 2, 800))
    labels = draw.integers(0, 2, 200)
    said = np.where(draw.random(200) < right_share, labels, 1 - labels)
    return batch(inputs, labels, said), train


def test_labels_that_are_known_better_than_train_allows_are_suspected(checks):
    finding = found_in(checks, *known(0.99))[-1]
    assert (finding.status, finding.severity, finding.confidence) == (Status.FAIL, Severity.MAJOR, Confidence.SUSPECTED)
    assert "On the 200 test rows whose features train repeats the model errs" in finding.message


def test_errors_that_the_labels_of_train_explain_are_not_suspected(checks):
    assert all(finding.subject != "test labels" for finding in found_in(checks, *known(0.6)))


def test_labels_are_not_suspected_where_other_class_shares_make_the_test_easier(checks):
    draw = np.random.default_rng(7)
    inputs = draw.normal(size=(500, 3)).astype(np.float32)
    train = batch(np.repeat(inputs, 4, axis=0), draw.integers(0, 2, 2000))
    labels = (draw.random(500) < 0.02).astype(int)
    finding = found_in(checks, batch(inputs, labels, np.zeros(500, int)), train)[-1]
    assert (finding.subject, finding.status) == ("test labels", Status.PASS)
    assert "the class shares of test and train are 4" in finding.message
    assert "points apart, which may explain it" in finding.message


def test_of_several_labels_any_may_differ_and_unknown_ones_cannot(checks):
    features, _ = table(100, seed=1)
    features[1] = features[0]
    labels = np.zeros((100, 2), int)
    labels[0, 1] = 1
    several = measured(rows(labels, predicted=labels, features=features), class_names=["x", "y"])
    assert "2 of 100 test rows" in compute(checks["conflicting-labels"], several)[0].message
    labels[5, 0] = -1
    unknown = measured(rows(labels, predicted=np.abs(labels), features=features), class_names=["x", "y"])
    (finding,) = compute(checks["conflicting-labels"], unknown)
    assert finding.status is Status.SKIP


def test_without_features_it_is_skipped(checks):
    (finding,) = found_in(checks, rows([0, 1], predicted=[0, 1]))
    assert finding.status is Status.SKIP


def test_one_odd_label_among_many_equal_rows_is_one_row_in_doubt(checks):
    """Twenty equal rows, one of which is labelled otherwise: nineteen of them are not wrong for that."""
    features, labels = table(1000, seed=3)
    features[:20], labels[:20] = features[0], 1
    labels[7] = 0
    finding = of_test(found_in(checks, batch(features, labels)))
    assert finding.value == pytest.approx(2 / 1000)
    assert finding.status is Status.PASS
    assert "20 of 1,000 test rows (2.0%)" in finding.message
    assert "1 of them a label that most of their equals do not have" in finding.message
    assert "99.9% on all of these 1,000" in finding.message


def test_labels_of_empty_records_conflict_with_nothing(checks):
    features, labels = table(1000, seed=4)
    features[:200] = 0
    finding = of_test(found_in(checks, batch(features, labels)))
    assert finding.status is Status.PASS
    assert (
        finding.message
        == "No two test rows are equal; 200 rows of a content that many have, as of empty records, do not count."
    )
