"""Are the features prepared as the model expects?"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from auditor import Confidence, Direction, Finding, Measurements, NotApplicable, Severity, check
from auditor.statistics import benjamini_hochberg, binomial_tail, mcnemar_mid_p
from auditor.wording import count, name, number, p_value, plural, ratio

SHOWN = 5
GREY_LEVELS = (200, 320)  # about 255
STANDARD_MEAN, STANDARD_DEVIATION, MOSTLY = 0.5, (0.5, 2.0), 0.8
COLOURS = 3
CLEARLY_APART, FAR_BETTER = 0.2, 0.25

Floats = NDArray[np.float64]


@check("preprocessing", title="Features are prepared as in training", by_label=False)
def preprocessing(
    m: Measurements,
    *,
    gain: float = 0.05,
    sure_gain: float = 0.20,
    alpha: float = 0.01,
    deviations: float = 3.0,
    scale: float = 5.0,
    share: float = 0.5,
    outside: float = 0.01,
    alpha_outside: float = 0.05,
    few: int = 30,
    enough: int = 1000,
    cut: float = 0.05,
    half: float = 0.5,
) -> Iterator[Finding]:
    """Do the test rows reach the model as the training rows did?

    *Asked of the model*: a few hundred rows are run again divided by 255 (or times 255), with their three colour channels in
    reverse order, and standardised with the means of train or, colours in 0 to 1, of ImageNet, each where it makes sense. A
    treatment that puts more rows right (McNemar's mid-p value below `alpha`, divided by the number of treatments), with both
    accuracy and balanced accuracy gaining more than `gain`, was forgotten: suspected, and confirmed where both gain more than
    `sure_gain`.
    *Asked of the data*: up to 4,096 rows of train and of test are compared, `few` of each at least. Suspected when at least
    `share` of the features have means more than `deviations` training deviations apart, or deviations more than `scale` to 1
    apart, or when the means of three channels fit in reverse order. Columns with more than `outside` of their values beyond
    the extremes of `enough` training rows or more (false discovery rate `alpha_outside`; Benjamini & Hochberg 1995) are minor.
    *Asked of texts*: up to 4,096 of test are tokenised; it counts when the lower bound of the share of those that have more
    tokens than the model takes, and of which it sees the beginning alone, is above `cut` (major: above `half`).
    """
    found = m.behaviour
    if found.cut is not None:
        yield Finding.above(
            found.cut,
            minor=cut,
            major=half,
            message="{value} of {n} test texts ({low} to {high}) have more tokens than the model takes; of these it sees the "
            "beginning alone",
            remedy="Find out what stands at the end of long texts; judge them in parts, or by a model that takes more tokens.",
        )
        return
    if not found.treated and found.features is None:
        raise NotApplicable(
            "there are no numbers of training data to compare with, and no treatment suits such features"
        )
    faults = [
        *_forgotten(m, alpha, gain, sure_gain),
        *_elsewhere(m, deviations, scale, share, few),
        *_turned(m, few),
        *_beyond(m, outside, alpha_outside, enough),
    ]
    yield from faults
    if not faults:
        yield Finding.passed(_as_expected(m))


def _forgotten(m: Measurements, alpha: float, gain: float, sure_gain: float) -> Iterator[Finding]:
    """The treatment that puts most rows right, where that is clearly more."""
    treated = m.behaviour.treated
    for way, run in sorted(treated.items(), key=lambda item: -item[1].right_treated)[:1]:
        p = mcnemar_mid_p(run.only_treated, run.only_given)
        gained = min((run.right_treated - run.right) / run.n, run.balanced_gain)
        if p >= alpha / len(treated) or gained <= gain:
            return
        said = (
            f"The model is right on {count(run.right)} of {plural(run.n, 'row')} as they are ({ratio(run.right / run.n)}), and on "
            f"{count(run.right_treated)} {way} ({ratio(run.right_treated / run.n)}; {p_value(p)})"
        )
        yield Finding.passed(said, value=gained, limit=gain).failing(
            Severity.BLOCKER,
            remedy=f"If training saw rows {way}, prepare the test data so{_stated_for(way, m)}, or let the model do it.",
            direction=Direction.DEFLATES,
            validity=True,
            limit=sure_gain if gained > sure_gain else gain,
            confidence=Confidence.CONFIRMED if gained > sure_gain else Confidence.SUSPECTED,
        )


def _stated_for(way: str, m: Measurements) -> str:
    """Where a mean and a deviation of each channel are stated."""
    channels = m.behaviour.features is None or not m.behaviour.features.is_table
    return " (for images: mean and std under [image])" if ("std" in way or "deviations" in way) and channels else ""


def _elsewhere(m: Measurements, deviations: float, scale: float, share: float, few: int) -> Iterator[Finding]:
    """Many features of test that lie elsewhere than those of train."""
    found = m.behaviour.features
    if found is None or not found.names or min(found.test.n, found.train.n) < few:
        return
    test, train = found.test, found.train
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.abs(test.mean - train.mean) / train.deviation
        times = test.deviation / train.deviation
    known = (test.deviation > 0) & (train.deviation > 0)
    other = (apart > deviations) | (known & ((times > scale) | (times < 1 / scale)))
    amount, of = int(other.sum()), len(found.names)
    if amount >= share * of:
        features = _listed([found.names[i] for i in np.flatnonzero(other)])
        said = f"{count(amount)} of {plural(of, 'feature')} lie elsewhere in test than in train ({features})"
        yield _suspected(
            Finding.passed(said, value=amount / of, limit=share),
            _likely(_standard(test.mean, test.deviation), _standard(train.mean, train.deviation), times[known]),
            "Prepare the test data as the training data were, and run again.",
        )


def _likely(test_standard: bool, train_standard: bool, times: Floats) -> str:  # noqa: FBT001  (two of a kind)
    """What the difference looks like."""
    middle = float(np.median(times)) if len(times) else 1.0
    least, most = GREY_LEVELS
    if least < middle < most or least < 1 / middle < most:
        raw, unit = ("test", "train") if middle > 1 else ("train", "test")
        return f"the deviations of {raw} are about 255 times those of {unit}, as grey levels are to shares of 1"
    if test_standard != train_standard:
        one, other = ("test", "train") if test_standard else ("train", "test")
        return f"{one} looks standardised, {other} does not"
    return f"the deviations of test are {number(middle, 2)} times those of train (median)"


def _standard(mean: Floats, deviation: Floats) -> bool:
    least, most = STANDARD_DEVIATION
    return bool(np.mean((np.abs(mean) < STANDARD_MEAN) & (deviation > least) & (deviation < most)) >= MOSTLY)


def _turned(m: Measurements, few: int) -> Iterator[Finding]:
    """Three channels whose means fit those of train far better in reverse order."""
    found = m.behaviour.features
    if found is None or len(found.names) != COLOURS or found.is_table or min(found.test.n, found.train.n) < few:
        return
    test, train = found.test, found.train
    straight, turned = np.abs(test.mean - train.mean), np.abs(test.mean[::-1] - train.mean)
    if (straight > CLEARLY_APART * train.deviation).any() and turned.sum() < FAR_BETTER * straight.sum():
        means, others = (", ".join(number(mean, 2) for mean in one.mean) for one in (test, train))
        said = f"The means of the three channels are {means} in test and {others} in train"
        why = "they fit in reverse order"
        yield _suspected(Finding.passed(said), why, "Check whether one of them was read as blue, green, red.")


def _suspected(seen: Finding, why: str, remedy: str) -> Finding:
    doubt, bent = Confidence.SUSPECTED, Direction.DEFLATES
    return seen.failing(Severity.BLOCKER, why, remedy=remedy, direction=bent, validity=True, confidence=doubt)


def _beyond(m: Measurements, outside: float, alpha: float, enough: int) -> Iterator[Finding]:
    """Columns whose test values lie beyond the extremes of train more often than a sample explains."""
    found = m.behaviour.features
    if found is None or not found.is_table or found.train.n < enough:
        return
    pairs = zip(found.outside, found.test.finite, strict=True)
    columns = np.flatnonzero(benjamini_hochberg([binomial_tail(int(k), int(n), outside) for k, n in pairs]) <= alpha)
    if len(columns):
        worst = columns[np.argsort(-found.outside[columns])]
        named = [f"{found.names[i]} ({count(found.outside[i])} of {count(found.test.finite[i])})" for i in worst]
        train = plural(found.train.n, "row")
        said = (
            f"{plural(len(columns), 'column')} of test hold values beyond those of {train} of train: {_listed(named)}"
        )
        remedy = "A model extrapolates there: check the units, or collect training rows of that kind."
        yield Finding.passed(said, limit=outside).failing(Severity.MINOR, remedy=remedy)


def _as_expected(m: Measurements) -> str:
    found, said = m.behaviour, []
    if found.features is not None:
        what = plural(len(found.features.names), "feature") if found.features.is_table else "values"
        test, train = count(found.features.test.n), plural(found.features.train.n, "row")
        said.append(f"the {what} of {test} rows of test lie where those of {train} of train do")
    runs = [f"{count(run.right_treated)} {way}" for way, run in found.treated.items()]
    if runs:
        first = next(iter(found.treated.values()))
        said.append(f"{count(first.right)} of {plural(first.n, 'row')} are right as they are, {', '.join(runs)}")
    return "; ".join(said)


def _listed(names: list[str]) -> str:
    shown = ", ".join(name(text) for text in names[:SHOWN])
    return shown + (f" and {count(len(names) - SHOWN)} more" if len(names) > SHOWN else "")
