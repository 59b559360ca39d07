"""Histories as CSV: one row an epoch, or Lightning's sparse rows of steps and epochs."""

import csv
import io
from pathlib import Path

from auditor.data.formats import readable, shown
from auditor.data.quotes import refuse_unclosed
from auditor.data.tables import bad_number, require_names
from auditor.errors import InputError
from auditor.histories.log import Log, log_of_rows
from auditor.histories.names import canonical_names


def read_delimited(path: Path, required: tuple[str, ...]) -> Log:
    """The columns of numbers in a CSV file with a header; blank cells are blanks.

    Raises InputError for text in a column of losses, epochs or steps, or in one that `required` names; other columns that
    hold text are left out.
    """
    header, rows = _table(path)
    strict = {*required, *canonical_names(header).values()}
    columns = {name: _floats(path, name, [row[i] for row in rows], name in strict) for i, name in enumerate(header)}
    found = [{name: values[i] for name, values in columns.items() if i in values} for i in range(len(rows))]
    log = log_of_rows("CSV", found)
    return Log(log.format, len(rows), log.columns, tuple(header))


def read_text(path: Path) -> str:
    """The text of a file; InputError where it is not UTF-8."""
    try:
        with readable(path), path.open(encoding="utf-8-sig", newline="") as file:
            return file.read()
    except UnicodeDecodeError:
        raise InputError(f"{shown(path)} is not UTF-8 text; save the history as UTF-8") from None


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    text = read_text(path)
    separator = max(",\t;", key=text.partition("\n")[0].count)
    refuse_unclosed(path, separator, path.stat().st_size)
    try:
        header, *rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if row] or [[]]
    except csv.Error as error:
        raise InputError(f"{shown(path)} cannot be read as CSV: {error}") from None
    require_names(path, header)
    if not rows:
        raise InputError(f"{shown(path)} has a header and no rows below it; expected one row an epoch")
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            cells = f"expected {len(header)} cells as in the header, found {len(row)}"
            raise InputError(f"{shown(path)} row {number}: {cells}; write empty cells out")
    return header, rows


def _floats(path: Path, column: str, texts: list[str], required: bool) -> dict[int, float]:  # noqa: FBT001
    """The numbers by row; nothing where a column that need not be numeric holds text."""
    values: dict[int, float] = {}
    for number, text in enumerate(texts):
        try:
            if text.strip():
                values[number] = float(text)
        except ValueError:
            if required:
                raise bad_number(f"{shown(path)} row {number + 1}", column, text) from None
            return {}
    return values
