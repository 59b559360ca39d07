import numpy as np
import pytest
from scipy import stats

from auditor.statistics import shift


def test_the_two_class_example() -> None:
    found = shift.compare_counts([900, 100], [170, 30])
    assert found is not None
    assert found.statistic == pytest.approx(4.313, abs=5e-4)
    assert found.p_value == pytest.approx(0.0378, abs=5e-5)
    assert found.cramers_v == pytest.approx(0.060, abs=5e-4)
    assert found.total_variation == pytest.approx(0.05)
    assert 0 < found.total_variation_lower(0.05) < 0.02


def test_chi_square_equals_scipy_and_skips_empty_classes() -> None:
    table = np.array([[30, 0, 50, 20], [45, 0, 20, 35]])
    found, oracle = shift.compare_counts(*table), stats.chi2_contingency(table[:, [0, 2, 3]], correction=False)
    assert found is not None
    assert (found.statistic, found.p_value) == pytest.approx((oracle.statistic, oracle.pvalue))
    assert found.degrees_of_freedom == 2
    assert found.cramers_v == pytest.approx(stats.contingency.association(table[:, [0, 2, 3]]))


@pytest.mark.parametrize(("first", "second"), [([0, 0], [1, 2]), ([5, 0], [7, 0]), ([5], [7])])
def test_nothing_to_compare_is_undefined(first: list[int], second: list[int]) -> None:
    assert shift.compare_counts(first, second) is None


def test_equal_shares_have_no_shift() -> None:
    found = shift.compare_counts([900, 100], [450, 50])
    assert found is not None
    assert (found.statistic, found.total_variation_lower(0.05)) == pytest.approx((0, 0))


@pytest.mark.parametrize("n_classes", [2, 10, 40])
def test_equal_classes_are_seldom_called_shifted(n_classes: int) -> None:
    rng = np.random.default_rng(n_classes)
    share = rng.dirichlet(np.full(n_classes, 3.0))
    called = 0
    for _ in range(300):
        found = shift.compare_counts(rng.multinomial(1000, share), rng.multinomial(500, share))
        called += found is not None and found.total_variation_lower(0.05) > 0.02
    assert called <= 27  # 5% and three standard errors of it


def test_a_large_shift_is_found_with_many_rows() -> None:
    found = shift.compare_counts([90_000, 10_000], [70_000, 30_000])
    assert found is not None
    assert found.total_variation_lower(0.005) == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize(("statistic", "freedom"), [(4.3, 1), (50.0, 9), (900.0, 9), (9_999.0, 99)])
def test_the_noncentrality_bound_has_the_stated_tail(statistic: float, freedom: int) -> None:
    bound = shift.noncentrality_lower(statistic, freedom, 0.05)
    assert stats.ncx2.sf(statistic, freedom, bound) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("statistic", [10_001.0, 1e6])
def test_the_bound_of_a_large_statistic_is_nearly_exact(statistic: float) -> None:
    assert stats.ncx2.sf(statistic, 9, shift.noncentrality_lower(statistic, 9, 0.05)) == pytest.approx(0.05, abs=1e-3)


def test_a_statistic_within_chance_has_bound_zero() -> None:
    assert shift.noncentrality_lower(9.0, 9, 0.05) == 0


def test_stability_index_examples() -> None:
    assert shift.stability_index(np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.3, 0.3])) == pytest.approx(
        0.06286, abs=5e-6
    )
    shifted = np.array([0.05, 0.05, *[0.1] * 6, 0.15, 0.15])
    assert shift.stability_index(np.full(10, 0.1), shifted) == pytest.approx(0.10986, abs=5e-6)


def test_the_lower_bound_of_stability_stays_below_the_truth() -> None:
    rng = np.random.default_rng(0)
    p, q = np.full(10, 0.1), np.array([0.05, 0.05, *[0.1] * 6, 0.15, 0.15])
    covered = 0
    for _ in range(300):
        found = shift.population_stability(rng.multinomial(1000, p), rng.multinomial(500, q))
        assert found is not None
        covered += found.lower(0.05) <= shift.stability_index(p, q)
    assert 0.91 <= covered / 300 <= 0.99
    assert shift.population_stability([0, 0], [1, 2]) is None
