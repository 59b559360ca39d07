"""Modules that bring their own code are loaded where that was allowed, and give what they gave before they were saved."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from auditor.errors import InputError, ModelRefused
from auditor.models import open_model
from auditor.models.files import read_model_file
from tests.models.saving import Net, config, saved

ROWS = np.linspace(-1, 1, 20, dtype=np.float32).reshape(5, 4)


def expected(net: nn.Module) -> np.ndarray:
    return net(torch.from_numpy(ROWS)).detach().numpy()


class Scripted(nn.Module):
    """A scripted network that could do anything in its forward."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.layer = nn.Linear(4, 3)

    def forward(self, rows: Tensor) -> Tensor:
        if rows.shape[0] > 2:
            rows = rows + 0
        scores: Tensor = self.layer(self.norm(rows))
        return scores


@pytest.fixture
def scripted(tmp_path: Path) -> tuple[Path, nn.Module]:
    torch.manual_seed(0)
    network = Scripted()
    path = tmp_path / "model.pt"
    with pytest.warns(DeprecationWarning, match="deprecated"):
        torch.jit.save(torch.jit.script(network), path)
    return path, network.eval()


def test_torchscript_needs_trust(scripted: tuple[Path, nn.Module]) -> None:
    path, _ = scripted
    with pytest.raises(ModelRefused, match=rf"scripted code.*--sha256 {read_model_file(path).sha256}, or any with"):
        open_model(config(path))


@pytest.mark.parametrize("by", ["option", "hash"])
def test_trusted_torchscript_runs_in_evaluation_mode_on_any_batch(scripted: tuple[Path, nn.Module], by: str) -> None:
    path, network = scripted
    trust = {"trust_model_code": True} if by == "option" else {"sha256": read_model_file(path).sha256}
    model = open_model(config(path, **trust))
    assert (model.format, model.runs_code, model.training_parts) == ("TorchScript program", True, ())
    np.testing.assert_allclose(model.forward(ROWS), expected(network), rtol=1e-6)
    assert model.forward(ROWS[:1]).shape == (1, 3)
    assert "3 modules stood in training mode; eval() was called" in model.notes


def test_frozen_torchscript_runs_too(tmp_path: Path) -> None:
    network = Scripted().eval()
    path = tmp_path / "model.pt"
    with pytest.warns(DeprecationWarning, match="deprecated"):
        torch.jit.save(torch.jit.freeze(torch.jit.script(network)), path)
    model = open_model(config(path, trust_model_code=True))
    np.testing.assert_allclose(model.forward(ROWS), expected(network), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("new_format", [True, False])
def test_a_trusted_pickled_module_runs(tmp_path: Path, net: Net, *, new_format: bool) -> None:
    path = saved(tmp_path / "model.pt", net.train(), _use_new_zipfile_serialization=new_format)
    model = open_model(config(path, trust_model_code=True))
    assert (model.format, model.runs_code) == ("pickled object", True)
    np.testing.assert_array_equal(model.forward(ROWS), expected(net.eval()))
    assert "loading it can run code; --trust-model-code allowed that" in model.notes


def test_a_module_inside_a_checkpoint_is_found(tmp_path: Path, net: Net) -> None:
    model = open_model(
        config(saved(tmp_path / "m.pt", {"epoch": 3, "model": net, "ema": Net()}), trust_model_code=True)
    )
    np.testing.assert_array_equal(model.forward(ROWS), expected(net))
    assert "the module is the one under the key model" in model.notes


def test_several_modules_are_not_guessed_among(tmp_path: Path, net: Net) -> None:
    path = saved(tmp_path / "m.pt", {"generator": net, "judge": net})
    with pytest.raises(InputError, match=r"holds 2 modules \(generator, judge\)"):
        open_model(config(path, trust_model_code=True))


def test_code_beside_the_file_is_found_and_code_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "from torch import nn\n\n\nclass Beside(nn.Linear):\n    pass\n"
    (tmp_path / "beside_the_file.py").write_text(source, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    module = __import__("beside_the_file")
    path = saved(tmp_path / "model.pt", module.Beside(4, 2))
    monkeypatch.undo()
    monkeypatch.delitem(sys.modules, "beside_the_file", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert open_model(config(path, trust_model_code=True)).forward(ROWS).shape == (5, 2)
    monkeypatch.delitem(sys.modules, "beside_the_file")
    (tmp_path / "beside_the_file.py").unlink()
    with pytest.raises(
        InputError, match=r"cannot be unpickled here: ModuleNotFoundError: .*beside_the_file.*a pickle needs"
    ):
        open_model(config(path, trust_model_code=True))
