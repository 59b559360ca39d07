"""torch.export programs (`.pt2`): load, move, and read from the graph what they take."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import torch
from torch import Tensor
from torch.export import ExportedProgram
from torch.export.graph_signature import ConstantArgument, InputKind, TensorArgument
from torch.utils._pytree import tree_unflatten

from auditor import wording
from auditor.config import Config
from auditor.devices import chosen_device
from auditor.errors import InputError
from auditor.layout import Input
from auditor.models import failures
from auditor.models.buffers import Buffers
from auditor.models.files import ModelFile
from auditor.models.forward import Forward
from auditor.models.model import Model
from auditor.models.restriction import weights_only
from auditor.models.shapes import Shape
from auditor.models.trust import Allowed


@dataclass(frozen=True)
class Takes:
    """What a program takes: its inputs, the type of the first, and how many rows it takes at once."""

    inputs: tuple[Input, ...]
    dtype: torch.dtype
    fewest: int
    most: int | None

    @property
    def row_shape(self) -> Shape | None:
        """The shape of a row, where the program takes one tensor."""
        return self.inputs[0].row_shape if len(self.inputs) == 1 else None


def open_program(file: ModelFile, config: Config, allowed: Allowed) -> Model:
    """The Model of a torch.export program that has been allowed to load.

    InputError where it is damaged, takes what is no tensor of rows, or needs a device that this machine lacks.
    """
    program = _moved(_loaded(file, allowed), chosen_device(config.device))
    takes = _takes(program, file.name)
    device = chosen_device(config.device)
    module = _module(file, program)
    forward = Forward(
        file.name,
        _caller(program, module),
        device,
        takes.dtype,
        config.precision,
        takes.row_shape,
        takes.fewest,
        takes.most,
        config.output,
    )
    return Model(
        file.path,
        str(file.detected.format),
        file.sha256,
        runs_code=allowed.runs_code,
        device=str(device),
        n_outputs=_width(program),
        class_names=(),
        input_shape=takes.row_shape,
        notes=(*allowed.notes, *_notes(takes, config)),
        forward=forward,
        training_parts=tuple(_training_operators(program)),
        buffers=Buffers(module),
        remarks=forward.remarks,
        inputs=takes.inputs,
    )


def _loaded(file: ModelFile, allowed: Allowed) -> ExportedProgram:
    try:
        with _silent(), nullcontext() if allowed.runs_code else weights_only():
            program = torch.export.load(BytesIO(allowed.content))
        return program if allowed.runs_code else _guarded(program)
    except Exception as error:
        if failures.is_without_cuda(error):
            raise InputError(
                f"{file.name} was exported on a CUDA device, and this machine has none; save it again there with "
                "torch.export.save(torch.export.passes.move_to_device_pass(program, 'cpu'), 'model.pt2')"
            ) from error
        raise _unloadable(file, error) from error


def _unloadable(file: ModelFile, error: Exception) -> InputError:
    return InputError(
        f"{file.name} cannot be loaded as a {file.detected.format} by PyTorch {torch.__version__}: "
        f"{failures.shown(error)}; copy it again, or export it again with this version"
    )


def _guarded(program: ExportedProgram) -> ExportedProgram:
    """PyTorch checks the inputs' shapes only where it has sample inputs; a verified copy has none, so it gets empty ones."""
    structure = program.call_spec.in_spec
    if program.example_inputs is None and structure is not None:
        given = [s.arg for s in program.graph_signature.input_specs if s.kind is InputKind.USER_INPUT]
        leaves = [arg.value if isinstance(arg, ConstantArgument) else torch.empty(0) for arg in given]
        program.example_inputs = tree_unflatten(leaves, structure)
    return program


