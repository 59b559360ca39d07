from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from auditor.states import Losses, Task
from auditor.states.fixed_point import BITS, ROWS_AT_ONCE, FixedPointSum

Values = NDArray[np.float64]

values = arrays(np.float64, st.integers(1, 60), elements=st.floats(-1024, 1024) | st.floats(-1e-9, 1e-9))
beyond = arrays(np.float64, st.integers(1, 60), elements=st.floats(allow_nan=False))


def exact(summed: FixedPointSum, column: int = 0) -> Fraction:
    return Fraction(summed.totals[column], 2**BITS)


def sum_of(*parts: Values) -> FixedPointSum:
    summed = FixedPointSum(1)
    for part in parts:
        summed.add(part)
    return summed


@given(beyond, st.integers(0, 2**32))
def test_neither_order_nor_cut_nor_merging_changes_the_sum(all_values: Values, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(all_values)
    parts = np.split(shuffled, np.sort(rng.integers(0, len(shuffled) + 1, 3)))
    merged = sum_of(*parts[2:])
    merged.merge(sum_of(*parts[:2]))
    assert merged == sum_of(all_values)


@given(values)
def test_each_value_is_off_by_half_a_step_at_most(some: Values) -> None:
    wanted = sum(map(Fraction, some.tolist()), Fraction(0))
    assert abs(exact(sum_of(some)) - wanted) <= len(some) * Fraction(1, 2**53)


@given(beyond)
def test_what_lies_beyond_the_cap_is_cut_and_counted(some: Values) -> None:
    summed = sum_of(some)
    assert summed.clipped == sum(abs(value) > 1024 for value in some.tolist())
    wanted = sum((Fraction(max(-1024.0, min(1024.0, value))) for value in some.tolist()), Fraction(0))
    assert abs(exact(summed) - wanted) <= len(some) * Fraction(1, 2**53)


@given(values, st.integers(0, 2**32))
def test_groups_are_summed_apart(some: Values, seed: int) -> None:
    groups = np.random.default_rng(seed).integers(0, 3, len(some))
    summed = FixedPointSum(3)
    summed.add(some, groups)
    assert summed.totals == [sum_of(some[groups == column]).totals[0] for column in range(3)]


@pytest.mark.parametrize("name", ["log_loss", "log_loss_squared", "brier_score", "brier_score_squared"])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("grouped", [False, True])
def test_a_batch_of_the_largest_values_does_not_overflow(name: str, sign: int, grouped: bool) -> None:
    used = Losses(Task(("a", "b")))._sums[name]
    rows = ROWS_AT_ONCE + 1
    summed = FixedPointSum(1, used.cap)
    summed.add(np.full(rows, sign * used.cap), np.zeros(rows, np.int64) if grouped else None)
    assert exact(summed) == sign * rows * Fraction(used.cap)
    assert summed.clipped == 0


def test_totals_pass_what_64_bits_hold() -> None:
    summed = sum_of(*[np.full(2**20, 1024.0)] * 5)
    assert summed.totals[0] > 2**63
    assert summed.values == (5 * 2.0**30,)


def test_nan_and_a_cap_that_could_overflow_are_refused() -> None:
    with pytest.raises(ValueError, match="NaN cannot be summed"):
        sum_of(np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match="at most"):
        FixedPointSum(1, 2.0**33)
