"""The forward pass of one batch: array in, array out, on any device."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from auditor.errors import AuditorError, InputError
from auditor.hashing import is_text
from auditor.layout import ONE_MATRIX, Layout
from auditor.models import failures, outputs
from auditor.models.adapters import NO_ADAPTER, Adapter, arguments
from auditor.models.model import Model, OutOfMemory
from auditor.models.shapes import Shape, fits
from auditor.models.tensors import cast, of_parts

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(eq=False)
class Forward:
    """Calls a model on features (n, ...) and gives its scores (n, k) float32 or float64.

    Rows go in pieces of `fewest` to `most` rows, two at least if the model allows, so that a `squeeze()` in it cannot
    take the rows away. Short pieces are filled up with copies of their last row whose scores are
    cut off. `output` is the place of the scores that was asked for, `layout` how features become several inputs,
    `adapter` the user's own way in and out, and `sizes` what rows are sorted by before they go in pieces. Raises InputError
    where model and rows do not fit each other, OutOfMemory where the device has no room.
    """

    name: str
    call: Callable[..., object]
    device: torch.device
    dtype: torch.dtype = torch.float32
    precision: str = "fp32"
    row_shape: Shape | None = None
    fewest: int = 2
    most: int | None = None
    output: str | None = None
    adapter: Adapter = NO_ADAPTER
    layout: Layout = ONE_MATRIX
    sizes: Callable[[NDArray[Any]], NDArray[Any]] | None = None
    _place: str | None = field(default=None, init=False)
    _started: bool = field(default=False, init=False)
    _changes_inputs: bool = field(default=False, init=False)

    def __call__(self, features: NDArray[Any]) -> NDArray[Any]:
        """The scores of each row."""
        shape = features.shape[1:]
        if self.row_shape is not None and not fits(shape, self.row_shape):
            raise failures.wrong_rows(self.name, self.row_shape, shape)
        if self.sizes is not None:
            order = np.argsort(self.sizes(features), kind="stable")
            scores = self._in_pieces(features[order])
            return np.asarray(scores[np.argsort(order)])
        return self._in_pieces(features)

    def _in_pieces(self, features: NDArray[Any]) -> NDArray[Any]:
        step = self.most or len(features)
        pieces = [self._piece(features[first : first + step]) for first in range(0, len(features), step)]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def remarks(self) -> tuple[str, ...]:
        """What was found out while it ran: which output is read, whether the model changes its inputs."""
        changes = "the model changes its inputs in place; it is given copies" if self._changes_inputs else ""
        chosen = outputs.remark(self._place or "", asked=self.output is not None)
        return tuple(remark for remark in (chosen, changes, *self.adapter.remarks()) if remark)

    def _piece(self, features: NDArray[Any]) -> NDArray[Any]:
        rows = len(features)
        if rows < self.fewest:
            features = np.concatenate([features, np.repeat(features[-1:], self.fewest - rows, axis=0)])
        return self._scores(features)[:rows]

    def _scores(self, features: NDArray[Any]) -> NDArray[Any]:
        try:
            if self.adapter.prepare is None and not self.layout.parts:
                return self._of_one_tensor(features)
            return self._of_arguments(features)
        except AuditorError:
            raise
        except Exception as error:
            if failures.is_out_of_memory(error):
                raise OutOfMemory(failures.shown(error)) from error
            if is_text(features):
                raise failures.text_failure(self.name, error) from error
            raise failures.forward_failure(self.name, features.shape[1:], error) from error

    def _of_one_tensor(self, features: NDArray[Any]) -> NDArray[Any]:
        given = self._tensor(features)
        version = given._version  # noqa: SLF001  (the one trace of an in-place change)
        scores = self._run(len(features), given)
        self._note_change(features, given, changed=given._version != version)  # noqa: SLF001
        return scores

    def _of_arguments(self, features: NDArray[Any]) -> NDArray[Any]:
        """The scores from what `prepare` makes of the rows, or from the several inputs that they hold."""
        args: tuple[object, ...]
        named: Mapping[str, object]
        if self.adapter.prepare is not None:
            args, named = arguments(self.adapter.prepare(self.layout.columns(features)), self.device, self.dtype)
        else:
            args, named = of_parts(self.layout.parts, features, self.name, self.device)
        return self._run(len(features), *args, **named)

    def _run(self, rows: int, *args: object, **named: object) -> NDArray[Any]:
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, PRECISIONS[self.precision], self.precision != "fp32"),
        ):
            return self._read(self.call(*args, **named), rows)

    def _read(self, result: object, rows: int) -> NDArray[Any]:
        if self.adapter.scores is not None:
            result = self.adapter.scores(result)
        wanted = self.output if self._place is None else self._place or None
        scores, self._place = outputs.chosen(result, rows, self.name, wanted)
        matrix = outputs.as_matrix(scores, rows, self.name)
        single = matrix.dtype in (torch.float32, torch.float64)
        array: NDArray[Any] = (matrix if single else matrix.float()).cpu().numpy()
        return array

    def _tensor(self, features: NDArray[Any]) -> Tensor:
        """The features on the device; never the caller's own memory where the model could write to it."""
        own = not features.flags.writeable or not self._started or self._changes_inputs
        tensor = torch.from_numpy(features.copy() if own else features)
        dtype = self.dtype if tensor.is_floating_point() or self.dtype is not torch.float32 else _kept(tensor.dtype)
        tensor = cast(tensor, dtype, self.name)
        if self.device.type == "cuda":
            return tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor.to(self.device)

    def _note_change(self, features: NDArray[Any], given: Tensor, *, changed: bool) -> None:
        """The first batch is a copy and shows whether the model writes into its input; if so, every batch is one."""
        if changed and given.data_ptr() == features.ctypes.data:
            raise InputError(
                f"{self.name} changes its inputs in place for some batches only; let its `forward` work on a copy"
            )
        self._started, self._changes_inputs = True, self._changes_inputs or changed


def in_single_precision(model: Model) -> Model:
    """The same model run without autocast, whatever precision was asked for."""
    assert isinstance(model.forward, Forward)
    return replace(model, forward=replace(model.forward, precision="fp32"))


def _kept(dtype: torch.dtype) -> torch.dtype:
    """Whole numbers of 32 or 64 bits may be indices and stay what they are; pixels and flags become float32."""
    return dtype if dtype in (torch.int32, torch.int64) else torch.float32
