"""How the tests save small models of every kind."""

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from auditor.config import Config

NET = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, features: int = 4, hidden: int = 8, classes: int = 3) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden, classes))

    def forward(self, features):
        return self.layers(features)
"""


class Net(nn.Module):
    """The class of NET."""

    def __init__(self, features: int = 4, hidden: int = 8, classes: int = 3) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden, classes))

    def forward(self, features: Tensor) -> Tensor:
        result: Tensor = self.layers(features)
        return result


class Payload:
    """Unpickling it creates a marker."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.marker),)


def config(model: Path, **settings: Any) -> Config:
    """The settings of a run on this model, on the CPU."""
    return Config.model_validate({"model": model, "device": "cpu", "threads": 1} | settings)


def saved(path: Path, value: object, **options: Any) -> Path:
    """What torch.save writes."""
    torch.save(value, path, **options)
    return path


def exported(path: Path, module: nn.Module, *example: Any, **options: Any) -> Path:
    """What torch.export.save writes; any number of rows unless `dynamic_shapes` says otherwise."""
    rows = {0: torch.export.Dim("batch", min=1)}
    options.setdefault("dynamic_shapes", (rows,) if example else None)
    torch.export.save(torch.export.export(module, example, **options), path)
    return path


def archive(path: Path, members: dict[str, bytes]) -> Path:
    """A zip archive of these members, stored as they are."""
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """The archive with each member's content changed."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as file:
        members = {name: change(name, file.read(name)) for name in file.namelist()}
    return archive(path, members)


def pickled(value: object) -> bytes:
    """What pickle writes."""
    return pickle.dumps(value, protocol=2)
