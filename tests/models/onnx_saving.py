"""ONNX files written by hand, honest and crafted: the fields of onnx.proto by their numbers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

TYPES = {"float32": 1, "int64": 7}


def varint(value: int) -> bytes:
    more = [value >> shift & 0x7F | 0x80 for shift in range(0, max(7, -(-value.bit_length() // 7) * 7), 7)]
    return bytes([*more[:-1], more[-1] & 0x7F])


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def tensor(name: str, values: np.ndarray, location: str | None = None) -> bytes:
    """A tensor with its values inside, or in a file at `location`."""
    head = b"".join(field(1, n) for n in values.shape) + field(2, TYPES[values.dtype.name]) + field(8, name)
    return head + (field(9, values.tobytes()) if location is None else external(location))


def external(*location: str) -> bytes:
    """Where a tensor keeps its values; more than one place is what only a crafted file has."""
    return b"".join(field(13, field(1, "location") + field(2, place)) for place in location) + field(14, 1)


def node(
    operator: str, inputs: Sequence[str], outputs: Sequence[str], domain: str = "", attribute: bytes = b""
) -> bytes:
    ends = b"".join(field(1, name) for name in inputs) + b"".join(field(2, name) for name in outputs)
    return ends + field(4, operator) + (field(5, attribute) if attribute else b"") + field(7, domain)


def value(name: str, columns: int, dtype: str = "float32", rows: int | str = "rows") -> bytes:
    """An input or output of (rows, columns)."""
    first = field(1, rows) if isinstance(rows, int) else field(2, rows)
    shape = field(1, first) + field(1, field(1, columns))
    return field(1, name) + field(2, field(1, field(1, TYPES[dtype]) + field(2, shape)))


def graph(nodes: Sequence[bytes], tensors: Sequence[bytes], inputs: Sequence[bytes], outputs: Sequence[bytes]) -> bytes:
    parts = ((1, nodes), (5, tensors), (11, inputs), (12, outputs))
    return field(2, "graph") + b"".join(field(number, part) for number, all_ in parts for part in all_)


def model(path: Path, content: bytes, more: bytes = b"", domains: Sequence[str] = ()) -> Path:
    opsets = b"".join(field(8, field(1, domain) + field(2, 17 if not domain else 1)) for domain in ("", *domains))
    path.write_bytes(field(1, 8) + field(2, "tests") + field(7, content) + opsets + more)
    return path


def linear(path: Path, weight: np.ndarray, *, location: str | None = None, rows: int | str = "rows") -> Path:
    """Scores of (rows, features) features by a weight (features, classes)."""
    if location is not None and (path.parent / location).parent.is_dir():
        (path.parent / location).write_bytes(weight.tobytes())
    features, classes = weight.shape
    return model(
        path,
        graph(
            [node("MatMul", ["x", "w"], ["scores"])],
            [tensor("w", weight, location)],
            [value("x", features, rows=rows)],
            [value("scores", classes, rows=rows)],
        ),
    )


def two_inputs(path: Path) -> Path:
    """A number and a looked-up code added up, and their difference as a second output."""
    looked_up = (
        node("Gather", ["table", "code"], ["deep"]),
        node("ReduceSum", ["deep", "axis"], ["found"], attribute=field(1, "keepdims") + field(3, 0) + field(20, 2)),
    )
    return model(
        path,
        graph(
            [*looked_up, node("Add", ["age", "found"], ["logits"]), node("Sub", ["age", "found"], ["rest"])],
            [tensor("table", np.array([[-3.0], [3.0]], np.float32)), tensor("axis", np.array([1]))],
            [value("age", 1), value("code", 1, "int64")],
            [value("rest", 1), value("logits", 1)],
        ),
    )
