import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from auditor.statistics import sample_size
from auditor.statistics.estimates import AreaUnderCurve, PairedDifference, Proportion, Smooth


@pytest.mark.parametrize(
    ("rate", "limit", "size"),
    [(0.95, 0.90, 203), (0.90, 0.80, 94), (0.85, 0.80, 398), (0.99, 0.95, 124), (8 / 9, 0.80, 124)],
)
def test_sizes_that_decide(rate: float, limit: float, size: int) -> None:
    assert sample_size.size_to_decide(rate, limit) == size


def chance_to_pass(n: int, rate: float, limit: float) -> float:
    fewest = next((k for k in range(n + 1) if (Proportion(k, n).lower(0.05) or 0) >= limit), n + 1)
    return float(stats.binom.sf(fewest - 1, n, rate))


@settings(max_examples=8, deadline=None)
@given(st.sampled_from([(0.9, 0.8), (0.99, 0.95), (0.6, 0.4), (0.35, 0.2)]))
def test_the_size_is_the_first_of_a_run_that_decides(case: tuple[float, float]) -> None:
    n = sample_size.size_to_decide(*case)
    assert n is not None
    assert all(chance_to_pass(size, *case) >= 0.8 for size in range(n, n + 15))
    assert chance_to_pass(n - 1, *case) < 0.8


def test_a_failure_is_planned_as_the_mirrored_pass() -> None:
    assert sample_size.size_to_decide(0.2, 0.3) == sample_size.size_to_decide(0.8, 0.7)


def test_eight_of_nine_needs_115_more() -> None:
    need = sample_size.labels_needed(8, 9, 0.80)
    assert (need.total, need.more, need.passes) == (124, 115, True)
    assert need.fewest == 14
    assert need.most is None
    assert need.text == (
        "about 115 more, 124 in all, would show that it passes (between 14 and more than can be labelled)"
    )


def test_a_rate_below_the_limit_is_planned_to_fail() -> None:
    need = sample_size.labels_needed(12, 20, 0.80)
    assert not need.passes
    assert need.total is not None
    assert need.fewest is not None
    assert need.fewest <= need.total
    assert need.total == sample_size.size_to_decide(0.4, 0.2)
    assert "would show that it fails" in need.text


def test_nothing_missed_is_planned_with_half_a_miss() -> None:
    assert sample_size.labels_needed(9, 9, 0.80).rate == pytest.approx(0.95)
    assert sample_size.labels_needed(0, 0, 0.80).rate == 0.5


def test_more_labels_than_needed_is_no_negative_number() -> None:
    assert sample_size.labels_needed(950, 1000, 0.90).more == 0


@pytest.mark.parametrize(("k", "n"), [(805, 1000), (795, 1000)])
def test_at_the_limit_labels_cannot_decide(k: int, n: int) -> None:
    need = sample_size.labels_needed(k, n, 0.80)
    assert (need.total, need.more) == (None, None)
    assert "cannot decide" in need.text


def test_fewest_rows_without_a_miss() -> None:
    assert [sample_size.minimum_without_miss(limit) for limit in (0.80, 0.90, 0.95, 0.99)] == [14, 29, 59, 299]
    assert sample_size.minimum_without_miss(1.0) is None
    assert sample_size.minimum_without_miss(0.0) == 1


@given(st.floats(0.01, 0.999), st.sampled_from([0.005, 0.05]))
def test_fewest_rows_without_a_miss_is_the_first_that_shows_it(limit: float, alpha: float) -> None:
    fewest = sample_size.minimum_without_miss(limit, alpha)
    assert fewest is not None
    assert limit**fewest <= alpha * (1 + 1e-6)
    assert fewest == 1 or limit ** (fewest - 1) > alpha * (1 - 1e-6)


def test_the_best_bound_is_that_of_no_miss() -> None:
    assert sample_size.best_lower_bound(9) == pytest.approx(Proportion(9, 9).lower(0.05))
    assert sample_size.best_lower_bound(0) is None


def test_rows_for_an_estimate_shrink_with_the_square_of_its_error() -> None:
    z = stats.norm.ppf(0.95) + stats.norm.ppf(0.80)
    estimate = Smooth(0.80, 0.05, "identity", 100, "bootstrap")
    assert sample_size.rows_needed(estimate, 0.75) == pytest.approx(100 * z**2, abs=1)
    assert sample_size.rows_needed(estimate, 0.85) == pytest.approx(100 * z**2, abs=1)
    assert sample_size.rows_needed(estimate, 0.80) is None
    assert sample_size.rows_needed(estimate, 0.7999999) is None
    assert sample_size.rows_needed(AreaUnderCurve(None, 0, 5, None), 0.7) is None


def test_pairs_for_noninferiority() -> None:
    z = stats.norm.ppf(0.95) + stats.norm.ppf(0.80)
    expected = z**2 * 0.1 / 0.01**2
    assert sample_size.pairs_needed(PairedDifference(50, 50, 1000), 0.01) == pytest.approx(expected, abs=1)
    assert sample_size.pairs_needed(PairedDifference(10, 90, 1000), 0.01) is None
    assert sample_size.pairs_needed(PairedDifference(0, 0, 0), 0.01) is None
