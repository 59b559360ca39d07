"""Models that are there already: loaded by the user's adapter, or handed over as they stand in memory."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from auditor import wording
from auditor.config import Config
from auditor.devices import chosen_device, use_threads
from auditor.errors import InputError, UsageError
from auditor.layout import take_text
from auditor.models.adapters import NO_ADAPTER, Adapter
from auditor.models.files import read_model_file
from auditor.models.forward import Forward
from auditor.models.model import Model
from auditor.models.modules import class_names, module_dtype, row_shape, still_training

ABOUT_FILES = ("model_class", "model_args", "sha256", "trust_model_code")
LOADED, IN_MEMORY = "loaded by the adapter", "torch.nn.Module in memory"


def adapted(model: Model, adapter: Adapter) -> Model:
    """The model with the adapter's `prepare` and `scores` around its forward pass; its own tokenizer where there is no `prepare`."""
    assert isinstance(model.forward, Forward)
    own = model.forward.adapter
    if adapter.prepare is None:
        adapter = replace(adapter, prepare=own.prepare, remarks=own.remarks)
    rows = model.input_shape if adapter.prepare is None else None
    forward = replace(model.forward, adapter=adapter, row_shape=rows)
    notes = (*model.notes, adapter.note)
    width = model.n_outputs if adapter.scores is None else None
    takes = model.inputs if adapter.prepare is None or take_text(model.inputs) else ()
    return replace(
        model, forward=forward, remarks=forward.remarks, notes=notes, input_shape=rows, n_outputs=width, inputs=takes
    )


def open_loaded(path: Path, config: Config, adapter: Adapter) -> Model:
    """The Model that the adapter's `load` makes of a file or folder of any kind.

    InputError where there is none, `load` fails, or what it returns cannot be called.
    """
    _refuse_idle(config, ("model_class", "model_args"), "the adapter's load() makes the model")
    digest = _digest(path)
    _refuse_other_file(path, digest, config.sha256)
    use_threads(config.threads)
    assert adapter.load is not None
    made = adapter.load(path)
    if not callable(made):
        raise InputError(f"{adapter.note}: load() returned a {type(made).__name__}; a callable model was expected")
    device = chosen_device(config.device)
    if isinstance(made, nn.Module):
        made = made.to(device).eval()
    model = _model(made, path, config, adapter, form=LOADED, digest=digest, device=device)
    meant = ("its sha256 is the one given",) if config.sha256 else ()
    return replace(model, runs_code=True, notes=(*meant, *model.notes, adapter.note))


def open_live(model: Callable[..., object], config: Config, adapter: Adapter = NO_ADAPTER) -> Model:
    """The Model of a module or function in memory, on the device where it is.

    UsageError where another device is asked for, or what only a saved model has.
    """
    _refuse_idle(config, ABOUT_FILES, "the model is in memory already")
    if adapter.load is not None:
        raise UsageError(f"{adapter.note}: the model is in memory already; take load() out")
    name = getattr(model, "__name__", type(model).__name__)
    use_threads(config.threads)
    if not isinstance(model, nn.Module):
        device = chosen_device("cpu" if config.device == "auto" else config.device)
        return _model(model, Path(name), config, adapter, form="function in memory", digest="", device=device)
    device = next((tensor.device for tensor in _tensors(model)), torch.device("cpu"))
    if config.device != "auto" and chosen_device(config.device) != device:
        raise UsageError(
            f"{name} is on {device}, and {config.device} was asked for; move it there, or leave device out"
        )
    return _model(model, Path(name), config, adapter, form=IN_MEMORY, digest=_digest_of(model), device=device)


@contextmanager
def evaluating(model: object) -> Iterator[None]:
    """Every part of a module in evaluation mode inside, and in the mode that it had before outside; threads likewise."""
    threads = torch.get_num_threads()
    parts = list(model.modules()) if isinstance(model, nn.Module) else []
    modes = [part.training for part in parts]
    try:
        if isinstance(model, nn.Module):
            model.eval()
        yield
    finally:
        for part, mode in zip(parts, modes, strict=True):
            part.training = mode
        torch.set_num_threads(threads)


def _model(
    call: Callable[..., object],
    path: Path,
    config: Config,
    adapter: Adapter,
    *,
    form: str,
    digest: str,
    device: torch.device,
) -> Model:
    module = call if isinstance(call, nn.Module) else nn.Identity()
    rows = None if adapter.prepare else row_shape(module)
    forward = Forward(
        path.name, call, device, module_dtype(module), config.precision, rows, output=config.output, adapter=adapter
    )
    return Model(
        path,
        form,
        digest,
        runs_code=False,
        device=str(device),
        n_outputs=None,
        class_names=class_names(module),
        input_shape=rows,
        notes=(f"run with autocast to {config.precision}",) if config.precision != "fp32" else (),
        forward=forward,
        training_parts=still_training(module),
        remarks=forward.remarks,
    )


def _refuse_idle(config: Config, keys: tuple[str, ...], why: str) -> None:
    """Settings that would do nothing are told."""
    stated = [key for key in keys if getattr(config, key)]
    if stated:
        raise UsageError(f"{stated[0]} says how a saved model is loaded, and {why}; leave it out")


def _refuse_other_file(path: Path, digest: str, stated: str | None) -> None:
    if stated is not None and stated.strip().lower().removeprefix("sha256:") != digest:
        raise InputError(
            f"{path.name} is not the file that was meant: its sha256 is {digest}, and {wording.name(stated)} was given; "
            "find out which of the two is right before anything is loaded"
        )


def _digest(path: Path) -> str:
    """The sha256 of a file, or of the names and hashes of all files in a folder."""
    if not path.is_dir():
        return read_model_file(path).sha256
    total = hashlib.sha256()
    for file in sorted(entry for entry in path.rglob("*") if entry.is_file()):
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        total.update(f"{digest}  {file.relative_to(path).as_posix()}\n".encode())
    return total.hexdigest()


def _digest_of(module: nn.Module) -> str:
    """The sha256 of the names, types, shapes and values of all weights, as they stand."""
    total = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        if isinstance(tensor, Tensor):
            total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            total.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    yield from module.parameters()
    yield from module.buffers()
