"""Can it be told from the model's answers which rows it was trained on?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from auditor import (
    Confidence,
    Direction,
    Finding,
    Interval,
    Measurements,
    NotApplicable,
    Severity,
    Status,
    check,
    conditions_met,
)
from auditor.states import LossHistogram
from auditor.statistics import Estimate
from auditor.wording import lower_first, plural, quoted, ratio

GAP = "generalisation-gap"
GATES = ("acceptance", "class-recall", "class-precision", "better-than-majority")
STRICT = 0.005
CHANCE = 0.5
MOST_CLASSES = 256


@check(
    "memorisation",
    title="Training rows are not told from new ones",
    needs=(LossHistogram,),
    after=(*GATES, GAP),
    plain_rows=True,
    despite_weights=True,
    by_label=False,
)
def memorisation(
    m: Measurements,
    *,
    earlier: Sequence[Finding],
    minor: float = 0.55,
    major: float = 0.60,
    privacy: float = 0.70,
    alike: float = 0.02,
    few: int = 100,
) -> Iterator[Finding]:
    """Does the loss of a row tell whether the model was trained on it?

    A model that remembers its training rows gives them lower losses than new rows of the same class. Counted is in how many
    pairs of a training and a test row of one class the test row has the higher loss, ties as half: chance is 50%, and it is
    what an attacker gets who sees the loss of a row (Yeom et al. 2018). It is a fault where the lower bound at 99.5% exceeds
    `minor` or `major`, and major only where a condition on the test data fails or is undecided and generalisation-gap has not
    told the same already. Where all rows together do not show it, the class that shows it best is judged, at the level
    divided by the number of classes; so is the label where a row may have several. From `privacy` on the answers give away
    who was in the training data. Rows of another kind in test raise it too, and attacks with models of their own find more
    than this one.

    Rows are counted alike, whatever their weights. Test rows that the model was trained on show in the same way: validation
    rows then have higher losses than test rows of the same class. A lower bound above `major` is suspect where there is no
    training data to compare with, or where test rows are within `alike` of chance against it.
    """
    beside = "validation" in m.splits and m.faithful("validation")
    if "train" not in m.splits and not beside:
        raise NotApplicable("neither training nor validation data were given")
    trained = None
    if "train" in m.splits:
        trained = _told(m, "test", "train")
        yield _of_training(m, trained, _weight(earlier), (minor, major, privacy), few)
    if beside and (trained is None or _is_alike(trained.area, alike)):
        yield _of_test(_told(m, "validation", "test"), major, few)


@dataclass(frozen=True)
class _Told:
    """How well losses tell rows of two splits apart: the area, the level at which it decides, and what it is of."""

    area: Estimate
    alpha: float
    rows: tuple[int, int]
    name: str = ""
    subject: str = ""

    @property
    def low(self) -> float | None:
        return self.area.lower(self.alpha)

    def saying(self, message: str, limit: float) -> Finding:
        """What was seen, as a finding that passed."""
        interval = Interval(self.low, None, 1 - self.alpha, self.area.decision_method)
        if self.subject.startswith("label "):
            message = f"On label {quoted(self.name)} {lower_first(message)}"
        said = f"{message}; 95% interval {ratio(self.area.low)} to {ratio(self.area.high)}, chance is 50%)"
        return Finding.passed(said, value=self.area.value, limit=limit, interval=interval, subject=self.subject)


def _told(m: Measurements, new: str, seen: str) -> _Told:
    """All rows; where a row may have several labels those of the label that tells best, each of L at 1/L of the level."""
    found = [_of_rows(part, new, seen, STRICT / max(len(m.labels), 1)) for part in m.labels or (m,)]
    return max(found, key=lambda told: told.low or 0.0)


def _of_rows(m: Measurements, new: str, seen: str, alpha: float) -> _Told:
    above, below = getattr(m, new)[LossHistogram], getattr(m, seen)[LossHistogram]
    label = m.task.label
    return _Told(above.above(below), alpha, (below.n, above.n), label, m.task.place(label) if label else "")


def _of_worst_class(m: Measurements, minor: float) -> _Told | None:
    """The class whose training rows are told best, where that exceeds the limit; each of K classes at 1/K of the level."""
    k = m.task.n_classes
    if m.labels or k > MOST_CLASSES:
        return None
    test, train = m.test[LossHistogram], m.train[LossHistogram]
    found = [
        _Told(
            test.of_class_above(train, i), STRICT / k, (train.of_class(i), test.of_class(i)), name, m.task.place(name)
        )
        for i, name in enumerate(m.task.class_names)
    ]
    worst = max(found, key=lambda told: told.low or 0.0)
    return worst if worst.low is not None and worst.low > minor else None


def _of_training(
    m: Measurements, told: _Told, serious: Severity, limits: tuple[float, float, float], few: int
) -> Finding:
    """All rows if they tell, else the class that does."""
    minor, share = limits[0], ratio(told.area.value)
    seen = told.saying(
        f"The loss of a row tells training rows from new ones in {share} of pairs of one class ({_rows(told.rows)}",
        minor,
    )
    if told.low is None:
        return seen.undecided("no class has two rows in both")
    if told.low > minor:
        return _remembered(seen, told.low, serious, limits)
    worst = _of_worst_class(m, minor)
    if worst is None or worst.low is None:
        return _few(seen, told, m.test.n, few, minor)
    said = f"The loss of a {quoted(worst.name)} row tells training rows from new ones in {ratio(worst.area.value)} of pairs"
    seen = worst.saying(f"{said} ({_rows(worst.rows)}", minor)
    return _remembered(seen, worst.low, serious, limits)


def _rows(counts: tuple[int, int]) -> str:
    return f"{plural(counts[0], 'training row')} and {plural(counts[1], 'test row')}"


def _remembered(seen: Finding, low: float, serious: Severity, limits: tuple[float, float, float]) -> Finding:
    minor, major, privacy = limits
    remedy = "Stop earlier, regularise or train on more rows; quote test figures only."
    why = "an attacker who sees losses learns which rows it was trained on"
    if low >= privacy:
        why += "; where rows are people's, its answers give away who was among them"
        remedy += " Give out decisions and no probabilities where rows are people's."
    severity = serious if low > major else Severity.MINOR
    return seen.failing(severity, why, remedy=remedy, limit=major if low > major else minor)


def _of_test(told: _Told, major: float, few: int) -> Finding:
    """Whether test rows have the low losses of rows that the model was trained on, beside those of validation."""
    rows = f"{plural(told.rows[1], 'validation row')} and {plural(told.rows[0], 'test row')}"
    said = (
        f"Validation rows have the higher loss in {ratio(told.area.value)} of pairs of one class with test rows ({rows}"
    )
    seen = told.saying(said, major)
    seen = replace(seen, subject=seen.subject or "test against validation")
    if told.low is None:
        return seen.undecided("no class has two rows in both")
    if told.low <= major:
        return _few(seen, told, min(told.rows), few, major)
    return seen.failing(
        Severity.MAJOR,
        "the model knows test rows as it would know rows it was trained on",
        remedy="Give the training data to look for test rows in it, or say why validation rows are of another kind.",
        confidence=Confidence.SUSPECTED,
        direction=Direction.FLATTERS,
    )


def _weight(earlier: Sequence[Finding]) -> Severity:
    """Minor while the conditions are met, and where the gap has told the same as a major fault."""
    of_gap = [f for f in earlier if f.check == GAP and f.status is Status.FAIL and f.value is not None and f.value > 0]
    told = any(f.severity.rank >= Severity.MAJOR.rank for f in of_gap)
    return Severity.MINOR if told or conditions_met(earlier) else Severity.MAJOR


def _is_alike(told: Estimate, alike: float) -> bool:
    return told.value is not None and abs(told.value - CHANCE) <= alike


def _few(seen: Finding, told: _Told, n: int, few: int, limit: float) -> Finding:
    """A pass, unless rows are few and the share may well lie above the limit."""
    high = told.area.upper(told.alpha)
    if n < few and (high is None or high > limit):
        return seen.undecided(f"{plural(n, 'row')} are too few to tell", remedy="Give more rows.")
    return seen
