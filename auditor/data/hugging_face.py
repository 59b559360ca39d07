"""Datasets saved by Hugging Face's `save_to_disk`: Arrow streams, and a description of their columns."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from auditor.data.arrow_ipc import ArrowFile, open_arrow
from auditor.data.columns import filled, texts
from auditor.data.folders import FolderTable, open_folder
from auditor.data.formats import Format, format_of, readable, shown
from auditor.data.tables import ColumnKind, Part, listed, quoted, require_rows
from auditor.errors import InputError

STATE, INFO, SPLITS = "state.json", "dataset_info.json", "dataset_dict.json"


@dataclass(frozen=True)
class SavedDataset:
    """The files of a dataset as one table, and what it says of its columns: classes, and which are images."""

    files: FolderTable
    class_names: Mapping[str, tuple[str, ...]]
    image_columns: tuple[str, ...]
    format: str = "Hugging Face dataset"

    @property
    def path(self) -> Path:
        """The folder."""
        return self.files.path

    @property
    def n_rows(self) -> int | None:
        """Rows of all files."""
        return self.files.n_rows

    @property
    def kinds(self) -> Mapping[str, ColumnKind]:
        """The columns and what they hold."""
        return self.files.kinds

    def parts(self) -> tuple[Part, ...]:
        """The parts of its files."""
        return self.files.parts()

    def read(self, part: Part, types: Mapping[str, Any]) -> Iterator[Any]:
        """Record batches of some columns; class labels that are asked for as text by their names, -1 as none."""
        named = [name for name in types if name in self.class_names and pa.types.is_string(types[name])]
        for batch in self.files.read(part, types):
            columns = [
                _names(batch.column(name), self.class_names[name]) if name in named else batch.column(name)
                for name in types
            ]
            yield pa.RecordBatch.from_arrays(columns, names=list(types))

    def where(self, row: int) -> str:
        """File, and row from 1."""
        return self.files.where(row)


def is_saved_dataset(folder: Path) -> bool:
    """Whether `save_to_disk` wrote this folder, of one split or of several."""
    return (folder / STATE).is_file() or (folder / SPLITS).is_file()


def open_saved_dataset(folder: Path) -> SavedDataset:
    """A dataset's files and class names.

    Raises InputError where the folder holds several splits, a selection of rows, or no rows.
    """
    if (folder / SPLITS).is_file():
        splits = _json(folder / SPLITS).get("splits", [])
        names = listed(map(str, splits)) if isinstance(splits, list) else "none"
        raise InputError(f"{shown(folder)} holds the splits {names} of a dataset: name the folder of one of them")
    state = _json(folder / STATE)
    if state.get("_indices_files") or state.get("_indices_data_files"):
        remedy = "write it whole: dataset.flatten_indices().save_to_disk(...)"
        raise InputError(f"{shown(folder)} is a selection of the rows of another dataset; {remedy}")
    features = _features(folder)
    files = open_folder(folder, [(path, _arrow(path)) for path in _data_files(folder, state)])
    found = SavedDataset(files, _class_names(features), _images(features))
    require_rows(found)
    return found


def _arrow(path: Path) -> ArrowFile:
    form = format_of(path)
    if form not in (Format.ARROW, Format.ARROW_STREAM):
        raise InputError(f"{shown(path)} is {form}; expected the Arrow file that save_to_disk wrote")
    return open_arrow(path, form)


def _data_files(folder: Path, state: Mapping[str, Any]) -> list[Path]:
    entries = state.get("_data_files")
    names = [entry.get("filename") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    if not names:
        raise InputError(f"{shown(folder / STATE)} names no data files; save the dataset again with save_to_disk")
    there = {path.name for path in folder.iterdir()}
    for name in names:
        if not isinstance(name, str) or Path(name).name != name:
            raise InputError(f"{shown(folder / STATE)} names the data file {quoted(str(name))}; expected one beside it")
        if names.count(name) > 1:
            raise InputError(
                f"{shown(folder / STATE)} names the data file {quoted(name)} twice; save the dataset again"
            )
        if name not in there:
            remedy = "copy the whole folder, or save the dataset again"
            raise InputError(f"{shown(folder)} lacks the data file {quoted(name)} that its {STATE} names; {remedy}")
    return [folder / str(name) for name in names]


def _features(folder: Path) -> dict[str, dict[str, Any]]:
    """What the dataset says of its columns."""
    found = _json(folder / INFO).get("features") if (folder / INFO).is_file() else None
    pairs = found.items() if isinstance(found, dict) else ()
    return {name: feature for name, feature in pairs if isinstance(feature, dict)}


def _class_names(features: Mapping[str, dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, feature in features.items():
        names = feature.get("names") if feature.get("_type") == "ClassLabel" else None
        if isinstance(names, list) and names and len(set(map(str, names))) == len(names):
            found[name] = tuple(map(str, names))
            odd = next((word for word in found[name] if any("\ud800" <= letter <= "\udfff" for letter in word)), None)
            if odd is not None:
                raise InputError(f"{quoted(name)}: the class name {odd!a} is no text; save the dataset again")
    return found


def _images(features: Mapping[str, dict[str, Any]]) -> tuple[str, ...]:
    return tuple(name for name, feature in features.items() if feature.get("_type") == "Image")


def _json(path: Path) -> dict[str, Any]:
    try:
        with readable(path):
            found = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError(f"{shown(path)} holds no JSON object; save the dataset again with save_to_disk")
    return found


def _names(column: Any, names: tuple[str, ...]) -> Any:  # noqa: ANN401  (pyarrow is untyped)
    """The names of class labels; a number without a name stays a number, to be refused with its row."""
    if not pa.types.is_integer(column.type):
        return column
    numbers = np.from_dlpack(filled(column.cast(pa.int64()), -1))
    if numbers.size and numbers.max() >= len(names):
        return column
    places = np.maximum(numbers, -1).astype(np.int32)
    bits = np.packbits(places >= 0, bitorder="little").tobytes()
    buffers = [pa.py_buffer(bits), pa.py_buffer(np.maximum(places, 0).tobytes())]
    return pa.DictionaryArray.from_arrays(pa.Array.from_buffers(pa.int32(), len(places), buffers), texts(names))
