"""The verdict in one breath, and the sentence under it."""

import re

from auditor import wording
from auditor.findings import Finding, Status
from auditor.gating import share_or_number
from auditor.label_summary import constant_metric
from auditor.measurements import Measurements
from auditor.report import VerdictStatus
from auditor.verdict import Outcome

ENDINGS = {
    VerdictStatus.READY: "ready",
    VerdictStatus.READY_WITH_WARNINGS: "ready, with warnings",
    VerdictStatus.NOT_READY: "not production-ready",
    VerdictStatus.NEEDS_REVIEW: "cannot tell yet",
    VerdictStatus.INVALID_EVALUATION: "the figures are not trustworthy",
}
NEAR = 0.005
LONGEST = 240
MOST_WORDS, FEWEST_WORDS = 30, 6
INDEPENDENT = re.compile("; ")
CLAUSE = re.compile(r"(?<=[^\d]),? (?=\()|[;,:] ")


def headline(outcome: Outcome, measurements: Measurements) -> str:
    """The answer and its numbers: `98.0% accuracy but 12% recall on fraud: not production-ready.` is one."""
    return wording.upper_first(f"{_reason(outcome, measurements)}: {ENDINGS[outcome.status]}.")


def sentence(outcome: Outcome, measurements: Measurements) -> str:
    """What the headline rests on, in counts, and what would change it."""
    if not outcome.deciding:
        return "No condition of release was examined; state one with --gate or choose a preset."
    first = foremost(outcome)
    if outcome.status in (VerdictStatus.READY, VerdictStatus.READY_WITH_WARNINGS):
        return _ready_sentence(outcome, measurements)
    plain, class_name = _parts(first)
    if (
        first.status is Status.FAIL
        and plain == "recall"
        and first.at_least
        and class_name in measurements.task.class_names
    ):
        return _recall_sentence(first, class_name, measurements)
    if first.status is Status.INCONCLUSIVE and first.gate and first.value is not None:
        return f"{_seen(first, measurements)} {wording.first_sentence(first.remedy)}"
    if first.metric or not first.remedy:
        return wording.first_sentence(first.message)
    return _left_out(first, headline(outcome, measurements)) or wording.first_sentence(first.remedy)


def foremost(outcome: Outcome) -> Finding:
    """The finding that the headline names: of the failing gates a recall first, the lowest against its limit."""
    recalls = [
        f
        for f in outcome.deciding
        if f.gate and f.at_least and f.metric.startswith("recall[") and f.status is outcome.deciding[0].status
    ]
    if outcome.deciding[0].gate and recalls:
        return min(recalls, key=lambda f: (f.value if f.value is not None else 1.0) - (f.limit or 0.0))
    return outcome.deciding[0]


def _reason(outcome: Outcome, measurements: Measurements) -> str:
    # Figures that are not to be trusted are those of all rows, copies included.
    doubted = outcome.status is VerdictStatus.INVALID_EVALUATION and measurements.removed
    value = (measurements.as_given if doubted else measurements.test).metric("accuracy").value
    accuracy = _spoken_accuracy(value, measurements)
    if not outcome.deciding:
        return f"{accuracy}, but no condition was examined"
    if outcome.status is VerdictStatus.READY:
        return f"{accuracy} and {_met(outcome)}"
    first = foremost(outcome)
    if outcome.status is VerdictStatus.READY_WITH_WARNINGS:
        return _told_shortly(f"{accuracy} and {_met(outcome)}, but", first.message, ENDINGS[outcome.status])
    if not first.metric:
        return _told_shortly(f"{accuracy}, but", first.message, ENDINGS[outcome.status])
    if first.status is Status.FAIL:
        return _failing(first, accuracy)
    return f"{accuracy}, but the rows cannot show {_asked(first)}"


def _spoken_accuracy(value: float | None, measurements: Measurements) -> str:
    if value is None:
        return "no row has every label known" if measurements.test.n else "no row could be judged"
    return (
        f"every label right on {wording.ratio(value)} of rows"
        if measurements.labels
        else f"{wording.ratio(value)} accuracy"
    )


def _met(outcome: Outcome) -> str:
    """How far the conditions are met, waivers said aloud."""
    waived = [finding for finding in outcome.deciding if finding.waived]
    others = "no condition is missed" if outcome.open_floors else "every condition is met"
    if not waived:
        return others
    return f"{wording.plural(len(waived), 'finding')} waived, otherwise {others}"


def _failing(first: Finding, accuracy: str) -> str:
    plain, class_name = _parts(first)
    if first.metric == "gain_over_majority":
        verb = ", and all rows together show" if accuracy.startswith("no row") else " is"
        return f"{accuracy}{verb} no gain over always answering the majority"
    if plain in ("recall", "precision") and class_name and first.at_least:
        return f"{accuracy} but {wording.short_ratio(first.value)} {plain} on `{wording.name(class_name)}`"
    form = share_or_number(first.metric)
    limit = f"{'at least' if first.at_least else 'at most'} {form(first.limit)}"
    what = f"{wording.metric(first.metric)} is {form(first.value)} where {limit} is required"
    return what if first.metric == "accuracy" else f"{accuracy} but {wording.lower_first(what)}"


def _asked(first: Finding) -> str:
    if first.metric == "gain_over_majority":
        return "a gain over always answering the majority"
    form = share_or_number(first.metric)
    plain, class_name = _parts(first)
    limit = f"{'at least' if first.at_least else 'at most'} {form(first.limit)}"
    words = wording.METRICS.get(plain, plain.replace("_", " "))
    return f"{limit} {words} on `{wording.name(class_name)}`" if class_name else f"{limit} {words}"


