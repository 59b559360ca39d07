"""Checkpoints as trainers write them: the tensors are taken, what stands beside them is not even made."""

import argparse
import collections
import datetime as dt
import hashlib
import io
import json
import pathlib
import re
import types
import uuid
import zipfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from auditor.errors import InputError, ModelRefused
from auditor.models import open_model
from auditor.models.inert import LISTS, MAPPINGS, VALUES, contents, saved_contents, tensors
from auditor.models.restriction import LeftOut, weights_only
from tests.models.saving import Net, archive, config, saved
from tests.models.verification.crafting import torch_saved

ROWS = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
BESIDE: dict[str, Any] = {
    "numpy scalar": np.float64(0.5),
    "numpy array": np.arange(6.0).reshape(2, 3),
    "array of texts": np.array(["a", "b"]),
    "dtype": np.dtype("int64"),
    "namespace": argparse.Namespace(lr=0.1, layers=[1, 2]),
    "simple namespace": types.SimpleNamespace(a=1),
    "path": pathlib.Path("runs/1"),
    "pure path": pathlib.PureWindowsPath("c:/runs"),
    "time": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    "span": dt.timedelta(hours=2),
    "defaultdict": collections.defaultdict(list, {"loss": [0.5, 0.25]}),
    "ordered": collections.OrderedDict(a=1),
    "counter": collections.Counter("abca"),
    "deque": collections.deque([1, 2]),
    "set": {1, 2},
    "frozen set": frozenset({1}),
    "range": range(3),
    "slice": slice(1, 2),
    "decimal": Decimal("0.1"),
    "fraction": Fraction(1, 3),
    "identifier": uuid.UUID(int=7),
    "type": int,
    "torch version": torch.__version__,
    "size": torch.Size([2]),
    "device": torch.device("cpu"),
    "kind": torch.float16,
}


@pytest.mark.parametrize("new_format", [True, False])
def test_honest_company_of_the_weights_is_no_reason_to_refuse(folder: Path, net: Net, *, new_format: bool) -> None:
    checkpoint = {"model_state_dict": net.state_dict(), "epoch": 3, **BESIDE}
    path = saved(folder / "c.pt", checkpoint, _use_new_zipfile_serialization=new_format)
    model = open_model(config(path, model_class="net:Net"))
    assert not model.runs_code
    np.testing.assert_array_equal(model.forward(ROWS), net(torch.from_numpy(ROWS)).detach().numpy())


@pytest.mark.parametrize("name", BESIDE)
def test_nothing_beside_the_tensors_is_made(name: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "c.pt", {"w": torch.ones(2), "beside": BESIDE[name]})
    with weights_only():
        read = torch.load(path)
    assert torch.equal(read["w"], torch.ones(2))
    kinds = (
        LeftOut,
        dict,
        list,
        collections.OrderedDict,
        collections.Counter,
        set,
        torch.Size,
        torch.device,
        torch.dtype,
        type,
    )
    assert isinstance(read["beside"], kinds)
    assert not isinstance(read["beside"], np.ndarray | np.generic | pathlib.PurePath | argparse.Namespace)


class Calls:
    """Pickles as a call of any name with any arguments, and then as a change of what came out of it."""

    def __init__(self, called: object, *arguments: object, state: object = None) -> None:
        self.parts = (called, arguments) if state is None else (called, arguments, state)

    def __reduce__(self) -> Any:
        return self.parts


@pytest.mark.parametrize("name", sorted(VALUES | MAPPINGS | LISTS))
def test_each_allowed_name_does_nothing_with_a_payload_as_its_argument_or_state(
    name: str, tmp_path: Path, marker: Path
) -> None:
    module, _, last = name.rpartition(".")
    made = f"c{module}\n{last}\n".encode()
    state = b"}(X\x01\x00\x00\x00aX\x01\x00\x00\x00bu"
    for arguments in (b")", b"(X\x06\x00\x00\x00object\x89\x88t", f"(X{len(str(marker)):c}\0\0\0{marker}t".encode()):
        pickle = (
            b"\x80\x02}(X\x01\x00\x00\x00w"
            + made
            + arguments
            + b"R"
            + b"X\x01\x00\x00\x00s"
            + made
            + b")\x81"
            + state
            + b"b"
        )
        path = tmp_path / "c.pt"
        torch.save({"w": torch.ones(1)}, path)
        with zipfile.ZipFile(path) as file:
            members = {member: file.read(member) for member in file.namelist()}
        archive(
            path, {member: pickle + b"u." if member.endswith("data.pkl") else old for member, old in members.items()}
        )
        with weights_only():
            try:
                read = torch.load(path)
            except Exception:  # noqa: BLE001, S112  (refused is as good)
                continue
        assert all(type(value) in {LeftOut, dict, list} for value in read.values())
    assert not marker.exists()


@pytest.mark.parametrize(
    "value",
    [
        np.array([1, "a", None], dtype=object),
        collections.defaultdict(Net),
        [torch.nn.Linear(1, 1)],
        Calls(getattr, "a", "b"),
        Calls(eval, "1"),
    ],
    ids=["object array", "factory", "module", "getattr", "eval"],
)
def test_what_stands_beside_them_otherwise(value: object, folder: Path, net: Net) -> None:
    path = saved(folder / "c.pt", {"state_dict": net.state_dict(), "beside": value})
    if isinstance(value, np.ndarray):
        assert open_model(config(path, model_class="net:Net")).forward(ROWS).shape == (3, 3)
    else:
        with pytest.raises(ModelRefused, match="its pickle calls "):
            open_model(config(path, model_class="net:Net"))