@contextmanager
def _silent() -> Iterator[None]:
    """PyTorch logs tracebacks of its own for what becomes one line of ours, and for attempts that then succeed."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _moved(program: ExportedProgram, device: torch.device) -> ExportedProgram:
    tensors = [*program.state_dict.values(), *program.constants.values()]
    if device.type == "cpu" and all(t.device.type == "cpu" for t in tensors if isinstance(t, Tensor)):
        return program
    from torch.export.passes import move_to_device_pass

    return move_to_device_pass(program, str(device))


def _module(file: ModelFile, program: ExportedProgram) -> torch.nn.Module:
    try:
        return program.module()  # guards included
    except Exception as error:
        raise _unloadable(file, error) from error


def _caller(program: ExportedProgram, module: torch.nn.Module) -> Callable[..., object]:
    """The program as a function of its tensors, by place or by name; what else it takes are constants fixed at export."""
    run = module.forward  # a call would match the structure of its arguments again each time
    given = [s.arg for s in program.graph_signature.input_specs if s.kind is InputKind.USER_INPUT]
    names = [arg.name for arg in given if not isinstance(arg, ConstantArgument)]
    structure: Any = program.call_spec.in_spec

    def call(*tensors: Tensor, **by_name: Tensor) -> object:
        values = dict(zip(names, tensors, strict=False)) | by_name
        leaves = [arg.value if isinstance(arg, ConstantArgument) else values[arg.name] for arg in given]
        args, named = tree_unflatten(leaves, structure)
        result: object = run(*args, **named)
        return result

    return call


def _takes(program: ExportedProgram, name: str) -> Takes:
    given = [s.arg for s in program.graph_signature.input_specs if s.kind is InputKind.USER_INPUT]
    names = [arg.name for arg in given if not isinstance(arg, ConstantArgument)]
    values = {node.name: node.meta["val"] for node in program.graph.nodes if node.op == "placeholder"}
    if not names or not all(isinstance(arg, ConstantArgument | TensorArgument) for arg in given):
        raise InputError(
            f"{name} takes {wording.plural(len(names), 'input')} ({failures.listed(names)}): export a program of "
            "tensors with a row for each sample"
        )
    if any(values[one].ndim == 0 for one in names):
        raise InputError(f"{name} takes a single number: export a program of tensors with a row for each sample")
    bounds = [_rows(program, values[one].shape[0]) for one in names]
    most = min((most for _, most in bounds if most is not None), default=None)
    inputs = tuple(_input(one, values[one]) for one in names)
    return Takes(inputs, values[names[0]].dtype, max(fewest for fewest, _ in bounds), most)


def _input(name: str, value: Tensor) -> Input:
    row_shape = tuple(length if isinstance(length, int) else None for length in value.shape[1:])
    return Input(name, str(value.dtype).removeprefix("torch."), row_shape)


def _rows(program: ExportedProgram, length: Any) -> tuple[int, int | None]:  # noqa: ANN401  (int or torch.SymInt)
    """Fewest and most rows at once; a fixed batch is both."""
    if isinstance(length, int):
        return length, length
    allowed = program.range_constraints.get(length.node.expr)
    if allowed is None:
        return 2, None
    most = int(allowed.upper) if allowed.upper.is_finite and allowed.upper < 2**31 else None
    return max(int(allowed.lower), 2 if most is None else min(2, most)), most


def _width(program: ExportedProgram) -> int | None:
    """Outputs a row, where the program returns one tensor and its graph knows."""
    values = [node.meta.get("val") for node in program.graph.output_node().all_input_nodes]
    if len(values) != 1 or len(program.graph_signature.user_outputs) != 1 or not isinstance(values[0], Tensor):
        return None
    shape = values[0].shape
    width = 1 if len(shape) == 1 else shape[1] if len(shape) > 1 else None
    return width if isinstance(width, int) else None


def _training_operators(program: ExportedProgram) -> Iterator[str]:
    """Operators whose `train` or `training` argument is true: dropout that drops, batch normalisation by the batch."""
    for graph_module in program.graph_module.modules():
        for node in getattr(graph_module, "graph", program.graph).nodes if hasattr(graph_module, "graph") else ():
            if node.op == "call_function" and _trains(node):
                yield f"{node.target} ({node.name})"


def _trains(node: torch.fx.Node) -> bool:
    schema = getattr(node.target, "_schema", None)
    if schema is None:
        return False
    values = dict(zip((argument.name for argument in schema.arguments), node.args, strict=False)) | node.kwargs
    share = values.get("dropout", values.get("p"))
    return share != 0 and (values.get("train") is True or values.get("training") is True)


def _notes(takes: Takes, config: Config) -> Iterator[str]:
    if takes.most is not None and takes.most == takes.fewest:
        yield f"exported for exactly {wording.plural(takes.most, 'row')} at once: short batches are filled up and cut"
    if config.model_class is not None:
        yield f"model_class {wording.name(config.model_class)} is not used: an exported program holds its own code"
    if config.precision != "fp32":
        yield f"run with autocast to {config.precision}"
