"""What a loader gives, one batch at a time, as arrays: features with their layout, and labels."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditor import wording
from auditor.batches import Array
from auditor.errors import InputError
from auditor.layout import Part, side_by_side

LABEL_KEYS = ("label", "labels", "y", "target", "targets")
KEPT = ("int32", "int64", "bool")
SLICE = 16_384


@dataclass(frozen=True)
class Given:
    """One batch of a loader: features (n, ...) float32, one matrix where there are several inputs, and labels (n, ...)."""

    features: Array
    labels: Array
    parts: tuple[Part, ...]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.features)


def taken(batch: object, target: str, place: str) -> Given:
    """The arrays of a batch `(features, ..., labels)` or of a mapping with the labels under `target` or a usual name.

    Features are a tensor or an array, or several by name or by place. InputError, naming `place`, where it is
    neither, or where features and labels differ in length.
    """
    inputs, labels = _by_name(batch, target, place) if isinstance(batch, Mapping) else _by_place(batch, place)
    arrays = {name: _array(value, f"{place}: {wording.name(name)}") for name, value in inputs.items()}
    truth = _array(labels, f"{place}: the labels", textual=True)
    for name, array in arrays.items():
        if not array.ndim or not truth.ndim or len(array) != len(truth):
            raise InputError(
                f"{place}: input {wording.name(name)} has shape {array.shape} and the labels {truth.shape}; one label "
                "for each row was expected"
            )
    first = next(iter(arrays.values()))
    if len(arrays) == 1 and "0" in arrays and first.ndim > 1 and first.dtype.name not in KEPT:
        return Given(_single(first), truth, ())
    parts = side_by_side(
        (name, array.shape[1:], array.dtype.name if array.dtype.name in KEPT else None)
        for name, array in arrays.items()
    )
    return Given(
        np.concatenate([_single(array).reshape(len(array), -1) for array in arrays.values()], axis=1), truth, parts
    )


def items(loader: Any) -> Iterator[object]:  # noqa: ANN401  (whatever iterates)
    """The batches of a loader; a plain one over tensors in memory is read in slices of these, which is far quicker."""
    tensors = _in_memory(loader)
    if tensors is None:
        yield from loader
        return
    for start in range(0, len(tensors[0]), SLICE):
        yield [tensor[start : start + SLICE] for tensor in tensors]


def stated_length(loader: object) -> int | None:
    """How many batches a loader says that it gives; None where it does not say, or where tensors say it."""
    if _in_memory(loader) is not None:
        return None
    try:
        return len(loader)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001  (whatever a user's own len() raises)
        return None


def left_out(loader: Any) -> int:  # noqa: ANN401
    """Rows that a torch DataLoader draws and does not give, since they do not fill a batch (`drop_last`)."""
    size, sampler = getattr(loader, "batch_size", None), getattr(loader, "sampler", None)
    if not (getattr(loader, "drop_last", False) and size and hasattr(sampler, "__len__")):
        return 0
    return int(len(sampler) % size)  # type: ignore[arg-type]


def _in_memory(loader: object) -> tuple[Any, ...] | None:
    """The tensors of a DataLoader that gives the rows of a TensorDataset as they are, in their order, and all of them."""
    from torch.utils.data import BatchSampler, DataLoader, SequentialSampler, TensorDataset, default_collate

    plain = (
        type(loader) is DataLoader
        and type(loader.dataset) is TensorDataset
        and type(loader.sampler) is SequentialSampler
        and type(loader.batch_sampler) is BatchSampler
        and loader.collate_fn is default_collate
        and not loader.drop_last
    )
    return loader.dataset.tensors if plain else None  # type: ignore[attr-defined]


def _by_name(batch: Mapping[Any, Any], target: str, place: str) -> tuple[dict[str, Any], object]:
    values = {str(key): value for key, value in batch.items()}
    key = next((key for key in (target, *LABEL_KEYS) if key in values), None)
    if key is None or len(values) < 2:
        found = ", ".join(wording.name(key) for key in values) or "nothing"
        raise InputError(f"{place}: it holds {found}; features, and labels under {wording.name(target)}, were expected")
    labels = values.pop(key)
    return values, labels


def _by_place(batch: object, place: str) -> tuple[dict[str, Any], object]:
    if not isinstance(batch, tuple | list) or len(batch) < 2:
        raise InputError(f"{place}: it is a {type(batch).__name__}; (features, labels) or a mapping was expected")
    *inputs, labels = batch
    if len(inputs) == 1 and isinstance(inputs[0], Mapping):
        return {str(key): value for key, value in inputs[0].items()}, labels
    if len(inputs) == 1 and isinstance(inputs[0], tuple):
        inputs = list(inputs[0])
    return {str(number): value for number, value in enumerate(inputs)}, labels


def _array(value: Any, what: str, *, textual: bool = False) -> Array:  # noqa: ANN401
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float().numpy() if str(value.dtype) == "torch.bfloat16" else value.numpy()
    try:
        array = np.asarray(value)
    except ValueError:
        raise InputError(f"{what}: rows of different shapes; pad them to one shape") from None
    if array.dtype.kind not in ("biufUS" if textual else "biuf"):
        raise InputError(
            f"{what}: {type(value).__name__} of {array.dtype}; a tensor or an array of numbers was expected"
        )
    return array


def _single(array: Array) -> Array:
    with np.errstate(over="ignore"):  # what single precision cannot hold reaches the model as infinity
        return np.asarray(array, np.float32)
