"""What a forward pass returned -> one score matrix (rows, outputs)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from auditor.errors import InputError


def chosen(result: object, rows: int, name: str) -> tuple[Tensor, str]:
    """The tensor of scores among what model `name` returned for `rows` rows, and how it was chosen.

    A mapping's or object's `logits`, else the first tensor with one entry a row. "" where it is alone. InputError
    where there is none.
    """
    if isinstance(result, Tensor):
        return result, ""
    logits = result.get("logits") if isinstance(result, Mapping) else getattr(result, "logits", None)
    if isinstance(logits, Tensor):
        return logits, "the model returns several values; `logits` is read"
    for place, value in _values(result):
        if isinstance(value, Tensor) and value.ndim > 0 and len(value) == rows:
            return (
                value,
                f"the model returns a {type(result).__name__}; the first tensor with one entry a row is read, {place}",
            )
    raise InputError(
        f"{name} returned {_described(result)} for {rows} rows: a tensor of scores with one entry a row was expected, "
        "alone, in a tuple or under the key `logits`"
    )


def as_matrix(scores: Tensor, rows: int, name: str) -> Tensor:
    """The scores as (rows, outputs), floating point. InputError where they are not one row for each row given."""
    if scores.layout is not torch.strided or not scores.dtype.is_floating_point:
        raise InputError(
            f"{name} returned {_described(scores)}: scores (logits or probabilities) of a floating-point type were "
            "expected; return those, not the classes that were decided"
        )
    given = tuple(scores.shape)
    if rows == 1 and scores.ndim < 2:
        scores = scores.reshape(1, -1)  # a squeeze() in the model takes the row dimension with it
    elif scores.ndim == 1:
        scores = scores.reshape(-1, 1)
    elif scores.ndim > 2 and all(length == 1 for length in given[2:]):
        scores = scores.reshape(given[0], given[1])
    if scores.ndim != 2 or len(scores) != rows or scores.shape[1] == 0:
        raise InputError(
            f"{name} returned scores of shape {given} for {rows} rows: ({rows}, classes) or ({rows},) was expected"
        )
    return scores


def _values(result: object) -> list[tuple[str, object]]:
    if isinstance(result, Mapping):
        return [(f"`{key}`", value) for key, value in result.items()]
    if isinstance(result, tuple | list):
        return [(f"number {place + 1}", value) for place, value in enumerate(result)]
    return []


def _described(result: object) -> str:
    if isinstance(result, Tensor):
        kind = "" if result.layout is torch.strided else f" {str(result.layout).removeprefix('torch.')}"
        return f"a{kind} tensor of {str(result.dtype).removeprefix('torch.')}"
    values = ", ".join(_described(value) for _, value in _values(result)[:4])
    return f"a {type(result).__name__} of {values}" if values else f"a {type(result).__name__}"
