"""A loaded model: what the rest of the program may know of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from auditor.errors import InputError
from auditor.layout import Input
from auditor.models import failures
from auditor.models.shapes import Shape, fits
from auditor.settings import ImageSettings

if TYPE_CHECKING:
    from auditor.models.buffers import Buffers  # it imports PyTorch


class OutOfMemory(Exception):
    """The device had no room for so many rows at once."""


@dataclass(frozen=True)
class Model:
    """A saved model, loaded, in evaluation mode and on its device.

    `forward` takes features (n, ...) and gives outputs (n, k) float32 or float64; it raises InputError where the rows
    do not fit the model and OutOfMemory where fewer would. It is not for two threads at once. `input_shape` is the
    shape of one row, None where any length fits; `n_outputs` is k. Both are None where only a run can tell.
    `training_parts` names what acts as in training: operators of an exported program, or modules that `eval()` did
    not reach; `buffers` are what it may write to while it runs, None where that cannot be seen.
    `notes` is the load report, `remarks` what `forward` found out since. `inputs` are the names that a program gives to
    what it takes. `works_on` is the shape of what it makes of a row inside, where the row's own says little. `output_kind` is
    what its files say that it gives, "" where they say nothing; `multilabel`, that a row may have several labels;
    `image` how images are prepared, or why that cannot be done here. `cut` tells which texts (n, columns) are longer than it takes.
    """

    path: Path
    format: str
    sha256: str
    runs_code: bool
    device: str
    n_outputs: int | None
    class_names: tuple[str, ...]
    input_shape: tuple[int | None, ...] | None
    notes: tuple[str, ...]
    forward: Callable[[NDArray[Any]], NDArray[Any]]
    training_parts: tuple[str, ...] = ()
    buffers: "Buffers | None" = None
    remarks: Callable[[], tuple[str, ...]] = tuple
    inputs: tuple[Input, ...] = ()
    works_on: tuple[int, ...] = ()
    output_kind: str = ""
    multilabel: bool = False
    image: ImageSettings | str | None = None
    cut: Callable[[NDArray[Any]], NDArray[np.bool_]] | None = None

    @property
    def load_report(self) -> tuple[str, ...]:
        """Everything noted so far: what was checked, what allowed it, and which output is read."""
        return (*self.notes, *self.remarks())

    def check_rows(self, shape: tuple[int, ...], source: str) -> None:
        """Raise InputError where rows of this shape, found in `source`, cannot be given to the model."""
        if self.input_shape is not None and not fits(shape, self.input_shape):
            error = failures.wrong_rows(self.path.name, self.input_shape, shape, source)
            raise InputError(f"{error}{_id_hint(shape, self.input_shape)}")


def _id_hint(shape: tuple[int, ...], expected: Shape) -> str:
    """What else to do about a table with one column more than the model takes: it may number the rows."""
    one_more = len(shape) == len(expected) == 1 and expected[0] is not None and shape[0] == expected[0] + 1
    return "; if the one too many is no feature, leave it out with --id COLUMN" if one_more else ""
