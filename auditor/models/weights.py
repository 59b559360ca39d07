"""Weights without code (a state_dict or safetensors), and the class they belong to."""

import json
import pickle
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn

from auditor import wording
from auditor.config import Config
from auditor.errors import InputError, ModelRefused, UsageError
from auditor.models import failures, trust
from auditor.models.classes import NOTHING, build
from auditor.models.detection import Format
from auditor.models.files import CONFIG, ModelFile
from auditor.models.model import Model
from auditor.models.modules import in_evaluation_mode, running, still_training
from auditor.models.restriction import weights_only
from auditor.models.trust import Allowed

NESTED_UNDER = ("state_dict", "model_state_dict", "model", "net", "network", "module", "weights", "params")
Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Made:
    """The user's module with the weights in it, and what was noted on the way."""

    module: nn.Module
    notes: tuple[str, ...]
    training_parts: tuple[str, ...]


def open_weights(file: ModelFile, config: Config, allowed: Allowed) -> Model:
    """The Model of a state_dict or safetensors file and the class given for it.

    ModelRefused where the file holds more than tensors and plain values; UsageError where no class was given;
    InputError where file, class and weights do not fit each other.
    """
    weights, read_notes = read_weights(file)
    return open_tensors(file, config, allowed, weights, read_notes)


def open_tensors(
    file: ModelFile,
    config: Config,
    allowed: Allowed,
    weights: Weights,
    read_notes: tuple[str, ...],
    *,
    offered: Mapping[str, Any] = NOTHING,
) -> Model:
    """The Model of tensors by name and the class given for them; `offered` as `build` has it. Errors as `open_weights`."""
    made = _filled(file, config, weights, offered)
    return running(
        file, config, allowed, made.module, notes=(*read_notes, *made.notes), training_parts=made.training_parts
    )


def read_weights(file: ModelFile) -> tuple[Weights, tuple[str, ...]]:
    """The tensors of a file by name, and how they were read. Errors as those of `open_weights`."""
    if file.detected.format is Format.SAFETENSORS:
        return _from_safetensors(file), ("read as safetensors: tensors only",)
    if file.detected.format is Format.SHARDED:
        return _from_shards(file)
    weights, nested = saved_weights(_unpickled(file), file.name)
    return weights, ("read with weights_only=True: tensors and plain values only", *nested)


def saved_weights(saved: object, name: str) -> tuple[Weights, tuple[str, ...]]:
    """The tensors of a state_dict or checkpoint by name, and where in it they were found. InputError where it is none."""
    weights, nested = _state_dict(saved, name)
    odd = [key for key, tensor in weights.items() if tensor.layout is not torch.strided or tensor.is_meta]
    if odd:
        raise InputError(
            f"{name}: {failures.listed(odd)} hold no plain dense numbers; save the weights as dense tensors"
        )
    return weights, nested


