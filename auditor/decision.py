"""The first page: headline, facts, cards and what was not examined, built from findings and measurements."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from auditor import wording
from auditor.checking import Check
from auditor.config import Config
from auditor.findings import Finding, NotApplicable, Severity, Status
from auditor.gating import share_or_number
from auditor.headline import headline, sentence
from auditor.label_summary import constant_metric
from auditor.measurements import Measurements, SplitMeasurements
from auditor.policy import Policy, state_of
from auditor.report import Card, Criteria, Decision, Fact, Verdict
from auditor.results import Value
from auditor.states import Confusion
from auditor.statistics.estimates import Estimate, Proportion
from auditor.summary import row_flow, value
from auditor.verdict import Outcome

MOST_FACTS, MOST_CARDS, MOST_NAMED = 5, 3, 3


def verdict(outcome: Outcome, measurements: Measurements, policy: Policy, left_out: Sequence[str] = ()) -> Verdict:
    """The answer in words, with the checks that the user left out."""
    return Verdict(
        outcome.status,
        headline(outcome, measurements),
        f"{sentence(outcome, measurements)}{_without(left_out)}",
        tuple(finding.message for finding in outcome.deciding),
        outcome.exit_code(strict=policy.strict),
    )


def _without(left_out: Sequence[str]) -> str:
    """Said beside every verdict: what was not looked for cannot have been found."""
    if not left_out:
        return ""
    named = ", ".join(left_out) if len(left_out) <= MOST_NAMED else wording.plural(len(left_out), "check")
    return f" Left out by --select or --ignore: {named}."


def decision(
    outcome: Outcome, findings: Sequence[Finding], measurements: Measurements, prior: Mapping[str, float]
) -> Decision:
    """What the decision page shows beside the answer."""
    skipped = [finding for finding in findings if finding.status is Status.SKIP]
    ids = {finding.check for finding in findings}
    return Decision(
        facts=_facts(outcome, findings, measurements, prior),
        cards=_cards(outcome, findings),
        deciding_cell=_deciding_cell(outcome, measurements),
        row_flow=row_flow(measurements),
        not_examined=tuple((finding.title, finding.message) for finding in skipped),
        checks_ran=len({finding.check for finding in findings if finding.status is not Status.SKIP}),
        checks_total=len(ids),
    )


def criteria(
    config: Config,
    policy: Policy,
    checks: Sequence[Check],
    findings: Sequence[Finding],
    today: datetime,
    *,
    multilabel: bool,
) -> Criteria:
    """What the model was held to, with every limit of every check."""
    waivers = [{**waiver.model_dump(), "state": state_of(waiver, findings, today.date())} for waiver in policy.waivers]
    return Criteria(
        preset=policy.preset.name,
        confirmed=policy.confirmed,
        source=_source(config, today),
        gates=tuple(f"{g.metric} {'>=' if g.at_least is not None else '<='} {g.limit}" for g in policy.gates),
        conditions=policy.conditions(multilabel=multilabel),
        limits={check.id: dict(check.limits) for check in checks if check.limits},
        threshold=config.threshold,
        waivers=tuple(waivers),
        prior=dict(policy.prior),
    )


def _source(config: Config, today: datetime) -> str:
    if not config.criteria_stated:
        return "default criteria, unconfirmed"
    if config.origin is None:
        return f"the command line of {today:%-d %B %Y}"
    changed = datetime.fromtimestamp(config.origin.stat().st_mtime, tz=today.tzinfo)
    return f"{config.origin.name} of {changed:%-d %B %Y}"


def _facts(
    outcome: Outcome, findings: Sequence[Finding], measurements: Measurements, prior: Mapping[str, float]
) -> tuple[Fact, ...]:
    deciding = [f for f in outcome.deciding if f.gate and f.metric and f.status is not Status.PASS]
    gates = sorted((f for f in findings if f.gate and f.metric and f.status is not Status.SKIP), key=_margin)
    chosen: dict[str, Finding | None] = {}
    for finding in [*deciding[:3], *gates]:
        if finding.value is not None and _known(measurements, finding.metric):
            chosen.setdefault(finding.metric, finding)
    shown = dict(list(chosen.items())[: MOST_FACTS - 1])
    undefined = {f.metric for f in findings if f.gate and f.value is None}
    for metric in ("accuracy", *_of_positive(measurements), "balanced_accuracy"):
        if metric in undefined:
            continue
        if len(shown) < MOST_FACTS and metric not in shown and (metric == "accuracy" or _known(measurements, metric)):
            shown[metric] = chosen.get(metric)
    return tuple(
        _fact(metric, gate, measurements, prior, decides=gate is not None and gate in deciding)
        for metric, gate in shown.items()
    )


def _margin(gate: Finding) -> tuple[bool, float]:
    """Sort key: the metrics of all rows first, then the gate that clears its limit by least."""
    apart = (
        1.0 if gate.value is None or gate.limit is None else (gate.value - gate.limit) * (1 if gate.at_least else -1)
    )
    return "[" in gate.metric, apart


def _known(measurements: Measurements, metric: str) -> bool:
    try:
        return measurements.test.metric(metric).value is not None
    except Exception:  # noqa: BLE001  (a gate of a check of its own may name any metric)
        return False


def _of_positive(measurements: Measurements) -> tuple[str, ...]:
    if measurements.task.positive is None:
        return ()
    name = measurements.task.class_names[measurements.task.positive]
    return (f"recall[{name}]",) if measurements.remixed else (f"recall[{name}]", f"precision[{name}]")


def _fact(
    metric: str, gate: Finding | None, measurements: Measurements, prior: Mapping[str, float], *, decides: bool
) -> Fact:
    estimate, where = _in_use(measurements if gate else measurements.test, metric, prior)
    share = share_or_number(metric) is wording.ratio
    limit, at_least = (None, True) if gate is None else (gate.limit, gate.at_least)
    status = "" if gate is None else str(gate.status)
    what = _what(metric, multilabel=measurements.task.multilabel)
    what += (
        f", at the stated {measurements.task.noun} shares"
        if where.startswith("where ")
        else f", {where}"
        if where
        else ""
    )
    of_constant = constant_metric if measurements.labels else _of_majority
    majority = of_constant(metric, measurements, prior)
    return Fact(what, value(estimate), majority, limit, at_least, share, decides, status)


def _in_use(of: Measurements | SplitMeasurements, metric: str, prior: Mapping[str, float]) -> tuple[Estimate, str]:
    """A metric at the stated shares, or that of the file where it is not followed to them."""
    try:
        return of.metric_in_use(metric, prior)
    except NotApplicable:
        return (of.test if isinstance(of, Measurements) else of).metric(metric), ""


def _what(metric: str, *, multilabel: bool = False) -> str:
    """A metric as a layman reads it."""
    plain, _, class_name = metric.removesuffix("]").partition("[")
    name = wording.quoted(class_name)
    plainly = {"recall": f"Of the {name} rows, found", "precision": f"Of the rows called {name}, right"}
    if class_name and plain in plainly:
        return plainly[plain]
    if metric != "accuracy":
        return wording.metric(metric)
    return "Of all rows, every label right" if multilabel else "Of all rows, right (accuracy)"


def _of_majority(metric: str, measurements: Measurements, prior: Mapping[str, float]) -> Value | None:
    """What always answering the majority class gets; None where it is undefined."""
    matrix, (index, _) = measurements.test[Confusion], measurements.majority
    names = measurements.task.class_names
    plain, _, class_name = metric.removesuffix("]").partition("[")
    followed = not (measurements.test.grouped or measurements.test.weighted)
    if prior and ((metric == "accuracy" and followed) or (plain == "precision" and class_name == names[index])):
        return Value(float(measurements.test.class_shares(prior)[index]))
    if metric == "accuracy":
        return value(measurements.test.share(index))
    if metric == "balanced_accuracy":
        present = int(np.count_nonzero(matrix.support))
        return Value(1 / present if present and matrix.support[index] else None, n=matrix.n)
    if plain == "recall" and class_name in names:
        support = int(matrix.support[names.index(class_name)])
        return value(Proportion(support if names[index] == class_name else 0, support))
    if plain == "precision" and class_name == names[index]:
        return value(measurements.test.share(index))
    return None


def _cards(outcome: Outcome, findings: Sequence[Finding]) -> tuple[Card, ...]:
    serious = [
        f for f in findings if f.status is Status.FAIL and f.severity.rank >= Severity.MAJOR.rank and not f.waived
    ]
    undecided = [
        f
        for f in findings
        if f.status is Status.ERROR
        or (f.status is Status.INCONCLUSIVE and f.gate and not f.only_fails and not f.waived)
    ]
    told, cards = set[str](), list[Card]()
    for finding in [*outcome.deciding, *serious, *undecided]:
        if finding.status is Status.PASS or finding.message in told or len(cards) == MOST_CARDS:
            continue
        told.add(finding.message)
        cards.append(
            Card(
                finding.message,
                finding.subject,
                finding.remedy,
                str(finding.status),
                str(finding.severity),
            )
        )
    return tuple(cards)


def _deciding_cell(outcome: Outcome, measurements: Measurements) -> tuple[int, int] | None:
    """The cell of the confusion matrix that weighs most in the deciding gate: misses for recall, false alarms for precision."""
    if measurements.labels:
        return _deciding_label(outcome, measurements.task.class_names)
    names = measurements.task.class_names
    for finding in outcome.deciding:
        plain, _, class_name = finding.metric.removesuffix("]").partition("[")
        if (
            class_name in names
            and plain in ("recall", "precision")
            and finding.status is not Status.PASS
            and len(names) <= 256
        ):
            index, wrong = names.index(class_name), measurements.test[Confusion].dense.copy()
            np.fill_diagonal(wrong, -1)
            return (index, int(wrong[index].argmax())) if plain == "recall" else (int(wrong[:, index].argmax()), index)
    return None


def _deciding_label(outcome: Outcome, names: Sequence[str]) -> tuple[int, int] | None:
    """The label of the deciding gate, and whether its misses (1) or its false alarms (2) weigh."""
    for finding in outcome.deciding:
        plain, _, name = finding.metric.removesuffix("]").partition("[")
        if name in names and plain in ("recall", "precision") and finding.status is not Status.PASS:
            return names.index(name), 1 if plain == "recall" else 2
    return None
