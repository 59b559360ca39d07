"""What a model is held to: presets, the user's gates, waivers; and how a family of gates is decided."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from auditor import wording
from auditor.config import Config, GateSettings, Waiver
from auditor.errors import UsageError
from auditor.findings import Finding, Gate, Interval, Severity, Status
from auditor.statistics.estimates import Proportion
from auditor.statistics.sample_size import best_lower_bound, labels_needed, minimum_without_miss, rows_needed

GATE_ALPHA = 0.05
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
        Preset("balanced", recall=0.50, precision=PrecisionFloor(0.50, times=5), balanced_accuracy=0.70, better_than_majority=True),
        Preset("screening", recall=0.90, precision=PrecisionFloor(0.30, times=3, above_chance=0.1), positive_only=True, favours="recall"),
        Preset("fraud", recall=0.90, precision=PrecisionFloor(0.30, times=3, above_chance=0.1), positive_only=True, favours="recall"),
        Preset("spam", recall=0.70, precision=PrecisionFloor(0.95), positive_only=True, favours="precision"),
        Preset("ranking", roc_auc=0.75, average_precision=PrecisionFloor(1.0, times=5, to_perfect=0.5), decides_by_argmax=False),
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
    return Policy(preset, config.gates, config.criteria_stated, config.policy.required, config.policy.strict, config.waivers)


def resolve(gates: Sequence[Gate]) -> list[Finding]:
    """Decide a family of gates: each passes on its own bound, and fails where Holm's step-down allows the claim.

    A release requires every gate, an intersection-union test, so passing needs no correction (Berger 1982); that some
    gate fails is a claim about a union, hence Holm (1979).
    """
    failed = _failed_by_holm(gates)
    return [_finding(gate, failed.get(place)) for place, gate in enumerate(gates)]


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
        raise UsageError(f"[[waivers]] for {waiver.check}: `expires` must be a date like 2027-01-31, found {waiver.expires!r}") from error


def _failed_by_holm(gates: Sequence[Gate]) -> dict[int, float]:
    """Indices of the gates whose failure is shown, with the error level each was tested at."""
    open_, failed = [i for i, gate in enumerate(gates) if gate.estimate.value is not None], dict[int, float]()
    while open_:
        alpha = GATE_ALPHA / len(open_)
        rejected = [i for i in open_ if _misses(gates[i], alpha)]
        if not rejected:
            break
        failed |= dict.fromkeys(rejected, alpha)
        open_ = [i for i in open_ if i not in failed]
    return failed


def _misses(gate: Gate, alpha: float) -> bool:
    bound = gate.estimate.upper(alpha) if gate.at_least else gate.estimate.lower(alpha)
    return bound is not None and (bound < gate.limit if gate.at_least else bound > gate.limit)


def _clears(gate: Gate) -> bool:
    bound = gate.estimate.lower(GATE_ALPHA) if gate.at_least else gate.estimate.upper(GATE_ALPHA)
    return bound is not None and (bound >= gate.limit if gate.at_least else bound <= gate.limit)


def _finding(gate: Gate, failed_at: float | None) -> Finding:
    alpha = failed_at or GATE_ALPHA
    low, high = gate.estimate.lower(GATE_ALPHA if failed_at is None else alpha), gate.estimate.upper(alpha)
    finding = Finding(Status.INCONCLUSIVE, "", value=gate.estimate.value, limit=gate.limit, subject=gate.subject, metric=gate.metric,
                      interval=Interval(low, high, 1 - alpha, f"one-sided {gate.estimate.decision_method}"), remedy=gate.remedy,
                      gate=True, at_least=gate.at_least, only_fails=gate.only_fails)
    seen, asked = gate.message or describe(gate), _asked(gate)
    if failed_at is not None:
        severity = Severity.BLOCKER
        return replace(finding, status=Status.FAIL, severity=severity, message=f"{seen}; {asked}")
    if _clears(gate):
        return replace(finding, status=Status.PASS, message=f"{seen}; {asked}", remedy="")
    why, remedy = undecided(gate)
    return replace(finding, message=f"{seen}; {asked}. {why}", remedy=remedy)


def describe(gate: Gate) -> str:
    """`Recall on fraud is 12.0% (24 of 200; 95% interval 8.2% to 17.2%, Wilson)`."""
    estimate, form = gate.estimate, share_or_number(gate.metric)
    what = wording.metric(gate.metric)
    if estimate.value is None:
        return f"{what} is undefined: there is nothing to count ({wording.count(estimate.n)} rows)"
    counted = f"{wording.count(estimate.k)} of {wording.count(estimate.n)}; " if isinstance(estimate, Proportion) else ""
    if estimate.low is None or estimate.high is None:
        return f"{what} is {form(estimate.value)} ({counted}no interval)"
    return f"{what} is {form(estimate.value)} ({counted}95% interval {form(estimate.low)} to {form(estimate.high)}, {estimate.method})"


def share_or_number(metric: str) -> Callable[[float | None], str]:
    """How values of a metric are spoken: as percentages, or as numbers for losses and correlations."""
    plain = metric.split("[")[0] in ("log_loss", "brier_score", "mcc", "kappa", "roc_auc", "average_precision", "difference")
    return wording.number if plain else wording.ratio


def _asked(gate: Gate) -> str:
    form = share_or_number(gate.metric)
    return f"{'at least' if gate.at_least else 'at most'} {form(gate.limit)} is required"


def undecided(gate: Gate) -> tuple[str, str]:
    """Why the rows at hand cannot decide a gate, and how many more would."""
    if gate.estimate.value is None:
        return "Undefined is not a pass", f"Give test data in which it is defined: labelled {gate.counted}."
    if isinstance(gate.estimate, Proportion) and 0 < gate.limit < 1:
        return _undecided_proportion(gate, gate.estimate)
    return _undecided_smooth(gate)


def _undecided_proportion(gate: Gate, estimate: Proportion) -> tuple[str, str]:
    k, limit = (estimate.k, gate.limit) if gate.at_least else (estimate.n - estimate.k, 1 - gate.limit)
    why = f"{wording.count(estimate.n)} {gate.counted} cannot tell"
    fewest, best = minimum_without_miss(limit, GATE_ALPHA), best_lower_bound(estimate.n, GATE_ALPHA)
    if fewest is not None and best is not None and estimate.n < fewest:
        why += f" whatever the model does: even {wording.count(estimate.n)} without a miss would show only {wording.ratio(best)}"
    need = labels_needed(k, estimate.n, limit)
    if need.total is None or need.more is None:
        return why, "It lies practically at the limit: more labels cannot decide it. State a limit that it may miss, or improve the model."
    aim = "passes" if need.passes else "fails"
    most = "more than can be labelled" if need.most is None else wording.count(need.most)
    where = f", found in about {wording.count(round(need.more / gate.share))} more rows" if gate.share else ""
    return why, (f"Label {wording.count(need.more)} more {gate.counted}{where}. With {wording.count(need.total)} in all it {aim} with probability 80% if the "
                 f"rate stays as it is ({wording.count(need.fewest)} to {most} if the rate is one standard error off).")


def _undecided_smooth(gate: Gate) -> tuple[str, str]:
    estimate, why = gate.estimate, f"{wording.count(gate.estimate.n)} rows cannot tell"
    if estimate.lower(GATE_ALPHA) is None:
        return f"{why}: it has no bound", "Label more rows of every class."
    needed = rows_needed(estimate, gate.limit)
    if needed is None:
        return why, "It lies practically at the limit: more labels cannot decide it. State a limit that it may miss, or improve the model."
    more = max(1, math.ceil(needed - estimate.n))
    return why, f"Label about {wording.count(more)} more rows, drawn like these. Then it is decided with probability 80% if the value stays as it is."
