"""How far apart rows lie, copies apart: near the median nearest distance without copies, and far from it with them."""

import numpy as np
import pytest
from scipy.spatial import KDTree

from auditor.statistics.spacing import FARTHEST_RANK, Spacing, spacing


def of_table(values):
    values = np.unique(np.asarray(values, np.float64), axis=0)
    distances = KDTree(values).query(values, k=min(FARTHEST_RANK, len(values) - 1) + 1)[0][:, 1:]
    return spacing(distances, distances, values.shape[1])


def drawn(n, columns, seed=0):
    return np.random.default_rng(seed).normal(size=(n, columns))


def multiplied(n, columns, times, noise):
    return np.repeat(drawn(n, columns), times, axis=0) + noise * drawn(n * times, columns, 1)


@pytest.mark.parametrize("columns", [3, 5, 10, 20])
@pytest.mark.parametrize("n", [200, 2000])
def test_without_copies_it_is_the_median_distance_to_the_nearest(n, columns):
    space = of_table(drawn(n, columns))
    assert space.nearest <= space.usual <= 1.1 * space.nearest
    assert space.part(0.13) == 0.13


@pytest.mark.parametrize("times", [2, 5, 10, 20])
@pytest.mark.parametrize("columns", [4, 10])
def test_copies_do_not_set_it(times, columns):
    single, many = of_table(drawn(500, columns)), of_table(multiplied(500, columns, times, 0.005))
    assert many.nearest < 0.2 * single.usual
    # The rows are more, and so lie a little nearer to each other than the first ones did; in clumps, which tells on ranks.
    assert 0.35 * single.usual * times ** (-1 / columns) <= many.usual <= 1.2 * single.usual
    assert many.part(0.13) * many.usual > 1.5 * many.nearest


def test_the_distances_about_each_row_are_on_the_same_scale():
    values = drawn(3000, 6)
    space = of_table(values)
    distances = KDTree(values).query(values, k=[space.rank + 1])[0]
    assert np.median(space.factor * distances) == pytest.approx(space.usual)


@pytest.mark.parametrize(("n", "rank"), [(2, 1), (20, 1), (21, 10), (64, 10), (65, 32)])
def test_small_tables_are_told_by_nearer_rows(n, rank):
    assert of_table(drawn(n, 5)).rank == rank


def test_one_or_two_fine_columns_leave_it_to_the_nearest():
    for values in (drawn(500, 1), drawn(500, 2), multiplied(500, 2, 5, 0.001)):
        space = of_table(values)
        assert (space.usual, space.rank, space.factor) == (space.nearest, 1, 1.0)


def test_the_fine_columns_tell_how_far_rows_lie_apart_and_all_of_them_what_is_usual_about_a_row():
    values = np.c_[drawn(2000, 4), 3 * np.random.default_rng(2).integers(0, 4, (2000, 2))]
    far, by_fine = (KDTree(part).query(part, k=FARTHEST_RANK + 1)[0][:, 1:] for part in (values, values[:, :4]))
    space, fine = spacing(far, by_fine, 4), of_table(values[:, :4])
    assert space.usual == max(np.median(far[:, 0]), fine.usual)
    assert space.factor == pytest.approx(space.usual / np.median(far[:, 31]))


def test_what_is_near_lies_between_the_distances_within_groups_and_between_them():
    assert Spacing(0.55, 1.0).part(0.13) == 0.13
    assert Spacing(0.25, 1.0).part(0.13) == 0.5
    assert Spacing(0.25, 1.0).part(0.6) == 0.6
    assert Spacing(1e-6, 1.0).part(0.13) == 0.13
    assert Spacing(0.0, 0.0).part(0.13) == 0.13
