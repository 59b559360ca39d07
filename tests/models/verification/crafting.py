"""Archives of torch.export with one thing in them that would act: each creates a folder, and nothing else."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.models.saving import Net, Payload, exported, rewritten

Json = dict[str, Any]


class Switched(nn.Module):
    """A network with a word among its inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, features: Tensor, mode: str) -> Tensor:
        scores: Tensor = self.layer(features)
        return scores * 2 if mode == "double" else scores


def edited(path: Path, end: str, change: Callable[[Json], None]) -> Path:
    """The archive with the JSON of one member changed."""

    def edit(name: str, content: bytes) -> bytes:
        if not name.endswith(end):
            return content
        value = json.loads(content)
        change(value)
        return json.dumps(value).encode()

    return rewritten(path, edit)


def replaced(path: Path, end: str, content: bytes) -> Path:
    """The archive with one member replaced."""
    return rewritten(path, lambda name, old: content if name.endswith(end) else old)


def added(path: Path, name: str, content: bytes, **settings: Any) -> Path:
    """The archive with one more member in its folder."""
    with zipfile.ZipFile(path, "a") as file:
        root = file.namelist()[0].partition("/")[0]
        file.writestr(f"{root}/{name}", content, **settings)
    return path


def torch_saved(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def call(marker: Path) -> str:
    """Python that creates the marker, once or often, in an expression without a dot."""
    return f"getattr(__import__('os'), 'makedirs')('{marker}', exist_ok=True)"


def everywhere(value: Any, old: str, new: str) -> Any:
    """The JSON value with one word replaced by another."""
    if isinstance(value, dict):
        return {everywhere(key, old, new): everywhere(entry, old, new) for key, entry in value.items()}
    if isinstance(value, list):
        return [everywhere(entry, old, new) for entry in value]
    return new if value == old else value


def graph_of(program: Json) -> Json:
    graph: Json = program["graph_module"]["graph"]
    return graph


def argument(value: Json, name: str = "") -> Json:
    return {"name": name, "arg": value, "kind": 1}


def sample_inputs(path: Path, marker: Path) -> Path:
    return replaced(path, "sample_inputs/model.pt", torch_saved(((Payload(marker),), {})))


def pickled_weights(path: Path, marker: Path) -> Path:
    def mark(config: Json) -> None:
        for entry in config["config"].values():
            entry["use_pickle"] = entry["path_name"] == "weight_0"

    return replaced(edited(path, "model_weights_config.json", mark), "weight_0", torch_saved(Payload(marker)))


def weights_of_2_8(path: Path, marker: Path) -> Path:
    return added(path, "data/weights/model.pt", torch_saved({"layers.0.weight": Payload(marker)}))


def custom_object(path: Path, marker: Path) -> Path:
    config = {
        "config": {"a": {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True, "tensor_meta": None}}
    }
    path = replaced(path, "model_constants_config.json", json.dumps(config).encode())
    import pickle

    return added(path, "data/constants/opaque_obj_0", pickle.dumps(Payload(marker)))


def shape_expression(path: Path, marker: Path) -> Path:
    def edit(program: Json) -> None:
        sizes = next(
            meta["sizes"] for meta in graph_of(program)["tensor_values"].values() if "as_expr" in meta["sizes"][0]
        )
        sizes[0]["as_expr"]["expr_str"] = call(marker)

    return edited(path, "models/model.json", edit)


def guard(path: Path, marker: Path) -> Path:
    return edited(path, "models/model.json", lambda program: program["guards_code"].append(f"{call(marker)} is None"))


def node(path: Path, target: str, inputs: list[Json]) -> Path:
    """One more node, whose result nobody reads."""

    def edit(program: Json) -> None:
        graph = graph_of(program)
        meta = next(iter(graph["tensor_values"].values())) | {"sizes": [{"as_int": 8}], "strides": [{"as_int": 1}]}
        graph["tensor_values"]["one_more"] = meta
        graph["nodes"].append({
            "target": target, "inputs": inputs, "outputs": [{"as_tensor": {"name": "one_more"}}], "metadata": {},
            "is_hop_single_tensor_return": None, "name": "one_more",
        })  # fmt: skip
        graph["outputs"].append({"as_tensor": {"name": "one_more"}})
        specs = program["graph_module"]["signature"]["output_specs"]
        specs.append({"user_output": {"arg": {"as_tensor": {"name": "one_more"}}}})
        leaf = '{"type": null, "context": null, "children_spec": []}'
        root = program["graph_module"]["module_call_graph"][0]["signature"]
        root["out_spec"] = f'[1, {{"type": "builtins.tuple", "context": "null", "children_spec": [{leaf}, {leaf}]}}]'

    return edited(path, "models/model.json", edit)


def file_operator(path: Path, marker: Path) -> Path:
    inputs = [argument({"as_string": str(marker)}, "filename"), argument({"as_bool": True}, "shared"),
              argument({"as_int": 8}, "size")]  # fmt: skip
    return node(path, "torch.ops.aten.from_file.default", inputs)


def any_function(path: Path, marker: Path) -> Path:
    return node(path, "torch.os.mkdir", [argument({"as_string": str(marker)})])


def node_name(path: Path, marker: Path) -> Path:
    def edit(program: Json) -> None:
        changed = everywhere(program, "relu", f"globals()[{call(marker)}]")
        program.update(changed)

    return edited(path, "models/model.json", edit)


def parameter_name(path: Path, marker: Path) -> Path:
    name = f'layers.0", {call(marker)}, "'

    def edit(value: Json) -> None:
        changed = everywhere(value, "layers.0.weight", name)
        value.clear()
        value.update(changed)

    return edited(edited(path, "models/model.json", edit), "model_weights_config.json", edit)


def fixed_text(path: Path, marker: Path) -> Path:
    exported(
        path, Switched().eval(), torch.ones(2, 4), "single", dynamic_shapes=({0: torch.export.Dim("b", min=1)}, None)
    )
    text = f"single' or {call(marker)} or '"
    return edited(path, "models/model.json", lambda program: program.update(everywhere(program, "single", text)))


def imported_type(path: Path, marker: Path) -> Path:
    (marker.parent / "acts_when_imported.py").write_text(f"import os\nos.mkdir({str(marker)!r})\n", "utf-8")
    context = {"default_factory_module": "acts_when_imported", "default_factory_name": "os", "dict_context": []}

    def edit(program: Json) -> None:
        root = program["graph_module"]["module_call_graph"][0]["signature"]
        tree = json.loads(root["in_spec"])
        tree[1]["children_spec"][1] |= {"type": "collections.defaultdict", "context": context}
        root["in_spec"] = json.dumps(tree)

    return edited(path, "models/model.json", edit)


# What acts, and the rule that refuses it.
CRAFTED: dict[Callable[[Path, Path], Path], str] = {
    sample_inputs: "pickles: data/sample_inputs/model.pt: its pickle calls",
    pickled_weights: "pickles: data/weights/model_weights_config.json: “layers.0.weight” is stored as a pickle",
    weights_of_2_8: "pickles: data/weights/model.pt: its pickle calls",
    custom_object: "members: data/constants/opaque_obj_0: an object of a custom class",
    shape_expression: "expressions: models/model.json, graph_module.graph.tensor_values.",
    guard: "expressions: models/model.json, guards_code[0]",
    file_operator: "operators: models/model.json, graph_module.graph.nodes[4].target: “torch.ops.aten.from_file.default”",
    any_function: "operators: models/model.json, graph_module.graph.nodes[4].target: “torch.os.mkdir”",
    node_name: "names: models/model.json, graph_module.graph.",
    parameter_name: "names: models/model.json, graph_module.",
    fixed_text: "names: models/model.json, graph_module.graph.inputs[3].as_string",
    imported_type: "structure: models/model.json, graph_module.module_call_graph[0].signature.in_spec",
}


def network(path: Path) -> Path:
    """A small program that acts in no way."""
    return exported(path, Net().eval(), torch.ones(2, 4))
