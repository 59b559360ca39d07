"""Train the model of this sample: `python samples/lending-club/train.py`.

Rewrites weights.pt, history.csv and the sha256 in auditor.toml.
On the same machine and version of PyTorch the files come out the same, byte for byte.
"""

import csv
import hashlib
import re
import tomllib
from pathlib import Path

import torch
from net import LoanNet
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

HERE = Path(__file__).resolve().parent
CONFIG = tomllib.loads((HERE / "auditor.toml").read_text("utf-8"))
EPOCHS = 60
BATCH_SIZE = 64

Split = tuple[Tensor, Tensor]


def read(name: str) -> Split:
    """Read the file's features (rows, 22) float32 in file order and its labels (rows, 1) float32, 1 for a bad loan."""
    categories: dict[str, list[str]] = CONFIG["categories"]
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = [[float(row.pop(CONFIG["target"]) == CONFIG["positive"])] for row in rows]
    features = [
        [categories[name].index(cell) if name in categories else float(cell) for name, cell in row.items()]
        for row in rows
    ]
    return torch.tensor(features, dtype=torch.float32), torch.tensor(labels)


@torch.no_grad()
def evaluate(model: LoanNet, split: Split) -> tuple[float, float]:
    """Mean log loss and accuracy over the split."""
    features, labels = split
    logits = model(features)
    loss = binary_cross_entropy_with_logits(logits, labels).item()
    return loss, ((logits > 0) == (labels > 0)).double().mean().item()


def run_epoch(model: LoanNet, optimizer: torch.optim.Optimizer, split: Split) -> None:
    features, labels = split
    for rows in torch.split(torch.randperm(len(labels)), BATCH_SIZE):
        optimizer.zero_grad()
        binary_cross_entropy_with_logits(model(features[rows]), labels[rows]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def fit(train: Split, validation: Split) -> tuple[LoanNet, list[list[float]]]:
    """Adam for 60 epochs with nothing to hold it back, and the history of it; the last epoch is what is kept."""
    model = LoanNet(**CONFIG["model_args"])
    model.fit_scale(train[0])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    history = []
    for epoch in range(1, EPOCHS + 1):
        run_epoch(model, optimizer, train)
        (train_loss, train_accuracy), (loss, accuracy) = evaluate(model, train), evaluate(model, validation)
        history.append([epoch, train_loss, loss, train_accuracy, accuracy])
        print(f"epoch {epoch}: log loss {train_loss:.4f} on train, {loss:.4f} on validation")
    return model, history


def write_history(path: Path, history: list[list[float]]) -> None:
    lines = ["epoch,train_loss,val_loss,train_accuracy,val_accuracy"]
    lines += [f"{epoch:.0f}," + ",".join(f"{value:.6f}" for value in values) for epoch, *values in history]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def record(model: Path) -> None:
    """Write the model's sha256 into auditor.toml."""
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    config = HERE / "auditor.toml"
    config.write_text(re.sub(r'(?m)^sha256 = ".*"', f'sha256 = "{digest}"', config.read_text("utf-8")), "utf-8")


def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model, history = fit(read("train.csv"), read("validation.csv"))
    torch.save(model.state_dict(), HERE / "weights.pt")
    write_history(HERE / "history.csv", history)
    record(HERE / "weights.pt")


if __name__ == "__main__":
    main()
