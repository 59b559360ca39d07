"""Whether the losses of rows give away which of them the model was trained on."""

import numpy as np
import pytest

from auditor import Confidence, Direction, Severity, Status
from auditor.checking import judge
from auditor.config import parse_gate
from auditor.policy import NOTHING_BY_DEFAULT, Policy
from auditor.testing import from_confusion, measured, rows

NAMES = ["a", "b"]
MET, MISSED = "log_loss<=9", "log_loss<=0.001"


def losing(mean, n=3000, seed=0, share=0.5, mean_of_b=None, **more):
    """Rows of two classes whose losses are exponential around a mean, that of class b around one of its own."""
    rng = np.random.default_rng(seed)
    truth = (np.arange(n) < share * n).astype(int)
    means = np.where(truth == 1, mean if mean_of_b is None else mean_of_b, mean)
    right = np.exp(-rng.exponential(means))
    return rows(
        truth, probabilities=np.stack([np.where(truth, 1 - right, right), np.where(truth, right, 1 - right)], 1), **more
    )


def found(checks, test, *gates, also=(), limits=None, **splits):
    measurements = measured(test, class_names=NAMES, positive="b", **splits)
    policy = Policy(NOTHING_BY_DEFAULT, tuple(map(parse_gate, gates)), confirmed=True)
    chosen = [checks["acceptance"], *(checks[id_] for id_ in also), checks["memorisation"].with_limits(limits or {})]
    return [finding for finding in judge(chosen, measurements, policy) if finding.check == "memorisation"]


def test_rows_with_the_same_losses_are_not_told_apart(checks):
    (finding,) = found(checks, losing(0.5), train=losing(0.5, seed=1))
    assert finding.status is Status.PASS
    assert finding.value == pytest.approx(0.5, abs=0.02)
    assert "pairs of one class (3,000 training rows and 3,000 test rows; 95% interval" in finding.message


def test_rows_with_weights_are_counted_alike(checks):
    weights = np.ones(3000)
    (finding,) = found(checks, losing(1.0, weights=weights), MET, train=losing(0.47, seed=1, weights=weights))
    assert finding.status is Status.FAIL
    assert "rows are counted alike here, whatever their weights" in finding.message


def test_an_attacker_is_said_to_tell_training_rows_in_so_many_pairs(checks):
    (finding,) = found(checks, losing(1.0), MET, train=losing(0.47, seed=1))
    assert finding.message.startswith("The loss of a row tells training rows from new ones in 68.4% of pairs")
    assert "an attacker who sees losses learns which rows it was trained on" in finding.message
    assert "give away who" not in finding.message


@pytest.mark.parametrize(
    ("seen", "gate", "severity"),
    [(0.76, MISSED, Severity.MINOR), (0.47, MET, Severity.MINOR), (0.47, MISSED, Severity.MAJOR)],
    ids=["above 55%", "above 60% with conditions met", "above 60% with a condition missed"],
)
def test_it_is_major_only_where_a_condition_is_not_met(checks, seen, gate, severity):
    (finding,) = found(checks, losing(1.0, 6000), gate, train=losing(seen, 6000, seed=1))
    assert (finding.status, finding.severity) == (Status.FAIL, severity)


def test_what_the_gap_told_as_major_is_not_told_so_twice(checks):
    (alone,) = found(checks, losing(2.0), MISSED, train=losing(0.05, seed=1))
    (beside,) = found(checks, losing(2.0), MISSED, also=["generalisation-gap"], train=losing(0.05, seed=1))
    assert (alone.severity, beside.severity) == (Severity.MAJOR, Severity.MINOR)


def test_from_seven_pairs_of_ten_on_people_are_given_away(checks):
    (finding,) = found(checks, losing(1.0), MET, train=losing(0.3, seed=1))
    assert "where rows are people's, its answers give away who was among them" in finding.message
    assert "no probabilities" in finding.remedy


def test_a_rare_class_that_is_remembered_is_named_where_all_rows_hide_it(checks):
    test = losing(0.5, share=0.05, mean_of_b=2.0)
    (finding,) = found(checks, test, MET, train=losing(0.5, seed=1, share=0.05, mean_of_b=0.01))
    assert (finding.status, finding.subject) == (Status.FAIL, "class b")
    assert finding.message.startswith("The loss of a “b” row tells training rows from new ones in 98.8% of pairs")
    assert "150 training rows and 150 test rows" in finding.message


def test_few_rows_cannot_tell(checks):
    (finding,) = found(checks, losing(0.6, 40), train=losing(0.5, 3000, seed=1))
    assert finding.status is Status.INCONCLUSIVE
    (finding,) = found(checks, losing(0.6, 2), train=losing(0.5, 2, seed=1))
    assert "no class has two rows in both" in finding.message


def test_test_rows_with_losses_of_training_rows_are_suspected_without_training_data(checks):
    (finding,) = found(checks, losing(0.3), validation=losing(1.0, seed=2))
    assert (finding.status, finding.severity, finding.confidence) == (Status.FAIL, Severity.MAJOR, Confidence.SUSPECTED)
    assert finding.direction is Direction.FLATTERS
    assert "Validation rows have the higher loss in 7" in finding.message
    (finding,) = found(checks, losing(1.0), validation=losing(1.0, seed=2))
    assert finding.status is Status.PASS


def test_with_training_data_test_rows_are_suspected_only_where_they_are_like_them(checks):
    alike = found(checks, losing(0.3), train=losing(0.3, seed=1), validation=losing(1.0, seed=2))
    assert [f.subject for f in alike if f.status is Status.FAIL] == ["test against validation"]
    apart = found(checks, losing(0.5), MET, train=losing(0.2, seed=1), validation=losing(1.0, seed=2))
    assert [f.subject for f in apart] == [""]


def test_it_needs_other_rows_and_scores(checks):
    (finding,) = found(checks, losing(0.5))
    assert (finding.status, "training nor validation data were given" in finding.message) == (Status.SKIP, True)
    (finding,) = found(checks, from_confusion([[5, 5], [5, 5]]), train=from_confusion([[5, 5], [5, 5]]))
    assert (finding.status, "no scores" in finding.message) == (Status.SKIP, True)


def test_groups_are_said_to_count_by_rows(checks):
    groups = np.arange(3000)
    (finding,) = found(checks, losing(0.5, groups=groups), train=losing(0.5, seed=1, groups=groups))
    assert "rows are taken as independent here, whatever their groups" in finding.message


def test_of_several_labels_the_one_that_tells_best_is_judged(checks):
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 2, (2000, 2))
    sure, unsure = np.where(truth == 1, 0.95, 0.05), np.where(truth == 1, 0.6, 0.4)
    noise = rng.uniform(-0.04, 0.04, truth.shape)
    test = rows(truth, probabilities=np.stack([unsure[:, 0], sure[:, 1]], 1) + noise)
    train = rows(truth, probabilities=sure + rng.uniform(-0.04, 0.04, truth.shape))
    measurements = measured(test, train=train, class_names=["toxic", "threat"])
    (finding,) = judge([checks["memorisation"]], measurements, Policy(NOTHING_BY_DEFAULT, (), confirmed=True))
    assert (finding.status, finding.subject) == (Status.FAIL, "label toxic")
    assert finding.message.startswith("On label “toxic” the loss of a row tells training rows from new ones in ")
