"""Folders: their data files, and the parts of one table that lie in them."""

import hashlib
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa

from auditor.data.columns import texts
from auditor.data.formats import sha256, shown
from auditor.data.tables import ColumnKind, Part, Table, listed, quoted
from auditor.errors import InputError

LEFT_OUT = (".", "_")
NO_PARTITION_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Piece:
    """One file of a folder, and what the names of the folders around it say of all its rows."""

    table: Table
    partition: Mapping[str, str | None]


@dataclass(frozen=True)
class FolderTable:
    """The files of a folder as one table, in the order of their names; folders called `column=value` are columns.

    Rows are counted across files where each file knows its own number; else the folder is one part.
    """

    path: Path
    format: str
    kinds: Mapping[str, ColumnKind]
    pieces: tuple[Piece, ...]
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    image_columns: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int | None:
        """Rows of all files."""
        counts = [piece.table.n_rows for piece in self.pieces]
        return None if None in counts else sum(count for count in counts if count)

    def parts(self) -> tuple[Part, ...]:
        """The parts of all files."""
        if self.n_rows is None:
            return (Part(0, 0),)
        starts = self._starts()
        places = [(piece.table, part, starts[i]) for i, piece in enumerate(self.pieces) for part in piece.table.parts()]
        return tuple(Part(index, start + part.first_row) for index, (_, part, start) in enumerate(places))

    def read(self, part: Part, types: Mapping[str, Any]) -> Iterator[Any]:
        """Record batches of some columns of one part, those of the folders' names among them."""
        for piece, inner in self._wanted(part):
            stored = {name: kind for name, kind in types.items() if name not in piece.partition}
            asked = stored or {next(iter(piece.table.kinds)): pa.string()}
            for batch in piece.table.read(inner, asked):
                columns = [
                    batch.column(name) if name in stored else _repeated(piece.partition[name], self.kinds[name], batch)
                    for name in types
                ]
                yield pa.RecordBatch.from_arrays(columns, names=list(types))

    def where(self, row: int) -> str:
        """The file that holds a row, and the place of the row in it."""
        starts = self._starts()
        index = bisect_right(starts, row, hi=len(self.pieces)) - 1
        return self.pieces[index].table.where(row - starts[index])

    def _wanted(self, part: Part) -> Iterator[tuple[Piece, Part]]:
        inner = [(piece, inner) for piece in self.pieces for inner in piece.table.parts()]
        yield from inner if self.n_rows is None else [inner[part.index]]

    def _starts(self) -> list[int]:
        return [0, *accumulate(_count(piece.table) for piece in self.pieces)]


def data_files(folder: Path) -> list[Path]:
    """All files below a folder in the order of their relative names, but those that begin with a dot or underscore.

    Links to folders are followed, unless they lead back to where they lie. Raises InputError where there are no files,
    where a folder is reached in two ways, and where a name with an ending is that of no regular file.
    """
    found: list[Path] = []
    seen: dict[Path, Path] = {}
    for root, folders, names in os.walk(folder, followlinks=True):
        here = Path(root)
        folders[:] = [
            n for n in folders if not n.startswith(LEFT_OUT) and not here.resolve().is_relative_to((here / n).resolve())
        ]
        _require_first_visit([here / name for name in folders], seen)
        found += _regular([here / name for name in names if not name.startswith(LEFT_OUT)])
    if not found:
        raise InputError(f"{shown(folder)} is a folder without data files; expected files of one table, or images")
    for path in found:
        if any("\udc80" <= character <= "\udcff" for character in str(path.relative_to(folder))):
            raise InputError(f"{shown(path)} has a name that is not UTF-8 text: rename it")
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _require_first_visit(folders: list[Path], seen: dict[Path, Path]) -> None:
    for path in folders:
        first = seen.setdefault(path.resolve(), path)
        if first != path:
            raise InputError(f"{shown(path)} is the same folder as {shown(first)}: take away the link to it")


def _regular(paths: list[Path]) -> list[Path]:
    """Those that are files; a dangling link, as of a file that was not downloaded, must not shrink the data unseen."""
    odd = next((path for path in sorted(paths) if path.suffix and not path.is_file()), None)
    if odd is not None:
        raise InputError(f"{shown(odd)} is no regular file, or a link to nothing: copy or download it, or take it away")
    return [path for path in paths if path.is_file()]


