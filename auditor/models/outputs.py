"""What a forward pass returned -> one score matrix (rows, outputs)."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

import numpy as np
import torch
from torch import Tensor

from auditor import wording
from auditor.errors import InputError, UsageError

SPOKEN = ("logits", "log_probabilities", "log_probs", "probabilities", "probs", "scores")
MOST_LISTED = 12


def chosen(result: object, rows: int, name: str, wanted: str | None = None) -> tuple[Tensor, str]:
    """The tensor of scores among what model `name` returned for `rows` rows, and where it stands there.

    A place is the key or the number, from 0, of a value; `outputs.1` is the second of those under `outputs`; "" is the
    one tensor that is all. `wanted` is the place that was asked for; without it, what is called `logits` or the like,
    else the only matrix of floating-point numbers with one row for each row, else the only such vector. InputError
    where there is none or more than one; UsageError where nothing stands at `wanted`.
    """
    found = dict(_tensors(result, ""))
    if wanted is not None:
        return _asked(result, found, wanted, name)
    if "" in found:
        return found[""], ""
    place = _spoken(found) or _only(found, rows, name, result)
    return found[place], place


def remark(place: str, *, asked: bool) -> str:
    """What the load report says of the place where the scores stand."""
    if not place:
        return ""
    shown = wording.name(place)
    return f"the model returns several values; `{shown}` is read, as {'--output asks' if asked else 'its form tells'}"


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


def _asked(result: object, found: Mapping[str, Tensor], wanted: str, name: str) -> tuple[Tensor, str]:
    keys = [key for key, _ in _values(result)]
    place = keys[int(wanted)] if wanted not in found and wanted.isdecimal() and int(wanted) < len(keys) else wanted
    if place not in found and not ("" in found and wanted == "0"):
        raise UsageError(
            f"--output {wording.name(wanted)}: {name} returns nothing of that name or number; it returns "
            f"{_listed(found, result)}"
        )
    return (found[place], place) if place in found else (found[""], "")


def _spoken(found: Mapping[str, Tensor]) -> str | None:
    """The place whose own name says that scores stand there, by the order of these names."""
    for word in SPOKEN:
        places = [place for place in found if place.rpartition(".")[2].lower() == word]
        if len(places) == 1:
            return places[0]
    return None


def _only(found: Mapping[str, Tensor], rows: int, name: str, result: object) -> str:
    for dimensions in (2, 1) if rows > 1 else (2, 1, 0):
        places = [
            place
            for place, tensor in found.items()
            if tensor.ndim == dimensions and tensor.is_floating_point() and (not dimensions or len(tensor) == rows)
        ]
        if len(places) == 1:
            return places[0]
        if places:
            raise InputError(
                f"{name} returns several values that could be scores: {_listed(found, result)}; say which one they are "
                f"with --output {wording.name(places[0])}"
            )
    return _lone(found, rows, name, result)


def _lone(found: Mapping[str, Tensor], rows: int, name: str, result: object) -> str:
    """The only tensor with one entry a row, whatever its form: what is wrong with it is said of it by name."""
    places = [place for place, tensor in found.items() if tensor.ndim > 0 and len(tensor) == rows]
    if len(places) == 1:
        return places[0]
    raise InputError(
        f"{name} returned {_listed(found, result)} for {rows} rows: a tensor of scores with one entry a row was "
        "expected, alone or among other values"
    )


def _tensors(value: object, place: str) -> Iterator[tuple[str, Tensor]]:
    """Every tensor or array in what was returned, with its place."""
    if isinstance(value, Tensor):
        yield place, value
    elif isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        yield place, torch.from_numpy(np.ascontiguousarray(value))
    else:
        for key, part in _values(value):
            yield from _tensors(part, f"{place}.{key}" if place else key)


def _values(value: object) -> list[tuple[str, object]]:
    if isinstance(value, Mapping):
        return [(str(key), part) for key, part in value.items()]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return list(zip(value._fields, value, strict=True))
    if isinstance(value, tuple | list):
        return [(str(number), part) for number, part in enumerate(value)]
    if is_dataclass(value):
        return [(field.name, getattr(value, field.name)) for field in fields(value)]
    return list(vars(value).items()) if type(value).__module__ != "builtins" and hasattr(value, "__dict__") else []


def _listed(found: Mapping[str, Tensor], result: object) -> str:
    """The places of what was returned with type and shape, for messages."""
    if "" in found or not found:
        return _described(found.get("", result))
    shown = [f"`{wording.name(place)}` {_form(tensor)}" for place, tensor in list(found.items())[:MOST_LISTED]]
    more = f" and {len(found) - MOST_LISTED} more" if len(found) > MOST_LISTED else ""
    return ", ".join(shown) + more


def _form(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"


def _described(result: object) -> str:
    if isinstance(result, Tensor):
        kind = "" if result.layout is torch.strided else f" {str(result.layout).removeprefix('torch.')}"
        return f"a{kind} tensor of {str(result.dtype).removeprefix('torch.')}"
    return f"a {type(result).__name__}"
