"""What a check says: gates to be decided, findings that are decided, and skips with their reason."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from auditor import wording
from auditor.statistics.estimates import Estimate


class NotApplicable(Exception):
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

    def __post_init__(self) -> None:
        _keep_numbers(self, "low", "high", "level")
        object.__setattr__(self, "method", wording.name(str(self.method)))


@dataclass(frozen=True)
class Line:
    """One line of a curve: x and y of equal length; a blank point is null."""

    name: str
    x: tuple[float | None, ...]
    y: tuple[float | None, ...]

    def __post_init__(self) -> None:
        _keep_rows(self, "x", "y")
        _same_length(self.x, self.y)


@dataclass(frozen=True)
class Curve:
    """A figure of lines; `marks` are vertical lines (name, x), `spans` shaded parts of the x axis (name, from, to)."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    marks: tuple[tuple[str, float], ...] = ()
    spans: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True)
class Bars:
    """A figure of one bar a name, with an optional limit drawn across, or what else `limit_name` says it is."""

    title: str
    names: tuple[str, ...]
    values: tuple[float | None, ...]
    limit: float | None = None
    value_label: str = ""
    limit_name: str = "limit"

    def __post_init__(self) -> None:
        _keep_rows(self, "values")
        _keep_numbers(self, "limit")
        _same_length(self.names, self.values)


@dataclass(frozen=True)
class Heatmap:
    """A figure of a matrix of counts, rows by columns."""

    title: str
    row_names: tuple[str, ...]
    column_names: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]

    def __post_init__(self) -> None:
        rows = tuple(tuple(_number(value) for value in row) for row in self.values)
        object.__setattr__(self, "values", rows)
        _same_length(self.row_names, rows)
        for row in rows:
            _same_length(self.column_names, row)


def _number(value: float | None) -> float | None:
    """The value as a finite float; ValueError for anything else, so that a check's slip is its own error."""
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number) or isinstance(value, str):
        raise ValueError(f"{value!r} is no finite number; undefined is None")
    return number


def _keep_numbers(record: object, *names: str) -> None:
    for name in names:
        object.__setattr__(record, name, _number(getattr(record, name)))


def _keep_rows(record: object, *names: str) -> None:
    for name in names:
        object.__setattr__(record, name, tuple(_number(value) for value in getattr(record, name)))


def _same_length(first: Sequence[object], second: Sequence[object]) -> None:
    if not first or len(first) != len(second):
        raise ValueError(
            f"a figure needs as many values as places, and at least one; found {len(first)} and {len(second)}"
        )


Figure = Curve | Bars | Heatmap


@dataclass(frozen=True)
class Gate:
    """A value and the limit it must clear; policy turns gates into findings.

    `metric` is written as users write it (`recall[fraud]`), `subject` names the place (`class fraud`), `counted` what more
    of would narrow the interval (`"fraud" rows`), and `share` what part of all rows that is; `where` says under which
    condition the value holds. A gate that `only_fails`
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
    where: str = ""

    def __post_init__(self) -> None:
        if _number(self.limit) is None:
            raise ValueError("a gate needs a limit")
        _keep_numbers(self, "limit")


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

    def __post_init__(self) -> None:
        if not isinstance(self.message, str) or not self.message.strip():
            raise ValueError(f"a finding needs a sentence, found {self.message!r}")
        if not all(isinstance(figure, Curve | Bars | Heatmap) for figure in self.figures):
            raise ValueError("figures are Curve, Bars or Heatmap")
        _keep_numbers(self, "value", "limit")
        for name, kind in {
            "status": Status,
            "severity": Severity,
            "confidence": Confidence,
            "direction": Direction,
        }.items():
            object.__setattr__(self, name, kind(getattr(self, name)))

    @classmethod
    def passed(
        cls,
        message: str,
        *,
        value: float | None = None,
        limit: float | None = None,
        interval: Interval | None = None,
        subject: str = "",
    ) -> Self:
        """The good state, with the number that shows it."""
        return cls(Status.PASS, message, value=value, limit=limit, interval=interval, subject=subject)

    def failing(
        self,
        severity: Severity,
        why: str = "",
        *,
        remedy: str,
        limit: float | None = None,
        direction: Direction = Direction.NONE,
        validity: bool = False,
        confidence: Confidence = Confidence.CONFIRMED,
    ) -> Self:
        """The same observation as a fault; `why` ends the sentence, `limit` is the one that was crossed."""
        return replace(
            self,
            status=Status.FAIL,
            severity=severity,
            message=f"{self.message}: {why}" if why else self.message,
            remedy=remedy,
            limit=self.limit if limit is None else limit,
            direction=direction,
            validity=validity,
            confidence=confidence,
        )

    def undecided(self, why: str, *, remedy: str = "") -> Self:
        """The same observation where it cannot decide; `why` ends the sentence."""
        return replace(self, status=Status.INCONCLUSIVE, message=f"{self.message}: {why}", remedy=remedy)

    @classmethod
    def above(
        cls,
        estimate: Estimate,
        *,
        minor: float,
        major: float,
        message: str,
        subject: str = "",
        remedy: str = "",
        alpha_minor: float = 0.05,
        alpha_major: float = 0.005,
    ) -> Self:
        """A defect whose effect exceeds a margin: major or minor where the lower bound clears it, else a pass.

        `message` may use `{value}`, `{low}`, `{high}` (the 95% interval) and `{n}`. Undefined is inconclusive.
        """
        spoken = {
            "value": wording.ratio(estimate.value),
            "low": wording.ratio(estimate.low),
            "high": wording.ratio(estimate.high),
        }
        text = message.format(**spoken, n=wording.count(estimate.n))
        finding = cls(Status.INCONCLUSIVE, text, value=estimate.value, limit=minor, subject=subject, remedy=remedy)
        low, low_strict = estimate.lower(alpha_minor), estimate.lower(alpha_major)
        if low is None or low_strict is None:
            return replace(finding, message=f"{text}: it could not be bounded")
        bounded = replace(finding, interval=Interval(low, None, 1 - alpha_minor, estimate.decision_method))
        if low_strict > major:
            strict = Interval(low_strict, None, 1 - alpha_major, estimate.decision_method)
            return replace(bounded, status=Status.FAIL, severity=Severity.MAJOR, limit=major, interval=strict)
        return (
            replace(bounded, status=Status.FAIL, severity=Severity.MINOR)
            if low > minor
            else replace(bounded, status=Status.PASS, remedy="")
        )

    def waive(self, reason: str) -> Self:
        """The same finding, taken out of the decision for a stated reason."""
        return replace(self, waived=reason)
