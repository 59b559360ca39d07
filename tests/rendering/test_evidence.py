"""The numbers beside a finding: each with a name that a reader knows, in one unit, or not at all."""

from dataclasses import replace

import pytest

from auditor.findings import Finding, Interval, Status
from auditor.rendering import evidence
from tests.rendering import example

RECALL = example.fraud().findings[0]


def numbers(finding: Finding) -> dict[str, str]:
    return dict(evidence.numbers(finding))


def test_a_metric_is_shown_with_its_limit_and_interval() -> None:
    assert numbers(RECALL) == {
        "recall[fraud]": "12.0%",
        "limit": "90.0%",
        "interval that decides": "at most 16.5% (95%, Clopper-Pearson)",
    }


def test_a_gain_is_said_in_points_and_a_limit_of_nothing_is_not_said() -> None:
    gain = Finding(Status.FAIL, "x", metric="gain_over_majority", value=-0.0159, limit=0.0)
    assert numbers(gain) == {"gain over always answering the majority": "−1.6 points"}


def test_the_value_of_class_imbalance_has_a_name_and_a_unit() -> None:
    found = Finding(Status.FAIL, "x", check="class-imbalance", value=0.425, limit=0.25,
                    interval=Interval(0.407, 0.436, 0.99, "MOVER"))  # fmt: skip
    assert numbers(found) == {
        "accuracy less balanced accuracy": "42.5 points",
        "limit": "25.0 points",
        "interval that decides": "40.7 to 43.6 points (99%, MOVER)",
    }


def test_a_value_that_its_sentence_says_is_not_said_again() -> None:
    gap = Finding(Status.FAIL, "A gap of 7.0 points", value=0.07, limit=0.05, interval=Interval(0.06, None, 0.95, "m"))
    assert numbers(gap) == {"limit": "5.0 points", "interval that decides": "at least 6.0 points (95%, m)"}


def test_a_plain_number_leaves_the_line_to_its_interval() -> None:
    slope = Finding(Status.FAIL, "slope 0.06", value=0.0589, limit=0.5, interval=Interval(0.036, 0.082, 0.95, "m"))
    assert numbers(slope) == {"interval that decides": "0.036 to 0.082 (95%, m)"}


def test_a_value_that_no_reader_could_know_is_left_out() -> None:
    interval = Interval(0.1, 0.2, 0.95, "m")
    assert numbers(Finding(Status.PASS, "All is well", value=0.15, limit=0.0, interval=interval)) == {}
    assert numbers(replace(RECALL, value=None, limit=None, interval=Interval(None, None, 0.95, "m"))) == {}


def test_a_decision_interval_says_its_level_and_method() -> None:
    assert evidence.bounds(Interval(None, 0.1646, 0.95, "CP"), "share") == "at most 16.5% (95%, CP)"
    assert evidence.bounds(Interval(0.374, None, 0.995, "CP"), "share") == "at least 37.4% (99.5%, CP)"
    assert evidence.bounds(Interval(0.1, 0.2, 0.95, "normal"), "number") == "0.100 to 0.200 (95%, normal)"
    assert evidence.bounds(Interval(None, None, 0.95, "none"), "share") == "–"


@pytest.mark.parametrize(
    ("metric", "unit"),
    [("recall[fraud]", "share"), ("macro_f1", "share"), ("balanced_accuracy", "share"), ("average_precision", "number"),
     ("log_loss", "number"), ("gain_over_majority", "points"), ("", "")],
)  # fmt: skip
def test_the_unit_of_a_finding_is_that_of_its_metric(metric: str, unit: str) -> None:
    assert evidence.unit(Finding(Status.FAIL, "x", metric=metric)) == unit


def test_without_a_known_metric_the_unit_is_the_one_its_sentence_uses() -> None:
    said = {
        "Calibration error is 1.2%": "share",
        "A gap of 1.2 points": "points",
        "The loss is 0.012 higher": "number",
        "Nothing was measured, 3% of it": "",
        "Of 31.2% nothing is said": "",
    }
    assert {text: evidence.unit(Finding(Status.FAIL, text, value=0.012)) for text in said} == said
