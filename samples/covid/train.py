"""Train the model of this sample: `python samples/covid/train.py`.

Rewrites model.pt2 and its sha256 in auditor.toml, and prints what the same program gives without `ct_result`.
On the same machine and version of PyTorch the files come out the same, byte for byte.
"""

import csv
import gzip
import hashlib
import re
import tomllib
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

HERE = Path(__file__).resolve().parent
CONFIG = tomllib.loads((HERE / "auditor.toml").read_text("utf-8"))
FEATURES: list[str] = CONFIG["features"]
CATEGORIES: dict[str, list[str]] = CONFIG["categories"]
LEAK = "ct_result"
EPOCHS = 20
BATCH_SIZE = 64

Split = tuple[Tensor, Tensor]


class ResultNet(nn.Module):
    """One hidden layer on standardised numbers, one-hot categories and what is missing.

    Takes (rows, columns) float32 in the order of `features`, categories as integer codes and NaN where a cell is empty;
    gives logits (rows, 2).
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: Tensor, names: list[str]) -> None:
        super().__init__()
        self.numeric = [i for i, name in enumerate(names) if name not in CATEGORIES]
        self.text = {i: len(CATEGORIES[name]) for i, name in enumerate(names) if name in CATEGORIES}
        numbers = features[:, self.numeric]
        mean = numbers.nanmean(0)
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", (numbers - mean).square().nanmean(0).sqrt())
        width = 2 * len(self.numeric) + sum(self.text.values())
        self.layers = nn.Sequential(nn.Linear(width, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, features: Tensor) -> Tensor:
        numbers = (features[:, self.numeric] - self.mean) / self.deviation
        missing = torch.isnan(numbers)
        parts = [torch.where(missing, torch.zeros_like(numbers), numbers), missing.to(numbers.dtype)]
        for column, count in self.text.items():
            codes = torch.arange(count, device=features.device)
            parts.append((features[:, column, None] == codes).to(numbers.dtype))
        return self.layers(torch.cat(parts, 1))  # type: ignore[no-any-return]


def cell(name: str, text: str) -> float:
    """A cell as the model takes it: a number, the code of a category, or NaN where it is empty."""
    if not text:
        return float("nan")
    return float(CATEGORIES[name].index(text)) if name in CATEGORIES else float(text)


def read(name: str, columns: list[str]) -> Split:
    """Read these columns of the file as (rows, columns) float32 and its labels (rows,) int64."""
    with gzip.open(HERE / name, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    features = [[cell(column, row[column]) for column in columns] for row in rows]
    return torch.tensor(features), torch.tensor([CONFIG["classes"].index(row[CONFIG["target"]]) for row in rows])


def fit(train: Split, columns: list[str]) -> ResultNet:
    torch.manual_seed(0)
    features, labels = train
    model = ResultNet(features, columns)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(EPOCHS):
        for rows in torch.split(torch.randperm(len(labels)), BATCH_SIZE):
            optimizer.zero_grad()
            cross_entropy(model(features[rows]), labels[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return model.eval()


@torch.no_grad()
def report(model: ResultNet, split: Split) -> str:
    """How many rows are right, and how many of the positive class are found."""
    features, labels = split
    predicted = model(features).argmax(1)
    positive = labels == CONFIG["classes"].index(CONFIG["positive"])
    right, found = int((predicted == labels).sum()), int((predicted[positive] == labels[positive]).sum())
    return f"{right} of {len(labels)} right, {found} of {int(positive.sum())} found"


def export(model: nn.Module, width: int, path: Path) -> None:
    """Save the model as an exported program that takes any number of rows."""
    example = torch.zeros(2, width)
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
    torch.set_num_threads(1)
    for columns in ([name for name in FEATURES if name != LEAK], FEATURES):
        train, test = read("train.csv.gz", columns), read("test.csv.gz", columns)
        model = fit(train, columns)
        kind = "with" if LEAK in columns else "without"
        print(f"{kind} {LEAK}: train {report(model, train)}; test {report(model, test)}")
    export(model, len(FEATURES), HERE / "model.pt2")
    record(HERE / "model.pt2")


if __name__ == "__main__":
    main()
