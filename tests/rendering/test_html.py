"""The HTML report as text: whole in one file, escaped, the same bytes each time, small, in the designed order."""

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from auditor.rendering import html, phrases
from auditor.report import Report, dumps, loads
from tests.rendering import chapters, example, hostile

REPORTS = {
    name: getattr(example, name)
    for name in ("fraud", "ten", "thousand", "ready", "decisions_only", "undecided", "many_labels")
}
HOSTILE = (
    "<script>alert(1)</script>",
    "</style></title><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% include 'x' %}",
    '"\' onload="alert(1)',
    "\x1b[31mred\x1b]0;title\x07",
    "abc\u202egnp.exe",
    "x" * 5000,
)


class Reader(HTMLParser):
    """Every tag with its attributes, and the text that a reader sees."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._silent = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent += tag in {"style", "script", "title"}

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"style", "script", "title"}

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.text.append(" ".join(data.split()))


@cache
def paged(name: str) -> str:
    return html.page(REPORTS[name]())


def seen(report: Report) -> str:
    return " ".join(Reader(html.page(report)).text)


def shown(name: str) -> str:
    return " ".join(Reader(paged(name)).text)


@pytest.mark.parametrize("name", REPORTS)
def test_the_file_loads_nothing(name: str) -> None:
    text = paged(name)
    for tag, attributes in Reader(text).tags:
        for attribute in ("src", "href", "data", "action", "srcset", "poster"):
            target = attributes.get(attribute) or ""
            assert target.startswith(("data:", "#")) or not target, (tag, target)
        assert "style" not in attributes
        assert not [key for key in attributes if key.startswith("on")]
    assert re.findall(r"url\((?!data:)", text) == []
    assert "@import" not in text


def test_the_policy_allows_this_style_and_this_script_and_nothing_else() -> None:
    text = paged("fraud")
    (style,), (script,) = (
        re.findall(r"<style>(.*?)</style>", text, re.DOTALL),
        re.findall(r"<script>(.*?)</script>", text, re.DOTALL),
    )
    (policy,) = [a["content"] for tag, a in Reader(text).tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == html.policy(style, script)
    assert "unsafe" not in str(policy)
    assert "default-src 'none'" in str(policy)


@pytest.mark.parametrize("name", REPORTS)
def test_the_same_report_gives_the_same_bytes(name: str) -> None:
    assert html.page(REPORTS[name]()) == paged(name)


def test_a_report_that_was_saved_and_read_again_gives_the_same_page() -> None:
    again = loads(dumps(example.fraud()), Path("report.json"))
    assert html.page(again) == paged("fraud")


@pytest.mark.parametrize("name", REPORTS)
def test_the_file_is_small(name: str) -> None:
    assert len(paged(name).encode()) < 400_000


def test_whatever_the_names_and_however_much_the_checks_draw_it_stays_under_a_megabyte() -> None:
    assert len(html.page(hostile.named("x" * 5000, drawn=30)).encode()) < 1_000_000


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_files_are_text_and_nothing_else(name: str) -> None:
    text = html.page(hostile.named(name))
    assert {tag for tag, _ in Reader(text).tags} <= {tag for tag, _ in Reader(paged("fraud")).tags}
    assert text.count("<script") == 1
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "x" * 1201 not in text  # a command may be long
    assert "49" not in re.findall(r"<title>(.*?)</title>", text)[0]


def test_the_first_page_reads_as_designed() -> None:
    text = shown("fraud")
    order = [
        "fraud.pt2", "33333333", "test.csv", "10,150 rows", "21 November 2026", "default criteria, unconfirmed", "NOT READY",
        "28 of 34 checks ran, 6 could not", "Misses 176 of 200 frauds", "This model", "Always “not fraud”", "Required",
        "Plausible range", "Frauds caught", "24 of 200, 12%", "at least 90%", "8 to 17%", "Why", "Do next:",
        "Confusion matrix", "9,776", "176", "88%", "Rows of the test file", "10,150", "read", "without label", "unusable",
        "also in training, removed", "judged", "Not examined", "Test comes after training?", "unsigned",
        example.fraud().sha256, "Findings", "Failures", "Undecided", "Warnings", "Waived", "Passed", "Not applicable",
        "Results", "Classes", "Generalisation", "Curves", "Criteria", "How it was measured", "Provenance", "Sign-off",
    ]  # fmt: skip
    place = 0
    for words in order:
        found = text.find(words, place)
        assert found >= 0, f"{words!r} does not follow {text[max(place - 80, 0) : place]!r}"
        place = found + len(words)


def test_the_first_page_speaks_of_plausible_ranges_and_the_chapters_of_intervals() -> None:
    first, _, chapters = paged("fraud").partition('<main class="chapters">')
    assert "95% interval" not in first
    assert "95% interval" in chapters
    assert "Wilson" in chapters


def test_the_deciding_cell_is_the_only_one_that_is_outlined() -> None:
    cells = [attributes for tag, attributes in Reader(paged("fraud")).tags if tag == "td"]
    assert len([cell for cell in cells if "deciding" in (cell.get("class") or "")]) == 1


def test_each_verdict_has_its_words_and_its_colour() -> None:
    for name, make in REPORTS.items():
        text = paged(name)
        assert f"--accent:{phrases.answer(make()).colour}" in text
        assert f"</span> {phrases.answer(make()).words}</h1>" in text


def test_defaults_are_called_defaults_wherever_they_stand() -> None:
    assert shown("fraud").lower().count("unconfirmed") >= 4
    assert "unconfirmed" not in shown("ready")
    assert "criteria: yours, from auditor.toml of 3 May" in shown("ready")


def test_without_scores_or_history_the_report_says_so() -> None:
    text = shown("decisions_only")
    assert "No scores were given, only decisions" in text
    assert "Neither training nor validation data were given" in text
    assert "No training history was given" in text
    assert "the model itself was not at hand" in text


def test_of_a_thousand_classes_the_worst_twenty_are_shown_and_the_rest_folded() -> None:
    text = paged("thousand")
    shown, _, folded = text.partition("The other 980 classes")
    folded, _, confused = folded.partition("Most frequent confusions")
    assert confused.count('<tr><th scope="row">species') == 15
    assert shown.count('<tr><th scope="row">species') == 20
    assert folded.count('<tr><th scope="row">species') == 980


def test_of_ten_thousand_classes_a_thousand_are_listed_and_the_others_counted() -> None:
    report = chapters.ten_thousand()
    text = html.page(report)
    assert len(text.encode()) < 1_000_000
    shown, _, folded = text.partition("The next 980 classes")
    folded, _, confused = folded.partition("… and 9,000 more stand in report.json")
    assert (shown.count('scope="row">class '), folded.count('scope="row">class ')) == (20, 980)
    assert confused.count('scope="row">class ') == 15


def test_frequent_confusions_are_a_table_where_no_matrix_is_shown() -> None:
    text = shown("thousand")
    assert "Most frequent confusions True class Called Rows Of the true class" in text
    assert "Most frequent confusions" not in shown("ten")


def test_stated_probabilities_get_a_chapter_on_calibration_and_one_on_operating_points() -> None:
    text = seen(chapters.scored())
    for words in (
        "195.0 of 10,000 rows were to come true as stated; 1.03 times as many did.",
        "Calibration error 1.2 points (95% interval 0.4 to 2.1 points)", "Slope 0.930 (95% interval 0.870 to 0.990)",
        "dividing the logits by 1.40 takes the log loss from 0.087 to 0.081 (10,000 rows",
        "Operating points", "0.5 in use 12.0% 8.2% to 17.2% 24 50.0%", "0.08 highest F1", "Recall and precision by threshold",
        "0.05 suggested 60.0%", "The threshold that is suggested is explained",
    ):  # fmt: skip
        assert words in text
    assert "Expected calibration error" not in shown("fraud")
    assert "Operating points" not in shown("fraud")


def test_waived_findings_stand_on_the_first_page() -> None:
    first = paged("fraud").partition('<main class="chapters">')[0]
    assert "<b>Waived:</b> 124 of 10,124 test rows stand in training too; they were removed." in first
    assert "Known repeat customers; J. Doe, until 1 March 2027" in first


def test_every_waiver_is_listed_with_its_state() -> None:
    waiver = {"check": "calibration", "subject": "", "reason": "Known", "by": "J. Doe", "expires": "2027-03-01"}
    criteria = replace(example.fraud().criteria, waivers=({**waiver, "state": "lapsed"},))
    assert "calibration lapsed Known J. Doe 2027-03-01" in seen(replace(example.fraud(), criteria=criteria))


def test_stated_class_shares_are_printed_with_what_is_held_to_them() -> None:
    text = seen(replace(example.fraud(), criteria=replace(example.fraud().criteria, prior={"fraud": 0.01})))
    assert "Class shares in use, as stated: fraud 1.0%; accuracy, precision" in text


def test_conditions_come_first_and_are_called_unconfirmed_until_stated() -> None:
    text = shown("fraud")
    assert "Conditions of release default criteria, unconfirmed Recall of fraud: at least 90%." in text


def test_only_cards_of_what_fails_for_certain_have_the_verdicts_edge() -> None:
    cards = [a.get("class") for tag, a in Reader(paged("fraud")).tags if tag == "article" and "card" in str(a["class"])]
    assert cards == ["card decides", "card", "card"]
    report = example.fraud()
    failed = replace(report.decision, cards=(report.decision.cards[0],) * 3)
    assert html.page(replace(report, decision=failed)).count('class="card decides"') == 3


def test_notes_are_told_from_warnings() -> None:
    text = shown("fraud")
    assert "Warnings none Notes 1" in text
    assert "loss-curves Loss curves How it is judged" in text
    assert "· note" in text


def test_balanced_accuracy_and_macro_recall_are_one_row_where_they_are_equal() -> None:
    text = shown("fraud")
    assert "Balanced accuracy (macro recall)" in text
    assert "Macro recall" not in text


def test_forty_classes_are_shown_whole() -> None:
    names = tuple(f"c{i}" for i in range(40))
    report = example.many(names, 20, example.ten().verdict.status, "x")
    assert "<details><summary><h3>The other" not in html.page(report)


def test_thirteen_classes_get_a_heat_map() -> None:
    names = tuple(f"c{i}" for i in range(13))
    report = example.many(names, 20, example.ten().verdict.status, "x")
    assert "each row shaded by its largest cell" in seen(report)


def test_every_picture_says_its_numbers() -> None:
    pictures = [attributes for tag, attributes in Reader(paged("fraud")).tags if tag == "img"]
    assert len(pictures) == 7
    for attributes in pictures:
        assert re.search(r"\d", attributes["alt"] or "")
        assert len(attributes["alt"] or "") > 40


def test_a_finding_shows_value_limit_interval_subject_and_remedy() -> None:
    text = shown("fraud")
    assert "recall[fraud] 12.0% limit 90.0% interval that decides at most 16.5% (95%, Clopper-Pearson)" in text
    assert "Do next: Lower the threshold or weigh the 200 frauds more" in text
    assert "Waived: Known repeat customers" in text


def test_rows_as_given_are_told_from_the_rows_that_decide() -> None:
    report = example.fraud()
    test = report.measurements["test"]
    text = seen(replace(report, measurements={"test": test, "test_as_given": test}))
    assert "test as given" in text
    assert "“Test as given” still holds the rows that stand in training too" in text


def test_a_template_that_asks_for_what_is_not_there_fails() -> None:
    with pytest.raises(UndefinedError):
        html.environment().from_string("{{ report.nothing }}").render(report=example.fraud())


def test_a_report_without_measurements_still_renders() -> None:
    report = replace(example.decisions_only(), measurements={})
    empty = replace(report, decision=replace(report.decision, facts=(), deciding_cell=None))
    assert "FIGURES NOT TRUSTWORTHY" in seen(empty)


def test_values_of_the_configuration_read_as_words() -> None:
    values = ({"a": [1, 2]}, None, True, False, "", ("x",), 0.5)
    assert [html.plain_text(value) for value in values] == ["a: 1, 2", "–", "yes", "no", "–", "x", "0.5"]
