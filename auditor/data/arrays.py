"""npz files: arrays of features and labels, streamed from the archive without unpacking it whole."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from auditor.batches import Array, Batch
from auditor.config import Config
from auditor.data.formats import readable, shown
from auditor.data.labels import ClassIndex, Encoded, encode_numpy
from auditor.data.tables import listed, quoted
from auditor.errors import InputError

LABELS_AT_ONCE = 65_536
NUMERIC = "biuf"
TEXTUAL = "US"


@dataclass(frozen=True)
class Member:
    """One array of an archive, by its header."""

    key: str
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class ArrayFile:
    """An npz archive with features x (n, ...) and labels y (n,), or one-hot (n, classes)."""

    path: Path
    x: Member
    y: Member
    format: str = "npz"

    @property
    def n_rows(self) -> int:
        """The length of both arrays."""
        return self.x.shape[0]

    def where(self, row: int) -> str:
        """File, and row from 1."""
        return f"{shown(self.path)} row {row + 1:,}"

    def labels(self, size: int = LABELS_AT_ONCE) -> Iterator[Encoded]:
        """The labels, `size` a run; raises InputError at a row that is not one-hot."""
        row = 0
        for chunk in self.rows(self.y, size):
            yield encode_numpy(chunk.reshape(-1)) if chunk.size == len(chunk) else self._one_hot(chunk, row)
            row += len(chunk)

    def rows(self, member: Member, size: int) -> Iterator[Array]:
        """An array in runs of `size` rows; one in Fortran order is held whole, as its rows lie scattered."""
        with _unbroken(self.path), zipfile.ZipFile(self.path) as archive, archive.open(f"{member.key}.npy") as file:
            _header(file)
            if member.fortran:
                whole = _read(file, member.dtype, tuple(reversed(member.shape))).T
                yield from (whole[start : start + size] for start in range(0, len(whole), size))
                return
            for start in range(0, member.shape[0], size):
                yield _read(file, member.dtype, (min(size, member.shape[0] - start), *member.shape[1:]))

    def _one_hot(self, chunk: Array, first_row: int) -> Encoded:
        odd = ((chunk != 0).sum(axis=1) != 1) | (chunk.max(axis=1) != 1)
        if odd.any():
            place = self.where(first_row + int(odd.argmax()))
            raise InputError(f"{place}: expected one 1 and else 0 in the one-hot labels {quoted(self.y.key)}")
        return Encoded(tuple(range(chunk.shape[1])), chunk.argmax(axis=1))


@dataclass(frozen=True)
class ArrayShard:
    """All rows of an npz file: what is compressed can only be read from its beginning."""

    file: ArrayFile
    classes: ClassIndex
    first_row: int = 0

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches with features (n, ...) float32, labels and row keys."""
        row = self.first_row
        features = self.file.rows(self.file.x, size)
        for x, y in zip(features, self.file.labels(size), strict=True):
            labels = self.classes.labels(y, self.file.where, row)
            with np.errstate(over="ignore"):  # what single precision cannot hold reaches the model as infinity
                yield Batch(labels, np.arange(row, row + len(x), dtype=np.uint64), x.astype(np.float32))
            row += len(x)


def open_arrays(path: Path, config: Config) -> ArrayFile:
    """The arrays that the configuration names as x and y, by their headers alone.

    Raises InputError where one is missing, holds Python objects, or both differ in length.
    """
    x, y = _member(path, config.x, "x"), _member(path, config.y, "y")
    if x.dtype.kind not in NUMERIC:
        raise InputError(f"{shown(path)}: array {quoted(x.key)} holds {x.dtype}; expected numbers")
    if y.dtype.kind not in NUMERIC + TEXTUAL:
        raise InputError(f"{shown(path)}: array {quoted(y.key)} holds {y.dtype}; expected integers or text")
    if len(x.shape) < 2:
        raise InputError(f"{shown(path)}: array {quoted(x.key)} has shape {x.shape}; expected (rows, features)")
    one_hot = len(y.shape) == 2 and (y.dtype.kind in NUMERIC or y.shape[1] == 1)
    if len(y.shape) != 1 and not one_hot:
        raise InputError(f"{shown(path)}: array {quoted(y.key)} has shape {y.shape}; expected (rows,) or one-hot")
    if x.shape[0] != y.shape[0]:
        lengths = f"{quoted(x.key)} has {x.shape[0]:,} rows and {quoted(y.key)} {y.shape[0]:,}"
        raise InputError(f"{shown(path)}: {lengths}; expected one label for each row")
    if not x.shape[0] or 0 in y.shape:
        raise InputError(f"{shown(path)}: array {quoted(x.key)} has no rows; expected at least one")
    return ArrayFile(path, x, y)


def _member(path: Path, key: str, setting: str) -> Member:
    with _unbroken(path), zipfile.ZipFile(path) as archive:
        keys = [name.removesuffix(".npy") for name in archive.namelist()]
        if key not in keys:
            remedy = f'name it in auditor.toml: {setting} = "..."'
            raise InputError(f"{shown(path)} holds no array {quoted(key)}; its arrays are {listed(keys)}; {remedy}")
        with archive.open(f"{key}.npy") as file:
            shape, fortran, dtype = _header(file)
    if dtype.hasobject:
        remedy = "it is not loaded, since that would run code; store numbers or text (astype(str))"
        raise InputError(f"{shown(path)}: array {quoted(key)} holds Python objects; {remedy}")
    return Member(key, shape, fortran and len(shape) > 1, dtype)


@contextmanager
def _unbroken(path: Path) -> Iterator[None]:
    try:
        with readable(path):
            yield
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else "it ends early"
        remedy = "perhaps it was cut short: copy or write it again"
        raise InputError(f"{shown(path)} is not a whole npz file ({reason}); {remedy}") from None


def _header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:  # noqa: ANN401  (a zip member, which no type names)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    return shape, fortran, dtype


def _read(file: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:  # noqa: ANN401
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return np.frombuffer(data, dtype).reshape(shape)
