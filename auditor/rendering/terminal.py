"""The report on a terminal: the verdict, the facts and the findings that matter most, in 80 columns if need be."""

import io
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from auditor import wording
from auditor.findings import Finding
from auditor.rendering import phrases, register
from auditor.report import Report

FINDINGS_SHOWN, MESSAGE_LENGTH, REASON_LENGTH = 10, 400, 160
WIDEST, NARROWEST = 110, 40
# For terminals and log files that know no more than ASCII.
ASCII = str.maketrans("✕✓⊘–−→“”…·—", 'x+#-->""~--')


def show(report: Report, paths: Sequence[Path] = (), stream: TextIO | None = None) -> None:
    """Print the verdict with its reasons and where the reports are; plain where the stream is no terminal."""
    out = sys.stdout if stream is None else stream
    is_terminal = out.isatty()
    colour = is_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    width = Console(file=out).width if is_terminal else 80
    out.write(encodable(text(report, paths, width=width, colour=colour), out.encoding or "utf-8"))
    out.flush()


def text(report: Report, paths: Sequence[Path] = (), *, width: int = 80, colour: bool = False) -> str:
    """The same as text of at most `width` columns, with colours as escape sequences where `colour` is true."""
    stream = io.StringIO()
    console = Console(
        file=stream, width=min(max(width, NARROWEST), WIDEST), force_terminal=colour, no_color=not colour,
        color_system="truecolor" if colour else None, highlight=False, markup=False, emoji=False, legacy_windows=False,
        _environ={},
    )  # fmt: skip
    console.print(Group(*_parts(report, paths)))
    printed = stream.getvalue()
    return printed if colour else "".join(f"{line.rstrip()}\n" for line in printed.splitlines())


def encodable(content: str, encoding: str) -> str:
    """The text as the encoding can hold it: symbols become ASCII signs, and other letters question marks, where not."""
    try:
        content.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return content.translate(ASCII).encode("ascii", "replace").decode("ascii")
    return content


def _parts(report: Report, paths: Sequence[Path]) -> Iterable[RenderableType]:
    yield _strip(report)
    yield _band(report)
    yield Text(phrases.headline(report), "bold")
    if phrases.said_after(report):
        yield Text(phrases.said_after(report))
    if report.decision.facts:
        yield Padding(_facts(report), (1, 0, 0, 0))
    yield Padding(_findings(report), (1, 0, 0, 0))
    yield _not_examined(report)
    if paths:
        yield Padding(_written(paths), (1, 0, 0, 0))


def _strip(report: Report) -> Text:
    files = [f"{name} {digest}" for name, digest in phrases.subject_files(report)]
    day, criteria = phrases.day(report.provenance.started), phrases.criteria(report)
    return Text(" · ".join([*files, phrases.rows_judged(report), day, criteria]), "dim")


def _band(report: Report) -> RenderableType:
    shown = phrases.answer(report)
    band = Table.grid(expand=True)
    band.add_column(no_wrap=True)
    band.add_column(justify="right")
    style = f"bold white on {shown.colour}"
    band.add_row(Text(f"{shown.glyph} {shown.words}"), Text(phrases.checks_ran(report)), style=style)
    return Padding(band, (1, 0))


def _facts(report: Report) -> Table:
    test = report.measurements.get("test")
    majority = wording.name(test.majority.class_name) if test else "the majority class"
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("")
    for title in ("This model", f"Always\n“{majority}”", "Required", "Plausible\nrange"):
        table.add_column(Text(title), no_wrap=True, overflow="ellipsis", vertical="top")
    for fact in phrases.facts(report):
        what = phrases.clean(fact.what, wording.NAME_LENGTH)
        cells = (
            said(fact) for said in (phrases.this_model, phrases.always_majority, phrases.required, phrases.plausible)
        )
        table.add_row(Text(what), *map(Text, cells), style="bold" if fact.decides else "")
    return table


def _findings(report: Report) -> RenderableType:
    pressing, waived = register.pressing(report), register.waived(report)
    if not pressing and not waived:
        return Text("No failure, nothing undecided, no warning, no note.")
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(max_width=24, overflow="fold")
    table.add_column(overflow="fold")
    for finding in pressing[:FINDINGS_SHOWN]:
        _add(table, finding, _said(finding))
    if len(pressing) > FINDINGS_SHOWN:
        table.add_row("", "", f"and {len(pressing) - FINDINGS_SHOWN} more")
    for finding in waived[:FINDINGS_SHOWN]:
        _add(table, finding, _waived(finding))
    return table


def _add(table: Table, finding: Finding, said: Text) -> None:
    glyph, _ = register.state(finding)
    table.add_row(Text(glyph, "bold"), Text(wording.name(finding.check)), said)


def _said(finding: Finding) -> Text:
    said = Text(phrases.clean(wording.sentence(finding.message), MESSAGE_LENGTH))
    if finding.remedy:
        said.append("\n→ " + phrases.clean(wording.sentence(finding.remedy), MESSAGE_LENGTH), "dim")
    return said


def _waived(finding: Finding) -> Text:
    said = Text(f"Waived: {phrases.clean(wording.sentence(finding.message), MESSAGE_LENGTH)}")
    return said.append(f"\n→ {phrases.clean(finding.waived, MESSAGE_LENGTH)}", "dim")


def _not_examined(report: Report) -> RenderableType:
    reasons = register.not_examined(report)
    if not reasons:
        return Padding(Text("Not examined: every check that was chosen ran."), (1, 0, 0, 0))
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for reason, checks in reasons.items():
        names = ", ".join(wording.name(check) for check in checks)
        table.add_row("–", Text(f"{names}: {wording.lower_first(phrases.clean(reason, REASON_LENGTH)).rstrip('.')}"))
    amount = sum(len(checks) for checks in reasons.values())
    return Padding(Group(Text(f"Not examined, {amount}:"), table), (1, 0, 0, 0))


def _written(paths: Sequence[Path]) -> RenderableType:
    return Text("Reports: " + "  ".join(phrases.clean(str(path)) for path in paths), overflow="fold")
