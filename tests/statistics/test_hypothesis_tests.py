import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from auditor.statistics import hypothesis_tests as ht

PUBLISHED = [
    0.0001,
    0.0004,
    0.0019,
    0.0095,
    0.0201,
    0.0278,
    0.0298,
    0.0344,
    0.0459,
    0.324,
    0.4262,
    0.5719,
    0.6528,
    0.759,
    1,
]


@given(st.integers(0, 200), st.integers(0, 200), st.floats(0.01, 0.99))
def test_the_binomial_tail_is_exact(k: int, n: int, probability: float) -> None:
    assert ht.binomial_tail(k, n, probability) == pytest.approx(
        stats.binom.sf(k - 1, n, probability), rel=1e-8, abs=1e-300
    )


def test_caret_accuracy_against_the_no_information_rate() -> None:
    assert ht.binomial_tail(285, 344, 0.75) == pytest.approx(0.0003097, abs=5e-8)


def test_mcnemar_on_one_against_seven() -> None:
    assert ht.two_sided(ht.mcnemar_exact(1, 7), ht.mcnemar_exact(7, 1)) == pytest.approx(0.0703, abs=5e-5)
    assert ht.two_sided(ht.mcnemar_mid_p(1, 7), ht.mcnemar_mid_p(7, 1)) == pytest.approx(0.0391, abs=5e-5)


def test_mcnemar_on_the_caret_example_and_on_equals() -> None:
    assert ht.mcnemar_exact(54, 27) == pytest.approx(0.0018, abs=5e-5)
    assert ht.mcnemar_mid_p(24, 24) == pytest.approx(0.5)
    assert ht.mcnemar_mid_p(0, 0) == 0.5


@given(st.integers(0, 100), st.integers(0, 100))
def test_the_two_sides_of_the_mid_p_sum_to_one(n10: int, n01: int) -> None:
    assert ht.mcnemar_mid_p(n10, n01) + ht.mcnemar_mid_p(n01, n10) == pytest.approx(1)
    assert ht.mcnemar_mid_p(n10, n01) <= ht.mcnemar_exact(n10, n01)


def test_a_slice_with_twenty_five_errors() -> None:
    assert float(ht.hypergeometric_mid_p(25, 100, 120, 1000)) == pytest.approx(6.99e-5, abs=5e-8)


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int, int]:
    all_n = draw(st.integers(1, 2000))
    all_k, n = draw(st.integers(0, all_n)), draw(st.integers(0, all_n))
    return draw(st.integers(max(0, n + all_k - all_n), min(n, all_k))), n, all_k, all_n


@given(st.lists(tables(), min_size=1, max_size=5))
def test_hypergeometric_mid_p_equals_scipy(rows: list[tuple[int, int, int, int]]) -> None:
    k, n, all_k, all_n = np.array(rows).T
    law = stats.hypergeom(all_n, all_k, n)
    expected = law.sf(k) + law.pmf(k) / 2
    assert ht.hypergeometric_mid_p(k, n, all_k, all_n) == pytest.approx(expected, rel=1e-7, abs=1e-12)


def test_adjustments_on_the_published_p_values() -> None:
    rejected = [
        int((adjust(PUBLISHED) <= 0.05).sum()) for adjust in (ht.benjamini_hochberg, ht.holm, ht.benjamini_yekutieli)
    ]
    assert rejected == [4, 3, 3]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_false_discovery_adjustments_equal_scipy(p_values: list[float]) -> None:
    assert ht.benjamini_hochberg(p_values) == pytest.approx(stats.false_discovery_control(p_values, method="bh"))
    assert ht.benjamini_yekutieli(p_values) == pytest.approx(stats.false_discovery_control(p_values, method="by"))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.sampled_from([0.01, 0.05, 0.2]))
def test_holm_rejects_step_by_step(p_values: list[float], level: float) -> None:
    steps = np.sort(p_values) * np.arange(len(p_values), 0, -1) <= level
    rejected = len(steps) if steps.all() else int(np.argmin(steps))
    assert int((ht.holm(p_values) <= level).sum()) == rejected
