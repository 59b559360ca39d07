"""What a check says: gates to be decided, findings that are decided, and skips with their reason."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from auditor import wording
from auditor.figure_data import Figure, finite, keep_numbers
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
        keep_numbers(self, "low", "high", "level")
        object.__setattr__(self, "method", wording.name(str(self.method)))


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
        if finite(self.limit) is None:
            raise ValueError("a gate needs a limit")
        keep_numbers(self, "limit")


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
        if not all(isinstance(figure, Figure) for figure in self.figures):
            raise ValueError("figures are Curve, Bars or Heatmap")
        keep_numbers(self, "value", "limit")
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
