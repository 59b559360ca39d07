"""Are the figures better than the task allows?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from auditor import (
    Confidence,
    Direction,
    Finding,
    Interval,
    Measurements,
    NotApplicable,
    Policy,
    Severity,
    Status,
    check,
)
from auditor.states import Confusion, FeatureSample, Losses, Ranking
from auditor.statistics import Difference, Estimate, PairedDifference, Smooth, linear_answers, nearest_answers
from auditor.wording import count, metric, number, plural, ratio

LEAKAGE = (
    "shared-rows",
    "near-duplicates",
    "shared-groups",
    "time-order",
    "target-leak",
    "row-numbers",
    "fitted-on-everything",
)
KNOWN, ASKED = 20_000, 2000


@dataclass(frozen=True)
class Plain:
    """The better of two plain methods, on rows that the model answers too: how many either has right."""

    how: str
    right: int
    right_of_model: int
    lead: PairedDifference


@check(
    "too-good",
    title="Good figures hold up",
    needs=(Confusion, FeatureSample, Losses, Ranking),
    after=LEAKAGE,
    by_label=False,
)
def too_good(
    m: Measurements,
    *,
    policy: Policy,
    earlier: Sequence[Finding],
    accuracy: float = 0.99,
    largest: float = 0.95,
    auc: float = 0.999,
    lead: float = 0.10,
    alpha: float = 0.05,
    alpha_major: float = 0.005,
) -> Iterator[Finding]:
    """Is there a sign that an excellent result comes from leakage?

    Excellent is an accuracy whose lower bound is above `accuracy` while no class has `largest` of the rows, or a ROC-AUC
    whose lower bound is above `auc`. That is information by itself: easy tasks exist. It is doubted where a check of leakage
    found something that flatters, minor or worse, or suspects a major fault; where the better of two plain methods, the
    nearest of up to 20,000 training rows and a linear model, is right on up to 2,000 test rows less often than the model by
    more than `lead` (Tango 1998, at `alpha_major`), since an easy task is easy for them too; or where the log loss on test
    lies below that on train (at `alpha_major`). Waived findings do not count. The plain methods are not tried without training
    rows, where features are no columns, or where a row may have several labels; a rule that neither of them can learn looks
    like leakage here.
    """
    found = [(part, _excellent(part, accuracy, largest, auc, alpha)) for part in m.labels or (m,)]
    excellent = [(part, seen) for part, seen in found if seen is not None]
    plain = _plain(m) if excellent and not m.labels else None
    signs = [*_named(_flattering(earlier, policy)), *_of_plain(plain, lead, alpha_major)]
    for part, seen in excellent:
        yield _judged(
            part, seen, [*signs, *_of_losses(part, alpha_major)], plain, waived=any(map(policy.waives, earlier))
        )
    if not excellent:
        right = m.test.metric("accuracy")
        bound = f"accuracy is {ratio(right.value)}, its lower bound {ratio(right.lower(alpha))}"
        said = f"No figure is so good that it would be a sign of leakage: {bound}"
        yield Finding.passed(said, value=right.value, limit=accuracy)


def _flattering(earlier: Sequence[Finding], policy: Policy) -> list[Finding]:
    return [
        finding
        for finding in earlier
        if finding.status is Status.FAIL
        and finding.severity.rank
        >= (Severity.MINOR if finding.confidence is Confidence.CONFIRMED else Severity.MAJOR).rank
        and finding.direction is Direction.FLATTERS
        and not policy.waives(finding)
    ]


def _excellent(m: Measurements, accuracy: float, largest: float, auc: float, alpha: float) -> Finding | None:
    """What is excellent, None where nothing is."""
    share = float(m.test[Confusion].support.max()) / m.test[Confusion].n if m.test[Confusion].n else 1.0
    right = m.test.metric("accuracy")
    low = right.lower(alpha)
    if low is not None and low > accuracy and share < largest:
        said = f"Accuracy is {ratio(right.value)} (lower bound {ratio(low)}), the largest class has {ratio(share)} of the rows"
        return Finding.passed(
            said, value=right.value, limit=accuracy, interval=Interval(low, None, 1 - alpha, right.decision_method)
        )
    try:
        area = m.test.metric("roc_auc")
    except NotApplicable:
        return None
    low = area.lower(alpha)
    if low is None or low <= auc:
        return None
    said = f"{metric('roc_auc')} is {number(area.value)} (lower bound {number(low, 4)})"
    return Finding.passed(
        said, value=area.value, limit=auc, interval=Interval(low, None, 1 - alpha, area.decision_method)
    )


def _plain(m: Measurements) -> Plain | None:
    """The better of the plain methods, None where there is nothing to learn from."""
    try:
        train, test = m.train[FeatureSample].first(KNOWN), m.test[FeatureSample].first(ASKED)
    except NotApplicable:
        return None
    if train.features.dtype.kind not in "fiub" or not len(train) or not len(test):
        return None
    known = plural(len(train), "training row")
    answers = {
        f"the nearest of {known}": nearest_answers(train.features, train.labels, test.features),
        f"a linear model of {known}": linear_answers(train.features, train.labels, test.features, m.task.n_classes),
    }
    how, right = max(((how, said == test.labels) for how, said in answers.items()), key=lambda one: int(one[1].sum()))
    only_model, only_plain = (int(np.count_nonzero(one)) for one in (test.right & ~right, right & ~test.right))
    ahead = PairedDifference(only_model, only_plain, len(test))
    return Plain(how, int(right.sum()), int(test.right.sum()), ahead)


def _named(findings: Sequence[Finding]) -> list[str]:
    """The checks that found what flatters, and those that ask whether something does."""
    sure = [finding.check for finding in findings if finding.confidence is Confidence.CONFIRMED]
    asking = [finding.check for finding in findings if finding.check not in sure]
    said = (
        (sure, "found what flatters"),
        (asking, f"{'asks' if len(set(asking)) == 1 else 'ask'} about what may flatter"),
    )
    return [f"{', '.join(dict.fromkeys(checks))} {what}" for checks, what in said if checks]


def _of_plain(plain: Plain | None, lead: float, alpha: float) -> list[str]:
    low = None if plain is None else plain.lead.lower(alpha)
    if plain is None or low is None or low <= lead:
        return []
    return [f"{_said_of(plain)}: the task is not easy"]


def _said_of(plain: Plain) -> str:
    rows = plural(int(plain.lead.n), "row")
    return f"{plain.how} is right on {count(plain.right)} of {rows}, the model on {count(plain.right_of_model)}"


def _of_losses(m: Measurements, alpha: float) -> list[str]:
    try:
        test, train = m.test.metric("log_loss"), m.train.metric("log_loss")
    except NotApplicable:
        return []
    high = Difference(_as_spread(test, train), train).upper(alpha)
    if high is None or high >= 0:
        return []
    return [f"log loss is lower on test ({number(test.value)}) than on the rows learnt from ({number(train.value)})"]


def _as_spread(test: Estimate, train: Estimate) -> Estimate:
    """The mean loss on test with no less spread than train has: test may lack rare large losses by chance."""
    if not (isinstance(test, Smooth) and isinstance(train, Smooth) and test.standard_error and train.standard_error):
        return test
    return replace(test, standard_error=max(test.standard_error, train.standard_error * (train.n / test.n) ** 0.5))


def _judged(m: Measurements, seen: Finding, signs: Sequence[str], plain: Plain | None, *, waived: bool) -> Finding:
    seen = replace(seen, subject=m.task.place(m.task.label) if m.task.label else "")
    if not signs:
        easy = f"; {_said_of(plain)}" if plain is not None else ""
        remedy = "If the task is not as easy as that, look for what the test rows share with train."
        aside = ", what was waived aside," if waived else ""
        return replace(
            seen, message=f"{seen.message}; nothing that was examined{aside} is a sign of leakage{easy}"
        ).failing(Severity.INFO, remedy=remedy)
    remedy = "Follow up what is named, and test on rows collected apart or later before these figures are quoted."
    doubt, bent = Confidence.SUSPECTED, Direction.FLATTERS
    told = replace(seen, message=f"Such figures are doubtful: {'; '.join(signs)}. {seen.message}")
    return told.failing(Severity.MAJOR, remedy=remedy, direction=bent, confidence=doubt)
