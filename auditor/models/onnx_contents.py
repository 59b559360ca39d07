"""What an ONNX file says of itself, for `auditor inspect`."""

from collections.abc import Iterator

from auditor import wording
from auditor.models.onnx_fields import (
    DATA_LOCATION,
    DOMAIN,
    EXTERNAL,
    GRAPH,
    INITIALIZERS,
    INPUT,
    NAME,
    NODES,
    OPSET,
    OPSET_DOMAIN,
    OPSET_VERSION,
    OUTPUT,
    PRODUCER,
    PRODUCER_VERSION,
)
from auditor.models.onnx_files import OWN_DOMAINS
from auditor.models.protobuf import Message, parse

MOST_NAMES = 8


def described_onnx(content: bytes) -> tuple[str, ...]:
    """Who wrote an ONNX file, its operator sets, what it takes and gives. ValueError where it is cut short."""
    model = parse(memoryview(content))
    producer = " ".join(wording.name(text) for field in (PRODUCER, PRODUCER_VERSION) for text in model.texts(field))
    written = (f"written by {producer}",) if producer else ()
    sets = tuple(_opset(entry) for entry in model.messages(OPSET))
    return (*written, *sets, *(fact for graph in model.messages(GRAPH) for fact in _graph_facts(graph)))


def _opset(entry: Message) -> str:
    domain = "".join(entry.texts(OPSET_DOMAIN)) or "ai.onnx"
    version = entry.numbers.get(OPSET_VERSION, ("of an unknown version",))[0]
    return f"operator set {wording.name(domain)} {version}"


def _graph_facts(graph: Message) -> Iterator[str]:
    nodes, tensors = list(graph.messages(NODES)), list(graph.messages(INITIALIZERS))
    yield f"{wording.plural(len(nodes), 'operator')} and {wording.plural(len(tensors), 'tensor')} in its graph"
    for field, word in ((INPUT, "takes"), (OUTPUT, "gives")):
        names = [wording.name("".join(entry.texts(NAME))) for entry in graph.messages(field)]
        if names:
            yield f"{word} {', '.join(names[:MOST_NAMES])}"
    custom = {domain for node in nodes for domain in node.texts(DOMAIN)} - set(OWN_DOMAINS)
    if custom:
        yield f"has operators of its own: {', '.join(wording.name(name) for name in sorted(custom)[:MOST_NAMES])}"
    if any(EXTERNAL in tensor.numbers.get(DATA_LOCATION, ()) for tensor in tensors):
        yield "keeps tensors in other files"
