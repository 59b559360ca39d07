"""`auditor inspect`: what a saved model is, what it holds, and whether loading it would run code. Nothing of it is run."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path

from auditor import wording
from auditor.config import Config
from auditor.errors import InputError, ModelRefused
from auditor.models import trust
from auditor.models.describing import described
from auditor.models.files import ModelFile, read_model_file
from auditor.models.hugging_face.describing import described_folder
from auditor.models.inert import Described

MOST_TENSORS = 20


@dataclass(frozen=True)
class Inspection:
    """A saved model as it lies there.

    `loading` is "runs no code", "would run code" or "not loaded"; `because` says why, and which option would allow it.
    """

    path: str
    format: str
    bytes: int
    sha256: str
    loading: str
    because: tuple[str, ...]
    facts: tuple[str, ...]
    tensors: tuple[Described, ...]


def inspect(path: Path) -> Inspection:
    """Look at a saved model without running any of it. InputError where there is no such file, or no model in a folder."""
    file = read_model_file(path)
    loading, because = _loading(file)
    holds = described_folder(file) if file.stated else described(file.content, file.detected.format)
    return Inspection(
        str(path),
        str(file.detected.format),
        file.n_bytes,
        file.sha256,
        loading,
        because,
        holds.facts,
        holds.tensors,
    )


def _loading(file: ModelFile) -> tuple[str, tuple[str, ...]]:
    try:
        allowed = trust.allow(file, Config.model_validate({"model": file.path}))
    except ModelRefused as error:
        return "would run code", (str(error),)
    except InputError as error:
        return "not loaded", (str(error),)
    return "runs no code", allowed.notes


def shown(path: Path, form: str) -> str:
    """The inspection as text or as JSON. InputError as `inspect`."""
    found = inspect(path)
    return json.dumps(asdict(found), indent=2) if form == "json" else "\n".join(_lines(found))


def _lines(found: Inspection) -> Iterator[str]:
    yield f"{found.path}: {found.format}, {wording.plural(found.bytes, 'byte')}"
    yield f"sha256 {found.sha256}"
    yield {
        "runs no code": "Loading it runs no code.",
        "would run code": "Loading it would run code.",
        "not loaded": "It is not loaded.",
    }[found.loading]
    yield from (f"  {reason}" for reason in found.because)
    yield from found.facts
    if found.tensors:
        yield from _tensor_lines(found.tensors)


def _tensor_lines(tensors: tuple[Described, ...]) -> Iterator[str]:
    values: Counter[str] = Counter()
    for tensor in tensors:
        values[tensor.dtype] += prod(tensor.shape)
    held = ", ".join(f"{wording.plural(number, 'value')} of {wording.name(dtype)}" for dtype, number in values.items())
    yield f"{wording.plural(len(tensors), 'tensor')}: {held}"
    for tensor in tensors[:MOST_TENSORS]:
        shape = " x ".join(str(length) for length in tensor.shape) or "one value"
        yield f"  {wording.name(tensor.name)}  {shape}  {wording.name(tensor.dtype)}"
    if len(tensors) > MOST_TENSORS:
        yield f"  and {wording.count(len(tensors) - MOST_TENSORS)} more"
