"""Does what was learnt hold on new rows?"""

from collections.abc import Iterator, Sequence
from math import log

import numpy as np

from auditor import Curve, Direction, Finding, Interval, Line, Measurements, NotApplicable, Severity, Status, check
from auditor.states import Confusion, Losses
from auditor.statistics import Difference, divergence, double_softmax_floor, examine
from auditor.wording import count, number, plural, ratio

GATES = ("acceptance", "class-recall", "class-precision", "better-than-majority")


@check("generalisation-gap", title="Test is about as good as train", needs=(Confusion, Losses), after=GATES)
def generalisation_gap(m: Measurements, *, earlier: Sequence[Finding], minor: float = 0.05, major: float = 0.10, loss_minor: float = 0.10,
                       loss_major: float = 0.50, reverse: float = 0.02, few: int = 100) -> Iterator[Finding]:
    """How much better is the model on the rows it learnt from?

    The gap is balanced accuracy on train minus that on test, and log loss on test minus that on train as a share of the loss of
    the best constant answer. Each counts when its lower bound exceeds a margin (`minor` at 95%, `major` at 99.5%; for losses
    `loss_minor`, `loss_major`). A gap is no failure by itself: it is major only where a condition on the test data fails or is
    undecided. A model as poor on train as on test, and failing there, underfits. A test clearly better than train is a sign of
    leakage, or of dropout left on while train was measured.
    """
    train, test = m.train, m.test
    n_test = test[Confusion].n
    gap = Difference(train.metric("balanced_accuracy"), test.metric("balanced_accuracy"))
    if gap.value is None:
        raise NotApplicable("balanced accuracy is undefined on train or test")
    low, low_strict, high_strict = gap.lower(0.05), gap.lower(0.005), gap.upper(0.005)
    said = (f"Balanced accuracy is {ratio(train.metric('balanced_accuracy').value)} on {plural(train[Confusion].n, 'training row')} and "
            f"{ratio(test.metric('balanced_accuracy').value)} on {plural(n_test, 'test row')}: a gap of {_points(gap.value)} "
            f"(95% interval {_points(gap.low)} to {_points(gap.high)}, {gap.method})")
    facts = {"value": gap.value, "interval": Interval(low, gap.upper(0.05), 0.95, gap.method)}
    met = all(f.status is Status.PASS for f in earlier if f.gate)
    loss_said, loss_level = _loss_gap(m, loss_minor, loss_major)
    if low is None or low_strict is None or high_strict is None:
        yield Finding(Status.INCONCLUSIVE, f"{said}: it could not be bounded", **facts)
    elif low > minor or loss_level:
        serious = (low_strict > major or loss_level == "major") and not met
        yield Finding(Status.FAIL, f"{said}{loss_said}: the model knows its training rows better than new ones", limit=minor,
                      severity=Severity.MAJOR if serious else Severity.MINOR, **facts,
                      remedy="Stop earlier, regularise, or train on more rows; quote test figures only.")
    elif high_strict < -reverse:
        yield Finding(Status.FAIL, f"{said}: test is clearly better than train", Severity.MINOR, limit=-reverse, **facts, direction=Direction.FLATTERS,
                      remedy="Look for test rows in train, for an easier test, or for dropout that was on.")
    elif any(f.status is Status.FAIL and f.gate for f in earlier) and abs(low) < reverse and (gap.upper(0.05) or 1) < reverse:
        yield Finding(Status.FAIL, f"{said}: as poor on train as on test, the model underfits", Severity.MAJOR, limit=reverse, **facts,
                      remedy="A larger model, better features or longer training; more rows will not help.")
    elif n_test < few and (gap.high or 1) > minor:
        yield Finding(Status.INCONCLUSIVE, f"{said}: {plural(n_test, 'test row')} are too few to tell", **facts, remedy="Give more test rows.")
    else:
        yield Finding(Status.PASS, f"{said}{loss_said}", limit=minor, **facts)


def _points(value: float | None) -> str:
    return "–" if value is None else f"{number(100 * value, 1)} points"


