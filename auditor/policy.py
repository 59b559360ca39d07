"""What a model is held to: presets, the user's gates, waivers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from auditor import wording
from auditor.config import Config
from auditor.errors import UsageError
from auditor.findings import Finding, Status
from auditor.settings import GateSettings, Waiver

SHARES = ("accuracy", "recall", "precision", "f1", "specificity", "roc_auc", "average_precision", "balanced_accuracy",
          "subset_accuracy", "label_accuracy", "hamming_loss", "samples_f1", "samples_jaccard")  # fmt: skip


MORE_ACCURATE = "More accurate than always answering the majority"


@dataclass(frozen=True)
class PrecisionFloor:
    """A floor that follows the prevalence, since what chance reaches does too.

    min(times x prevalence, most), at most `to_perfect` and at least `above_chance` of the way from the prevalence to 1.
    """

    most: float
    times: float | None = None
    above_chance: float | None = None
    to_perfect: float | None = None

    @property
    def formula(self) -> str:
        """How the floor is reckoned, in words."""
        floor = (
            f"{self.most:.0%}"
            if self.times is None
            else f"{self.times:.0f} times the prevalence, at most {self.most:.0%}"
        )
        if self.to_perfect is not None:
            floor = f"{self.times:.0f} times the prevalence, at most {self.to_perfect:.0%} of the way from it to 100%"
        if self.above_chance is not None:
            floor += f", and no less than {self.above_chance:.0%} of the way from the prevalence to 100%"
        return floor

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

    def conditions(self, *, multilabel: bool = False) -> tuple[str, ...]:
        """What the preset asks, in sentences; `multilabel` where a row may have several labels."""
        of = "the positive class" if self.positive_only else "each label" if multilabel else "each class"
        mean = ", averaged over labels" if multilabel else ""
        asked = {
            f"Recall of {of}: at least {{}}": self.recall,
            f"Balanced accuracy{mean}: at least {{}}": self.balanced_accuracy,
            f"ROC-AUC{mean}: at least {{}}": self.roc_auc,
        }
        said = [sentence.format(f"{floor:.0%}") for sentence, floor in asked.items() if floor is not None]
        said += [f"Precision of {of}: at least {self.precision.formula}"] if self.precision else []
        said += [f"Average precision: at least {self.average_precision.formula}"] if self.average_precision else []
        gain = "More answers right than one answer to every row" if multilabel else MORE_ACCURATE
        return (*said, gain) if self.better_than_majority else tuple(said)


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

    def asks(self, check: str) -> bool:
        """Whether a check carries a condition of release."""
        preset = self.preset
        overall = preset.balanced_accuracy, preset.roc_auc, preset.average_precision
        carried = {
            "acceptance": bool(self.gates) or any(floor is not None for floor in overall),
            "class-recall": preset.recall is not None,
            "class-precision": preset.precision is not None,
            "better-than-majority": preset.better_than_majority,
        }
        return check in self.required or carried.get(check, False)

    def waives(self, finding: Finding) -> bool:
        """Whether a waiver that is in force today names this finding."""
        today = datetime.now(UTC).date()
        return any(_meets(waiver, finding) and _expiry(waiver) >= today for waiver in self.waivers)

    def conditions(self, *, multilabel: bool = False) -> tuple[str, ...]:
        """What is asked, in sentences: of the preset and then of the user."""
        each = "each label" if multilabel else "each class"
        return (*self.preset.conditions(multilabel=multilabel), *(_condition(gate, each) for gate in self.gates))


def policy_of(config: Config) -> Policy:
    """The policy a configuration asks for; gates without a named preset stand alone."""
    alone = config.gates and config.preset is None
    preset = NOTHING_BY_DEFAULT if alone else PRESETS[config.preset_name]
    for waiver in config.waivers:
        _expiry(waiver)
    for gate in config.gates:
        _refuse_impossible(gate)
    return Policy(
        preset,
        config.gates,
        config.criteria_stated,
        config.policy.required,
        config.policy.strict,
        config.waivers,
        config.prior,
    )


def _condition(gate: GateSettings, each: str) -> str:
    sign = "at least" if gate.at_least is not None else "at most"
    return f"{wording.metric(gate.metric.replace('[*]', f'[{each}]'))}: {sign} {gate.limit:g}"


def _refuse_impossible(gate: GateSettings) -> None:
    plain = (
        gate.metric.split("[", maxsplit=1)[0].removeprefix("macro_").removeprefix("weighted_").removeprefix("micro_")
    )
    if plain in SHARES and not 0 <= gate.limit <= 1:
        hint = f"; did you mean {gate.limit / 100:g}?" if 1 < gate.limit <= 100 else ""
        raise UsageError(f"gate {gate.metric}: its values lie between 0 and 1, the limit is {gate.limit:g}{hint}")


def state_of(waiver: Waiver, findings: Sequence[Finding], today: date) -> str:
    """Whether a waiver is in force, has lapsed, or meets no finding."""
    if _expiry(waiver) < today:
        return "lapsed"
    return "in force" if any(_meets(waiver, finding) for finding in findings) else "without a match"


def waived(findings: Sequence[Finding], waivers: Sequence[Waiver], today: date) -> list[Finding]:
    """The findings with those waived that a waiver in force names."""
    return [_waive(finding, waivers, today) for finding in findings]


def _waive(finding: Finding, waivers: Sequence[Waiver], today: date) -> Finding:
    for waiver in waivers:
        if _meets(waiver, finding) and _expiry(waiver) >= today:
            return finding.waive(f"{waiver.reason} ({waiver.by}, until {waiver.expires})")
    return finding


def _meets(waiver: Waiver, finding: Finding) -> bool:
    same = waiver.check == finding.check and waiver.subject in ("", finding.subject)
    return same and finding.status not in (Status.PASS, Status.SKIP)


def _expiry(waiver: Waiver) -> date:
    try:
        return date.fromisoformat(waiver.expires)
    except ValueError as error:
        raise UsageError(
            f"[[waivers]] for {waiver.check}: `expires` must be a date like 2027-01-31, found {waiver.expires!r}"
        ) from error
