"""Data that a loader gives in memory: any iterable of batches, a torch DataLoader among them, read anew at each pass."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from auditor import user_code
from auditor.batches import Array, Batch
from auditor.config import Config
from auditor.data.batching import Given, items, left_out, stated_length, taken
from auditor.data.label_arrays import label_flags, require_label_columns
from auditor.data.labels import ClassIndex, Encoded, encode_numpy
from auditor.data.split import Reading
from auditor.errors import AuditorError, InputError
from auditor.hashing import row_hashes
from auditor.layout import Part
from auditor.models import failures
from auditor.progress import progress

SPLITS = ("test", "train", "validation")
Labelled = Callable[[Array, Callable[[int], str], int], Array]
FAR_MORE, SOME_MORE = 10, 1000


@dataclass(frozen=True)
class Loader:
    """An iterable of batches, and where it came from: words for the report, and the hash of the file of its code."""

    batches: Any
    origin: str
    sha256: str = ""


@dataclass(frozen=True)
class LoadedData:
    """What a first reading of a loader found; each whole reading is noted in `readings`."""

    name: str
    loader: Loader
    target: str
    truth: Array
    feature_shape: tuple[int, ...]
    parts: tuple[Part, ...]
    readings: list[Reading] = field(repr=False)
    format: str = "loader"

    @property
    def path(self) -> Path:
        """What stands for a file's path in messages."""
        return Path(f"{self.name} loader")

    @property
    def n_rows(self) -> int:
        """Rows of the first reading."""
        return len(self.truth)

    def where(self, row: int) -> str:
        """Loader, and row from 1."""
        return f"{self.path} row {row + 1:,}"

    def labels(self) -> Iterator[Encoded]:
        """The labels of the first reading; raises InputError at a row that is not one-hot."""
        yield _encoded(self.truth, self.where, 0)

    def given(self) -> Iterator[Given]:
        """The batches of another reading; InputError where one differs in form from the first."""
        for batch in _read(self.name, self.loader, self.target, self.readings):
            if batch.features.shape[1:] != self.feature_shape or batch.parts != self.parts:
                raise InputError(
                    f"{self.path}: rows of shape {batch.features.shape[1:]} after rows of shape {self.feature_shape}; "
                    "pad all batches to one shape"
                )
            yield batch


def labelled(config: Config, names: tuple[str, ...]) -> Labelled:
    """How what a loader gives as labels becomes class indices (n,), or flags (n, labels) where a row may have several."""

    def of_classes(given: Array, where: Callable[[int], str], row: int) -> Array:
        return ClassIndex(names, config.ignore_index).labels(_encoded(given, where, row), where, row)

    def of_labels(given: Array, where: Callable[[int], str], row: int) -> Array:
        return label_flags(given, names, config.ignore_index, where, row)

    return of_labels if config.labels else of_classes


def any_label_given(data: LoadedData, config: Config) -> bool:
    """Whether some cell of the labels is filled; raises InputError where they are not (n, labels) of 0 and 1."""
    require_label_columns(data.truth.shape, data.truth.dtype, config.labels, f"{data.path}: what it gives as labels")
    return bool((labelled(config, config.labels)(data.truth, data.where, 0) >= 0).any())


@dataclass(frozen=True)
class LoaderShard:
    """All rows of a loader, in the order in which it gives them."""

    data: LoadedData
    labels: Labelled
    first_row: int = 0

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches of at most `size` rows with features float32, labels and running row numbers as keys."""
        row = self.first_row
        for given in self._joined(size):
            labels = self.labels(given.labels, self.data.where, row)
            yield Batch(labels, np.arange(row, row + len(given), dtype=np.uint64), given.features)
            row += len(given)

    def _joined(self, size: int) -> Iterator[Given]:
        """The loader's batches, small ones joined and large ones cut."""
        waiting: list[Given] = []
        for batch in self.data.given():
            if waiting and sum(map(len, waiting)) + len(batch) > size:
                yield _one(waiting)
                waiting = []
            if len(batch) <= size:
                waiting.append(batch)
                continue
            for start in range(0, len(batch), size):
                stop = start + size
                yield replace(batch, features=batch.features[start:stop], labels=batch.labels[start:stop])
        if waiting:
            yield _one(waiting)


