"""Does what was learnt hold on new rows?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import log

import numpy as np
from numpy.typing import NDArray

from auditor import Curve, Direction, Finding, Interval, Line, Measurements, NotApplicable, Severity, Status, check
from auditor.states import Confusion, Losses
from auditor.statistics import Difference, divergence, double_softmax_floor, examine
from auditor.wording import count, number, plural, ratio

Losses1D = NDArray[np.float64]

SPOKEN = {"train_loss": "training loss", "val_loss": "validation loss"}
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
    met = _met(earlier)
    missed = any(f.status is Status.FAIL for f in earlier if f.gate)
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


def _met(earlier: Sequence[Finding]) -> bool:
    """Whether conditions were judged and all are met, those apart that may only fail."""
    gates = [f.status for f in earlier if f.gate and not (f.only_fails and f.status is Status.INCONCLUSIVE)]
    return bool(gates) and all(status is Status.PASS for status in gates)


def _points(value: float | None) -> str:
    return "–" if value is None else f"{number(100 * value, 1)} points"


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


def _entropy(m: Measurements) -> float | None:
    """Log loss of the best constant answer on the rows of train, else on those of test."""
    return m.splits.get("train", m.test)[Confusion].entropy


@check("loss-curves", title="Training stopped at the right time", needs=(Confusion,), after=GATES, by_label=False)
def loss_curves(
    m: Measurements,
    *,
    earlier: Sequence[Finding],
    rise: float = 0.05,
    rise_major: float = 0.20,
    chance: float = 0.05,
    unstable: float = 0.15,
    unstable_major: float = 0.30,
    stuck_high: float = 0.30,
    noisy: float = 0.06,
    few: int = 8,
) -> Iterator[Finding]:
    """What the training history says: divergence, no learning, instability, a stop too early.

    Validation loss that rose by more than `rise` above its best window, beyond its own noise, while training loss fell, is
    overfitting: the checkpoint of the best epoch should have been kept. It is major above `rise_major`, since the audited
    model is that of the last epoch unless said otherwise. A training loss within `chance` of that of a constant answer has
    learnt nothing. Noise above `unstable` (a standard deviation of the log loss) is instability. Fewer than `few` epochs
    are described, not judged. Thresholds after simulation; fits by isotonic regression (Ayer et al. 1955).
    """
    met = _met(earlier)
    findings = [
        *_not_finite(m),
        *_diverged(m, rise, rise_major, noisy),
        *_learnt(m, chance, stuck_high, few, serious=Severity.MINOR if met else Severity.MAJOR),
        *_unstable(m, unstable, Severity.MINOR if met else Severity.MAJOR, unstable_major, few),
    ]
    if not findings:
        said = f"{plural(len(m.history.epochs), 'epoch')}: {_ends(m)}"
        said += "; both were still falling, more epochs may help" if _still_falling(m) else ""
        said += f"; fewer than {few} epochs are described, not judged" if len(m.history.epochs) < few else ""
        findings = [Finding.passed(said)]
    yield replace(findings[0], figures=(_figure(m),))
    yield from findings[1:]


def _columns(m: Measurements) -> dict[str, Losses1D]:
    """The recorded losses of train and validation, blanks left out."""
    given = {name: m.history.columns.get(name, ()) for name in SPOKEN}
    return {
        name: np.array([v for v in values if v is not None])
        for name, values in given.items()
        if any(v is not None for v in values)
    }


def _ends(m: Measurements) -> str:
    ends = {SPOKEN[name]: (losses[0], losses[-1]) for name, losses in _columns(m).items()}
    return " and ".join(f"{name} went from {number(first)} to {number(last)}" for name, (first, last) in ends.items())


def _not_finite(m: Measurements) -> Iterator[Finding]:
    for name, spoken in SPOKEN.items():
        amount, epochs = m.history.not_finite.get(name, 0), plural(len(m.history.epochs), "epoch")
        seen = Finding.passed(f"The {spoken} is NaN or infinite in {count(amount)} of {epochs}", subject=name)
        if amount:
            remedy = "Lower the learning rate, clip gradients, look for logarithms of zero; then train again."
            recovered = m.history.columns[name][-1] is not None
            yield seen.failing(Severity.MAJOR if recovered else Severity.BLOCKER, remedy=remedy)


def _diverged(m: Measurements, rise: float, rise_major: float, noisy: float) -> Iterator[Finding]:
    epochs, validation, train = _paired(m)
    found = divergence(validation, train) if len(validation) else None
    if found is None or not found.found or found.rise <= rise:
        return
    best, lowest, last = count(epochs[found.best_epoch]), validation[found.best_epoch], validation[-1]
    said = (
        f"Validation loss was lowest at epoch {best} ({number(lowest)}) and ended at {number(last)}: the last epochs lie "
        f"{ratio(found.rise, 0)} above the best ones (z {number(found.z, 1)})"
    )
    fell = " while training loss fell on" if train is not None else ""
    too_noisy = (examine(validation).noise or 0.0) > noisy and found.rise <= 2 * rise_major
    serious = found.rise > rise_major and not too_noisy
    yield Finding.passed(said + fell, value=found.rise, limit=rise, subject=f"epoch {best}").failing(
        Severity.MAJOR if serious else Severity.MINOR,
        limit=rise_major if serious else rise,
        remedy=f"Audit the checkpoint of epoch {best}; the audited model is taken to be that of the last epoch.",
    )


def _paired(m: Measurements) -> tuple[list[float], Losses1D, Losses1D | None]:
    """Epochs, validation losses and training losses where both were recorded, or validation alone without the other."""
    columns = m.history.columns
    validation = columns.get("val_loss", ())
    train = columns.get("train_loss", (0.0,) * len(validation))
    kept = [i for i, pair in enumerate(zip(validation, train, strict=True)) if None not in pair]
    losses = [np.array([values[i] for i in kept], np.float64) for values in (validation, train)]
    return [m.history.epochs[i] for i in kept], losses[0], losses[1] if "train_loss" in columns else None


def _learnt(m: Measurements, chance: float, stuck_high: float, few: int, serious: Severity) -> Iterator[Finding]:
    """At most one fault of the level that the training loss ended at."""
    losses, constant = _columns(m).get("train_loss"), _over_labels(m, _entropy)
    if losses is None or len(losses) < few or not constant:
        return
    n_classes = 2 if m.labels else m.task.n_classes
    curve, floor = examine(losses), None if m.labels else double_softmax_floor(n_classes)
    learned = curve.learned(constant)
    if learned is None or curve.last is None:
        return
    said = f"Training loss settled at {number(curve.last)} (median of the last fifth); the best constant answer has {number(constant)}"
    seen = Finding.passed(said, value=learned, limit=chance, subject="train_loss")
    if floor is not None and curve.is_plateau and floor <= curve.last <= 1.01 * floor:
        why = f"a softmax applied twice cannot go below {number(floor)}, and the plateau is just there"
        yield seen.failing(serious, why, remedy="Give cross-entropy the logits, not probabilities.")
    elif learned < -chance and curve.last > (1 + chance) * log(n_classes):
        yield seen.failing(serious, "worse than a constant answer", remedy="Check the labels and the learning rate.")
    elif abs(learned) < chance:
        yield seen.failing(serious, "nothing was learnt", remedy="Check the labels, the inputs and the learning rate.")
    elif curve.is_plateau and 0 <= learned < stuck_high:
        remedy = "A larger model, better features, or another learning rate."
        yield seen.failing(Severity.MINOR, f"it stands still after {ratio(learned)} of the way", remedy=remedy)


def _unstable(m: Measurements, limit: float, serious: Severity, limit_major: float, few: int) -> Iterator[Finding]:
    for name, losses in _columns(m).items():
        curve, epochs = examine(losses), plural(len(losses), "epoch")
        if len(losses) < few or curve.noise is None:
            continue
        spikes = len(curve.spikes)
        if curve.noise > limit or spikes > max(1, 0.05 * len(losses)):
            noise = f"noise of {ratio(curve.noise, 0)} from epoch to epoch"
            said = f"The {SPOKEN[name]} is unstable: {noise}, {plural(spikes, 'spike')} in {epochs}"
            remedy = "A lower learning rate, larger batches or gradient clipping; the last epoch is a matter of luck."
            severity = serious if curve.noise > limit_major else Severity.MINOR
            yield Finding.passed(said, value=curve.noise, limit=limit, subject=name).failing(severity, remedy=remedy)


def _still_falling(m: Measurements) -> bool:
    found = [examine(losses).still_falling for losses in _columns(m).values()]
    return bool(found) and all(found)


def _figure(m: Measurements) -> Curve:
    lines = tuple(Line(SPOKEN[name], m.history.epochs, m.history.columns[name]) for name in _columns(m))
    return Curve("Loss by epoch", "Epoch", "Loss", lines)
