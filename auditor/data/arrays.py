"""Arrays of features and labels, whatever file holds them, as shards of batches."""

import itertools
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from auditor.batches import Array, Batch
from auditor.config import Config, InputSettings
from auditor.data.formats import readable, shown
from auditor.data.groups import clusters, judged_weights, row_design
from auditor.data.labels import ClassIndex, Encoded, encode_numpy
from auditor.data.tables import listed, quoted
from auditor.errors import InputError, UsageError
from auditor.layout import Part, side_by_side

LABELS_AT_ONCE = 65_536
NUMERIC = "biuf"
TEXTUAL = "US"
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,
    EOFError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    ValueError,
)


@dataclass(frozen=True)
class Member:
    """One array of several, as its header describes it."""

    key: str
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]


@runtime_checkable
class Arrays(Protocol):
    """A file, or a folder, of arrays by name."""

    @property
    def path(self) -> Path:
        """Where they lie."""
        ...

    @property
    def format(self) -> str:
        """The kind of file, in a word."""
        ...

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the arrays."""
        ...

    def member(self, key: str) -> Member:
        """One array, without its values."""
        ...

    def rows(self, member: Member, size: int) -> Iterator[Array]:
        """The values of an array in runs of `size` rows."""
        ...


@dataclass(frozen=True)
class ArrayFile:
    """Features (n, ...), in one array or one an input, and labels y (n,), or one-hot (n, classes).

    `parts` says which input of the model is which part of a row; it is () where one array is all features.
    """

    arrays: Arrays
    inputs: tuple[Member, ...]
    y: Member
    parts: tuple[Part, ...] = ()
    group: Member | None = None
    weight: Member | None = None

    @property
    def path(self) -> Path:
        """The file."""
        return self.arrays.path

    @property
    def format(self) -> str:
        """The kind of file."""
        return self.arrays.format

    @property
    def n_rows(self) -> int:
        """The length of all arrays."""
        return self.y.shape[0]

    @property
    def feature_shape(self) -> tuple[int, ...]:
        """The shape of one row's features."""
        return (self.parts[-1].stop,) if self.parts else self.inputs[0].shape[1:]

    def features(self, size: int) -> Iterator[Array]:
        """The features, `size` rows a run: as they are, or as one matrix of all inputs side by side."""
        runs = zip(*(self.arrays.rows(member, size) for member in self.inputs), strict=True)
        for run in runs:
            yield np.concatenate([_flat(part) for part in run], axis=1) if self.parts else _single(run[0])

    def design(self, size: int) -> Iterator[tuple[Array | None, Array | None]]:
        """Groups and weights as they stand, `size` a run."""
        parts = -(-self.n_rows // size)
        groups, weights = (
            itertools.repeat(None, parts) if member is None else self.arrays.rows(member, size)
            for member in (self.group, self.weight)
        )
        for group, weight in zip(groups, weights, strict=True):
            yield group, None if weight is None else weight.astype(np.float64)

    def where(self, row: int) -> str:
        """File, and row from 1."""
        return f"{shown(self.path)} row {row + 1:,}"

    def labels(self, size: int = LABELS_AT_ONCE) -> Iterator[Encoded]:
        """The labels, `size` a run; raises InputError at a row that is not one-hot."""
        row = 0
        for chunk in self.arrays.rows(self.y, size):
            yield encode_numpy(chunk.reshape(-1)) if chunk.size == len(chunk) else self._one_hot(chunk, row)
            row += len(chunk)

    def _one_hot(self, chunk: Array, first_row: int) -> Encoded:
        odd = ((chunk != 0).sum(axis=1) != 1) | (chunk.max(axis=1) != 1)
        if odd.any():
            place = self.where(first_row + int(odd.argmax()))
            raise InputError(
                f"{place}: expected one 1 and else 0 in the one-hot labels {quoted(self.y.key)}; "
                "if a row can have several labels, name them with --labels"
            )
        return Encoded(tuple(range(chunk.shape[1])), chunk.argmax(axis=1))


@dataclass(frozen=True)
class ArrayShard:
    """All rows of a file: what is compressed can only be read from its beginning."""

    file: ArrayFile
    classes: ClassIndex
    first_row: int = 0

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches with features (n, ...) float32, labels and row keys."""
        row = self.first_row
        features, design = self.file.features(size), self.file.design(size)
        for x, y, (group, given) in zip(features, self.file.labels(size), design, strict=True):
            labels = self.classes.labels(y, self.file.where, row)
            cluster = None if group is None else clusters(encode_numpy(group), row)
            key = None if self.file.weight is None else self.file.weight.key
            weight = judged_weights(given, labels, key, self.file.where, row)
            yield Batch(labels, np.arange(row, row + len(x), dtype=np.uint64), x, None, cluster, weight)
            row += len(x)


def open_arrays(arrays: Arrays, config: Config) -> ArrayFile:
    """The arrays that the configuration names as x (or as the model's inputs) and y, without their values.

    Raises InputError where one is missing, holds Python objects, or they differ in length.
    """
    y, path = _member(arrays, config.y, "y"), arrays.path
    if not config.inputs:
        x = _checked(path, _member(arrays, config.x, "x"), y, 2)
        return ArrayFile(arrays, (x,), y, (), *_design_members(arrays, y, config))
    members = {
        name: _checked(path, _member(arrays, _key(name, entry), "[inputs]"), y, 1)
        for name, entry in config.inputs.items()
    }
    parts = side_by_side(
        (name, member.shape[1:], config.inputs[name].dtype or _kept(member.dtype)) for name, member in members.items()
    )
    return ArrayFile(arrays, tuple(members.values()), y, parts, *_design_members(arrays, y, config))


def _design_members(arrays: Arrays, y: Member, config: Config) -> tuple[Member | None, Member | None]:
    design, n_rows = row_design(config), y.shape[0]
    group, weight = (
        _row_member(arrays, key, n_rows, role) for key, role in ((design.group, "group"), (design.weight, "weight"))
    )
    return group, weight


def _key(name: str, entry: InputSettings) -> str:
    if len(entry.names) > 1:
        raise UsageError(
            f"[inputs] {name} in auditor.toml names {len(entry.names)} arrays; expected one array an input"
        )
    return entry.names[0]


def _kept(dtype: np.dtype[Any]) -> str | None:
    """The type that an input keeps: whole numbers that may be indices, and flags."""
    return dtype.name if dtype.name in {"int32", "int64", "bool"} else None


def _single(array: Array) -> Array:
    with np.errstate(over="ignore"):  # what single precision cannot hold reaches the model as infinity
        return array.astype(np.float32)


def _flat(array: Array) -> Array:
    return _single(array).reshape(len(array), -1)


def _checked(path: Path, x: Member, y: Member, dimensions: int) -> Member:
    """Features x beside labels y; raises InputError where they do not go together."""
    if x.dtype.kind not in NUMERIC:
        raise InputError(f"{shown(path)}: array {quoted(x.key)} holds {x.dtype}; expected numbers")
    if y.dtype.kind not in NUMERIC + TEXTUAL:
        raise InputError(f"{shown(path)}: array {quoted(y.key)} holds {y.dtype}; expected integers or text")
    if len(x.shape) < dimensions:
        raise InputError(f"{shown(path)}: array {quoted(x.key)} has shape {x.shape}; expected (rows, features)")
    one_hot = len(y.shape) == 2 and (y.dtype.kind in NUMERIC or y.shape[1] == 1)
    if len(y.shape) != 1 and not one_hot:
        raise InputError(f"{shown(path)}: array {quoted(y.key)} has shape {y.shape}; expected (rows,) or one-hot")
    if x.shape[0] != y.shape[0]:
        lengths = f"{quoted(x.key)} has {x.shape[0]:,} rows and {quoted(y.key)} {y.shape[0]:,}"
        raise InputError(f"{shown(path)}: {lengths}; expected one label for each row")
    if not x.shape[0] or 0 in y.shape:
        raise InputError(f"{shown(path)}: array {quoted(x.key)} has no rows; expected at least one")
    return x


def _row_member(arrays: Arrays, key: str | None, n_rows: int, role: str) -> Member | None:
    """The array of groups or weights, None where none is declared; InputError where it is not one value a row."""
    if key is None:
        return None
    member, path = _member(arrays, key, role), arrays.path
    if member.shape != (n_rows,):
        raise InputError(
            f"{shown(path)}: array {quoted(key)} has shape {member.shape}; expected ({n_rows},), one a row"
        )
    if member.dtype.kind not in NUMERIC + (TEXTUAL if role == "group" else ""):
        raise InputError(f"{shown(path)}: array {quoted(key)} holds {member.dtype}; expected numbers")
    return member


def _member(arrays: Arrays, key: str, setting: str) -> Member:
    place = shown(arrays.path)
    if key not in arrays.keys:
        remedy = f'name it in auditor.toml: {setting} = "..."'
        raise InputError(f"{place} holds no array {quoted(key)}; its arrays are {listed(arrays.keys)}; {remedy}")
    member = arrays.member(key)
    if member.dtype.hasobject:
        remedy = "it is not loaded, since that would run code; store numbers or text (astype(str))"
        raise InputError(f"{place}: array {quoted(key)} holds Python objects; {remedy}")
    return member


@contextmanager
def unbroken(path: Path, kind: str) -> Iterator[None]:
    """Turns what damaged arrays raise into an InputError."""
    try:
        with readable(path):
            yield
    except DAMAGE as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else "it ends early"
        remedy = "perhaps it was cut short: copy or write it again"
        raise InputError(f"{shown(path)} is not a whole {kind} file ({reason}); {remedy}") from None
