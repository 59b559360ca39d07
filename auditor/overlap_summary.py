"""What test shares with train, as the report shows it: with and without the shared rows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from auditor import checking, wording
from auditor.checking import Check
from auditor.errors import UsageError
from auditor.findings import Finding, NotApplicable
from auditor.gating import share_or_number
from auditor.measurements import Measurements, SplitMeasurements
from auditor.overlap import OverlapCounts
from auditor.policy import Policy
from auditor.results import Overlap, SharedRow, WithAndWithout
from auditor.summary import value
from auditor.verdict import decide

ALWAYS_SHOWN = ("accuracy", "balanced_accuracy")


def overlap(
    measurements: Measurements, checks: Sequence[Check], findings: Sequence[Finding], held_to: Policy
) -> Overlap | None:
    """What test shares with train, None where they were not compared."""
    found, clean = measurements.overlap_counts, measurements.without_shared
    if found is None:
        return None
    shown = _counted(found, measurements.task.class_names)
    if clean is None:
        return shown
    asking = [check for check in checks if held_to.asks(check.id)]
    return replace(
        shown,
        inflation=value(found.inflation),
        with_and_without=tuple(_compared(measurements, clean, findings)),
        verdict_all_rows=_verdict(asking, measurements, measurements.as_given, findings, held_to),
        verdict_without_shared=_verdict(asking, measurements, clean, findings, held_to),
    )


def _counted(found: OverlapCounts, class_names: Sequence[str]) -> Overlap:
    return Overlap(
        found.n_test,
        found.n_shared,
        found.n_train,
        found.n_train_repeated,
        value(found.share),
        value(found.train_share),
        value(found.excess),
        found.copied,
        tuple(row + 1 for row in found.first_rows),
        verified=found.look.verified,
        refuted=found.look.refuted,
        same_label=found.look.same_label,
        by_class={name: n for name, n in zip(class_names, found.look.by_class, strict=False) if n},
        pairs=tuple(SharedRow(p.test_row + 1, p.train_row + 1, p.test_label, p.train_label) for p in found.look.pairs),
        expected=found.expected,
        n_common=found.common.test,
        n_train_common=found.common.train,
    )


def _compared(
    measurements: Measurements, clean: SplitMeasurements, findings: Sequence[Finding]
) -> Iterator[WithAndWithout]:
    """Accuracy, balanced accuracy and the metric of each condition, on all rows and on those that are not shared."""
    gates = {f.metric: f for f in findings if f.gate and f.metric and (f.value is not None or not measurements.remixed)}
    for metric in dict.fromkeys((*ALWAYS_SHOWN, *gates)):
        try:
            both = measurements.as_given.metric(metric), clean.metric(metric)
        except (NotApplicable, UsageError):
            continue
        gate = gates.get(metric)
        limit, at_least = (None, True) if gate is None else (gate.limit, gate.at_least)
        is_share = share_or_number(metric) is wording.ratio
        yield WithAndWithout(metric, value(both[0]), value(both[1]), limit, at_least, is_share)


def _verdict(
    asking: Sequence[Check],
    measurements: Measurements,
    rows: SplitMeasurements,
    findings: Sequence[Finding],
    held_to: Policy,
) -> str:
    """The verdict that the conditions alone would give on some of the rows; empty where there is no condition."""
    if not asking:
        return ""
    judged = checking.judge(asking, replace(measurements, test=rows), held_to)
    gates = [replace(finding, waived=_waived(finding, findings)) for finding in judged if finding.gate]
    return str(decide(gates, held_to).status)


def _waived(finding: Finding, findings: Sequence[Finding]) -> str:
    """The waiver of the same condition in the audit itself."""
    same = (
        f.waived for f in findings if (f.check, f.subject, f.metric) == (finding.check, finding.subject, finding.metric)
    )
    return next(same, "")
