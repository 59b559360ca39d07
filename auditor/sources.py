"""What a run is given in memory beside its settings: a model, and loaders in place of files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auditor.config import Config, config_of, parse_gate
from auditor.data.loaders import Loader, from_function
from auditor.errors import UsageError

Data = str | Path | Iterable[Any]


@dataclass(frozen=True)
class Sources:
    """A live model, None where the configuration names a saved one, and the loaders of splits that are no files."""

    model: Any = None
    loaders: Mapping[str, Loader] = field(default_factory=dict)


def sources_of(config: Config) -> Sources:
    """The loaders that the configuration names a function for."""
    if config.loader is None:
        return Sources()
    folders = (Path.cwd(), *((config.origin.parent,) if config.origin else ()))
    return Sources(loaders=from_function(config.loader, folders))


def in_memory(model: object, splits: Mapping[str, object], settings: Mapping[str, Any]) -> tuple[Config, Sources]:
    """Settings and sources from the arguments of `auditor.audit`: paths become settings, objects stay what they are.

    UsageError where a setting is unknown or no data to judge on is given.
    """
    options = {"quiet": True, **settings}
    options["gates"] = tuple(parse_gate(gate) if isinstance(gate, str) else gate for gate in options.get("gates", ()))
    if splits.get("test") is None:
        raise UsageError("audit(model, test): no data to judge on was given; give a path or a loader as `test`")
    loaders: dict[str, Loader] = {}
    for name, data in {"model": model, **splits}.items():
        if isinstance(data, str | Path):
            options[name] = data
        elif name != "model" and data is not None:
            loaders[name] = Loader(data, f"{type(data).__name__} in memory")
    live = None if isinstance(model, str | Path) else model
    if isinstance(live, type):
        raise UsageError(f"audit(model, test): the model is the class {live.__name__}; an object of it was expected")
    if live is not None and not callable(live):
        raise UsageError(f"audit(model, test): the model is a {type(live).__name__}; a module or a path was expected")
    return config_of(options, Path.cwd()), Sources(live, loaders)
