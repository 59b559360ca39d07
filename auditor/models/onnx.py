"""The few facts that the outermost fields of an ONNX file tell: a protobuf, read by its wire format."""

from collections import Counter
from collections.abc import Iterator

from auditor import wording

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
IR_VERSION, PRODUCER, PRODUCER_VERSION, GRAPH, OPSET = 1, 2, 3, 7, 8
NODE, INITIALIZER, INPUT, OUTPUT = 1, 5, 11, 12
NODE_OPERATOR, NODE_DOMAIN = 4, 7
TENSOR_LOCATION, EXTERNAL = 14, 1
OPSET_DOMAIN, OPSET_VERSION = 1, 2
NAME = 1
LONGEST_VARINT = 10
STANDARD = (b"", b"ai.onnx", b"ai.onnx.ml")


def described_onnx(content: bytes) -> tuple[str, ...]:
    """Who wrote an ONNX file, its operator sets, what it takes and gives. ValueError where it is cut short."""
    fields = list(_fields(memoryview(content)))
    texts = {
        number: bytes(value).decode("utf-8", "replace") for number, value in fields if isinstance(value, memoryview)
    }
    producer = " ".join(wording.name(texts[number]) for number in (PRODUCER, PRODUCER_VERSION) if number in texts)
    graph = [
        field
        for number, value in fields
        if number == GRAPH and isinstance(value, memoryview)
        for field in _fields(value)
    ]
    return tuple(fact for fact in (
        f"written by {producer}" if producer else "",
        *(_opset(value) for number, value in fields if number == OPSET and isinstance(value, memoryview)),
        *_graph_facts([(number, value) for number, value in graph if isinstance(value, memoryview)]),
    ) if fact)  # fmt: skip


def _graph_facts(graph: list[tuple[int, memoryview]]) -> Iterator[str]:
    counts = Counter(number for number, _ in graph)
    yield f"{wording.plural(counts[NODE], 'operator')} and {wording.plural(counts[INITIALIZER], 'tensor')} in its graph"
    for number, word in ((INPUT, "takes"), (OUTPUT, "gives")):
        names = [wording.name(_text(value, NAME)) for place, value in graph if place == number]
        if names:
            yield f"{word} {', '.join(names[:8])}"
    custom = {_text(value, NODE_DOMAIN) for number, value in graph if number == NODE} - {s.decode() for s in STANDARD}
    if custom:
        yield f"has operators of its own: {', '.join(wording.name(name) for name in sorted(custom)[:8])}"
    if any((TENSOR_LOCATION, EXTERNAL) in _fields(value) for number, value in graph if number == INITIALIZER):
        yield "keeps tensors in other files"


def _opset(field: memoryview) -> str:
    version = next((value for number, value in _fields(field) if number == OPSET_VERSION), "of an unknown version")
    return f"operator set {wording.name(_text(field, OPSET_DOMAIN) or 'ai.onnx')} {version}"


def _text(message: memoryview, number: int) -> str:
    value = next((v for place, v in _fields(message) if place == number and isinstance(v, memoryview)), b"")
    return bytes(value[:200]).decode("utf-8", "replace")


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The number and value of each field of a message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == BYTES:
            length, at = _varint(message, at)
        else:
            length = {EIGHT: 8, FOUR: 4}.get(kind, len(message) + 1)
        if at + length > len(message):
            raise ValueError("the file is cut short, or is no ONNX model")
        yield number, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for place in range(LONGEST_VARINT):
        if at + place >= len(message):
            break
        byte = message[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("the file is cut short, or is no ONNX model")
