"""Rows that were augmented or interpolated before a random split are found, and weighed by what they do to the figures."""

import numpy as np
import pytest

from auditor import Confidence, Direction, Severity, Status
from auditor.testing import rows
from tests.checks.test_near_duplicates import findings, table


def split(features, labels, *, near, others, seed=9, origin=None):
    """What a random split makes of rows: test and train, the model right on rows whose origin stands in train, or not."""
    draw, n = np.random.default_rng(seed), len(labels)
    order = draw.permutation(n)
    test, train = order[: n * 3 // 10], order[n * 3 // 10 :]
    known = np.isin(origin[test], origin[train]) if origin is not None else np.zeros(len(test), bool)
    right = draw.random(len(test)) < np.where(known, near, others)
    predicted = np.where(right, labels[test], 1 - labels[test])
    return (
        rows(labels[test], predicted=predicted, features=features[test]),
        rows(labels[train], predicted=labels[train], features=features[train]),
    )


def augmented(n, times, *, noise=0.02, near=0.99, others=0.6, columns=8, seed=1):
    """Test and train of a table each row of which was multiplied with a little noise."""
    labels, _, features = table(n, seed=seed, columns=columns)
    origin = np.repeat(np.arange(n), times)
    changed = features[origin] + np.float32(noise) * table(n * times, seed=seed + 1, columns=columns)[2]
    return split(changed, labels[origin], near=near, others=others, origin=origin)


@pytest.mark.parametrize(("n", "times"), [(500, 5), (2000, 2), (1000, 3), (150, 20)])
@pytest.mark.parametrize("noise", [0.02, 0.1])
def test_rows_multiplied_before_the_split_are_a_suspected_major_finding_that_flatters(checks, n, times, noise):
    (finding,) = findings(checks, *augmented(n, times, noise=noise))
    assert (finding.status, finding.severity, finding.confidence) == (Status.FAIL, Severity.MAJOR, Confidence.SUSPECTED)
    assert (finding.direction, finding.validity) == (Direction.FLATTERS, False)
    assert finding.remedy.startswith(
        "Were rows augmented, interpolated (SMOTE) or measured repeatedly before the split?"
    )
    assert '[[waivers]] with check = "near-duplicates"' in finding.remedy
    assert "the closest pairs, test row and training row" in finding.remedy


def test_what_near_rows_add_is_told_with_its_bound(checks):
    test, train = augmented(2000, 2)
    (finding,) = findings(checks, test, train)
    near = int(finding.message.split(" of ")[0])
    assert 0.6 * 1200 < near < 0.8 * 1200
    assert f"all {near} have the label of that training row, and the model is right on " in finding.message
    assert (
        f"they add {100 * finding.value:.1f} points (at least {100 * finding.interval.low:.1f}) to accuracy"
        in finding.message
    )
    assert (finding.limit, finding.interval.level) == (0.005, 0.995)
    assert 0.2 < finding.value < 0.35
    assert finding.interval.low > 0.2


def test_near_rows_that_add_nothing_are_minor_as_in_a_table_that_repeats_itself(checks):
    (finding,) = findings(checks, *augmented(2000, 2, near=0.8, others=0.8))
    assert (finding.severity, finding.confidence) == (Severity.MINOR, Confidence.CONFIRMED)
    assert "split at random. All " in finding.message


def test_where_hardly_another_row_is_left_nobody_can_tell(checks):
    (finding,) = findings(checks, *augmented(500, 5, near=0.9, others=0.9))
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert " are too few to tell how it does on new ones" in finding.message
    assert (finding.value, finding.limit, finding.interval) == (None, None, None)
    (finding,) = findings(checks, *augmented(150, 20, near=0.9, others=0.9))
    assert "no other row is left to tell how it does on new ones" in finding.message


def test_a_rare_class_multiplied_with_noise_is_told_by_name(checks):
    labels, _, features = table(3000, seed=1, columns=8)
    labels = (np.arange(3000) < 90).astype(np.int64)
    origin = np.r_[np.arange(3000), np.repeat(np.arange(90), 9)]
    changed = features[origin] + np.float32(0.02) * table(len(origin), seed=2, columns=8)[2]
    (finding,) = findings(checks, *split(changed, labels[origin], near=0.97, others=0.97, origin=origin))
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert (
        "no other “b” row is left to tell how it does on new ones; 300 of 300 “b” rows (100%) are near, and 0 of "
        in finding.message
    )
    assert finding.message.endswith(", as where rows of one class were multiplied or interpolated (SMOTE).")


def test_interpolated_rows_of_a_rare_class_are_told_by_name(checks):
    draw = np.random.default_rng(4)
    rare, common = draw.normal(size=(90, 8)), draw.normal(size=(2910, 8))
    apart = np.linalg.norm(rare[:, None] - rare, axis=2)
    one = draw.integers(0, 90, 2820)
    other = apart.argsort(axis=1)[one, draw.integers(1, 6, 2820)]
    made = rare[one] + draw.random((2820, 1)) * (rare[other] - rare[one])
    features = np.r_[common, rare, made].astype(np.float32)
    labels = (np.arange(len(features)) >= 2910).astype(np.int64)
    (finding,) = findings(checks, *split(features, labels, near=0.97, others=0.97))
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert "“b” rows (" in finding.message


def test_rows_multiplied_within_train_alone_are_not_accused(checks):
    labels, predicted, features = table(1000, seed=1, columns=8)
    origin = np.repeat(np.arange(1000), 5)
    train = features[origin] + np.float32(0.02) * table(5000, seed=2, columns=8)[2]
    test_labels, test_predicted, test_features = table(800, seed=3, columns=8)
    test = rows(test_labels, predicted=test_predicted, features=test_features)
    (finding,) = findings(checks, test, rows(labels[origin], predicted=predicted[origin], features=train))
    assert (finding.status, finding.message) == (Status.PASS, "None of 800 test rows nearly equals a training row.")


def test_where_rows_have_several_labels_what_near_rows_add_is_that_to_whole_rows(checks):
    test, train = augmented(2000, 2)
    several = [
        rows(
            np.c_[part.labels, part.labels],
            predicted=np.c_[np.where(part.right, part.labels, 1 - part.labels), part.labels],
            features=part.features,
        )
        for part in (test, train)
    ]
    (finding,) = findings(checks, *several)
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert "to accuracy" in finding.message
    assert "recall" not in finding.message


def test_what_may_be_added_can_be_set(checks):
    (finding,) = findings(checks, *augmented(2000, 2), limits={"inflation_major": 0.5})
    assert finding.severity is Severity.MINOR


def test_rows_that_differ_in_one_or_two_columns_are_not_weighed(checks):
    test, train = augmented(2000, 2)
    single = np.arange(len(test.labels)) % 4 == 0
    changed, nearest = (
        test.features.copy(),
        np.linalg.norm(test.features[:, None] - train.features, axis=2).argmin(axis=1),
    )
    changed[single] = train.features[nearest[single]]
    changed[single, 0] += 1e-4
    predicted = np.where(test.right, test.labels, 1 - test.labels)
    few = rows(test.labels, predicted=predicted, features=changed)
    (before,) = findings(checks, test, train)
    (finding,) = findings(checks, few, train, limits={"major": 0.5, "blocker": 0.5})
    near, many = (int(one.message.split("all ")[1].split(" ")[0]) for one in (before, finding))
    assert ": of those that differ in more than two columns, all " in finding.message
    assert many == pytest.approx(0.75 * near, rel=0.05)
    assert int(finding.message.split(" of ")[0]) > near


@pytest.mark.parametrize("columns", [1, 2])
def test_in_one_or_two_columns_it_says_that_it_cannot_tell(checks, columns):
    (finding,) = findings(checks, *augmented(500, 5, noise=0.0001, columns=columns))
    assert finding.status is Status.PASS
    assert finding.message.endswith(
        "; rows that differ in one or two columns, as here, do not tell whether they were multiplied before the split."
    )
