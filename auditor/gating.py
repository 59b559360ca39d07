"""How a family of gates is decided, and in which words."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from auditor import wording
from auditor.findings import Finding, Gate, Interval, Severity, Status
from auditor.statistics.designs import AT_AN_END, FEWEST_GROUPS, METHOD, UnderDesign
from auditor.statistics.estimates import Estimate, Proportion
from auditor.statistics.sample_size import best_lower_bound, labels_needed, minimum_without_miss, rows_needed

GATE_ALPHA = 0.05
AT_THE_LIMIT = "It lies practically at the limit: more labels cannot decide it. State a limit that it may miss, or improve the model."
AT_THE_LIMIT_WITHIN = 0.01
IF_IT_STAYS = "with probability 80% if it stays as it is"


def resolve(gates: Sequence[Gate]) -> list[Finding]:
    """Decide a family of gates: each passes on its own bound, and fails where Holm's step-down allows the claim.

    A release requires every gate, an intersection-union test, so passing needs no correction (Berger 1982); that some
    gate fails is a claim about a union, hence Holm (1979).
    """
    failed, alpha = _failed_by_holm(gates)
    return [_finding(gate, failed.get(place), alpha) for place, gate in enumerate(gates)]


def conditions_met(findings: Sequence[Finding]) -> bool:
    """Whether conditions were judged and all are met, those apart that may only fail."""
    gates = [f.status for f in findings if f.gate and not (f.only_fails and f.status is Status.INCONCLUSIVE)]
    return bool(gates) and all(status is Status.PASS for status in gates)


def _failed_by_holm(gates: Sequence[Gate]) -> tuple[dict[int, float], float]:
    """The gates whose failure is shown, each with its error level, and the level at which the others were not."""
    open_, failed = [i for i, gate in enumerate(gates) if gate.estimate.value is not None], dict[int, float]()
    while open_:
        alpha = GATE_ALPHA / len(open_)
        rejected = [i for i in open_ if _misses(gates[i], alpha)]
        if not rejected:
            return failed, alpha
        failed |= dict.fromkeys(rejected, alpha)
        open_ = [i for i in open_ if i not in failed]
    return failed, GATE_ALPHA


def _misses(gate: Gate, alpha: float) -> bool:
    bound = gate.estimate.upper(alpha) if gate.at_least else gate.estimate.lower(alpha)
    return bound is not None and (bound < gate.limit if gate.at_least else bound > gate.limit)


def _clears(gate: Gate) -> bool:
    bound = gate.estimate.lower(GATE_ALPHA) if gate.at_least else gate.estimate.upper(GATE_ALPHA)
    return bound is not None and (bound >= gate.limit if gate.at_least else bound <= gate.limit)


def _finding(gate: Gate, failed_at: float | None, open_at: float) -> Finding:
    """The finding of a gate that failed at one error level, or did not at the other."""
    alpha = open_at if failed_at is None else failed_at
    finding = Finding(
        Status.INCONCLUSIVE,
        f"{gate.message or describe(gate)}; {_asked(gate)}",
        value=gate.estimate.value,
        limit=gate.limit,
        subject=gate.subject,
        metric=gate.metric,
        interval=_interval(gate, alpha, failed=failed_at is not None),
        remedy=gate.remedy,
        gate=True,
        at_least=gate.at_least,
        only_fails=gate.only_fails,
    )
    if failed_at is not None:
        return replace(finding, status=Status.FAIL, severity=Severity.BLOCKER)
    if _clears(gate):
        return replace(finding, status=Status.PASS, remedy="", message=f"{finding.message}{_nevertheless(gate)}")
    why, remedy = undecided(gate, alpha)
    return replace(finding, message=f"{finding.message}. {why}", remedy=remedy)


def _nevertheless(gate: Gate) -> str:
    """Why a gate passes whose shown two-sided interval reaches beyond the limit."""
    shown = gate.estimate.low if gate.at_least else gate.estimate.high
    bound = gate.estimate.lower(GATE_ALPHA) if gate.at_least else gate.estimate.upper(GATE_ALPHA)
    if shown is None or (shown >= gate.limit if gate.at_least else shown <= gate.limit):
        return ""
    return f"; the one-sided 95% bound, which decides, is {share_or_number(gate.metric)(bound)}"


def _interval(gate: Gate, alpha: float, *, failed: bool) -> Interval:
    """The bounds that decide: to pass at 95%, to fail at the level that Holm's correction left; of a failure both at that."""
    method = f"one-sided {gate.estimate.decision_method}"
    if failed or alpha == GATE_ALPHA:
        return Interval(gate.estimate.lower(alpha), gate.estimate.upper(alpha), 1 - alpha, method)
    passing, failing = (GATE_ALPHA, alpha) if gate.at_least else (alpha, GATE_ALPHA)
    to_fail = f"{method}, to fail {100 * (1 - alpha):.4g}%"
    return Interval(gate.estimate.lower(passing), gate.estimate.upper(failing), 1 - GATE_ALPHA, to_fail)


