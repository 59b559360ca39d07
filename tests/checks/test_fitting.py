"""Scaling learnt from the test rows leaves a trace in the moments; honest scaling, raw columns and grey levels leave none."""

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from auditor import Confidence, Direction, Severity, Status
from auditor.states import ColumnTotals, FeatureSample
from auditor.testing import compute, measured, rows

N_TRAIN, N_TEST = 3000, 800


def drawn(n, seed, columns=8):
    random = np.random.default_rng(seed)
    spread = np.geomspace(0.1, 50, columns)
    return random.normal(3, 1, (n, columns)) * spread + random.normal(size=(n, 1))


def batch(features):
    labels = np.arange(len(features)) % 2
    return rows(labels, predicted=labels, features=features.astype(np.float32))


def judged(check, train, test, validation=None, **limits):
    splits = {"train": batch(train), "validation": None if validation is None else batch(validation)}
    m = measured(batch(test), class_names=["a", "b"], states=[ColumnTotals, FeatureSample], **splits)
    (finding,) = compute(check, m, limits=limits)
    return finding


def scaled(scaler, *parts, fitted_on):
    scaler.fit(np.concatenate(fitted_on))
    return [scaler.transform(part) for part in parts]


TRAIN, TEST, VALIDATION = drawn(N_TRAIN, 1), drawn(N_TEST, 2), drawn(500, 3)


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler(), PCA(whiten=True)], ids=["z", "range", "whitened"])
def test_scaling_fitted_on_train_and_test_is_confirmed(checks, scaler):
    finding = judged(checks["fitted-on-everything"], *scaled(scaler, TRAIN, TEST, fitted_on=(TRAIN, TEST)))
    assert (finding.status, finding.confidence) == (Status.FAIL, Confidence.CONFIRMED)
    assert finding.direction is Direction.FLATTERS
    assert "8 of 8 columns of many values have" in finding.message
    assert "over train and test together, and not over train" in finding.message


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler(), PCA(whiten=True)], ids=["z", "range", "whitened"])
def test_scaling_fitted_on_train_alone_is_a_pass(checks, scaler):
    assert (
        judged(checks["fitted-on-everything"], *scaled(scaler, TRAIN, TEST, fitted_on=(TRAIN,))).status is Status.PASS
    )


def test_whitening_fitted_on_train_and_test_is_named(checks):
    finding = judged(checks["fitted-on-everything"], *scaled(PCA(whiten=True), TRAIN, TEST, fitted_on=(TRAIN, TEST)))
    assert "mean 0 and deviation 1 and no correlation with each other over train and test together" in finding.message
    z = judged(checks["fitted-on-everything"], *scaled(StandardScaler(), TRAIN, TEST, fitted_on=(TRAIN, TEST)))
    assert "no correlation" not in z.message


@pytest.mark.parametrize("axes", [PCA(), PCA(3), PCA(svd_solver="full")], ids=["all", "three", "full"])
def test_axes_fitted_on_train_and_test_are_confirmed_and_those_of_train_a_pass(checks, axes):
    finding = judged(checks["fitted-on-everything"], *scaled(axes, TRAIN, TEST, fitted_on=(TRAIN, TEST)))
    assert (finding.status, finding.severity, finding.confidence) == (Status.FAIL, Severity.MINOR, Confidence.CONFIRMED)
    columns = axes.n_components_
    assert finding.message.startswith(
        f"{columns} of {columns} columns of many values have mean 0 and no correlation with each other over train and test "
        "together, and not over train: their axes were learnt, as principal components are, with the test rows in hand. "
        "By train alone means would lie up to 0.0"
    )
    honest = judged(checks["fitted-on-everything"], *scaled(axes, TRAIN, TEST, fitted_on=(TRAIN,)))
    assert honest.status is Status.PASS


def test_axes_are_found_beside_other_columns_in_single_precision_and_beyond_what_totals_hold(checks):
    check = checks["fitted-on-everything"]
    z = scaled(PCA(), TRAIN, TEST, fitted_on=(TRAIN, TEST))
    beside = (np.hstack([part, raw, raw[:, :1] * np.nan]) for part, raw in zip(z, (TRAIN, TEST), strict=True))
    assert "8 of 16 columns" in judged(check, *beside).message
    single = [part.astype(np.float32) for part in (TRAIN, TEST)]
    assert judged(check, *scaled(PCA(), *single, fitted_on=single)).status is Status.FAIL
    assert judged(check, *(1000 * part for part in z)).status is Status.FAIL


