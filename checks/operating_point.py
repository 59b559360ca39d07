"""Is the positive class named from the right probability on?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from auditor import Curve, Finding, Interval, Line, Measurements, NotApplicable, Severity, Status, check
from auditor.states import Confusion, Reliability, ScoreBins, thresholds
from auditor.statistics import (
    Estimate,
    Floor,
    OperatingPoints,
    Outcome,
    Smooth,
    best_f_score,
    best_within,
    certified_precision,
    cheapest,
    cost_threshold,
    cross_fitted,
    mcnemar_mid_p,
)
from auditor.wording import count, metric, number, plural, ratio

GATES = ("acceptance", "class-recall", "class-precision", "better-than-majority")
GAIN = "gain_over_majority"
ENDED = 0.05
SHOWN = 120

Choose = Callable[[OperatingPoints], int]


@dataclass(frozen=True)
class _Aims:
    """The conditions of release that follow from the threshold, whether a gain over the majority is one, and those that do not."""

    floors: tuple[Floor, ...]
    gain: bool
    missed: tuple[Finding, ...]
    out_of_reach: tuple[Finding, ...]


@dataclass(frozen=True)
class _Choice:
    """A threshold, what it gives on rows that did not choose it, and on those that did."""

    threshold: float
    fair: Outcome
    own: Outcome
    how: str


@check("threshold-choice", title="No other threshold would serve better", needs=(Confusion, Reliability), after=GATES)
def threshold_choice(
    m: Measurements,
    *,
    earlier: Sequence[Finding],
    few: int = 30,
    step: float = 0.05,
    steep: float = 0.10,
    dearer: float = 1.2,
    cost_miss: float | None = None,
    cost_alarm: float | None = None,
) -> Iterator[Finding]:
    """Would the conditions be met if the class were named from another probability on?

    Where a condition of release is missed at the threshold in use, another is looked for: of those that clear every floor on
    recall, precision and accuracy comfortably, the one of highest F1. It is chosen on validation data and counted on test;
    without validation data each half of the test rows is judged by the threshold that the other half chose, since the best
    threshold of a data set looks better there than it is. It is offered only where the one-sided 95% bounds clear every floor;
    the verdict stays until the audit is run again with it. Where no threshold does, the finding says what the strictest one
    certifies: fixed-sequence testing from the highest threshold downwards (Angelopoulos et al. 2021), never the lowest threshold
    at which the observed precision happens to suffice. A threshold is steep when recall or precision changes by more than
    `steep` within `step` of it (Poisson bootstrap, Bonferroni over four changes). With `cost_miss` and `cost_alarm` set, the cost
    in use is held against the lowest one and against the threshold alarm / (alarm + miss) that is best for calibrated
    probabilities (Elkan 2001); more than `dearer` times the lowest is a minor finding. Fewer than `few` rows of either class
    allow no advice. Thresholds are probabilities; a row counts as called from the threshold on.
    """
    if m.task.positive is None or not m.task.is_binary:
        raise NotApplicable("a threshold is chosen for one class against another; here the highest score of several decides")
    bins = m.test[Reliability]
    rarer = int(min(bins.positives.sum(), bins.negatives.sum()))
    if rarer < few:
        raise NotApplicable(f"{plural(rarer, 'row')} of the rarer class allow no advice on the threshold ({count(few)} needed)")
    yield _main(m, bins, _aims(m, earlier), few)
    yield from _steepness(m, bins, step, steep)
    if cost_miss is not None and cost_alarm is not None and cost_miss > 0 and cost_alarm > 0:
        yield _cost(m, bins, few, cost_miss, cost_alarm, dearer)


def _main(m: Measurements, bins: ScoreBins, aims: _Aims, few: int) -> Finding:
    """Whether another threshold meets what is missed; else where F1 is highest."""
    highest = _chosen(m, best_f_score, few)
    now = _now(m)
    said = f"{_in_use(m, bins)}: {_counted(now)}"
    seen = Finding.passed(said, value=now.f_score().value, subject=f"class {_name(m)}")
    if not aims.missed or not aims.floors:
        told = f"{said}. F1 is highest {_at(m, highest)}: {_f1(highest, now)}"
        return replace(seen, message=told, figures=_figure(bins, [("highest F1", highest)]))
    offer = _chosen(m, lambda points: best_within(points, aims.floors), few)
    figures = _figure(bins, [("suggested", offer)])
    if aims.out_of_reach:
        others = ", ".join(sorted({metric(f.metric) for f in aims.out_of_reach}))
        return replace(seen, message=f"{said}. A threshold cannot change {others}, so none meets every condition", figures=figures)
    if not _meets(m, aims, offer.fair):
        return replace(seen, message=f"{said}. {_none_meets(m, bins, aims, offer)}", figures=figures)
    failed = [f for f in aims.missed if f.status is Status.FAIL]
    missed = ", ".join(metric(f.metric) for f in failed or aims.missed)
    why = f"{missed} {'misses its limit' if failed else 'is undecided'} here, but fixable by threshold: {_at(m, offer)} gives {_counted(offer.fair)}, which meets every condition"
    remedy = (
        f"Run again with --positive {_name(m)} --threshold {_probability(offer.threshold)}{_confirm(offer)}; the verdict stays until then."
    )
    return replace(seen, figures=figures).failing(Severity.MAJOR if failed else Severity.MINOR, why, remedy=remedy)


def _aims(m: Measurements, earlier: Sequence[Finding]) -> _Aims:
    """What the gates ask, from how they were decided at the threshold in use."""
    gates = [f for f in earlier if f.gate and f.metric and f.limit is not None and f.status is not Status.SKIP]
    missed = tuple(f for f in gates if f.status is not Status.PASS)
    floors = {f.metric: floor for f in gates if (floor := _floor(m, f)) is not None}
    beyond = tuple(f for f in missed if f.metric not in floors and f.metric != GAIN)
    return _Aims(tuple(dict.fromkeys(floors.values())), any(f.metric == GAIN for f in gates), missed, beyond)


def _floor(m: Measurements, gate: Finding) -> Floor | None:
    """The floor on counts that a gate is, None where a threshold does not decide it so."""
    plain, _, class_name = gate.metric.removesuffix("]").partition("[")
    swapped = {"recall": "specificity", "specificity": "recall", "precision": "negative_predictive_value"}
    if class_name and class_name != _name(m):
        plain = swapped.get(plain, "")
    known = ("recall", "precision", "specificity", "negative_predictive_value", "accuracy", "balanced_accuracy", "f1")
    return Floor(plain, gate.limit) if plain in known and gate.at_least and gate.limit is not None else None


def _meets(m: Measurements, aims: _Aims, outcome: Outcome) -> bool:
    return all(floor.is_met(outcome) for floor in aims.floors) and (not aims.gain or _gains(m, outcome))


def _gains(m: Measurements, outcome: Outcome) -> bool:
    """Whether better-than-majority would pass: a gain in accuracy, or less accuracy for clearly better balanced accuracy."""
    positive_majority = m.majority[0] == m.task.positive
    model, majority = (outcome.tn, outcome.fn) if positive_majority else (outcome.tp, outcome.fp)
    return mcnemar_mid_p(model, majority) <= ENDED or (model < majority and Floor("balanced_accuracy", 0.5).is_met(outcome))


def _chosen(m: Measurements, choose: Choose, few: int) -> _Choice:
    """A threshold chosen on validation data and counted on test, else cross-fitted on the halves of test."""
    bins, tuning = m.test[Reliability], _validation(m, few)
    if tuning is not None:
        index = choose(tuning.points())
        fair, own, how = bins.points().outcome(index), tuning.points().outcome(index), "chosen on validation data, counted on test"
    else:
        index = choose(bins.points())
        fair, own = cross_fitted(bins.points(0), bins.points(1), choose), bins.points().outcome(index)
        how = "without validation data: each half of the test rows judged by the threshold that the other half chose"
    return _Choice(float(thresholds()[index]), fair, own, how)


def _validation(m: Measurements, few: int) -> ScoreBins | None:
    if "validation" not in m.splits or Reliability not in m.splits["validation"]:
        return None
    bins = m.splits["validation"][Reliability]
    return bins if min(int(bins.positives.sum()), int(bins.negatives.sum())) >= few else None


def _now(m: Measurements) -> Outcome:
    counts, positive = m.test[Confusion], m.task.positive
    assert positive is not None
    hit, called, real = int(counts.correct[positive]), int(counts.predicted[positive]), int(counts.support[positive])
    return Outcome(hit, called - hit, real - hit, counts.n - called - real + hit)


def _none_meets(m: Measurements, bins: ScoreBins, aims: _Aims, offer: _Choice) -> str:
    said = f"No threshold was found that meets every condition; nearest is {_at(m, offer)}: {_counted(offer.fair)}"
    precise = [floor.limit for floor in aims.floors if floor.metric == "precision"]
    if not precise:
        return said
    tuning, points = bins.points(), bins.points()
    index = certified_precision(tuning, max(precise))
    if index is None:
        return f"{said}. No threshold certifies a precision of {ratio(max(precise))}"
    found, lowest = points.outcome(index).recall, _probability(float(thresholds()[index]))
    return f"{said}. A precision of {ratio(max(precise))} is certified down to {lowest}, with recall {_share(found)}"
