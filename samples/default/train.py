"""Train the model of this sample: `python samples/default/train.py`.

Rewrites model.pt2 and its sha256 in auditor.toml.
On the same machine and version of PyTorch the files come out the same, byte for byte.
"""

import csv
import hashlib
import re
import tomllib
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

HERE = Path(__file__).resolve().parent
CONFIG = tomllib.loads((HERE / "auditor.toml").read_text("utf-8"))


class DefaultNet(nn.Module):
    """Logistic regression with two logits; standardises the raw columns (rows, 3) float32 itself."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", features.mean(0))
        self.register_buffer("deviation", features.std(0))
        self.linear = nn.Linear(features.shape[1], 2)

    def forward(self, features: Tensor) -> Tensor:
        return self.linear((features - self.mean) / self.deviation)  # type: ignore[no-any-return]


def read(name: str) -> tuple[Tensor, Tensor]:
    """Read the file's features (rows, 3) float32 in file order and its labels (rows,) int64."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    students: list[str] = CONFIG["categories"]["student"]
    features = [[students.index(row["student"]), float(row["balance"]), float(row["income"])] for row in rows]
    labels = [CONFIG["classes"].index(row["default"]) for row in rows]
    return torch.tensor(features, dtype=torch.float32), torch.tensor(labels)


def train(features: Tensor, labels: Tensor) -> DefaultNet:
    """Maximum likelihood: plain cross-entropy, every row the same weight, no regard to how rare a default is."""
    model = DefaultNet(features)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = cross_entropy(model(features), labels)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return model.eval()


def export(model: nn.Module, path: Path) -> None:
    """Save the model as an exported program that takes any number of rows."""
    example = torch.zeros(2, 3)
    program = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("batch", min=1)},))
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it would write the paths of this machine into the file
    torch.export.save(program, path)


def record(model: Path) -> None:
    """Write the model's sha256 into auditor.toml."""
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    config = HERE / "auditor.toml"
    config.write_text(re.sub(r'(?m)^sha256 = ".*"', f'sha256 = "{digest}"', config.read_text("utf-8")), "utf-8")


def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    features, labels = read("train.csv")
    model = train(features, labels)
    export(model, HERE / "model.pt2")
    record(HERE / "model.pt2")


if __name__ == "__main__":
    main()
