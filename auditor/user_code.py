"""Code of the user's own that an option names: found, imported as it is hashed, and told apart by file."""

import hashlib
import importlib
import os
import site
import sys
import sysconfig
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

from auditor import wording
from auditor.errors import InputError, UsageError
from auditor.models import failures

INSTALLED = ("stdlib", "platstdlib", "purelib", "platlib")


def named(
    option: str, stated: str, folders: tuple[Path, ...], example: str, beside: Path | None = None
) -> tuple[ModuleType, str]:
    """The module and the name in it that `module:name` stands for.

    The module's file is looked for in `folders` first, then in the environment, then `beside` the model, so that a
    folder that came with a model cannot take the place of what is installed. UsageError where the name is malformed,
    InputError where the module cannot be imported.
    """
    module_name, _, name = stated.partition(":")
    if not all(part.isidentifier() for part in [*module_name.split("."), *name.split(".")]):
        expected = "Class" if option == "--model-class" else "function"
        raise UsageError(f"{option} {wording.name(stated)}: module:{expected} was expected, for example {example}")
    return _imported(option, module_name, folders, beside), name


def member(module: ModuleType, name: str) -> object:
    """What the module calls so, dots included; None where it has nothing of that name."""
    found: object = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def digest(module: ModuleType) -> str:
    """The sha256 of the module's file, "" where it has none."""
    file = getattr(module, "__file__", None)
    return "" if file is None else hashlib.sha256(Path(file).read_bytes()).hexdigest()


def origin(module: ModuleType) -> str:
    """The module's file and its hash."""
    file = getattr(module, "__file__", None)
    return "a built-in module" if file is None else f"{file} (sha256 {digest(module)})"


def _imported(option: str, name: str, folders: tuple[Path, ...], beside: Path | None) -> ModuleType:
    try:
        folder = _home(name.partition(".")[0], folders, beside)
        return importlib.import_module(name) if folder is None else _run(name, folder)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            places = " nor ".join(str(folder) for folder in dict.fromkeys([*folders, *([beside] if beside else [])]))
            raise InputError(
                f"{option} {name}: neither {places} nor the environment has a module {error.name}; "
                "run from the folder that holds it"
            ) from error
        raise InputError(
            f"{option} {name}: importing it failed: {failures.shown(error)}; install what it needs"
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever the user's code raises
        raise InputError(f"{option} {name}: importing it failed: {failures.shown(error)}") from error


def _home(package: str, folders: tuple[Path, ...], beside: Path | None) -> Path | None:
    """The folder that a module or package is imported from, None for the environment."""
    found = next((folder for folder in folders if _spec(package, [str(folder)])), None)
    if found is None and beside is not None and not _is_installed(package) and _spec(package, [str(beside)]):
        return beside
    return found


def _is_installed(package: str) -> bool:
    """Whether a module comes with Python, is installed, or lies on PYTHONPATH; what runs before added to sys.path is not asked."""
    own = site.getusersitepackages() if site.ENABLE_USER_SITE else ""
    stated = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    environment = [*(sysconfig.get_path(kind) for kind in INSTALLED), own, *stated]
    known = PathFinder.find_spec(package, [place for place in environment if place])
    return package in sys.stdlib_module_names or known is not None


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
