"""Did training go as it should, and was the right checkpoint kept?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from auditor import Curve, Finding, History, Line, Measurements, Severity, check, conditions_met
from auditor.states import Confusion
from auditor.statistics import LevelFault, divergence, examine, level, starts_badly, trend
from auditor.wording import number, plural, points, ratio, upper_first

Values = NDArray[np.float64]

SPOKEN = {"train_loss": "training loss", "val_loss": "validation loss"}
GATES = ("acceptance", "class-recall", "class-precision", "better-than-majority")
RANKED_BY = {"val_accuracy": "accuracy", "val_auc": "ROC-AUC"}
CROSS_ENTROPIES = ("cross", "nll", "log_loss", "logloss", "bce", "xent")

# What no mean over labels of different shares can be told to be.
TWICE = (LevelFault.DOUBLE_SOFTMAX, LevelFault.DOUBLE_SIGMOID)
LEVEL_FAULTS = {
    LevelFault.DOUBLE_SOFTMAX: (
        "a softmax applied twice cannot go below {floor}, and the plateau is just there",
        "Give cross-entropy the logits, not probabilities.",
    ),
    LevelFault.DOUBLE_SIGMOID: (
        "a sigmoid applied twice cannot go below {floor}, and the plateau is just there",
        "Give the loss the logits, or take the sigmoid out of one of the two places.",
    ),
    LevelFault.STUCK: ("nothing was learnt", "Check the labels, the inputs and the learning rate."),
    LevelFault.WORSE: ("worse than a constant answer", "Check the labels and the learning rate."),
    LevelFault.STUCK_HIGH: (
        "it stands still after {learned} of the way",
        "A larger model, better features, or another learning rate.",
    ),
}


@check("loss-curves", title="Training stopped at the right time", needs=(Confusion,), after=GATES, by_label=False)
def loss_curves(
    m: Measurements,
    *,
    earlier: Sequence[Finding],
    rise: float = 0.05,
    rise_major: float = 0.20,
    chance: float = 0.05,
    first_loss: float = 2.0,
    unstable: float = 0.15,
    unstable_major: float = 0.30,
    stuck_high: float = 0.30,
    noisy: float = 0.06,
    accuracy_fall: float = 0.005,
    few: int = 8,
) -> Iterator[Finding]:
    """What the training history says: divergence, no learning, instability, a stop too early.

    The epochs up to the audited one are judged (`--epoch`; the last one unless it is stated). Validation loss that rose by
    more than `rise` above its best window, beyond its own noise, while training loss fell, is overfitting: the checkpoint of
    the best epoch should have been kept. It is major above `rise_major`, unless the losses are `noisy` or the validation
    accuracy fell by no more than `accuracy_fall`: then it is over-confidence. A training loss within `chance` of that of a
    constant answer has learnt nothing; one that stands just above what a softmax or a sigmoid applied twice allows points to
    that. A first epoch above `first_loss` times ln K began badly. Noise above `unstable` (a standard deviation of the log
    loss) is instability. Fewer than `few` epochs are described, not judged. Thresholds after simulation; fits by isotonic
    regression (Ayer et al. 1955), trend by Mann-Kendall (Hamed & Rao 1998).
    """
    history, serious = m.history.until_audited(), Severity.MINOR if conditions_met(earlier) else Severity.MAJOR
    findings = [
        *_not_finite(history),
        *_below_zero(history, serious),
        *_diverged(history, rise, rise_major, noisy, accuracy_fall),
        *_level(m, history, chance, stuck_high, few=few, serious=serious),
        *_first(m, history, first_loss, few),
        *_unstable(history, unstable, serious, unstable_major, few),
        *_afterwards(m.history, history),
    ] or [Finding.passed(_described(history, few))]
    yield replace(findings[0], figures=(_figure(m, rise),))
    yield from findings[1:]


def _columns(history: History) -> dict[str, Values]:
    """The recorded losses of train and validation, blanks left out."""
    known = {name: [v for v in history.columns.get(name, ()) if v is not None] for name in SPOKEN}
    return {name: np.array(values) for name, values in known.items() if values}


def _described(history: History, few: int) -> str:
    losses = _columns(history)
    ends = [f"{SPOKEN[name]} went from {number(v[0])} to {number(v[-1])}" for name, v in losses.items()]
    said = f"{plural(len(history.epochs), history.unit)}: {' and '.join(ends)}"
    curves = [examine(values) for values in losses.values()]
    if all(curve.still_falling for curve in curves):
        said += f"; {'both were' if len(curves) > 1 else 'it was'} still falling, more epochs may help"
    elif all(curve.is_plateau for curve in curves):
        said += f"; {'both have' if len(curves) > 1 else 'it has'} levelled off"
    if len(history.epochs) >= few:
        return said
    rises = examine(losses["val_loss"]).rises_at_end if "val_loss" in losses else 0
    rose = f"; validation loss rose in the last {rises} of them" if rises > 1 else ""
    return f"{said}{rose}; fewer than {few} {history.unit}s are described, not judged"


def _epoch(history: History, epoch: float) -> str:
    return f"{history.unit} {epoch:,.6g}"


def _not_finite(history: History) -> Iterator[Finding]:
    for name, spoken in SPOKEN.items():
        broken, epochs = history.not_finite.get(name, ()), plural(len(history.epochs), history.unit)
        if broken:
            first = f"the first is {_epoch(history, broken[0])}"
            seen = f"The {spoken} is NaN or infinite in {len(broken):,} of {epochs}; {first}"
            known = [e for e, v in zip(history.epochs, history.columns[name], strict=True) if v is not None]
            recovered = bool(known) and known[-1] > broken[-1]
            yield Finding.passed(seen, subject=name).failing(
                Severity.MAJOR if recovered else Severity.BLOCKER,
                remedy="Lower the learning rate, clip gradients, look for logarithms of zero; then train again.",
            )


def _below_zero(history: History, serious: Severity) -> Iterator[Finding]:
    """A loss below 0 is a fault where its name says that it is a cross-entropy; else its level cannot be judged."""
    for name, losses in _columns(history).items():
        n, source = int((losses < 0).sum()), history.sources.get(name, name)
        if not n:
            continue
        said = f"The {SPOKEN[name]} is below 0 in {n:,} of {plural(len(losses), history.unit)}"
        if any(word in source.lower() for word in CROSS_ENTROPIES):
            remedy = "Check what the loss is given: cross-entropy wants logits and class indices."
            yield Finding.passed(said, subject=name).failing(serious, "no cross-entropy can be", remedy=remedy)
        else:
            yield Finding.passed(f"{said}: it is no cross-entropy, and its course is not judged", subject=name)


def _diverged(
    history: History, rise: float, rise_major: float, noisy: float, accuracy_fall: float
) -> Iterator[Finding]:
    epochs, losses = _paired(history)
    validation, train = losses.get("val_loss"), losses.get("train_loss")
    found = None if validation is None else divergence(validation, train)
    if validation is None or found is None or not found.found or found.rise <= rise:
        return
    best, lowest, last = epochs[found.best_epoch], validation[found.best_epoch], validation[-1]
    ended = "ended at" if history.audited is None else f"was, at the audited {history.unit},"
    since = trend(validation[found.best_epoch :])
    support = f", Mann-Kendall z {number(since.z, 1)} since then" if since else ""
    said = (
        f"Validation loss was lowest at {_epoch(history, best)} ({number(lowest)}) and {ended} {number(last)}: the last "
        f"{plural(found.end[1], history.unit)} lie {ratio(found.rise, 0)} above the best ones (z {number(found.z, 1)}{support})"
    )
    fell = " while training loss fell on" if train is not None else ""
    held = _held(losses, found.change, accuracy_fall)
    too_noisy = (examine(validation).noise or 0.0) > noisy and found.rise <= 2 * rise_major
    serious = found.rise > rise_major and not too_noisy and not held
    taken = "" if history.audited is not None else f"; the audited model is taken to be that of the last {history.unit}"
    yield Finding.passed(said + fell + held, value=found.rise, limit=rise, subject=_epoch(history, best)).failing(
        Severity.MAJOR if serious else Severity.MINOR,
        limit=rise_major if serious else rise,
        remedy=f"Audit the checkpoint of {_epoch(history, best)}{taken}.",
    )


def _held(losses: Mapping[str, Values], change: object, accuracy_fall: float) -> str:
    """That a figure of rank held while the loss rose, in words; empty where it fell or was not recorded."""
    assert callable(change)
    for name, spoken in RANKED_BY.items():
        changed = change(losses[name]) if name in losses else None
        if changed is not None:
            how = f"changed by {points(changed)} points"
            held = f"; validation {spoken} {how}: over-confidence, not more errors"
            return held if changed >= -accuracy_fall else ""
    return ""


def _paired(history: History) -> tuple[list[float], dict[str, Values]]:
    """The epochs at which all recorded losses have a value, and the columns there, NaN for blanks of the others."""
    losses = [history.columns[name] for name in SPOKEN if any(v is not None for v in history.columns.get(name, ()))]
    kept = [i for i, values in enumerate(zip(*losses, strict=True)) if None not in values]
    names = [name for name in (*SPOKEN, *RANKED_BY) if any(v is not None for v in history.columns.get(name, ()))]
    columns = {name: np.array([history.columns[name][i] for i in kept], np.float64) for name in names}
    return [history.epochs[i] for i in kept], columns


def _level(
    m: Measurements, history: History, chance: float, stuck_high: float, *, few: int, serious: Severity
) -> Iterator[Finding]:
    """At most one fault of the level that the training loss ended at, the validation loss where there is no other."""
    name, losses = next(iter(_columns(history).items()), ("", np.zeros(0)))
    positive, constant = m.task.positive, _constant_loss(m)
    if not constant or len(losses) < few:
        return
    share = None if positive is None else m.splits.get("train", m.test)[Confusion].prevalence(positive)
    found = level(losses, constant, _alternatives(m), share, chance=chance, stuck_high=stuck_high)
    if found is None or found.fault is None or (m.labels and found.fault in TWICE):
        return
    of = "the best constant answer has" if found.reference == constant else "equal shares for all classes give"
    said = f"{upper_first(SPOKEN[name])} settled at {number(found.settled)} (median of the last fifth); {of} {number(found.reference)}"
    why, remedy = LEVEL_FAULTS[found.fault]
    weight = Severity.MINOR if found.fault is LevelFault.STUCK_HIGH else serious
    yield Finding.passed(said, value=found.learned, limit=chance, subject=name).failing(
        weight, why.format(floor=number(found.floor), learned=ratio(found.learned)), remedy=remedy
    )


def _constant_loss(m: Measurements) -> float | None:
    """Log loss of the best constant answer on train, else on test; over labels the mean of theirs. None without rows."""
    if not m.labels:
        return m.splits.get("train", m.test)[Confusion].entropy
    found = [one for label in m.labels if (one := _constant_loss(label)) is not None]
    return sum(found) / len(found) if found else None


def _alternatives(m: Measurements) -> int:
    """How many answers there are to choose from: with and without, where a row may have several labels."""
    return 2 if m.labels else m.task.n_classes


def _first(m: Measurements, history: History, first_loss: float, few: int) -> Iterator[Finding]:
    losses, log_k = _columns(history).get("train_loss", np.zeros(0)), float(np.log(_alternatives(m)))
    if len(losses) >= few and (losses >= 0).all() and starts_badly(losses[0], _alternatives(m), times=first_loss):
        said = f"The training loss of the first {history.unit} is {number(losses[0])}; equal shares for all classes give {number(log_k)}"
        yield Finding.passed(said, value=losses[0], limit=first_loss * log_k, subject="first loss").failing(
            Severity.MINOR,
            "training began far from any sensible answer",
            remedy="Check the scale of the inputs, the start of the last layer and the first learning rate.",
        )


def _unstable(history: History, limit: float, serious: Severity, limit_major: float, few: int) -> Iterator[Finding]:
    for name, losses in _columns(history).items():
        curve, epochs = examine(losses), plural(len(losses), history.unit)
        if len(losses) < few or curve.noise is None:
            continue
        spikes = len(curve.spikes)
        if curve.noise > limit or spikes > max(1, 0.05 * len(losses)):
            noise = f"noise of {ratio(curve.noise, 0)} from {history.unit} to {history.unit}"
            said = f"The {SPOKEN[name]} is unstable: {noise}, {plural(spikes, 'spike')} in {epochs}"
            remedy = f"A lower learning rate, larger batches or gradient clipping; the last {history.unit} is a matter of luck."
            severity = serious if curve.noise > limit_major else Severity.MINOR
            yield Finding.passed(said, value=curve.noise, limit=limit, subject=name).failing(severity, remedy=remedy)


def _afterwards(whole: History, judged: History) -> Iterator[Finding]:
    """What happened after the audited epoch, which the audited model knows nothing of."""
    if len(whole.epochs) == len(judged.epochs):
        return
    audited = f"the audited model of {_epoch(whole, whole.audited_epoch)} is from before that"
    epochs, losses = _paired(whole)
    found = divergence(losses["val_loss"], losses.get("train_loss")) if "val_loss" in losses else None
    if found is not None and found.found and epochs[found.best_epoch] <= whole.audited_epoch:
        best = _epoch(whole, epochs[found.best_epoch])
        yield Finding.passed(f"Validation loss rose by {ratio(found.rise, 0)} after {best}; {audited}")
    for name, spoken in SPOKEN.items():
        later = [e for e in whole.not_finite.get(name, ()) if e > whole.audited_epoch]
        if later:
            yield Finding.passed(f"The {spoken} became NaN or infinite at {_epoch(whole, later[0])}; {audited}")


def _figure(m: Measurements, rise: float) -> Curve:
    history = m.history
    lines = [Line(SPOKEN[name], history.epochs, history.columns[name]) for name in _columns(history)]
    constant = _constant_loss(m)
    if constant and len(history.epochs) > 1:
        lines.append(Line("best constant answer", (history.epochs[0], history.epochs[-1]), (constant, constant)))
    best, audited = history.best_epoch, history.audited_epoch
    marks = {"best": best, "audited": audited} if best != audited else {"best and audited": audited}
    named = tuple((f"{name}: {_epoch(history, x)}", x) for name, x in marks.items() if x is not None)
    spans = _rise_of(history.until_audited(), rise)
    return Curve(f"Loss by {history.unit}", upper_first(history.unit), "Loss", tuple(lines), named, spans)


def _rise_of(history: History, rise: float) -> tuple[tuple[str, float, float], ...]:
    """From the lowest validation loss to the audited epoch, where it rose."""
    epochs, losses = _paired(history)
    found = divergence(losses["val_loss"], losses.get("train_loss")) if "val_loss" in losses else None
    if found is None or not found.found or found.rise <= rise:
        return ()
    return ((f"validation loss {ratio(found.rise, 0)} higher", epochs[found.best_epoch], epochs[-1]),)
