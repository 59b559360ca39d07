import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.special import expit

from auditor.statistics import bins

Margins = NDArray[np.float32]

finite = arrays(np.float32, st.integers(1, 60), elements=st.floats(-1e6, 1e6, width=32))
any_order = arrays(np.float32, st.integers(1, 60), elements=st.floats(allow_nan=False, width=32))


@given(any_order)
def test_keys_sort_and_tie_as_the_scores_do(scores: Margins) -> None:
    keys = bins.sortable_key(scores).astype(np.int64)
    assert (np.sign(keys[:, None] - keys) == (scores[:, None] > scores).astype(int) - (scores[:, None] < scores)).all()


@given(any_order)
def test_keys_give_the_scores_back(scores: Margins) -> None:
    assert (bins.score_of_key(bins.sortable_key(scores)) == scores).all()


def test_minus_zero_is_zero() -> None:
    zeros = np.array([-0.0, 0.0], np.float32)
    assert len(set(bins.sortable_key(zeros))) == 1
    assert len(set(bins.bin_index(zeros))) == 1


@pytest.mark.parametrize("fine", [True, False])
@given(scores=any_order)
def test_bins_keep_the_order_and_stay_in_range(fine: bool, scores: Margins) -> None:
    index = bins.bin_index(np.sort(scores), fine=fine)
    assert (np.diff(index) >= 0).all()
    assert index.min() >= 0
    assert index.max() < bins.bin_count(fine=fine)


@pytest.mark.parametrize("fine", [True, False])
@given(scores=finite)
def test_a_margin_lies_between_the_edges_of_its_bin(fine: bool, scores: Margins) -> None:
    index = bins.bin_index(scores, fine=fine)
    inside = np.clip(scores, -1024, 1024)
    assert (bins.bin_edge(index, fine=fine) <= inside).all()
    assert (inside <= bins.bin_edge(index + 1, fine=fine)).all()


@given(finite)
def test_the_probability_at_the_centre_is_close(scores: Margins) -> None:
    centre = bins.bin_centre(bins.bin_index(scores))
    assert np.abs(expit(centre) - expit(scores.astype(np.float64))).max() < 1.3e-4


@pytest.mark.parametrize("fine", [True, False])
def test_every_centre_falls_in_its_own_bin(fine: bool) -> None:
    index = np.arange(bins.bin_count(fine=fine))
    assert (bins.bin_index(bins.bin_centre(index, fine=fine).astype(np.float32), fine=fine) == index).all()


def test_the_numbers_of_bins_and_the_edge_at_one_half() -> None:
    assert (bins.FINE_BINS, bins.COARSE_BINS) == (22_528, 2_816)
    assert bins.bin_edge(np.array([11_264])) == 0
    assert bins.bin_edge(np.array([0, 22_528])).tolist() == [-1024, 1024]


def test_infinite_margins_fall_in_the_end_bins() -> None:
    assert bins.bin_index(np.array([-np.inf, np.inf], np.float32)).tolist() == [0, 22_527]


@pytest.mark.parametrize("function", [bins.bin_index, bins.sortable_key])
def test_nan_does_not_pass(function: object) -> None:
    assert callable(function)
    with pytest.raises(ValueError, match="1 of 2 scores are NaN"):
        function(np.array([np.nan, 1.0], np.float32))


@given(
    arrays(np.int64, st.integers(1, 80), elements=st.integers(0, 30)).filter(lambda mass: mass.sum() > 0),
    st.integers(1, 20),
)
def test_equal_mass_groups_are_non_empty_runs_that_cover_all(mass: NDArray[np.int64], groups: int) -> None:
    starts = bins.equal_mass_groups(mass, groups)
    merged = np.add.reduceat(mass, starts)
    assert starts[0] == 0
    assert len(starts) <= groups
    assert (merged > 0).all()
    assert merged.sum() == mass.sum()


def test_equal_mass_groups_of_even_mass_are_even() -> None:
    assert np.add.reduceat(np.ones(1500), bins.equal_mass_groups(np.ones(1500), 15)).tolist() == [100] * 15
