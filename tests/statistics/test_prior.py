"""Precision under another mix of classes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.statistics import Proportion
from auditor.statistics.prior import PrecisionAtPrior


@given(st.integers(1, 300), st.integers(1, 300), st.data())
def test_at_the_prior_of_the_sample_it_is_the_precision_of_the_sample(positives, negatives, data):
    found, alarms = data.draw(st.integers(1, positives)), data.draw(st.integers(0, negatives))
    at_sample = PrecisionAtPrior(
        Proportion(found, positives), Proportion(alarms, negatives), positives / (positives + negatives)
    )
    assert at_sample.value == pytest.approx(found / (found + alarms))
    assert at_sample.lower(0.05) <= at_sample.value <= at_sample.upper(0.05)


def test_it_falls_as_the_class_becomes_rarer():
    values = [PrecisionAtPrior(Proportion(90, 100), Proportion(50, 1000), prior).value for prior in (0.5, 0.1, 0.01)]
    assert values == pytest.approx([0.9 / 0.95, 0.09 / 0.135, 0.009 / 0.0585])


def test_no_false_alarm_does_not_prove_that_there_are_none():
    estimate = PrecisionAtPrior(Proportion(90, 100), Proportion(0, 200), 0.001)
    assert estimate.value == 1
    assert estimate.lower(0.05) < 0.06


def test_undefined_stays_undefined():
    assert PrecisionAtPrior(Proportion(0, 0), Proportion(0, 5), 0.1).value is None
    assert PrecisionAtPrior(Proportion(0, 5), Proportion(0, 5), 0.1).lower(0.05) is None


@pytest.mark.parametrize("prior", [0.01, 0.3])
def test_its_lower_bound_lies_below_the_truth_at_least_as_often_as_it_says(prior):
    draw = np.random.default_rng(0)
    recall, alarms = 0.8, 0.05
    truth = recall * prior / (recall * prior + alarms * (1 - prior))
    samples = zip(draw.binomial(100, recall, 400), draw.binomial(900, alarms, 400), strict=True)
    covered = [
        PrecisionAtPrior(Proportion(int(k), 100), Proportion(int(f), 900), prior).lower(0.05) <= truth
        for k, f in samples
    ]
    assert np.mean(covered) >= 0.95
