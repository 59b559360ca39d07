"""A column whose blanks, or whose cells with one value or without, are those of one class is asked about."""

import numpy as np
import pytest

from auditor import Confidence, Severity, Status
from tests.checks.leaking import asked


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


@pytest.mark.parametrize(("elsewhere", "said"), [(0.0, "0"), (-0.0, "0"), (12345.0, "12,345"), (0.25, "0.250")])
def test_amounts_of_one_class_alone_beside_one_value_for_all_others_are_suspected(checks, elsewhere, said):
    def write(table):
        owed = (table.classes == 1) & (table.random.random(len(table.classes)) < 0.6)
        table.features[:, 2] = np.where(owed, np.exp(table.random.normal(6, 1, len(owed))), elsewhere)

    (finding,) = asked(checks["target-leak"], write, share=0.2)
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert finding.subject == "column discharged"
    assert f"is other than {said} in 2" in finding.message
    assert "rows learnt from, all of them “ill”" in finding.message


def test_the_most_frequent_value_of_one_class_alone_is_suspected(checks):
    def write(table):
        some = (table.classes == 1) & (table.random.random(len(table.classes)) < 0.4)
        table.features[some, 2] = -1

    (finding,) = asked(checks["target-leak"], write, share=0.3)
    assert (finding.severity, finding.subject) == (Severity.MAJOR, "column discharged")
    assert "is −1 in 2" in finding.message


@pytest.mark.parametrize("share", [0.1, 0.45])
def test_amounts_that_few_of_a_class_have_or_that_a_few_others_have_too_are_not(checks, share):
    def write(table):
        drawn = table.random.random(len(table.classes))
        some = (table.classes == 1) & (drawn < share) | (table.classes == 0) & (drawn < 0.02 * (share > 0.2))
        table.features[:, 2] = np.where(some, np.exp(table.random.normal(6, 1, len(some))), 0)

    (finding,) = asked(checks["target-leak"], write, share=0.3)
    assert finding.status is Status.PASS


def test_a_value_that_one_class_alone_has_is_suspected(checks):
    def write(table):
        table.features[:, 2] = (table.classes == 1) & (table.random.random(len(table.classes)) < 0.6)

    (finding,) = asked(checks["target-leak"], write, share=0.3)
    assert (finding.severity, finding.subject) == (Severity.MAJOR, "column discharged")
    assert "is 1 in" in finding.message
    assert "of “ill” and in no row of another class" in finding.message
