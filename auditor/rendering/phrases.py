"""The words of a report: records of a Report spoken by the filters of `auditor.wording`, the same on every medium."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from auditor import wording
from auditor.report import DataFile, Fact, Report, VerdictStatus
from auditor.results import RowFlow, Value

TEXT_LENGTH, LONGEST_WORD = 600, 30
NAMED_INTERVAL = re.compile(r"95% interval ([^,;()]{1,40}), [^,;()]{1,60}(?=[;)])")
TINY, FACTS_SHOWN = 1e-4, 5
# Names of metrics that speak of the positive class without naming it.
OF_THE_POSITIVE = ("precision", "recall", "f1")

# What templates may call by name; numbers and names reach a page through these and those of `auditor.wording` alone.
FILTERS = (
    "clean", "this_model", "always_majority", "required", "plausible", "measured", "interval", "day",
    "criteria", "checks_ran", "headline", "file_name", "subject_files", "counted", "plainly", "open_question",
    "said_after", "facts", "points", "effective",
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """How a verdict is shown: its glyph, its words and its colour; glyph and words carry it in greyscale."""

    glyph: str
    words: str
    colour: str


ANSWERS = {
    VerdictStatus.READY: Answer("✓", "READY", "#0B6E4F"),
    VerdictStatus.READY_WITH_WARNINGS: Answer("!", "READY, WITH WARNINGS", "#8A5A00"),
    VerdictStatus.NOT_READY: Answer("✕", "NOT READY", "#B3261E"),
    VerdictStatus.NEEDS_REVIEW: Answer("?", "CANNOT TELL YET", "#1F5FA8"),
    VerdictStatus.INVALID_EVALUATION: Answer("⊘", "FIGURES NOT TRUSTWORTHY", "#5B3E96"),
}


def answer(report: Report) -> Answer:
    """How this report's verdict is shown."""
    return ANSWERS[report.verdict.status]


def clean(text: str, length: int = TEXT_LENGTH) -> str:
    """A text that may hold names from files, without control or direction characters, cut to a length at a word's end."""
    kept = "".join(_printable(character) for character in text)
    if len(kept) <= length:
        return kept
    whole, _, rest = kept[:length].rpartition(" ")
    return (whole if len(rest) < LONGEST_WORD and whole else kept[: length - 1]).rstrip(" ,;(") + "…"


def _printable(character: str) -> str:
    if character.isprintable() or character == "\n":
        return character
    return " " if unicodedata.category(character) == "Zs" or character == "\t" else "�"


def share(value: float | None, beside: Iterable[float | None] = ()) -> str:
    """The shortest percentage that does not read the same as a different number beside it."""
    others = [other for other in beside if other is not None and other != value]
    text = ""
    for write in (wording.short_ratio, wording.ratio, partial(wording.ratio, digits=2)):
        text = write(value)
        if text not in {write(other) for other in others}:
            break
    return text


def number(value: float | None, digits: int = 3) -> str:
    """A value that is no share; the very small in powers of ten, since their zeros cannot be counted: `1.2e−7`."""
    if value is None or not 0 < abs(value) < TINY:
        return wording.number(value, digits)
    digit, _, power = f"{value:.1e}".partition("e")
    return f"{digit}e{int(power)}".replace("-", "−")


def points(value: float | None) -> str:
    """A difference of shares: `7.4 points`."""
    return f"{wording.points(value)} points"


def plain(value: float | None, beside: Iterable[float | None] = ()) -> str:
    """The shortest decimal number, two digits or more, that does not read the same as a different one beside it."""
    others = [other for other in beside if other is not None and other != value]
    text = ""
    for digits in (2, 3, 4):
        text = number(value, digits)
        if text not in {number(other, digits) for other in others}:
            break
    return text


def _writer(*, is_share: bool) -> Callable[..., str]:
    return share if is_share else plain


def counted(value: Value) -> str:
    """`24 of 200`, empty where the value is no count of rows."""
    return "" if value.k is None or value.n is None else f"{wording.count(value.k)} of {wording.count(value.n)}"


def effective(value: Value) -> str:
    """`as 67`: the independent rows that would tell as much, empty where they are no fewer."""
    if value.effective_n is None or value.n is None or value.effective_n >= value.n:
        return ""
    return f"as {wording.count(max(1, round(value.effective_n)))}"


def this_model(fact: Fact) -> str:
    """`24 of 200, 12%`: the count before the percentage."""
    value = fact.value
    near = (fact.limit, fact.majority.value if fact.majority else None)
    text = _writer(is_share=fact.is_share)(value.value, beside=near)
    return f"{counted(value)}, {text}" if counted(value) else text


def always_majority(fact: Fact) -> str:
    """What always answering the majority class would get: `9,800, 98%`, or `0`."""
    if fact.majority is None:
        return "–"
    text = _writer(is_share=fact.is_share)(fact.majority.value, beside=(fact.value.value, fact.limit))
    if fact.majority.k is None:
        return text
    return "0" if fact.majority.k == 0 else f"{wording.count(fact.majority.k)}, {text}"


def required(fact: Fact) -> str:
    """`at least 90%`, or a dash where nothing is required."""
    if fact.limit is None:
        return "–"
    text = _writer(is_share=fact.is_share)(fact.limit, beside=(fact.value.value,))
    return f"{'at least' if fact.at_least else 'at most'} {text}"


def plausible(fact: Fact) -> str:
    """`8 to 17%`: the range in which the true value plausibly lies."""
    low, high = fact.value.low, fact.value.high
    if low is None or high is None:
        return "–"
    return span(low, high, is_share=fact.is_share, beside=(fact.limit,))


