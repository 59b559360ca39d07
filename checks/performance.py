"""Does the model know more than chance, and does it use its classes evenly?"""

from collections.abc import Iterator
from dataclasses import replace

from auditor import Direction, Finding, Interval, Measurements, NotApplicable, Policy, Severity, Status, check
from auditor.states import Confusion, Ranking
from auditor.statistics import Estimate, binomial_tail
from auditor.wording import count, metric, number, plural, quoted, ratio, short_ratio

ALPHA = 0.05
BINARY = 2
LISTED = 5


@check("better-than-chance", title="The answers carry information", needs=(Confusion, Ranking))
def better_than_chance(
    m: Measurements, *, auc_margin: float = 0.05, kappa_margin: float = 0.10, alpha: float = 0.005, few: int = 100
) -> Iterator[Finding]:
    """Can the model be told from guessing?

    Guessing is a claim of equivalence: it is made only when the whole 99% interval of the ROC-AUC lies within `auc_margin` of
    one half (of Cohen's kappa within `kappa_margin` of 0 where there are no scores). An interval that merely contains chance, or
    fewer than `few` rows, is undecided. Of several labels each has its part of the error level (Bonferroni). A ROC-AUC clearly
    under one half is a ranking the wrong way round, as after exchanged class names.
    """
    estimate, name, chance, margin = _skill(m, auc_margin, kappa_margin)
    alpha /= m.task.family
    level = 1 - 2 * alpha
    low, high = estimate.lower(alpha), estimate.upper(alpha)
    if low is None or high is None:
        reason = "a class is absent from the test data" if estimate.value is None else "the rows allow no interval"
        raise NotApplicable(f"{name} cannot be bounded: {reason}")
    span = f"{100 * level:.4g}% interval {number(low)} to {number(high)}, {estimate.method}"
    said = f"{name} is {number(estimate.value)} ({span}); guessing gives {number(chance, 1)}"
    interval = Interval(low, high, level, estimate.method)
    seen = Finding.passed(said, value=estimate.value, limit=chance, interval=interval)
    if high < chance - margin:
        remedy = "Check the order of the classes, and which one a single score stands for: state it with --positive."
        why, bent = "the ranking is the wrong way round", Direction.DEFLATES
        yield seen.failing(Severity.BLOCKER, why, remedy=remedy, direction=bent, validity=True)
    elif chance - margin < low and high < chance + margin and m.test[Confusion].n >= few:
        remedy = "Check the labels and the preprocessing; if both are right, the model has learnt nothing of use."
        yield seen.failing(Severity.BLOCKER, "the answers cannot be told from guessing", remedy=remedy)
    elif low <= chance <= high:
        why = f"{plural(m.test[Confusion].n, 'row')} cannot tell it from guessing"
        yield seen.undecided(why, remedy="Label more rows of the rarer class.")
    else:
        yield seen


def _skill(m: Measurements, auc_margin: float, kappa_margin: float) -> tuple[Estimate, str, float, float]:
    try:
        estimate = m.test.metric("roc_auc")
        if estimate.value is not None:
            return estimate, metric("roc_auc"), 0.5, auc_margin
    except NotApplicable:
        pass
    if m.test[Confusion].support.max() == m.test[Confusion].n:
        raise NotApplicable("fewer than two classes have rows in the test data")
    return m.test.metric("kappa"), metric("kappa"), 0.0, kappa_margin


@check("constant-prediction", title="More than one class is predicted", needs=(Confusion,))
def constant_prediction(
    m: Measurements,
    *,
    policy: Policy,
    share: float = 0.999,
    dominant: float = 0.99,
    alpha: float = 0.005,
    few: int = 30,
) -> Iterator[Finding]:
    """Does the model give one answer to everything, or never a certain one?

    Found when one class takes at least `share` of the predictions while it makes up less than `dominant` of the truth, and a
    predictor that names it as often as it occurs (add-one estimate) would do so with a probability below `alpha`. Of three
    classes or more, those that are never named though they have at least `few` rows are a major fault. The usual causes:
    training on raw class weights, a dead output layer, inputs that are not scaled as in training.
    """
    counts = m.test[Confusion]
    if not counts.n:
        raise NotApplicable("no labelled rows")
    top = int(counts.predicted.argmax())
    name, called = m.task.class_names[top], int(counts.predicted[top])
    prevalence = counts.prevalence(top) or 0.0
    rows = f"{count(called)} of {plural(counts.n, 'row')} ({ratio(called / counts.n)})"
    said = f"The model calls {rows} {name}, which is {ratio(prevalence)} of the truth"
    seen = Finding.passed(said, value=called / counts.n, limit=share, subject=m.task.place(name))
    by_chance = binomial_tail(called, counts.n, (int(counts.support[top]) + 1) / (counts.n + 2))
    if called >= share * counts.n and prevalence < dominant and by_chance < alpha / m.task.family:
        severity = Severity.BLOCKER if policy.preset.decides_by_argmax else Severity.INFO
        remedy = "Check that the inputs are scaled as in training; then the threshold and the class weights."
        yield seen.failing(severity, "the model gives one answer to nearly everything", remedy=remedy)
        return
    yield seen
    if m.task.n_classes > BINARY:
        yield from _never_named(m, policy, few)


