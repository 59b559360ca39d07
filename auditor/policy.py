"""What a model is held to: presets, the user's gates, waivers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from auditor.config import Config, GateSettings, Waiver
from auditor.errors import UsageError
from auditor.findings import Finding, Status

GATE_CHECKS = ("acceptance", "class-recall", "class-precision", "better-than-majority")


@dataclass(frozen=True)
class PrecisionFloor:
    """A floor that follows the prevalence, since what chance reaches does too.

    min(times x prevalence, most), at most `to_perfect` and at least `above_chance` of the way from the prevalence to 1.
    """

    most: float
    times: float | None = None
    above_chance: float | None = None
    to_perfect: float | None = None

    def at(self, prevalence: float) -> float:
        """The floor for a class of this prevalence."""
        floor = self.most if self.times is None else min(self.times * prevalence, self.most)
        if self.to_perfect is not None:
            floor = min(floor, prevalence + self.to_perfect * (1 - prevalence))
        if self.above_chance is not None:
            floor = max(floor, prevalence + self.above_chance * (1 - prevalence))
        return floor


@dataclass(frozen=True)
class Preset:
    """A set of default criteria; `positive_only` floors hold for the positive class alone, where there is one."""

    name: str
    recall: float | None = None
    precision: PrecisionFloor | None = None
    positive_only: bool = False
    balanced_accuracy: float | None = None
    roc_auc: float | None = None
    average_precision: PrecisionFloor | None = None
    better_than_majority: bool = False
    decides_by_argmax: bool = True
    favours: str = ""


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "balanced",
            recall=0.50,
            precision=PrecisionFloor(0.50, times=5),
            balanced_accuracy=0.70,
            better_than_majority=True,
        ),
        Preset(
            "screening",
            recall=0.90,
            precision=PrecisionFloor(0.30, times=3, above_chance=0.1),
            positive_only=True,
            favours="recall",
        ),
        Preset(
            "fraud",
            recall=0.90,
            precision=PrecisionFloor(0.30, times=3, above_chance=0.1),
            positive_only=True,
            favours="recall",
        ),
        Preset("spam", recall=0.70, precision=PrecisionFloor(0.95), positive_only=True, favours="precision"),
        Preset(
            "ranking",
            roc_auc=0.75,
            average_precision=PrecisionFloor(1.0, times=5, to_perfect=0.5),
            decides_by_argmax=False,
        ),
    )
}
NOTHING_BY_DEFAULT = Preset("your gates only")


@dataclass(frozen=True)
class Policy:
    """What this run is held to; the preset is empty where the user stated gates and named no preset."""

    preset: Preset
    gates: tuple[GateSettings, ...]
    confirmed: bool
    required: tuple[str, ...] = ()
    strict: bool = False
    waivers: tuple[Waiver, ...] = ()
    prior: Mapping[str, float] = field(default_factory=dict)

    @property
    def gate_checks(self) -> tuple[str, ...]:
        """The checks whose outcome is a condition of release."""
        return (*GATE_CHECKS, *self.required)


def policy_of(config: Config) -> Policy:
    """The policy a configuration asks for; gates without a named preset stand alone."""
    alone = config.gates and config.preset is None
    preset = NOTHING_BY_DEFAULT if alone else PRESETS[config.preset_name]
    for waiver in config.waivers:
        _expiry(waiver)
    return Policy(
        preset,
        config.gates,
        config.criteria_stated,
        config.policy.required,
        config.policy.strict,
        config.waivers,
        config.prior,
    )


def waived(findings: Sequence[Finding], waivers: Sequence[Waiver], today: date) -> list[Finding]:
    """The findings with those waived that a waiver in force names."""
    return [_waive(finding, waivers, today) for finding in findings]


def _waive(finding: Finding, waivers: Sequence[Waiver], today: date) -> Finding:
    for waiver in waivers:
        same = waiver.check == finding.check and waiver.subject in ("", finding.subject)
        if same and finding.status is not Status.PASS and _expiry(waiver) >= today:
            return finding.waive(f"{waiver.reason} ({waiver.by}, until {waiver.expires})")
    return finding


def _expiry(waiver: Waiver) -> date:
    try:
        return date.fromisoformat(waiver.expires)
    except ValueError as error:
        raise UsageError(
            f"[[waivers]] for {waiver.check}: `expires` must be a date like 2027-01-31, found {waiver.expires!r}"
        ) from error
