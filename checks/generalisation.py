"""Does what was learnt hold on new rows?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor import Direction, Finding, Interval, Measurements, NotApplicable, Severity, Status, check, conditions_met
from auditor.states import Confusion, Losses, LossHistogram
from auditor.statistics import Difference, Estimate, Proportion
from auditor.wording import number, plural, points, quoted, ratio

GATES = ("acceptance", "class-recall", "class-precision", "better-than-majority")
# A class is rare below this part of an even share.
RARE = 0.5
# Recall of a class with fewer rows says next to nothing; a mean of which most are such is not judged.
FEWEST = 5
SHOWN = 5


@dataclass(frozen=True)
class _Part:
    """A further sign of a gap: the words that say it, and whether it is `minor`, `major` or neither."""

    said: str = ""
    level: str = ""


@check(
    "generalisation-gap",
    title="Test is about as good as train",
    needs=(Confusion, Losses, LossHistogram),
    after=GATES,
    by_label=False,
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
    rare_rows: int = 10,
) -> Iterator[Finding]:
    """How much better is the model on the rows it learnt from?

    The gap is balanced accuracy on train minus that on test, over the classes that both have. Beside it count the gap of
    recall of the class that is rarest in train, which a mean over classes can hide, among those with `rare_rows` rows in each;
    and log loss on test minus that on train as a share of the loss of the best constant answer. The loss on train is that
    with classes as frequent as in test; where test has classes that train lacks, losses are not compared. Each counts when its
    lower bound exceeds a margin (at 95% `minor`, `rare_minor` and `loss_minor`; at 99.5% `major`, `rare_major` and
    `loss_major`). A gap is no failure by itself: it is major only where a condition on the test data fails or is undecided. A
    model as poor on train as on test, and failing there, underfits. A test clearly better than train is a sign of leakage, or
    of dropout left on while train was measured. The gap of balanced accuracy is not judged where most classes have fewer than 5
    rows in one of the two, and is undecided with fewer than `few` test rows that leave room for a gap above `minor`.
    """
    gap = _recall_gap(m)
    if gap.value is None:
        raise NotApplicable("balanced accuracy is undefined on train or test, or they have no class in common")
    low, high, low_strict, high_strict = gap.lower(0.05), gap.upper(0.05), gap.lower(0.005), gap.upper(0.005)
    rare, loss = _rarest(m, rare_minor, rare_major, rare_rows), _loss_gap(m, loss_minor, loss_major)
    thin = _thin(m)
    seen = _seen(m, gap, minor)
    whole = replace(seen, message=seen.message + rare.said + loss.said)
    if low is None or high is None or low_strict is None or high_strict is None:
        yield seen.undecided("it could not be bounded")
    elif (low > minor and not thin) or rare.level or loss.level:
        serious = (low_strict > major and not thin) or "major" in (rare.level, loss.level)
        yield _knows_train_better(whole, gap, _chance(m), major=serious and not conditions_met(earlier))
    elif thin:
        yield whole.undecided(thin, remedy="Give more rows of each class.") if high > minor else whole
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


def _common(m: Measurements) -> NDArray[np.bool_]:
    """(classes,) whether a class has rows in train and in test."""
    return np.asarray((m.train.counts.support > 0) & (m.test.counts.support > 0))


def _recall_gap(m: Measurements) -> Difference:
    """Balanced accuracy on train less that on test, over the classes that both have."""
    if m.labels:
        return Difference(m.train.metric("balanced_accuracy"), m.test.metric("balanced_accuracy"))
    return Difference(m.train.mean_recall(_common(m)), m.test.mean_recall(_common(m)))


def _left_out(m: Measurements) -> str:
    """The classes that only one of the two has, and which lacks them; of labels none is left out."""
    if m.labels:
        return ""
    train, test = m.train.counts.support > 0, m.test.counts.support > 0
    lacking = {"train": np.flatnonzero(test & ~train), "test": np.flatnonzero(train & ~test)}
    return "".join(_lacking(split, [m.task.class_names[k] for k in of]) for split, of in lacking.items() if len(of))


def _lacking(split: str, names: list[str]) -> str:
    named = ", ".join(quoted(name) for name in names[:SHOWN])
    more = f" and {plural(len(names) - SHOWN, 'more class', 'more classes')}" if len(names) > SHOWN else ""
    return f"; left out, for {split} has no row of it: {named}{more}"


def _thin(m: Measurements) -> str:
    """Why a mean over classes says little: most have few rows in one of the two; empty where it does not hold."""
    fewer = np.minimum(m.train.counts.support, m.test.counts.support)[_common(m)]
    few = int(np.count_nonzero(fewer < FEWEST))
    if m.labels or 2 * few <= len(fewer):
        return ""
    return f"{few} of the {plural(len(fewer), 'class', 'classes')} compared have fewer than {FEWEST} rows in train or in test"


def _seen(m: Measurements, gap: Difference, minor: float) -> Finding:
    said = (
        f"Balanced accuracy is {ratio(gap.first.value)} on {plural(m.train.n, 'training row')} and "
        f"{ratio(gap.second.value)} on {plural(m.test.n, 'test row')}: a gap of {points(gap.value)} points "
        f"(95% interval {points(gap.low)} points to {points(gap.high)} points, {gap.method}){_left_out(m)}"
    )
    interval = Interval(gap.lower(0.05), gap.upper(0.05), 0.95, f"one-sided {gap.method}")
    return Finding.passed(said, value=gap.value, limit=minor, interval=interval)


def _knows_train_better(seen: Finding, gap: Difference, chance: float, *, major: bool) -> Finding:
    """The fault, with the share of what train gains over a constant answer that is lost on new rows."""
    gain, lost = (gap.first.value or 0.0) - chance, gap.value or 0.0
    why = "the model knows its training rows better than new ones"
    if gain > 0 and lost > 0:
        why += f", on which {ratio(lost / gain)} of its gain in balanced accuracy over a constant answer is lost"
    remedy = "Stop earlier, regularise, or train on more rows; quote test figures only."
    return seen.failing(Severity.MAJOR if major else Severity.MINOR, why, remedy=remedy)


def _chance(m: Measurements) -> float:
    """Balanced accuracy of a constant answer on train."""
    return 0.5 if m.labels else 1 / max(int(np.count_nonzero(_common(m))), 1)


def _rarest(m: Measurements, minor: float, major: float, rows: int) -> _Part:
    """The gap of recall of the class that is rarest in train among those with enough rows; told where it is a fault or rare."""
    support = m.train.counts.support
    enough = np.minimum(support, m.test.counts.support) >= max(rows, 1)
    if not enough.any():
        return _Part()
    rarest = int(np.where(enough, support, np.iinfo(np.int64).max).argmin())
    name = m.task.class_names[rarest]
    gap = Difference(m.train.metric(f"recall[{name}]"), m.test.metric(f"recall[{name}]"))
    low, low_strict = gap.lower(0.05), gap.lower(0.005)
    if low is None or low_strict is None:
        return _Part()
    level = "major" if low_strict > major else "minor" if low > minor else ""
    if not level and support[rarest] > RARE * m.train.n / m.task.n_classes:
        return _Part()
    recalls = f"{_counted(gap.first)} on train and {_counted(gap.second)} on test"
    of_those = "" if support[rarest] == support[support > 0].min() else f" with at least {rows} rows in each"
    return _Part(f"; recall on {quoted(name)}, the rarest {m.task.noun}{of_those}, is {recalls}", level)


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
    """The gap of the log losses, with classes as frequent as in test, against the loss of the best constant answer."""
    try:
        measured = m.train.metric("log_loss")
    except NotApplicable:
        return _Part()
    try:
        gap = Difference(m.test.metric("log_loss"), m.train.log_loss_at(m.test))
    except NotApplicable as reason:
        return _Part(f"; losses are not compared: {reason}")
    chance = _over_labels(m, _chance_loss)
    low, low_strict = gap.lower(0.05), gap.lower(0.005)
    if gap.value is None or not chance or low is None or low_strict is None:
        return _Part()
    alike = number(gap.second.value) == number(measured.value)
    mixed = "" if alike else f", {number(gap.second.value)} with classes as frequent as in test,"
    said = (
        f"; log loss is {number(measured.value)} on train{mixed} and {number(gap.first.value)} on test "
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
    """Log loss of the best constant answer on test, by weight where rows carry one."""
    shares = np.array([m.test.prevalence(i) or 0.0 for i in range(m.task.n_classes)])
    held = shares[shares > 0]
    return float(-(held * np.log(held)).sum()) if len(held) else None
