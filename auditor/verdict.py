"""From findings to one of five answers: pure, and the worst finding decides."""

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.findings import Confidence, Direction, Finding, Severity, Status
from auditor.policy import Policy
from auditor.report import VerdictStatus

EXIT_CODES = {
    VerdictStatus.READY: 0,
    VerdictStatus.READY_WITH_WARNINGS: 0,
    VerdictStatus.NOT_READY: 1,
    VerdictStatus.NEEDS_REVIEW: 3,
    VerdictStatus.INVALID_EVALUATION: 4,
}


@dataclass(frozen=True)
class Outcome:
    """The answer and the findings it rests on, the weightiest first; `open_floors` are undecided gates that may only fail."""

    status: VerdictStatus
    deciding: tuple[Finding, ...]
    open_floors: int = 0

    def exit_code(self, *, strict: bool) -> int:
        """What the shell is told; with `strict` a warning counts as a failure."""
        if strict and self.status is VerdictStatus.READY_WITH_WARNINGS:
            return 1
        return EXIT_CODES[self.status]


def decide(findings: Sequence[Finding], policy: Policy) -> Outcome:  # noqa: PLR0911  (the answers by precedence)
    """The verdict of a list of findings.

    A fault that deflates the figures wins over a failing gate, since the model may be innocent; one that flatters does
    not, since a gate that fails in spite of it is final. Nothing examined is never a pass.
    """
    live = [finding for finding in findings if not finding.waived]
    gates = [finding for finding in live if _is_gate(finding, policy)]
    failing = [f for f in gates if f.status is Status.FAIL]
    invalid = [f for f in live if _confirmed(f, Severity.BLOCKER) and f.validity]
    deflating = [f for f in invalid if f.direction is not Direction.FLATTERS]
    broken = [f for f in live if _confirmed(f, Severity.BLOCKER) and not f.validity and f not in failing]
    if deflating:
        return Outcome(VerdictStatus.INVALID_EVALUATION, (*deflating, *failing))
    if failing or broken:
        return Outcome(VerdictStatus.NOT_READY, (*failing, *broken, *invalid))
    if invalid:
        return Outcome(VerdictStatus.INVALID_EVALUATION, tuple(invalid))
    undecided = [f for f in gates if f.status in (Status.INCONCLUSIVE, Status.SKIP) and not f.only_fails]
    errors = [f for f in live if f.status is Status.ERROR]
    suspected = [
        f
        for f in live
        if f.status is Status.FAIL and f.confidence is Confidence.SUSPECTED and f.severity.rank >= Severity.MAJOR.rank
    ]
    if undecided or errors or suspected:
        return Outcome(VerdictStatus.NEEDS_REVIEW, (*undecided, *errors, *suspected))
    if not any(f.status is Status.PASS or f.waived for f in findings if _is_gate(f, policy)):
        return Outcome(VerdictStatus.NEEDS_REVIEW, ())
    warnings = [f for f in live if _confirmed(f, Severity.MAJOR)]
    waived = [f for f in findings if f.waived]
    open_floors = sum(f.only_fails and f.status is Status.INCONCLUSIVE for f in gates)
    if warnings or waived:
        return Outcome(VerdictStatus.READY_WITH_WARNINGS, (*waived, *warnings), open_floors)
    return Outcome(VerdictStatus.READY, tuple(f for f in gates if f.status is Status.PASS), open_floors)


def _is_gate(finding: Finding, policy: Policy) -> bool:
    return finding.gate or finding.check in policy.required


def _confirmed(finding: Finding, severity: Severity) -> bool:
    confirmed = finding.status is Status.FAIL and finding.confidence is Confidence.CONFIRMED
    return confirmed and finding.severity.rank >= severity.rank
