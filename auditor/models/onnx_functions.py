"""How far the functions of an ONNX file grow when its runtime puts each of them in every place that calls it."""

from collections import Counter
from collections.abc import Iterator, Mapping

from auditor.models.onnx_fields import (
    ATTRIBUTES,
    DOMAIN,
    FUNCTION_DOMAIN,
    FUNCTION_NAME,
    FUNCTION_NODES,
    FUNCTIONS,
    GRAPH,
    NODES,
    OPERATOR,
    SUBGRAPH,
    SUBGRAPHS,
)
from auditor.models.protobuf import DEEPEST, Message

MOST_OPERATORS = 1_000_000
Name = tuple[str, str]


def operators_in_place(model: Message) -> int:
    """The operators of a model once its functions stand in their places.

    ValueError where they are more than a million, or where functions call each other too deeply, or themselves.
    """
    calls: dict[Name, Counter[Name]] = {}
    for function in model.messages(FUNCTIONS):
        name = _name(function, FUNCTION_DOMAIN, FUNCTION_NAME)
        calls[name] = calls.get(name, Counter()) | _calls(function.messages(FUNCTION_NODES))
    sizes: dict[Name, int] = {}
    graphs = [_calls(graph.messages(NODES)) for graph in model.messages(GRAPH)]
    return sum(_size(called, calls, sizes, 0) for called in graphs)


def _size(called: Counter[Name], calls: Mapping[Name, Counter[Name]], sizes: dict[Name, int], depth: int) -> int:
    if depth > DEEPEST:
        raise ValueError(f"its functions call each other more than {DEEPEST} deep, or themselves")
    for name in called.keys() & calls.keys() - sizes.keys():
        sizes[name] = _size(calls[name], calls, sizes, depth + 1)
    found = sum(times * sizes.get(name, 1) for name, times in called.items())
    if found > MOST_OPERATORS:
        raise ValueError(f"its functions grow to more than {MOST_OPERATORS:,} operators where they are called")
    return found


def _calls(nodes: Iterator[Message]) -> Counter[Name]:
    """How often each operator or function is called, in branches and loops too."""
    called: Counter[Name] = Counter()
    for node in nodes:
        called[_name(node, DOMAIN, OPERATOR)] += 1
        for attribute in node.messages(ATTRIBUTES):
            for place in (SUBGRAPH, SUBGRAPHS):
                for graph in attribute.messages(place):
                    called += _calls(graph.messages(NODES))
    return called


def _name(message: Message, domain: int, name: int) -> Name:
    of = "".join(message.texts(domain)[-1:])
    return ("" if of == "ai.onnx" else of), "".join(message.texts(name)[-1:])
