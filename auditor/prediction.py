"""The forward pass over a stream of batches: batch size, reading ahead, and fewer rows where memory is short."""

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Batch, OutputKind, Scores
from auditor.errors import InputError
from auditor.label_scores import LabelScores
from auditor.models.model import Model, OutOfMemory

MOST_ROWS = 16_384
FEWEST_ROWS = 32
BATCH_VALUES = {"cpu": 2**19}  # 2 MB of float32: batch and activations stay in a core's cache
BATCH_VALUES_ELSEWHERE = 2**24
MOST_SCORES = 2**22
AHEAD = 4

Item = TypeVar("Item")


@dataclass(frozen=True)
class ScoreReading:
    """How outputs are read: what they are, which class a single one scores, from which probability it is named.

    Where a row may have several labels, `thresholds` are those of each, None for one half.
    """

    kind: OutputKind
    scored: int = 1
    threshold: float | None = None
    thresholds: tuple[float | None, ...] = ()

    def of(self, batch: Batch, outputs: NDArray[Any]) -> Batch:
        """The batch with what the model said."""
        if self.thresholds:
            return replace(batch, label_scores=LabelScores(outputs, self.kind, self.thresholds))
        return replace(batch, scores=Scores(outputs, self.kind, self.scored, self.threshold))


def batch_rows(
    setting: int | Literal["auto"], row_shape: tuple[int, ...], n_outputs: int | None, device: str = "cpu"
) -> int:
    """How many rows a batch has: the setting, or for "auto" as many as a core's cache holds, 32 to 16,384.

    Never so many that rows times outputs pass 2^22.
    """
    values = max(1, int(np.prod(row_shape, dtype=np.int64)))
    room = BATCH_VALUES.get(device, BATCH_VALUES_ELSEWHERE) // values
    rows = (
        min(MOST_ROWS, max(FEWEST_ROWS, 2 ** (room.bit_length() - 1) if room else 0)) if setting == "auto" else setting
    )
    return max(1, min(rows, MOST_SCORES // max(1, n_outputs or 1)))


def predicted(
    model: Model, batches: Iterable[Batch], read: ScoreReading, *, source: str = "the data"
) -> Iterator[Batch]:
    """The batches in their order, each with the model's scores; `source` names the data in errors.

    Reading runs up to four batches ahead on a thread of its own, which ends with the iterator. Outputs that are not
    finite are kept. InputError where the rows do not fit the model, the number of outputs changes, or not even one
    row fits the memory.
    """
    limit, width = None, None
    with closing(read_ahead(batches)) as ready:
        for batch in ready:
            if len(batch) == 0:
                continue
            features = _features(model, batch, source)
            outputs, limit = forwarded(model, features, limit or len(batch))
            width = _same_width(model, outputs, width)
            yield read.of(batch, outputs)


def read_ahead(items: Iterable[Item], depth: int = AHEAD) -> Generator[Item]:
    """The items in their order, up to `depth` of them fetched beforehand by a thread that ends with this generator.

    What raises in the thread is raised here, after the items before it.
    """
    ahead = _Ahead(iter(items))
    for _ in range(depth):
        ahead.room.put(None)
    thread = threading.Thread(target=ahead.fetch, name="auditor-read-ahead", daemon=True)
    thread.start()
    try:
        yield from ahead.received()
    finally:
        ahead.stopped.set()
        ahead.room.put(None)
        thread.join()


class _End(Exception):
    """The mark of the end in the queue."""


@dataclass(frozen=True)
class _Ahead(Generic[Item]):
    """Items between the thread that fetches and the one that consumes; each entry of `room` lets one more in."""

    items: Iterator[Item]
    fetched: "queue.SimpleQueue[tuple[Item | None, BaseException | None]]" = field(default_factory=queue.SimpleQueue)
    room: "queue.SimpleQueue[None]" = field(default_factory=queue.SimpleQueue)
    stopped: threading.Event = field(default_factory=threading.Event)

    def fetch(self) -> None:
        """Fetch until the items end, one of them raises, or the consumer stops; then close their source here."""
        try:
            while True:
                self.room.get()
                if self.stopped.is_set():
                    break
                self.fetched.put((next(self.items), None))
        except StopIteration:
            self.fetched.put((None, _End()))
        except BaseException as error:  # noqa: BLE001  (raised again by whoever consumes)
            self.fetched.put((None, error))
        finally:
            if isinstance(self.items, Generator):
                self.items.close()

    def received(self) -> Iterator[Item]:
        """The items as they come."""
        while True:
            try:
                item, ending = self.fetched.get(timeout=0.5)  # without a timeout Ctrl-C would wait on Windows
            except queue.Empty:
                continue
            if isinstance(ending, _End):
                return
            if ending is not None:
                raise ending
            self.room.put(None)
            yield item  # type: ignore[misc]


def _features(model: Model, batch: Batch, source: str) -> NDArray[Any]:
    if batch.features is None:
        raise InputError(f"{source} holds no features, and {model.path.name} cannot be run without them")
    model.check_rows(batch.features.shape[1:], source)
    return batch.features


def forwarded(model: Model, features: NDArray[Any], limit: int) -> tuple[NDArray[Any], int]:
    """The outputs of all rows, and how many rows the device takes at once: half of what it could not take."""
    while True:
        try:
            pieces = [model.forward(features[first : first + limit]) for first in range(0, len(features), limit)]
        except OutOfMemory as error:
            if limit == 1:
                raise InputError(
                    f"{model.path.name}: not even one row fits into the memory of {model.device} ({error}); choose "
                    "another --device"
                ) from error
            limit = max(1, min(limit, len(features)) // 2)
        else:
            return (pieces[0] if len(pieces) == 1 else np.concatenate(pieces)), limit


def _same_width(model: Model, outputs: NDArray[Any], width: int | None) -> int:
    found = int(outputs.shape[1])
    if width not in (None, found):
        raise InputError(
            f"{model.path.name} gave {width} outputs a row for one batch and {found} for another: one number of "
            "outputs was expected"
        )
    return found
