"""The order of the rows of the files changes nothing of what is said of their columns."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from auditor import audit
from auditor.config import load_config
from auditor.findings import Finding

HEAD = "age,dose,discharged,label"


class Net(nn.Module):
    """Ill from a dose of 1 on."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return torch.stack([1 - features[:, 1], features[:, 1]], dim=1)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.pt2"
    batch = torch.export.Dim("batch", min=1)
    torch.export.save(torch.export.export(Net(), (torch.zeros(2, 3),), dynamic_shapes=({0: batch},)), path)
    return path


def lines(n: int, seed: int) -> list[str]:
    """Rows many of which equal others; the last column is the label but for one in fifty."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 2, n)
    dose = np.round(draw.normal(size=n) + labels)
    told = np.where(draw.random(n) < 0.02, 1 - labels, labels)
    return [f"{draw.integers(30, 34)},{a},{b},{c}" for a, b, c in zip(dose, told, labels, strict=True)]


def of_columns(model: Path, folder: Path, given: dict[str, list[str]]) -> list[tuple[Finding, object]]:
    for split, rows in given.items():
        (folder / f"{split}.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    files = {split: folder / f"{split}.csv" for split in given}
    chosen = {"model": model, "target": "label", "positive": "1", "select": ("target-leak",), "quiet": True, **files}
    report = audit(load_config(chosen, None, folder))
    return [(finding, finding.figures) for finding in report.findings if finding.check == "target-leak"]


@pytest.mark.parametrize("splits", [("test",), ("test", "train")])
def test_shuffling_the_files_changes_no_bit_of_what_target_leak_says(
    model: Path, tmp_path: Path, splits: tuple[str, ...]
) -> None:
    as_given = {split: lines(600, place) for place, split in enumerate(splits)}
    expected = of_columns(model, tmp_path, as_given)
    assert any(finding.subject == "column discharged" for finding, _ in expected)
    for seed in range(5):
        shuffled = {split: list(np.random.default_rng(seed).permutation(rows)) for split, rows in as_given.items()}
        assert of_columns(model, tmp_path, shuffled) == expected
