"""The gap between train and test."""

import numpy as np
import pytest

from auditor import Severity, Status
from auditor.checking import judge
from auditor.config import parse_gate
from auditor.policy import NOTHING_BY_DEFAULT, Policy
from auditor.testing import compute, from_confusion, measured, rows

NAMES = ["a", "b"]


def right(n, of):
    """Two even classes with n of `of` rows right."""
    return from_confusion([[n // 2, of // 2 - n // 2], [of // 2 - n // 2, n // 2]])


def gap(checks, train, test, *gates):
    measurements = measured(test, train=train, class_names=NAMES, positive="b")
    policy = Policy(NOTHING_BY_DEFAULT, tuple(parse_gate(gate) for gate in gates), confirmed=True)
    chosen = [checks["acceptance"], checks["generalisation-gap"]] if gates else [checks["generalisation-gap"]]
    return judge(chosen, measurements, policy)[-1]


def test_nine_points_with_a_bound_over_five_are_minor(checks):
    finding = gap(checks, right(990, 1000), right(900, 1000))
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MINOR)
    assert "a gap of 9.0 points" in finding.message
    assert finding.value == pytest.approx(0.09)
    assert finding.interval.low == pytest.approx(0.075, abs=0.002)


def test_a_large_gap_is_major_only_where_a_condition_is_not_met(checks):
    assert gap(checks, right(2000, 2000), right(1400, 2000), "accuracy>=0.6").severity is Severity.MINOR
    assert gap(checks, right(2000, 2000), right(1400, 2000), "accuracy>=0.9").severity is Severity.MAJOR


def test_what_is_lost_is_a_share_of_the_gain_over_a_constant_answer(checks):
    assert (
        "on which 18.4% of its gain in balanced accuracy over a constant answer is lost"
        in gap(checks, right(990, 1000), right(900, 1000)).message
    )


def test_a_rare_class_that_only_train_finds_is_told_where_the_mean_hides_it(checks):
    names = [f"c{i}" for i in range(20)]
    train = np.diag([500] * 19 + [100])
    test = train.copy()
    test[19, 19], test[19, 0] = 40, 60
    finding = compute(
        checks["generalisation-gap"], measured(from_confusion(test), train=from_confusion(train), class_names=names)
    )[0]
    assert finding.interval.low < 0.05
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MAJOR)
    assert (
        "recall on “c19”, the rarest class, is 100% (100 of 100) on train and 40.0% (40 of 100) on test"
        in finding.message
    )


def test_a_class_that_is_not_rare_is_told_only_where_it_is_a_fault(checks):
    assert "rarest" not in gap(checks, right(900, 1000), right(880, 1000)).message
    uneven = from_confusion([[950, 0], [10, 40]])
    assert "recall on “b”, the rarest class, is 80.0% (40 of 50) on train" in gap(checks, uneven, uneven).message


def test_a_gap_of_losses_counts_where_the_decisions_are_the_same(checks):
    truth = np.arange(2000) % 2
    sure, unsure = (np.stack([np.where(truth, 1 - p, p), np.where(truth, p, 1 - p)], 1) for p in (0.99, 0.6))
    noise = np.random.default_rng(0).uniform(-0.005, 0.005, 2000)[:, None] * [1, -1]
    train, test = rows(truth, probabilities=sure + noise), rows(truth, probabilities=unsure + noise)
    finding = gap(checks, train, test)
    assert (finding.value, finding.status, finding.severity) == (0, Status.FAIL, Severity.MAJOR)
    assert (
        "log loss is 0.010 on train and 0.511 on test (0.693 is the loss of the best constant answer)"
        in finding.message
    )
    assert gap(checks, train, test, "accuracy>=0.9").severity is Severity.MINOR


def test_many_rows_do_not_make_a_tenth_of_a_point_a_finding(checks):
    assert gap(checks, right(910_000, 1_000_000), right(909_000, 1_000_000)).status is Status.PASS


def test_as_poor_on_train_as_on_test_underfits_where_a_condition_fails(checks):
    finding = gap(checks, right(6000, 10_000), right(6000, 10_000), "accuracy>=0.8")
    assert (finding.severity, "underfits" in finding.message) == (Severity.MAJOR, True)


def test_a_test_clearly_better_than_train_is_told(checks):
    finding = gap(checks, right(8000, 10_000), right(9500, 10_000))
    assert (finding.status, "clearly better than train" in finding.message) == (Status.FAIL, True)


def test_few_test_rows_cannot_tell(checks):
    assert gap(checks, right(950, 1000), right(46, 50)).status is Status.INCONCLUSIVE


def chances(positive, n, seed, *, bend=1.0):
    """The probabilities of a model that learnt from even classes, with this share of positive rows."""
    draw = np.random.default_rng(seed)
    truth = (draw.random(n) < positive).astype(int)
    p = 1 / (1 + np.exp(-bend * (2 * (draw.normal(size=n) + 2 * truth) - 2 - 4 * (0.5 - 0.02))))
    return rows(truth, probabilities=np.stack([1 - p, p], 1))


@pytest.mark.parametrize("shares", [(0.02, 0.5), (0.5, 0.02)])
def test_other_class_shares_in_test_are_no_gap_of_losses(checks, shares):
    train, test = chances(shares[0], 5000, 1), chances(shares[1], 5000, 2)
    plain = measured(test, train=train, class_names=NAMES, positive="b")
    assert abs(plain.test.value("log_loss") - plain.train.value("log_loss")) > 0.05
    finding = gap(checks, train, test)
    assert finding.status is Status.PASS
    assert "with classes as frequent as in test" in finding.message


def test_losses_that_are_higher_within_each_class_count_whatever_the_shares(checks):
    finding = gap(checks, chances(0.5, 5000, 1), chances(0.2, 5000, 2, bend=8.0))
    assert (finding.status, "knows its training rows better" in finding.message) == (Status.FAIL, True)


def of_classes(train, test):
    return measured(from_confusion(test), train=from_confusion(train), class_names=["a", "b", "c"])


@pytest.mark.parametrize("lacks", ["test", "train"])
def test_a_class_that_one_of_the_two_lacks_is_left_out_and_named(checks, lacks):
    all_three = [[950, 50, 0], [50, 950, 0], [0, 80, 20]]
    two = [[950, 50, 0], [50, 950, 0], [0, 0, 0]]
    train, test = (all_three, two) if lacks == "test" else (two, all_three)
    (finding,) = compute(checks["generalisation-gap"], of_classes(train, test))
    assert (finding.status, finding.value) == (Status.PASS, 0)
    assert f"left out, for {lacks} has no row of it: “c”" in finding.message


def test_classes_left_out_are_left_out_of_weighted_rows_too(checks):
    truth = np.repeat([0, 1, 2], [500, 500, 100])
    called = np.where(truth == 2, 0, truth)
    train = rows(truth, predicted=called, weights=np.full(1100, 2.0))
    test = rows(truth[:1000], predicted=called[:1000], weights=np.full(1000, 2.0))
    (finding,) = compute(checks["generalisation-gap"], measured(test, train=train, class_names=["a", "b", "c"]))
    assert (finding.status, finding.value) == (Status.PASS, 0)


def test_losses_over_a_class_that_train_lacks_are_not_compared(checks):
    truth = np.arange(900) % 3
    p = np.full((900, 3), 0.2) + 0.4 * np.eye(3)[truth] + np.linspace(0, 1e-3, 900)[:, None] * [1, -1, 0]
    train = rows(truth[truth < 2], probabilities=p[truth < 2])
    (finding,) = compute(
        checks["generalisation-gap"], measured(rows(truth, probabilities=p), train=train, class_names=["a", "b", "c"])
    )
    assert "losses are not compared: test has classes that train lacks" in finding.message


def test_a_rare_class_of_one_test_row_is_no_ground(checks):
    train, test = np.diag([500, 500, 5]), np.array([[500, 0, 0], [0, 500, 0], [1, 0, 0]])
    (finding,) = compute(checks["generalisation-gap"], of_classes(train, test))
    assert "“c”" not in finding.message
    (few,) = compute(checks["generalisation-gap"], of_classes(train, test), limits={"rare_rows": 1})
    assert "recall on “c”, the rarest class, is 100% (5 of 5) on train and 0% (0 of 1) on test" in few.message


def seldom(seed, classes=40, n_train=500, n_test=20):
    """As good on train as on test, with classes that are not equally hard."""
    draw = np.random.default_rng(seed)
    right = np.clip(draw.beta(4, 1, classes), 0.05, 0.99)

    def split(n):
        truth = draw.choice(classes, n)
        return rows(truth, predicted=np.where(draw.random(n) < right[truth], truth, draw.integers(0, classes, n)))

    train, test = split(n_train), split(n_test)
    return measured(test, train=train, class_names=[f"c{k}" for k in range(classes)])


def test_a_mean_over_classes_of_a_row_or_two_is_not_judged(checks):
    found = [compute(checks["generalisation-gap"], seldom(seed))[0] for seed in range(40)]
    assert all(finding.status is not Status.FAIL for finding in found)
    assert "compared have fewer than 5 rows in train or in test" in found[0].message
