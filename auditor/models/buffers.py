"""The tensors that a module keeps beside its parameters: seen before and after, and put back."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

MOST_VALUES = 2**22


@dataclass(frozen=True)
class Buffers:
    """The buffers of a module by their names; those of more than 2^22 values are weights in disguise and left out."""

    module: nn.Module

    def copied(self) -> dict[str, Tensor]:
        """What they hold now."""
        named = self.module.named_buffers()
        return {name: tensor.detach().clone() for name, tensor in named if tensor.numel() <= MOST_VALUES}

    def changed(self, before: Mapping[str, Tensor]) -> tuple[str, ...]:
        """The names of those that do not hold what they held; NaN equals NaN."""
        now = self.copied()
        return tuple(name for name, tensor in before.items() if name not in now or not _same(tensor, now[name]))

    def put_back(self, before: Mapping[str, Tensor]) -> None:
        """Let them hold again what they held."""
        for name in self.changed(before):
            owner, _, own_name = name.rpartition(".")
            setattr(self.module.get_submodule(owner), own_name, before[name].clone())


def _same(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return torch.equal(one, other) or bool(torch.isclose(one, other, rtol=0, atol=0, equal_nan=True).all())