def describe(gate: Gate) -> str:
    """`Recall on fraud is 12.0% (24 of 200; 95% interval 8.2% to 17.2%, Wilson)`."""
    estimate, form = gate.estimate, share_or_number(gate.metric)
    what = wording.metric(gate.metric) + (f" {gate.where}" if gate.where else "")
    if estimate.value is None:
        return f"{what} is undefined: there is nothing to count ({wording.plural(int(estimate.n), 'row')})"
    counted = _counted(estimate)
    if estimate.low is None or estimate.high is None:
        return f"{what} is {form(estimate.value)} ({counted}no interval)"
    return f"{what} is {form(estimate.value)} ({counted}95% interval {form(estimate.low)} to {form(estimate.high)}, {estimate.method})"


def _counted(estimate: Estimate) -> str:
    """`24 of 200; ` of a share, with the independent rows that would tell as much where they are fewer."""
    if isinstance(estimate, Proportion):
        return f"{wording.count(estimate.k)} of {wording.count(estimate.n)}; "
    if not isinstance(estimate, UnderDesign):
        return ""
    plain, n = estimate.plain, estimate.effective_n
    effective = (
        "" if n is None or n == estimate.n else f", as much as {wording.count(max(1, round(n)))} independent ones"
    )
    if isinstance(plain, Proportion) and not estimate.weighted:
        return f"{wording.count(plain.k)} of {wording.count(plain.n)} rows{effective}; "
    return f"{'by weight, ' if estimate.weighted else ''}{wording.plural(int(estimate.n), 'row')}{effective}; "


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


def undecided(gate: Gate, alpha: float) -> tuple[str, str]:
    """Why the rows at hand cannot decide a gate whose failure is tested at `alpha`, and how many more would."""
    estimate = gate.estimate
    if estimate.value is None:
        default = f"Give test data in which it is defined: labelled {gate.counted}."
        return "Undefined is not a pass", gate.remedy if gate.message else default
    if _lacks_groups(estimate):
        why, remedy = "So few groups show no interval", f"Give rows of more groups: {FEWEST_GROUPS} at the least."
    elif (share := _independent(estimate)) is not None and 0 < gate.limit < 1:
        why, remedy = _why_few(gate, share, estimate), _labels(gate, share, alpha, estimate)
    else:
        why, remedy = f"{wording.plural(int(estimate.n), 'row')} cannot tell", _rows(gate, estimate.value, alpha)
    if alpha < GATE_ALPHA and _misses(gate, GATE_ALPHA):
        why = f"Taken alone it would fail; tested beside the other conditions (Holm) it is not shown to: {why}"
    return (
        why,
        remedy if not gate.only_fails else f"Floors of single classes or labels hold nothing open here. {remedy}",
    )


def _rows(gate: Gate, value: float, alpha: float) -> str:
    below = _is_beyond(gate, value)
    needed = rows_needed(gate.estimate, gate.limit, alpha if below else GATE_ALPHA)
    if gate.estimate.lower(alpha) is None or gate.estimate.upper(alpha) is None:
        return "Label more rows: so few, or all alike, give no interval."
    near = share_or_number(gate.metric) is wording.ratio and abs(value - gate.limit) < AT_THE_LIMIT_WITHIN
    if needed is None or near:
        return AT_THE_LIMIT
    more = max(1, math.ceil(needed - gate.estimate.n))
    drawn = _of_new_groups(gate.estimate) or (", drawn like these" if gate.counted == "rows" else "")
    return _advice(
        gate, below, f"label about {wording.count(more)} more {gate.counted}{drawn}{_where(gate, more)}", "then"
    )


