"""What torch.load may call while a file is read that nobody trusted: what rebuilds tensors, and nothing else."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import torch

from auditor.models.inert import LISTS, MAPPINGS, VALUES

FORCED, FORBIDDEN = "TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


class LeftOut:
    """Takes the place of every plain value beside the tensors; whatever it is given or told, it does nothing."""

    def __new__(cls, *_arguments: object, **_named: object) -> Self:
        """Take any arguments."""
        return super().__new__(cls)

    def __setstate__(self, state: object) -> None:
        """Forget the state."""


def _mapping(*_arguments: object) -> dict[Any, Any]:
    """Takes the place of a `defaultdict`, whose factory is a call."""
    return {}


def _list(*_arguments: object) -> list[Any]:
    """Takes the place of a `deque`."""
    return []


@contextmanager
def weights_only() -> Iterator[None]:
    """Within the block every torch.load reads weights alone, whatever its caller asks for, and calls none of the file's names.

    torch.export.load tries again with weights_only=False where a first reading fails; the environment variable overrules it.
    """
    before = {name: os.environ.pop(name, None) for name in (FORCED, FORBIDDEN)}
    os.environ[FORCED] = "1"
    try:
        with torch.serialization.safe_globals(_stand_ins()):
            yield
    finally:
        os.environ.pop(FORCED)
        os.environ.update({name: value for name, value in before.items() if value is not None})


def _stand_ins() -> list[Callable[..., Any] | tuple[Callable[..., Any], str]]:
    mappings: list[tuple[Callable[..., Any], str]] = [
        (dict if name.endswith("Dict") else _mapping, name) for name in MAPPINGS
    ]
    return [*mappings, *((_list, name) for name in LISTS), *((LeftOut, name) for name in VALUES)]
