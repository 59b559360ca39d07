"""An id among the features is told; where the order of the rows told the label it is suspected; measurements are left alone."""

import numpy as np
import pytest

from auditor import Confidence, Direction, Severity, Status
from auditor.checking import judge
from auditor.policy import NOTHING_BY_DEFAULT, Policy
from auditor.states import FeatureSample
from auditor.testing import compute, measured, rows

NAMES = ["healthy", "ill"]
COLUMNS = ["age", "dose", "case no"]
TRAIN, TEST = 2400, 800


class File:
    """Rows of three columns whose last one is their number in the order of `labels`, as they stand or in another order."""

    def __init__(self, labels, seed=0, start=0):
        random = np.random.default_rng(seed)
        self.labels = np.asarray(labels)
        n = len(self.labels)
        self.features = np.stack([random.integers(20, 90, n), random.normal(size=n), start + np.arange(n)], axis=1)

    def batch(self, kept=slice(None), **how):
        labels = self.labels[kept]
        how = {"predicted": labels, **how}
        return rows(labels, features=self.features[kept].astype(np.float32), **how)


def drawn(n, seed=0):
    return np.random.default_rng(seed).integers(0, 2, n)


def divided(labels, seed=1):
    """Train and test of a file that is numbered as it stands and divided at random."""
    file, order = File(labels), np.random.default_rng(seed).permutation(TRAIN + TEST)
    return file.batch(np.sort(order[TRAIN:])), file.batch(np.sort(order[:TRAIN]))


def judged(check, test, train=None, names=COLUMNS, class_names=NAMES, **limits):
    m = measured(test, train=train, class_names=class_names, states=[FeatureSample], feature_names=names)
    return compute(check, m, limits=limits)


def test_without_such_a_column_it_says_how_many_were_looked_at(checks):
    test, train = (File(drawn(n, n)) for n in (TEST, TRAIN))
    for file in (test, train):
        file.features[:, 2] = np.sort(file.features[:, 1])
    (finding,) = judged(checks["row-numbers"], test.batch(), train.batch())
    assert finding.status is Status.PASS
    assert finding.message == "None of the 3 columns that were looked at numbers the rows."


def test_an_id_that_says_nothing_is_minor_and_names_the_option(checks):
    (finding,) = judged(checks["row-numbers"], *divided(drawn(TRAIN + TEST)))
    assert (finding.severity, finding.confidence) == (Severity.MINOR, Confidence.CONFIRMED)
    assert (finding.direction, finding.subject) == (Direction.NONE, "column case no")
    assert finding.message.startswith(
        "Column “case no” numbers the rows: it holds whole numbers in 2,400 rows of train and 800 rows of test from 0 to "
        "3,199, none twice, where independent ones would make 1,600 equal pairs. By itself it tells little: “ill” from the rest"
    )
    assert "declare it with --id 'case no'" in finding.remedy
    assert 'check = "row-numbers", subject = "column case no"' in finding.remedy


@pytest.mark.parametrize("divide", [True, False])
def test_an_id_of_a_file_that_was_sorted_by_class_is_suspected(checks, divide):
    labels = np.sort(drawn(TRAIN + TEST))
    given = divided(labels) if divide else (File(labels).batch(np.random.default_rng(2).permutation(TRAIN)),)
    finding, *_ = judged(checks["row-numbers"], *given)
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert finding.direction is Direction.FLATTERS
    assert "the order of the rows told the label, and the model may have learnt it" in finding.message
    assert finding.interval.low > 0.95
    assert ("by 2,400 training rows" if divide else "by the other half of them") in finding.message


def test_files_that_are_numbered_anew_are_told_each(checks):
    (finding,) = judged(checks["row-numbers"], File(drawn(TEST)).batch(), File(drawn(TRAIN, 3), 1).batch())
    assert finding.severity is Severity.MINOR
    assert (
        "in 2,400 rows of train from 0 to 2,399 and 800 rows of test from 0 to 799, none twice in a file, where "
        "independent ones would make 400 equal pairs"
    ) in finding.message


def test_numbers_that_begin_anew_in_files_sorted_by_class_are_suspected(checks):
    finding, order = judged(
        checks["row-numbers"], File(np.sort(drawn(TEST))).batch(), File(np.sort(drawn(TRAIN, 3)), 1).batch()
    )
    assert (finding.severity, finding.subject) == (Severity.MAJOR, "column case no")
    assert order.subject == "order of the test file"


def test_the_order_of_the_test_file_is_information_and_no_more(checks):
    labels = np.sort(drawn(TEST))
    file = File(labels)
    file.features[:, 2] = np.random.default_rng(4).normal(size=TEST)
    clear, told = judged(checks["row-numbers"], file.batch())
    assert clear.status is Status.PASS
    assert (told.status, told.severity, told.direction) == (Status.FAIL, Severity.INFO, Direction.NONE)
    assert told.message.startswith("The test file is sorted by its labels: the place of a row alone tells “ill”")
    mixed = np.where(np.random.default_rng(5).random(TEST) < 0.3, 1 - labels, labels)
    _, goes = judged(checks["row-numbers"], rows(mixed, predicted=mixed, features=file.features))
    assert goes.message.startswith("The test file has an order that goes with its labels")


def test_each_of_three_classes_is_asked_in_the_order_of_the_file(checks):
    labels = np.repeat([0, 2, 1], 300)
    file = File(labels)
    file.features[:, 2] = 0
    _, told = judged(checks["row-numbers"], file.batch(), class_names=["a", "b", "c"])
    assert told.message.startswith("The test file is sorted by its labels: the place of a row alone tells “")


def test_of_several_labels_the_one_that_is_told_best_is_named(checks):
    random = np.random.default_rng(6)
    labels = np.stack([random.integers(0, 2, TEST), np.arange(TEST) >= TEST // 2], axis=1).astype(int)
    features = np.stack([random.normal(size=TEST), np.arange(TEST)], axis=1)
    test = rows(labels, predicted=labels, features=features)
    number, order = judged(checks["row-numbers"], test, names=["x", "id"], class_names=["toxic", "rude"])
    assert number.severity is Severity.MAJOR
    assert "By itself it tells “rude” from the rest" in number.message
    assert order.message.startswith(
        "The test file has an order that goes with its labels: the place of a row alone tells “rude”"
    )


def test_too_few_rows_of_two_classes_still_show_an_id(checks):
    labels = np.zeros(TEST, int)
    labels[:5] = 1
    (finding,) = judged(checks["row-numbers"], File(labels).batch())
    assert (finding.severity, finding.value) == (Severity.MINOR, None)
    assert "a new row has a number that the model never saw" in finding.message


def test_columns_without_names_are_told_without_the_option(checks):
    (finding,) = judged(checks["row-numbers"], *divided(drawn(TRAIN + TEST)), names=())
    assert finding.subject == "column feature 3"
    assert "--id" not in finding.remedy


def test_few_rows_are_not_judged(checks):
    (few,) = judged(checks["row-numbers"], File(drawn(60)).batch())
    assert few.status is Status.SKIP
    assert few.message == "Fewer than 100 rows show no numbering for certain."


def test_rows_with_weights_are_looked_at_alike(checks):
    file = File(drawn(TEST))
    m = measured(
        file.batch(weights=np.ones(TEST)), class_names=NAMES, states=[FeatureSample], feature_names=COLUMNS
    )  # fmt: skip
    (finding,) = judge([checks["row-numbers"]], m, Policy(NOTHING_BY_DEFAULT, (), confirmed=True))
    assert finding.severity is Severity.MINOR
    assert "rows are counted alike here, whatever their weights" in finding.message
