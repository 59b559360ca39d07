"""Arrays of features and labels, whatever file holds them, as shards of batches."""

import itertools
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from auditor.batches import Array, Batch
from auditor.config import Config
from auditor.data.declared import Declared
from auditor.data.formats import readable, shown
from auditor.data.groups import NO_DESIGN, RowDesign, clusters, declared_columns, judged_weights
from auditor.data.identities import array_texts, identities
from auditor.data.labels import ClassIndex, Encoded, encode_numpy
from auditor.data.tables import listed, quoted
from auditor.data.times import array_times
from auditor.errors import InputError, UsageError
from auditor.layout import Part, side_by_side
from auditor.settings import InputSettings

WEIGHTS = (".weight", "bias")
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
    design: RowDesign = NO_DESIGN
    declared: tuple[Member, ...] = ()

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

    def columns(self, size: int) -> Iterator[dict[str, Array]]:
        """The arrays that are declared as groups, weights, times or ids, by their keys, `size` rows a run."""
        if not self.declared:
            yield from itertools.repeat({}, -(-self.n_rows // size))
        for run in zip(*(self.arrays.rows(member, size) for member in self.declared), strict=True):
            yield dict(zip((member.key for member in self.declared), run, strict=True))

    def declares(self, columns: Mapping[str, Array], labels: Array, first_row: int) -> Declared:
        """What a run of these arrays says of its rows, whose labels these are."""
        group, weight, time, ids = self.design.group, self.design.weight, self.design.time, self.design.ids
        given = None if weight is None else columns[weight].astype(np.float64)
        return Declared(
            None if group is None else clusters(encode_numpy(columns[group]), first_row),
            judged_weights(given, labels, weight, self.where, first_row),
            None if time is None else array_times(columns[time], time, self.where, first_row),
            identities(array_texts(columns[name]) for name in ids) if ids else None,
        )

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
        features, columns = self.file.features(size), self.file.columns(size)
        for x, y, given in zip(features, self.file.labels(size), columns, strict=True):
            labels = self.classes.labels(y, self.file.where, row)
            keys = np.arange(row, row + len(x), dtype=np.uint64)
            yield self.file.declares(given, labels, row).on(Batch(labels, keys, x))
            row += len(x)


def open_arrays(arrays: Arrays, config: Config) -> ArrayFile:
    """The arrays that the configuration names as x (or as the model's inputs) and y, without their values.

    Raises InputError where one is missing, holds Python objects, or they differ in length.
    """
    y, path = _member(arrays, config.y, "y"), arrays.path
    if not config.inputs:
        x = _checked(path, _member(arrays, config.x, "x"), y, 2)
        return ArrayFile(arrays, (x,), y, (), *_declared(arrays, y, config))
    members = {
        name: _checked(path, _member(arrays, _key(name, entry), "[inputs]"), y, 1)
        for name, entry in config.inputs.items()
    }
    parts = side_by_side(
        (name, member.shape[1:], config.inputs[name].dtype or _kept(member.dtype)) for name, member in members.items()
    )
    return ArrayFile(arrays, tuple(members.values()), y, parts, *_declared(arrays, y, config))


def _declared(arrays: Arrays, y: Member, config: Config) -> tuple[RowDesign, tuple[Member, ...]]:
    """The declared arrays: one value a row; those of ids are left aside where the file lacks one of them."""
    declared_columns(config)
    ids = config.ids if all(key in arrays.keys for key in config.ids) else ()
    kinds = {config.group: TEXTUAL, config.weight: "", config.time: TEXTUAL + "M"} | dict.fromkeys(ids, TEXTUAL)
    members = (_row_member(arrays, key, y.shape[0], NUMERIC + kind) for key, kind in kinds.items() if key is not None)
    return RowDesign(config.group, config.weight, config.time, ids), tuple(members)


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


def _row_member(arrays: Arrays, key: str, n_rows: int, kinds: str) -> Member:
    """An array of declared values; InputError where it is not one value a row, of one of these kinds."""
    member, path = _member(arrays, key, "group, weight, time or ids"), arrays.path
    if member.shape != (n_rows,):
        raise InputError(
            f"{shown(path)}: array {quoted(key)} has shape {member.shape}; expected ({n_rows},), one a row"
        )
    if member.dtype.kind not in kinds:
        raise InputError(f"{shown(path)}: array {quoted(key)} holds {member.dtype}; expected numbers")
    return member


def _member(arrays: Arrays, key: str, setting: str) -> Member:
    place = shown(arrays.path)
    if key not in arrays.keys:
        remedy = f'name it in auditor.toml: {setting} = "..."'
        if any(name.endswith(WEIGHTS) for name in arrays.keys):
            remedy = "if these are the weights of a model, give them as MODEL, and the rows to judge it on as --test"
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
