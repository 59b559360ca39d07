"""What an ONNX file would open or call beyond itself: other files with weights, operators of other libraries."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from auditor import wording
from auditor.errors import InputError, ModelRefused
from auditor.models.files import ModelFile
from auditor.models.onnx_fields import (
    ALGORITHM,
    ATTRIBUTES,
    DATA_LOCATION,
    DOMAIN,
    EXTERNAL,
    EXTERNAL_DATA,
    FUNCTION_DEFAULTS,
    FUNCTION_DOMAIN,
    FUNCTION_NODES,
    FUNCTIONS,
    GRAPH,
    INITIALISATION,
    INITIALIZERS,
    KEY,
    NODES,
    OPERATOR,
    SPARSE,
    SPARSE_TENSOR,
    SPARSE_TENSORS,
    SUBGRAPH,
    SUBGRAPHS,
    TENSOR,
    TENSORS,
    TRAINING,
    VALUE,
)
from auditor.models.onnx_functions import operators_in_place
from auditor.models.protobuf import DEEPEST, Message, parse

OWN_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
OPENS_FILES = ("EPContext", "PythonOp", "PythonOpGrad")


@dataclass
class Found:
    """What was seen on the way through: files that hold weights, and operators with their domains."""

    files: set[str] = field(default_factory=set)
    operators: set[tuple[str, str]] = field(default_factory=set)


def weight_files(file: ModelFile) -> tuple[Path, ...]:
    """The files beside the model that hold weights of it, all of them inside its folder.

    ModelRefused where one lies elsewhere, or where an operator belongs to a library of its own or opens files;
    InputError where the file is damaged.
    """
    try:
        model = parse(memoryview(file.content))
        found = Found()
        for graph in _graphs(model):
            _graph(graph, found, 0)
        functions = list(model.messages(FUNCTIONS))
        for function in functions:
            _nodes(function.messages(FUNCTION_NODES), found, 0)
            _attributes(function.messages(FUNCTION_DEFAULTS), found, 0)
        operators_in_place(model)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file.name} is no whole ONNX model: {error}; copy or download it again") from None
    domains = {domain for function in functions for domain in function.texts(FUNCTION_DOMAIN)}
    _refuse_operators(file, found, domains)
    return tuple(_inside(file, name) for name in sorted(found.files))


def _graphs(model: Message) -> Iterator[Message]:
    """The graph of a model, and those with which it was trained."""
    yield from model.messages(GRAPH)
    for training in model.messages(TRAINING):
        for place in (INITIALISATION, ALGORITHM):
            yield from training.messages(place)


def _graph(graph: Message, found: Found, depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError("its graphs are nested too deep")
    for tensor in graph.messages(INITIALIZERS):
        _tensor(tensor, found)
    for sparse in graph.messages(SPARSE):
        _sparse(sparse, found)
    _nodes(graph.messages(NODES), found, depth)


def _nodes(nodes: Iterator[Message], found: Found, depth: int) -> None:
    for node in nodes:
        found.operators.add(("".join(node.texts(DOMAIN)[-1:]), "".join(node.texts(OPERATOR)[-1:])))
        _attributes(node.messages(ATTRIBUTES), found, depth)


def _attributes(attributes: Iterator[Message], found: Found, depth: int) -> None:
    for attribute in attributes:
        for place in (TENSOR, TENSORS):
            for tensor in attribute.messages(place):
                _tensor(tensor, found)
        for place in (SPARSE_TENSOR, SPARSE_TENSORS):
            for sparse in attribute.messages(place):
                _sparse(sparse, found)
        for place in (SUBGRAPH, SUBGRAPHS):
            for graph in attribute.messages(place):
                _graph(graph, found, depth + 1)


def _sparse(sparse: Message, found: Found) -> None:
    """Values and indices of a sparse tensor."""
    for place in (1, 2):
        for tensor in sparse.messages(place):
            _tensor(tensor, found)


def _tensor(tensor: Message, found: Found) -> None:
    entries = list(tensor.messages(EXTERNAL_DATA))
    if EXTERNAL not in tensor.numbers.get(DATA_LOCATION, ()) and not entries:
        return
    pairs = [(entry.texts(KEY), entry.texts(VALUE)) for entry in entries]
    if any(len(key) != 1 or len(value) != 1 for key, value in pairs):
        raise ValueError(
            "a tensor outside the file says its place twice"
        )  # which of the two counts is no guess to make
    places = [value[0] for key, value in pairs if key == ("location",)]
    if len(places) != 1:
        raise ValueError("a tensor outside the file has no one location")
    found.files.add(places[0])


def _refuse_operators(file: ModelFile, found: Found, own: set[str]) -> None:
    for domain, operator in sorted(found.operators):
        if operator in OPENS_FILES or (domain not in OWN_DOMAINS and domain not in own):
            shown = wording.name(f"{domain}::{operator}" if domain else operator)
            raise ModelRefused(
                f"{file.name} (ONNX model) calls {shown}, which runs code of another library or file: it is not loaded; "
                "export the model with standard operators alone"
            )


def _inside(file: ModelFile, name: str) -> Path:
    """The path of a file with weights; only a plain relative one is followed, and no link that leads out."""
    folder = file.path.parent.resolve()
    odd = PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor or "\\" in name or "\0" in name
    path = folder if odd else (folder / name).resolve()
    if path == folder or not path.is_relative_to(folder):
        raise ModelRefused(
            f"{file.name} (ONNX model) keeps weights in {wording.name(name)}, outside its own folder: it is not loaded; "
            "save it with its weights inside, or beside it"
        )
    if not path.is_file():
        raise InputError(
            f"{file.name} keeps weights in {wording.name(name)}, which is not there; copy it beside the model"
        )
    return path
