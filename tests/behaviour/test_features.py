"""How features are spread, and what may have been done to them."""

import numpy as np
import pytest

from auditor.batches import Batch
from auditor.behaviour.features import by_feature, channel_axis, compared_features
from auditor.behaviour.treatments import disturbed, treatments
from auditor.statistics import generator
from tests.behaviour.making import split

DRAW = np.random.default_rng(0)


def batch(features):
    return Batch(np.zeros(len(features), np.int64), np.arange(len(features), dtype=np.uint64), features)


def compared(test, train):
    return compared_features(split("test", test, np.zeros(len(test), np.int64), 2), batch(test), batch(train))


def test_means_deviations_and_extremes_are_those_of_the_finite_values():
    train = np.array([[1, np.nan], [3, np.nan], [5, np.inf]], np.float32)
    test = np.array([[0, 1], [6, 2], [np.nan, 3], [4, 4]], np.float32)
    found = compared(test, train)
    assert (found.train.mean[0], found.train.deviation[0]) == (3, pytest.approx(np.sqrt(8 / 3)))
    assert (found.train.low[0], found.train.high[0]) == (1, 5)
    assert np.isnan([found.train.mean[1], found.train.low[1], found.train.high[1]]).all()
    assert found.train.finite.tolist() == [3, 0]
    assert found.outside.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("shape", "axis"),
    [((5, 3, 8, 8), 1), ((5, 8, 8, 3), 3), ((5, 1, 8, 8), 1), ((5, 8, 8), None), ((5, 8, 8, 7), None), ((5, 3), None)],
)
def test_channels_are_found_by_their_number(shape, axis):
    assert channel_axis(np.zeros(shape, np.float32)) == axis


def test_a_channel_is_one_feature_wherever_it_stands():
    pictures = DRAW.random((5, 3, 8, 8)).astype(np.float32)
    first, last = by_feature(pictures), by_feature(np.moveaxis(pictures, 1, -1))
    np.testing.assert_array_equal(first, last)
    np.testing.assert_allclose(first.mean(axis=0), pictures.mean(axis=(0, 2, 3)), rtol=1e-6)


def test_noise_is_a_hundredth_of_a_deviation_and_spares_whole_numbers_and_gaps():
    features = np.stack([50 * DRAW.normal(size=4000), np.arange(4000) % 7, DRAW.random(4000)], axis=1)
    features = features.astype(np.float32)
    features[0, 2] = np.nan
    noise = disturbed(features, generator("test")) - features
    assert noise[:, 0].std() == pytest.approx(0.5, rel=0.1)
    assert (noise[:, 1] == 0).all()
    assert np.isnan(noise[0, 2])


def test_grey_levels_stay_whole_numbers_of_eight_bits():
    pictures = DRAW.integers(0, 256, (20, 6, 6)).astype(np.uint8)
    noisy = disturbed(pictures, generator("test"))
    assert noisy.dtype == np.uint8
    assert np.abs(noisy.astype(int) - pictures).max() == 1


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        (
            DRAW.random((4, 3, 8, 8)),
            ["multiplied by 255", "with its channels in reverse order", "with the mean and std of ImageNet"],
        ),
        (255 * DRAW.random((4, 8, 8)), ["divided by 255"]),
        (DRAW.normal(size=(4, 8, 8)), []),
        (255 * DRAW.random((4, 784)), ["divided by 255"]),
        (255 * DRAW.random((4, 5)), []),
        (1000 * DRAW.random((4, 8, 8)), []),
    ],
)
def test_only_treatments_that_suit_the_values_are_tried(features, expected):
    assert list(treatments(features.astype(np.float32), None)) == expected


def test_whole_numbers_of_64_bits_may_be_codes_and_are_left_alone():
    codes = DRAW.integers(0, 255, (4, 100))
    assert treatments(codes, None) == {}
    assert disturbed(codes, generator("test")) is None


def test_standardised_columns_have_mean_0_and_deviation_1():
    train = (7 * DRAW.normal(size=(500, 3)) + 40).astype(np.float32)
    train[:, 2] = 4
    known = compared(train, train)
    scaled = treatments(train, known)["standardised by the means and deviations of train"](train)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=0), [1, 1, 0], atol=1e-5)
