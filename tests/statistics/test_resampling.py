import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from auditor.statistics import averages, resampling
from auditor.statistics.confusion import ConfusionCounts
from auditor.statistics.ranking import areas, average_precisions, rank_counts

CARET = ConfusionCounts.from_matrix(np.array([[231, 27], [32, 54]]))


def test_replicates_depend_on_the_name_alone() -> None:
    counts = np.arange(50)
    first, again, other = (np.concatenate(list(resampling.poisson_replicates(counts, name))) for name in "aab")
    assert (first == again).all()
    assert (first != other).any()
    assert first.shape == (400, 50)


def test_replicates_have_the_mean_and_variance_of_their_counts() -> None:
    drawn = np.concatenate(list(resampling.poisson_replicates(np.array([3, 400]), "x", 20_000)))
    assert drawn.mean(0) == pytest.approx([3, 400], rel=0.02)
    assert drawn.var(0) == pytest.approx([3, 400], rel=0.05)


def test_the_error_of_accuracy_is_the_binomial_one() -> None:
    values = resampling.bootstrap_confusion(CARET, {"accuracy": averages.accuracy}, "x", 4000)["accuracy"]
    share = 285 / 344
    assert resampling.spread(values) == pytest.approx(np.sqrt(share * (1 - share) / 344), rel=0.05)


def test_summaries_carry_value_error_and_an_interval_within_range() -> None:
    found = resampling.summary_estimates(CARET, "x")
    assert found["mcc"].value == pytest.approx(0.5340, abs=5e-5)
    assert found["kappa"].value == pytest.approx(0.5336, abs=5e-5)
    assert all(summary.low is not None and summary.value is not None for summary in found.values())
    assert all(summary.n == 344 and summary.binding == 86 for summary in found.values())


def test_a_faultless_matrix_is_bounded_by_its_smallest_class() -> None:
    found = resampling.summary_estimates(ConfusionCounts.from_matrix(np.diag([900, 59])), "x")
    assert found["macro_f1"].lower(0.05) == pytest.approx(0.05 ** (1 / 59))
    assert found["mcc"].lower(0.05) == pytest.approx(2 * 0.05 ** (1 / 59) - 1)


def test_a_constant_answer_has_no_correlation() -> None:
    found = resampling.summary_estimates(ConfusionCounts.from_matrix(np.array([[90, 0], [10, 0]])), "x")
    assert (found["mcc"].value, found["mcc"].lower(0.05)) == (None, None)
    assert found["kappa"].value == 0
    nothing = resampling.summary_estimates(ConfusionCounts.from_matrix(np.zeros((2, 2), np.int64)), "x")
    assert all(summary.value is None and summary.low is None for summary in nothing.values())


@pytest.mark.parametrize(("rate", "n"), [(0.8, 300), (0.95, 120)])
def test_intervals_of_mcc_cover(rate: float, n: int) -> None:
    rng = np.random.default_rng(3)
    cells = np.array([[0.7 * rate, 0.7 * (1 - rate)], [0.3 * (1 - rate), 0.3 * rate]])
    truth = float(averages.matthews(ConfusionCounts.from_matrix((cells * 1e9).round().astype(np.int64)).classes))
    covered = 0
    for draw in range(400):
        matrix = rng.multinomial(n, cells.ravel()).reshape(2, 2)
        mcc = resampling.summary_estimates(ConfusionCounts.from_matrix(matrix), f"{draw}")["mcc"]
        covered += mcc.low is not None and mcc.high is not None and mcc.low <= truth <= mcc.high
    assert 0.92 <= covered / 400 <= 0.98  # .95 less and more three standard errors


