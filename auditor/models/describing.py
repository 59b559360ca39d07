"""What a saved model holds, by its content alone: nothing of it is run, and PyTorch is not imported."""

import ast
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from auditor import wording
from auditor.errors import AuditorError
from auditor.models.detection import Format
from auditor.models.inert import Contents, Described, contents, key_name, saved_contents, tensors
from auditor.models.onnx_contents import described_onnx
from auditor.models.verification import Violation, verify
from auditor.models.verification.program import ELEMENTS

NPY_MAGIC = b"\x93NUMPY"
MOST_CALLS = 10
# What the readers of the standard library raise for damaged content.
UNREADABLE = (
    AuditorError, Violation, ArithmeticError, ValueError, LookupError, TypeError, AttributeError, SyntaxError, RuntimeError,
    MemoryError, EOFError, OSError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


@dataclass(frozen=True)
class Holds:
    """What a file holds: facts as sentences, and its tensors."""

    facts: tuple[str, ...] = ()
    tensors: tuple[Described, ...] = ()


def described(content: bytes, form: Format) -> Holds:
    """What a file of this format holds, as far as it can be told without running it."""
    describe = DESCRIBERS.get(form)
    try:
        return describe(content) if describe else Holds()
    except UNREADABLE as error:
        return Holds((f"what it holds could not be read: {wording.name(str(error) or type(error).__name__)}",))


def _program(content: bytes) -> Holds:
    verified = verify(content)
    program = verified.program
    graph = program["graph_module"]["graph"]
    ranges = program["range_constraints"]
    taken = [
        spec["user_input"]["arg"]
        for spec in program["graph_module"]["signature"]["input_specs"]
        if "user_input" in spec
    ]
    names = [argument["as_tensor"]["name"] for argument in taken if "as_tensor" in argument]
    inputs = tuple(f"takes {name}: {_shape(graph['tensor_values'][name], ranges)}" for name in names)
    made = f"exported by PyTorch {program.get('torch_version', 'of an unknown version')}"
    return Holds((made, f"{wording.plural(len(graph['nodes']), 'operator')} in its graph", *inputs), verified.tensors)


def _shape(meta: dict[str, Any], ranges: dict[str, Any]) -> str:
    sizes = " x ".join(_size(size, ranges) for size in meta["sizes"]) or "one value"
    return f"{ELEMENTS[meta['dtype']][0]}, {sizes}"


def _size(size: dict[str, Any], ranges: dict[str, Any]) -> str:
    if "as_int" in size:
        return str(size["as_int"])
    text = size["as_expr"]["expr_str"]
    limits = next((limit for symbol, limit in ranges.items() if f"'{symbol}'" in text or symbol == text), None)
    low, high = (limits["min_val"], limits["max_val"]) if limits else (None, None)
    known = [f"{word} {value}" for word, value in (("from", low), ("to", high)) if value is not None]
    return f"any ({' '.join(known)})" if known else "any"


def _saved(content: bytes) -> Holds:
    return _of_pickle(saved_contents(content))


def _plain(content: bytes) -> Holds:
    return _of_pickle(contents(BytesIO(content)))


def _of_pickle(found: Contents) -> Holds:
    calls = found.beyond_tensors
    more = f" and {len(calls) - MOST_CALLS} more" if len(calls) > MOST_CALLS else ""
    listed = ", ".join(wording.name(name) for name in calls[:MOST_CALLS]) + more
    keys = found.value if isinstance(found.value, dict) else {}
    facts = (
        f"its keys: {_words([key_name(key) for key in keys])}" if keys else "",
        f"loading it would call {listed}" if calls else "it calls nothing but what makes tensors and plain values",
    )
    return Holds(tuple(fact for fact in facts if fact), tuple(tensors(found.value)))


def _words(names: list[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(wording.name(name) for name in names[:most]) + more


def _safetensors(content: bytes) -> Holds:
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    stated = f"its metadata: {_words([f'{key}={value}' for key, value in metadata.items()])}" if metadata else ""
    _require_contiguous([entry["data_offsets"] for entry in header.values()])
    found = (Described(name, _dtype(str(entry["dtype"])), _lengths(entry["shape"])) for name, entry in header.items())
    return Holds((stated,) if stated else (), tuple(found))


def _lengths(shape: object) -> tuple[int, ...]:
    if not isinstance(shape, list) or not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError(f"{shape} is no shape of a tensor")
    return tuple(shape)


def _require_contiguous(places: list[list[int]]) -> None:
    """Each tensor begins where the one before it ends."""
    ends = 0
    for first, end in sorted(places):
        if first != ends or end < first:
            raise ValueError("its tensors overlap or leave gaps")
        ends = end


def _dtype(short: str) -> str:
    """`F32`, as safetensors has it, as `float32`."""
    found = re.fullmatch(r"(F|BF|I|U|C)(\d+)", short)
    words = {"F": "float", "BF": "bfloat", "I": "int", "U": "uint", "C": "complex"}
    return f"{words[found[1]]}{found[2]}" if found else short.lower()


def _torchscript(content: bytes) -> Holds:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        code = [name for name in archive.namelist() if name.endswith(".py")]
    return Holds((f"{wording.plural(len(code), 'file')} of code",), tuple(tensors(saved_contents(content).value)))


def _arrays(content: bytes) -> Holds:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        found = []
        for entry in archive.infolist():
            with archive.open(entry) as member:
                found.append(_array(entry.filename.removesuffix(".npy"), member.read(4096)))
    objects = [array.name for array in found if "object" in array.dtype]
    facts = (f"{_words(objects)} hold pickled objects, which are never loaded",) if objects else ()
    return Holds(facts, tuple(found))


def _array(name: str, start: bytes) -> Described:
    """An array by the header of its .npy: a Python literal, which is parsed and not run."""
    if not start.startswith(NPY_MAGIC):
        raise ValueError(f"{name} is no array")
    at, wide = (10, 2) if start[6] == 1 else (12, 4)
    header = ast.literal_eval(start[at : at + int.from_bytes(start[8 : 8 + wide], "little")].decode("latin-1").strip())
    kind = str(header["descr"])
    return Described(name, "object" if "O" in kind else kind, tuple(header["shape"]))


def _sharded(content: bytes) -> Holds:
    files = Counter(json.loads(content)["weight_map"].values())
    return Holds(
        tuple(
            f"{wording.plural(number, 'tensor')} in {wording.name(str(name))}" for name, number in sorted(files.items())
        )
    )


def _onnx(content: bytes) -> Holds:
    return Holds(described_onnx(content))


DESCRIBERS: dict[Format, Callable[[bytes], Holds]] = {
    Format.EXPORTED: _program,
    Format.EXPORTED_OLD: _program,
    Format.STATE_DICT: _saved,
    Format.PICKLED: _saved,
    Format.PLAIN_PICKLE: _plain,
    Format.SAFETENSORS: _safetensors,
    Format.SHARDED: _sharded,
    Format.TORCHSCRIPT: _torchscript,
    Format.NPZ: _arrays,
    Format.ONNX: _onnx,
}
