"""Features as the tensors that a model takes."""

from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from auditor import wording
from auditor.errors import InputError
from auditor.layout import Part

EXACT = 2**24  # float32 holds every whole number below


def of_parts(
    parts: Sequence[Part], features: NDArray[Any], name: str, device: torch.device
) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
    """The inputs of model `name` among (n, columns) features, on the device.

    By place where a part is named by a number, else by name. InputError where whole numbers are expected and found
    are others.
    """
    made = {part.name: _of(part, features, name).to(device) for part in parts}
    args = tuple(tensor for key, tensor in made.items() if key.isdecimal())
    return args, {key: tensor for key, tensor in made.items() if not key.isdecimal()}


def cast(tensor: Tensor, dtype: torch.dtype, name: str, what: str = "") -> Tensor:
    """The tensor in the type that model `name` takes; InputError where that would cut off fractions."""
    whole = tensor.to(dtype)
    if dtype.is_floating_point or not tensor.is_floating_point():
        return whole
    if not torch.equal(whole.to(tensor.dtype), tensor):
        raise InputError(
            f"{name} takes whole numbers ({str(dtype).removeprefix('torch.')}){what}, and some features are none: "
            "they have fractions or are missing"
        )
    if tensor.dtype is torch.float32 and bool((tensor.abs() >= EXACT).any()):
        raise InputError(
            f"{name} takes whole numbers{what}, and some features are {EXACT:,} or more, which features in single "
            "precision cannot tell apart; number the values anew, from 0"
        )
    return whole


def _of(part: Part, features: NDArray[Any], name: str) -> Tensor:
    values = torch.from_numpy(part.of(features))
    dtype = getattr(torch, part.dtype) if part.dtype else values.dtype
    return cast(values, dtype, name, f" as {wording.name(part.name)}")
