"""Changed copies of training rows are found in test and weighed; tables without copies are not accused."""

import numpy as np
import pytest

from auditor import Confidence, Direction, Severity, Status
from auditor.states import FeatureSample
from auditor.testing import compute, measured, rows

NAMES = ["a", "b"]


def table(n, *, seed, columns=6, right=0.8):
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 2, n)
    predicted = np.where(draw.random(n) < right, labels, 1 - labels)
    return labels, predicted, draw.normal(size=(n, columns)).astype(np.float32)


def findings(checks, test, train, **settings):
    limits = settings.pop("limits", None)
    m = measured(test, train=train, class_names=NAMES, positive="b", states=[FeatureSample], **settings)
    return compute(checks["near-duplicates"], m, limits=limits)


def with_copies(checks, n_copies, *, noise=0.0, rounded=None, columns=6, **settings):
    """What is said of 1,000 test rows of which the first are changed copies that the model has right."""
    labels, predicted, features = table(4000, seed=1, columns=columns)
    test_labels, test_predicted, test_features = table(1000, seed=2, columns=columns)
    copies = features[:n_copies] + noise * np.random.default_rng(3).normal(size=(n_copies, columns))
    test_features[:n_copies] = copies if rounded is None else copies.round(rounded)
    test_labels[:n_copies] = test_predicted[:n_copies] = labels[:n_copies]
    train = rows(labels, predicted=predicted, features=features)
    test = rows(test_labels, predicted=test_predicted, features=test_features)
    (finding,) = findings(checks, test, train, **settings)
    return finding


def test_no_copy_is_a_pass_with_its_counts(checks):
    finding = with_copies(checks, 0)
    assert finding.status is Status.PASS
    assert finding.message == "None of 1,000 test rows nearly equals a training row."


@pytest.mark.parametrize(("copies", "severity"), [(10, Severity.MINOR), (40, Severity.MAJOR), (120, Severity.BLOCKER)])
def test_rounded_copies_are_confirmed_and_weighed_by_their_excess(checks, copies, severity):
    finding = with_copies(checks, copies, rounded=4)
    assert (finding.status, finding.severity, finding.confidence) == (Status.FAIL, severity, Confidence.CONFIRMED)
    assert finding.direction is Direction.FLATTERS
    assert finding.validity is (severity is Severity.BLOCKER)
    assert f"{copies} of 1,000 test rows ({copies / 1000:.1%}) nearly equal a training row" in finding.message
    assert "0 of 4,000 training rows (0%) so equal another one" in finding.message
    assert f"{copies} agree in every column to within 0.001 standard deviations" in finding.message
    assert finding.value == pytest.approx(copies / 1000)


def test_the_pairs_that_are_not_named_can_be_found(checks):
    assert "For the other 115, round the columns of both files" in with_copies(checks, 120, rounded=4).remedy
    assert "For the other" not in with_copies(checks, 5, rounded=4, limits={"minor": 0.0005}).remedy


def test_noisy_copies_are_suspected(checks):
    finding = with_copies(checks, 40, noise=0.01)
    assert (finding.status, finding.severity, finding.confidence) == (Status.FAIL, Severity.MAJOR, Confidence.SUSPECTED)
    assert "0 agree in every column" in finding.message


def test_it_says_what_the_model_and_the_labels_make_of_them(checks):
    finding = with_copies(checks, 40, rounded=4)
    labels, predicted, _ = table(1000, seed=2)
    right = int((predicted == labels)[40:].sum())
    assert (
        f"all 40 have the label of that training row, and the model is right on 40 of them (100%), and on {right} of the "
        f"960 others ({right / 960:.1%})"
    ) in finding.message


def test_the_closest_pairs_are_named_by_row_and_column(checks):
    names = ["age", "income", "height", "weight", "speed", "depth"]
    labels, predicted, features = table(4000, seed=1)
    test_labels, test_predicted, test_features = table(1000, seed=2)
    test_features[20:40] = features[100:120]
    test_features[20:40, 1] += np.float32(2e-3)
    test_features[33, 1] = features[113, 1] + np.float32(1e-3)
    test = rows(test_labels, predicted=test_predicted, features=test_features)
    train = rows(labels, predicted=predicted, features=features)
    (finding,) = findings(checks, test, train, feature_names=names)
    assert "in standard deviations, are 34 and 114 (0.001 in “income”), " in finding.remedy
    assert finding.remedy.count(" in “income”") == 5


def test_exact_copies_are_left_to_shared_rows(checks):
    labels, predicted, features = table(4000, seed=1)
    train = rows(labels, predicted=predicted, features=features)
    test = rows(labels[:500], predicted=predicted[:500], features=features[:500])
    (finding,) = findings(checks, test, train)
    assert (finding.status, finding.message) == (Status.SKIP, "No test row is left to compare.")


