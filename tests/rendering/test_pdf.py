"""The PDF report: the decision on one page, tagged, readable by machines, the same bytes for the same report."""

import io
import os
import platform
import re
import sys
import time
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from auditor.rendering import html, pdf
from tests.rendering import example
from tests.rendering.parts import share

try:
    import weasyprint  # noqa: F401
except OSError as missing:
    pytest.skip(f"Pango is not installed: {missing}", allow_module_level=True)


@pytest.fixture(scope="module")
def fraud() -> bytes:
    return pdf.document(example.fraud())


@pytest.fixture(scope="module")
def pages(fraud: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(fraud)).pages]


def test_the_first_page_is_the_decision_and_nothing_else(pages: list[str]) -> None:
    for words in ("NOT READY", "Misses 176 of 200 frauds", "Frauds caught", "24 of 200, 12%", "8 to 17%", "Do next:",
                  "9,776", "10,000 judged", "Not examined", "unsigned", example.fraud().sha256):  # fmt: skip
        assert words in pages[0]
    assert "Failures" not in pages[0]
    assert pages[1].startswith("Findings Failures")


def test_every_page_is_numbered_and_carries_the_reports_hash(pages: list[str]) -> None:
    for number, text in enumerate(pages, 1):
        assert f"page {number} of {len(pages)}" in text
        assert f"report {example.fraud().sha256}" in text


def test_what_a_screen_folds_is_printed(pages: list[str]) -> None:
    text = " ".join(pages)
    assert "Two runs on 2,048 rows gave the same outputs" in text
    assert "No column was declared with --time" in text


def test_the_file_is_tagged_titled_and_in_english(fraud: bytes) -> None:
    reader = PdfReader(io.BytesIO(fraud))
    root = reader.trailer["/Root"].get_object()
    assert isinstance(root, DictionaryObject)
    marks = root["/MarkInfo"]
    assert isinstance(marks, DictionaryObject)
    assert marks["/Marked"]
    assert str(root["/Lang"]) == "en"
    assert "/StructTreeRoot" in root
    assert reader.metadata is not None
    assert reader.metadata.title == "Not ready: fraud.pt2"
    assert reader.xmp_metadata is not None
    assert b"pdfuaid" in reader.xmp_metadata.stream.get_data()
    assert len(fraud) < 400_000


def test_the_same_report_gives_the_same_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    first = pdf.document(example.decisions_only())
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert pdf.document(example.decisions_only()) == first
    assert "SOURCE_DATE_EPOCH" not in os.environ


def test_a_crowded_decision_is_tightened_until_it_fits_one_page() -> None:
    report = example.fraud()
    card = replace(report.decision.cards[0], message="Most of the rows are missed, and more so at night. " * 6)
    crowded = replace(report, decision=replace(report.decision, cards=(card,) * 3, facts=report.decision.facts[:1] * 5,
                                               not_examined=(("A long title of a check", "A long reason " * 9),) * 9),
                      history=None, findings=(), measurements={"test": report.measurements["test"]})  # fmt: skip
    second = PdfReader(io.BytesIO(pdf.document(crowded))).pages[1].extract_text()
    assert second.split()[0] == "Findings"


def test_the_columns_of_the_facts_box_never_touch() -> None:
    fact = replace(example.fraud().decision.facts[0], value=share(12_345_678, 23_456_789), majority=share(2803, 2958),
                   limit=0.5263)  # fmt: skip
    wide = replace(example.ready(), decision=replace(example.ready().decision, facts=(fact,) * 5))
    text = PdfReader(io.BytesIO(pdf.document(wide))).pages[0].extract_text(extraction_mode="layout")
    rows = [line for line in text.splitlines() if "2,803" in line]
    assert len(rows) == 5
    for row in rows:
        assert re.search(r"(of|%)\s{2,}2,803, 95%\s{2,}(at|52)", row), row


def test_where_pango_is_missing_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.delitem(sys.modules, "weasyprint")
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    for system, remedy in (("Linux", "apt-get install libpango-1.0-0"), ("Darwin", "brew install pango")):
        monkeypatch.setattr(platform, "system", lambda system=system: system)
        with pytest.raises(pdf.PdfUnavailable, match=remedy) as caught:
            pdf.document(example.ready())
        assert "\n" not in str(caught.value)


def test_a_picture_that_cannot_be_drawn_is_a_failure_and_no_blank(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> str:
        return '<html lang="en"><title>t</title><p id="findings">x<img alt="a" src="data:image/png;base64,AAAA">'

    monkeypatch.setattr(html, "fill", broken)
    with pytest.raises(pdf.PdfFailed, match=r"report\.pdf: Failed to load image"):
        pdf.document(example.ready())


@pytest.mark.parametrize("target", ["file:///etc/hostname", "http://127.0.0.1:9/x.png"])
def test_neither_files_nor_the_network_are_read(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    def reaching(*_: Any, **__: Any) -> str:
        return f'<html lang="en"><title>t</title><p id="findings">x<img alt="a" src="{target}">'

    monkeypatch.setattr(html, "fill", reaching)
    with pytest.raises(pdf.PdfFailed, match="protocol"):
        pdf.document(example.ready())
