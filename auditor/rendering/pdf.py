"""The report as PDF: the same template on A4, tagged for screen readers (PDF/UA), one page for the decision."""

import logging
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from auditor.errors import FormatUnavailable
from auditor.rendering import html
from auditor.report import Report

VARIANT, EPOCH = "pdf/ua-1", "SOURCE_DATE_EPOCH"
DENSITIES = ("", "tight", "tighter", "tightest")
REMEDIES = {
    "Linux": "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 (Debian, Ubuntu), "
    "dnf install pango (Fedora) or apk add pango (Alpine)",
    "Darwin": "brew install pango",
    "Windows": "install MSYS2 and run pacman -S mingw-w64-x86_64-pango in it",
}


class PdfUnavailable(FormatUnavailable):
    """The system lacks the text layout library that a PDF needs; every other format works without it."""


class PdfFailed(FormatUnavailable):
    """The PDF could not be made whole; every other format is unaffected."""


def document(report: Report) -> bytes:
    """The report as a tagged A4 PDF, byte-identical for the same report.

    The decision is tightened step by step until it fits one page. Raises PdfUnavailable where Pango is missing and
    PdfFailed where a part of the page could not be drawn.
    """
    weasyprint = _weasyprint()
    with _dated(report), _errors_collected() as errors:
        made: bytes = _laid_out(weasyprint, report).write_pdf(pdf_variant=VARIANT, pdf_tags=True)
    if errors:
        raise PdfFailed(f"report.pdf: {errors[0]}; give --format html instead, and report this with report.json")
    return made


def _laid_out(weasyprint: Any, report: Report) -> Any:  # noqa: ANN401  (weasyprint has no types)
    """All pages, at the first density at which the decision alone fits one page, else at the tightest."""
    return _render(weasyprint, html.fill(report, paper=True, density=_density(weasyprint, report)))


def _density(weasyprint: Any, report: Report) -> str:  # noqa: ANN401
    for density in DENSITIES:
        alone = _render(weasyprint, html.fill(report, paper=True, density=density, chapters=False))
        if len(alone.pages) == 1:
            break
    return density


def _render(weasyprint: Any, text: str) -> Any:  # noqa: ANN401
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols=("data",))
    return weasyprint.HTML(string=text, url_fetcher=fetcher).render(pdf_variant=VARIANT, pdf_tags=True)


def _weasyprint() -> Any:  # noqa: ANN401
    try:
        import weasyprint
    except OSError as error:
        remedy = REMEDIES.get(platform.system(), "install Pango 1.44 or newer")
        raise PdfUnavailable(f"report.pdf needs Pango, which this system lacks: {remedy}, then render again") from error
    return weasyprint


@contextmanager
def _dated(report: Report) -> Iterator[None]:
    """Fonts inside a PDF carry the date of their making: that of the audit, unless the environment names another."""
    started = html.created(report.provenance.started)
    if started == "" or EPOCH in os.environ:
        yield
        return
    os.environ[EPOCH] = str(int(datetime.fromisoformat(started).timestamp()))
    try:
        yield
    finally:
        del os.environ[EPOCH]


@contextmanager
def _errors_collected() -> Iterator[list[str]]:
    """What WeasyPrint logs as an error while it goes on with a part missing."""
    found: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
