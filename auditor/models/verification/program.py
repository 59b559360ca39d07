"""What models/*.json of a torch.export archive may hold: its schema, version 8, as parsers.

Every name in it ends up in Python source that PyTorch writes and runs, and so do texts given as fixed inputs: names are
identifiers, texts are plain. What only describes the program (stack traces, the modules it was made from) is left out.
"""

import json
from typing import Any

from auditor import wording
from auditor.errors import InputError
from auditor.models.verification import expressions
from auditor.models.verification.operators import only_computes
from auditor.models.verification.structure import (
    Parse,
    emptied,
    flag,
    listed,
    mapped,
    matching,
    number,
    one_of,
    optional,
    record,
    shown,
    text,
    union,
    whole,
)
from auditor.models.verification.violations import Violation, within

MAJOR = 8
DENSE = 7
TREE_VERSION = 1
MOST_DIMENSIONS = 64
# The types of number, by what the schema calls them, and the bytes of each.
ELEMENTS = {
    1: ("uint8", 1), 2: ("int8", 1), 3: ("int16", 2), 4: ("int32", 4), 5: ("int64", 8), 6: ("float16", 2),
    7: ("float32", 4), 8: ("float64", 8), 9: ("complex32", 4), 10: ("complex64", 8), 11: ("complex128", 16),
    12: ("bool", 1), 13: ("bfloat16", 2), 28: ("uint16", 2), 29: ("float8_e4m3fn", 1), 30: ("float8_e5m2", 1),
    31: ("float8_e4m3fnuz", 1), 32: ("float8_e5m2fnuz", 1), 33: ("float8_e8m0fnu", 1), 34: ("uint32", 4),
    35: ("uint64", 8),
}  # fmt: skip
LONGEST = 2**28
NODES = {"builtins.tuple": "null", "builtins.list": "null", "builtins.dict": "", "collections.OrderedDict": ""}

identifier = matching(r"[A-Za-z_][A-Za-z0-9_]{0,255}", "a plain name", "names")
argument_name = matching(r"([A-Za-z_][A-Za-z0-9_]{0,255})?", "a plain name", "names")
symbol = matching(expressions.SYMBOL, "a symbol of a size such as s77", "names")
plain_text = matching(r"[A-Za-z0-9_ .,:/+-]{0,200}", "a plain text", "names")


def attribute(value: Any) -> str:  # noqa: ANN401  (any JSON value)
    """The dotted name of a parameter or module."""
    name: str = _dotted(value)
    if any(part.startswith("__") and part.endswith("__") for part in name.split(".")):
        raise Violation("names", f"the name of a parameter or module was expected, found {shown(value)}")
    return name


_dotted = matching(r"[A-Za-z0-9_@/: +-]*(\.[A-Za-z0-9_@/: +-]+){0,50}", "the name of a parameter or module", "names")


def operator(value: Any) -> str:  # noqa: ANN401
    """An operator that only computes."""
    if isinstance(value, str) and only_computes(value):
        return value
    raise Violation("operators", f"{shown(value)} is not among the operators that only compute")


def graph(value: Any) -> Any:  # noqa: ANN401
    """A graph; blocks of a program hold graphs of their own."""
    return _graph(value)


def tree(value: Any) -> str:  # noqa: ANN401
    """How inputs or outputs nest: tuples, lists and dictionaries alone, since other types name modules to import."""
    try:
        version, outermost = json.loads(text(value))
    except (ValueError, TypeError) as error:
        raise Violation("structure", f"a tree of inputs or outputs was expected, found {shown(value)}") from error
    if version != TREE_VERSION:
        raise Violation("structure", f"a tree of version {TREE_VERSION} was expected, found {shown(version)}")
    return json.dumps([TREE_VERSION, branch(outermost)])


def branch(value: Any) -> dict[str, Any]:  # noqa: ANN401
    """A tuple, list, dictionary or value, and what lies in it."""
    found: dict[str, Any] = _tree_node(value)
    kind, context, children = found["type"], found["context"], found["children_spec"]
    if kind is None and context is None and not children:
        return found
    if kind not in NODES or (NODES[kind] and context != NODES[kind]):
        raise Violation("structure", f"{shown(kind)} is not a tuple, a list or a dictionary")
    if not NODES[kind] and len(_keys(context)) != len(children):
        raise Violation("structure", f"a dictionary of {len(children)} entries has the keys {shown(context)}")
    return found


def _keys(context: Any) -> list[Any]:  # noqa: ANN401
    try:
        keys = json.loads(text(context))
    except ValueError as error:
        raise Violation("structure", f"the keys of a dictionary were expected, found {shown(context)}") from error
    return [key if type(key) is int else identifier(key) for key in listed(lambda key: key)(keys)]


_tree_node = record(
    {
        "type": optional(text),
        "context": optional(text),
        "children_spec": listed(branch),
    }
)