class Whole(nn.Module):
    """A network inside a training module, as Lightning has it."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Net()
        self.loss = nn.CrossEntropyLoss(weight=torch.ones(3))

    def forward(self, rows: Tensor) -> Tensor:
        result: Tensor = self.model(rows)
        return result


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model", "net", "network", "weights"])
def test_the_weights_are_found_under_the_usual_keys(key: str, folder: Path, net: Net) -> None:
    path = saved(
        folder / "c.pt", {"optimizer": {"state": {0: {"m": torch.ones(1)}}}, key: net.state_dict(), "epoch": 1}
    )
    model = open_model(config(path, model_class="net:Net"))
    assert f"the weights are those under the key {key}" in model.notes


def test_the_network_is_taken_out_of_a_lightning_checkpoint(folder: Path) -> None:
    whole = Whole().eval()
    checkpoint = {
        "epoch": 1,
        "pytorch-lightning_version": "2.4.0",
        "state_dict": whole.state_dict(),
        "hyper_parameters": {"lr": 0.1, "path": pathlib.Path("x")},
        "callbacks": {"ModelCheckpoint{'monitor': None}": {"best_model_score": torch.tensor(0.5)}},
    }
    model = open_model(config(saved(folder / "last.ckpt", checkpoint), model_class="net:Net"))
    assert "`model.` was taken off the start of every name; 1 tensor of other parts left out" in model.notes
    np.testing.assert_array_equal(model.forward(ROWS), whole(torch.from_numpy(ROWS)).detach().numpy())


def test_the_tensors_of_a_file_are_listed_without_pytorch(tmp_path: Path, net: Net) -> None:
    for new_format in (True, False):
        path = saved(
            tmp_path / "c.pt",
            {"model": net.state_dict(), "n": np.float64(1)},
            _use_new_zipfile_serialization=new_format,
        )
        contents = saved_contents(path.read_bytes())
        assert contents.beyond_tensors == ()
        found = {tensor.name: (tensor.dtype, tensor.shape) for tensor in tensors(contents.value)}
        assert found == {f"model.{key}": ("float32", tuple(value.shape)) for key, value in net.state_dict().items()}


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x02.", b"\x80\x02cos\nsystem\n(X\x01\0\0\0atR", b"\x80\x02r\xff\xff\xff\xff."]
)
def test_what_is_no_whole_pickle_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match="no whole"):
        saved_contents(content)


def test_lists_that_hold_each_other_a_thousandfold_are_walked_once() -> None:
    value: list[Any] = [1.0]
    for _ in range(30):
        value = [value] * 1000
    assert list(tensors(saved_contents(torch_saved(value)).value)) == []


def test_what_nests_deeply_is_walked_without_recursion() -> None:
    deep = b"\x80\x02" + b"N" + b"\x85" * 50_000 + b"."  # None in a tuple in a tuple ...
    assert list(tensors(contents(io.BytesIO(deep)).value)) == []


def test_sparse_weights_are_refused(folder: Path, net: Net) -> None:
    weights = {key: value.to_sparse() for key, value in net.state_dict().items()}
    with pytest.raises(InputError, match="hold no plain dense numbers"):
        open_model(config(saved(folder / "c.pt", weights), model_class="net:Net"))


def sharded(folder: Path, net: Net, **changes: str) -> Path:
    """Weights in two files and their index."""
    weights = net.state_dict()
    first = dict(list(weights.items())[:2])
    second = {key: value for key, value in weights.items() if key not in first}
    save_file(first, folder / "model-1-of-2.safetensors")
    save_file(second, folder / "model-2-of-2.safetensors")
    places = {key: "model-1-of-2.safetensors" if key in first else "model-2-of-2.safetensors" for key in weights}
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": places | changes}), "utf-8")
    return index


def test_an_index_of_safetensors_files_is_followed(folder: Path, net: Net) -> None:
    index = sharded(folder, net)
    model = open_model(config(index, model_class="net:Net"))
    np.testing.assert_array_equal(model.forward(ROWS), net(torch.from_numpy(ROWS)).detach().numpy())
    parts = [index, folder / "model-1-of-2.safetensors", folder / "model-2-of-2.safetensors"]
    assert model.sha256 == hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"layers.0.bias": "../weights.safetensors"}, "names “../weights.safetensors”"),
        ({"layers.0.bias": "/etc/passwd"}, "names “/etc/passwd”"),
        ({"layers.0.bias": "model-3-of-3.safetensors"}, "there is no such file"),
        (
            {"layers.0.bias": "model-2-of-2.safetensors"},
            "does not hold what model.safetensors.index.json says: layers.0.bias",
        ),
    ],
)
def test_an_index_that_leads_elsewhere_is_not_followed(
    changes: dict[str, str], words: str, folder: Path, net: Net
) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        open_model(config(sharded(folder, net, **changes), model_class="net:Net"))
