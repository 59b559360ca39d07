"""The report as one HTML file that loads nothing: its styles, script, font and pictures stand inside it."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from auditor import resources, wording
from auditor.rendering import (
    evidence,
    generalisation,
    layout,
    metrics,
    phrases,
    pictures,
    register,
    scores,
    shared_rows,
)
from auditor.report import Report

NOT_EXAMINED_SHOWN, WAIVED_SHOWN = 8, 2
PAPER_CLASSES = 100
WORDS = ("ratio", "count", "number", "p_value", "name", "sentence", "first_sentence")


def page(report: Report) -> str:
    """The whole report for a browser; readable without JavaScript."""
    return fill(report, paper=False)


def fill(report: Report, *, paper: bool, density: str = "", chapters: bool = True) -> str:
    """The page filled from the report.

    `paper` lists openly what a screen folds, `density` tightens the first page, and without `chapters` it is all.
    """
    style = Markup(stylesheet(report))  # noqa: S704  (our own files and a colour of ours)
    script = Markup((_templates() / "script.js").read_text(encoding="utf-8"))  # noqa: S704
    groups = register.groups(report)
    context = {
        "report": report,
        "test": report.measurements.get("test"),
        "answer": phrases.answer(report),
        "groups": groups,
        "drawn": pictures.of_findings(groups) if chapters else {},
        "style": style,
        "script": script,
        "policy": policy(str(style), str(script)),
        "paper": paper,
        "density": density,
        "chapters": chapters,
        "created": created(report.provenance.started),
    }
    return environment().get_template("report.html").render(context)


def created(started: str) -> str:
    """The audit's start as a document date, so that the same report gives the same bytes; empty where it is no date."""
    try:
        return datetime.fromisoformat(started).isoformat(timespec="seconds")
    except ValueError:
        return ""


def stylesheet(report: Report) -> str:
    """The styles with the font inside them and the verdict's colour."""
    font = base64.b64encode((_templates() / "fonts" / "inter.woff2").read_bytes()).decode("ascii")
    face = (
        "@font-face{font-family:Inter;font-weight:400 700;font-display:block;"
        f"src:url(data:font/woff2;base64,{font}) format('woff2')}}\n"
    )
    styles = (_templates() / "style.css").read_text(encoding="utf-8")
    return f"{face}:root{{--accent:{phrases.answer(report).colour}}}\n{styles}"


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy: this style, this script, data: pictures and fonts, and nothing else."""
    return (
        f"default-src 'none'; img-src data:; font-src data:; style-src '{_digest(style)}'; "
        f"script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _templates() -> Path:
    return resources.folder("templates")


@cache
def environment() -> Environment:
    """The templates with every filter that they use: names and numbers pass through one of these."""
    made = Environment(
        loader=FileSystemLoader(_templates()), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters.update({name: getattr(wording, name) for name in WORDS})
    for module in (phrases, layout, evidence, scores, shared_rows):
        made.filters.update({name: getattr(module, name) for name in module.FILTERS})
    made.filters.update(paragraphs=paragraphs, plain_text=plain_text, state=register.state)
    made.globals.update(_globals())
    return made


def _globals() -> dict[str, Any]:
    return {
        "generalisation": generalisation,
        "metrics": metrics, "pictures": pictures, "layout": layout, "register": register, "phrases": phrases,
        "worst_shown": layout.WORST_SHOWN, "paper_classes": PAPER_CLASSES, "waived_shown": WAIVED_SHOWN,
        "bar_width": layout.BAR_WIDTH, "not_examined_shown": NOT_EXAMINED_SHOWN, "plural": wording.plural,
    }  # fmt: skip


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a check's text, each on one line."""
    return [" ".join(part.split()) for part in phrases.clean(text, 4000).split("\n\n") if part.strip()]


def plain_text(value: object) -> str:
    """A value of the configuration or of the provenance as text of bounded length; what is not set is a dash."""
    if isinstance(value, Mapping):
        return phrases.clean("; ".join(f"{key}: {plain_text(item)}" for key, item in value.items()), 400)
    if isinstance(value, list | tuple):
        return phrases.clean(", ".join(map(plain_text, value)), 400)
    if value is None or value == "":
        return "–"
    return ("yes" if value else "no") if isinstance(value, bool) else phrases.clean(str(value), 400)
