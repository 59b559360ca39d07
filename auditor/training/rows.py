"""Labels and scores of a training loop, NumPy or PyTorch, as the batches that the states of an audit take."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Batch, OutputKind, Scores
from auditor.errors import UsageError
from auditor.states import Task

KINDS = {"logits": OutputKind.LOGITS, "probabilities": OutputKind.PROBABILITIES}


def as_array(values: object) -> NDArray[Any]:
    """An array of anything array-like; tensors come from their device, without gradient, half precision as float32."""
    tensor: Any = values
    if hasattr(tensor, "detach"):
        tensor = tensor.detach()
        values = (tensor.float() if tensor.is_floating_point() else tensor).cpu().numpy()
    return np.asarray(values)


def as_number(value: object) -> float:
    """A figure as a float, from a number or a tensor or array of one."""
    found = as_array(value)
    if found.size != 1 or not (np.issubdtype(found.dtype, np.number) or found.dtype == bool):
        raise UsageError(f"a figure of an epoch is one number, found an array of shape {found.shape}")
    return float(found.reshape(())[()])


def as_batch(labels: object, scores: object, task: Task | None, output_kind: str | None) -> tuple[Batch, int]:
    """A batch of the rows that can be judged, and how many have scores that are not finite.

    labels: (n,) whole numbers, negative for none. scores: (n, classes) floats whose highest decides, (n,) or (n, 1) floats
    of the positive class, or (n,) whole numbers that are decisions. Raises UsageError where they do not fit.
    """
    truth, given = as_array(labels).reshape(-1), as_array(scores)
    if len(given) != len(truth):
        raise UsageError(f"{len(truth)} labels came with scores of {len(given)} rows; expected one row a label")
    if not np.issubdtype(truth.dtype, np.integer):
        raise UsageError(f"labels are {truth.dtype}; expected class indices as whole numbers")
    known = truth >= 0
    read = _read(given, task, output_kind)
    n_classes = task.n_classes if task is not None else read.n_classes
    if len(truth[known]) and int(truth.max()) >= n_classes:
        raise UsageError(f"a label is {int(truth.max())}, but there are {n_classes} classes, counted from 0")
    usable = known if read.kind is OutputKind.PREDICTED else known & read.finite
    batch = Batch(truth.astype(np.int64), np.arange(len(truth), dtype=np.uint64), None, read).rows(usable)
    return batch, int(known.sum() - usable.sum())


def _read(given: NDArray[Any], task: Task | None, output_kind: str | None) -> Scores:
    if np.issubdtype(given.dtype, np.integer) and given.size == len(given):
        if task is None:
            raise UsageError("decisions do not tell how many classes there are: give class_names")
        decided = given.reshape(-1).astype(np.int64)
        if len(decided) and not 0 <= decided.min() <= decided.max() < task.n_classes:
            raise UsageError(f"decisions lie outside the {task.n_classes} classes, counted from 0")
        return Scores(np.zeros((len(decided), 1)), OutputKind.PREDICTED, decided=decided)
    outputs = given.reshape(len(given), -1)
    if outputs.shape[1] == 1 and output_kind is None:
        raise UsageError("scores have one column: say output_kind='logits' or output_kind='probabilities'")
    if task is not None and max(2, outputs.shape[1]) != task.n_classes:
        raise UsageError(f"scores have {outputs.shape[1]} columns for {task.n_classes} classes")
    scored = 1 if task is None or task.positive is None else task.positive
    return Scores(outputs, KINDS[output_kind or "logits"], scored)
