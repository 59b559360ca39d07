"""torch.export programs: any batch, one batch, their inputs and outputs, and what is said where they do not fit."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch._export.serde.serialize import serialize

from auditor.errors import InputError
from auditor.layout import Layout
from auditor.models import Model, fed, open_model
from tests.models.saving import Net, archive, config, exported, rewritten

ROWS = np.random.default_rng(0).normal(size=(37, 4)).astype(np.float32)


def opened(path: Path, **settings: Any) -> Model:
    return open_model(config(path, **settings))


def eager(net: nn.Module, rows: np.ndarray = ROWS) -> np.ndarray:
    with torch.inference_mode():
        return np.asarray(net(torch.from_numpy(rows.copy())).numpy())


def test_a_program_of_any_batch_gives_what_the_network_gives(tmp_path: Path, net: Net) -> None:
    model = opened(exported(tmp_path / "model.pt2", net, torch.ones(2, 4)))
    assert (model.format, model.device, model.runs_code) == ("torch.export program", "cpu", False)
    assert (model.input_shape, model.n_outputs, model.class_names) == ((4,), 3, ())
    for n in (1, 2, 37):
        np.testing.assert_allclose(model.forward(ROWS[:n]), eager(net)[:n], atol=1e-6)


@pytest.mark.parametrize("batch", [1, 8, 64])
def test_a_program_of_one_batch_is_filled_up_and_cut(tmp_path: Path, net: Net, batch: int) -> None:
    model = opened(exported(tmp_path / "model.pt2", net, torch.ones(batch, 4), dynamic_shapes=None))
    np.testing.assert_allclose(model.forward(ROWS), eager(net), atol=1e-6)
    assert any(f"for exactly {batch} row" in note for note in model.notes)


def test_a_program_of_a_bounded_batch_stays_within_its_bounds(tmp_path: Path, net: Net) -> None:
    rows = {0: torch.export.Dim("rows", min=4, max=16)}
    model = opened(exported(tmp_path / "model.pt2", net, torch.ones(5, 4), dynamic_shapes=(rows,)))
    for n in (1, 3, 4, 16, 17, 37):
        np.testing.assert_allclose(model.forward(ROWS[:n]), eager(net)[:n], atol=1e-6)


def test_a_program_of_pytorch_2_7_loads_as_well(tmp_path: Path, net: Net) -> None:
    rows = {0: torch.export.Dim("rows", min=1)}
    old = serialize(torch.export.export(net, (torch.ones(2, 4),), dynamic_shapes=(rows,)))
    members = {
        "version": b"8.0",
        "serialized_exported_program.json": old.exported_program,
        "serialized_state_dict.pt": old.state_dict,
        "serialized_constants.pt": old.constants,
        "serialized_example_inputs.pt": old.example_inputs,
    }
    model = opened(archive(tmp_path / "model.pt2", members))
    assert model.format == "torch.export program of PyTorch 2.7 or older"
    np.testing.assert_allclose(model.forward(ROWS), eager(net), atol=1e-6)


def test_rows_of_another_width_are_refused_with_both_widths(tmp_path: Path, net: Net) -> None:
    model = opened(exported(tmp_path / "model.pt2", net, torch.ones(2, 4)))
    with pytest.raises(
        InputError, match=r"model\.pt2 takes rows of 4 features, test\.csv has 3 features: .*`features`"
    ):
        model.check_rows((3,), "test.csv")
    with pytest.raises(InputError, match=r"takes rows of 4 features, the data has 2 x 2 values"):
        model.forward(ROWS[:4].reshape(4, 2, 2))


def test_features_are_cast_to_the_type_the_program_takes(tmp_path: Path, net: Net) -> None:
    doubles = opened(exported(tmp_path / "double.pt2", net.double(), torch.ones(2, 4, dtype=torch.float64)))
    assert doubles.forward(ROWS).dtype == np.float64
    assert doubles.forward(ROWS.astype(np.float64)).dtype == np.float64
    assert doubles.forward(np.ones((2, 4), np.uint8)).dtype == np.float64


class Embedded(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(5, 2)

    def forward(self, codes: Tensor) -> Tensor:
        result: Tensor = self.table(codes).sum(1)
        return result


def test_whole_numbers_are_cast_only_where_nothing_is_lost(tmp_path: Path) -> None:
    model = opened(exported(tmp_path / "model.pt2", Embedded(), torch.ones(2, 3, dtype=torch.int64)))
    assert model.forward(np.array([[0, 1, 2], [3, 4, 0]], np.float32)).shape == (2, 2)
    for odd in (0.5, np.nan):
        with pytest.raises(InputError, match=r"takes whole numbers \(int64\)"):
            model.forward(np.array([[0, 1, odd], [1, 1, 1]], np.float32))
    with pytest.raises(InputError, match="category code lies outside its embedding"):
        model.forward(np.array([[0, 1, 5], [1, 1, 1]], np.float32))


class Several(nn.Module):
    def forward(self, features: Tensor, *, flag: bool = True) -> dict[str, Tensor]:
        return {"hidden": features * 2, "logits": features[:, :2] * (1 if flag else -1)}


def test_constants_are_passed_as_exported_and_logits_are_read(tmp_path: Path) -> None:
    shapes = {"features": {0: torch.export.Dim("rows", min=1)}, "flag": None}
    path = exported(tmp_path / "model.pt2", Several(), torch.ones(2, 4), kwargs={"flag": False}, dynamic_shapes=shapes)
    model = opened(path)
    assert model.n_outputs is None
    np.testing.assert_array_equal(model.forward(ROWS), -ROWS[:, :2])
    assert "`logits` is read" in model.load_report[-1]


class Pair(nn.Module):
    def forward(self, one: Tensor, two: Tensor) -> Tensor:
        return one + two


def test_a_program_of_two_inputs_is_told_by_their_names_where_nothing_says_what_they_get(tmp_path: Path) -> None:
    path = exported(tmp_path / "model.pt2", Pair(), torch.ones(2, 4), torch.ones(2, 4), dynamic_shapes=None)
    with pytest.raises(InputError, match=r"takes 2 inputs: one \(float32, 4 features\), two .*; say in auditor.toml"):
        fed(opened(path), Layout())


class Doubling(nn.Module):
    def forward(self, features: Tensor) -> Tensor:
        return features.mul_(2).sum(1)


def test_features_are_never_changed_by_the_model(tmp_path: Path) -> None:
    model = opened(exported(tmp_path / "model.pt2", Doubling(), torch.ones(2, 4)))
    rows = ROWS.copy()
    for _ in range(3):
        outputs = model.forward(rows)
        np.testing.assert_array_equal(rows, ROWS)
        np.testing.assert_allclose(outputs, 2 * ROWS.sum(1, keepdims=True), rtol=1e-5, atol=1e-5)
    assert any("changes its inputs in place" in remark for remark in model.load_report)
    assert model.n_outputs == 1


def test_parts_exported_in_training_mode_are_named(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2))
    rows = torch.ones(4, 4)
    clean = opened(exported(tmp_path / "clean.pt2", net.eval(), rows))
    assert clean.training_parts == ()
    trained = opened(exported(tmp_path / "train.pt2", net.train(), rows))
    assert sorted(part.partition(".")[2].partition(" ")[0] for part in trained.training_parts) == [
        "batch_norm.default",
        "dropout.default",
    ]


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_lower_precision_stays_near_and_is_noted(tmp_path: Path, net: Net, precision: str) -> None:
    model = opened(exported(tmp_path / "model.pt2", net, torch.ones(2, 4)), precision=precision)
    outputs = model.forward(ROWS)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, eager(net), atol=0.05)
    assert not np.array_equal(outputs, eager(net))
    assert f"run with autocast to {precision}" in model.notes


def test_a_class_that_is_not_needed_is_noted(tmp_path: Path, net: Net) -> None:
    model = opened(exported(tmp_path / "model.pt2", net, torch.ones(2, 4)), model_class="net:Net")
    assert any("model_class net:Net is not used" in note for note in model.notes)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_cut_short_says_so(tmp_path: Path, net: Net, share: float) -> None:
    path = exported(tmp_path / "model.pt2", net, torch.ones(2, 4))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match="cut short or damaged; copy or download it again"):
        opened(path)


def test_damage_inside_becomes_one_line(tmp_path: Path, net: Net, capfd: pytest.CaptureFixture[str]) -> None:
    path = exported(tmp_path / "model.pt2", net, torch.ones(2, 4))
    rewritten(path, lambda name, old: b"{" if name.endswith("model.json") else old)
    with pytest.raises(InputError, match=r"model\.pt2 .*models/model\.json is no JSON; copy or download it") as caught:
        opened(path)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(torch.cuda.is_available(), reason="the file would load here")
def test_a_program_from_a_cuda_machine_says_how_to_move_it(tmp_path: Path, net: Net) -> None:
    path = exported(tmp_path / "model.pt2", net, torch.ones(2, 4))
    rewritten(path, lambda _, old: old.replace(b'"type": "cpu"', b'"type": "cuda"'))
    with pytest.raises(InputError, match=r"exported on a CUDA device, and this machine has none.*move_to_device_pass"):
        opened(path)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_program_moves_to_cuda(tmp_path: Path, net: Net) -> None:
    model = opened(exported(tmp_path / "model.pt2", net, torch.ones(2, 4)), device="cuda")
    assert model.device == "cuda:0"
    np.testing.assert_allclose(model.forward(ROWS), eager(net), atol=1e-4)


def test_the_archive_written_by_the_tests_is_whole(tmp_path: Path, net: Net) -> None:
    path = rewritten(exported(tmp_path / "model.pt2", net, torch.ones(2, 4)), lambda _, old: old)
    assert zipfile.ZipFile(io.BytesIO(path.read_bytes())).testzip() is None
    np.testing.assert_allclose(opened(path).forward(ROWS), eager(net), atol=1e-6)
