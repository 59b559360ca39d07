"""Rows that reach the model otherwise than in training."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from auditor import Confidence, Direction, Severity, Status
from auditor.statistics import Proportion
from auditor.testing import compute, measured, rows
from tests.behaviour.making import blobs, loaded, measurements, nearest

FEATURES, LABELS = blobs(400)
TRAIN, TRAIN_LABELS = blobs(3000, seed=1)


class Scaled(nn.Module):
    """A model that saw standardised rows in training."""

    def __init__(self, mean, deviation):
        super().__init__()
        self.layer, self.mean, self.deviation = nearest(), mean, deviation

    def forward(self, features):
        return self.layer(features * self.deviation + self.mean)


class Pictures(nn.Module):
    """Class 1 where red outweighs blue by more than 30 of 255 grey levels; rows are (3, 4, 4) in 0 to 1."""

    levels = 30

    def forward(self, pictures):
        reds = (pictures[:, 0] - pictures[:, 2]).mean(dim=(1, 2)) - self.levels / 255
        return torch.stack([-50 * reds, 50 * reds], dim=1)


class Prepared(Pictures):
    """Class 1 where it is more than 51 levels; rows are as ImageNet's mean and std, or others, leave them."""

    levels = 51

    def __init__(self, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)):
        super().__init__()
        self.mean, self.std = (torch.tensor(value).reshape(3, 1, 1) for value in (mean, std))

    def forward(self, pictures):
        return super().forward(pictures * self.std + self.mean)