def _from_safetensors(file: ModelFile) -> Weights:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(file.content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise InputError(
            f"{file.name} is no whole safetensors file: {failures.shown(error)}; copy or download it again"
        ) from error


def _from_shards(file: ModelFile) -> tuple[Weights, tuple[str, ...]]:
    """The tensors of all files that an index names; each tensor must lie in the file that the index says."""
    stated: dict[str, str] = json.loads(file.content)["weight_map"]
    weights: Weights = {}
    for shard in file.shards:
        found = _from_safetensors(shard)
        expected = {key for key, name in stated.items() if name == shard.name}
        if set(found) != expected:
            odd = failures.listed(sorted(set(found) ^ expected))
            raise InputError(f"{shard.name} does not hold what {file.name} says: {odd}; copy or download both again")
        weights |= found
    shards = wording.plural(len(file.shards), "safetensors file")
    return weights, (
        f"read from {shards}: tensors only; its sha256 is that of the index and the files behind it, in order",
    )


def _unpickled(file: ModelFile) -> Any:  # noqa: ANN401  (whatever was saved)
    try:
        with warnings.catch_warnings(), weights_only(), torch.sparse.check_sparse_tensor_invariants():  # type: ignore[no-untyped-call]
            warnings.simplefilter("ignore")  # what they warn of ends in one of the errors below
            return torch.load(file.stream(), map_location="cpu", weights_only=True, mmap=False)
    except pickle.UnpicklingError as error:
        raise _unsafe(file, error) from error
    except Exception as error:
        raise InputError(f"{file.name} cannot be read: {failures.shown(error)}; copy or download it again") from error


def _unsafe(file: ModelFile, error: pickle.UnpicklingError) -> ModelRefused | InputError:
    """What the weights-only reader would not read: a call of something, or a pickle newer than it knows."""
    text = failures.one_line(error).rpartition("WeightsUnpickler error: ")[2]
    if "Unsupported operand" in text:
        return InputError(
            f"{file.name} was saved with a pickle protocol that cannot be read without running it; save it again with "
            f"{trust.SAVE_WEIGHTS}"
        )
    called = re.search(r"GLOBAL (\S+)", text)
    return trust.refuse_call(file, called[1] if called else text)


def _state_dict(saved: object, name: str) -> tuple[Weights, tuple[str, ...]]:
    """The tensors by name; a checkpoint that holds them beside an optimiser or an epoch is looked into."""
    if _is_weights(saved):
        return {key: value for key, value in saved.items() if isinstance(value, Tensor)}, ()
    if not isinstance(saved, Mapping):
        raise InputError(
            f"{name} holds a {type(saved).__name__}: a state_dict was expected; save it again with {trust.SAVE_WEIGHTS}"
        )
    keys = [key for key, value in saved.items() if _is_weights(value)]
    key = next((key for key in NESTED_UNDER if key in keys), keys[0] if len(keys) == 1 else None)
    if key is None:
        found = failures.listed([str(key) for key in saved], 6) or "nothing"
        raise InputError(
            f"{name} holds {found}: a state_dict was expected, or one under {', '.join(NESTED_UNDER)}; save it again "
            f"with {trust.SAVE_WEIGHTS}"
        )
    weights, _ = _state_dict(saved[key], name)
    return weights, (f"the weights are those under the key {wording.name(str(key))}",)


def _is_weights(value: object) -> TypeGuard[Mapping[str, object]]:
    return (
        isinstance(value, Mapping)
        and all(isinstance(key, str) for key in value)
        and any(isinstance(entry, Tensor) for entry in value.values())
        and not any(isinstance(entry, Mapping) for entry in value.values())
    )


def _filled(file: ModelFile, config: Config, weights: Weights, offered: Mapping[str, Any]) -> Made:
    if config.model_class is None:
        raise UsageError(
            f"{file.name} ({file.detected.format}) holds {wording.plural(len(weights), 'tensor')} "
            f"({failures.listed(_spelled(weights))}) and no code: say which class they belong to with "
            f"--model-class module:Class{_of_folder(file)}"
        )
    beside = file.path if file.stated else file.path.parent
    module, code = build(config.model_class, config.model_args, (Path.cwd(),), beside, offered)
    own = module.state_dict()
    renamed, notes = _renamed(weights, set(own), file.name)
    _fill(module, renamed, f"{file.name} does not fit {config.model_class}")
    mode = f"{in_evaluation_mode(module)}, as PyTorch makes them; eval() was called"
    return Made(module, (*code, *notes, *cast_note(renamed, own), mode), still_training(module))


def _of_folder(file: ModelFile) -> str:
    """What else may be done about weights that lie beside a configuration."""
    return f", or give the folder, whose {CONFIG} may say it" if (file.path.parent / CONFIG).is_file() else ""


def _renamed(weights: Weights, expected: set[str], name: str) -> tuple[Weights, tuple[str, ...]]:
    """Take off what data parallelism (`module.`), torch.compile (`_orig_mod.`) and Lightning (`model.`) put into names.

    Names that fit as they are win over copies with a prefix; InputError where two sets of names fit.
    """
    notes = []
    if any("_orig_mod." in key for key in weights) and not any("_orig_mod." in key for key in expected):
        weights = _without_compiled(weights, name)
        notes.append("`_orig_mod.`, left by torch.compile, was taken out of the names")
    fitting = list(_fitting_prefixes(weights, expected))
    if expected and expected <= set(weights):
        return _without_copies(weights, fitting, tuple(notes))
    if len(fitting) > 1:
        one, other = (f"`{wording.name(prefix)}`" for prefix in fitting[:2])
        raise InputError(f"{name}: the names under {one} and those under {other} both fit the class; save those of one")
    if not fitting:
        return weights, tuple(notes)
    bare = {key.removeprefix(fitting[0]): value for key, value in weights.items() if key.startswith(fitting[0])}
    left = len(weights) - len(bare)
    others = f"; {wording.plural(left, 'tensor')} of other parts left out" if left else ""
    return bare, (*notes, f"`{wording.name(fitting[0])}` was taken off the start of every name{others}")


def _without_compiled(weights: Weights, name: str) -> Weights:
    bare: dict[str, str] = {}
    for key in weights:
        other = bare.setdefault(key.replace("_orig_mod.", ""), key)
        if other != key:
            both = f"both {wording.name(other)} and {wording.name(key)}"
            raise InputError(f"{name} holds {both}, of which torch.compile made one; save those of one")
    return {short: weights[key] for short, key in bare.items()}


def _fitting_prefixes(weights: Weights, expected: set[str]) -> Iterator[str]:
    """What could be taken off the names; `module.` alone before every name also where what is left does not fit."""
    for prefix, keys in _by_prefix(weights).items():
        alone = len(keys) == len(weights) and prefix == "module."
        fits = alone or {key.removeprefix(prefix) for key in keys} == expected
        if fits and not any(key.startswith(prefix) for key in expected):
            yield prefix


def _by_prefix(weights: Weights) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in weights:
        found.setdefault(key.partition(".")[0] + ".", []).append(key)
    return {prefix: [key for key in keys if key.startswith(prefix)] for prefix, keys in found.items()}


def _without_copies(weights: Weights, prefixes: list[str], notes: tuple[str, ...]) -> tuple[Weights, tuple[str, ...]]:
    left = [key for key in weights if key.startswith(tuple(prefixes))]
    if not left:
        return weights, notes
    listed = failures.listed([f"`{wording.name(prefix)}`" for prefix in prefixes])
    note = f"{wording.plural(len(left), 'tensor')} under {listed} left out: the names without it fit the class"
    return {key: value for key, value in weights.items() if key not in left}, (*notes, note)


def _fill(module: nn.Module, weights: Weights, complaint: str) -> None:
    own: Weights = {key: value for key, value in module.state_dict().items() if isinstance(value, Tensor)}
    odd = [
        f"{key} {tuple(weights[key].shape)} instead of {tuple(own[key].shape)}"
        for key in own
        if key in weights and not nn.parameter.is_lazy(own[key]) and weights[key].shape != own[key].shape
    ]
    try:
        result = None if odd else module.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise InputError(f"{complaint}: {failures.shown(error)}") from error
    missing = (
        [key for key in own if key not in weights] if result is None else _untied(result.missing_keys, own, weights)
    )
    extra = [key for key in weights if key not in own] if result is None else result.unexpected_keys
    parts = [
        ("of another shape", odd),
        ("missing", _spelled(own, missing)),
        ("not in the class", _spelled(weights, extra)),
    ]
    found = "; ".join(f"{len(keys)} {what}: {failures.listed(keys)}" for what, keys in parts if keys)
    if found:
        raise InputError(f"{complaint}: {found}. Check the class and its model_args")


def _untied(missing: list[str], own: Weights, weights: Weights) -> list[str]:
    """Names that got no values; one that shares its memory with a filled one did (tied weights are stored once)."""
    filled = {own[key].data_ptr() for key in weights if key in own}
    return [key for key in missing if key not in own or own[key].numel() == 0 or own[key].data_ptr() not in filled]


def _spelled(weights: Weights, keys: list[str] | None = None) -> list[str]:
    return [
        f"{key} {tuple(weights[key].shape)}" if key in weights else key for key in (weights if keys is None else keys)
    ]


def cast_note(weights: Weights, own: Mapping[str, Any]) -> tuple[str, ...]:
    """The types in which weights are stored and other ones in which they run."""
    stored = {(value.dtype, own[key].dtype) for key, value in weights.items() if isinstance(own.get(key), Tensor)}
    return tuple(
        f"weights stored as {one} run as {other}".replace("torch.", "") for one, other in stored if one != other
    )
