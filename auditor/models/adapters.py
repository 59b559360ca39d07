"""The user's own way to load a model, to give it rows and to read its scores: a Python file of up to three functions."""

import hashlib
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_map

from auditor import wording
from auditor.errors import AuditorError, InputError
from auditor.models import failures

NAMES = ("load", "prepare", "scores")
Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Adapter:
    """What an adapter file gives: `load(path)`, `prepare(batch)` and `scores(output)`, each None where it has none.

    `note` says which file it was, by its hash, and `remarks` what was found out while it ran.
    """

    load: Function | None = None
    prepare: Function | None = None
    scores: Function | None = None
    note: str = ""
    remarks: Callable[[], tuple[str, ...]] = tuple


NO_ADAPTER = Adapter()


def open_adapter(path: Path | None) -> Adapter:
    """Run the adapter file and take its functions; an Adapter of none without a file.

    InputError where it cannot be read or run, or defines none of the three; every error of its functions becomes one
    that names file, function and line.
    """
    if path is None:
        return NO_ADAPTER
    source = _source(path)
    module = _run(path, source)
    found = {name: getattr(module, name) for name in NAMES if callable(getattr(module, name, None))}
    if not found:
        raise InputError(f"{path} defines none of {', '.join(NAMES)}: an adapter has at least one of these functions")
    digest = hashlib.sha256(source).hexdigest()
    note = f"the adapter {path} (sha256 {digest}) gives {', '.join(found)}"
    told = {name: _told(found[name], path) if name in found else None for name in NAMES}
    return Adapter(told["load"], told["prepare"], told["scores"], note)


def arguments(
    prepared: object, device: torch.device, dtype: torch.dtype
) -> tuple[tuple[object, ...], dict[str, object]]:
    """What a model is called with: a mapping by name, a tuple by place, else one value.

    Tensors are moved to the device; arrays become tensors there, those of real numbers in the model's own `dtype`.
    """

    def there(value: object) -> object:
        return tree_map(lambda leaf: _moved(leaf, device, dtype), value)

    if isinstance(prepared, Mapping):
        return (), {str(key): there(value) for key, value in prepared.items()}
    values = prepared if isinstance(prepared, tuple) else (prepared,)
    return tuple(there(value) for value in values), {}


def _moved(value: object, device: torch.device, dtype: torch.dtype) -> object:
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        tensor = torch.from_numpy(np.ascontiguousarray(value))
        return tensor.to(device, dtype if tensor.is_floating_point() and dtype.is_floating_point else tensor.dtype)
    return value.to(device) if isinstance(value, torch.Tensor) else value


def _source(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"--adapter {path} cannot be read: {error.strerror or error}; name a Python file") from None


def _run(path: Path, source: bytes) -> object:
    spec = spec_from_loader(f"auditor_adapter_{path.stem}", loader=None, origin=str(path))
    assert spec is not None
    module = module_from_spec(spec)
    module.__file__ = str(path)
    try:
        exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102  (the user's own code)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever the user's code raises
        raise InputError(_failed(path, "running it", error)) from error
    return module


def _told(function: Function, path: Path) -> Function:
    @wraps(function)
    def call(value: object) -> object:
        try:
            return function(value)
        except (AuditorError, KeyboardInterrupt):
            raise
        except BaseException as error:
            if isinstance(error, Exception) and failures.is_out_of_memory(error):
                raise
            raise InputError(_failed(path, f"{function.__name__}()", error)) from error

    return call


def _failed(path: Path, what: str, error: BaseException) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else lines[-1] if lines else None
    place = f" at line {line}" if line else ""
    return f"{wording.name(path.name)}: {what} failed{place}: {failures.shown(error)}; correct the adapter"