def _never_named(m: Measurements, policy: Policy, few: int) -> Iterator[Finding]:
    """The classes that no row is called although many rows are of them."""
    counts = m.test[Confusion]
    dead = [i for i in range(m.task.n_classes) if counts.support[i] >= few and not counts.predicted[i]]
    if not dead:
        return
    named = ", ".join(
        f"{quoted(m.task.class_names[i])} ({plural(int(counts.support[i]), 'row')})" for i in dead[:LISTED]
    )
    more = f" and {count(len(dead) - LISTED)} more" if len(dead) > LISTED else ""
    said = f"{count(len(dead))} of {count(m.task.n_classes)} classes are never named: {named}{more}"
    severity = Severity.MAJOR if policy.preset.decides_by_argmax else Severity.INFO
    remedy = "Check that each class has rows in training and that its output is not cut off."
    yield Finding.passed(said, value=len(dead), limit=0.0).failing(severity, remedy=remedy)


@check("precision-recall-balance", title="False alarms and misses are in balance", needs=(Confusion,), plain_rows=True)
def precision_recall_balance(
    m: Measurements, *, policy: Policy, minor: float = 1.5, major: float = 3.0
) -> Iterator[Finding]:
    """Is a class called about as often as it occurs?

    The ratio of calls to occurrences equals recall over precision. Its 95% interval is taken on the logarithm, with variance
    (FP + FN) / ((TP + FP)(TP + FN)); a finding needs the whole interval outside 1/`minor` to `minor` (major: 1/`major` to
    `major`). Without a positive class every class is asked, and the interval is widened so that the chance of a wrong
    finding stays 5% for all of them together (Bonferroni). A direction that the preset prefers, such as many false alarms
    under `fraud`, is information. Where copies of mostly some classes were taken out, calls and occurrences are not those of
    the file, and nothing is said.
    """
    if m.remixed:
        raise NotApplicable(
            "copies of mostly some classes were taken out, so that classes occur less often than in the file"
        )
    counts = m.test[Confusion]
    classes = [m.task.positive] if m.task.positive is not None else list(range(m.task.n_classes))
    limits = (minor, major, ALPHA / len(classes) / m.task.family / 2)
    found = [f for i in classes if (f := _balance(m, policy, i, limits)) is not None]
    if not found:
        raise NotApplicable("no class is both present and predicted")
    wrong = [f for f in found if f.status is not Status.PASS]
    yield from wrong
    if not wrong:
        if m.task.positive is not None:
            yield found[0]
        else:
            yield Finding.passed(
                f"All {len(found)} classes are called about as often as they occur ({plural(counts.n, 'row')})"
            )


def _balance(m: Measurements, policy: Policy, i: int, limits: tuple[float, float, float]) -> Finding | None:
    """What is to be said of one class; `limits` are minor, major and the error level of each side."""
    minor, major, alpha = limits
    counts, name = m.test[Confusion], m.task.class_names[i]
    called, present, hit = int(counts.predicted[i]), int(counts.support[i]), int(counts.correct[i])
    if not called or not present:
        return None
    bias = counts.classes.bias(i)
    low, high = bias.interval(alpha)
    assert low is not None
    assert high is not None
    level = 1 - 2 * alpha
    subject = "It" if m.task.label else f"Class {name}"
    said = (
        f"{subject} is called {count(called)} times and occurs {count(present)} times: precision {short_ratio(hit / called)} "
        f"({count(hit)} of {count(called)}), recall {short_ratio(hit / present)} ({count(hit)} of {count(present)}); calls per "
        f"occurrence {number(called / present, 2)} ({100 * level:.4g}% interval {number(low, 2)} to {number(high, 2)})"
    )
    interval = Interval(low, high, level, bias.method)
    seen = Finding.passed(said, value=called / present, limit=minor, subject=m.task.place(name), interval=interval)
    if not (low > minor or high < 1 / minor):
        return seen
    wanted = policy.preset.favours == ("recall" if called > present else "precision")
    if wanted or not policy.preset.decides_by_argmax:
        return replace(seen, message=f"{said}; the criteria favour this direction")
    serious = low > major or high < 1 / major
    return seen.failing(
        Severity.MAJOR if serious else Severity.MINOR,
        "false alarms outnumber misses" if called > present else "misses outnumber false alarms",
        limit=major if serious else minor,
        remedy=f"Choose the threshold for {name} by what a miss and a false alarm cost.",
    )
