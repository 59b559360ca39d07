"""The user's own model class: found, imported, hashed and made."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from auditor import user_code, wording
from auditor.errors import InputError
from auditor.models import failures


def build(stated: str, arguments: Mapping[str, Any], folders: tuple[Path, ...]) -> tuple[nn.Module, str]:
    """The module made by `module:Class` with the given arguments, and a note of which code that was.

    The module's file is looked for in `folders` first, then in the environment. UsageError where the name is malformed;
    InputError where module, class or arguments do not fit.
    """
    module, class_name = user_code.named("--model-class", stated, folders, "net:Net")
    made = _made(_member(module, class_name, stated), arguments, stated)
    return made, f"{stated} comes from {user_code.origin(module)}"


def _member(module: ModuleType, class_name: str, stated: str) -> Callable[..., Any]:
    found = user_code.member(module, class_name)
    if callable(found):
        return found
    offered = sorted(_classes(module))
    hint = f"it has {failures.listed(offered, 5)}" if offered else "it defines no torch.nn.Module"
    raise InputError(f"--model-class {stated}: {_file(module)} has no class {class_name}; {hint}")


def _classes(module: ModuleType) -> Iterator[str]:
    for name, value in vars(module).items():
        if inspect.isclass(value) and issubclass(value, nn.Module) and value.__module__ == module.__name__:
            yield name


def _made(make: Callable[..., Any], arguments: Mapping[str, Any], stated: str) -> nn.Module:
    try:
        made = make(**arguments)
    except Exception as error:
        given = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        raise InputError(
            f"--model-class {stated}: {wording.name(f'{stated}({given})')} failed: {failures.shown(error)}; its "
            f"parameters are {_parameters(make)}, set them in model_args"
        ) from error
    if not isinstance(made, nn.Module):
        raise InputError(f"--model-class {stated} made a {type(made).__name__}: a torch.nn.Module was expected")
    return made


def _parameters(make: Callable[..., Any]) -> str:
    try:
        return str(inspect.signature(make)).partition(" ->")[0]
    except (TypeError, ValueError):
        return "unknown"


def _file(module: ModuleType) -> str:
    return str(getattr(module, "__file__", None) or module.__name__)
