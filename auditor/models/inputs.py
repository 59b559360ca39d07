"""Which part of the features each input of a model gets."""

import math
from collections.abc import Sequence
from dataclasses import replace

from auditor import wording
from auditor.errors import InputError
from auditor.layout import Input, Layout, Part
from auditor.models.shapes import fits, row_words


def fitted(inputs: Sequence[Input], layout: Layout, name: str) -> Layout:
    """The layout in the order, shapes and types of the inputs that model `name` takes, where it says which.

    InputError where one has no part, or a part of another size.
    """
    if len(inputs) < 2 and not layout.parts:
        return layout
    by_place = inputs and len(inputs) == len(layout.parts) and all(part.name.isdecimal() for part in layout.parts)
    names = [entry.name for entry in inputs] if by_place else [part.name for part in layout.parts]
    parts = dict(zip(names, layout.parts, strict=True))
    missing = [entry for entry in inputs if entry.name not in parts]
    extra = [entry for entry in parts if inputs and entry not in {one.name for one in inputs}]
    if missing or extra:
        raise InputError(_unfed(name, inputs, extra))
    return replace(layout, parts=tuple(_fitted(parts[entry.name], entry, name) for entry in inputs) or layout.parts)


def _unfed(name: str, inputs: Sequence[Input], extra: Sequence[str]) -> str:
    """Several lines, of which the last are there to be copied."""
    wrong = f"; it has no input {', '.join(wording.name(entry) for entry in extra)}" if extra else ""
    lines = [f'{wording.name(entry.name)} = ["..."]' for entry in inputs]
    told = (
        f"{name} takes {wording.plural(len(inputs), 'input')}: {', '.join(map(_shown, inputs))}{wrong}; say in auditor.toml "
        "which columns or array each one gets:"
    )
    return "\n".join([told, "[inputs]", *lines])


def _shown(entry: Input) -> str:
    """As messages list it: `age (float32, 1 feature)`."""
    return f"{wording.name(entry.name)} ({entry.dtype}, {row_words(entry.row_shape)})"


def _fitted(part: Part, entry: Input, name: str) -> Part:
    part = replace(part, dtype=entry.dtype)
    if fits(part.shape, entry.row_shape):
        return part
    size = None if None in entry.row_shape else math.prod(n for n in entry.row_shape if n is not None)
    if size == math.prod(part.shape):
        return replace(part, shape=tuple(n for n in entry.row_shape if n is not None))
    raise InputError(
        f"{name} takes {row_words(entry.row_shape)} a row as {wording.name(entry.name)}, and [inputs] gives it "
        f"{row_words(part.shape)}; correct the columns or the array in auditor.toml"
    )
