"""Models that others trained and published give here what they give in their own runtime."""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import torch

from auditor.errors import ModelRefused
from auditor.models import open_model
from tests.models.saving import config

KINDS = {"png": "png", "svg": "svg", "pdf": "pdf", "ttf": "ttf", "py": "python"}
EACH = 25

ADAPTER = """
import torch

def load(path):
    model = torch.jit.load(str(path))

    def speech(chunks):
        model.reset_states()
        return model(chunks, 16000)

    return speech
"""


def shipped(package: str, *place: str) -> Path:
    """A file that an installed package ships."""
    found = find_spec(package)
    if found is None or found.origin is None:
        pytest.skip(f"{package} is not installed")
    return Path(found.origin).parent.joinpath(*place)


def session(path: Path, features: np.ndarray) -> np.ndarray:
    """What onnxruntime itself makes of the features."""
    runtime = pytest.importorskip("onnxruntime").InferenceSession(str(path))
    return np.asarray(runtime.run(None, {runtime.get_inputs()[0].name: features})[0])


def files() -> Iterator[tuple[str, bytes]]:
    """Files of known kinds that come with Python and matplotlib."""
    for ending, kind in KINDS.items():
        home = Path(subprocess.__file__).parent if ending == "py" else Path(mpl.get_data_path())
        found = [path for path in sorted(home.rglob(f"*.{ending}")) if path.stat().st_size > 100]
        yield from ((kind, path.read_bytes()) for path in found[:EACH])


def magika_features(content: bytes) -> np.ndarray:
    """The first and the last 1,024 bytes, white space at the ends left out, 256 for no byte."""
    first, last = content[:4096].lstrip()[:1024], content[-4096:].rstrip()[-1024:]
    features = np.full(2048, 256, np.int32)
    features[: len(first)] = np.frombuffer(first, np.uint8)
    features[2048 - len(last) :] = np.frombuffer(last, np.uint8)
    return features


def test_magika_tells_kinds_of_files_apart_with_the_figures_of_its_own_runtime(tmp_path: Path) -> None:
    folder = shipped("magika", "models", "standard_v3_3")
    classes = json.loads((folder / "config.min.json").read_text())["target_labels_space"]
    kinds, contents = zip(*files(), strict=True)
    x, y = np.stack([magika_features(content) for content in contents]), np.array(kinds)
    np.savez(tmp_path / "test.npz", x=x, y=y)
    lines = [f'model = "{folder / "model.onnx"}"', 'test = "test.npz"', f"classes = {json.dumps(classes)}"]
    (tmp_path / "auditor.toml").write_text("\n".join(lines))
    run = [sys.executable, "-m", "auditor", "run", "--format", "json", "--gate", "accuracy>=0.9"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 3), done.stderr
    test = json.loads((tmp_path / "audit" / "report.json").read_text())["measurements"]["test"]
    probabilities = session(folder / "model.onnx", x)
    right = int((np.array(classes)[probabilities.argmax(axis=1)] == y).sum())
    assert (test["accuracy"]["k"], test["accuracy"]["n"]) == (right, len(y))
    assert right >= 0.95 * len(y)
    stated = probabilities[np.arange(len(y)), np.searchsorted(classes, y)].astype(np.float64)
    expected = -np.log(np.maximum(stated, np.finfo(np.float64).eps)).mean()
    assert test["log_loss"]["value"] == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_a_network_that_tells_text_upside_down_gives_the_scores_of_its_own_runtime() -> None:
    path = shipped("rapidocr_onnxruntime", "models", "ch_ppocr_mobile_v2.0_cls_infer.onnx")
    images = np.random.default_rng(0).uniform(-1, 1, (6, 3, 48, 192)).astype(np.float32)
    found = open_model(config(path)).forward(images)
    np.testing.assert_allclose(found, session(path, images), rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_a_detector_of_speech_is_a_program_and_needs_trust(tmp_path: Path) -> None:
    path = shipped("silero_vad", "data", "silero_vad.jit")
    with pytest.raises(ModelRefused, match="TorchScript"):
        open_model(config(path))
    (tmp_path / "speech.py").write_text(ADAPTER)
    chunks = (0.1 * np.random.default_rng(0).normal(size=(5, 512))).astype(np.float32)
    found = open_model(config(path, adapter=tmp_path / "speech.py")).forward(chunks)
    own = torch.jit.load(str(path))
    own.reset_states()
    np.testing.assert_allclose(found, own(torch.from_numpy(chunks), 16000).detach().numpy(), rtol=1e-5, atol=1e-6)