def test_many_classes_stay_sparse() -> None:
    rng = np.random.default_rng(0)
    cells = np.unique(rng.integers(0, 10_000**2, 5_000))
    confusion = ConfusionCounts(10_000, cells // 10_000, cells % 10_000, np.ones(len(cells), np.int64))
    found = resampling.bootstrap_confusion(confusion, {"mcc": averages.matthews}, "x", 20)["mcc"]
    assert found.shape == (20,)
    assert np.isfinite(found).all()


def test_the_error_of_the_area_agrees_with_delong() -> None:
    rng = np.random.default_rng(1)
    positives = np.bincount(np.clip(rng.normal(120, 40, 600), 0, 255).astype(int), minlength=256)
    negatives = np.bincount(np.clip(rng.normal(80, 40, 3000), 0, 255).astype(int), minlength=256)
    error = resampling.spread(resampling.bootstrap_bins(positives, negatives, areas, "x", 2000))
    variance = rank_counts(positives, negatives).delong_variance
    assert variance is not None
    assert error == pytest.approx(np.sqrt(variance), rel=0.06)


def test_the_error_of_average_precision_agrees_with_the_row_bootstrap() -> None:
    rng = np.random.default_rng(2)
    scores, labels = np.concatenate([rng.normal(1.2, 1, 150), rng.normal(0, 1, 1350)]), np.repeat([1, 0], [150, 1350])
    order = np.argsort(scores)
    positives, negatives = labels[order], 1 - labels[order]
    estimate = resampling.average_precision_estimate(positives, negatives, "x")
    rows = [rng.integers(0, 1500, 1500) for _ in range(300)]
    by_rows = np.std([average_precision_score(labels[pick], scores[pick]) for pick in rows])
    assert estimate.value == pytest.approx(average_precision_score(labels, scores))
    assert estimate.standard_error == pytest.approx(by_rows, rel=0.15)
    assert estimate.binding == 150


def test_merging_bins_leaves_the_error_of_average_precision() -> None:
    rng = np.random.default_rng(4)
    positives, negatives = rng.poisson(1, 5000) * (np.arange(5000) > 2000), rng.poisson(3, 5000)
    merged = resampling.average_precision_estimate(positives, negatives, "x").standard_error
    unmerged = resampling.spread(resampling.bootstrap_bins(positives, negatives, average_precisions, "x"))
    assert merged == pytest.approx(unmerged, rel=0.15)


def test_average_precision_of_one_class_has_no_interval() -> None:
    assert resampling.average_precision_estimate(np.array([0]), np.array([4]), "x").value is None
    only = resampling.average_precision_estimate(np.array([4]), np.array([0]), "x")
    assert (only.value, only.low) == (1.0, None)


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    values = np.random.default_rng(0).normal(size=64)
    without = (values.sum() - values) / 63
    assert resampling.jackknife_error(without) == pytest.approx(values.std(ddof=1) / 8)
    estimate = resampling.jackknife_estimate(float(values.mean()), without, "identity", 64)
    assert estimate.degrees_of_freedom == 63
    assert resampling.jackknife_error(np.array([1.0, np.nan, 2.0])) is None


def test_leaving_a_bucket_out_subtracts_it() -> None:
    buckets = np.arange(12).reshape(3, 4)
    assert (resampling.leave_one_out(buckets)[1] == buckets[0] + buckets[2]).all()


def test_the_design_effect_sees_copies_and_is_one_for_independent_rows() -> None:
    rng = np.random.default_rng(0)
    independent, copied = [], []
    for _ in range(40):
        bucket, right = rng.integers(0, 64, 3000), rng.random(3000) < 0.8
        k, n = np.bincount(bucket[right], minlength=64), np.bincount(bucket, minlength=64)
        independent.append(resampling.design_effect(k, n))
        copied.append(resampling.design_effect(10 * k, 10 * n))
    assert np.mean(np.array(independent, float)) == pytest.approx(1, abs=0.1)
    assert np.array(copied, float) == pytest.approx(10 * np.array(independent, float))


def test_the_design_effect_of_a_faultless_share_is_undefined() -> None:
    assert resampling.design_effect(np.array([5, 5]), np.array([5, 5])) is None
    assert resampling.design_effect(np.array([3, 0]), np.array([5, 0])) is None


def test_spread_needs_half_of_the_replicates() -> None:
    assert resampling.spread(np.array([1.0, 2.0, np.nan])) == pytest.approx(np.sqrt(0.5))
    assert resampling.spread(np.array([1.0, np.nan, np.nan])) is None


def test_average_precision_of_few_positives_leans_upwards_and_of_many_hardly() -> None:
    random = np.random.default_rng(0)
    positives, negatives = (random.multinomial(n, np.full(200, 1 / 200)) for n in (5, 500))
    few = resampling.average_precision_estimate(positives, negatives, "x")
    many = resampling.average_precision_estimate(1000 * positives, 1000 * negatives, "x")
    assert few.leaning > 0.05
    assert 0 <= many.leaning < few.leaning / 20


def test_average_precision_without_a_false_alarm_does_not_lean() -> None:
    separated = resampling.average_precision_estimate(np.array([0, 9]), np.array([90, 0]), "x")
    assert (separated.value, separated.leaning) == (1.0, 0.0)
