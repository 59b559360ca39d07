"""What a check says: gates to be decided, findings that are decided, and skips with their reason."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from auditor import wording
from auditor.statistics.estimates import Estimate


class NotApplicable(Exception):  # noqa: N818  (a reason, not an error)
    """A check does not apply: what it needs was not given, or there is too little of it by the check's own rule."""


class Status(StrEnum):
    """How one finding ended."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    SKIP = "skip"
    ERROR = "error"


class Severity(StrEnum):
    """How much a finding weighs, from a remark to a stop."""

    INFO = "info"
    MINOR = "minor"
    MAJOR = "major"
    BLOCKER = "blocker"

    @property
    def rank(self) -> int:
        """0 for info to 3 for blocker."""
        return list(Severity).index(self)


class Confidence(StrEnum):
    """Whether the evidence proves the fault or only points at it."""

    CONFIRMED = "confirmed"
    SUSPECTED = "suspected"


class Direction(StrEnum):
    """Which way a fault bends the figures."""

    FLATTERS = "flatters"
    DEFLATES = "deflates"
    NONE = "none"


@dataclass(frozen=True)
class Interval:
    """The interval that decided; `level` is its two-sided level, or the one-sided level of each bound."""

    low: float | None
    high: float | None
    level: float
    method: str


@dataclass(frozen=True)
class Line:
    """One line of a curve: x and y of equal length; a blank point is null."""

    name: str
    x: tuple[float | None, ...]
    y: tuple[float | None, ...]


@dataclass(frozen=True)
class Curve:
    """A figure of lines; `marks` are vertical lines (name, x)."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    marks: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Bars:
    """A figure of one bar a name, with an optional limit drawn across."""

    title: str
    names: tuple[str, ...]
    values: tuple[float | None, ...]
    limit: float | None = None
    value_label: str = ""


@dataclass(frozen=True)
class Heatmap:
    """A figure of a matrix of counts, rows by columns."""

    title: str
    row_names: tuple[str, ...]
    column_names: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]


Figure = Curve | Bars | Heatmap


@dataclass(frozen=True)
class Gate:
    """A value and the limit it must clear; policy turns gates into findings.

    `metric` is written as users write it (`recall[fraud]`), `subject` names the place (`class fraud`), `counted` what more
    of would narrow the interval (`"fraud" rows`), and `share` what part of all rows that is. A gate that `only_fails`
    never holds the verdict open: undecided is reported and does not ask for review.
    """

    metric: str
    estimate: Estimate
    limit: float
    at_least: bool = True
    subject: str = ""
    counted: str = "rows"
    share: float | None = None
    only_fails: bool = False
    remedy: str = ""
    message: str = ""


@dataclass(frozen=True)
class Finding:
    """One sentence of the report and what it rests on; `judge` fills in the check's id, title and family."""

    status: Status
    message: str
    severity: Severity = Severity.INFO
    confidence: Confidence = Confidence.CONFIRMED
    direction: Direction = Direction.NONE
    value: float | None = None
    limit: float | None = None
    interval: Interval | None = None
    subject: str = ""
    remedy: str = ""
    validity: bool = False
    metric: str = ""
    figures: tuple[Figure, ...] = field(default=(), compare=False)
    check: str = ""
    title: str = ""
    gate: bool = False
    at_least: bool = True
    only_fails: bool = False
    waived: str = ""

    @classmethod
    def passed(cls, message: str, *, value: float | None = None, limit: float | None = None) -> Self:
        """The good state, with the number that shows it."""
        return cls(Status.PASS, message, value=value, limit=limit)

    @classmethod
    def remark(cls, message: str, *, value: float | None = None, subject: str = "") -> Self:
        """Something worth knowing that is no fault."""
        return cls(Status.PASS, message, value=value, subject=subject)

    @classmethod
    def above(cls, estimate: Estimate, *, minor: float, major: float, message: str, subject: str = "",
              remedy: str = "", alpha_minor: float = 0.05, alpha_major: float = 0.005) -> Self:
        """A defect whose effect exceeds a margin: major or minor where the lower bound clears it, else a pass.

        `message` may use `{value}`, `{low}`, `{high}` and `{n}`. Undefined is inconclusive.
        """
        text = message.format(value=wording.ratio(estimate.value), low=wording.ratio(estimate.low),
                              high=wording.ratio(estimate.high), n=wording.count(estimate.n))
        low_major, low_minor = estimate.lower(alpha_major), estimate.lower(alpha_minor)
        common = {"value": estimate.value, "subject": subject, "remedy": remedy}
        if low_major is None or low_minor is None:
            return cls(Status.INCONCLUSIVE, f"{text}: it could not be bounded", **common)  # type: ignore[arg-type]
        if low_major > major:
            return cls(Status.FAIL, text, Severity.MAJOR, limit=major,
                       interval=Interval(low_major, None, 1 - alpha_major, estimate.method), **common)  # type: ignore[arg-type]
        bound = Interval(low_minor, None, 1 - alpha_minor, estimate.method)
        if low_minor > minor:
            return cls(Status.FAIL, text, Severity.MINOR, limit=minor, interval=bound, **common)  # type: ignore[arg-type]
        return cls(Status.PASS, text, limit=minor, interval=bound, **common)  # type: ignore[arg-type]

    def waive(self, reason: str) -> Self:
        """The same finding, taken out of the decision for a stated reason."""
        return replace(self, waived=reason)
