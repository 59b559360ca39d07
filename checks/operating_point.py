"""Is the positive class named from the right probability on?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

import numpy as np

from auditor import (
    Confidence,
    Curve,
    Finding,
    Interval,
    Line,
    Measurements,
    NotApplicable,
    Policy,
    Severity,
    Status,
    check,
)
from auditor.states import Confusion, Reliability, ScoreBins, thresholds
from auditor.statistics import (
    Floor,
    OperatingPoints,
    Outcome,
    Proportion,
    Tuned,
    best_f_score,
    best_within,
    certified_precision,
    changes,
    cheapest,
    cost,
    cost_threshold,
    floor_on,
    is_dearer,
    least_size,
    mcnemar_mid_p,
    tune,
)
from auditor.wording import count, metric, number, plural, points, probability, ratio

GATES = ("acceptance", "class-recall", "class-precision", "better-than-majority")
ON_SCORES = ("roc_auc", "average_precision", "log_loss", "brier_score")
OTHER_ROWS = "rows that did not choose it, such as validation data"
GAIN, ALPHA, SHOWN = "gain_over_majority", 0.05, 120


@dataclass(frozen=True)
class _Aims:
    """What is asked of a threshold, and the conditions of release that are not followed along it."""

    floors: tuple[Floor, ...]
    gain: bool
    missed: tuple[Finding, ...]
    not_followed: tuple[Finding, ...]


@check(
    "threshold-choice",
    title="No other threshold would serve better",
    needs=(Confusion, Reliability),
    after=GATES,
    plain_rows=True,
)
def threshold_choice(
    m: Measurements,
    *,
    earlier: Sequence[Finding],
    policy: Policy,
    few: int = 30,
    step: float = 0.05,
    steep: float = 0.10,
    dearer: float = 1.2,
    cost_miss: float | None = None,
    cost_alarm: float | None = None,
) -> Iterator[Finding]:
    """Would the conditions be met if the class were named from another probability on?

    Where a condition of release is missed, another threshold is looked for: of those that clear every floor comfortably, the
    one of highest F1. It is chosen on validation data and counted on test; without validation data each half of the test rows
    is judged by the threshold that the other half chose, since the best threshold of a data set looks better there than it is.
    It is offered as a major finding only where the one-sided 95% bounds clear every floor, and as a suspected minor one where
    the values do and the rows cannot show it; the verdict stays until the audit is run again with it. Where none does, the
    finding says down to which threshold a precision floor is certified by fixed-sequence testing (Angelopoulos et al. 2021).
    A threshold is steep when recall or precision changes by more than `steep` within `step` of it (Clopper-Pearson and Newcombe
    bounds, Bonferroni). A stated threshold that is the best one of the very rows it is judged on is a suspected minor finding,
    with the cross-fitted F1 beside its own. With `cost_miss` and `cost_alarm` set, the cost in use is held against the lowest
    one and against the threshold alarm / (alarm + miss) that is best for calibrated probabilities (Elkan 2001); over `dearer`
    times the lowest is a minor finding. Fewer than `few` rows of either class allow no advice.
    """
    if m.task.positive is None or not m.task.is_binary:
        raise NotApplicable("a threshold parts two classes; here the highest score of several decides")
    if policy.prior:
        raise NotApplicable("thresholds are followed at the class shares of the test file, and others were stated")
    bins = m.test[Reliability]
    if (rarer := int(min(bins.positives.sum(), bins.negatives.sum()))) < few:
        raise NotApplicable(f"{plural(rarer, 'row')} of the rarer class allow no advice ({count(few)} are needed)")
    yield _main(m, bins, _aims(m, earlier), few)
    yield from _steepness(m, bins, step, steep)
    if cost_miss and cost_alarm:
        lowest = _chosen(m, lambda points: cheapest(points, cost_alarm, cost_miss), few)
        yield _cost(m, lowest, (cost_miss, cost_alarm), dearer)


def _main(m: Measurements, bins: ScoreBins, aims: _Aims, few: int) -> Finding:
    """Whether another threshold meets what is missed; else where F1 is highest."""
    now = _now(m)
    said = f"Calling {_name(m)} {_in_use(bins)} gives {_counted(now)}"
    seen = Finding.passed(said, value=now.f_score().value, subject=m.task.place(_name(m)))
    if not aims.missed or not aims.floors:
        highest = _chosen(m, best_f_score, few)
        if _is_tuned_here(bins, now, highest):
            return _tuned_here(seen, highest, now)
        seen = replace(seen, figures=_figure(bins, "highest F1", highest))
        return replace(seen, message=f"{said}. F1 is highest {_at(m, highest)}: {_f1(highest, now)}")
    offer = _chosen(m, lambda points: best_within(points, aims.floors), few)
    seen = replace(seen, figures=_figure(bins, "nearest", offer))
    if aims.not_followed:
        others = ", ".join(sorted({metric(f.metric) for f in aims.not_followed}))
        asked = f"No other threshold is offered: {others} is asked too, and is not followed along the thresholds"
        return replace(seen, message=f"{said}. {asked}")
    if all(floor.is_reached(offer.fair) for floor in aims.floors) and (not aims.gain or _gains(m, offer.fair)):
        return replace(_offered(m, bins, aims, offer), figures=_figure(bins, "suggested", offer))
    return replace(seen, message=f"{said}. {_none_meets(m, bins, aims, offer)}")


def _is_tuned_here(bins: ScoreBins, now: Outcome, highest: Tuned) -> bool:
    """Whether a stated threshold has the highest F1 of these very rows, and no others can have chosen it."""
    if bins.threshold in (None, 0.5) or highest.on_validation:
        return False
    used, best = (outcome.f_score().value or 0.0 for outcome in (now, highest.own))
    return used >= best or bins.threshold == _threshold(highest)


def _tuned_here(seen: Finding, highest: Tuned, now: Outcome) -> Finding:
    why = (
        f"no threshold gives a higher F1 on these very rows. If it was chosen on them, new rows give less: F1 is "
        f"{_f1(highest, now)} where each half is judged by the threshold that the other half chose"
    )
    remedy = "Choose the threshold on rows that are not judged here, give them with --validation, and run again."
    return seen.failing(Severity.MINOR, why, remedy=remedy, confidence=Confidence.SUSPECTED)


def _offered(m: Measurements, bins: ScoreBins, aims: _Aims, offer: Tuned) -> Finding:
    """A threshold whose values meet every floor, proven or not."""
    proven, now = not m.test.grouped and all(floor.is_met(offer.fair) for floor in aims.floors), _now(m)
    enough = "meets every condition" if proven else "is enough for every condition, though these rows cannot show it"
    said = (
        f"{'Fixable' if proven else 'Perhaps fixable'} by threshold: calling {_name(m)} from {probability(_threshold(offer))} on "
        f"({_how(offer)}) gives {_counted(offer.fair)}, which {enough}; {_in_use(bins)} recall is {ratio(now.recall.value)} and "
        f"precision {ratio(now.precision.value)}"
    )
    seen = Finding.passed(said, value=now.f_score().value, subject=m.task.place(_name(m)))
    severity = Severity.MAJOR if proven and any(f.status is Status.FAIL for f in aims.missed) else Severity.MINOR
    found = seen.failing(severity, remedy=f"{_again(m, offer)}; the verdict stays until then.")
    return found if proven else replace(found, confidence=Confidence.SUSPECTED)


def _aims(m: Measurements, earlier: Sequence[Finding]) -> _Aims:
    """What the gates ask, from how they were decided at the threshold in use."""
    gates = [f for f in earlier if f.gate and f.metric and f.limit is not None and f.status is not Status.SKIP]
    missed = tuple(f for f in gates if f.status is not Status.PASS)
    floors = {f.metric: floor for f in gates if (floor := _floor(m, f)) is not None}
    beyond = tuple(f for f in gates if f.metric not in floors and f.metric != GAIN and not _stays_met(f))
    return _Aims(tuple(dict.fromkeys(floors.values())), any(f.metric == GAIN for f in gates), missed, beyond)


def _stays_met(gate: Finding) -> bool:
    """Whether a condition is met and hangs on the scores alone, whatever the threshold."""
    return gate.status is Status.PASS and gate.metric.partition("[")[0] in ON_SCORES


def _floor(m: Measurements, gate: Finding) -> Floor | None:
    """The floor that a condition is, None where it is not followed along the thresholds."""
    plain, _, class_name = gate.metric.removesuffix("]").partition("[")
    if gate.limit is None or not gate.at_least:
        return None
    return floor_on(plain, gate.limit, of_positive=class_name in ("", _name(m)))


def _gains(m: Measurements, outcome: Outcome) -> bool:
    """Whether better-than-majority would pass: a gain in accuracy, or less accuracy for clearly better balanced accuracy."""
    model, majority = (outcome.tn, outcome.fn) if m.majority[0] == m.task.positive else (outcome.tp, outcome.fp)
    trades = model < majority and Floor("balanced_accuracy", 0.5).is_met(outcome)
    return trades or mcnemar_mid_p(model, majority) <= ALPHA


def _chosen(m: Measurements, choose: Callable[[OperatingPoints], int], few: int) -> Tuned:
    bins, validation = m.test[Reliability], _validation(m, few)
    points = None if validation is None else validation.points()
    return tune(choose, bins.points(), (bins.points(0), bins.points(1)), points)


def _validation(m: Measurements, few: int) -> ScoreBins | None:
    if "validation" not in m.splits or Reliability not in m.splits["validation"]:
        return None
    bins = m.splits["validation"][Reliability]
    return bins if min(int(bins.positives.sum()), int(bins.negatives.sum())) >= few else None


def _now(m: Measurements) -> Outcome:
    assert m.task.positive is not None
    return m.test[Confusion].outcome(m.task.positive)


def _none_meets(m: Measurements, bins: ScoreBins, aims: _Aims, offer: Tuned) -> str:
    said = f"No threshold was found that meets every condition; the nearest is {_at(m, offer)}: {_counted(offer.fair)}"
    precise = [floor.limit for floor in aims.floors if floor.metric == "precision"]
    if not precise:
        return said
    points = bins.points()
    index = certified_precision(points, max(precise))
    if index is None:
        return f"{said}. No threshold certifies a precision of {ratio(max(precise))}"
    found, lowest = points.outcome(index).recall, probability(float(thresholds()[index]))
    return f"{said}. A precision of {ratio(max(precise))} is certified down to {lowest}, with recall {_share(found)}"


def _steepness(m: Measurements, bins: ScoreBins, step: float, steep: float) -> Iterator[Finding]:
    """A finding where a small move of the threshold changes recall or precision much."""
    if bins.threshold is None or not step < bins.threshold < 1 - step:
        return
    around = np.array([bins.threshold - step, bins.threshold, bins.threshold + step]).round(6)
    low, at, high = np.searchsorted(thresholds(), around).tolist()
    tried = [*changes(bins.points(), low, at).items(), *changes(bins.points(), at, high).items()]
    bounds = [least_size(change, ALPHA / len(tried)) for _, change in tried]
    bound, (what, change) = max(zip(bounds, tried, strict=True), key=itemgetter(0))
    if bound <= steep:
        return
    moved = abs(change.value or 0.0)
    said = (
        f"{metric(what)} on {_name(m)} changes by {points(moved)} points when the threshold moves by {number(step, 2)} "
        f"from {probability(bins.threshold)} (at least {points(bound)} points with 95% confidence)"
    )
    interval = Interval(bound, None, 1 - ALPHA, f"{change.decision_method}, Bonferroni")
    seen = Finding.passed(said, value=moved, limit=steep, subject=m.task.place(_name(m)), interval=interval)
    remedy = "Fix the threshold to three digits wherever the model runs, and watch the share of calls: a small drift moves it."
    yield seen.failing(Severity.MINOR, "the threshold stands where the scores are dense", remedy=remedy)


def _cost(m: Measurements, lowest: Tuned, prices: tuple[float, float], dearer: float) -> Finding:
    """The cost in use beside the lowest one, and beside the threshold that calibrated probabilities would ask for."""
    (miss, alarm), bins = prices, m.test[Reliability]
    ideal = cost_threshold(alarm, miss)
    closed = bins.points().outcome(int(np.searchsorted(thresholds(), ideal)))
    now, least, by_rule = (cost(outcome, alarm, miss) for outcome in (_now(m), lowest.fair, closed))
    said = (
        f"With a miss at {number(miss, 2)} and a false alarm at {number(alarm, 2)}, the decisions in use cost {count(now.value)} in "
        f"{plural(bins.n, 'row')}; the lowest cost is {count(least.value)}, {_at(m, lowest)}. Calibrated probabilities would ask for "
        f"{probability(round(ideal, 3))} (Elkan 2001), which costs {count(by_rule.value)}"
    )
    if is_dearer(by_rule, least, dearer):
        said += ", so they are not calibrated well enough for that rule"
    value = now.value / least.value if now.value is not None and least.value else None
    seen = Finding.passed(said, value=value, limit=dearer, subject="costs")
    why = f"the decisions in use cost more than {number(dearer, 2)} times the lowest"
    found = seen.failing(Severity.MINOR, why, remedy=f"{_again(m, lowest)}.")
    return found if is_dearer(now, least, dearer) else seen


def _figure(bins: ScoreBins, name: str, choice: Tuned) -> tuple[Curve, ...]:
    """Recall and precision by threshold on the test rows."""
    points, at = bins.points(), thresholds()
    inside = np.flatnonzero((at > 0) & (at < 1))
    shown = inside[np.unique(np.linspace(0, len(inside) - 1, SHOWN).astype(int))]
    x = tuple(float(t) for t in at[shown])
    lines = tuple(
        Line(what, x, tuple(None if np.isnan(y) else round(float(y), 6) for y in values[shown]))
        for what, values in (("recall", points.recall), ("precision", points.precision))
    )
    named = (("in use", bins.threshold), (name, _threshold(choice)))
    marks = tuple((what, t) for what, t in named if t is not None and t <= 1)
    return (Curve("Recall and precision by threshold", "Threshold (probability)", "Share", lines, marks),)


def _name(m: Measurements) -> str:
    assert m.task.positive is not None
    return m.task.class_names[m.task.positive]


def _in_use(bins: ScoreBins) -> str:
    return "as it is called now" if bins.threshold is None else f"from {probability(bins.threshold)} on, as now,"


def _threshold(choice: Tuned) -> float:
    return float(thresholds()[choice.index])


def _how(choice: Tuned) -> str:
    if choice.on_validation:
        return "chosen on validation data, counted on test"
    return "there is no validation data: each half of test judged by the threshold that the other half chose"


def _at(m: Measurements, choice: Tuned) -> str:
    if _threshold(choice) > 1:
        return f"where {_name(m)} is never called ({_how(choice)})"
    return f"with {_name(m)} called from {probability(_threshold(choice))} on ({_how(choice)})"


def _counted(outcome: Outcome) -> str:
    return f"recall {_share(outcome.recall)} and precision {_share(outcome.precision)}"


def _share(part: Proportion) -> str:
    counts = f"{count(part.k)} of {count(part.n)}"
    return f"{ratio(part.value)} ({counts}; 95% interval {ratio(part.low)} to {ratio(part.high)})"


def _f1(choice: Tuned, now: Outcome) -> str:
    fair, own, used = (number(outcome.f_score().value, 3) for outcome in (choice.fair, choice.own, now))
    return f"{fair}, against {used} in use ({own} on the rows that chose it)"


def _again(m: Measurements, choice: Tuned) -> str:
    """What to run, and that a threshold chosen on test is to be confirmed elsewhere."""
    confirm = "" if choice.on_validation else f", and confirm it on {OTHER_ROWS}"
    at = probability(_threshold(choice))
    options = f"{_name(m)} = {at} under [thresholds]" if m.task.label else f"--positive {_name(m)} --threshold {at}"
    return f"Run again with {options}{confirm}"
