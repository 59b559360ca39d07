"""A Report on paper and on screen: one file a format; each takes a Report and nothing else."""

import importlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from auditor.errors import FormatUnavailable, InputError, UsageError
from auditor.report import Report

FILES = {
    "json": ("report.json", "auditor.report:dumps"),
    "html": ("report.html", "auditor.rendering.html:page"),
    "pdf": ("report.pdf", "auditor.rendering.pdf:document"),
}


def render(report: Report, format: str, folder: Path) -> Path:  # noqa: A002  (the word of the option it comes from)
    """Write the report in one format into a folder and return the file's path.

    An earlier file of that name is replaced only by a whole one. Raises UsageError for an unknown format, and
    PdfUnavailable where the system lacks what a PDF needs.
    """
    if format not in FILES:
        raise UsageError(f"--format {format}: unknown, expected one of {', '.join(FILES)}")
    file_name, renderer = FILES[format]
    module, function = renderer.split(":")
    content = getattr(importlib.import_module(module), function)(report)
    return replaced(folder / file_name, content.encode() if isinstance(content, str) else content)


def replaced(path: Path, content: bytes) -> Path:
    """Write a file under a temporary name beside it and move it into place; its folder is made where it is missing."""
    try:
        return _replaced(path, content)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another folder with --out") from error


def _replaced(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def write(report: Report, formats: Sequence[str], folder: Path) -> tuple[list[Path], list[str]]:
    """Write the report in each format, the quick ones first; return the files, and a line for each that failed."""
    written, missing = [], []
    for name in sorted(formats, key=list(FILES).index):
        try:
            written.append(render(report, name, folder))
        except FormatUnavailable as reason:
            missing.append(str(reason))
    return written, missing


def left_behind(written: Sequence[Path], folder: Path) -> list[Path]:
    """The reports in a folder that were not written just now, and so are those of an earlier run."""
    return [folder / name for name, _ in FILES.values() if folder / name not in written and (folder / name).exists()]
