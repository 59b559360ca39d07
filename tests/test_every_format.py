"""The same weights and the same rows give the same figures, whatever the formats of the model and of the data."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from safetensors.torch import save_file
from scipy.special import log_softmax
from torch import nn

from auditor.batches import OutputKind
from auditor.config import Config
from auditor.data import open_splits
from auditor.engines.local import Stream, measure
from auditor.models import Model, open_model
from auditor.prediction import ScoreReading, predicted
from auditor.states import Confusion, Losses, Task
from tests.data.writing import ARRAYS, TABLES
from tests.models import onnx_saving

FEATURES, CLASSES, N = 4, 3, 40
DRAW = np.random.default_rng(11)
WEIGHT = DRAW.normal(size=(FEATURES, CLASSES)).astype(np.float32)
X = DRAW.normal(size=(N, FEATURES)).astype(np.float32)
Y = DRAW.integers(0, CLASSES, N)
NAMES = ("0", "1", "2")

LINE = """
import torch

class Line(torch.nn.Linear):
    def __init__(self):
        super().__init__(4, 3, bias=False)
"""
ADAPTER = """
import numpy as np
import torch

def load(path):
    weight = torch.from_numpy(np.loadtxt(path, dtype="float32"))
    return lambda x: x @ weight
"""


def line() -> nn.Linear:
    module = nn.Linear(FEATURES, CLASSES, bias=False)
    module.weight.data = torch.from_numpy(WEIGHT.T.copy())
    return module.eval()


def program(folder: Path, rows: int | None) -> Config:
    shapes = ({0: torch.export.Dim("rows", min=1)},) if rows is None else None
    exported = torch.export.export(line(), (torch.zeros(rows or 2, FEATURES),), dynamic_shapes=shapes)
    torch.export.save(exported, folder / "model.pt2")
    return settings(folder / "model.pt2")


def weights(folder: Path, value: Any, **options: Any) -> Config:
    torch.save(value, folder / "model.pt", **options)
    return settings(folder / "model.pt", model_class="line:Line")


def safetensors(folder: Path, *, sharded: bool) -> Config:
    save_file(line().state_dict(), folder / "model.safetensors")
    if not sharded:
        return settings(folder / "model.safetensors", model_class="line:Line")
    index = folder / "model.safetensors.index.json"
    index.write_text('{"metadata": {"total_size": 48}, "weight_map": {"weight": "model.safetensors"}}')
    return settings(index, model_class="line:Line")


def hugging_face(folder: Path) -> Config:
    (folder / "saved").mkdir()
    save_file(line().state_dict(), folder / "saved" / "model.safetensors")
    (folder / "saved" / "config.json").write_text('{"id2label": {"0": "0", "1": "1", "2": "2"}}')
    return settings(folder / "saved", model_class="line:Line")


def trusted(folder: Path, save: Callable[[Path], object]) -> Config:
    save(folder / "model.pt")
    return settings(folder / "model.pt", trust_model_code=True)


def adapted(folder: Path) -> Config:
    (folder / "adapter.py").write_text(ADAPTER)
    np.savetxt(folder / "weight.txt", WEIGHT)
    return settings(folder / "weight.txt", adapter=folder / "adapter.py")


def settings(model: Path, **given: Any) -> Config:
    return Config.model_validate({"model": model, "device": "cpu", "threads": 1} | given)


MODELS: dict[str, Callable[[Path], Config]] = {
    "program, any rows": lambda folder: program(folder, None),
    "program, seven rows": lambda folder: program(folder, 7),
    "state_dict": lambda folder: weights(folder, line().state_dict()),
    "state_dict, before 1.6": lambda folder: weights(folder, line().state_dict(), _use_new_zipfile_serialization=False),
    "checkpoint": lambda folder: weights(folder, {"epoch": 3, "state_dict": {"module.weight": line().weight.data}}),
    "safetensors": lambda folder: safetensors(folder, sharded=False),
    "safetensors with an index": lambda folder: safetensors(folder, sharded=True),
    "Hugging Face folder": hugging_face,
    "TorchScript": lambda folder: trusted(
        folder, lambda path: torch.jit.save(torch.jit.trace(line(), torch.zeros(2, FEATURES)), str(path))
    ),
    "pickled module": lambda folder: trusted(folder, lambda path: torch.save(line(), path)),
    "ONNX": lambda folder: settings(onnx_saving.linear(folder / "model.onnx", WEIGHT)),
    "adapter": adapted,
}


def written(folder: Path) -> dict[str, Path]:
    """The rows in every format."""
    table = pa.table({f"x{i}": X[:, i] for i in range(FEATURES)} | {"label": Y})
    tables = {f"table {kind}": write(table, folder / f"table {kind}") for kind, write in TABLES.items()}
    return tables | {f"arrays {kind}": write(folder / f"arrays {kind}", x=X, y=Y) for kind, write in ARRAYS.items()}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return written(tmp_path_factory.mktemp("data"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "line.py").write_text(LINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def figures(model: Model, path: Path) -> tuple[list[list[int]], float | None]:
    """The confusion matrix and the mean log loss of the rows of a file."""
    test = open_splits(Config(test=path)).test
    assert test.class_names == NAMES

    def shards() -> Iterator[Any]:
        return (predicted(model, shard.batches(16), ScoreReading(OutputKind.LOGITS)) for shard in test.shards())

    found = measure({"test": Stream("test", shards)}, (Confusion, Losses), Task(NAMES), lambda _split, _rows: None).test
    return found[Confusion].dense.tolist(), found[Losses].mean("log_loss").value


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize("kind", MODELS)
def test_every_model_on_every_data_gives_the_same_matrix_and_loss(
    kind: str, folder: Path, data: dict[str, Path]
) -> None:
    if kind == "ONNX" and find_spec("onnxruntime") is None:
        pytest.skip("onnxruntime is not installed")
    model = open_model(MODELS[kind](folder))
    scores = X.astype(np.float64) @ WEIGHT
    matrix = np.zeros((CLASSES, CLASSES), int)
    np.add.at(matrix, (Y, scores.argmax(axis=1)), 1)
    loss = -log_softmax(scores, axis=1)[np.arange(N), Y].mean()
    for form, path in data.items():
        confusion, mean = figures(model, path)
        assert confusion == matrix.tolist(), form
        assert mean == pytest.approx(loss, abs=1e-6), form
