"""The findings register: which finding is read where, in which order, and how many."""

import pytest

from auditor.findings import Confidence, Finding, Severity, Status
from auditor.rendering import register
from tests.rendering import example

SUSPECTED = Confidence.SUSPECTED


@pytest.mark.parametrize(
    ("finding", "group"),
    [
        (Finding(Status.FAIL, "", gate=True), "failed"),
        (Finding(Status.FAIL, "", Severity.BLOCKER), "failed"),
        (Finding(Status.FAIL, "", Severity.MAJOR), "warnings"),
        (Finding(Status.FAIL, "", Severity.MINOR), "warnings"),
        (Finding(Status.FAIL, "", Severity.BLOCKER, SUSPECTED), "undecided"),
        (Finding(Status.FAIL, "", Severity.MINOR, SUSPECTED), "warnings"),
        (Finding(Status.FAIL, "", Severity.BLOCKER, waived="known"), "waived"),
        (Finding(Status.INCONCLUSIVE, "", gate=True), "undecided"),
        (Finding(Status.ERROR, ""), "undecided"),
        (Finding(Status.PASS, ""), "passed"),
        (Finding(Status.SKIP, ""), "skipped"),
    ],
)
def test_a_finding_is_read_in_one_group(finding: Finding, group: str) -> None:
    assert register.place(finding) == group


def test_groups_come_in_reading_order_and_hold_every_finding() -> None:
    groups = register.groups(example.fraud())
    assert [group.id for group in groups] == ["failed", "undecided", "warnings", "waived", "passed", "skipped"]
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


def test_what_presses_is_failures_then_undecided_then_warnings() -> None:
    pressing = [finding.check for finding in register.pressing(example.fraud())]
    assert pressing == ["class-recall", "better-than-majority", "class-precision", "loss-curves"]