def open_loader(name: str, loader: Loader, config: Config) -> LoadedData:
    """Read a loader once: its labels, the form of its rows, and what it gave.

    One without a length may never end: how many rows it gave so far is shown, and Ctrl-C stops it. InputError where it
    can be read only once, gives no row or what is no batch, or gives far more batches than its length says.
    """
    if iter(loader.batches) is loader.batches:
        raise InputError(
            f"{name} loader: an iterator gives its rows only once, and they are read twice; give a list, a DataLoader or "
            "another object that begins anew"
        )
    readings: list[Reading] = []
    truth: list[Array] = []
    first: Given | None = None
    with progress({name: None}, quiet=config.quiet) as advance:
        for batch in _read(name, loader, config.target, readings):
            first = first or batch
            truth.append(batch.labels)
            advance(name, len(batch))
    if first is None:
        raise InputError(f"{name} loader: it gives no batch; there is nothing to judge")
    return LoadedData(
        name, loader, config.target, np.concatenate(truth), first.features.shape[1:], first.parts, readings
    )


def from_function(stated: str, folders: tuple[Path, ...]) -> dict[str, Loader]:
    """The loaders that `module:function` returns for "test", "train" and "validation"; None stands for none.

    InputError where the function cannot be found, fails, or gives no loader for test.
    """
    module, name = user_code.named("--loader", stated, folders, "data:loader")
    function = user_code.member(module, name)
    if not callable(function):
        raise InputError(f"--loader {stated}: {module.__file__} has no function {name}")
    made = {split: _made(function, split, stated) for split in SPLITS}
    if made["test"] is None:
        raise InputError(f'--loader {stated}: {name}("test") returned None; the rows to judge on were expected')
    origin, digest = f"loader {stated} ({module.__file__})", user_code.digest(module)
    return {split: Loader(batches, origin, digest) for split, batches in made.items() if batches is not None}


def _made(function: Callable[[str], object], split: str, stated: str) -> object:
    try:
        made = function(split)
    except Exception as error:
        raise InputError(
            f'--loader {stated}: calling it with "{split}" failed: {failures.shown(error)}; it must return an iterable '
            "of batches, or None where there is no such split"
        ) from error
    if made is not None and not hasattr(made, "__iter__") and not hasattr(made, "__getitem__"):
        raise InputError(
            f'--loader {stated}: for "{split}" it returned a {type(made).__name__}; an iterable was expected'
        )
    return made


def _read(name: str, loader: Loader, target: str, readings: list[Reading]) -> Iterator[Given]:
    """One reading; what it gave is noted when it is over."""
    n_rows, content, number = 0, 0, 0
    batches, stated = items(loader.batches), stated_length(loader.batches)
    while True:
        number += 1
        place = f"{name} loader, batch {number:,}"
        if stated is not None and number > FAR_MORE * stated + SOME_MORE:
            raise InputError(
                f"{place}: its len() is {stated:,}, and it does not end; let it stop, or correct its len()"
            )
        try:
            item = next(batches)
        except StopIteration:
            break
        except AuditorError:
            raise
        except Exception as error:
            raise InputError(f"{place}: {failures.shown(error)}; correct the loader") from error
        batch = taken(item, target, place)
        n_rows += len(batch)
        content = (content + int(row_hashes(batch.features).sum(dtype=np.uint64))) % 2**64
        yield batch
    readings.append(Reading(n_rows, content, left_out(loader.batches)))


def _one(batches: list[Given]) -> Given:
    if len(batches) == 1:
        return batches[0]
    features = np.concatenate([batch.features for batch in batches])
    return Given(features, np.concatenate([batch.labels for batch in batches]), batches[0].parts)


def _encoded(labels: Array, where: Callable[[int], str], first_row: int) -> Encoded:
    if labels.size == len(labels):
        return encode_numpy(labels.reshape(-1))
    odd = np.zeros(1, bool) if labels.ndim == 2 else np.ones(1, bool)
    if labels.ndim == 2 and labels.dtype.kind in "biuf":
        odd = ((labels != 0).sum(axis=1) != 1) | (labels.max(axis=1) != 1)
    if odd.any():
        raise InputError(
            f"{where(first_row + int(odd.argmax()))}: labels of shape {labels.shape[1:]}; one class a row, or one 1 and "
            "else 0 (one-hot), was expected; if a row can have several labels, name them with --labels"
        )
    return Encoded(tuple(range(labels.shape[1])), labels.argmax(axis=1))


def same_form(data: Mapping[str, LoadedData]) -> None:
    """Raise InputError where the loaders of the splits give rows of different forms."""
    test = data["test"]
    for other in data.values():
        if (other.feature_shape, other.parts) != (test.feature_shape, test.parts):
            raise InputError(
                f"{other.path} gives rows of shape {other.feature_shape} and {test.path} {test.feature_shape}; expected "
                "the same features in all splits"
            )
