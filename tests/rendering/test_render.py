"""Writing a report: one file a format, whole or not at all."""

import json
from pathlib import Path

import pytest

from auditor.errors import FormatUnavailable, UsageError
from auditor.rendering import FILES, render, replaced, write
from tests.rendering import example


def test_json_and_html_land_under_their_names(tmp_path: Path) -> None:
    assert render(example.ready(), "json", tmp_path / "new" / "folder").name == "report.json"
    assert json.loads((tmp_path / "new" / "folder" / "report.json").read_text())["verdict"]["status"] == "ready"
    assert render(example.ready(), "html", tmp_path).read_text().startswith("<!doctype html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "report.html"]


def test_an_unknown_format_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="docx: unknown, expected one of json, html, pdf"):
        render(example.ready(), "docx", tmp_path)


def test_an_interrupted_write_leaves_the_earlier_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = replaced(tmp_path / "report.html", b"earlier")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replaced(tmp_path / "report.html", b"later")
    assert earlier.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [earlier]


def test_a_format_that_this_system_lacks_is_told_and_the_others_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(*_: object) -> bytes:
        raise FormatUnavailable("report.pdf needs Pango")

    monkeypatch.setattr("auditor.rendering.pdf.document", lacking)
    written, missing = write(example.ready(), ["pdf", "html", "json"], tmp_path)
    assert [path.name for path in written] == ["report.json", "report.html"]
    assert missing == ["report.pdf needs Pango"]


def test_every_format_has_a_renderer() -> None:
    assert set(FILES) >= {"json", "html", "pdf"}
