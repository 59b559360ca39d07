"""Tensors by name, in safetensors files and in those of `torch.save`, read without running anything."""

import pickle
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from auditor.batches import Array
from auditor.data.arrays import Member, unbroken
from auditor.data.formats import shown
from auditor.data.tables import quoted
from auditor.errors import InputError
from auditor.models.inert import saved_in
from auditor.models.keys import Slow

NUMPY_FLOATS = (torch.float16, torch.float32, torch.float64)
MOST_REPEATED = 2**24
SAVE = 'torch.save({"x": features, "y": labels}, file)'


@dataclass(frozen=True)
class SafetensorsFile:
    """The tensors of a safetensors file, mapped into memory."""

    path: Path
    format: str = "safetensors"

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Their names."""
        with self._opened() as file:
            return tuple(file.keys())

    def member(self, key: str) -> Member:
        """One tensor, by its header."""
        with self._opened() as file:
            shape = tuple(file.get_slice(key).get_shape())
            return _described(key, file.get_slice(key)[:0] if shape else file.get_tensor(key), shape)

    def rows(self, member: Member, size: int) -> Iterator[Array]:
        """A tensor in runs of `size` rows."""
        with self._opened() as file:
            rows = file.get_slice(member.key)
            yield from (_as_numpy(rows[start : start + size]) for start in range(0, member.shape[0], size))

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        try:
            with unbroken(self.path, self.format), safe_open(self.path, "pt") as file:
                yield file
        except SafetensorError as error:
            reason = str(error).rstrip(".")
            remedy = "perhaps it was cut short: copy or write it again"
            raise InputError(f"{shown(self.path)} is not a whole safetensors file ({reason}); {remedy}") from None


@dataclass(frozen=True)
class TorchFile:
    """The tensors of a dict that `torch.save` wrote, mapped into memory and always read with weights_only=True."""

    path: Path
    format: str = "torch"

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self._tensors())

    def member(self, key: str) -> Member:
        """One tensor, without its values."""
        tensor = self._tensors()[key]
        if tensor.layout is not torch.strided or tensor.is_meta or tensor.is_quantized:
            remedy = f"save plain ones: {SAVE}"
            raise InputError(f"{shown(self.path)}: tensor {quoted(key)} holds no plain dense numbers; {remedy}")
        self._require_stored(key, tensor)
        return _described(key, tensor[:0] if tensor.dim() else tensor, tuple(tensor.shape))

    def rows(self, member: Member, size: int) -> Iterator[Array]:
        """A tensor in runs of `size` rows."""
        tensor = self._tensors()[member.key]
        yield from (_as_numpy(tensor[start : start + size]) for start in range(0, member.shape[0], size))

    def _require_stored(self, key: str, tensor: Tensor) -> None:
        """Raise InputError where a few numbers stand for very many, which no one could read to the end."""
        held = tensor.untyped_storage().nbytes() // tensor.element_size()
        if tensor.numel() > max(held, MOST_REPEATED):
            remedy = f"save {quoted(key)} with .clone(memory_format=torch.contiguous_format)"
            found = f"shows {held:,} numbers as {tensor.numel():,} (it was expanded)"
            raise InputError(f"{shown(self.path)}: tensor {quoted(key)} {found}; {remedy}")

    def _tensors(self) -> dict[str, Tensor]:
        saved = _unpickled(self.path)
        if not isinstance(saved, Mapping):
            found = f"holds a {type(saved).__name__}; expected a dict of tensors"
            raise InputError(f"{shown(self.path)} {found}: {SAVE}")
        return {str(key): value for key, value in saved.items() if isinstance(value, Tensor)}


def _unpickled(path: Path) -> Any:  # noqa: ANN401  (whatever was saved)
    try:
        _require_readable(path)
        with warnings.catch_warnings(), torch.sparse.check_sparse_tensor_invariants():  # type: ignore[no-untyped-call]
            warnings.simplefilter("ignore")  # what they warn of ends in one of the errors below
            return torch.load(path, map_location="cpu", weights_only=True, mmap=_is_zip(path))
    except pickle.UnpicklingError:
        holds = "holds more than tensors, which is not loaded since that could run code"
        raise InputError(f"{shown(path)} {holds}; save plain tensors: {SAVE}") from None
    except Exception as error:  # noqa: BLE001  (a damaged file fails in many ways)
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        remedy = "perhaps it was cut short: copy or write it again"
        raise InputError(f"{shown(path)} is not a whole torch file ({reason}); {remedy}") from None


def _require_readable(path: Path) -> None:
    """Raise Slow where the pickle of the file would take for ever; whatever else is wrong torch.load finds."""
    with path.open("rb") as file:
        try:
            saved_in(file)
        except Slow:
            raise
        except ValueError:
            return


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _described(key: str, tensor: Tensor, shape: tuple[int, ...]) -> Member:
    return Member(key, shape, fortran=False, dtype=_as_numpy(tensor).dtype)


def _as_numpy(tensor: Tensor) -> Array:
    """The values; a floating type that numpy lacks (bfloat16, float8) in single precision."""
    odd = tensor.is_floating_point() and tensor.dtype not in NUMPY_FLOATS
    array: Array = (tensor.float() if odd else tensor).detach().resolve_conj().numpy()
    return array