def _loss_gap(m: Measurements, minor: float, major: float) -> tuple[str, str]:
    """The gap of the log losses in words, and whether it is minor, major or neither."""
    if Losses not in m.train or Losses not in m.test:
        return "", ""
    gap = Difference(m.test.metric("log_loss"), m.train.metric("log_loss"))
    chance = m.train[Confusion].entropy
    low, low_strict = gap.lower(0.05), gap.lower(0.005)
    if gap.value is None or not chance or low is None or low_strict is None:
        return "", ""
    said = (f"; log loss is {number(m.train.metric('log_loss').value)} on train and {number(m.test.metric('log_loss').value)} on test "
            f"({number(chance)} is the loss of the best constant answer)")
    level = "major" if low_strict > major * chance else "minor" if low > minor * chance else ""
    return said, level


@check("loss-curves", title="Training stopped at the right time", needs=(Confusion,), after=GATES)
def loss_curves(m: Measurements, *, earlier: Sequence[Finding], rise: float = 0.05, rise_major: float = 0.20, chance: float = 0.05,
                unstable: float = 0.15, unstable_major: float = 0.30, stuck_high: float = 0.30, noisy: float = 0.06,
                few: int = 8) -> Iterator[Finding]:
    """What the training history says: divergence, no learning, instability, a stop too early.

    Validation loss that rose by more than `rise` above its best window, beyond its own noise, while training loss fell, is
    overfitting: the checkpoint of the best epoch should have been kept. It is major above `rise_major`, since the audited
    model is that of the last epoch unless said otherwise. A training loss within `chance` of that of a constant answer has
    learnt nothing. Noise above `unstable` (a standard deviation of the log loss) is instability. Fewer than `few` epochs
    are described, not judged. Thresholds after simulation; fits by isotonic regression (Ayer et al. 1955).
    """
    history = m.history
    figure = _figure(m)
    findings = [*_not_finite(m), *_diverged(m, rise, rise_major, noisy), *_learnt(m, chance, stuck_high),
                *_unstable(m, unstable, unstable_major, few), *_still_falling(m)]
    epochs = plural(len(history.epochs), "epoch")
    if not any(f.status is Status.FAIL for f in findings):
        few_said = f"; with fewer than {few} epochs it is described, not judged" if len(history.epochs) < few else ""
        findings.insert(0, Finding.passed(f"{epochs}: {_ends(m)}{few_said}"))
    for place, finding in enumerate(findings):
        yield Finding(**{**vars(finding), "figures": (figure,) if place == 0 else ()})


def _columns(m: Measurements) -> Iterator[tuple[str, np.ndarray]]:
    for name in ("train_loss", "val_loss"):
        values = m.history.columns.get(name)
        if values is not None:
            yield name, np.array([v for v in values if v is not None], np.float64)


def _ends(m: Measurements) -> str:
    return " and ".join(f"{_spoken(name)} went from {number(losses[0])} to {number(losses[-1])}" for name, losses in _columns(m) if len(losses))


def _spoken(name: str) -> str:
    return "training loss" if name == "train_loss" else "validation loss"


def _not_finite(m: Measurements) -> Iterator[Finding]:
    for name, amount in m.history.not_finite.items():
        if name in ("train_loss", "val_loss"):
            yield Finding(Status.FAIL, f"The {_spoken(name)} is NaN or infinite in {count(amount)} of {plural(len(m.history.epochs), 'epoch')}", Severity.BLOCKER,
                          subject=name, remedy="Lower the learning rate, clip gradients, look for logarithms of zero; then train again.")


def _paired(m: Measurements) -> tuple[list[float], np.ndarray, np.ndarray | None]:
    """Epochs, validation losses and training losses of the epochs where validation (and training, if any) was recorded."""
    columns = m.history.columns
    validation, train = columns.get("val_loss"), columns.get("train_loss")
    if validation is None:
        return [], np.zeros(0), None
    kept = [i for i, v in enumerate(validation) if v is not None and (train is None or train[i] is not None)]
    pick = lambda values: np.array([values[i] for i in kept], np.float64)  # noqa: E731
    return [m.history.epochs[i] for i in kept], pick(validation), None if train is None else pick(train)


