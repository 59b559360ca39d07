"""Log loss at a grid of temperatures, on a sample that depends on the keys of the rows alone."""

from unittest.mock import patch

import numpy as np
import pytest
from scipy.special import log_softmax

from auditor.batches import Batch, OutputKind, Scores
from auditor.states import Losses, Task, TemperatureLosses, Temperatures
from auditor.states.temperatures import MOST_ROWS
from auditor.statistics import TEMPERATURES, fit_temperature
from tests.states.generating import measured

FOUR = Task(tuple("abcd"))


def drawn(n, temperature=1.0, kind=OutputKind.LOGITS, task=FOUR, seed=0) -> Batch:
    """Rows whose logits are `temperature` times too large."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 2, (n, task.n_classes))
    labels = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    z = temperature * z
    outputs = {OutputKind.LOGITS: z, OutputKind.SIGMOID: 1 / (1 + np.exp(-z))}.get(kind, np.exp(log_softmax(z, axis=1)))
    return Batch(labels, np.arange(n, dtype=np.uint64), None, Scores(outputs, kind))


def summed(*batches: Batch, task=FOUR) -> TemperatureLosses:
    found: TemperatureLosses = measured(Temperatures(task), *batches)
    return found


@pytest.mark.parametrize("kind", [OutputKind.LOGITS, OutputKind.PROBABILITIES])
def test_the_sums_are_the_log_losses_of_the_scaled_logits(kind):
    batch = drawn(300, kind=kind)
    assert batch.scores is not None
    found = summed(batch)
    for place, t in enumerate(TEMPERATURES):
        expected = -log_softmax(batch.scores.log_probabilities / t, axis=1)[np.arange(300), batch.labels].sum()
        assert found.losses.sum(axis=0)[place] == pytest.approx(expected, rel=1e-9)
    assert found.losses.sum(axis=0)[12] == pytest.approx(measured(Losses(FOUR), batch).log_loss, rel=1e-9)
    assert found.rows.sum() == found.n == 300


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_temperature_of_four_classes_is_found(temperature):
    found = summed(drawn(20_000, temperature))
    fit = fit_temperature(found.losses, found.rows)
    assert fit is not None
    assert fit.temperature == pytest.approx(temperature, rel=0.04)


def test_beyond_its_limit_the_sample_has_rows_of_both_halves():
    with patch("auditor.states.temperatures.MOST_ROWS", 1000):
        found = summed(*(drawn(5000, seed=seed) for seed in range(3)))
    assert (found.n, int(found.rows.sum())) == (15_000, 1000)
    assert found.rows.min() > 400


def test_the_sample_does_not_depend_on_the_outcome_and_estimates_the_whole():
    batch = drawn(30_000)
    assert MOST_ROWS < 30_000
    found = summed(batch)
    mean = found.losses.sum(axis=0)[12] / found.rows.sum()
    assert mean == pytest.approx(measured(Losses(FOUR), batch).log_loss / 30_000, rel=0.02)


def test_many_classes_are_sampled_by_fewer_rows():
    many = Task(tuple(map(str, range(2**11))))
    found = summed(drawn(2**11, task=many), task=many)
    assert int(found.rows.sum()) == 2**10


def test_separate_sigmoids_and_two_classes_are_left_out():
    assert summed(drawn(50, kind=OutputKind.SIGMOID)).rows.sum() == 0
    two = Task(("a", "b"), 1)
    assert summed(drawn(50, task=two), task=two).rows.sum() == 0


def test_a_probability_of_zero_for_what_happened_costs_what_it_costs_in_the_log_loss():
    batch = Batch(np.array([1]), np.zeros(1, np.uint64), None, Scores(np.eye(4)[[0]], OutputKind.PROBABILITIES))
    found = summed(batch)
    assert found.losses.sum(axis=0) == pytest.approx(np.full(len(TEMPERATURES), 36.04), abs=0.01)