def _seen(first: Finding, measurements: Measurements) -> str:
    """The value of an undecided gate with its counts, in few words."""
    plain, class_name = _parts(first)
    form = share_or_number(first.metric)
    if plain == "recall" and class_name in measurements.task.class_names:
        matrix, index = measurements.test.counts, measurements.task.class_names.index(class_name)
        rows = wording.plural(int(matrix.support[index]), f"{wording.quoted(class_name)} row")
        return f"Finds {wording.count(int(matrix.correct[index]))} of {rows}."
    return f"{wording.metric(first.metric)} is {form(first.value)}."


def _recall_sentence(first: Finding, class_name: str, measurements: Measurements) -> str:
    matrix = measurements.test.counts
    index = measurements.task.class_names.index(class_name)
    missed, support = int(matrix.support[index] - matrix.correct[index]), int(matrix.support[index])
    said = (
        f"Misses {wording.count(missed)} of {wording.count(support)} {wording.quoted(class_name)} rows "
        f"({wording.short_ratio(first.value)} found{_by_weight(measurements)}; at least {wording.short_ratio(first.limit)} required)."
    )
    accuracy, share = measurements.test.metric("accuracy").value, _constant_accuracy(measurements)
    if accuracy is not None and share is not None and share >= accuracy - NEAR:
        verb = "also gets" if abs(share - accuracy) < NEAR else "gets more:"
        constant = "Giving every row no label" if measurements.labels else "Always answering the majority"
        said += f" {constant} {verb} {wording.ratio(share)}."
    return said


def _constant_accuracy(measurements: Measurements) -> float | None:
    """Accuracy of one answer to everything: the majority class, or no label where most rows have none of them."""
    if measurements.labels:
        constant = constant_metric("accuracy", measurements, {})
        return None if constant is None else constant.value
    return measurements.test.prevalence(measurements.majority[0])


def _ready_sentence(outcome: Outcome, measurements: Measurements) -> str:
    matrix, names = measurements.test.counts, measurements.task.class_names
    known = {i: recall for i, name in enumerate(names) if (recall := _recall(measurements, name)) is not None}
    lowest = min(known, key=lambda i: known[i])
    found, rows = int(matrix.correct[lowest]), wording.plural(int(matrix.support[lowest]), "row")
    share = f"{wording.ratio(known[lowest])}{_by_weight(measurements)}"
    noun = measurements.task.noun
    least = f"The least found {noun} is {wording.quoted(names[lowest])}: {wording.count(found)} of {rows}, {share}."
    least += _not_judged(measurements)
    if outcome.status is VerdictStatus.READY:
        floors = wording.plural(outcome.open_floors, "floor")
        shown = (
            f"{floors} of single {measurements.task.nouns} cannot be decided"
            if outcome.open_floors
            else "Every condition is met with 95% confidence"
        )
        return f"{shown} on {wording.plural(matrix.n, 'row')}{_in_groups(measurements)}. {least}"
    first = outcome.deciding[0]
    if first.waived:
        return f"{least} Waived: {first.waived}."
    told = f"{wording.sentence(first.message)} " if _is_cut(first, headline(outcome, measurements)) else ""
    return f"{told}{least} {first.remedy}".strip()


def _recall(measurements: Measurements, class_name: str) -> float | None:
    return measurements.test.metric(f"recall[{class_name}]").value


def _in_groups(measurements: Measurements) -> str:
    groups = measurements.test.groups
    return "" if groups is None else f" in {wording.plural(groups, 'group')}"


def _by_weight(measurements: Measurements) -> str:
    """What tells a weighted share from the one of the counts beside it."""
    return " by weight" if measurements.test.weighted else ""


def _not_judged(measurements: Measurements) -> str:
    """The rows that no figure speaks of, said where there are any."""
    rows = measurements.as_given.rows
    lost = rows.without_label + rows.unusable
    return f" {wording.count(lost)} of {wording.plural(rows.read, 'row')} could not be judged." if lost else ""


def _parts(finding: Finding) -> tuple[str, str]:
    plain, _, class_name = finding.metric.removesuffix("]").partition("[")
    return plain, class_name


def _told_shortly(start: str, message: str, ending: str) -> str:
    """The start of a headline and what a finding says, cut so that with the ending they stay within `MOST_WORDS`."""
    room = MOST_WORDS - len(start.split()) - len(ending.split())
    return f"{start} {wording.lower_first(_cut(message, room))}"


def _cut(message: str, words: int) -> str:
    """The first sentence of a message; where it has more words, as many of its clauses as fit, else so many words."""
    text = wording.first_sentence(message).rstrip(".:")
    if len(text.split()) <= words and len(text) <= LONGEST:
        return text
    part = " ".join(text.split()[:words])[:LONGEST]
    # A semicolon parts what can stand by itself; a comma may part a value from what it is held against.
    for clause in (INDEPENDENT, CLAUSE):
        ends = [place.start() for place in clause.finditer(part)]
        whole = part[: ends[-1]] if ends else ""
        if len(whole.split()) >= FEWEST_WORDS and whole.count("(") == whole.count(")"):
            return whole
    return f"{part}…"


def _left_out(finding: Finding, answer: str) -> str:
    """What a headline leaves out of the first sentence of its finding: the clauses it was cut before, or all of it."""
    if not _is_cut(finding, answer):
        return ""
    whole = wording.first_sentence(finding.message)
    for place in INDEPENDENT.finditer(whole):
        told, rest = whole[: place.start()], whole[place.end() :]
        if (
            told.casefold() in answer.casefold()
            and f"{told}; {rest}"[: place.end()].casefold() not in answer.casefold()
        ):
            return wording.upper_first(rest)
    return whole


def _is_cut(finding: Finding, answer: str) -> bool:
    """Whether a headline leaves out part of what its finding says."""
    return wording.first_sentence(finding.message).rstrip(".:").casefold() not in answer.casefold()