def _diverged(m: Measurements, rise: float, rise_major: float, noisy: float) -> Iterator[Finding]:
    epochs, validation, train = _paired(m)
    found = divergence(validation, train) if len(validation) else None
    if found is None or not found.found or found.rise <= rise:
        return
    best = epochs[found.best_epoch]
    said = (f"Validation loss was lowest at epoch {count(best)} ({number(float(validation[found.best_epoch]))}) and ended at {number(float(validation[-1]))}: "
            f"the last epochs lie {ratio(found.rise, 0)} above the best ones (z {number(found.z, 1)}), while training loss fell on")
    capped = (examine(validation).noise or 0.0) > noisy and found.rise <= 2 * rise_major
    severity = Severity.MAJOR if found.rise > rise_major and not capped else Severity.MINOR
    yield Finding(Status.FAIL, said, severity, value=found.rise, limit=rise_major if severity is Severity.MAJOR else rise, subject=f"epoch {count(best)}",
                  remedy=f"Audit the checkpoint of epoch {count(best)}, or stop early with patience; the audited model is taken to be that of the last epoch.")


def _learnt(m: Measurements, chance: float, stuck_high: float) -> Iterator[Finding]:
    losses = dict(_columns(m)).get("train_loss")
    constant = m.splits.get("train", m.test)[Confusion].entropy
    if losses is None or not len(losses) or not constant:
        return
    curve = examine(losses)
    learned, classes = curve.learned(constant), m.task.n_classes
    if learned is None or curve.last is None:
        return
    facts = {"value": learned, "limit": chance, "subject": "train_loss"}
    said = f"Training loss ended at {number(curve.last)}; the best constant answer has {number(constant)}"
    floor = double_softmax_floor(classes)
    if curve.is_plateau and floor <= curve.last <= 1.01 * floor:
        yield Finding(Status.FAIL, f"{said}, and a softmax applied twice cannot go below {number(floor)}: a plateau just there", Severity.MAJOR, **facts,
                      remedy="Give cross-entropy the logits, not probabilities.")
    elif learned < -chance and curve.last > 1.05 * log(classes):
        yield Finding(Status.FAIL, f"{said}: worse than a constant answer", Severity.MAJOR, **facts, remedy="Check the labels and the learning rate.")
    elif abs(learned) < chance:
        yield Finding(Status.FAIL, f"{said}: nothing was learnt", Severity.MAJOR, **facts, remedy="Check the labels, the inputs and the learning rate.")
    elif curve.is_plateau and 0 <= learned < stuck_high:
        yield Finding(Status.FAIL, f"{said}: it stands still after {ratio(learned)} of the way", Severity.MINOR, **facts,
                      remedy="A larger model, better features, or another learning rate.")


def _unstable(m: Measurements, unstable: float, unstable_major: float, few: int) -> Iterator[Finding]:
    for name, losses in _columns(m):
        curve = examine(losses)
        if len(losses) < few or curve.noise is None:
            continue
        spikes = len(curve.spikes)
        if curve.noise > unstable or (spikes >= 2 and spikes > 0.05 * len(losses)):
            yield Finding(Status.FAIL, f"The {_spoken(name)} is unstable: noise of {ratio(curve.noise, 0)} from epoch to epoch, {plural(spikes, 'spike')} in {plural(len(losses), 'epoch')}",
                          Severity.MAJOR if curve.noise > unstable_major else Severity.MINOR, value=curve.noise, limit=unstable, subject=name,
                          remedy="A lower learning rate, larger batches or gradient clipping; a single epoch's checkpoint is a matter of luck.")


def _still_falling(m: Measurements) -> Iterator[Finding]:
    curves = [examine(losses) for _, losses in _columns(m)]
    if curves and all(curve.still_falling for curve in curves):
        yield Finding.remark("The losses were still falling when training stopped: more epochs may help")


def _figure(m: Measurements) -> Curve:
    lines = tuple(Line(_spoken(name), m.history.epochs, m.history.columns[name]) for name, _ in _columns(m))
    return Curve("Loss by epoch", "Epoch", "Loss", lines)
