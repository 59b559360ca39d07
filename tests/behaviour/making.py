"""Models in memory, splits of arrays, and what the probe makes of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from auditor.batches import Batch, OutputKind, Scores
from auditor.behaviour import Behaviour
from auditor.behaviour.trials import tried
from auditor.data.split import Split, Splits
from auditor.measurements import Measurements, ProbeResult
from auditor.models.buffers import Buffers
from auditor.models.forward import Forward
from auditor.models.model import Model
from auditor.models.modules import still_training
from auditor.prediction import ScoreReading
from auditor.testing import measured

Array = NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """Arrays as one shard."""

    features: Array
    labels: Array
    first_row: int = 0

    def batches(self, size: int) -> Iterator[Batch]:
        keys = np.arange(len(self.labels), dtype=np.uint64)
        for start in range(0, len(self.labels), size):
            part = slice(start, start + size)
            yield Batch(self.labels[part], keys[part], self.features[part])


def split(name: str, features: Array, labels: Array, classes: int) -> Split:
    columns = tuple(f"column {i}" for i in range(features.shape[1])) if features.ndim == 2 else ()
    names = tuple(f"class {i}" for i in range(classes))
    shards = (Rows(features, labels),)
    return Split(name, Path(f"{name}.npz"), "npz", "", len(labels), names, columns, features.shape[1:], shards)


def splits(test: tuple[Array, Array], train: tuple[Array, Array] | None = None, *, classes: int) -> Splits:
    one = split("test", *test, classes)
    other = None if train is None else split("train", *train, classes)
    return Splits(one, other, None, one.class_names, "", 1 if classes == 2 else None, "", {})


def loaded(module: nn.Module, *, evaluating: bool = True, precision: str = "fp32") -> Model:
    """The model as the audit loads it; left as it is where `evaluating` is false."""
    if evaluating:
        module.eval()
    return Model(
        Path("net.pt"),
        "state_dict",
        "",
        runs_code=False,
        device="cpu",
        n_outputs=None,
        class_names=(),
        input_shape=None,
        notes=(),
        forward=Forward("net.pt", module, torch.device("cpu"), precision=precision),
        training_parts=still_training(module),
        buffers=Buffers(module),
    )


def observed(
    model: Model,
    test: tuple[Array, Array],
    train: tuple[Array, Array] | None = None,
    *,
    classes: int,
    kind: OutputKind = OutputKind.LOGITS,
) -> Behaviour:
    """What the probe sees."""
    assert isinstance(model.forward, Forward)
    data = splits(test, train, classes=classes)
    found = tried(model, data, ScoreReading(kind), 1024, model.forward.precision)
    assert found is not None
    return found


def measurements(
    model: Model,
    test: tuple[Array, Array],
    train: tuple[Array, Array] | None = None,
    *,
    classes: int,
    kind: OutputKind = OutputKind.LOGITS,
) -> Measurements:
    """What the checks get to see of a model on these rows."""
    behaviour = observed(model, test, train, classes=classes, kind=kind)
    features, labels = test
    scores = Scores(model.forward(features), kind)
    batch = Batch(labels, np.arange(len(labels), dtype=np.uint64), features, scores)
    names = [f"class {i}" for i in range(classes)]
    found = measured(batch, class_names=names, positive=names[1] if classes == 2 else None)
    return replace(found, probe=ProbeResult(kind, declared=True, n_rows=len(labels), behaviour=behaviour))


def blobs(n: int, *, classes: int = 3, features: int = 6, apart: float = 3.0, seed: int = 0) -> tuple[Array, Array]:
    """Labels, and features (n, features) float32 about a centre of each class."""
    centres = np.random.default_rng(7).normal(0, apart, (classes, features))
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, classes, n)
    return (centres[labels] + draw.normal(size=(n, features))).astype(np.float32), labels


def nearest(classes: int = 3, features: int = 6, apart: float = 3.0) -> nn.Linear:
    """The linear model that answers with the nearest centre of `blobs`."""
    centres = torch.from_numpy(np.random.default_rng(7).normal(0, apart, (classes, features)).astype(np.float32))
    layer = nn.Linear(features, classes)
    with torch.no_grad():
        layer.weight.copy_(centres)
        layer.bias.copy_(-(centres**2).sum(dim=1) / 2)
    return layer
