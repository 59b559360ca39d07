"""Honest programs pass the verifier, load without trust and give what the network gives."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from auditor.models import open_model
from tests.models.saving import config, exported

pytestmark = pytest.mark.filterwarnings("ignore")  # PyTorch warns of itself while it exports


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, groups=2), nn.GroupNorm(2, 4), nn.GELU())
        self.end = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))

    def forward(self, images: Tensor) -> Tensor:
        first = nn.functional.max_pool2d(self.first(images), 2)
        scores: Tensor = self.end(first + self.second(first))
        return scores


class Recurrent(nn.Module):
    def __init__(self, kind: Callable[..., nn.Module]) -> None:
        super().__init__()
        self.layers = kind(5, 7, batch_first=True, bidirectional=True, num_layers=2)
        self.end = nn.Linear(14, 2)

    def forward(self, series: Tensor) -> Tensor:
        scores: Tensor = self.end(self.layers(series)[0][:, -1]).log_softmax(-1)
        return scores


class Attending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(50, 16)
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 2)
        self.end = nn.Linear(16, 3)

    def forward(self, words: Tensor) -> Tensor:
        scores: Tensor = self.end(self.layers(self.words(words)).mean(1))
        return scores


class Bag(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(50, 16, mode="mean")
        self.end = nn.Linear(16, 3)

    def forward(self, words: Tensor) -> dict[str, Tensor]:
        return {"logits": self.end(self.words(words))}


class Blocks(nn.Module):
    """Graphs within the graph, a stored constant, an interpolation, a choice by the data."""

    def __init__(self) -> None:
        super().__init__()
        self.end = nn.Linear(4, 3)
        self.scale = torch.tensor([1.0, 2.0, 3.0, 4.0])

    def forward(self, features: Tensor) -> Tensor:
        with torch.no_grad():
            features = (features - self.scale) / self.scale.norm()
        with torch.autocast("cpu", torch.bfloat16):
            scores = self.end(features)
        grown = nn.functional.interpolate(features.reshape(-1, 1, 2, 2), scale_factor=1.5, mode="bilinear")
        return scores.float() + torch.where(features.sum() > 0, 1.0, 2.0) + grown.mean((1, 2, 3)).unsqueeze(1)


NETWORKS: dict[str, tuple[Callable[[], nn.Module], Tensor]] = {
    "residual": (Residual, torch.ones(2, 1, 16, 16)),
    "lstm": (lambda: Recurrent(nn.LSTM), torch.ones(2, 6, 5)),
    "gru": (lambda: Recurrent(nn.GRU), torch.ones(2, 6, 5)),
    "transformer": (Attending, torch.ones(2, 6, dtype=torch.long)),
    "bag": (Bag, torch.ones(2, 6, dtype=torch.long)),
    "blocks": (Blocks, torch.rand(2, 4)),
}


@pytest.mark.parametrize("kind", ["fixed", "dynamic", "decomposed"])
@pytest.mark.parametrize("name", NETWORKS)
def test_it_loads_verified_and_gives_what_the_network_gives(name: str, kind: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    make, example = NETWORKS[name]
    network = make().eval()
    path = saved_as(kind, tmp_path / "model.pt2", network, example)
    model = open_model(config(path))
    assert not model.runs_code
    rows = (
        torch.randint(0, 50, (5, *example.shape[1:]))
        if example.dtype is torch.long
        else torch.rand(5, *example.shape[1:])
    )
    given = network(rows)
    expected = (given["logits"] if isinstance(given, dict) else given).detach().numpy()
    np.testing.assert_allclose(model.forward(rows.numpy()), expected, rtol=1e-4, atol=1e-5)


def saved_as(kind: str, path: Path, network: nn.Module, example: Tensor) -> Path:
    if kind == "fixed":
        return exported(path, network, example, dynamic_shapes=None)
    if kind == "dynamic":
        return exported(path, network, example)
    shapes: Any = ({0: torch.export.Dim("batch", min=1)},)
    torch.export.save(torch.export.export(network, (example,), dynamic_shapes=shapes).run_decompositions(), path)
    return path
