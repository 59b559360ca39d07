"""Does stated confidence match what comes true?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor import Curve, Finding, Interval, Line, Measurements, NotApplicable, Severity, check
from auditor.states import Reliability, ScoreBins, Temperatures
from auditor.statistics import TEMPERATURES, Estimate, Proportion, fit_temperature
from auditor.wording import count, number, plural, points, quoted

FEW_FOR_LEVEL = 10  # of each side: with none of one side the interval of the level has no width
WORTHWHILE = 0.99  # a temperature that lowers the log loss by less is not advised


@dataclass(frozen=True)
class _Fault:
    """A bound beyond a limit."""

    severity: Severity
    value: float | None
    limit: float
    interval: Interval


@check("calibration", title="Confidence matches accuracy", needs=(Reliability, Temperatures), plain_rows=True)
def calibration(
    m: Measurements,
    *,
    minor: float = 0.05,
    major: float = 0.10,
    slope_minor: float = 0.8,
    slope_major: float = 0.5,
    level: float = 0.8,
    few: int = 100,
) -> Iterator[Finding]:
    """Of the rows that are given a probability of 30%, are 30% of the class?

    Asked of the positive class where there are two, else of the confidence in the class that is named. Rows are put into 15
    groups of about equal size by their probability. The error is the root mean square distance of the mean stated probability
    and the observed share, with what chance alone adds taken out (Kumar, Liang & Ma 2019): the familiar expected calibration
    error is biased upwards in small data. It counts when its lower bound, by the Poisson bootstrap, is above `minor` (`major`,
    at 99.5%). The slope of the outcome on the stated logit (Cox 1958) says which way: below 1 the probabilities are too
    extreme, above 1 too timid. It counts when its whole 95% interval lies outside `slope_minor` to 1/`slope_minor` (its 99%
    interval outside `slope_major` to 1/`slope_major`). Rows seen over rows stated count when the whole 95% interval lies
    outside `level` to 1/`level`; this one alone is judged on fewer than `few` rows of a side. Spiegelhalter's (1986) z is reported
    and does not decide, since at scale it is significant for errors that do not matter. The temperature is that of lowest log
    loss (Guo et al. 2017), judged on the half of the rows that did not choose it. Signs of risk: scores used as probabilities, in
    costs, in ranking across models, or shown to people. Decisions by a threshold that was chosen on data do not need it.
    """
    bins = m.test[Reliability]
    if not bins.n:
        raise NotApplicable("no labelled rows")
    if m.remixed:
        raise NotApplicable(
            "copies of mostly some classes were taken out, so that the shares seen are not those stated"
        )
    right, wrong = int(bins.positives.sum()), int(bins.negatives.sum())
    enough = min(right, wrong) >= few
    seen = replace(Finding.passed(_said(m, bins, whole=enough)), figures=_figure(m, bins))
    faults = list(_level_faults(bins, level)) if min(right, wrong) >= FEW_FOR_LEVEL else []
    if enough:
        seen = _with_error(seen, bins, minor)
        faults += [*_error_faults(bins, minor, major), *_slope_faults(bins, slope_minor, slope_major)]
    if faults:
        worst = max(faults, key=lambda fault: fault.severity.rank)
        failing = seen.failing(worst.severity, _why(bins, faults), remedy=_remedy(m, bins), limit=worst.limit)
        yield replace(failing, value=worst.value, interval=worst.interval)
    elif not enough:
        rarer, kind = min(right, wrong), _kinds(m)[int(right <= wrong)]
        why = f"{plural(rarer, 'row')} {kind} cannot show more than the overall level ({count(few)} are needed)"
        told = (
            f"Matters only where the probabilities themselves are used: then label rows until {count(few)} are {kind}."
        )
        yield seen.undecided(why, remedy=told)
    else:
        yield seen


def _sides(m: Measurements) -> tuple[str, str]:
    """What the two sides of the counts are called: what is not stated, and what is."""
    if m.task.positive is None:
        return "wrong answers", "right answers"
    name = m.task.class_names[m.task.positive]
    return (m.task.class_names[1 - m.task.positive] if m.task.is_binary else f"other than {name}"), name


def _kinds(m: Measurements) -> tuple[str, str]:
    """The rows of the two sides, as what follows `3 rows`."""
    if m.task.positive is None:
        return "answered wrongly", "answered rightly"
    name = m.task.class_names[m.task.positive]
    other = f"of {quoted(m.task.class_names[1 - m.task.positive])}" if m.task.is_binary else f"not of {quoted(name)}"
    return other, f"of {quoted(name)}"


def _said(m: Measurements, bins: ScoreBins, *, whole: bool) -> str:
    named, ratio, error = _sides(m)[1], bins.observed_to_expected, bins.error
    what = named if m.task.positive is None else quoted(named)
    rows = f"{count(int(bins.positives.sum()))} {what} seen where {count(round(bins.stated))} were stated"
    level = f"{rows} (ratio {number(ratio.value, 2)}; {_interval(ratio, 1)})"
    if not whole or error is None or error.value is None or bins.groups is None:
        return f"{level}, in {plural(bins.n, 'row')}"
    share = (
        "confidence and the share of right answers" if m.task.positive is None else f"and observed shares of {named}"
    )
    groups = f"{plural(bins.n, 'row')} in {plural(len(bins.groups.total), 'group')}"
    slope = (
        "no slope can be fitted"
        if bins.fit is None
        else f"slope {number(bins.fit.slope.value, 2)} ({_interval(bins.fit.slope, 1)})"
    )
    z = "" if bins.spiegelhalter_z is None else f"; Spiegelhalter z {number(bins.spiegelhalter_z, 1)}"
    return (
        f"Stated {share} lie {points(error.value)} points apart ({_interval(error, 100)}; root mean square over {groups}, "
        f"chance taken out); {slope}; {level}{z}"
    )


def _interval(estimate: Estimate, times: int) -> str:
    if estimate.low is None or estimate.high is None:
        return "no interval"
    digits = 1 if times > 1 else 2
    return f"95% interval {number(times * estimate.low, digits)} to {number(times * estimate.high, digits)}"


def _with_error(seen: Finding, bins: ScoreBins, minor: float) -> Finding:
    error = bins.error
    if error is None:
        return seen
    interval = Interval(error.lower(0.05), None, 0.95, error.decision_method)
    return replace(seen, value=error.value, limit=minor, interval=interval)


def _error_faults(bins: ScoreBins, minor: float, major: float) -> Iterator[_Fault]:
    error = bins.error
    for severity, limit, alpha in _levels(bins, major, minor, 0.05):
        low = None if error is None else error.lower(alpha)
        if error is not None and low is not None and low > limit:
            yield _Fault(severity, error.value, limit, Interval(low, None, 1 - alpha, error.decision_method))
            return


def _levels(bins: ScoreBins, major: float, minor: float, alpha: float) -> tuple[tuple[Severity, float, float], ...]:
    """Severity, limit and error level of a major and of a minor fault; of several labels each has its part (Bonferroni)."""
    family = bins.task.family
    return (Severity.MAJOR, major, 0.005 / family), (Severity.MINOR, minor, alpha / family)


def _slope_faults(bins: ScoreBins, minor: float, major: float) -> Iterator[_Fault]:
    if bins.fit is None:
        return
    for severity, limit, alpha in _levels(bins, major, minor, 0.025):
        fault = _outside(bins.fit.slope, severity, limit, alpha)
        if fault is not None:
            yield fault
            return


def _level_faults(bins: ScoreBins, level: float) -> Iterator[_Fault]:
    fault = _outside(bins.observed_to_expected, Severity.MINOR, level, 0.025 / bins.task.family)
    if fault is not None:
        yield fault


def _outside(estimate: Estimate, severity: Severity, limit: float, alpha: float) -> _Fault | None:
    """A fault where the whole interval lies outside limit to 1/limit."""
    low, high = estimate.lower(alpha), estimate.upper(alpha)
    if low is None or high is None or not (high < limit or low > 1 / limit):
        return None
    crossed = limit if high < limit else 1 / limit
    return _Fault(severity, estimate.value, crossed, Interval(low, high, 1 - 2 * alpha, estimate.decision_method))


def _why(bins: ScoreBins, faults: list[_Fault]) -> str:
    """Which way the probabilities are wrong, as far as the intervals of slope and level show it."""
    slope, ratio = None if bins.fit is None else bins.fit.slope, bins.observed_to_expected
    words = []
    if slope is not None and slope.high is not None and slope.high < 1:
        words.append("over-confident, the probabilities are too extreme")
    if slope is not None and slope.low is not None and slope.low > 1:
        words.append("under-confident, the probabilities are too timid")
    if ratio.high is not None and ratio.high < 1:
        words.append("more is stated than comes true")
    if ratio.low is not None and ratio.low > 1:
        words.append("less is stated than comes true")
    return (
        "; ".join(words)
        or f"neither too extreme nor too timid overall, {plural(len(faults), 'bound')} beyond its limit"
    )


def _remedy(m: Measurements, bins: ScoreBins) -> str:
    losses, rows = bins.losses_by_temperature if m.task.positive is not None else _sampled(m)
    fit = fit_temperature(losses, rows)
    if fit is None or fit.after >= fit.before * WORTHWHILE or _is_at_edge(fit.temperature):
        return "Fit intercept and slope to the logits (Platt scaling) or an isotonic curve on validation data."
    return (
        f"Divide the logits by a temperature fitted on validation data; {number(fit.temperature, 2)} is that of lowest log loss here. "
        f"Log loss goes from {number(fit.before)} to {number(fit.after)} on {plural(fit.n, 'row')}, each half scaled by what the other "
        f"chose."
        f"{_beside_temperature(bins)}"
    )


def _is_at_edge(temperature: float) -> bool:
    """Whether the search ended at its border: no temperature mends such scores."""
    return not TEMPERATURES[0] < temperature < TEMPERATURES[-1]


def _sampled(m: Measurements) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    found = m.test[Temperatures]
    return found.losses, found.rows


def _beside_temperature(bins: ScoreBins) -> str:
    ratio = bins.observed_to_expected
    off = ratio.low is not None and ratio.high is not None and not ratio.low <= 1 <= ratio.high
    return " A temperature leaves the overall level off: fit an intercept too." if off else ""


def _figure(m: Measurements, bins: ScoreBins) -> tuple[Curve, ...]:
    groups = bins.groups
    if groups is None:
        return ()
    x = tuple(float(f"{p:.6g}") for p in groups.probability)
    shares = [Proportion(int(k), int(n)) for k, n in zip(groups.positives, groups.total, strict=True)]
    lines = (
        Line("observed", x, tuple(share.value for share in shares)),
        Line("as stated", (0.0, 1.0), (0.0, 1.0)),
        Line("95% interval, low", x, tuple(share.low for share in shares)),
        Line("95% interval, high", x, tuple(share.high for share in shares)),
    )
    of = "confidence" if m.task.positive is None else f"probability of {_sides(m)[1]}"
    return (Curve("Stated and observed", f"Stated {of}", "Observed share", lines),)
