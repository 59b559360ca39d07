"""The user's own model class: found, imported, hashed and made."""

import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from auditor import wording
from auditor.errors import InputError, UsageError
from auditor.models import failures


def build(stated: str, arguments: Mapping[str, Any], folders: tuple[Path, ...]) -> tuple[nn.Module, str]:
    """The module made by `module:Class` with the given arguments, and a note of which code that was.

    The module's file is looked for in `folders` first, then in the environment. UsageError where the name is malformed;
    InputError where module, class or arguments do not fit.
    """
    module_name, _, class_name = stated.partition(":")
    if not all(part.isidentifier() for part in [*module_name.split("."), *class_name.split(".")]):
        raise UsageError(f"--model-class {wording.name(stated)}: module:Class was expected, for example net:Net")
    module = _imported(module_name, folders)
    made = _made(_member(module, class_name, stated), arguments, stated)
    return made, f"{stated} comes from {_origin(module)}"


def _imported(name: str, folders: tuple[Path, ...]) -> ModuleType:
    try:
        folder = next((folder for folder in folders if _spec(name.partition(".")[0], [str(folder)])), None)
        return importlib.import_module(name) if folder is None else _run(name, folder)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            places = " nor ".join(str(folder) for folder in dict.fromkeys(folders))
            raise InputError(
                f"--model-class {name}: neither {places} nor the environment has a module {error.name}; "
                "run from the folder that holds it"
            ) from error
        raise InputError(
            f"--model-class {name}: importing it failed: {failures.shown(error)}; install what it needs"
        ) from error
    except (Exception, SystemExit) as error:
        raise InputError(f"--model-class {name}: importing it failed: {failures.shown(error)}") from error


def _run(name: str, folder: Path) -> ModuleType:
    """Import a module and its parents from the folder; what they import in turn may lie there as well."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    search: list[str] = [str(folder)]
    module = ModuleType(name)
    for end in range(1, name.count(".") + 2):
        part = ".".join(name.split(".")[:end])
        spec = _spec(part, search)
        if spec is None:
            raise ModuleNotFoundError(f"No module named '{part}'", name=part)
        module = _executed(spec)
        search = list(spec.submodule_search_locations or [])
    return module


def _spec(name: str, search: list[str]) -> ModuleSpec | None:
    spec = PathFinder.find_spec(name, search)
    is_source = spec is not None and (spec.origin is None or spec.origin.endswith(".py"))
    return spec if is_source else None


def _executed(spec: ModuleSpec) -> ModuleType:
    """Run a module's source as it is hashed: cached bytecode beside it could be of other source."""
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    if spec.origin is not None:
        exec(compile(Path(spec.origin).read_bytes(), spec.origin, "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    return module


def _member(module: ModuleType, class_name: str, stated: str) -> Callable[..., Any]:
    found: Any = module
    for part in class_name.split("."):
        found = getattr(found, part, None)
    if callable(found):
        return found  # type: ignore[no-any-return]
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


def _origin(module: ModuleType) -> str:
    file = getattr(module, "__file__", None)
    if file is None:
        return "a built-in module"
    return f"{file} (sha256 {hashlib.sha256(Path(file).read_bytes()).hexdigest()})"


def _file(module: ModuleType) -> str:
    return str(getattr(module, "__file__", None) or module.__name__)
