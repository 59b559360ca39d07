import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn import metrics

from auditor.statistics import averages
from auditor.statistics.confusion import ClassCounts, ConfusionCounts, defined, f_scores, precisions, recalls

Matrix = NDArray[np.int64]

CARET = ConfusionCounts.from_matrix(np.array([[231, 27], [32, 54]]))
RARE = ConfusionCounts.from_matrix(np.array([[9776, 24], [176, 24]]))


def from_labels(true: list[int], called: list[int], n_classes: int) -> ClassCounts:
    return ConfusionCounts.from_matrix(metrics.confusion_matrix(true, called, labels=range(n_classes))).classes


@st.composite
def labelled(draw: st.DrawFn) -> tuple[list[int], list[int], int]:
    n_classes = draw(st.integers(2, 6))
    n = draw(st.integers(1, 60))
    labels = st.lists(st.integers(0, n_classes - 1), min_size=n, max_size=n)
    return draw(labels), draw(labels), n_classes


@given(labelled())
def test_averages_equal_scikit_learn(rows: tuple[list[int], list[int], int]) -> None:
    true, called, n_classes = rows
    classes = from_labels(true, called, n_classes)
    for average, ours in (
        ("macro", (averages.macro_precision, averages.macro_recall, averages.macro_f1)),
        ("weighted", (averages.weighted_precision, averages.accuracy, averages.weighted_f1)),
        ("micro", (averages.micro_f, averages.micro_f, averages.micro_f)),
    ):
        expected = metrics.precision_recall_fscore_support(true, called, average=average, zero_division=0)[:3]
        assert [float(statistic(classes)) for statistic in ours] == pytest.approx(expected, abs=1e-12)
    assert float(averages.accuracy(classes)) == pytest.approx(metrics.accuracy_score(true, called))
    assert float(averages.balanced_accuracy(classes)) == pytest.approx(
        np.mean([np.mean(np.array(called)[np.array(true) == k] == k) for k in set(true)])
    )


@given(labelled(), st.sampled_from([0.5, 1.0, 2.0]))
def test_class_scores_equal_scikit_learn(rows: tuple[list[int], list[int], int], beta: float) -> None:
    true, called, n_classes = rows
    classes = from_labels(true, called, n_classes)
    expected = metrics.precision_recall_fscore_support(
        true, called, beta=beta, labels=range(n_classes), average=None, zero_division=np.nan
    )
    for ours, theirs in zip(
        (precisions(classes), recalls(classes), f_scores(classes, beta)), expected[:3], strict=True
    ):
        assert ours == pytest.approx(theirs, nan_ok=True)
    for k in range(n_classes):
        pairs = (classes.precision(k), classes.recall(k), classes.f_score(k, beta))
        assert [estimate.value for estimate in pairs] == [
            defined(values[k]) if np.isnan(values[k]) else pytest.approx(values[k]) for values in expected[:3]
        ]


@given(labelled())
def test_matthews_and_kappa_equal_scikit_learn(rows: tuple[list[int], list[int], int]) -> None:
    true, called, n_classes = rows
    classes = from_labels(true, called, n_classes)
    matthews, kappa = defined(averages.matthews(classes)), defined(averages.cohen_kappa(classes))
    # Where one side has one class only, scikit-learn calls the correlation 0; here it is undefined.
    assert (matthews is None) == (len(set(true)) == 1 or len(set(called)) == 1)
    assert matthews is None or matthews == pytest.approx(metrics.matthews_corrcoef(true, called), abs=1e-12)
    assert (kappa is None) == (len(set(true) | set(called)) == 1)
    assert kappa is None or kappa == pytest.approx(metrics.cohen_kappa_score(true, called), abs=1e-12)


def test_the_three_class_example_of_scikit_learn() -> None:
    classes = from_labels([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], 3)
    found = [averages.macro_precision(classes), averages.macro_recall(classes), averages.macro_f1(classes)]
    assert [float(value) for value in found] == pytest.approx([0.2222, 0.3333, 0.2667], abs=5e-5)
    assert float(averages.micro_f(classes)) == pytest.approx(1 / 3)
    assert float(averages.macro(classes, f_scores(classes, 0.5))) == pytest.approx(0.2381, abs=5e-5)


def test_small_examples_of_scikit_learn() -> None:
    assert from_labels([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1], 2).balanced_accuracy().value == 0.625
    assert float(averages.matthews(from_labels([1, 1, 1, 0], [1, 0, 1, 1], 2))) == pytest.approx(-0.3333, abs=5e-5)


