"""npz archives: arrays streamed from the zip without unpacking it whole."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from auditor.batches import Array
from auditor.data.arrays import Member, unbroken

ENDING = ".npy"


@dataclass(frozen=True)
class NpzArchive:
    """The arrays of an npz archive."""

    path: Path
    format: str = "npz"

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Their names."""
        with unbroken(self.path, self.format), zipfile.ZipFile(self.path) as archive:
            return tuple(name.removesuffix(ENDING) for name in archive.namelist())

    def member(self, key: str) -> Member:
        """One array, by its header."""
        with (
            unbroken(self.path, self.format),
            zipfile.ZipFile(self.path) as archive,
            archive.open(key + ENDING) as file,
        ):
            return header(file, key)

    def rows(self, member: Member, size: int) -> Iterator[Array]:
        """An array in runs of `size` rows; one in Fortran order is held whole, as its rows lie scattered."""
        with (
            unbroken(self.path, self.format),
            zipfile.ZipFile(self.path) as archive,
            archive.open(member.key + ENDING) as file,
        ):
            header(file, member.key)
            if member.fortran:
                whole = _read(file, member.dtype, tuple(reversed(member.shape))).T
                yield from (whole[start : start + size] for start in range(0, len(whole), size))
                return
            for start in range(0, member.shape[0], size):
                yield _read(file, member.dtype, (min(size, member.shape[0] - start), *member.shape[1:]))


@dataclass(frozen=True)
class NpyFolder:
    """A folder of npy files, each an array by the name of the file; pages are read as they are asked for."""

    path: Path
    format: str = "npy"

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(sorted(path.stem for path in self.path.glob("*" + ENDING)))

    def member(self, key: str) -> Member:
        """One array, by its header."""
        path = self.path / (key + ENDING)
        with unbroken(path, self.format), path.open("rb") as file:
            return header(file, key)

    def rows(self, member: Member, size: int) -> Iterator[Array]:
        """An array in runs of `size` rows."""
        path = self.path / (member.key + ENDING)
        with unbroken(path, self.format):
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            yield from (array[start : start + size] for start in range(0, member.shape[0], size))


def header(file: Any, key: str) -> Member:  # noqa: ANN401  (a zip member, which no type names)
    """What an npy file says of its array; the file then stands at the first value."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    return Member(key, shape, fortran and len(shape) > 1, dtype)


def _read(file: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:  # noqa: ANN401
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return np.frombuffer(data, dtype).reshape(shape)