def test_blanks_in_every_column_hide_axes_and_not_the_scale(checks):
    parts = [np.where(np.random.default_rng(4).random(part.shape) < 0.1, np.nan, part) for part in (TRAIN, TEST)]
    finding = judged(checks["fitted-on-everything"], *scaled(StandardScaler(), *parts, fitted_on=parts))
    assert "8 of 8 columns of many values have mean 0 and deviation 1 over train and test together" in finding.message


def test_of_columns_that_others_are_sums_of_only_the_axes_that_vary_count(checks):
    parts = [np.hstack([part, part[:, :3] + part[:, 3:6]]) for part in (TRAIN, TEST)]
    assert "8 of 11 columns" in judged(checks["fitted-on-everything"], *scaled(PCA(), *parts, fitted_on=parts)).message


def test_axes_of_each_split_by_itself_and_centres_of_all_rows_are_no_such_trace(checks):
    each = (PCA().fit_transform(part) for part in (TRAIN, TEST))
    assert judged(checks["fitted-on-everything"], *each).status is Status.PASS
    centred = scaled(StandardScaler(with_std=False), TRAIN, TEST, fitted_on=(TRAIN, TEST))
    assert judged(checks["fitted-on-everything"], *centred).status is Status.PASS


def test_validation_may_be_among_the_rows_whose_axes_were_learnt(checks):
    parts = scaled(PCA(), TRAIN, TEST, VALIDATION, fitted_on=(TRAIN, TEST, VALIDATION))
    finding = judged(checks["fitted-on-everything"], *parts)
    assert "no correlation with each other over train, validation and test together" in finding.message
    honest = scaled(PCA(), TRAIN, TEST, VALIDATION, fitted_on=(TRAIN, VALIDATION))
    assert judged(checks["fitted-on-everything"], *honest).status is Status.PASS


def test_axes_of_rows_that_a_sample_leaves_out_are_not_looked_for(checks):
    with patch("auditor.states.feature_sample.MOST_ROWS", 2000):
        parts = scaled(PCA(), TRAIN, TEST, fitted_on=(TRAIN, TEST))
        assert judged(checks["fitted-on-everything"], *parts).status is Status.PASS


def test_columns_as_they_come_are_a_pass_and_so_are_those_that_validation_was_scaled_with(checks):
    assert judged(checks["fitted-on-everything"], TRAIN, TEST).status is Status.PASS
    parts = scaled(StandardScaler(), TRAIN, TEST, VALIDATION, fitted_on=(TRAIN, VALIDATION))
    assert judged(checks["fitted-on-everything"], *parts).status is Status.PASS


def test_ends_that_validation_has_and_test_was_cut_to_are_no_trace(checks):
    middle = TEST.mean(axis=0)
    test = np.concatenate([(TEST + middle) / 2, [middle + 1e4, middle - 1e4]])
    fitted_on = (TRAIN[:900], VALIDATION)
    parts = scaled(MinMaxScaler(clip=True), TRAIN[:900], test, VALIDATION, fitted_on=fitted_on)
    assert judged(checks["fitted-on-everything"], *parts).status is Status.PASS


def test_validation_may_be_among_the_rows_that_were_scaled_together(checks):
    parts = scaled(StandardScaler(), TRAIN, TEST, VALIDATION, fitted_on=(TRAIN, TEST, VALIDATION))
    finding = judged(checks["fitted-on-everything"], *parts)
    assert "over train, validation and test together" in finding.message


def test_deviations_by_n_less_one_and_values_of_six_digits_are_known(checks):
    both = np.concatenate([TRAIN, TEST])
    z = np.round((both - both.mean(axis=0)) / both.std(axis=0, ddof=1), 6)
    assert judged(checks["fitted-on-everything"], z[:N_TRAIN], z[N_TRAIN:]).status is Status.FAIL


def test_the_fault_weighs_as_much_as_train_would_have_scaled_otherwise(checks):
    alike = judged(checks["fitted-on-everything"], *scaled(StandardScaler(), TRAIN, TEST, fitted_on=(TRAIN, TEST)))
    assert alike.severity is Severity.MINOR
    assert alike.value < 0.05
    elsewhere = TEST + 2 * TRAIN.std(axis=0)
    finding = judged(
        checks["fitted-on-everything"], *scaled(StandardScaler(), TRAIN, elsewhere, fitted_on=(TRAIN, elsewhere))
    )
    assert finding.severity is Severity.MAJOR
    assert finding.value > 0.3