def pictures(n, seed=0):
    """Pictures, in 0 to 1, whose red channel is bright, more so in class 1."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 2, n)
    level = np.array([[0.5, 0.4, 0.45], [0.7, 0.4, 0.3]])[labels]
    noise = draw.normal(0, 0.05, (n, 3, 4, 4))
    return np.clip(level[:, :, None, None] + noise, 0, 1).astype(np.float32), labels


def asked(checks, module, test, train=None, classes=3):
    return compute(checks["preprocessing"], measurements(loaded(module), test, train, classes=classes))


@pytest.mark.parametrize(
    ("cut", "status", "severity"),
    [(2, Status.PASS, Severity.INFO), (40, Status.FAIL, Severity.MINOR), (380, Status.FAIL, Severity.MAJOR)],
)
def test_texts_of_which_the_model_sees_the_beginning_alone_are_told(checks, cut, status, severity):
    m = measurements(loaded(nearest()), (FEATURES, LABELS), classes=3)
    behaviour = replace(m.behaviour, cut=Proportion(cut, 400), features=None)
    (finding,) = compute(checks["preprocessing"], replace(m, probe=replace(m.probe, behaviour=behaviour)))
    assert (finding.status, finding.severity) == (status, severity)
    assert f"{cut / 400:.1%} of 400 test texts (" in finding.message


def test_rows_of_one_source_pass_with_their_numbers(checks):
    (finding,) = asked(checks, nearest(), (FEATURES, LABELS), (TRAIN, TRAIN_LABELS))
    assert finding.status is Status.PASS
    assert "The 6 features of 400 rows of test lie where those of 3,000 rows of train do" in finding.message
    assert "of 256 rows are right as they are" in finding.message


def test_without_train_a_table_cannot_be_asked(checks):
    (finding,) = asked(checks, nearest(), (FEATURES, LABELS))
    assert finding.status is Status.SKIP


def test_without_a_model_there_is_nothing_to_ask(checks):
    (finding,) = compute(checks["preprocessing"], measured(rows([0, 1], predicted=[0, 1]), class_names=["a", "b"]))
    assert (finding.status, finding.message) == (Status.SKIP, "No model was run.")


def test_a_forgotten_standardisation_is_confirmed_on_the_model(checks):
    mean, deviation = torch.from_numpy(TRAIN.mean(axis=0)), torch.from_numpy(TRAIN.std(axis=0))
    test, train = (FEATURES + 1000, LABELS), (TRAIN + 1000, TRAIN_LABELS)
    (finding,) = asked(checks, Scaled(mean, deviation), test, train)
    assert (finding.severity, finding.confidence) == (Severity.BLOCKER, Confidence.CONFIRMED)
    assert (finding.validity, finding.direction) == (True, Direction.DEFLATES)
    assert "standardised by the means and deviations of train (100%" in finding.message


def test_pictures_in_grey_levels_are_told_by_the_model_and_by_train(checks):
    test, train = pictures(300), pictures(600, seed=1)
    raw = (test[0] * 255, test[1])
    forgotten, suspected = asked(checks, Pictures(), raw, train, classes=2)
    assert "divided by 255" in forgotten.message
    assert suspected.confidence is Confidence.SUSPECTED
    assert "the deviations of test are about 255 times those of train" in suspected.message


def test_a_forgotten_mean_and_std_is_told_by_its_name_and_where_to_state_it(checks):
    (finding,) = asked(checks, Prepared(), pictures(300), classes=2)
    assert (finding.severity, finding.confidence) == (Severity.BLOCKER, Confidence.CONFIRMED)
    assert "with the mean and std of ImageNet" in finding.message
    assert "prepare the test data so (for images: mean and std under [image])" in finding.remedy


def test_a_mean_and_std_of_its_own_is_found_where_train_tells_them(checks):
    test, train = pictures(300), pictures(600, seed=1)
    mean, std = (tuple(map(float, of(train[0], axis=(0, 2, 3)))) for of in (np.mean, np.std))
    (finding,) = asked(checks, Prepared(mean, std), test, train, classes=2)
    assert "standardised by the means and deviations of train" in finding.message


def test_pictures_that_are_prepared_pass(checks):
    test, train = pictures(300), pictures(600, seed=1)
    scaled = [((x - x.mean((0, 2, 3), keepdims=True)) / x.std((0, 2, 3), keepdims=True), y) for x, y in (train, test)]
    mean, std = (tuple(map(float, of(train[0], axis=(0, 2, 3)))) for of in (np.mean, np.std))
    (finding,) = asked(checks, Prepared(mean, std), scaled[1], scaled[0], classes=2)
    assert finding.status is Status.PASS


def test_channels_in_reverse_order_are_told_by_the_model_and_by_train(checks):
    test, train = pictures(300), pictures(600, seed=1)
    turned = (np.flip(test[0], 1).copy(), test[1])
    findings = asked(checks, Pictures(), turned, train, classes=2)
    assert any("with its channels in reverse order" in finding.message for finding in findings)
    assert any("they fit in reverse order" in finding.message for finding in findings)


def test_pictures_as_in_training_pass(checks):
    (finding,) = asked(checks, Pictures(), pictures(300), pictures(600, seed=1), classes=2)
    assert finding.status is Status.PASS


def test_standardised_rows_beside_raw_ones_are_suspected(checks):
    raw = (TRAIN + 100, TRAIN_LABELS)
    standard = ((FEATURES - FEATURES.mean(axis=0)) / FEATURES.std(axis=0), LABELS)
    findings = asked(checks, nearest(), standard, raw)
    assert any("test looks standardised, train does not" in finding.message for finding in findings)


def test_one_shifted_feature_of_six_is_no_other_preparation(checks):
    features = FEATURES.copy()
    features[:, 0] += 1
    (finding,) = asked(checks, nearest(), (features, LABELS), (TRAIN, TRAIN_LABELS))
    assert finding.status is Status.PASS


def test_a_column_beyond_train_is_minor_with_its_count(checks):
    features = FEATURES.copy()
    features[:40, 3] = 1e6
    (finding,) = asked(checks, nearest(), (features, LABELS), (TRAIN, TRAIN_LABELS))
    assert finding.severity is Severity.MINOR
    assert "column 3 (41 of 400)" in finding.message


def test_rare_columns_that_are_absent_from_a_small_test_file_are_no_shift(checks):
    draw = np.random.default_rng(2)
    rare = (draw.random((3000, 6)) < 0.002).astype(np.float32)
    findings = asked(checks, nearest(), (np.zeros((40, 6), np.float32), LABELS[:40]), (rare, TRAIN_LABELS))
    assert all(finding.status is Status.PASS for finding in findings)
