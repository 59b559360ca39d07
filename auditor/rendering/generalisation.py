"""The rows of the table that puts train, validation and test side by side, and where their marks stand on a line."""

from collections.abc import Iterator
from dataclasses import dataclass

from auditor import wording
from auditor.rendering import metrics
from auditor.rendering.phrases import clean, number, points
from auditor.report import Report
from auditor.results import Generalisation, SplitResult, Value

SPLITS = ("train", "validation", "test")
TITLES = {name: (title.partition(":")[0], kind) for name, title, kind in metrics.METRICS}
LINE = 120.0


@dataclass(frozen=True)
class Row:
    """A metric of each split that has it, the gap in words with its interval, and the marks on a line from 0 to 1.

    `marks` are (split, place on a line of `LINE` units), empty for what is no share; `alt` says them.
    """

    name: str
    kind: str
    values: dict[str, Value | None]
    gap: str
    interval: str
    marks: tuple[tuple[str, float], ...] = ()
    alt: str = ""


def splits(report: Report) -> tuple[str, ...]:
    """Train, validation and test, as far as they were given; none where test stands alone."""
    found = tuple(name for name in SPLITS if name in report.measurements)
    return found if len(found) > 1 and "test" in found else ()


def rows(report: Report) -> Iterator[Row]:
    """Metrics of all rows, then recall of the classes that test finds least; without train, those metrics alone."""
    names = splits(report)
    gaps = report.generalisation.gaps if report.generalisation else {}
    for metric in gaps or ("accuracy", "balanced_accuracy", "roc_auc", "log_loss"):
        values = {name: _value(report.measurements[name], metric) for name in names}
        if any(value is not None and value.value is not None for value in values.values()):
            yield _row(metric, values, gaps.get(metric))


def _value(split: SplitResult, metric: str) -> Value | None:
    """A metric of a split, of a class where it names one."""
    plain, _, name = metric.removesuffix("]").partition("[")
    if not name:
        found: Value | None = getattr(split, plain)
        return found
    return split.classes[name].recall if name in split.classes else None


def _row(metric: str, values: dict[str, Value | None], gap: Value | None) -> Row:
    plain, _, name = metric.removesuffix("]").partition("[")
    title, kind = TITLES[plain]
    title = f"{title} of “{wording.name(name)}”" if name else title
    said, between = ("", "") if gap is None else _gap(gap, kind if plain != "roc_auc" else "number")
    marks, alt = _marks(values) if plain != "log_loss" else ((), "")
    return Row(title, kind, values, said, between, marks, alt and f"{title}: {alt}")


def _gap(gap: Value, kind: str) -> tuple[str, str]:
    """A gap and its interval, in points where it is of shares."""
    if kind != "share":
        return number(gap.value), "" if gap.low is None else f"{number(gap.low)} to {number(gap.high)}"
    low = wording.points(gap.low)
    return points(gap.value), "" if gap.low is None else f"{low} to {wording.points(gap.high)}"


def _marks(values: dict[str, Value | None]) -> tuple[tuple[tuple[str, float], ...], str]:
    known = [(name, value.value) for name, value in values.items() if value is not None and value.value is not None]
    placed = tuple((name, round(LINE * min(max(value, 0.0), 1.0), 1)) for name, value in known)
    return placed, ", ".join(f"{name} {wording.short_ratio(value)}" for name, value in known)


def told_apart(found: Generalisation | None) -> str:
    """How well losses tell training rows from test rows, in a sentence; empty where that is not known."""
    value = None if found is None else found.membership
    if value is None or value.value is None:
        return ""
    between = "" if value.low is None else f"; 95% interval {wording.ratio(value.low)} to {wording.ratio(value.high)}"
    return clean(
        f"Of two rows of one class, one of train and one of test, the test row has the higher loss in {wording.ratio(value.value)} "
        f"of pairs (chance is 50%{between}): so well can training rows be told from new ones by their loss."
    )