def test_columns_of_few_values_and_columns_that_were_left_alone_do_not_hide_it(checks):
    z = scaled(StandardScaler(), TRAIN, TEST, fitted_on=(TRAIN, TEST))
    train, test = (np.hstack([part, (part[:, :3] > 0), part[:, :1] * 9]) for part in z)
    finding = judged(checks["fitted-on-everything"], train, test)
    assert "8 of 9 columns of many values" in finding.message


@pytest.mark.parametrize("columns", [2, 4])
def test_columns_that_no_one_scaled_hide_neither_two_scaled_ones_nor_four(checks, columns):
    z = scaled(StandardScaler(), TRAIN, TEST, fitted_on=(TRAIN, TEST))
    train, test = (np.hstack([part[:, :columns], raw[:, columns:]]) for part, raw in zip(z, (TRAIN, TEST), strict=True))
    finding = judged(checks["fitted-on-everything"], train, test)
    assert finding.status is Status.FAIL
    assert f"{columns} of 8 columns of many values have mean 0 and deviation 1" in finding.message


def test_one_column_of_mean_0_and_deviation_1_among_others_is_a_pass(checks):
    z = scaled(StandardScaler(), TRAIN, TEST, fitted_on=(TRAIN, TEST))
    train, test = (np.hstack([part[:, :1], raw[:, 1:]]) for part, raw in zip(z, (TRAIN, TEST), strict=True))
    finding = judged(checks["fitted-on-everything"], train, test)
    assert finding.status is Status.PASS
    assert "Over train and test together 1 of 8 columns" in finding.message


def test_a_range_learnt_from_all_rows_is_found_beside_a_column_that_no_one_scaled(checks):
    z = scaled(MinMaxScaler(), TRAIN, TEST, fitted_on=(TRAIN, TEST))
    train, test = (np.hstack([part, raw[:, :1]]) for part, raw in zip(z, (TRAIN, TEST), strict=True))
    assert "8 of 9 columns" in judged(checks["fitted-on-everything"], train, test).message


def test_columns_that_are_blank_or_infinite_do_not_hide_it(checks):
    z = scaled(StandardScaler(), TRAIN, TEST, fitted_on=(TRAIN, TEST))
    odd = [np.full((len(part), 1), np.nan) for part in z], [np.full((len(part), 1), np.inf) for part in z]
    finding = judged(checks["fitted-on-everything"], *(np.hstack(parts) for parts in zip(z, *odd, strict=True)))
    assert "8 of 8 columns" in finding.message


def test_grey_levels_end_at_0_and_1_by_nature(checks):
    random = np.random.default_rng(5)
    train, test = (np.clip(np.round(random.normal(0.5, 0.25, (n, 30)) * 16) / 16, 0, 1) for n in (N_TRAIN, N_TEST))
    train[:, 0] = np.minimum(train[:, 0], 15 / 16)
    train[:, 1] = np.maximum(train[:, 1], 1 / 16)
    assert judged(checks["fitted-on-everything"], train, test).status is Status.PASS


def test_a_test_that_was_standardised_by_itself_is_minor(checks):
    train, test = (StandardScaler().fit_transform(part) for part in (TRAIN, TEST))
    finding = judged(checks["fitted-on-everything"], train, test)
    assert (finding.status, finding.severity, finding.direction) == (Status.FAIL, Severity.MINOR, Direction.NONE)
    assert "test was standardised by itself" in finding.message


def test_copies_that_were_taken_out_are_among_the_rows_that_were_scaled(checks):
    with_copies = np.concatenate([TEST, TRAIN[:300]])
    z = scaled(StandardScaler(), TRAIN, with_copies, fitted_on=(TRAIN, with_copies))
    assert judged(checks["fitted-on-everything"], *z).status is Status.FAIL


def test_rows_without_label_are_said_to_be_missing(checks):
    test = batch(TEST)
    test = replace(test, labels=np.where(np.arange(N_TEST) < 9, -1, test.labels))
    m = measured(test, train=batch(TRAIN), class_names=["a", "b"], states=[ColumnTotals, FeatureSample])
    (finding,) = compute(checks["fitted-on-everything"], m)
    assert "9 rows of test without label or usable answer could not be taken into account" in finding.message


@pytest.mark.parametrize(
    ("train", "test", "reason"),
    [
        (TRAIN[:50], TEST, "Fewer than 100 rows"),
        (np.round(TRAIN > 3), np.round(TEST > 3), "No column has more than 10 different values"),
    ],
)
def test_too_few_rows_or_values_are_not_judged(checks, train, test, reason):
    finding = judged(checks["fitted-on-everything"], train, test)
    assert finding.status is Status.SKIP
    assert reason in finding.message
