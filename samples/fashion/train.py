"""Train the model of this sample: `python samples/fashion/train.py`.

Rewrites model.safetensors, history.csv and the sha256 in auditor.toml.
On the same machine and version of PyTorch the files come out the same, byte for byte.
"""

import hashlib
import re
from pathlib import Path

import numpy as np
import torch
from net import FashionNet
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import cross_entropy

HERE = Path(__file__).resolve().parent
EPOCHS = 20
BATCH_SIZE = 64

Split = tuple[Tensor, Tensor]


def read(name: str) -> Split:
    """Read the file's pictures (rows, 28, 28) float32 0..255 and its labels (rows,) int64."""
    with np.load(HERE / name, allow_pickle=False) as arrays:
        return torch.from_numpy(arrays["x"].astype(np.float32)), torch.from_numpy(arrays["y"])


@torch.no_grad()
def evaluate(model: FashionNet, split: Split) -> tuple[float, float]:
    """Mean log loss and accuracy over the split, dropout off."""
    pictures, labels = split
    logits = model.eval()(pictures)
    return cross_entropy(logits, labels).item(), (logits.argmax(1) == labels).double().mean().item()


def run_epoch(model: FashionNet, optimizer: torch.optim.Optimizer, split: Split) -> None:
    pictures, labels = split
    model.train()
    for rows in torch.split(torch.randperm(len(labels)), BATCH_SIZE):
        optimizer.zero_grad()
        cross_entropy(model(pictures[rows]), labels[rows]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def fit(train: Split, validation: Split) -> tuple[FashionNet, list[list[float]]]:
    """Adam with a learning rate that falls to zero, and the history of it; the last epoch is what is kept."""
    model = FashionNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    history = []
    for epoch in range(1, EPOCHS + 1):
        run_epoch(model, optimizer, train)
        schedule.step()
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
    model, history = fit(read("train.npz"), read("validation.npz"))
    save_file(model.state_dict(), HERE / "model.safetensors")
    write_history(HERE / "history.csv", history)
    record(HERE / "model.safetensors")


if __name__ == "__main__":
    main()
