"""All rows that test shares with train, in a Parquet file."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from auditor.engines.second_look import Keep, Matched
from auditor.errors import InputError
from auditor.overlap import OVERLAP_FILE
from auditor.states.state import Task

SCHEMA = pa.schema([
    ("test_row", pa.int64()), ("train_row", pa.int64()), ("test_label", pa.string()), ("train_label", pa.string()),
])  # fmt: skip


@contextmanager
def overlap_file(folder: Path, task: Task) -> Iterator[Keep]:
    """A function that writes equal rows into `overlap.parquet`: their numbers from 1, as the report counts, and labels.

    The file takes its place when the block ends without an error. Raises InputError where it cannot be written.
    """
    path = folder / OVERLAP_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{OVERLAP_FILE}.", dir=folder) as place:
            whole = Path(place) / OVERLAP_FILE
            with parquet.ParquetWriter(whole, SCHEMA) as writer:
                yield _written(writer, task)
            whole.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another folder with --out") from error


def _written(writer: parquet.ParquetWriter, task: Task) -> Callable[[Matched], None]:
    def keep(matched: Matched) -> None:
        numbers = [pa.array(rows.astype("int64") + 1) for rows in (matched.test_row, matched.train_row)]
        labels = [pa.array(names, pa.string()) for names in matched.labels(task)]
        writer.write_table(pa.Table.from_arrays([*numbers, *labels], schema=SCHEMA))

    return keep