def span(low: float, high: float, *, is_share: bool, beside: Iterable[float | None] = ()) -> str:
    """Two ends with as many decimals and the unit said once: `8 to 17%`, `97.7 to 98.3%`, `0.85 to 0.90`."""
    write = wording.ratio if is_share else number
    first = 1 if is_share and not 0.01 <= low <= high <= 0.99 else 0
    others = [other for other in beside if other is not None and other not in {low, high}]
    texts = ("", "")
    for digits in range(first, 3) if is_share else range(2, 5):
        texts = write(low, digits), write(high, digits)
        if (texts[0] != texts[1] or low == high) and not {write(other, digits) for other in others} & set(texts):
            break
    return f"{texts[0].removesuffix('%') if texts[1].endswith('%') else texts[0]} to {texts[1]}"


def measured(value: Value | None, kind: str) -> str:
    """A value in a chapter's table: `12.0%` or `0.877`."""
    if value is None:
        return "–"
    return wording.ratio(value.value) if kind == "share" else number(value.value)


def interval(value: Value | None, kind: str) -> str:
    """Its 95% interval: `8.2% to 17.2%`, a dash where there is none."""
    if value is None or value.low is None or value.high is None:
        return "–"
    write = wording.ratio if kind == "share" else number
    return f"{write(value.low)} to {write(value.high)}"


def day(moment: str) -> str:
    """`21 November 2026` of an ISO date and time; other text as it is."""
    try:
        date = datetime.fromisoformat(moment)
    except ValueError:
        return clean(moment, wording.NAME_LENGTH)
    return f"{date.day} {date:%B %Y}"


def short_hash(digest: str) -> str:
    """The first eight digits of a hash."""
    return clean(digest, 64)[:8]


def criteria(report: Report) -> str:
    """Who said what the model is held to: the user and where, or the defaults."""
    if not report.criteria.confirmed:
        return "default criteria, unconfirmed"
    return f"criteria: yours, from {clean(report.criteria.source, 90)}"


def plainly(text: str) -> str:
    """A finding's sentence for laymen: the range is called plausible, and its method is left to the chapters."""
    return NAMED_INTERVAL.sub(r"plausible range \1", text)


def open_question(title: str) -> str:
    """A check's title, which names the good state, as the question that stayed open."""
    name = clean(title, 90)
    return name if name.endswith("?") else f"{name}?"


def headline(report: Report) -> str:
    """The verdict in one breath, a class name in quotation marks rather than in code marks."""
    return re.sub(r"`([^`]*)`", r"“\1”", clean(report.verdict.headline))


def said_after(report: Report) -> str:
    """What follows the headline, empty where it would only say the same again."""
    text = clean(report.verdict.sentence, 320)
    return "" if text == clean(report.verdict.headline, 320) else text


def checks_ran(report: Report) -> str:
    """`28 of 34 checks ran, 6 could not`."""
    ran, total = report.decision.checks_ran, report.decision.checks_total
    return f"{ran} of {wording.plural(total, 'check')} ran" + (f", {total - ran} could not" if total > ran else "")


def rows_judged(report: Report) -> str:
    """`4,000 rows`, and where not all of them were judged how many were and why the others were not."""
    flow = report.decision.row_flow
    read = wording.plural(flow.read, "row")
    lost = ", ".join(f"{wording.count(rows)} {why}" for rows, why in _lost(flow) if rows)
    return f"{read}, {wording.count(flow.judged)} judged: {lost}" if lost else read


def _lost(flow: RowFlow) -> tuple[tuple[int, str], ...]:
    return (
        (flow.without_label, "without label"),
        (flow.unusable, "unusable"),
        (flow.shared, "removed, also in training"),
    )


def rows_of(report: Report, file: DataFile) -> str:
    """How many rows a file holds; where only those that were judged are known, it says so."""
    if file.rows is not None:
        return wording.count(file.rows)
    alone = len([other for other in report.provenance.data if other.split == file.split]) == 1
    if alone and file.split == "test":
        return wording.count(report.decision.row_flow.read)
    if alone and file.split in report.measurements:
        return f"{wording.count(report.measurements[file.split].n_samples)} judged"
    return "–"


def facts(report: Report) -> tuple[Fact, ...]:
    """The rows of the facts box; `Recall` beside the recall of the named positive class is one row, not two."""
    unnamed = {wording.metric(metric) for metric in OF_THE_POSITIVE}
    shown = list(report.decision.facts)
    for fact in [fact for fact in shown if fact.what in unnamed]:
        twins = [other for other in shown if other.what not in unnamed and other.value == fact.value]
        if fact.limit is None or any(twin.limit == fact.limit for twin in twins):
            shown = [other for other in shown if other is not fact or not twins]
        else:
            shown = [other for other in shown if other not in twins or other.limit is not None]
    return tuple(shown[:FACTS_SHOWN])


def file_name(path: str) -> str:
    """The last part of a path, whichever way its slashes lean."""
    if path.startswith("loader "):
        return wording.name(path.partition(" (")[0])
    return wording.name(path.replace("\\", "/").rstrip("/").rpartition("/")[2] or path)


def subject_files(report: Report) -> list[tuple[str, str]]:
    """Name and short hash of the model and of the test file."""
    model = report.provenance.model
    files = [(file_name(model.path), short_hash(model.sha256))] if model else []
    tests = [file for file in report.provenance.data if file.split == "test"]
    return files + [(file_name(file.path), short_hash(file.sha256)) for file in tests[:1]]
