"""A column that gives the answer away is asked about, by name; a strong column is told; neither is proven."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from auditor import Confidence, Direction, Severity, Status
from auditor.checking import judge
from auditor.policy import NOTHING_BY_DEFAULT, Policy
from auditor.states import FeatureSample
from auditor.testing import compute, measured, rows
from tests.checks.leaking import COLUMNS, NAMES, Table, asked, flipped, of_three


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
