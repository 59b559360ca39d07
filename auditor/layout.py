"""How a matrix of features is cut into what a model takes: columns by name, or several inputs of their own shape and type."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Input:
    """One input that a model names: the type it takes, and the shape of a row, None for any length."""

    name: str
    dtype: str
    row_shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Part:
    """The values of one input in a row: `shape` of them from column `start` on, of type `dtype` where that is known."""

    name: str
    start: int
    shape: tuple[int, ...]
    dtype: str | None = None

    @property
    def stop(self) -> int:
        """The column behind its last one."""
        return self.start + math.prod(self.shape)

    def of(self, features: NDArray[Any]) -> NDArray[Any]:
        """(n, *shape) of the rows of (n, columns) features, in their own memory."""
        taken: NDArray[Any] = features[:, self.start : self.stop].reshape(len(features), *self.shape)
        return taken.copy() if np.may_share_memory(taken, features) else taken


@dataclass(frozen=True)
class Layout:
    """What the columns of the features are: `names` of a table's columns, `parts` where a model takes several inputs.

    Several inputs stand side by side in one float32 matrix, so that rows are chosen, hashed and compared in one way.
    """

    names: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    def columns(self, features: NDArray[Any]) -> dict[str, NDArray[Any]] | NDArray[Any]:
        """The features by input, else by column of a table, else as they are."""
        if self.parts:
            return {part.name: part.of(features) for part in self.parts}
        if self.names:
            return {name: features[:, column].copy() for column, name in enumerate(self.names)}
        return features


ONE_MATRIX = Layout()
TEXT = "text"


def take_text(inputs: Sequence[Input]) -> bool:
    """Whether what a model takes are texts: one, or two that belong together."""
    return len(inputs) == 1 and inputs[0].dtype == TEXT


def side_by_side(inputs: Iterable[tuple[str, tuple[int, ...], str | None]]) -> tuple[Part, ...]:
    """Parts of these names, shapes of a row and types, each from where the one before it ends."""
    parts: list[Part] = []
    for name, shape, dtype in inputs:
        parts.append(Part(name, parts[-1].stop if parts else 0, shape, dtype))
    return tuple(parts)
