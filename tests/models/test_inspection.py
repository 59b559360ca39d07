"""`auditor inspect` says what a file is and what loading it would do, and runs nothing of it."""

import io
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import save_file
from torch import nn

from auditor.cli import main
from tests.models.saving import Net, Payload, exported, pickled, saved
from tests.models.verification.crafting import file_operator, network


def inspected(path: Path, *options: str) -> Result:
    result = CliRunner().invoke(main, ["inspect", str(path), *options])
    assert "Traceback" not in result.output
    return result


def test_a_program_says_what_it_takes_and_that_it_only_computes(tmp_path: Path, net: Net) -> None:
    text = inspected(exported(tmp_path / "model.pt2", net, torch.ones(2, 4))).stdout
    assert "torch.export program" in text
    assert "Loading it runs no code." in text
    assert "takes features: float32, any (from 1) x 4" in text
    assert f"exported by PyTorch {torch.__version__}" in text
    assert "layers.0.weight  8 x 4  float32" in text


def test_a_program_that_acts_names_the_rule_and_the_options(tmp_path: Path, marker: Path) -> None:
    text = inspected(file_operator(network(tmp_path / "model.pt2"), marker)).stdout
    assert "Loading it would run code." in text
    assert "rule operators" in text
    assert "--trust-model-code" in text
    assert not marker.exists()


def test_json_has_the_same(tmp_path: Path, net: Net) -> None:
    found = json.loads(inspected(saved(tmp_path / "w.pt", net.state_dict()), "--format", "json").stdout)
    assert found["loading"] == "runs no code"
    assert found["tensors"][0] == {"name": "layers.0.weight", "dtype": "float32", "shape": [8, 4]}
    assert len(found["sha256"]) == 64


def scripted(path: Path) -> Path:
    with pytest.warns(DeprecationWarning, match="deprecated"):
        torch.jit.save(torch.jit.script(nn.Linear(2, 2)), path)
    return path


def safetensors(path: Path) -> Path:
    save_file({"a": torch.ones(2, 3)}, path, {"format": "pt"})
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def npz(path: Path) -> Path:
    np.savez(path, x=np.ones((3, 2)), names=np.array(["a", None], dtype=object))
    return path.with_suffix(".npz")


ONNX = (
    b"\x08\x09\x12\x07pytorch\x1a\x042.13"  # ir_version, producer, its version
    b"\x3a\x17\x0a\x0a\x0a\x01x\x12\x01y\x22\x02Ge\x5a\x03\x0a\x01x\x62\x04\x0a\x02yy"  # a graph: node, input, output
    b"\x42\x04\x0a\x00\x10\x12"  # opset 18
)
KINDS = {
    "TorchScript": (scripted, ["TorchScript program", "would run code", "of code", "weight  2 x 2  float32"]),
    "safetensors": (safetensors, ["runs no code", "a  2 x 3  float32", "its metadata: format=pt"]),
    "pickled module": (lambda path: saved(path, Net()), ["would run code", "would call tests.models.saving.Net"]),
    "pickle": (lambda path: written(path, pickled([Net])), ["Python pickle", "would call tests.models.saving.Net"]),
    "npz": (npz, ["archive of NumPy arrays", "It is not loaded.", "names hold pickled objects", "x  3 x 2  <f8"]),
    "onnx": (
        lambda path: written(path, ONNX),
        ["written by pytorch 2.13", "operator set ai.onnx 18", "takes x", "gives yy"],
    ),
    "cut onnx": (
        lambda path: written(path, ONNX[:30]),
        ["ONNX model", "It is not loaded.", "no whole ONNX model: it is cut short"],
    ),
    "nothing known": (lambda path: written(path, b"a,b\n1,2\n"), ["file of no known format", "It is not loaded."]),
    "empty": (lambda path: written(path, b""), ["empty file", "It is not loaded."]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_is_described(kind: str, tmp_path: Path) -> None:
    make, words = KINDS[kind]
    result = inspected(make(tmp_path / "model"))
    assert result.exit_code == 0
    for word in words:
        assert word in result.stdout


def test_arrays_that_are_damaged_are_said_to_be(tmp_path: Path) -> None:
    content = bytearray(npz(tmp_path / "a").read_bytes())
    content[content.index(b"PK\x01\x02") + 20 : content.index(b"PK\x01\x02") + 28] = b"\xff\xff\xff\x7f" * 2
    assert "what it holds could not be read: " in inspected(written(tmp_path / "b.npz", bytes(content))).stdout


def test_a_payload_is_named_and_not_run(tmp_path: Path, marker: Path) -> None:
    for content in (pickle.dumps([Payload(marker)]), saved(tmp_path / "m.pt", {"a": Payload(marker)}).read_bytes()):
        assert "mkdir" in inspected(written(tmp_path / "model.pkl", content)).stdout
    assert not marker.exists()


def test_names_of_the_file_cannot_drive_the_terminal(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save({"w\x1b[2J": torch.ones(1)}, buffer)
    assert "\x1b" not in inspected(written(tmp_path / "w.pt", buffer.getvalue())).stdout


def test_inspecting_needs_no_pytorch(tmp_path: Path, net: Net) -> None:
    path = exported(tmp_path / "model.pt2", net, torch.ones(2, 4))
    code = (
        "import sys; from pathlib import Path; from auditor.models.inspection import shown; "
        f"shown(Path({str(path)!r}), 'text'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
