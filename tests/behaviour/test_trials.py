"""The model is tried on a few rows: what is seen, and that nothing is left behind."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from auditor.batches import OutputKind
from auditor.behaviour.sampling import MOST_ROWS
from auditor.behaviour.trials import _amount
from tests.behaviour.making import blobs, loaded, nearest, observed, splits

TEST = blobs(400)


class Module(nn.Module):
    """A module of one function of its linear layer's answer."""

    def __init__(self, then) -> None:
        super().__init__()
        self.layer, self.then = nearest(), then

    def forward(self, features: Tensor) -> Tensor:
        return self.then(self, features)


def seen(module, *, evaluating=True, test=TEST, train=None, **settings):
    return observed(loaded(module, evaluating=evaluating), test, train, classes=3, **settings)


def test_a_linear_model_gives_the_same_outputs_however_its_rows_are_run():
    found = seen(nearest())
    assert max(run.largest for run in (found.repeated, found.shuffled, found.alone)) < 1e-6
    assert (found.repeated.flips, found.shuffled.flips, found.alone.flips) == (0, 0, 0)
    assert (found.n, found.distinct, found.alone.n) == (256, 256, 16)
    assert (found.training_parts, found.changed_buffers) == ((), ())


def test_dropout_left_on_gives_other_outputs_the_second_time():
    found = seen(nn.Sequential(nn.Dropout(0.1), nearest()), evaluating=False)
    assert found.repeated.largest > 0.1
    assert "Dropout" in " ".join(found.training_parts)


def test_batch_normalisation_by_the_batch_differs_alone_and_writes_to_its_buffers():
    module = nn.Sequential(nn.BatchNorm1d(6), nearest())
    found = seen(module, evaluating=False)
    assert found.repeated.largest < 1e-3
    assert found.alone.largest > 0.1
    assert found.changed_buffers == ("0.running_mean", "0.running_var", "0.num_batches_tracked")


def test_what_the_model_wrote_into_itself_is_put_back():
    module = nn.Sequential(nn.BatchNorm1d(6), nearest())
    before = {name: value.clone() for name, value in module.state_dict().items()}
    seen(module, evaluating=False)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_a_buffer_that_is_replaced_is_seen_and_put_back():
    def counting(self, features):
        self.calls = self.calls + 1
        return self.layer(features)

    module = Module(counting)
    module.register_buffer("calls", torch.zeros(()))
    assert seen(module).changed_buffers == ("calls",)
    assert module.calls == 0


def test_a_mean_over_the_rows_is_seen_alone_but_not_when_repeated():
    found = seen(Module(lambda self, x: self.layer(x) - self.layer(x).mean(dim=0)))
    assert found.repeated.largest == 0
    assert found.alone.largest > 0.1


def test_a_running_position_is_seen_in_another_order():
    found = seen(Module(lambda self, x: self.layer(x) + torch.arange(len(x))[:, None] * torch.eye(3)[0]))
    assert found.shuffled.flips > 0


def test_outputs_that_cease_to_be_numbers_are_an_endless_change():
    calls = iter([1.0, float("nan")] + [1.0] * 1000)
    assert seen(Module(lambda self, x: self.layer(x) * next(calls))).repeated.largest == np.inf


def test_a_row_that_is_never_a_number_has_not_changed():
    features = TEST[0].copy()
    features[:, 0] = np.nan
    found = seen(nearest(), test=(features, TEST[1]))
    assert found.repeated.largest == 0
    assert found.spread == 0


def test_minus_infinity_as_a_log_probability_has_not_changed():
    def sure(self, features):
        return torch.where(self.layer(features) > 0, self.layer(features), -torch.inf)

    assert seen(Module(sure), kind=OutputKind.LOG_PROBABILITIES).repeated.largest == 0


def test_outputs_that_ignore_the_inputs_have_no_spread():
    found = seen(Module(lambda self, x: self.layer.bias.expand(len(x), 3)))
    assert found.spread == 0
    assert all(run.largest == 0 for run in found.without.values())


def test_a_column_without_weight_changes_nothing_when_it_is_shuffled():
    layer = nearest()
    with torch.no_grad():
        layer.weight[:, 2] = 0
    without = seen(layer).without
    assert [name for name, run in without.items() if run.largest == 0] == ["column 2"]


def test_a_column_of_one_value_is_not_shuffled():
    features = TEST[0].copy()
    features[:, 1] = 4.0
    assert "column 1" not in seen(nearest(), test=(features, TEST[1])).without


def test_noise_flips_hardly_a_row_of_a_smooth_model_and_many_of_a_rough_one():
    smooth = seen(nearest()).disturbed
    rough = seen(Module(lambda self, x: self.layer(torch.sin(1000 * x)))).disturbed
    assert smooth.flips <= 2
    assert rough.flips > 100


def test_whole_numbers_are_not_disturbed():
    assert seen(nearest(), test=(TEST[0].round(), TEST[1])).disturbed is None


def test_a_model_of_standardised_rows_is_right_on_them():
    features, labels = blobs(3000, seed=1)
    mean, deviation = torch.from_numpy(features.mean(axis=0)), torch.from_numpy(features.std(axis=0))
    module = Module(lambda self, x: self.layer(x * deviation + mean))
    found = seen(module, test=(TEST[0] + 1000, TEST[1]), train=(features + 1000, labels))
    run = found.treated["standardised by the means and deviations of train"]
    assert run.right_treated > 0.9 * run.n
    assert run.right_treated - run.right == run.only_treated - run.only_given
    assert run.balanced_gain > 0.2


def test_features_of_train_and_test_stand_side_by_side():
    features, labels = blobs(600, seed=1)
    test = TEST[0].copy()
    test[:5, 0] = 1000
    found = seen(nearest(), test=(test, TEST[1]), train=(features, labels)).features
    assert (found.test.n, found.train.n, found.is_table) == (400, 600, True)
    np.testing.assert_allclose(found.train.mean, features.astype(float).mean(axis=0))
    np.testing.assert_allclose(found.train.deviation, features.astype(float).std(axis=0))
    assert found.outside[0] == ((test[:, 0] < features[:, 0].min()) | (test[:, 0] > features[:, 0].max())).sum() >= 5


@pytest.mark.parametrize(("rows", "tried"), [(100, 256), (25_600, 256), (100_000, 1000), (10**7, MOST_ROWS)])
def test_one_row_in_a_hundred_is_tried_but_no_fewer_and_no_more_than_tells(rows, tried):
    given = splits((np.zeros((1, 2), np.float32), np.zeros(1, np.int64)), classes=2)
    assert _amount(replace(given, test=replace(given.test, n_rows=rows))) == tried
