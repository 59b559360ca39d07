"""Five answers, and which fault wins."""

import pytest

from auditor.findings import Confidence, Direction, Finding, Severity, Status
from auditor.policy import PRESETS, Policy
from auditor.report import VerdictStatus
from auditor.verdict import EXIT_CODES, decide

POLICY = Policy(PRESETS["balanced"], (), confirmed=True)
PASS = Finding(Status.PASS, "met", gate=True)
FAIL = Finding(Status.FAIL, "missed", Severity.BLOCKER, gate=True)
OPEN = Finding(Status.INCONCLUSIVE, "cannot tell", gate=True)
LEAK = Finding(Status.FAIL, "copied", Severity.BLOCKER, direction=Direction.FLATTERS, validity=True)
PERMUTED = Finding(Status.FAIL, "permuted", Severity.BLOCKER, direction=Direction.DEFLATES, validity=True)
CONSTANT = Finding(Status.FAIL, "one answer", Severity.BLOCKER)
MAJOR = Finding(Status.FAIL, "paradox", Severity.MAJOR)
SUSPECTED = Finding(Status.FAIL, "leak?", Severity.MAJOR, Confidence.SUSPECTED)
MINOR = Finding(Status.FAIL, "small", Severity.MINOR)
ERROR = Finding(Status.ERROR, "crashed", Severity.MAJOR)
SKIP = Finding(Status.SKIP, "no train")


@pytest.mark.parametrize(
    ("findings", "answer"),
    [
        ([PASS], VerdictStatus.READY),
        ([PASS, MINOR, SKIP], VerdictStatus.READY),
        ([PASS, MAJOR], VerdictStatus.READY_WITH_WARNINGS),
        ([PASS, FAIL], VerdictStatus.NOT_READY),
        ([PASS, CONSTANT], VerdictStatus.NOT_READY),
        ([PASS, OPEN], VerdictStatus.NEEDS_REVIEW),
        ([PASS, ERROR], VerdictStatus.NEEDS_REVIEW),
        ([PASS, SUSPECTED], VerdictStatus.NEEDS_REVIEW),
        ([PASS, LEAK], VerdictStatus.INVALID_EVALUATION),
        ([FAIL, LEAK], VerdictStatus.NOT_READY),
        ([FAIL, PERMUTED], VerdictStatus.INVALID_EVALUATION),
        ([FAIL, OPEN, ERROR], VerdictStatus.NOT_READY),
        ([FAIL, ERROR, MAJOR], VerdictStatus.NOT_READY),
        ([SKIP, MINOR], VerdictStatus.NEEDS_REVIEW),
        ([], VerdictStatus.NEEDS_REVIEW),
    ],
)
def test_the_worst_fault_decides(findings, answer):
    assert decide(findings, POLICY).status is answer


def test_nothing_examined_is_never_a_pass():
    outcome = decide([SKIP, SKIP], POLICY)
    assert (outcome.status, outcome.deciding, outcome.exit_code(strict=False)) == (VerdictStatus.NEEDS_REVIEW, (), 3)


def test_a_gate_that_only_fails_does_not_hold_the_verdict_open():
    open_class = Finding(Status.INCONCLUSIVE, "few rows", gate=True, only_fails=True)
    assert decide([PASS, open_class], POLICY).status is VerdictStatus.READY


def test_a_waived_failure_leaves_a_warning_and_never_a_plain_pass():
    assert decide([PASS, FAIL.waive("accepted")], POLICY).status is VerdictStatus.READY_WITH_WARNINGS
    assert decide([FAIL.waive("accepted")], POLICY).status is VerdictStatus.READY_WITH_WARNINGS
    assert decide([PASS, OPEN.waive("accepted")], POLICY).status is VerdictStatus.READY_WITH_WARNINGS


def test_a_required_check_holds_the_verdict_as_a_gate_does():
    policy = Policy(PRESETS["balanced"], (), confirmed=True, required=("shared-rows",))
    skipped = Finding(Status.SKIP, "no train", check="shared-rows")
    failed = Finding(Status.FAIL, "copies", Severity.MINOR, check="shared-rows")
    assert decide([PASS, skipped], policy).status is VerdictStatus.NEEDS_REVIEW
    assert decide([PASS, failed], policy).status is VerdictStatus.NOT_READY


def test_exit_codes_are_those_of_the_table_and_strict_turns_warnings_into_failure():
    assert EXIT_CODES == {
        "ready": 0,
        "ready-with-warnings": 0,
        "not-ready": 1,
        "needs-review": 3,
        "invalid-evaluation": 4,
    }
    assert decide([PASS, MAJOR], POLICY).exit_code(strict=True) == 1
    assert decide([PASS], POLICY).exit_code(strict=True) == 0
