"""Columns that are learnt and scored within one file: in whatever order its rows stand, and whichever of them are equal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from auditor import Severity, Status
from auditor.checking import built_in
from auditor.states import FeatureSample
from auditor.testing import compute, measured, rows
from tests.checks.leaking import NAMES, Table, asked, flipped, three_classes

(CHECK,) = (check for check in built_in() if check.id == "target-leak")


def test_where_test_has_too_few_rows_of_a_class_train_is_asked_alone(checks):
    (told,) = asked(checks["target-leak"], flipped(0), share=0.01)
    assert (told.status, told.severity, told.subject) == (Status.FAIL, Severity.MAJOR, "column discharged")
    assert "4,000 training rows were ranked by the other half of them; train alone was asked, as fewer" in told.message
    (clear,) = asked(checks["target-leak"], share=0.01)
    assert clear.status is Status.PASS


def test_so_it_is_where_each_of_three_classes_has_20_rows_in_test(checks):
    def tells_all(features, classes, _random):
        features[:, 1] = classes

    known, test = three_classes(tells_all, 5), three_classes(tells_all, 4, n=60)
    (told,) = compute(
        checks["target-leak"], measured(test, train=known, class_names=["a", "b", "c"], states=[FeatureSample])
    )
    assert (told.severity, told.subject) == (Severity.MAJOR, "column feature 2")
    assert "train alone was asked" in told.message


def shuffled(table, order):
    """The rows in another order, each with the answer that it had."""
    p = expit(2 * table.classes - 1 + table.features[:, 0])[order]
    features = table.features[order]
    return rows(table.classes[order], probabilities=np.stack([1 - p, p], axis=1), features=features)


def told_of(test, train):
    """The findings with train and without, and what is drawn."""
    splits = [
        measured(test, train=known, class_names=NAMES, positive="ill", states=[FeatureSample])
        for known in (train, None)
    ]
    return [(finding, finding.figures) for m in splits for finding in compute(CHECK, m)]


def multiply(table, times):
    """Each row of “ill” stands in the table so many times, in any order."""
    rows_of = np.repeat(np.arange(len(table.classes)), np.where(table.classes == 1, times, 1))
    order = table.random.permutation(rows_of)
    table.classes, table.features = table.classes[order], table.features[order]


@settings(max_examples=15)
@given(st.integers(0, 2**16), st.sampled_from([0, 1, 3]), st.booleans(), st.sampled_from([1, 4]))
def test_shuffling_the_files_changes_no_bit_of_what_is_found(seed, levels, told, times):
    tables = [Table(n, seed + n) for n in (400, 600)]
    for table in tables:
        multiply(table, times)
    for table in tables:
        if levels:
            table.features = np.round(table.features * levels) / levels
            table.features[table.random.random(len(table.classes)) < 0.1, 1] = np.nan
        if told:
            flipped(0.02)(table)
    as_given = [shuffled(table, np.arange(len(table.classes))) for table in tables]
    assert told_of(*as_given) == told_of(
        *(shuffled(table, table.random.permutation(len(table.classes))) for table in tables)
    )


def test_rows_that_equal_others_do_not_make_a_column_of_noise_tell_their_labels(checks):
    areas = []
    for seed in range(10):
        table = Table(4000, seed)
        table.features = table.random.integers(0, 500, (4000, 1)).astype(np.float32)
        (finding,) = compute(
            checks["target-leak"],
            measured(table.batch(), class_names=NAMES, positive="ill", states=[FeatureSample]),
        )
        areas.append(finding.value)
    assert abs(np.mean(areas) - 0.5) < 0.015


@pytest.mark.parametrize(("share", "n"), [(0.01, 2000), (0.04, 1500)])
def test_rows_that_were_multiplied_within_train_tell_nothing_of_each_other(checks, share, n):
    known, test = Table(2 * n, 1, share), Table(n, 2, share)
    multiply(known, 30)
    m = measured(test.batch(), train=known.batch(), class_names=NAMES, positive="ill", states=[FeatureSample])
    (finding,) = compute(checks["target-leak"], m)
    assert finding.status is Status.PASS
    assert finding.value < 0.9
    assert f"{2 * n:,} distinct training rows" in finding.message


def test_a_column_of_multiplied_rows_that_holds_the_answer_is_suspected_still_and_its_copies_are_not_counted(checks):
    known, test = Table(4000, 1, 0.1), Table(2000, 2, 0.1)
    for table in (known, test):
        owed = (table.classes == 1) & (table.random.random(len(table.classes)) < 0.6)
        table.features[:, 2] = np.where(owed, np.exp(table.random.normal(6, 1, len(owed))), 0)
    rows_of = np.count_nonzero(known.features[:, 2])
    multiply(known, 9)
    m = measured(test.batch(), train=known.batch(), class_names=NAMES, positive="ill", states=[FeatureSample])
    (finding,) = compute(checks["target-leak"], m)
    assert (finding.severity, finding.subject) == (Severity.MAJOR, "column feature 3")
    assert f"and {rows_of} distinct rows learnt from, all of them “ill”" in finding.message


def test_within_train_a_column_stands_beside_what_the_model_makes_of_train(checks):
    known, test = Table(8000, 1, 0.3), Table(60, 2, 0.3)
    flipped(0.012)(known)
    flipped(0.012)(test)
    for certainty, suspected in ((6.0, False), (1.2, True)):
        m = measured(
            test.batch(1.2), train=known.batch(certainty), class_names=NAMES, positive="ill", states=[FeatureSample]
        )
        finding = compute(checks["target-leak"], m)[0]
        assert (finding.severity is Severity.MAJOR) is suspected
        assert " on train. " in finding.message