named = record({"name": identifier})
hint = union({"as_int": whole(), "as_bool": flag, "as_float": number})
symbolic = record({"expr_str": expressions.expression}, {"hint": optional(hint)})
size = union({"as_expr": symbolic, "as_int": whole(-(2**62), 2**62)})
truth = union({"as_expr": symbolic, "as_bool": flag})
amount = union({"as_expr": symbolic, "as_float": number})
size_argument = union({"as_name": identifier, "as_int": whole()})
amount_argument = union({"as_name": identifier, "as_float": number})
truth_argument = union({"as_name": identifier, "as_bool": flag})
optional_tensor = union({"as_tensor": named, "as_none": flag})
scalar_type = one_of(ELEMENTS, "a type of number that is loaded", "structure")
layout = one_of((DENSE,), "the dense layout", "structure")
device = record(
    {"type": one_of(("cpu", "cuda", "mps", "xpu"), "a device that is known", "structure")},
    {"index": optional(whole(0, 1000))},
)
tensor_meta = record(
    {
        "dtype": scalar_type,
        "sizes": listed(size, MOST_DIMENSIONS),
        "requires_grad": flag,
        "device": device,
        "strides": listed(size, MOST_DIMENSIONS),
        "storage_offset": size,
        "layout": layout,
    }
)
argument: Parse = union(
    {
        "as_none": flag,
        "as_tensor": named,
        "as_tensors": listed(named),
        "as_int": whole(),
        "as_ints": listed(whole()),
        "as_float": number,
        "as_floats": listed(number),
        "as_string": text,
        "as_strings": listed(text),
        "as_sym_int": size_argument,
        "as_sym_ints": listed(size_argument),
        "as_scalar_type": scalar_type,
        "as_memory_format": whole(0, 4),
        "as_layout": layout,
        "as_device": device,
        "as_bool": flag,
        "as_bools": listed(flag),
        "as_sym_bool": truth_argument,
        "as_sym_bools": listed(truth_argument),
        "as_graph": record({"name": identifier, "graph": graph}),
        "as_optional_tensors": listed(optional_tensor),
        "as_sym_float": amount_argument,
        "as_sym_floats": listed(amount_argument),
        "as_optional_tensor": optional_tensor,
        "as_complex": record({"real": number, "imag": number}),
        "as_nested_tensors": listed(listed(named)),
    }
)
node = record(
    {
        "target": operator,
        "inputs": listed(record({"name": argument_name, "arg": argument}, {"kind": optional(whole(0, 2))})),
        "outputs": listed(argument),
        "metadata": emptied(dict),
    },
    {"is_hop_single_tensor_return": optional(flag), "name": optional(identifier)},
)
# Texts among the inputs and outputs of a whole program become part of its guards.
value_argument = union(
    {
        "as_none": flag,
        "as_tensor": named,
        "as_int": whole(),
        "as_float": number,
        "as_bool": flag,
        "as_string": plain_text,
        "as_sym_int": size_argument,
        "as_sym_float": amount_argument,
        "as_sym_bool": truth_argument,
    }
)
_graph = record(
    {
        "inputs": listed(value_argument),
        "outputs": listed(argument),
        "nodes": listed(node),
        "tensor_values": mapped(identifier, tensor_meta),
        "sym_int_values": mapped(identifier, size),
        "sym_bool_values": mapped(identifier, truth),
    },
    {
        "is_single_tensor_return": flag,
        "custom_obj_values": mapped(one_of((), "loaded: objects of custom classes run code", "pickles"), text),
        "sym_float_values": mapped(identifier, amount),
    },
)
constant = union({"as_none": flag, "as_int": whole(), "as_float": number, "as_string": plain_text, "as_bool": flag})
input_spec = union(
    {
        "user_input": record({"arg": value_argument}),
        "parameter": record({"arg": named, "parameter_name": attribute}),
        "buffer": record({"arg": named, "buffer_name": attribute, "persistent": flag}),
        "tensor_constant": record({"arg": named, "tensor_constant_name": attribute}),
        "constant_input": record({"name": identifier, "value": constant}),
    }
)
output_spec = union(
    {
        "user_output": record({"arg": value_argument}),
        "buffer_mutation": record({"arg": named, "buffer_name": attribute}),
        "parameter_mutation": record({"arg": named, "parameter_name": attribute}),
        "user_input_mutation": record({"arg": named, "user_input_name": identifier}),
    }
)
call_signature = record(
    {"inputs": listed(value_argument), "outputs": listed(value_argument), "in_spec": tree, "out_spec": tree},
    {"forward_arg_names": optional(listed(identifier))},
)
graph_module = record(
    {
        "graph": graph,
        "signature": record({"input_specs": listed(input_spec), "output_specs": listed(output_spec)}),
        "module_call_graph": listed(record({"fqn": attribute}, {"signature": optional(call_signature)})),
    },
    {"metadata": emptied(dict), "treespec_namedtuple_fields": emptied(dict)},
)
exported_program = record(
    {
        "graph_module": graph_module,
        "opset_version": mapped(identifier, whole(0, 1000)),
        "range_constraints": mapped(symbol, record({"min_val": optional(whole()), "max_val": optional(whole())})),
        "schema_version": record(
            {"major": one_of((MAJOR,), f"the format that is read, {MAJOR}", "version"), "minor": whole()}
        ),
    },
    {
        "verifiers": listed(one_of(("TRAINING", "ATEN"), "a dialect that is known", "structure")),
        "torch_version": plain_text,
        "guards_code": listed(expressions.guard),
    },
)
payload = record(
    {
        "path_name": matching(r"(weight|tensor)_\d{1,9}", "the name of stored tensors", "pickles"),
        "is_param": flag,
        "use_pickle": flag,
        "tensor_meta": optional(tensor_meta),
    }
)
payloads = record({"config": mapped(attribute, payload)})


def parsed(name: str, content: memoryview, parse: Parse) -> Any:  # noqa: ANN401
    """The JSON of a member as far as it was understood, Violation where that is not all of it. InputError where it is none."""
    if len(content) > LONGEST:
        raise Violation(
            "members", f"{wording.count(len(content))} bytes, at most {wording.count(LONGEST)} are read", name
        )
    try:
        with within(name):
            return parse(json.loads(bytes(content)))
    except ValueError as error:
        raise InputError(f"its member {name} is no JSON; copy or download it again") from error
    except RecursionError as error:
        raise Violation("structure", "it nests too deeply to be read", name) from error
