"""state_dict and safetensors files: names, nesting, the user's class, and what is said where they do not fit."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from auditor.errors import InputError, UsageError
from auditor.models import Model, open_model
from auditor.models.modules import class_names
from tests.models.saving import NET, Net, config, saved

ROWS = np.random.default_rng(0).normal(size=(11, 4)).astype(np.float32)


def opened(path: Path, **settings: Any) -> Model:
    return open_model(config(path, **({"model_class": "net:Net"} | settings)))


def eager(net: nn.Module) -> np.ndarray:
    with torch.inference_mode():
        return np.asarray(net(torch.from_numpy(ROWS.copy())).numpy())


def failure(path: Path, **settings: Any) -> str:
    with pytest.raises(InputError) as caught:
        opened(path, **settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_state_dict_runs_in_its_class_in_evaluation_mode(folder: Path, net: Net) -> None:
    model = opened(saved(folder / "weights.pt", net.state_dict()))
    assert (model.format, model.runs_code, model.n_outputs, model.input_shape) == ("state_dict", False, None, None)
    np.testing.assert_allclose(model.forward(ROWS), eager(net), atol=1e-6)
    digest = hashlib.sha256((folder / "net.py").read_bytes()).hexdigest()
    assert model.notes == (
        "read with weights_only=True: tensors and plain values only",
        f"net:Net comes from {folder / 'net.py'} (sha256 {digest})",
        "6 modules stood in training mode, as PyTorch makes them; eval() was called",
    )
    assert model.training_parts == ()


def test_safetensors_run_in_their_class(folder: Path, net: Net) -> None:
    save_file(net.state_dict(), folder / "weights.safetensors")
    model = opened(folder / "weights.safetensors")
    assert model.format == "safetensors"
    assert model.notes[0] == "read as safetensors: tensors only"
    np.testing.assert_allclose(model.forward(ROWS), eager(net), atol=1e-6)


def test_the_old_format_of_torch_save_is_read(folder: Path, net: Net) -> None:
    model = opened(saved(folder / "weights.pt", net.state_dict(), _use_new_zipfile_serialization=False))
    np.testing.assert_allclose(model.forward(ROWS), eager(net), atol=1e-6)


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model", "my_weights"])
def test_a_checkpoint_is_looked_into(folder: Path, net: Net, key: str) -> None:
    optimiser = torch.optim.Adam(net.parameters())
    checkpoint = {key: net.state_dict(), "optimizer": optimiser.state_dict(), "epoch": 3, "best": 0.5}
    model = opened(saved(folder / "weights.pt", checkpoint))
    assert f"the weights are those under the key {key}" in model.notes
    np.testing.assert_allclose(model.forward(ROWS), eager(net), atol=1e-6)


def test_two_sets_of_weights_are_told_apart_by_the_usual_keys(folder: Path, net: Net) -> None:
    other = Net().state_dict()
    model = opened(saved(folder / "weights.pt", {"averaged": other, "model": net.state_dict()}))
    np.testing.assert_allclose(model.forward(ROWS), eager(net), atol=1e-6)
    assert "weights.pt holds one, two: a state_dict was expected" in failure(
        saved(folder / "weights.pt", {"one": other, "two": other})
    )


@pytest.mark.parametrize(
    ("rename", "note"),
    [
        (lambda key: f"module.{key}", "`module.` was taken off"),
        (lambda key: f"_orig_mod.{key}", "`_orig_mod.`, left by torch.compile"),
        (lambda key: f"module._orig_mod.{key}", "`module.` was taken off"),
        (lambda key: key.replace("layers.", "layers._orig_mod."), "`_orig_mod.`, left by torch.compile"),
        (lambda key: f"model.{key}", "`model.` was taken off"),
    ],
)
def test_what_wrappers_put_into_names_is_taken_off_and_noted(
    folder: Path, net: Net, rename: Callable[[str], str], note: str
) -> None:
    renamed = {rename(key): value for key, value in net.state_dict().items()}
    model = opened(saved(folder / "weights.pt", renamed))
    assert any(note in line for line in model.notes)
    np.testing.assert_allclose(model.forward(ROWS), eager(net), atol=1e-6)


@pytest.mark.parametrize("prefix", ["module.", "model.", "ema."])
def test_names_that_fit_as_they_are_win_over_copies_with_a_prefix(folder: Path, net: Net, prefix: str) -> None:
    weights = net.state_dict()
    copies = {f"{prefix}{key}": -value for key, value in weights.items()}
    model = opened(saved(folder / "weights.pt", weights | copies))
    assert f"4 tensors under `{prefix}` left out: the names without it fit the class" in model.notes
    np.testing.assert_allclose(model.forward(ROWS), eager(net), atol=1e-6)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("student.", "teacher.", "the names under `student.` and those under `teacher.` both fit the class"),
        ("", "_orig_mod.", "holds both layers.0.weight and _orig_mod.layers.0.weight"),
    ],
)
def test_two_sets_of_names_that_fit_are_refused(folder: Path, net: Net, one: str, other: str, said: str) -> None:
    weights = {f"{one}{key}": value for key, value in net.state_dict().items()}
    weights |= {f"{other}{key}": -value for key, value in net.state_dict().items()}
    assert said in failure(saved(folder / "weights.pt", weights))


def test_names_of_a_class_that_has_a_part_called_module_are_left_alone(tmp_path: Path, net: Net) -> None:
    (tmp_path / "wrapped.py").write_text(
        NET.replace("self.layers", "self.module").replace("class Net", "class Wrapped"), "utf-8"
    )
    renamed = {key.replace("layers.", "module."): value for key, value in net.state_dict().items()}
    model = opened(saved(tmp_path / "weights.pt", renamed), model_class="wrapped:Wrapped")
    np.testing.assert_allclose(model.forward(ROWS), eager(net), atol=1e-6)


def test_weights_without_a_class_say_which_option_gives_it(folder: Path, net: Net) -> None:
    path = saved(folder / "weights.pt", net.state_dict())
    with pytest.raises(
        UsageError, match=r"holds 4 tensors \(layers\.0\.weight \(8, 4\), .* --model-class module:Class"
    ):
        opened(path, model_class=None)


def test_model_args_shape_the_class(folder: Path) -> None:
    wide = Net(hidden=16).eval()
    path = saved(folder / "weights.pt", wide.state_dict())
    np.testing.assert_allclose(opened(path, model_args={"hidden": 16}).forward(ROWS), eager(wide), atol=1e-6)
    text = failure(path)
    assert "weights.pt does not fit net:Net: 3 of another shape: layers.0.weight (16, 4) instead of (8, 4)" in text
    assert "model_args" in text


def test_missing_and_foreign_names_are_listed_with_their_shapes(folder: Path, net: Net) -> None:
    weights = net.state_dict()
    weights["head.weight"] = weights.pop("layers.3.weight")
    text = failure(saved(folder / "weights.pt", weights))
    assert "1 missing: layers.3.weight (3, 8); 1 not in the class: head.weight (3, 8)" in text


def test_weights_stored_in_half_precision_say_so(folder: Path, net: Net) -> None:
    model = opened(saved(folder / "weights.pt", {key: value.half() for key, value in net.state_dict().items()}))
    assert "weights stored as float16 run as float32" in model.notes
    np.testing.assert_allclose(model.forward(ROWS), eager(net), atol=0.01)


def test_tied_weights_that_were_stored_once_are_not_missing(tmp_path: Path) -> None:
    (tmp_path / "tied.py").write_text(
        "from torch import nn\n\n\nclass Tied(nn.Sequential):\n    def __init__(self):\n"
        "        super().__init__(nn.Linear(4, 4), nn.Linear(4, 4))\n        self[1].weight = self[0].weight\n",
        "utf-8",
    )
    weights = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)).state_dict()
    del weights["1.weight"]
    save_file(weights, tmp_path / "weights.safetensors")
    model = opened(tmp_path / "weights.safetensors", model_class="tied:Tied")
    assert model.input_shape == (4,)
    with pytest.raises(InputError, match="takes rows of 4 features, the data has 3 features"):
        model.forward(ROWS[:, :3])


@pytest.mark.parametrize("layout", ["sparse", "meta"])
def test_tensors_without_plain_numbers_are_refused(folder: Path, net: Net, layout: str) -> None:
    weights = net.state_dict()
    odd = torch.eye(4).to_sparse() if layout == "sparse" else torch.empty(2, device="meta")
    assert "layers.0.bias hold no plain dense numbers" in failure(
        saved(folder / "weights.pt", weights | {"layers.0.bias": odd})
    )


@pytest.mark.parametrize("value", [3, [1, 2], {"epoch": 3}, torch.ones(2)])
def test_what_is_no_state_dict_says_what_it_is(folder: Path, value: object) -> None:
    assert "a state_dict was expected" in failure(saved(folder / "weights.pt", value))


@pytest.mark.parametrize("share", [0.2, 0.9])
@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_files_cut_short_say_so(folder: Path, net: Net, kind: str, share: float) -> None:
    path = folder / "weights"
    if kind == "safetensors":
        save_file(net.state_dict(), path)
    else:
        saved(path, net.state_dict(), _use_new_zipfile_serialization=kind == "zip")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "copy or download it again" in failure(path)


def test_class_names_of_a_hugging_face_config_are_taken_unless_they_are_placeholders(tmp_path: Path) -> None:
    (tmp_path / "named.py").write_text(
        "from types import SimpleNamespace\nfrom torch import nn\n\n\nclass Named(nn.Linear):\n"
        "    def __init__(self, names):\n        super().__init__(4, 2)\n"
        "        self.config = SimpleNamespace(id2label=dict(enumerate(names)))\n",
        "utf-8",
    )
    path = saved(tmp_path / "weights.pt", nn.Linear(4, 2).state_dict())
    for names, expected in ((["ham", "spam"], ("ham", "spam")), (["LABEL_0", "LABEL_1"], ())):
        model = opened(path, model_class="named:Named", model_args={"names": names})
        assert model.class_names == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"0": "ham", "1": "spam"}, ("ham", "spam")),
        ({"1": "spam", "0": "ham"}, ("ham", "spam")),
        ({"0": "ham", 0: "spam"}, ()),
    ],
)
def test_numbers_of_classes_may_be_text(names: dict[object, str], expected: tuple[str, ...]) -> None:
    module = nn.Linear(4, 2)
    module.config = SimpleNamespace(id2label=names)  # type: ignore[assignment]
    assert class_names(module) == expected


def test_a_module_that_stays_in_training_mode_is_named(tmp_path: Path) -> None:
    (tmp_path / "stubborn.py").write_text(
        "from torch import nn\n\n\nclass Stubborn(nn.Linear):\n"
        "    def __init__(self):\n        super().__init__(4, 2)\n\n"
        "    def train(self, mode=True):\n        return self\n",
        "utf-8",
    )
    path = saved(tmp_path / "weights.pt", nn.Linear(4, 2).state_dict())
    assert opened(path, model_class="stubborn:Stubborn").training_parts == ("the model (Stubborn)",)


def test_a_newer_pickle_protocol_is_not_read_and_says_how_to_save_again(folder: Path, net: Net) -> None:
    text = failure(saved(folder / "weights.pt", net.state_dict(), pickle_protocol=4))
    assert "cannot be read without running it; save it again with torch.save(model.state_dict()" in text
