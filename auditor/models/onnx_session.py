"""ONNX models: run by onnxruntime, which the extra `onnx` installs."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from auditor import wording
from auditor.config import Config
from auditor.devices import use_threads
from auditor.errors import FormatUnavailable, InputError, UsageError
from auditor.layout import Input
from auditor.models import failures
from auditor.models.files import ModelFile
from auditor.models.forward import Forward
from auditor.models.model import Model
from auditor.models.onnx_files import weight_files

TYPES = {
    "float": "float32",
    "double": "float64",
    "float16": "float16",
    "int64": "int64",
    "int32": "int32",
    "uint8": "uint8",
    "bool": "bool",
}
FOLDER = "session.model_external_initializers_file_folder_path"


def open_onnx(file: ModelFile, config: Config, notes: tuple[str, ...]) -> Model:
    """The Model of an ONNX file that calls nothing beyond itself.

    ModelRefused where it does, FormatUnavailable without onnxruntime, InputError where it is damaged or takes what is
    no tensor of rows, UsageError for a device or precision that it cannot run in.
    """
    if config.precision != "fp32":
        raise UsageError(f"--precision {config.precision}: an ONNX model runs in the precision it was saved in")
    beside = weight_files(file)
    session = _session(file, config, beside)
    try:
        inputs = tuple(_input(entry, file.name) for entry in session.get_inputs())
        rows = [entry.shape[0] for entry in session.get_inputs() if isinstance(entry.shape[0], int)]
        call = _caller(session, [entry.name for entry in inputs])
    except UnicodeDecodeError:
        raise InputError(f"{file.name} has names that are no text; copy or download it again") from None
    fewest, most = (max(rows), min(rows)) if rows else (2, None)
    row_shape = inputs[0].row_shape if len(inputs) == 1 else None
    dtype = getattr(torch, inputs[0].dtype)
    forward = Forward(
        file.name, call, torch.device("cpu"), dtype, "fp32", row_shape, fewest, most, output=config.output
    )
    return Model(
        file.path,
        str(file.detected.format),
        file.sha256,
        runs_code=False,
        device="cuda:0" if "CUDAExecutionProvider" in session.get_providers() else "cpu",
        n_outputs=None,
        class_names=(),
        input_shape=row_shape,
        notes=(*notes, "its operators are standard ones", *map(_beside, beside)),
        forward=forward,
        remarks=forward.remarks,
        inputs=inputs,
    )


def _session(file: ModelFile, config: Config, beside: tuple[Path, ...]) -> Any:  # noqa: ANN401  (onnxruntime is untyped)
    try:
        import onnxruntime
    except ImportError:
        raise FormatUnavailable(f"{file.name} is an ONNX model: install auditor[onnx], which runs it") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = use_threads(config.threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised as well
    if beside:
        options.add_session_config_entry(FOLDER, str(file.path.parent.resolve()))
    try:
        providers = _providers(config, onnxruntime)
        # there is nothing to fall back on from the CPU, and the attempt is printed
        return onnxruntime.InferenceSession(file.content, options, providers, enable_fallback=len(providers) > 1)
    except UsageError:
        raise
    except Exception as error:
        raise InputError(
            f"{file.name} cannot be loaded by onnxruntime {onnxruntime.__version__}: {failures.shown(error)}; export it "
            "again for this version"
        ) from error


def _providers(config: Config, onnxruntime: Any) -> list[Any]:  # noqa: ANN401
    """CUDA where it is asked for or found, always with the CPU behind it."""
    has_cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if config.device == "mps" or (config.device.startswith("cuda") and not has_cuda):
        raise UsageError(f"--device {config.device}: this onnxruntime runs on {'cuda or ' if has_cuda else ''}cpu only")
    if not has_cuda or config.device == "cpu":
        return ["CPUExecutionProvider"]
    number = int(config.device.partition(":")[2] or 0)
    return [("CUDAExecutionProvider", {"device_id": number}), "CPUExecutionProvider"]


def _input(entry: Any, name: str) -> Input:  # noqa: ANN401
    kind = entry.type.removeprefix("tensor(").removesuffix(")")
    if kind not in TYPES or not entry.shape:
        raise InputError(
            f"{name} takes {wording.name(entry.name)} of {wording.name(entry.type)}: export a model of tensors of numbers "
            "with a row for each sample"
        )
    return Input(entry.name, TYPES[kind], tuple(n if isinstance(n, int) else None for n in entry.shape[1:]))


def _caller(session: Any, names: list[str]) -> Callable[..., object]:  # noqa: ANN401
    """The session as a function of its inputs, by place or by name; it returns its outputs by name."""
    returned = [entry.name for entry in session.get_outputs()]

    def call(*tensors: Tensor, **named: Tensor) -> object:
        given = dict(zip(names, tensors, strict=False)) | named
        found = session.run(None, {name: tensor.numpy() for name, tensor in given.items()})
        return torch.from_numpy(found[0]) if len(found) == 1 else dict(zip(returned, found, strict=True))

    return call


def _beside(path: Path) -> str:
    with path.open("rb") as file:
        return f"weights in {path.name} (sha256 {hashlib.file_digest(file, 'sha256').hexdigest()})"
