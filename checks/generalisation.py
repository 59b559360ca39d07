"""Does what was learnt hold on new rows?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from auditor import Direction, Finding, Interval, Measurements, NotApplicable, Severity, Status, check, conditions_met
from auditor.states import Confusion, Losses
from auditor.statistics import Difference
from auditor.wording import number, plural, ratio

GATES = ("acceptance", "class-recall", "class-precision", "better-than-majority")


@check(
    "generalisation-gap", title="Test is about as good as train", needs=(Confusion, Losses), after=GATES, by_label=False
)
def generalisation_gap(
    m: Measurements,
    *,
    earlier: Sequence[Finding],
    minor: float = 0.05,
    major: float = 0.10,
    loss_minor: float = 0.10,
    loss_major: float = 0.50,
    reverse: float = 0.02,
    few: int = 100,
) -> Iterator[Finding]:
    """How much better is the model on the rows it learnt from?

    The gap is balanced accuracy on train minus that on test, and log loss on test minus that on train as a share of the loss of
    the best constant answer. Each counts when its lower bound exceeds a margin (`minor` at 95%, `major` at 99.5%; for losses
    `loss_minor`, `loss_major`). A gap is no failure by itself: it is major only where a condition on the test data fails or is
    undecided. A model as poor on train as on test, and failing there, underfits. A test clearly better than train is a sign of
    leakage, or of dropout left on while train was measured.
    """
    train, test = m.train, m.test
    n_test = test.n
    gap = Difference(train.metric("balanced_accuracy"), test.metric("balanced_accuracy"))
    if gap.value is None:
        raise NotApplicable("balanced accuracy is undefined on train or test")
    low, low_strict, high_strict = gap.lower(0.05), gap.lower(0.005), gap.upper(0.005)
    said = (
        f"Balanced accuracy is {ratio(train.metric('balanced_accuracy').value)} on {plural(train.n, 'training row')} and "
        f"{ratio(test.metric('balanced_accuracy').value)} on {plural(n_test, 'test row')}: a gap of {_points(gap.value)} "
        f"(95% interval {_points(gap.low)} to {_points(gap.high)}, {gap.method})"
    )
    interval = Interval(low, gap.upper(0.05), 0.95, gap.method)
    seen = Finding.passed(said, value=gap.value, limit=minor, interval=interval)
    met = conditions_met(earlier)
    missed = any(_missed_on_train(m, f) for f in earlier if f.gate and f.status is Status.FAIL)
    loss_said, loss_level = _loss_gap(m, loss_minor, loss_major)
    if low is None or low_strict is None or high_strict is None or interval.high is None:
        yield seen.undecided("it could not be bounded")
    elif low > minor or loss_level:
        serious = (low_strict > major or loss_level == "major") and not met
        remedy = "Stop earlier, regularise, or train on more rows; quote test figures only."
        severity = Severity.MAJOR if serious else Severity.MINOR
        told = replace(seen, message=said + loss_said)
        yield told.failing(severity, "the model knows its training rows better than new ones", remedy=remedy)
    elif high_strict < -reverse:
        remedy = "Look for test rows in train, for an easier test, or for dropout that was on."
        why, bent = "test is clearly better than train", Direction.FLATTERS
        yield seen.failing(Severity.MINOR, why, remedy=remedy, limit=-reverse, direction=bent)
    elif missed and low > -reverse and interval.high < reverse:
        remedy = "A larger model, better features or longer training; more rows will not help."
        yield seen.failing(
            Severity.MAJOR, "as poor on train as on test, the model underfits", remedy=remedy, limit=reverse
        )
    elif n_test < few and interval.high > minor:
        yield seen.undecided(f"{plural(n_test, 'test row')} are too few to tell", remedy="Give more test rows.")
    else:
        yield replace(seen, message=said + loss_said)


def _points(value: float | None) -> str:
    return "–" if value is None else f"{number(100 * value, 1)} points"


def _missed_on_train(m: Measurements, gate: Finding) -> bool:
    """Whether a condition that test misses is missed by the value on train as well."""
    value = m.train.value(gate.metric)
    if value is None or gate.limit is None:
        return False
    return value < gate.limit if gate.at_least else value > gate.limit


def _loss_gap(m: Measurements, minor: float, major: float) -> tuple[str, str]:
    """The gap of the log losses in words, and whether it is minor, major or neither."""
    try:
        gap = Difference(m.test.metric("log_loss"), m.train.metric("log_loss"))
    except NotApplicable:
        return "", ""
    chance = _over_labels(m, _chance_loss)
    low, low_strict = gap.lower(0.05), gap.lower(0.005)
    if gap.value is None or not chance or low is None or low_strict is None:
        return "", ""
    said = (
        f"; log loss is {number(m.train.metric('log_loss').value)} on train and {number(m.test.metric('log_loss').value)} on test "
        f"({number(chance)} is the loss of the best constant answer)"
    )
    level = "major" if low_strict > major * chance else "minor" if low > minor * chance else ""
    return said, level


def _over_labels(m: Measurements, of: Callable[[Measurements], float | None]) -> float | None:
    """What holds of the classes; over labels its mean. None where no row has a label."""
    if not m.labels:
        return of(m)
    found = [one for label in m.labels if (one := of(label)) is not None]
    return sum(found) / len(found) if found else None


def _chance_loss(m: Measurements) -> float | None:
    """Log loss of the best constant answer on train, by weight where rows carry one."""
    shares = np.array([m.train.prevalence(i) or 0.0 for i in range(m.task.n_classes)])
    held = shares[shares > 0]
    return float(-(held * np.log(held)).sum()) if len(held) else None