def content_hash(path: Path) -> str:
    """SHA-256 of the full content of a file, or of the lines that `sha256sum` prints for the sorted files of a folder."""
    if not path.is_dir():
        return sha256(path)
    lines = (f"{sha256(file)}  {file.relative_to(path).as_posix()}\n" for file in data_files(path))
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def open_folder(path: Path, tables: Sequence[tuple[Path, Table]]) -> FolderTable:
    """The opened files of a folder as one table; those without rows count for nothing.

    Raises InputError where they differ in format, columns, kinds or partitions.
    """
    pieces = [Piece(table, _partition(path, file)) for file, table in tables]
    pieces = [piece for piece in pieces if piece.table.n_rows != 0] or pieces[:1]
    first = pieces[0]
    for piece in pieces[1:]:
        _require_alike(piece, first)
    stored = {name: _stored_kind(name, pieces) for name in first.table.kinds}
    return FolderTable(path, _format(first), stored | _partition_kinds(pieces), tuple(pieces))


def single_files(tables: Iterable[Table]) -> Iterator[Table]:
    """The tables, with the files of a folder in its place."""
    for table in tables:
        yield from (piece.table for piece in table.pieces) if isinstance(table, FolderTable) else (table,)


def _format(piece: Piece) -> str:
    return f"folder of {piece.table.format}"


def _partition(folder: Path, file: Path) -> dict[str, str | None]:
    parts = [name.partition("=") for name in file.relative_to(folder).parts[:-1] if "=" in name]
    return {unquote(key): None if value == NO_PARTITION_VALUE else unquote(value) for key, _, value in parts}


def _require_alike(piece: Piece, first: Piece) -> None:
    place, other = shown(piece.table.path), shown(first.table.path)
    if piece.table.format != first.table.format:
        found = f"is {piece.table.format} and {other} {first.table.format}"
        raise InputError(f"{place} {found}; expected one kind of file in a folder")
    lacking = [name for name in first.table.kinds if name not in piece.table.kinds]
    if lacking:
        raise InputError(f"{place} lacks columns that {other} has: {listed(lacking)}; expected the same in all files")
    extra = [name for name in piece.table.kinds if name not in first.table.kinds]
    if extra:
        raise InputError(f"{place} has columns that {other} lacks: {listed(extra)}; expected the same in all files")
    if piece.partition.keys() != first.partition.keys():
        found = f"folders that state {listed(piece.partition)} and {other} {listed(first.partition)}"
        raise InputError(f"{place} lies in {found}; expected the same column=value folders around all files")
    if both := [name for name in piece.partition if name in piece.table.kinds]:
        remedy = "rename the folder or leave the column out of the file"
        raise InputError(f"{place} has a column {quoted(both[0])} and lies in a folder that states it; {remedy}")


def _stored_kind(name: str, pieces: Sequence[Piece]) -> ColumnKind:
    """One kind for a column of all files; in text files a column that is text in one of them is text in all."""
    first = pieces[0].table
    kinds = {piece.table.kinds[name] for piece in pieces}
    if len(kinds) == 1:
        return first.kinds[name]
    if first.format == "CSV":
        return ColumnKind.TEXT
    other = next(piece.table for piece in pieces if piece.table.kinds[name] is not first.kinds[name])
    found = f"holds {first.kinds[name]} in {shown(first.path)} and {other.kinds[name]} in {shown(other.path)}"
    raise InputError(f"{shown(other.path)}: column {quoted(name)} {found}; write it in one way")


def _partition_kinds(pieces: Sequence[Piece]) -> dict[str, ColumnKind]:
    return {name: _text_or_number({piece.partition[name] for piece in pieces}) for name in pieces[0].partition}


def _text_or_number(values: set[str | None]) -> ColumnKind:
    try:
        _ = [float(value) for value in values if value is not None]
    except ValueError:
        return ColumnKind.TEXT
    return ColumnKind.NUMBER


def _repeated(value: str | None, kind: ColumnKind, batch: Any) -> Any:  # noqa: ANN401  (pyarrow is untyped)
    """One value for every row of a batch, as a dictionary of one entry or as numbers."""
    n = batch.num_rows
    if value is None:
        return pa.nulls(n, pa.string() if kind is ColumnKind.TEXT else pa.float64())
    if kind is ColumnKind.NUMBER:
        return pa.Array.from_buffers(pa.float64(), n, [None, pa.py_buffer(np.full(n, float(value)).tobytes())])
    places = pa.Array.from_buffers(pa.int32(), n, [None, pa.py_buffer(bytes(4 * n))])
    return pa.DictionaryArray.from_arrays(places, texts([value]))


def _count(table: Table) -> int:
    """Rows of a file, read where it does not say; only errors and files without numbers ask."""
    if table.n_rows is not None:
        return table.n_rows
    first = {next(iter(table.kinds)): pa.string()}
    return sum(batch.num_rows for part in table.parts() for batch in table.read(part, first))