def test_a_coarse_table_is_not_accused(checks):
    draw = np.random.default_rng(0)
    features, labels = draw.integers(0, 3, (5000, 5)).astype(np.float32), draw.integers(0, 2, 5000)
    train = rows(labels[:3500], predicted=labels[:3500], features=features[:3500])
    test = rows(labels[3500:], predicted=labels[3500:], features=features[3500:])
    (finding,) = findings(checks, test, train)
    assert finding.status is Status.PASS


def test_in_few_columns_rows_are_near_by_nature(checks):
    finding = with_copies(checks, 0, columns=1)
    assert finding.status is Status.PASS
    assert "so equal another one" in finding.message


def test_a_table_that_nearly_repeats_itself_and_was_split_at_random_is_minor(checks):
    labels, predicted, features = table(6000, seed=5)
    features[:1300] = features[1300:2600] + np.float32(0.01) * features[:1300]
    order = np.random.default_rng(9).permutation(6000)
    test, train = (
        rows(labels[part], predicted=predicted[part], features=features[part]) for part in (order[:1500], order[1500:])
    )
    (finding,) = findings(checks, test, train)
    assert (finding.status, finding.severity, finding.validity) == (Status.FAIL, Severity.MINOR, False)
    assert "as in a table that nearly repeats itself and was split at random" in finding.message
    assert "Keep rows of one origin on one side of the split" in finding.remedy


@pytest.mark.parametrize(("right", "label"), [(True, "a"), (False, "b")])
def test_one_copy_is_spoken_of_in_the_singular(checks, right, label):
    labels, predicted, features = table(4000, seed=1)
    test_labels, test_predicted, test_features = table(100, seed=2)
    test_features[7] = features[11] + np.float32(1e-4)
    test_labels[7] = labels[11] if label == "a" else 1 - labels[11]
    test_predicted[7] = test_labels[7] if right else 1 - test_labels[7]
    test = rows(test_labels, predicted=test_predicted, features=test_features)
    train = rows(labels, predicted=predicted, features=features)
    (finding,) = findings(checks, test, train, limits={"minor": 0.0001})
    others = (test_labels == test_predicted).sum() - right
    beside = f"on {others} of the 99 others ({others / 99:.1%})"
    said = f"it has the label of that training row, and the model is right on it, and right {beside}; 1 agrees in every column"
    otherwise = (
        f"it has another label than that training row, and the model is wrong on it, and right {beside}; 1 agrees in"
    )
    assert finding.message.startswith(
        "1 of 100 test rows (1.0%) nearly equals a training row; 0 of 4,000 training rows"
    )
    assert (said if right else otherwise) in finding.message


def test_limits_can_be_set(checks):
    strict = with_copies(checks, 10, rounded=4, limits={"major": 0.002})
    loose = with_copies(checks, 10, rounded=4, limits={"minor": 0.05})
    assert strict.severity is Severity.MAJOR
    assert loose.status is Status.PASS


def test_too_few_training_rows_cannot_say_how_far_apart_rows_lie(checks):
    labels, predicted, features = table(29, seed=1)
    few = rows(labels, predicted=predicted, features=features)
    labels, predicted, features = table(100, seed=2)
    (finding,) = findings(checks, rows(labels, predicted=predicted, features=features), few)
    assert finding.status is Status.SKIP
    assert finding.message.startswith(
        "29 different training rows: too few to know how far apart rows lie by nature; 30"
    )


def test_where_rows_have_several_labels_all_have_to_agree(checks):
    draw = np.random.default_rng(0)
    features, labels = draw.normal(size=(3000, 5)), draw.integers(0, 2, (3000, 2))
    test_features, test_labels = draw.normal(size=(600, 5)), draw.integers(0, 2, (600, 2))
    test_features[:40], test_labels[:40] = features[:40] + 1e-4, labels[:40]
    test_labels[:10, 1] = 1 - labels[:10, 1]
    test = rows(test_labels, predicted=test_labels, features=test_features)
    (finding,) = compute(
        checks["near-duplicates"],
        measured(
            test,
            train=rows(labels, predicted=labels, features=features),
            class_names=["x", "y"],
            states=[FeatureSample],
        ),
    )
    assert "30 of the 40 have the label of that training row" in finding.message


def test_without_train_columns_or_features_it_says_why_it_could_not_look(checks):
    labels, predicted, features = table(200, seed=4)
    whole, bare = rows(labels, predicted=predicted, features=features), rows(labels, predicted=predicted)
    images = rows(labels, predicted=predicted, features=features.reshape(200, 1, 2, 3))
    said = [findings(checks, test, train)[0] for test, train in ((whole, None), (bare, bare), (images, images))]
    assert {finding.status for finding in said} == {Status.SKIP}
    assert [finding.message for finding in said] == [
        "No training data was given.",
        "The batch has no features.",
        "Images have no columns.",
    ]
