"""A file or a folder as a table or as arrays: what it is decides who opens it."""

from pathlib import Path

from auditor.config import Config
from auditor.data.arrays import ArrayFile, Arrays, open_arrays
from auditor.data.arrow_ipc import open_arrow
from auditor.data.delimited import open_delimited
from auditor.data.folders import data_files, open_folder
from auditor.data.formats import Format, format_of, shown
from auditor.data.hugging_face import is_saved_dataset, open_saved_dataset
from auditor.data.image_folders import holds_images, open_image_folder
from auditor.data.jsonlines import open_json_lines
from auditor.data.npz import NpyFolder, NpzArchive
from auditor.data.parquet import open_parquet
from auditor.data.tables import Table, require_rows
from auditor.errors import InputError


def open_file(path: Path, config: Config) -> Table | ArrayFile:
    """The data at a path, without its rows; see `look`."""
    found = look(path, config.target)
    return open_arrays(found, config) if isinstance(found, Arrays) else found


def look(path: Path, target: str) -> Table | Arrays:
    """What lies at a path: a table, or arrays by name.

    A folder is a dataset that Hugging Face saved, images in a folder a class, arrays as npy files, or the parts of one
    table. Raises InputError where it is none of these, is damaged, or holds no rows.
    """
    if path.is_dir():
        return _look_inside(path, target)
    form = format_of(path)
    if form is Format.NPZ:
        return NpzArchive(path)
    if form in (Format.SAFETENSORS, Format.TORCH):
        return _tensors(path, form)
    table = open_table(path, form)
    require_rows(table)
    return table


def open_table(path: Path, form: Format) -> Table:
    """A table in a file of its own; it may have no rows."""
    if form is Format.PARQUET:
        return open_parquet(path)
    if form in (Format.ARROW, Format.ARROW_STREAM):
        return open_arrow(path, form)
    return open_json_lines(path) if form is Format.JSON_LINES else open_delimited(path)


def _tensors(path: Path, form: Format) -> Arrays:
    from auditor.data.tensors import SafetensorsFile, TorchFile

    return SafetensorsFile(path) if form is Format.SAFETENSORS else TorchFile(path)


def _look_inside(path: Path, target: str) -> Table | Arrays:
    if is_saved_dataset(path):
        return open_saved_dataset(path)
    files = data_files(path)
    if holds_images(files):
        return open_image_folder(path, files, target)
    if all(file.suffix == ".npy" for file in files):
        return NpyFolder(path)
    holding = [file for file in files if file.stat().st_size] or files[:1]  # Spark leaves files of no bytes
    table = open_folder(path, [(file, _member(file)) for file in holding])
    require_rows(table)
    return table


def _member(path: Path) -> Table:
    form = format_of(path)
    if form in (Format.NPZ, Format.SAFETENSORS, Format.TORCH):
        raise InputError(
            f"{shown(path)} holds arrays ({form}): name the file itself, since only tables are read by the folder"
        )
    return open_table(path, form)
