"""What a finding rests on, in the unit of its sentence: its value, the limit and the interval that decided."""

from collections.abc import Callable

from auditor import wording
from auditor.findings import Finding, Interval
from auditor.rendering.phrases import clean, number

# Metrics that are shares of rows, or means of such: written as percentages. All others are plain numbers.
SHARES = {
    "accuracy",
    "precision",
    "recall",
    "f1",
    "specificity",
    "jaccard",
    "balanced_accuracy",
    "top_5_accuracy",
    "subset_accuracy",
    "label_accuracy",
    "hamming_loss",
}
AVERAGES = ("macro_", "micro_", "weighted_", "samples_")
# Values whose name a reader would not know, by metric or check: what they are, and their unit.
NAMED = {
    "gain_over_majority": ("gain over always answering the majority", "points"),
    "class-imbalance": ("accuracy less balanced accuracy", "points"),
    "shared-rows": ("excess of copies, or what they add to accuracy or recall", "points"),
    "near-duplicates": ("share of rows near training rows beyond what training shows, or what they add", "share"),
    "target-leak": ("ROC-AUC of the column alone", "number"),
    "row-numbers": ("ROC-AUC of the number alone", "number"),
    "fitted-on-everything": ("largest change of a mean, scale or correlation", "share"),
}
FILTERS = ("numbers",)


def numbers(finding: Finding) -> list[tuple[str, str]]:
    """Each number with its name: `recall[fraud]`, `limit`, `interval that decides`.

    A value is shown where its name is known, its limit where both are of one unit; where the sentence says the value as a
    plain number only the interval is left, and where it does not say the value at all nothing is.
    """
    kind, name = unit(finding), _name(finding)
    shown = []
    if name and finding.value is not None:
        shown.append((name, amount(finding.value, kind)))
    if finding.limit and (name or kind in {"share", "points"}):
        shown.append(("limit", amount(finding.limit, kind)))
    if kind and finding.interval is not None and (finding.interval.low, finding.interval.high) != (None, None):
        shown.append(("interval that decides", bounds(finding.interval, kind)))
    return shown


def unit(finding: Finding) -> str:
    """Whether a finding's value is a `share`, a difference in `points` or a `number`; empty where no reader could know.

    By the metric it speaks of, or else by how its sentence says it.
    """
    if _is_named(finding):
        return NAMED[finding.metric or finding.check][1]
    if finding.metric:
        base = finding.metric.partition("[")[0]
        for average in AVERAGES:
            base = base.removeprefix(average)
        return "share" if base in SHARES else "number"
    for sign, kind in ((" points", "points"), ("%", "share")):
        if _says(finding, lambda value, digits: wording.ratio(value, digits).removesuffix("%"), sign, range(3)):
            return kind
    return "number" if _says(finding, wording.number, "", range(1, 4)) else ""


def _says(finding: Finding, write: Callable[[float | None, int], str], sign: str, digits: range) -> bool:
    texts = {write(finding.value, places).replace("-", "−") for places in digits} - {"–"}
    return any(f" {text}{sign}" in f" {finding.message}" for text in texts)


def _is_named(finding: Finding) -> bool:
    if finding.metric:
        return finding.metric in NAMED
    return finding.check in NAMED and finding.value is not None and abs(finding.value) <= 1


def _name(finding: Finding) -> str:
    return NAMED[finding.metric or finding.check][0] if _is_named(finding) else clean(finding.metric, 80)


def amount(value: float | None, kind: str) -> str:
    """A finding's value or limit in its unit; whole numbers are counts."""
    if kind == "share":
        return wording.ratio(value).replace("-", "−")
    if kind == "points":
        return f"{wording.points(value)} points"
    whole = value is not None and float(value).is_integer() and abs(value) >= 1
    return wording.count(value) if whole else number(value)


def bounds(found: Interval, kind: str) -> str:
    """The interval that decided, with its level and method: `at most 16.5% (95% one-sided, Clopper-Pearson)`."""
    level = f"{wording.ratio(found.level, 0 if round(found.level, 2) == found.level else 1)}"
    if found.low is not None and found.high is not None:
        low = wording.points(found.low) if kind == "points" else amount(found.low, kind)
        return f"{low} to {amount(found.high, kind)} ({level}, {found.method})"
    if found.low is None and found.high is None:
        return "–"
    side = "at least" if found.high is None else "at most"
    return f"{side} {amount(found.low if found.high is None else found.high, kind)} ({level}, {found.method})"
