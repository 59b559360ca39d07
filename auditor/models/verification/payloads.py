"""The stored tensors of a torch.export archive: plain numbers, each within the bytes that are stored for it."""

import json
from collections.abc import Mapping
from math import prod
from typing import Any

from auditor import wording
from auditor.errors import InputError
from auditor.models.inert import Described as Tensor
from auditor.models.verification import program
from auditor.models.verification.violations import Violation, within

__all__ = ["Tensor", "stored_tensors"]


def stored_tensors(
    members: Mapping[str, memoryview], folder: str, config: str
) -> tuple[list[Tensor], dict[str, bytes | memoryview]]:
    """The tensors in a folder as its configuration describes them, and the members to load in their place.

    Violation where one is a pickle or asks for more than is stored; InputError where a member is missing.
    """
    entries: dict[str, Any] = program.parsed(config, members[config], program.payloads)["config"]
    with within(config):
        found = [_tensor(name, entry, members.get(folder + entry["path_name"])) for name, entry in entries.items()]
    parts: dict[str, bytes | memoryview] = {config: json.dumps({"config": entries}).encode()}
    return found, parts | {
        folder + entry["path_name"]: members[folder + entry["path_name"]] for entry in entries.values()
    }


def _tensor(name: str, entry: Mapping[str, Any], stored: memoryview | None) -> Tensor:
    if entry["use_pickle"] or entry["tensor_meta"] is None:
        raise Violation("pickles", f"{wording.quoted(name)} is stored as a pickle")
    if stored is None:
        raise InputError(f"its member {entry['path_name']} is missing; copy or download it again")
    meta = entry["tensor_meta"]
    dtype, wide = program.ELEMENTS[meta["dtype"]]
    _check_extent(name, meta, len(stored) // wide)
    return Tensor(name, dtype, tuple(_whole(meta["sizes"], name)))


def _check_extent(name: str, meta: Mapping[str, Any], has: int) -> None:
    """A tensor that asks for more than is stored for it would read other memory, or take all there is."""
    sizes, strides = _whole(meta["sizes"], name), _whole(meta["strides"], name)
    offset = _whole([meta["storage_offset"]], name)[0]
    if len(sizes) != len(strides):
        raise Violation("tensors", f"{wording.quoted(name)} has {len(sizes)} sizes and {len(strides)} strides")
    reaches = offset + sum((length - 1) * step for length, step in zip(sizes, strides, strict=True)) + 1
    if prod(sizes) and reaches > has:
        raise Violation(
            "tensors", f"{wording.quoted(name)} reaches beyond the {wording.plural(has, 'value')} stored for it"
        )


def _whole(values: list[dict[str, Any]], name: str) -> list[int]:
    found = [value.get("as_int", -1) for value in values]
    if min(found, default=0) < 0:
        raise Violation("tensors", f"the sizes of {wording.quoted(name)} are no plain numbers")
    return found
