"""The report on a terminal: as designed, plain where it must be, never wider than asked, and safe from its names."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from auditor.rendering import terminal
from tests.rendering import example, hostile

GOLD = Path(__file__).parent / "gold"
PATHS = (Path("audit/report.json"), Path("audit/report.html"))
REPORTS = ("fraud", "ten", "thousand", "ready", "decisions_only", "undecided", "many_labels")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("name", ["fraud", "undecided", "many_labels"])
def test_the_text_is_the_one_that_was_looked_at(name: str) -> None:
    assert terminal.text(getattr(example, name)(), PATHS) == (GOLD / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [40, 80, 100])
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    for line in terminal.text(getattr(example, name)(), PATHS, width=width).splitlines():
        assert cell_len(line) <= width


def test_no_colour_where_the_stream_is_no_terminal() -> None:
    stream = io.StringIO()
    terminal.show(example.fraud(), PATHS, stream)
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue() == terminal.text(example.fraud(), PATHS)


def test_a_terminal_gets_the_verdicts_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    terminal.show(example.fraud(), PATHS, stream)
    assert "\x1b[1;37;48;2;179;38;30m" in stream.getvalue()


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colour_can_be_refused(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(variable, value)
    stream = Terminal()
    terminal.show(example.fraud(), PATHS, stream)
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    "name", ["\x1b[31mred\x1b]0;t\x07", "abc\u202egnp.exe", "x" * 5000, "[bold]markup[/bold]", "欺诈" * 40]
)
def test_names_from_files_cannot_steer_the_terminal(name: str) -> None:
    text = terminal.text(hostile.named(name), (Path(name[:50]),))
    assert all(character.isprintable() or character == "\n" for character in text)
    assert all(cell_len(line) <= 80 for line in text.splitlines())


def test_names_are_no_markup() -> None:
    assert "[bold]markup" in terminal.text(hostile.named("[bold]markup[/bold]"))


def test_ten_findings_are_shown_and_the_others_counted() -> None:
    text = terminal.text(hostile.named("recall"))
    assert text.count("✕ recall") == 10
    assert "and 10 more" in text


def test_without_anything_pressing_it_says_so() -> None:
    plain = replace(example.ready(), findings=example.ready().findings[-3:])
    assert "No failure, nothing undecided, no warning, no note." in terminal.text(plain)


def test_a_waived_finding_stays_visible_with_its_reason() -> None:
    text = " ".join(terminal.text(example.fraud()).split())
    assert "~ shared-rows Waived: 124 of 10,124 test rows stand in training too" in text
    assert "→ Known repeat customers; J. Doe, until 1 March 2027" in text


def test_every_check_that_could_not_run_is_named_with_its_reason() -> None:
    text = terminal.text(example.fraud())
    assert "Not examined, 6:" in text
    for check, reason in (("time-order", "no column was declared with --time"), ("no-regression", "no earlier report")):
        assert f"– {check}: {reason}" in text


def test_a_long_message_is_wrapped_and_cut_only_between_words() -> None:
    finding = replace(example.fraud().findings[0], message="One of 12,345 rows is 67.8% so. " * 30)
    text = " ".join(terminal.text(replace(example.fraud(), findings=(finding,))).split())
    shown = text[text.index("One of") : text.index("…") + 1]
    assert 350 < len(shown) <= 400
    assert shown.removesuffix("…").split()[-1] in finding.message.split()


def test_an_ascii_log_gets_ascii_signs() -> None:
    text = terminal.encodable(terminal.text(example.fraud()), "ascii")
    assert text.isascii()
    assert "x NOT READY" in text
    assert "Always\n" in text or '"not fraud"' in text
    assert terminal.encodable("✕ é", "utf-8") == "✕ é"
