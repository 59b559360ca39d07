"""Arrow IPC files (Feather among them) and streams, read record batch by record batch and only the needed columns."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc

from auditor.data.formats import Format, shown
from auditor.data.tables import ColumnKind, Part, kind_of, require_names, rows_at_once
from auditor.errors import InputError


@dataclass(frozen=True)
class ArrowFile:
    """An Arrow table; `batch_rows` counts the rows of each record batch of a file, and is None for a stream."""

    path: Path
    kinds: Mapping[str, ColumnKind]
    batch_rows: tuple[int, ...] | None
    n_rows: int
    format: str
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    image_columns: tuple[str, ...] = ()

    def parts(self) -> tuple[Part, ...]:
        """The record batches of a file; a stream as one part, since it is read from its beginning."""
        if self.batch_rows is None:
            return (Part(0, 0),)
        starts = np.cumsum((0, *self.batch_rows))
        return tuple(Part(index, int(starts[index])) for index, rows in enumerate(self.batch_rows) if rows)

    def read(self, part: Part, types: Mapping[str, Any]) -> Iterator[Any]:
        """Record batches of some columns of one part, in the types that the file states."""
        rows, names = rows_at_once(types), list(types)
        with _opened(self.path, self.format, [list(self.kinds).index(name) for name in names]) as reader:
            batches = reader if self.batch_rows is None else [reader.get_batch(part.index)]
            for batch in batches:
                chosen = batch.select(names)
                chosen.validate(full=True)
                yield from (chosen.slice(start, rows) for start in range(0, chosen.num_rows, rows))

    def where(self, row: int) -> str:
        """File, and row from 1."""
        return f"{shown(self.path)} row {row + 1:,}"


def open_arrow(path: Path, form: Format) -> ArrowFile:
    """The columns of an Arrow IPC file or stream, and how many rows it has; of the values only those of the first column are looked at.

    Raises InputError where it is cut short or names a column twice.
    """
    with _opened(path, form, None) as reader:
        require_names(path, reader.schema.names)
        kinds = {field.name: kind_of(field.type) for field in reader.schema}
    with _opened(path, form, [0]) as reader:
        if form is Format.ARROW_STREAM:
            return ArrowFile(path, kinds, None, sum(batch.num_rows for batch in reader), form)
        rows = tuple(reader.get_batch(index).num_rows for index in range(reader.num_record_batches))
    return ArrowFile(path, kinds, rows, sum(rows), form)


@contextmanager
def _opened(path: Path, form: str, columns: list[int] | None) -> Iterator[Any]:
    open_ipc = pyarrow.ipc.open_stream if form == Format.ARROW_STREAM else pyarrow.ipc.open_file
    options = pyarrow.ipc.IpcReadOptions(included_fields=columns, use_threads=False)
    try:
        with pa.memory_map(str(path)) as file, open_ipc(file, options=options) as reader:
            yield reader
    except FileNotFoundError:
        raise InputError(f"{shown(path)} does not exist any more") from None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        remedy = "perhaps it was cut short: copy or write it again"
        raise InputError(f"{shown(path)} is not a whole Arrow file ({reason}); {remedy}") from None
