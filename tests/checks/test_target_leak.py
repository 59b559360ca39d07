"""A column that gives the answer away is asked about, by name; a strong column is told; neither is proven."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from auditor import Confidence, Direction, Severity, Status
from auditor.checking import built_in, judge
from auditor.policy import NOTHING_BY_DEFAULT, Policy
from auditor.states import FeatureSample
from auditor.testing import compute, measured, rows

(CHECK,) = (check for check in built_in() if check.id == "target-leak")
NAMES = ["healthy", "ill"]
COLUMNS = ["age", "dose", "discharged"]


class Table:
    """Rows of three columns: “age” says a little of the class, “dose” and “discharged” nothing until a test writes them."""

    def __init__(self, n, seed, share=0.5):
        self.random = np.random.default_rng(seed)
        self.classes = (self.random.random(n) < share).astype(np.int64)
        self.features = self.random.normal(size=(n, 3)).astype(np.float32)
        self.features[:, 0] += self.classes

    def batch(self, certainty=2.0, **how):
        score = self.random.normal(certainty * (2 * self.classes - 1), 1.0)
        p = expit(2 * certainty * score)
        return rows(self.classes, probabilities=np.stack([1 - p, p], axis=1), features=self.features, **how)


def asked(check, write=lambda _table: None, *, certainty=2.0, train=True, n=2000, share=0.5, **limits):
    """The findings where `write` has filled the columns of train and of test."""
    tables = [Table(2 * n, 1, share), Table(n, 2, share)]
    for table in tables:
        write(table)
    known, test = (table.batch(certainty) for table in tables)
    m = measured(
        test, train=known if train else None, class_names=NAMES, positive="ill", states=[FeatureSample],
        feature_names=COLUMNS,
    )  # fmt: skip
    return compute(check, m, limits=limits)


def flipped(share, column=2):
    def write(table):
        wrong = table.random.random(len(table.classes)) < share
        table.features[:, column] = np.where(wrong, 1 - table.classes, table.classes)

    return write


def test_columns_that_say_little_pass_and_the_strongest_is_named(checks):
    (finding,) = asked(checks["target-leak"])
    assert finding.status is Status.PASS
    assert "Column “age” says most of 3 columns: it tells “ill” from the rest with ROC-AUC 0.7" in finding.message
    assert "beside the model's 0.99" in finding.message
    assert "2,000 test rows were ranked by 4,000 training rows" in finding.message


@pytest.mark.parametrize("train", [True, False])
def test_a_copy_of_the_label_is_suspected_with_the_question_and_the_waiver(checks, train):
    (finding,) = asked(checks["target-leak"], flipped(0.005), train=train)
    assert (finding.status, finding.severity, finding.confidence) == (Status.FAIL, Severity.MAJOR, Confidence.SUSPECTED)
    assert finding.direction is Direction.FLATTERS
    assert finding.subject == "column discharged"
    assert finding.remedy.startswith("Is “discharged” known when the model is asked?")
    assert 'check = "target-leak", subject = "column discharged"' in finding.remedy
    assert ("by the other half of them" in finding.message) is not train


def test_a_strong_column_is_information(checks):
    def write(table):
        table.features[:, 1] = table.random.normal(3 * table.classes, 1.0)

    (finding,) = asked(checks["target-leak"], write, certainty=3.0)
    assert (finding.status, finding.severity, finding.subject) == (Status.FAIL, Severity.INFO, "column dose")
    assert finding.interval.low > 0.95


def test_the_figure_of_a_column_is_no_less_than_that_of_its_values(checks):
    tables = [Table(n, seed) for n, seed in ((4000, 1), (2000, 2))]
    for table in tables:
        table.features[:, 1] = table.random.normal(-2.85 * table.classes, 1.0)
    known, test = (table.batch(6.0) for table in tables)
    m = measured(test, train=known, class_names=NAMES, positive="ill", states=[FeatureSample], feature_names=COLUMNS)
    finding = compute(checks["target-leak"], m)[0]
    assert finding.subject == "column dose"
    assert finding.value >= roc_auc_score(tables[1].classes, -tables[1].features[:, 1])


def test_several_strong_columns_are_told_together(checks):
    def write(table):
        for column, apart in ((1, 3.0), (2, 2.9)):
            table.features[:, column] = table.random.normal(apart * table.classes, 1.0)

    (finding,) = asked(checks["target-leak"], write, certainty=6.0, n=4000)
    assert (finding.severity, finding.subject) == (Severity.INFO, "column dose")
    assert "Others by their lower bounds: “discharged” (0.9" in finding.message


def test_a_nearly_certain_column_that_the_model_far_outdoes_is_information(checks):
    (finding,) = asked(checks["target-leak"], flipped(0.012), certainty=6.0, n=8000)
    assert finding.severity is Severity.INFO


def test_few_rows_do_not_make_a_column_certain(checks):
    (finding,) = asked(checks["target-leak"], flipped(0.02), n=150)
    assert finding.severity is Severity.INFO


def test_blanks_that_tell_the_class_are_suspected(checks):
    def write(table):
        known = (table.classes == 1) ^ (table.random.random(len(table.classes)) < 0.03)
        table.features[~known, 2] = np.nan

    (finding,) = asked(checks["target-leak"], write)
    assert (finding.severity, finding.subject) == (Severity.MAJOR, "column discharged")
    assert "tells “ill” by being blank or not: ROC-AUC 0.9" in finding.message


def test_cells_filled_for_one_class_alone_are_suspected(checks):
    def write(table):
        table.features[(table.classes == 0) | (table.random.random(len(table.classes)) < 0.9), 2] = np.nan

    (finding,) = asked(checks["target-leak"], write)
    assert finding.severity is Severity.MAJOR
    assert "is filled in" in finding.message
    assert "all of them “ill”" in finding.message


def test_a_value_that_one_class_alone_has_is_suspected(checks):
    def write(table):
        table.features[:, 2] = (table.classes == 1) & (table.random.random(len(table.classes)) < 0.6)

    (finding,) = asked(checks["target-leak"], write, share=0.3)
    assert (finding.severity, finding.subject) == (Severity.MAJOR, "column discharged")
    assert "is 1 in" in finding.message
    assert "of “ill” and in no row of another class" in finding.message


def test_a_column_that_says_less_on_test_is_minor(checks):
    def write(table):
        if len(table.classes) == 4000:
            table.features[:, 1] += 2 * table.classes

    (finding,) = asked(checks["target-leak"], write)
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MINOR)
    assert "1 column by itself tells classes otherwise within train than on test" in finding.message
    assert "“dose” (0.9" in finding.message


def test_the_strongest_columns_are_drawn_with_the_model(checks):
    (finding,) = asked(checks["target-leak"])
    (bars,) = finding.figures
    assert bars.names[0] == "age"
    assert list(bars.values) == sorted(bars.values, reverse=True)
    assert (bars.limit_name, bars.limit > 0.99) == ("model", True)


def three_classes(write, seed, n=3000, certainty=5.0):
    random = np.random.default_rng(seed)
    classes = random.integers(0, 3, n)
    features = random.normal(size=(n, 2)).astype(np.float32)
    write(features, classes, random)
    scores = random.normal(size=(n, 3)) + certainty * np.eye(3)[classes]
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return rows(classes, probabilities=p, features=features)


def of_three(check, write):
    m = measured(
        three_classes(write, 4), train=three_classes(write, 5), class_names=["a", "b", "c"], states=[FeatureSample]
    )
    return compute(check, m)


def test_of_three_classes_a_column_that_tells_all_is_suspected_and_one_that_tells_one_is_information(checks):
    def tells_all(features, classes, random):
        features[:, 1] = np.where(random.random(len(classes)) < 0.005, 2 - classes, classes)

    def tells_one(features, classes, random):
        features[:, 1] = random.normal(size=len(classes)) + 8 * (classes == 2)

    (suspected,) = of_three(checks["target-leak"], tells_all)
    assert (suspected.severity, suspected.subject) == (Severity.MAJOR, "column feature 2")
    (told,) = of_three(checks["target-leak"], tells_one)
    assert told.severity is Severity.INFO
    assert "tells “c” from the rest" in told.message


def test_each_of_several_labels_is_asked(checks):
    random = np.random.default_rng(5)

    def batch():
        labels = (random.random((1500, 2)) < 0.4).astype(int)
        features = random.normal(size=(1500, 2)).astype(np.float32)
        features[:, 0] = labels[:, 1]
        p = expit(random.normal(3 * (2 * labels - 1), 1.0))
        return rows(labels, probabilities=p, features=features)

    m = measured(batch(), train=batch(), class_names=["toxic", "rude"], states=[FeatureSample])
    clear, suspected = compute(checks["target-leak"], m)
    assert clear.status is Status.PASS
    assert (suspected.severity, suspected.subject) == (Severity.MAJOR, "column feature 1, label rude")


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


def test_rows_with_weights_are_counted_alike(checks):
    tables = [Table(2000, seed) for seed in (1, 2)]
    for table in tables:
        flipped(0.005)(table)
    known, test = (table.batch(weights=np.ones(2000)) for table in tables)
    m = measured(
        test, train=known, class_names=NAMES, positive="ill", states=[FeatureSample], feature_names=COLUMNS
    )  # fmt: skip
    (finding,) = judge([checks["target-leak"]], m, Policy(NOTHING_BY_DEFAULT, (), confirmed=True))
    assert (finding.severity, finding.subject) == (Severity.MAJOR, "column discharged")
    assert "rows are counted alike here, whatever their weights" in finding.message


def test_without_enough_rows_of_two_classes_nothing_is_said(checks):
    (finding,) = asked(checks["target-leak"], share=0.005, n=500)
    assert finding.status is Status.SKIP
    assert "Fewer than two classes have 30 rows each" in finding.message


def test_wide_tables_are_asked_for_their_first_columns_and_say_so(checks):
    table = Table(100, 1)
    table.features = np.repeat(table.features, 1500, axis=1)
    m = measured(table.batch(), class_names=NAMES, positive="ill", states=[FeatureSample])
    (finding,) = compute(checks["target-leak"], m)
    assert "the first 4,096 of 4,500 columns" in finding.message


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
