"""How a family of gates is decided, and in which words."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from auditor import wording
from auditor.findings import Finding, Gate, Interval, Severity, Status
from auditor.statistics.estimates import Proportion
from auditor.statistics.sample_size import best_lower_bound, labels_needed, minimum_without_miss, rows_needed

GATE_ALPHA = 0.05
AT_THE_LIMIT = "It lies practically at the limit: more labels cannot decide it. State a limit that it may miss, or improve the model."
IF_IT_STAYS = "with probability 80% if it stays as it is"


def resolve(gates: Sequence[Gate]) -> list[Finding]:
    """Decide a family of gates: each passes on its own bound, and fails where Holm's step-down allows the claim.

    A release requires every gate, an intersection-union test, so passing needs no correction (Berger 1982); that some
    gate fails is a claim about a union, hence Holm (1979).
    """
    failed = _failed_by_holm(gates)
    return [_finding(gate, failed.get(place)) for place, gate in enumerate(gates)]


def _failed_by_holm(gates: Sequence[Gate]) -> dict[int, float]:
    """Indices of the gates whose failure is shown, with the error level each was tested at."""
    open_, failed = [i for i, gate in enumerate(gates) if gate.estimate.value is not None], dict[int, float]()
    while open_:
        alpha = GATE_ALPHA / len(open_)
        rejected = [i for i in open_ if _misses(gates[i], alpha)]
        if not rejected:
            break
        failed |= dict.fromkeys(rejected, alpha)
        open_ = [i for i in open_ if i not in failed]
    return failed


def _misses(gate: Gate, alpha: float) -> bool:
    bound = gate.estimate.upper(alpha) if gate.at_least else gate.estimate.lower(alpha)
    return bound is not None and (bound < gate.limit if gate.at_least else bound > gate.limit)


def _clears(gate: Gate) -> bool:
    bound = gate.estimate.lower(GATE_ALPHA) if gate.at_least else gate.estimate.upper(GATE_ALPHA)
    return bound is not None and (bound >= gate.limit if gate.at_least else bound <= gate.limit)


def _finding(gate: Gate, failed_at: float | None) -> Finding:
    alpha = failed_at or GATE_ALPHA
    low, high = gate.estimate.lower(GATE_ALPHA if failed_at is None else alpha), gate.estimate.upper(alpha)
    finding = Finding(
        Status.INCONCLUSIVE,
        "",
        value=gate.estimate.value,
        limit=gate.limit,
        subject=gate.subject,
        metric=gate.metric,
        interval=Interval(low, high, 1 - alpha, f"one-sided {gate.estimate.decision_method}"),
        remedy=gate.remedy,
        gate=True,
        at_least=gate.at_least,
        only_fails=gate.only_fails,
    )
    seen, asked = gate.message or describe(gate), _asked(gate)
    if failed_at is not None:
        severity = Severity.BLOCKER
        return replace(finding, status=Status.FAIL, severity=severity, message=f"{seen}; {asked}")
    if _clears(gate):
        return replace(finding, status=Status.PASS, message=f"{seen}; {asked}", remedy="")
    why, remedy = undecided(gate)
    return replace(finding, message=f"{seen}; {asked}. {why}", remedy=remedy)


def describe(gate: Gate) -> str:
    """`Recall on fraud is 12.0% (24 of 200; 95% interval 8.2% to 17.2%, Wilson)`."""
    estimate, form = gate.estimate, share_or_number(gate.metric)
    what = wording.metric(gate.metric)
    if estimate.value is None:
        return f"{what} is undefined: there is nothing to count ({wording.count(estimate.n)} rows)"
    counted = (
        f"{wording.count(estimate.k)} of {wording.count(estimate.n)}; " if isinstance(estimate, Proportion) else ""
    )
    if estimate.low is None or estimate.high is None:
        return f"{what} is {form(estimate.value)} ({counted}no interval)"
    return f"{what} is {form(estimate.value)} ({counted}95% interval {form(estimate.low)} to {form(estimate.high)}, {estimate.method})"


def share_or_number(metric: str) -> Callable[[float | None], str]:
    """How values of a metric are spoken: as percentages, or as numbers for losses and correlations."""
    plain = metric.split("[", maxsplit=1)[0] in (
        "log_loss",
        "brier_score",
        "mcc",
        "kappa",
        "roc_auc",
        "average_precision",
        "difference",
    )
    return wording.number if plain else wording.ratio


def _asked(gate: Gate) -> str:
    form = share_or_number(gate.metric)
    return f"{'at least' if gate.at_least else 'at most'} {form(gate.limit)} is required"


def undecided(gate: Gate) -> tuple[str, str]:
    """Why the rows at hand cannot decide a gate, and how many more would."""
    estimate = gate.estimate
    if estimate.value is None:
        return "Undefined is not a pass", f"Give test data in which it is defined: labelled {gate.counted}."
    if isinstance(estimate, Proportion) and 0 < gate.limit < 1:
        return _why_few(gate, estimate), _labels(gate, estimate)
    needed = rows_needed(estimate, gate.limit)
    more = None if needed is None else wording.count(max(1, math.ceil(needed - estimate.n)))
    remedy = (
        f"Label about {more} more rows, drawn like these. Then it is decided {IF_IT_STAYS}." if more else AT_THE_LIMIT
    )
    return f"{wording.plural(int(estimate.n), 'row')} cannot tell", remedy


def _why_few(gate: Gate, estimate: Proportion) -> str:
    limit = gate.limit if gate.at_least else 1 - gate.limit
    rows = f"{wording.count(estimate.n)} {gate.counted}"
    fewest, best = minimum_without_miss(limit, GATE_ALPHA), best_lower_bound(estimate.n, GATE_ALPHA)
    if fewest is None or best is None or estimate.n >= fewest:
        return f"{rows} cannot tell"
    shown = wording.ratio(best if gate.at_least else 1 - best)
    without = "without a miss" if gate.at_least else "without a hit"
    return f"{rows} cannot tell whatever the model does: even {wording.count(estimate.n)} {without} would show only {shown}"


def _labels(gate: Gate, estimate: Proportion) -> str:
    k, limit = (estimate.k, gate.limit) if gate.at_least else (estimate.n - estimate.k, 1 - gate.limit)
    need = labels_needed(k, estimate.n, limit)
    if need.total is None or need.more is None:
        return AT_THE_LIMIT
    where = f", found in about {wording.count(round(need.more / gate.share))} more rows" if gate.share else ""
    most = "more than can be labelled" if need.most is None else wording.count(need.most)
    return (
        f"Label {wording.count(need.more)} more {gate.counted}{where}. With {wording.count(need.total)} in all it "
        f"{'passes' if need.passes else 'fails'} {IF_IT_STAYS} ({wording.count(need.fewest)} to {most} if it is one "
        "standard error off)."
    )
