"""Quotation marks that a CSV file opens and never closes, which readers take for text up to the end of the file."""

import mmap
import os
import re
from pathlib import Path

from auditor.data.formats import readable, shown
from auditor.errors import InputError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PIECE = 1 << 20
QUOTED = rb'"[^"]*+(?:""[^"]*+)*+'


def refuse_unclosed(path: Path, separator: str, longest: int) -> None:
    """Raise InputError where the last cell of a file opens a quotation mark and does not close it.

    Only the last `longest` bytes are read, unless a cell that looks open stands in them: a comma within quotes can look
    so. Within a cell that does not begin with one, a quotation mark is a character like any other.
    """
    with readable(path), path.open("rb") as file:
        start = max(0, os.fstat(file.fileno()).st_size - longest)
        file.seek(start)
        tail = file.read()
        if start == 0:
            tail = b"\n" + tail.removeprefix(BYTE_ORDER_MARK)
        if b'"' not in tail or not re.search(rb"[\r\n" + re.escape(separator.encode()) + b"]" + QUOTED + rb"\Z", tail):
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            line = _open_line(whole, separator)
    if line is not None:
        remedy = "close it, or take it out"
        raise InputError(f"{shown(path)} line {line:,}: a quotation mark opens here that is never closed; {remedy}")


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
