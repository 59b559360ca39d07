"""CSV and TSV files, streamed by pyarrow with a stated type for every column."""

import csv
import io
import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.csv

from auditor.data.formats import byte_stream, readable, shown
from auditor.data.quotes import refuse_unclosed
from auditor.data.tables import ColumnKind, Part, bad_number, kind_of, quoted, require_few_columns, require_names
from auditor.errors import InputError

BLOCK = 2 << 20
SEPARATORS = ",\t;"
RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")
UNFIT = re.compile(r"column #(\d+): Row #(\d+): CSV conversion error to (\w+): invalid (?:value '(.*)')?", re.DOTALL)


@dataclass(frozen=True)
class DelimitedFile:
    """A text table; the kinds of its columns are those of its first block of 2 MB."""

    path: Path
    separator: str
    kinds: Mapping[str, ColumnKind]
    format: str = "CSV"
    n_rows: int | None = None
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    image_columns: tuple[str, ...] = ()

    def parts(self) -> tuple[Part, ...]:
        """The file as one part: where a row begins is known only by reading what stands before it."""
        return (Part(0, 0),)

    def read(self, part: Part, types: Mapping[str, Any]) -> Iterator[Any]:  # noqa: ARG002  (there is one part)
        """Record batches of some columns, parsed as `types` say; an empty cell of a text column is an empty text."""
        with (
            _explained(self.path, self.separator, tuple(self.kinds)),
            _reader(self.path, self.separator, types) as reader,
        ):
            yield from reader

    def where(self, row: int) -> str:
        """File, row from 1 below the header, and line."""
        return _where(self.path, self.separator, row)


def open_delimited(path: Path) -> DelimitedFile:
    """A CSV file's columns; the separator is what its header holds most of, comma, tab or semicolon.

    Raises InputError where there is no header, a name twice, text that is not UTF-8, or a quotation
    mark that is never closed.
    """
    separator = _separator(path)
    refuse_unclosed(path, separator, 2 * BLOCK)
    with _explained(path, separator, ()), _reader(path, separator, {}) as reader:
        names = _names(path, reader)
        kinds = {name: _kind(field.type) for name, field in zip(names, reader.schema, strict=True)}
        require_names(path, names)
        has_rows = any(batch.num_rows for batch in reader)
    return DelimitedFile(path, separator, kinds, n_rows=None if has_rows else 0)


@contextmanager
def _reader(path: Path, separator: str, types: Mapping[str, Any]) -> Iterator[Any]:
    convert = pyarrow.csv.ConvertOptions(column_types=dict(types), include_columns=list(types))
    # one thread is as quick here, and only then do errors carry the number of the row
    reading = pyarrow.csv.ReadOptions(use_threads=False, block_size=BLOCK)
    parsing = pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True)
    with byte_stream(path) as file, pyarrow.csv.open_csv(file, reading, parsing, convert) as reader:
        yield reader


def _names(path: Path, reader: Any) -> list[str]:  # noqa: ANN401  (pyarrow is untyped)
    try:
        return list(reader.schema.names)
    except UnicodeDecodeError:
        raise InputError(f"{shown(path)}: its header is not UTF-8 text; save the file as UTF-8") from None


def _kind(arrow: Any) -> ColumnKind:  # noqa: ANN401  (pyarrow is untyped)
    """As in other tables, and what pyarrow takes for a time is the text that it was."""
    kind = kind_of(arrow)
    return ColumnKind.TEXT if kind is ColumnKind.OTHER else kind


def _separator(path: Path) -> str:
    with byte_stream(path) as file:
        header = file.readline(BLOCK)
    bare = re.sub(r'"[^"]*"', "", header.decode("utf-8", "replace"))
    separator = max(SEPARATORS, key=bare.count)
    require_few_columns(path, bare.count(separator) + 1)
    if len(header) == BLOCK:
        expected = "expected a header of column names on a line of its own"
        raise InputError(f"{shown(path)} has a first line longer than {BLOCK >> 20} MB; {expected}")
    return separator


@contextmanager
def _explained(path: Path, separator: str, names: tuple[str, ...]) -> Iterator[None]:
    try:
        with readable(path):
            yield
    except pa.ArrowInvalid as error:
        _explain(str(error), path, separator, names)


def _explain(message: str, path: Path, separator: str, names: tuple[str, ...]) -> NoReturn:
    if found := RAGGED.search(message):
        row, expected, got = (int(group) for group in found.groups())
        place = _where(path, separator, row - 2)
        remedy = "quote cells that hold the separator, and write empty cells out"
        raise InputError(f"{place}: expected {expected} cells as in the header, found {got}; {remedy}") from None
    if found := UNFIT.search(message):
        _explain_cell(found, path, separator, names)
    if "straddling" in message:
        size = f"{BLOCK >> 20} MB"
        raise InputError(f"{shown(path)} has a row longer than {size}; is a quotation mark left open?") from None
    if "Empty CSV" in message:
        raise InputError(f"{shown(path)} has no header; expected column names in its first line") from None
    first = message.splitlines()[0]
    raise InputError(f"{shown(path)} cannot be read as CSV: {first}") from None


def _explain_cell(unfit: re.Match[str], path: Path, separator: str, names: tuple[str, ...]) -> NoReturn:
    index, row, kind, value = int(unfit[1]), int(unfit[2]), unfit[3], unfit[4]
    name = names[index] if index < len(names) else f"number {index + 1}"
    place = _where(path, separator, row - 2)
    if kind == "string":
        raise InputError(f"{place}, column {quoted(name)}: not UTF-8 text; save the file as UTF-8") from None
    if kind == "bool":
        found = f"expected true or false, found {quoted(value or '')}"
        raise InputError(f"{place}, column {quoted(name)}: {found}; write all its cells in one way") from None
    raise bad_number(place, name, value or "") from None


def _where(path: Path, separator: str, row: int) -> str:
    line = _line(path, separator, row)
    return f"{shown(path)} row {row + 1:,}" + (f" (line {line:,})" if line else "")


def _line(path: Path, separator: str, row: int) -> int | None:
    """The line on which a row ends, with blank lines and line breaks inside quotes counted; None where unclear."""
    try:
        with byte_stream(path) as file:
            text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
            rows = csv.reader(text, delimiter=separator)
            next(itertools.islice(filter(None, rows), row + 1, None), None)
            return rows.line_num
    except (InputError, csv.Error):
        return None
