"""Does what was learnt hold on new rows?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from auditor import Direction, Finding, Interval, Measurements, NotApplicable, Severity, Status, check, conditions_met
from auditor.states import Confusion, Losses
from auditor.statistics import Difference, Estimate, Proportion
from auditor.wording import number, plural, points, quoted, ratio

GATES = ("acceptance", "class-recall", "class-precision", "better-than-majority")
# A class is rare below this part of an even share.
RARE = 0.5


@dataclass(frozen=True)
class _Part:
    """A further sign of a gap: the words that say it, and whether it is `minor`, `major` or neither."""

    said: str = ""
    level: str = ""


@check(
    "generalisation-gap", title="Test is about as good as train", needs=(Confusion, Losses), after=GATES, by_label=False
)
def generalisation_gap(
    m: Measurements,
    *,
    earlier: Sequence[Finding],
    minor: float = 0.05,
    major: float = 0.10,
    rare_minor: float = 0.10,
    rare_major: float = 0.20,
    loss_minor: float = 0.10,
    loss_major: float = 0.50,
    reverse: float = 0.02,
    few: int = 100,
) -> Iterator[Finding]:
    """How much better is the model on the rows it learnt from?

    The gap is balanced accuracy on train minus that on test. Beside it count the gap of recall of the class that is rarest in
    train, which a mean over classes can hide, and log loss on test minus that on train as a share of the loss of the best
    constant answer. Each counts when its lower bound exceeds a margin (at 95% `minor`, `rare_minor` and `loss_minor`; at 99.5%
    `major`, `rare_major` and `loss_major`). A gap is no failure by itself: it is major only where a condition on the test data
    fails or is undecided. A model as poor on train as on test, and failing there, underfits. A test clearly better than train
    is a sign of leakage, or of dropout left on while train was measured.
    """
    gap = Difference(m.train.metric("balanced_accuracy"), m.test.metric("balanced_accuracy"))
    if gap.value is None:
        raise NotApplicable("balanced accuracy is undefined on train or test")
    low, high, low_strict, high_strict = gap.lower(0.05), gap.upper(0.05), gap.lower(0.005), gap.upper(0.005)
    rare, loss = _rarest(m, rare_minor, rare_major), _loss_gap(m, loss_minor, loss_major)
    seen = _seen(m, gap, minor)
    whole = replace(seen, message=seen.message + rare.said + loss.said)
    if low is None or high is None or low_strict is None or high_strict is None:
        yield seen.undecided("it could not be bounded")
    elif low > minor or rare.level or loss.level:
        serious = low_strict > major or "major" in (rare.level, loss.level)
        yield _knows_train_better(whole, gap, _chance(m), major=serious and not conditions_met(earlier))
    elif high_strict < -reverse:
        remedy = "Look for test rows in train, for an easier test, or for dropout that was on."
        why, bent = "test is clearly better than train", Direction.FLATTERS
        yield seen.failing(Severity.MINOR, why, remedy=remedy, limit=-reverse, direction=bent)
    elif low > -reverse and high < reverse and _misses_on_train(m, earlier):
        remedy = "A larger model, better features or longer training; more rows will not help."
        why = "as poor on train as on test, the model underfits"
        yield seen.failing(Severity.MAJOR, why, remedy=remedy, limit=reverse)
    elif m.test.n < few and high > minor:
        why = f"{plural(m.test.n, 'test row')} are too few to tell"
        yield seen.undecided(why, remedy="Give more test rows.")
    else:
        yield whole


def _seen(m: Measurements, gap: Difference, minor: float) -> Finding:
    train, test = m.train, m.test
    said = (
        f"Balanced accuracy is {ratio(train.value('balanced_accuracy'))} on {plural(train.n, 'training row')} and "
        f"{ratio(test.value('balanced_accuracy'))} on {plural(test.n, 'test row')}: a gap of {points(gap.value)} points "
        f"(95% interval {points(gap.low)} points to {points(gap.high)} points, {gap.method})"
    )
    interval = Interval(gap.lower(0.05), gap.upper(0.05), 0.95, gap.method)
    return Finding.passed(said, value=gap.value, limit=minor, interval=interval)


def _knows_train_better(seen: Finding, gap: Difference, chance: float, *, major: bool) -> Finding:
    """The fault, with the share of what train gains over a constant answer that is lost on new rows."""
    gain, lost = (gap.first.value or 0.0) - chance, gap.value or 0.0
    why = "the model knows its training rows better than new ones"
    if gain > 0 and lost > 0:
        why += f", on which {ratio(lost / gain)} of its gain over a constant answer is lost"
    remedy = "Stop earlier, regularise, or train on more rows; quote test figures only."
    return seen.failing(Severity.MAJOR if major else Severity.MINOR, why, remedy=remedy)


def _chance(m: Measurements) -> float:
    """Balanced accuracy of a constant answer on train."""
    return 0.5 if m.labels else 1 / max(int(np.count_nonzero(m.train.counts.support)), 1)


def _rarest(m: Measurements, minor: float, major: float) -> _Part:
    """The gap of recall of the class that is rarest in train; told where it is a fault, or where the class is rare."""
    support = m.train.counts.support
    rarest = int(np.where(support > 0, support, np.iinfo(np.int64).max).argmin())
    name = m.task.class_names[rarest]
    gap = Difference(m.train.metric(f"recall[{name}]"), m.test.metric(f"recall[{name}]"))
    low, low_strict = gap.lower(0.05), gap.lower(0.005)
    if low is None or low_strict is None:
        return _Part()
    level = "major" if low_strict > major else "minor" if low > minor else ""
    if not level and support[rarest] > RARE * m.train.n / m.task.n_classes:
        return _Part()
    recalls = f"{_counted(gap.first)} on train and {_counted(gap.second)} on test"
    return _Part(f"; recall on {quoted(name)}, the rarest {m.task.noun}, is {recalls}", level)


def _counted(estimate: Estimate) -> str:
    """A share with its counts, where it has any."""
    of = f" ({estimate.k:,.0f} of {estimate.n:,.0f})" if isinstance(estimate, Proportion) else ""
    return ratio(estimate.value) + of


def _misses_on_train(m: Measurements, earlier: Sequence[Finding]) -> bool:
    """Whether a condition that test misses is missed by the value on train as well."""
    missed = [f for f in earlier if f.gate and f.status is Status.FAIL and f.limit is not None]
    found = [(m.train.value(f.metric), f) for f in missed]
    return any(v is not None and (v < (f.limit or 0) if f.at_least else v > (f.limit or 0)) for v, f in found)


def _loss_gap(m: Measurements, minor: float, major: float) -> _Part:
    """The gap of the log losses against the loss of the best constant answer."""
    try:
        gap = Difference(m.test.metric("log_loss"), m.train.metric("log_loss"))
    except NotApplicable:
        return _Part()
    chance = _over_labels(m, _chance_loss)
    low, low_strict = gap.lower(0.05), gap.lower(0.005)
    if gap.value is None or not chance or low is None or low_strict is None:
        return _Part()
    said = (
        f"; log loss is {number(gap.second.value)} on train and {number(gap.first.value)} on test "
        f"({number(chance)} is the loss of the best constant answer)"
    )
    return _Part(said, "major" if low_strict > major * chance else "minor" if low > minor * chance else "")


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
