"""From the command line: the same rows in another format give the same figures, and the report says how they were read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from auditor.cli import main
from tests.data.reading import npz
from tests.data.writing import TABLES

NET = """
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(3 * 4 * 5, 2))
"""
DRAW = np.random.default_rng(0)
IMAGES = DRAW.integers(0, 256, (60, 4, 5, 3), np.uint8)
LABELS = np.where(IMAGES[:, 0, 0, 0] > 128, "light", "dark")


def audited(folder: Path, *options: object) -> Mapping[str, Any]:
    arguments = ["run", *map(str, options), "--quiet", "--format", "json", "--out", str(folder / "audit")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code in {0, 1, 3}, result.output
    report: Mapping[str, Any] = json.loads((folder / "audit" / "report.json").read_text())
    return report


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(NET)
    weight = torch.zeros(2, 60)
    weight[:, 0] = torch.tensor([-1.0, 1.0])
    torch.save({"1.weight": weight, "1.bias": torch.tensor([0.5, -0.4])}, tmp_path / "weights.pt")
    (tmp_path / "auditor.toml").write_text('model = "weights.pt"\nmodel_class = "net:Net"\n')
    return tmp_path


def test_a_folder_of_images_is_audited_as_their_arrays_are(home: Path) -> None:
    order = np.argsort(LABELS, kind="stable")
    for i in order:
        place = home / "images" / LABELS[i] / f"{i:03}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(IMAGES[i]).save(place)
    x = IMAGES[order].transpose(0, 3, 1, 2) / np.float32(255)
    arrays = npz(home / "t.npz", x=x, y=LABELS[order])
    given = [audited(home, "--config", home / "auditor.toml", "--test", path) for path in (home / "images", arrays)]
    assert given[0]["measurements"] == given[1]["measurements"]
    assert given[0]["measurements"]["test"]["accuracy"]["value"] > 0.8
    assert given[0]["provenance"]["settings"]["images"] == "decoded as RGB, scaled to 0..1, layout CHW"
    assert given[0]["provenance"]["class_names_from"] == "the image folder of test"
    assert "images" not in given[1]["provenance"]["settings"]


def test_predictions_give_the_same_figures_in_every_format(tmp_path: Path) -> None:
    scores = DRAW.uniform(size=200).round(6)
    truth = np.where(DRAW.uniform(size=200) < scores, "yes", "no").tolist()
    table = pa.table({"label": truth, "p_yes": scores.tolist()})
    found = []
    for name, write in TABLES.items():
        (tmp_path / name).mkdir()
        report = audited(tmp_path / name, "--predictions", write(table, tmp_path / name / "p"), "--positive", "yes")
        found.append(report["measurements"])
    assert all(measurements == found[0] for measurements in found)
