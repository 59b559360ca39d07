import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit, log_expit, log_softmax
from sklearn.metrics import brier_score_loss, log_loss

from auditor.batches import Batch, OutputKind, Scores
from auditor.states import Losses, LossSums, Task
from tests.states.generating import Array, Case, cases, measured

CALIBRATED = (OutputKind.LOGITS, OutputKind.LOG_PROBABILITIES, OutputKind.PROBABILITIES)
ZERO = -math.log(2.0**-52)

# Probabilities between 0 and 2^-52 are where scikit-learn and this tool differ: it counts them as 2^-52.
MODERATE = st.sampled_from([-1000.0, -1.0, 0.0, 1.0, 1000.0]) | st.floats(-15, 15, width=32)


def found_in(case: Case) -> LossSums:
    result: LossSums = measured(Losses(case.task), case.rows)
    return result


def log_probabilities(scores: Scores) -> Array:
    """By scipy, and by the definition of the kind."""
    z = scores.outputs.astype(np.float64)
    if z.shape[1] > 1:
        if scores.kind is OutputKind.LOGITS:
            return np.asarray(log_softmax(z, axis=1))
        with np.errstate(divide="ignore"):
            return z if scores.kind is OutputKind.LOG_PROBABILITIES else np.log(z)
    with np.errstate(divide="ignore"):
        both = {
            OutputKind.LOGITS: lambda: [log_expit(-z), log_expit(z)],
            OutputKind.LOG_PROBABILITIES: lambda: [np.log(-np.expm1(z)), z],
        }.get(scores.kind, lambda: [np.log1p(-z), np.log(z)])()
    return np.hstack(both if scores.scored == 1 else both[::-1])


def single(outputs: list[float], labels: list[int], kind: OutputKind, n_classes: int = 2) -> LossSums:
    scores = Scores(np.array(outputs).reshape(len(labels), -1), kind)
    batch = Batch(np.array(labels, np.int64), np.arange(len(labels), dtype=np.uint64), None, scores)
    return found_in(Case(Task(tuple("abcdef"[:n_classes])), batch))


@given(cases())
def test_the_mean_log_loss_equals_the_definition(case: Case) -> None:
    scores = case.rows.scores
    assert scores is not None
    of_truth = -log_probabilities(scores)[np.arange(len(case.rows)), case.rows.labels]
    largest = ZERO if scores.kind in (OutputKind.PROBABILITIES, OutputKind.SIGMOID) else 1024.0
    zero = of_truth > largest
    losses = np.clip(of_truth, 0, largest)
    found = found_in(case)
    assert found.zero == zero.sum()
    assert found.mean("log_loss").value == pytest.approx(math.fsum(losses) / len(losses), abs=1e-9)


@given(cases(kinds=CALIBRATED, logits=MODERATE, dtypes=(np.float64,)))
def test_log_loss_and_brier_score_equal_scikit_learn(case: Case) -> None:
    assert case.rows.scores is not None
    p, labels, classes = np.exp(log_probabilities(case.rows.scores)), case.rows.labels, range(case.task.n_classes)
    found = found_in(case)
    if case.rows.scores.kind is OutputKind.PROBABILITIES:  # the others never round a probability to 0
        assert found.mean("log_loss").value == pytest.approx(log_loss(labels, p, labels=classes), abs=1e-9)
    expected = brier_score_loss(labels, p, labels=classes, scale_by_half=len(classes) == 2)
    assert found.mean("brier_score").value == pytest.approx(expected, abs=1e-9)


@given(cases(n_classes=(2, 3)))
def test_the_brier_score_equals_the_definition(case: Case) -> None:
    assert case.rows.scores is not None
    p = np.exp(log_probabilities(case.rows.scores))
    truth = np.eye(case.task.n_classes)[case.rows.labels]
    distance = ((p - truth) ** 2).sum(axis=1)
    if case.task.n_classes == 2:
        distance = ((p - truth)[np.arange(len(p)), case.rows.labels]) ** 2
    assert found_in(case).mean("brier_score").value == pytest.approx(distance.mean(), abs=1e-9)


@given(cases(logits=MODERATE, most=12))
def test_the_standard_error_and_interval_are_those_of_a_mean(case: Case) -> None:
    n, estimate = len(case.rows), found_in(case).mean("log_loss")
    assert estimate.n == n
    if n == 1:
        assert estimate.standard_error is None
        return
    each = np.array([found_in(Case(case.task, case.rows.rows(np.array([i])))).log_loss for i in range(n)])
    if estimate.standard_error is None:
        assert each.std() <= 1e-5 * each.mean()
        return
    assert n * estimate.standard_error**2 == pytest.approx(each.var(ddof=1), rel=1e-6, abs=1e-6)
    half = stats.t.ppf(0.975, n - 1) * estimate.standard_error
    assert (estimate.low, estimate.high) == pytest.approx((each.mean() - half, each.mean() + half), abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "outputs", "loss"),
    [
        (OutputKind.PROBABILITIES, [1.0, 0.0], ZERO),
        (OutputKind.SIGMOID, [0.0], ZERO),
        (OutputKind.LOG_PROBABILITIES, [0.0, -np.inf], 1024.0),
        (OutputKind.LOG_PROBABILITIES, [-np.inf], 1024.0),
    ],
)
def test_probability_zero_of_what_happened_has_a_finite_loss_and_is_counted(
    kind: OutputKind, outputs: list[float], loss: float
) -> None:
    found = single(outputs, [1], kind)
    assert (found.zero, found.brier_score) == (1, 1)
    assert found.log_loss == pytest.approx(loss, abs=1e-9)


def test_scikit_learn_counts_probability_zero_as_much() -> None:
    assert log_loss([1], [[1.0, 0.0]], labels=[0, 1]) == pytest.approx(ZERO, abs=1e-12)


@pytest.mark.parametrize("outputs", [[1000.0, -1000.0], [-1000.0, 1000.0]])
@pytest.mark.parametrize("kind", [OutputKind.LOGITS, OutputKind.SIGMOID])
def test_certainty_about_the_truth_loses_nothing(outputs: list[float], kind: OutputKind) -> None:
    stated = outputs if kind is OutputKind.LOGITS else expit(outputs).tolist()
    found = single(stated, [int(np.argmax(outputs))], kind)
    assert (found.zero, found.log_loss, found.brier_score) == (0, 0, 0)


@pytest.mark.parametrize(("n_classes", "worst"), [(2, 1.0), (3, 2.0)])
def test_the_brier_score_of_two_classes_ends_at_1_and_of_more_at_2(n_classes: int, worst: float) -> None:
    assert single([1.0, 0.0, 0.0][:n_classes], [1], OutputKind.PROBABILITIES, n_classes).brier_score == worst


def test_rounding_beyond_1_is_no_loss_and_no_nan() -> None:
    found = single([1.0000001], [1], OutputKind.SIGMOID)
    assert (found.log_loss, found.zero, found.brier_score) == (0, 0, 0)


def test_without_rows_the_mean_is_undefined() -> None:
    found = Losses(Task(("a", "b"))).result()
    assert found.mean("log_loss").value is None
    assert found.mean("brier_score").interval(0.05) == (None, None)
