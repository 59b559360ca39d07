"""The findings register: which finding is read where, in which order, and how many."""

from dataclasses import replace

import pytest

from auditor.findings import Confidence, Finding, Severity, Status
from auditor.rendering import register
from tests.rendering import example

SUSPECTED = Confidence.SUSPECTED


@pytest.mark.parametrize(
    ("finding", "group"),
    [
        (Finding(Status.FAIL, "x", gate=True), "failed"),
        (Finding(Status.FAIL, "x", Severity.BLOCKER), "failed"),
        (Finding(Status.FAIL, "x", Severity.MAJOR), "warnings"),
        (Finding(Status.FAIL, "x", Severity.MINOR), "notes"),
        (Finding(Status.FAIL, "x", Severity.BLOCKER, SUSPECTED), "undecided"),
        (Finding(Status.FAIL, "x", Severity.MINOR, SUSPECTED), "notes"),
        (Finding(Status.FAIL, "x", Severity.BLOCKER, waived="known"), "waived"),
        (Finding(Status.FAIL, "x", Severity.MAJOR, SUSPECTED), "undecided"),
        (Finding(Status.INCONCLUSIVE, "x", gate=True), "undecided"),
        (Finding(Status.INCONCLUSIVE, "x", gate=True, waived="known"), "waived"),
        (Finding(Status.ERROR, "x"), "undecided"),
        (Finding(Status.PASS, "x"), "passed"),
        (Finding(Status.SKIP, "x"), "skipped"),
    ],
)
def test_a_finding_is_read_in_one_group(finding: Finding, group: str) -> None:
    assert register.place(finding) == group


def test_groups_come_in_reading_order_and_hold_every_finding() -> None:
    groups = register.groups(example.fraud())
    assert [group.id for group in groups] == ["failed", "undecided", "warnings", "notes", "waived", "passed", "skipped"]
    assert sum(len(group.findings) for group in groups) == len(example.fraud().findings)
    assert [group.id for group in groups if group.folded] == ["passed", "skipped"]


def test_gates_come_first_then_the_heavier_findings() -> None:
    minor, major, gate = (
        Finding(Status.FAIL, "a", Severity.MINOR),
        Finding(Status.FAIL, "b", Severity.MAJOR),
        Finding(Status.FAIL, "c", gate=True),
    )
    assert register.worst_first([minor, major, gate]) == [gate, major, minor]


def test_at_most_twenty_findings_of_a_check_are_shown_and_the_others_counted() -> None:
    many = [Finding(Status.FAIL, str(i), check="class-recall", gate=True) for i in range(33)]
    few = [Finding(Status.FAIL, str(i), check="shared-rows", severity=Severity.BLOCKER) for i in range(3)]
    report = example.fraud()
    failed = register.groups(type(report)(**{**vars(report), "findings": (*many, *few)}))[0]
    assert [finding.check for finding in failed.findings].count("class-recall") == 20
    assert [finding.check for finding in failed.findings].count("shared-rows") == 3
    assert failed.left_out == (("class-recall", 13),)


def test_what_presses_is_failures_then_undecided_then_warnings_then_notes() -> None:
    pressing = [finding.check for finding in register.pressing(example.fraud())]
    assert pressing == ["class-recall", "better-than-majority", "class-precision", "loss-curves"]


def test_each_outcome_has_a_glyph_and_a_word() -> None:
    said = {register.state(Finding(status, "x")) for status in Status}
    assert said == {
        ("✓", "passed"),
        ("·", "note"),
        ("?", "undecided"),
        ("–", "not applicable"),
        ("⊘", "ended in an error"),
    }
    assert register.state(Finding(Status.FAIL, "x", Severity.MAJOR)) == ("!", "warning")
    assert register.state(Finding(Status.FAIL, "x", Severity.BLOCKER)) == ("✕", "failed")
    assert register.state(Finding(Status.FAIL, "x", gate=True)) == ("✕", "failed")
    assert register.state(Finding(Status.FAIL, "x", gate=True, waived="known")) == ("~", "waived")


def test_a_check_ended_as_its_worst_finding_did() -> None:
    report = example.fraud()
    said = {check.id: register.ended(report, check) for check in report.checks}
    assert said["class-recall"] == "failed"
    assert said["class-precision"] == "undecided"
    assert said["loss-curves"] == "note"
    assert said["shared-rows"] == "waived"
    assert said["determinism"] == "passed"
    assert said["time-order"] == "not applicable"


def test_what_was_not_examined_is_filed_by_its_reason() -> None:
    report = example.fraud()
    same = "No column was declared with --time"
    decision = replace(report.decision, not_examined=(("Test comes after training", same), ("A title", same)))
    assert register.not_examined(replace(report, decision=decision)) == {same: ["time-order", "A title"]}
