"""Columns that are learnt and scored within one file: in whatever order its rows stand, and whichever of them are equal."""

import numpy as np
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


@settings(max_examples=15)
@given(st.integers(0, 2**16), st.sampled_from([0, 1, 3]), st.booleans())
def test_shuffling_the_files_changes_no_bit_of_what_is_found(seed, levels, told):
    tables = [Table(n, seed + n) for n in (400, 600)]
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
