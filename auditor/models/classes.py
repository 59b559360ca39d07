"""The user's own model class: found, imported, hashed and made."""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from torch import nn

from auditor import user_code, wording
from auditor.errors import InputError
from auditor.models import failures

NOTHING: Mapping[str, Any] = {}


def build(
    stated: str,
    arguments: Mapping[str, Any],
    folders: tuple[Path, ...],
    beside: Path | None = None,
    offered: Mapping[str, Any] = NOTHING,
) -> tuple[nn.Module, tuple[str, ...]]:
    """The module made by `module:Class` with the given arguments, and notes of which code that was, and with what.

    Of what a configuration beside the weights has `offered`, the parameters that are named so get what was not given.
    The module's file is looked for in `folders` first, then in the environment, then `beside` the model. What is named
    is called only where it makes modules: a class of them, a function that says it returns one, or the user's own code.
    UsageError where the name is malformed; InputError where module, class or arguments do not fit.
    """
    module, class_name = user_code.named("--model-class", stated, folders, "net:Net", beside)
    make = _member(module, class_name, stated)
    if not (_makes_modules(make) or _is_own(make, (*folders, *([beside] if beside else [])))):
        raise InputError(
            f"--model-class {stated} is neither a torch.nn.Module nor a function of your own files, and was not called; "
            "name the class of the model, or a function in your working folder that makes it"
        )
    found = {key: value for key, value in offered.items() if key in _names(make) and key not in arguments}
    made = _made(make, {**found, **arguments}, stated)
    told = (f"made with {', '.join(map(wording.name, found))} as the configuration beside the weights has them",)
    return made, (f"{stated} comes from {user_code.origin(module)}", *(told if found else ()))


def _member(module: ModuleType, class_name: str, stated: str) -> Callable[..., Any]:
    found = user_code.member(module, class_name)
    if callable(found):
        return found
    offered = sorted(_classes(module))
    hint = f"it has {failures.listed(offered, 5)}" if offered else "it defines no torch.nn.Module"
    raise InputError(f"--model-class {stated}: {_file(module)} has no class {class_name}; {hint}")


def _makes_modules(make: object) -> bool:
    """Whether it is a class of modules, or a function whose written return type is one."""
    found = make if inspect.isclass(make) else _stated_return(make)
    return inspect.isclass(found) and issubclass(found, nn.Module)


def _stated_return(make: object) -> object:
    try:
        return get_type_hints(make).get("return")
    except Exception:  # noqa: BLE001  (hints are code of whoever wrote them)
        return None


def _is_own(make: object, folders: tuple[Path, ...]) -> bool:
    """Whether a function or class was written in a file of these folders, and not in a package installed in them."""
    while isinstance(make, partial):
        make = make.func
    file = getattr(sys.modules.get(getattr(make, "__module__", None) or ""), "__file__", None)
    if file is None:
        return False
    path = Path(file).resolve()
    return "site-packages" not in path.parts and any(path.is_relative_to(folder.resolve()) for folder in folders)


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


def _names(make: Callable[..., Any]) -> frozenset[str]:
    """Its parameters, as far as they can be told."""
    try:
        return frozenset(inspect.signature(make).parameters)
    except (TypeError, ValueError):
        return frozenset()


def _parameters(make: Callable[..., Any]) -> str:
    try:
        return str(inspect.signature(make)).partition(" ->")[0]
    except (TypeError, ValueError):
        return "unknown"


def _file(module: ModuleType) -> str:
    return str(getattr(module, "__file__", None) or module.__name__)