def _lacks_groups(estimate: Estimate) -> bool:
    """Whether an interval is missing because the groups are too few for one."""
    if isinstance(estimate, UnderDesign):
        return estimate.design_effect is None
    return estimate.method == METHOD and estimate.low is None


def _independent(estimate: Estimate) -> Proportion | None:
    """The share of independent rows that decides as a share does, None for what is none."""
    if isinstance(estimate, UnderDesign):
        estimate = estimate.thinned(GATE_ALPHA) or estimate
    return estimate if isinstance(estimate, Proportion) else None


def _of_new_groups(estimate: Estimate) -> str:
    grouped = isinstance(estimate, UnderDesign) and estimate.degrees_of_freedom is not None
    return " from new groups" if grouped or estimate.method in (METHOD, AT_AN_END) else ""


def _labels(gate: Gate, estimate: Proportion, alpha: float, given: Estimate) -> str:
    """The labels that would decide; `estimate` counts independent rows, of which `given` has more."""
    each, of_new = given.n / estimate.n if estimate.n else 1.0, _of_new_groups(given)
    k, limit = (estimate.k, gate.limit) if gate.at_least else (estimate.n - estimate.k, 1 - gate.limit)
    fewest = minimum_without_miss(limit, GATE_ALPHA)
    if (
        fewest is not None
        and estimate.n < fewest
        and (k == estimate.n or abs(k / estimate.n - limit) < AT_THE_LIMIT_WITHIN)
    ):
        lacking = math.ceil((fewest - estimate.n) * each)
        asked = f"Label at least {wording.count(lacking)} more {gate.counted}{of_new}{_where(gate, lacking)}"
        return f"{asked}: {wording.count(math.ceil(fewest * each))} {_without(gate)} would show it."
    need = labels_needed(k, estimate.n, limit)
    below = not need.passes
    need = labels_needed(k, estimate.n, limit, alpha) if below else need
    if need.total is None or need.more is None:
        return AT_THE_LIMIT
    more, total, fewest = (math.ceil(amount * each) for amount in (max(need.more, 1), need.total, need.fewest or 0))
    most = (
        "no number would do" if need.most is None else f"{wording.count(math.ceil(need.most * each))} would be needed"
    )
    range_ = f"; if the true rate lies one standard error away, {wording.count(fewest)} would do, or {most}"
    asked = f"label {wording.count(more)} more {gate.counted}{of_new}{_where(gate, more)}"
    return _advice(gate, below, asked, f"with {wording.count(total)} in all", range_)


def _without(gate: Gate) -> str:
    return "without a miss" if gate.at_least else "without a hit"


def _where(gate: Gate, more: float) -> str:
    """In how many rows drawn alike so many more would be found."""
    if not gate.share or gate.share == 1:
        return ""
    return f", found in about {wording.count(round(more / gate.share))} more rows"


def _advice(gate: Gate, below: bool, asked: str, when: str, range_: str = "") -> str:  # noqa: FBT001
    """What to do about an undecided gate: below the limit better is asked, and labels only to prove it."""
    shown = f"{when} it {'fails' if below else 'passes'} {IF_IT_STAYS}{range_}."
    if below:
        return f"It lies {'below' if gate.at_least else 'above'} the limit: improve the model. To prove that it fails, {asked}; {shown}"
    return f"{wording.upper_first(asked)}. {wording.upper_first(shown)}"


def _is_beyond(gate: Gate, value: float) -> bool:
    return value < gate.limit if gate.at_least else value > gate.limit


def _why_few(gate: Gate, estimate: Proportion, shown: Estimate) -> str:
    """Why so few cannot tell; the rows `shown` decide as the independent ones of `estimate` do."""
    limit = gate.limit if gate.at_least else 1 - gate.limit
    given = shown.n
    rows = f"{wording.count(given)} {gate.counted if given != 1 else gate.counted.replace('rows', 'row', 1)}"
    fewest, best = minimum_without_miss(limit, GATE_ALPHA), best_lower_bound(estimate.n, GATE_ALPHA)
    if fewest is None or best is None or estimate.n >= fewest:
        return f"{rows} cannot tell"
    bound = wording.ratio(best if gate.at_least else 1 - best)
    without = _without(gate)
    return f"{rows} cannot tell whatever the model does: even {wording.count(given)} {without} would show only {bound}"
