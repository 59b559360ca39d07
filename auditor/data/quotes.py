"""Quotation marks that a CSV file opens and never closes, which readers take for text up to the end of the file."""

import io
import mmap
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from auditor.data.formats import BYTE_ORDER_MARK, byte_stream, shown
from auditor.errors import InputError

PIECE = 1 << 20
QUOTED = rb'"[^"]*+(?:""[^"]*+)*+'


def refuse_unclosed(path: Path, separator: str, longest: int) -> None:
    """Raise InputError where the last cell of a file opens a quotation mark and does not close it.

    Only the last `longest` bytes are read, unless a cell that looks open stands in them: a comma within quotes can look
    so. Within a cell that does not begin with one, a quotation mark is a character like any other.
    """
    with byte_stream(path) as file:
        tail = _tail(file, longest)
        if b'"' not in tail or not re.search(rb"[\r\n" + re.escape(separator.encode()) + b"]" + QUOTED + rb"\Z", tail):
            return
    with _mapped(path) as whole:
        line = _open_line(whole, separator)
    if line is not None:
        remedy = "close it, or take it out"
        raise InputError(f"{shown(path)} line {line:,}: a quotation mark opens here that is never closed; {remedy}")


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    """The bytes of a file in memory as they are asked for; what is compressed is unpacked into a temporary file."""
    with byte_stream(path) as source, tempfile.TemporaryFile() as copy:
        plain = source
        if not _is_plain(source):
            shutil.copyfileobj(source, copy)
            copy.flush()
            plain = copy
        with mmap.mmap(plain.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            yield whole


def _tail(file: Any, longest: int) -> bytes:  # noqa: ANN401  (a stream, compressed or not)
    """The last bytes, after a line break where they are all there are."""
    start = max(0, os.fstat(file.fileno()).st_size - longest) if _is_plain(file) else 0
    if start:
        file.seek(start)
    tail, passed = b"", start > 0
    while piece := file.read(longest):
        passed |= bool(tail)
        tail = (tail + piece)[-longest:]
    return tail if passed else b"\n" + tail.removeprefix(BYTE_ORDER_MARK)


def _is_plain(file: Any) -> bool:  # noqa: ANN401
    return isinstance(file.raw, io.FileIO)


def _open_line(whole: mmap.mmap, separator: str) -> int | None:
    """The line on which the last cell opens its quotation mark, None where that cell is whole."""
    ends = rb"\r\n" + re.escape(separator.encode())
    closed = QUOTED + b'"'
    cells = re.compile(rb"(?:(?:" + closed + rb'|(?!"))[^' + ends + rb"]*+[" + ends + rb"])*+")
    begin = len(BYTE_ORDER_MARK) if whole[:3] == BYTE_ORDER_MARK else 0
    found = cells.match(whole, begin)
    last = found.end() if found else begin
    if whole[last : last + 1] != b'"' or re.compile(closed).match(whole, last):
        return None
    pieces = (whole[start : min(start + PIECE, last)] for start in range(0, last, PIECE))
    return sum(piece.count(b"\n") for piece in pieces) + 1
