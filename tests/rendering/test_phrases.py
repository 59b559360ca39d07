"""The words for numbers: counts before percentages, one unit, and no number that reads like another."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.rendering import phrases
from auditor.report import Fact, VerdictStatus
from auditor.results import Value
from tests.rendering import example

RECALL = example.fraud().decision.facts[0]


def fact(value: float, limit: float, *, low: float | None = None, high: float | None = None) -> Fact:
    return replace(RECALL, value=Value(value, low, high), limit=limit)


def test_the_row_of_the_facts_box_reads_as_designed() -> None:
    said = [phrases.this_model, phrases.always_majority, phrases.required, phrases.plausible]
    assert [say(RECALL) for say in said] == ["24 of 200, 12%", "0", "at least 90%", "8 to 17%"]


def test_a_metric_without_a_count_stands_alone() -> None:
    balanced = example.fraud().decision.facts[3]
    assert phrases.this_model(balanced) == "56%"
    assert phrases.always_majority(balanced) == "50%"


def test_a_value_below_its_limit_never_reads_as_the_limit() -> None:
    close = fact(0.8996, 0.9)
    assert phrases.this_model(close) == "89.96%"
    assert phrases.required(close) == "at least 90.00%"


def test_a_narrow_range_gets_the_decimals_it_needs() -> None:
    assert phrases.plausible(fact(0.98, 0.9, low=0.9771, high=0.9826)) == "97.7 to 98.3%"
    assert phrases.plausible(fact(0.898, 0.9, low=0.87, high=0.8996)) == "87.00 to 89.96%"


def test_what_is_undefined_is_a_dash() -> None:
    nothing = replace(RECALL, value=Value(None), majority=None, limit=None)
    said = [phrases.this_model, phrases.always_majority, phrases.required, phrases.plausible]
    assert [say(nothing) for say in said] == ["–"] * 4
    assert phrases.measured(None, "share") == phrases.interval(Value(0.5), "share") == "–"


def test_a_loss_is_no_percentage() -> None:
    loss = Fact(
        "Log loss", Value(0.087, 0.081, 0.093), None, 0.1, at_least=False, is_share=False, decides=False, status=""
    )
    assert phrases.this_model(loss) == "0.09"
    assert phrases.required(loss) == "at most 0.10"
    assert phrases.plausible(loss) == "0.08 to 0.09"


@given(st.floats(0, 1), st.floats(0, 1))
def test_zero_and_one_hundred_per_cent_are_said_only_of_exact_ones(value: float, limit: float) -> None:
    for text, number in (
        (phrases.this_model(fact(value, limit)), value),
        (phrases.required(fact(value, limit)), limit),
    ):
        percentage = text.split()[-1]
        assert (percentage == "0%") == (number == 0)
        assert (percentage == "100%") == (number == 1)


@given(st.text(max_size=900))
def test_no_control_or_direction_character_survives(text: str) -> None:
    said = phrases.clean(text)
    assert len(said) <= phrases.TEXT_LENGTH
    assert all(character.isprintable() or character == "\n" for character in said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\x1b[31mred", "�[31mred"),
        ("abc\u202egnp.exe", "abc�gnp.exe"),
        ("10\u00a0000 rows", "10 000 rows"),
        ("y" * 700, "y" * 599 + "…"),
        ("word " * 200, "word " * 119 + "word…"),
    ],
)
def test_hostile_text_is_made_harmless(text: str, said: str) -> None:
    assert phrases.clean(text) == said


def test_laymen_read_of_a_plausible_range_without_its_method() -> None:
    long = "Recall on Yes is 35.0% (35 of 100; 95% interval 26.4% to 44.7%, Wilson); at least 90.0% is required."
    plain = "Recall on Yes is 35.0% (35 of 100; plausible range 26.4% to 44.7%); at least 90.0% is required."
    assert phrases.plainly(long) == plain
    assert phrases.plainly("No interval here.") == "No interval here."


def test_the_five_answers_look_as_designed() -> None:
    said = {str(status): (shown.glyph, shown.words, shown.colour) for status, shown in phrases.ANSWERS.items()}
    assert set(said) == set(VerdictStatus)
    assert said["not-ready"] == ("✕", "NOT READY", "#B3261E")
    assert said["needs-review"] == ("?", "CANNOT TELL YET", "#1F5FA8")


@pytest.mark.parametrize(
    ("path", "name"),
    [("models/fraud.pt2", "fraud.pt2"), ("C:\\m\\net.pt", "net.pt"), ("folder/", "folder"), ("/", "/")],
)
def test_a_file_is_called_by_the_last_part_of_its_path(path: str, name: str) -> None:
    assert phrases.file_name(path) == name


def test_a_date_is_written_out_and_other_text_is_left() -> None:
    assert phrases.day("2026-11-21T22:10:04+00:00") == "21 November 2026"
    assert phrases.day("yesterday") == "yesterday"


def test_defaults_are_called_defaults_and_the_users_criteria_theirs() -> None:
    assert phrases.criteria(example.fraud()) == "default criteria, unconfirmed"
    assert phrases.criteria(example.ready()) == "criteria: yours, from auditor.toml of 3 May"


def test_checks_that_could_not_run_are_counted() -> None:
    report = example.fraud()
    assert phrases.checks_ran(report) == "28 of 34 checks ran, 6 could not"
    every = replace(report, decision=replace(report.decision, checks_ran=34))
    assert phrases.checks_ran(every) == "34 of 34 checks ran"


def test_rows_that_were_not_judged_are_counted_with_their_reason() -> None:
    report = example.fraud()
    assert phrases.rows_judged(example.ready()) == "10,000 rows"
    said = "10,150 rows, 10,000 judged: 20 without label, 6 unusable, 124 removed, also in training"
    assert phrases.rows_judged(report) == said


def test_rows_of_a_file_are_those_it_holds_or_those_that_were_judged() -> None:
    report = example.fraud()
    test, train = (replace(file, rows=None) for file in report.provenance.data)
    assert [phrases.rows_of(report, file) for file in report.provenance.data] == ["10,150", "40,000"]
    assert [phrases.rows_of(report, file) for file in (test, train)] == ["10,150", "40,000 judged"]
    assert phrases.rows_of(report, replace(train, split="other")) == "–"


def with_facts(*facts: Fact) -> list[str]:
    report = example.fraud()
    return [shown.what for shown in phrases.facts(replace(report, decision=replace(report.decision, facts=facts)))]


def test_the_recall_of_the_positive_class_is_shown_once() -> None:
    unnamed = replace(RECALL, what="Recall")
    free, higher = replace(RECALL, limit=None), replace(unnamed, limit=0.95)
    assert with_facts(RECALL, unnamed) == ["Frauds caught"]
    assert with_facts(RECALL, replace(unnamed, limit=None)) == ["Frauds caught"]
    assert with_facts(free, unnamed) == ["Recall"]
    assert with_facts(RECALL, higher) == ["Frauds caught", "Recall"]
    assert with_facts(unnamed) == ["Recall"]


def test_two_classes_with_the_same_counts_are_two_rows() -> None:
    assert with_facts(RECALL, replace(RECALL, what="Scams caught")) == ["Frauds caught", "Scams caught"]


def test_zeros_that_cannot_be_counted_are_a_power_of_ten() -> None:
    assert phrases.interval(Value(1.2e-7, 1.04e-7, 1.36e-7), "number") == "1.0e−7 to 1.4e−7"
    assert [phrases.number(x) for x in (0.0, 0.0001, -2e-6, None)] == ["0.000", "0.0001", "−2.0e−6", "–"]


def test_a_difference_of_shares_is_said_in_points() -> None:
    assert [phrases.points(x) for x in (0.074, -0.016, 0.0)] == ["7.4 points", "−1.6 points", "0.0 points"]
