"""Train the model of this sample: `python samples/digits/train.py`.

Rewrites model.pt2, history.csv and the sha256 in auditor.toml.
On the same machine and version of PyTorch the files come out the same, byte for byte.
"""

import hashlib
import re
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

HERE = Path(__file__).resolve().parent
EPOCHS = 40
BATCH_SIZE = 32
SIDE = 8

Split = tuple[Tensor, Tensor]


class DigitNet(nn.Module):
    """Two convolutions and two linear layers: (rows, 8, 8) float32 raw pixels 0..16 in, (rows, 10) logits out."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 32, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(32 * 4 * 4, 64),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(64, 10),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        return self.layers((pictures / 16).unsqueeze(1))  # type: ignore[no-any-return]


def read(name: str) -> Split:
    """Read the file's pictures (rows, 8, 8) float32 0..16 and its labels (rows,) int64."""
    with np.load(HERE / name, allow_pickle=False) as arrays:
        return torch.from_numpy(arrays["x"].astype(np.float32)), torch.from_numpy(arrays["y"])


def shift(pictures: Tensor) -> Tensor:
    """Move each picture by up to one pixel in both directions."""
    rows = torch.arange(len(pictures))[:, None, None]
    down, across = (torch.randint(3, (len(pictures), 1)) + torch.arange(SIDE) for _ in range(2))
    return pad(pictures, (1, 1, 1, 1))[rows, down[:, :, None], across[:, None, :]]


@torch.no_grad()
def evaluate(model: DigitNet, split: Split) -> tuple[float, float]:
    """Mean log loss and accuracy over the split, dropout and shifts off."""
    pictures, labels = split
    logits = model.eval()(pictures)
    return cross_entropy(logits, labels).item(), (logits.argmax(1) == labels).double().mean().item()


def run_epoch(model: DigitNet, optimizer: torch.optim.Optimizer, split: Split) -> None:
    pictures, labels = split
    model.train()
    for rows in torch.split(torch.randperm(len(labels)), BATCH_SIZE):
        optimizer.zero_grad()
        cross_entropy(model(shift(pictures[rows])), labels[rows]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def fit(train: Split, validation: Split) -> tuple[DigitNet, list[list[float]]]:
    """AdamW with a learning rate that falls to zero, and the history of it; the last epoch is what is kept."""
    model = DigitNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    history = []
    for epoch in range(1, EPOCHS + 1):
        run_epoch(model, optimizer, train)
        schedule.step()
        (train_loss, train_accuracy), (loss, accuracy) = evaluate(model, train), evaluate(model, validation)
        history.append([epoch, train_loss, loss, train_accuracy, accuracy])
        print(f"epoch {epoch}: log loss {train_loss:.4f} on train, {loss:.4f} on validation")
    return model.eval(), history


def export(model: nn.Module, path: Path) -> None:
    """Save the model as an exported program that takes any number of pictures."""
    example = torch.zeros(2, SIDE, SIDE)
    program = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("batch", min=1)},))
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it would write the paths of this machine into the file
    torch.export.save(program, path)


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
    export(model, HERE / "model.pt2")
    write_history(HERE / "history.csv", history)
    record(HERE / "model.pt2")


if __name__ == "__main__":
    main()
