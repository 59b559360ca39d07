"""The findings register: every finding in the group that it is read in, worst first."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from auditor.findings import Confidence, Finding, Severity, Status
from auditor.report import CheckRecord, Report

SHOWN_OF_A_CHECK = 20


@dataclass(frozen=True)
class Group:
    """Findings that are read together; `left_out` names the checks that found more than is shown, and how many."""

    id: str
    title: str
    noun: str
    nouns: str
    explanation: str
    folded: bool = False
    findings: tuple[Finding, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()


GROUPS = (
    Group("failed", "Failures", "failure", "failures", "Each of these alone keeps the model from being ready."),
    Group("undecided", "Undecided", "undecided", "undecided", "The data or the evidence does not settle these."),
    Group("warnings", "Warnings", "warning", "warnings", "Found, and not enough by themselves to refuse the model."),
    Group("notes", "Notes", "note", "notes", "Small things, which change no verdict and fail no strict run."),
    Group("waived", "Waived", "waived", "waived", "Found, and taken out of the decision for a stated reason."),
    Group("passed", "Passed", "passed", "passed", "Looked for and not found, or as it should be.", folded=True),
    Group("skipped", "Not applicable", "not applicable", "not applicable", "Nothing to examine, and why.", folded=True),
)

STATES = {
    "failed": ("✕", "failed"),
    "undecided": ("?", "undecided"),
    "warnings": ("!", "warning"),
    "notes": ("·", "note"),
    "waived": ("~", "waived"),
    "passed": ("✓", "passed"),
    "skipped": ("–", "not applicable"),
}


def groups(report: Report) -> tuple[Group, ...]:
    """All findings in reading order: failures, undecided, warnings, notes, waived, passed, not applicable."""
    filed: dict[str, list[Finding]] = {group.id: [] for group in GROUPS}
    for finding in report.findings:
        filed[place(finding)].append(finding)
    return tuple(_filled(group, filed[group.id]) for group in GROUPS)


def place(finding: Finding) -> str:
    """The id of the group in which a finding is read."""
    if finding.waived:
        return "waived"
    plain = {Status.PASS: "passed", Status.SKIP: "skipped", Status.ERROR: "undecided", Status.INCONCLUSIVE: "undecided"}
    if finding.status in plain:
        return plain[finding.status]
    if finding.gate:
        return "failed"
    if finding.severity.rank < Severity.MAJOR.rank:
        return "notes"
    if finding.confidence is Confidence.SUSPECTED:
        return "undecided"
    return "failed" if finding.severity is Severity.BLOCKER else "warnings"


def state(finding: Finding) -> tuple[str, str]:
    """Glyph and word of how a finding ended, the same words as those of its group."""
    if finding.status is Status.ERROR and not finding.waived:
        return "⊘", "ended in an error"
    return STATES[place(finding)]


def ended(report: Report, check: CheckRecord) -> str:
    """How a check ended, in the word of its worst finding."""
    order = [group.id for group in GROUPS]
    found = [finding for finding in report.findings if finding.check == check.id]
    return state(min(found, key=lambda finding: order.index(place(finding))))[1] if found else check.status


def waived(report: Report) -> tuple[Finding, ...]:
    """The findings that were taken out of the decision, the weightiest first."""
    return tuple(worst_first(finding for finding in report.findings if finding.waived))


def questions(report: Report) -> dict[str, list[str]]:
    """The titles of the checks that could not run, by the reason."""
    found: dict[str, list[str]] = {}
    for title, reason in report.decision.not_examined:
        found.setdefault(reason, []).append(title)
    return found


def not_examined(report: Report) -> dict[str, list[str]]:
    """The checks that could not run, by the reason."""
    skipped = {finding.title: finding for finding in report.findings if finding.status is Status.SKIP}
    return {
        reason: [skipped[title].check if title in skipped else title for title in titles]
        for reason, titles in questions(report).items()
    }


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Gates and heavier findings first, otherwise in the order in which they were found."""
    return sorted(findings, key=lambda finding: (not finding.gate, -finding.severity.rank))


def pressing(report: Report) -> list[Finding]:
    """Failures, undecided findings, warnings and notes, in that order: what a reader must see first."""
    return [finding for group in groups(report)[:4] for finding in group.findings]


def _filled(group: Group, findings: list[Finding]) -> Group:
    amounts = Counter(finding.check for finding in findings)
    more = tuple((check, total - SHOWN_OF_A_CHECK) for check, total in amounts.items() if total > SHOWN_OF_A_CHECK)
    return replace(group, findings=tuple(_first_of_each(worst_first(findings))), left_out=more)


def _first_of_each(findings: Iterable[Finding]) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    for finding in findings:
        seen[finding.check] += 1
        if seen[finding.check] <= SHOWN_OF_A_CHECK:
            yield finding
