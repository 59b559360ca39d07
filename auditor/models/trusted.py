"""Modules that bring their own code, TorchScript or pickled: loaded only where somebody allowed this file."""

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from auditor import wording
from auditor.config import Config
from auditor.errors import InputError
from auditor.models import failures, trust
from auditor.models.detection import Format
from auditor.models.files import ModelFile
from auditor.models.model import Model
from auditor.models.modules import in_evaluation_mode, running, still_training
from auditor.models.trust import Allowed
from auditor.models.weights import open_tensors, saved_weights


def open_trusted(file: ModelFile, config: Config, allowed: Allowed) -> Model:
    """The Model of a TorchScript program, a pickled module, or a checkpoint with code in it, which runs as it is loaded.

    InputError where it cannot be loaded here, or holds no module.
    """
    assert allowed.runs_code
    saved = _scripted(file) if file.detected.format is Format.TORCHSCRIPT else _unpickled(file)
    module, where = _module(saved, file.name)
    if module is None:
        return open_tensors(file, config, allowed, *saved_weights(saved, file.name))
    notes = (*where, *_unused(config), f"{in_evaluation_mode(module)}; eval() was called")
    return running(file, config, allowed, module, notes=notes, training_parts=still_training(module))


def _scripted(file: ModelFile) -> Any:  # noqa: ANN401  (a module without a type of its own)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch calls TorchScript deprecated; the files are there
            return torch.jit.load(file.stream(), map_location="cpu")  # type: ignore[no-untyped-call]
    except Exception as error:
        raise InputError(
            f"{file.name} cannot be loaded as a {file.detected.format} by PyTorch {torch.__version__}: "
            f"{failures.shown(error)}; copy it again, or export the model with {trust.SAVE_PROGRAM}"
        ) from error


def _unpickled(file: ModelFile) -> Any:  # noqa: ANN401  (whatever was saved)
    try:
        with warnings.catch_warnings(), _importable((Path.cwd(), file.path.parent)):
            warnings.simplefilter("ignore")
            return torch.load(file.stream(), map_location="cpu", weights_only=False, mmap=False)
    except (Exception, SystemExit) as error:
        raise InputError(
            f"{file.name} cannot be unpickled here: {failures.shown(error)}; a pickle needs the code it was made with, "
            "in the working folder, beside the file or installed"
        ) from error


@contextmanager
def _importable(folders: tuple[Path, ...]) -> Iterator[None]:
    """Let the pickle import from the folders too; what is imported late in a forward pass is found as well."""
    for folder in folders:
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    yield


def _module(saved: object, name: str) -> tuple[nn.Module | None, tuple[str, ...]]:
    """The one module that was saved, alone or under a key."""
    if isinstance(saved, nn.Module):
        return saved, ()
    entries = saved if isinstance(saved, Mapping) else {}
    found = {str(key): value for key, value in entries.items() if isinstance(value, nn.Module)}
    key = next((key for key in ("model", "net", "module") if key in found), min(found, default=""))
    if not found:
        return None, ()
    if len(found) > 1 and key not in {"model", "net", "module"}:
        raise InputError(
            f"{name} holds {wording.plural(len(found), 'module')} ({failures.listed(sorted(found))}): save the one to be "
            f"audited with {trust.SAVE_PROGRAM}"
        )
    return found[key], (f"the module is the one under the key {wording.name(key)}",)


def _unused(config: Config) -> Iterator[str]:
    if config.model_class is not None:
        yield f"model_class {wording.name(config.model_class)} is not used: the file holds a whole module"
