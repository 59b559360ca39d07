"""JSON lines: one object a line, streamed by pyarrow with a stated type for every column."""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json

from auditor import wording
from auditor.data.formats import byte_stream, shown
from auditor.data.tables import ColumnKind, Part, bad_number, kind_of, quoted, require_names
from auditor.errors import InputError

BLOCK = 2 << 20
TYPES = {
    ColumnKind.NUMBER: pa.float64(), ColumnKind.BOOLEAN: pa.bool_(), ColumnKind.TEXT: pa.string(),
    ColumnKind.OTHER: pa.list_(pa.float64()),  # a one-hot label
}  # fmt: skip
JSON_TYPES = {ColumnKind.NUMBER: (int, float), ColumnKind.BOOLEAN: (bool,), ColumnKind.TEXT: (str,)}
EXPECTED = {ColumnKind.NUMBER: "a number", ColumnKind.BOOLEAN: "true or false", ColumnKind.TEXT: "text"}


@dataclass(frozen=True)
class JsonLines:
    """A table of objects; the kinds of its columns are those of its first block of 2 MB, and a missing key is empty.

    Columns of `unseen` kinds are empty throughout that block, and then what they are asked for as.
    """

    path: Path
    kinds: Mapping[str, ColumnKind]
    n_rows: int | None
    unseen: frozenset[str] = frozenset()
    format: str = "JSON lines"
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    image_columns: tuple[str, ...] = ()

    def parts(self) -> tuple[Part, ...]:
        """The file as one part: where a row begins is known only by reading what stands before it."""
        return (Part(0, 0),)

    def read(self, part: Part, types: Mapping[str, Any]) -> Iterator[Any]:  # noqa: ARG002  (there is one part)
        """Record batches of some columns: numbers and true or false as they are, text in the type asked for."""
        own = {name: asked if name in self.unseen else _own(asked, self.kinds[name]) for name, asked in types.items()}
        with self._explained(tuple(types)), _reader(self.path, own) as reader:
            for batch in reader:
                batch.validate(full=True)
                yield batch.select(list(types))

    def where(self, row: int) -> str:
        """File, row from 1, and line."""
        line = next(islice((number for number, _ in _objects(self.path)), row, None), None)
        return f"{shown(self.path)} row {row + 1:,}" + (f" (line {line:,})" if line else "")

    @contextmanager
    def _explained(self, names: tuple[str, ...]) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:
            raise _first_fault(self, names) or _unreadable(self.path, error) from None


def open_json_lines(path: Path) -> JsonLines:
    """The columns of a file of JSON lines, as its first block names them.

    Raises InputError where what stands there is no object, or holds a key twice.
    """
    nothing = JsonLines(path, {}, None)
    with nothing._explained(()), _reader(path, None) as reader:  # noqa: SLF001
        kinds = {field.name: _kind(field.type) for field in reader.schema}
        has_rows = any(batch.num_rows for batch in reader)
        unseen = frozenset(field.name for field in reader.schema if pa.types.is_null(field.type))
    require_names(path, kinds)
    return JsonLines(path, kinds, None if has_rows else 0, unseen)


@contextmanager
def _reader(path: Path, types: Mapping[str, Any] | None) -> Iterator[Any]:
    # one thread: only then do errors come in the order of the rows
    reading = pyarrow.json.ReadOptions(use_threads=False, block_size=BLOCK)
    parsing = None
    if types is not None:
        schema = pa.schema(list(types.items()))
        parsing = pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    with byte_stream(path) as file, pyarrow.json.open_json(file, reading, parsing) as reader:
        yield reader


def _kind(arrow: Any) -> ColumnKind:  # noqa: ANN401  (pyarrow is untyped)
    """As in other tables, and what pyarrow takes for a time is the text that it was."""
    return ColumnKind.TEXT if pa.types.is_timestamp(arrow) else kind_of(arrow)


def _own(asked: Any, kind: ColumnKind) -> Any:  # noqa: ANN401
    return TYPES[kind] if kind is not ColumnKind.TEXT and not pa.types.is_floating(asked) else asked


def _objects(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that hold something, numbered from 1."""
    with byte_stream(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape")
        yield from ((number, line) for number, line in enumerate(text, 1) if line.strip())


def _first_fault(table: JsonLines, names: tuple[str, ...]) -> InputError | None:
    """The first line that is no object of these columns; found by a pass of its own, since pyarrow counts by block."""
    kinds = {name: table.kinds[name] for name in names if name not in table.unseen}
    for row, (line, content) in enumerate(_objects(table.path)):
        place = f"{shown(table.path)} row {row + 1:,} (line {line:,})"
        try:
            content.encode()
            found = json.loads(content, object_pairs_hook=_once)
        except UnicodeEncodeError:
            return InputError(f"{place}: not UTF-8 text; save the file as UTF-8")
        except (ValueError, RecursionError) as error:
            reason = str(error).partition(":")[0]
            return InputError(f"{place}: no JSON object ({reason}); expected one whole object a line")
        if not isinstance(found, dict):
            return InputError(f"{place}: found {quoted(content.strip())}; expected one JSON object a line")
        for name in names or found:
            if fault := _cell_fault(place, name, found.get(name), kinds.get(name, ColumnKind.OTHER)):
                return fault
            if found.get(name) is not None:
                kinds.setdefault(name, _json_kind(found[name]))
    return None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _json_kind(value: object) -> ColumnKind:
    return next((kind for kind, types in JSON_TYPES.items() if type(value) in types), ColumnKind.OTHER)


def _cell_fault(place: str, name: str, value: object, kind: ColumnKind) -> InputError | None:
    if value is None or kind not in JSON_TYPES or type(value) in JSON_TYPES[kind]:
        return None
    found = wording.name(json.dumps(value, ensure_ascii=False))
    if kind is ColumnKind.NUMBER:
        return bad_number(place, name, value if isinstance(value, str) else found)
    remedy = "write all its cells in one way"
    return InputError(f"{place}, column {quoted(name)}: expected {EXPECTED[kind]}, found {found}; {remedy}")


def _unreadable(path: Path, error: Exception) -> InputError:
    reason = str(error).splitlines()[0].removeprefix("JSON parse error: ").rstrip(".")
    if "straddling" in reason:
        return InputError(f"{shown(path)} has a row longer than {BLOCK >> 20} MB; expected one short object a line")
    return InputError(f"{shown(path)} cannot be read as JSON lines ({reason}); expected one object a line")