def test_the_caret_example() -> None:
    classes = CARET.classes
    assert classes.accuracy().value == pytest.approx(0.8285, abs=5e-5)
    assert float(averages.cohen_kappa(classes)) == pytest.approx(0.5336, abs=5e-5)
    assert classes.recall(0).value == pytest.approx(0.8953, abs=5e-5)
    assert classes.specificity(0).value == pytest.approx(0.6279, abs=5e-5)
    assert classes.negative_predictive_value(0).value == pytest.approx(54 / 81)
    assert classes.balanced_accuracy().value == pytest.approx(0.7616, abs=5e-5)
    assert float(averages.matthews(classes)) == pytest.approx(0.5340, abs=5e-5)
    assert classes.f_score(0).value == pytest.approx(0.8868, abs=5e-5)
    assert float(averages.normalised_accuracy(classes)) == pytest.approx((285 - 258) / 86)


def test_high_accuracy_that_a_constant_answer_also_has() -> None:
    classes = RARE.classes
    assert classes.accuracy().value == 0.98
    assert classes.recall(1).value == 0.12
    assert classes.balanced_accuracy().value == pytest.approx(0.5588, abs=5e-5)
    assert float(averages.matthews(classes)) == pytest.approx(0.2381, abs=5e-5)
    assert classes.f_score(1).value == pytest.approx(0.1935, abs=5e-5)
    gain = classes.gain_over_constant(0)
    assert (gain.n10, gain.n01, gain.value) == (24, 24, 0.0)
    assert (CARET.classes.gain_over_constant(0).n10, CARET.classes.gain_over_constant(0).n01) == (54, 27)


def test_bias_is_one_where_false_alarms_equal_misses() -> None:
    assert RARE.classes.bias(1).value == pytest.approx(48 / 200)
    even = ConfusionCounts.from_matrix(np.array([[90, 10], [10, 90]])).classes.bias(1)
    assert (even.value, even.standard_error) == pytest.approx((1.0, np.sqrt(20 / 100**2)))
    never = ConfusionCounts.from_matrix(np.array([[90, 0], [10, 0]])).classes.bias(1)
    assert (never.value, never.low) == (None, None)


def test_matrix_with_confused_rare_class() -> None:
    classes = ConfusionCounts.from_matrix(np.array([[85, 5, 0], [4, 12, 1], [3, 2, 3]])).classes
    found = [
        statistic(classes)
        for statistic in (
            averages.accuracy,
            averages.macro_precision,
            averages.macro_recall,
            averages.macro_f1,
            averages.weighted_f1,
            averages.weighted_precision,
        )
    ]
    assert [float(value) for value in found] == pytest.approx(
        [0.8696, 0.7685, 0.6751, 0.7002, 0.8643, 0.8686], abs=5e-5
    )


def test_several_labels_a_row() -> None:
    true = np.array([[1, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 1]])
    called = np.array([[1, 0, 0], [0, 1, 1], [1, 0, 0], [0, 0, 1]])
    classes = ClassCounts(true.sum(0), called.sum(0), (true * called).sum(0), np.asarray(4))
    assert float(averages.micro_f(classes)) == pytest.approx(0.7273, abs=5e-5)
    assert float(averages.macro_f1(classes)) == pytest.approx(0.7222, abs=5e-5)
    assert classes.specificity(2).value == 0.5


def test_undefined_stays_undefined() -> None:
    classes = ConfusionCounts.from_matrix(np.array([[5, 0, 0], [3, 0, 0], [0, 0, 0]])).classes
    assert classes.precision(1).value is None
    assert classes.recall(2).value is None
    assert classes.f_score(2).value is None
    assert defined(averages.matthews(classes)) is None
    assert float(averages.macro(classes, precisions(classes))) == pytest.approx(5 / 8 / 2)
    assert float(averages.mean_defined(precisions(classes))) == pytest.approx(5 / 8)
    constant = ConfusionCounts.from_matrix(np.array([[5]])).classes
    assert defined(averages.normalised_accuracy(constant)) is None


@given(arrays(np.int64, (4, 4), elements=st.integers(0, 9)))
def test_cells_hold_what_the_matrix_holds(matrix: Matrix) -> None:
    counts = ConfusionCounts.from_matrix(matrix)
    assert counts.n == matrix.sum()
    assert (counts.support == matrix.sum(1)).all()
    assert (counts.predicted == matrix.sum(0)).all()
    assert (counts.correct == np.diag(matrix)).all()


@given(arrays(np.int64, (3, 4, 4), elements=st.integers(0, 9)))
def test_replicates_are_computed_as_one_by_one(matrices: Matrix) -> None:
    true, called = np.divmod(np.arange(16), 4)
    together = ConfusionCounts(4, true, called, np.ones(16, np.int64)).replicated(matrices.reshape(3, 16))
    for statistic, _ in averages.SUMMARIES.values():
        alone = [statistic(ConfusionCounts.from_matrix(matrix).classes) for matrix in matrices]
        assert statistic(together) == pytest.approx(np.array(alone), nan_ok=True)


def test_squares_beyond_int64_do_not_overflow() -> None:
    billions = ConfusionCounts.from_matrix(np.array([[3, 1], [1, 3]]) * 10**10).classes
    assert float(averages.matthews(billions)) == pytest.approx(0.5)
    assert float(averages.cohen_kappa(billions)) == pytest.approx(0.5)
