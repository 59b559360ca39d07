"""Archives as earlier versions of PyTorch wrote them, and tensors that ask for more than there is."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch._export.serde.serialize import serialize

from auditor.errors import InputError, ModelRefused
from auditor.models import open_model
from auditor.models.verification import verify
from tests.models.saving import Payload, archive, config, exported, rewritten
from tests.models.verification.crafting import Json, edited, network, torch_saved

ROWS = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)


def as_2_8(path: Path) -> Path:
    """Weights and constants as torch.save files in place of the bytes and their configuration."""
    program = torch.export.load(path)
    with zipfile.ZipFile(path) as file:
        members = {
            name: file.read(name) for name in file.namelist() if "/weights/" not in name and "/constants/" not in name
        }
    root = next(iter(members)).partition("/")[0]
    members |= {
        f"{root}/data/weights/model.pt": torch_saved(dict(program.state_dict)),
        f"{root}/data/constants/model.pt": torch_saved({}),
    }
    return archive(path, members)


def as_2_7(path: Path, **others: bytes) -> Path:
    """The program beside torch.save files, without a folder."""
    parts = serialize(torch.export.load(path))
    members = {
        "version": b"8.8",
        "serialized_exported_program.json": parts.exported_program,
        "serialized_state_dict.pt": parts.state_dict,
        "serialized_constants.pt": parts.constants,
        "serialized_example_inputs.pt": parts.example_inputs,
    }
    return archive(path, members | {name.replace("__", "."): content for name, content in others.items()})


@pytest.mark.parametrize("write", [as_2_8, as_2_7])
def test_it_loads_verified(write, tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = network(tmp_path / "model.pt2")
    expected = open_model(config(path)).forward(ROWS)
    model = open_model(config(write(path)))
    assert not model.runs_code
    np.testing.assert_array_equal(model.forward(ROWS), expected)


@pytest.mark.parametrize("member", ["serialized_state_dict", "serialized_constants", "serialized_example_inputs"])
def test_a_payload_in_any_part_of_an_old_archive_is_refused(member: str, tmp_path: Path, marker: Path) -> None:
    path = as_2_7(network(tmp_path / "model.pt2"), **{f"{member}__pt": torch_saved({"a": Payload(marker)})})
    with pytest.raises(ModelRefused, match=rf"rule pickles: {member}\.pt: its pickle calls (posix|nt)\.mkdir"):
        open_model(config(path))
    assert not marker.exists()


def test_another_version_of_the_archive_or_of_its_schema_is_named(tmp_path: Path) -> None:
    path = network(tmp_path / "model.pt2")
    rewritten(path, lambda name, old: b"1" if name.endswith("archive_version") else old)
    with pytest.raises(ModelRefused, match="rule version: archive_version: 0 was expected, found b'1'"):
        open_model(config(path))
    path = edited(
        network(tmp_path / "model.pt2"), "model.json", lambda program: program["schema_version"].update(major=9)
    )
    with pytest.raises(
        ModelRefused, match=r"rule version: models/model\.json, schema_version\.major: int 9 is not the format"
    ):
        open_model(config(path))


def test_a_field_that_is_not_known_is_refused(tmp_path: Path) -> None:
    path = edited(network(tmp_path / "model.pt2"), "model.json", lambda program: program.update(more={"a": 1}))
    with pytest.raises(ModelRefused, match=r"rule structure: models/model\.json: the field “more” is unknown"):
        open_model(config(path))


@pytest.mark.parametrize(
    "change",
    [
        lambda meta: meta.update(sizes=[{"as_int": 10**9}, {"as_int": 4}]),
        lambda meta: meta.update(storage_offset={"as_int": 1}),
        lambda meta: meta.update(strides=[{"as_int": 10**6}, {"as_int": 1}]),
        lambda meta: meta.update(dtype=8),
        lambda meta: meta.update(strides=[{"as_int": 1}]),
        lambda meta: meta.update(sizes=[{"as_int": -8}, {"as_int": 4}]),
    ],
)
def test_a_tensor_that_asks_for_more_than_is_stored_is_refused(change, tmp_path: Path) -> None:
    def edit(weights: Json) -> None:
        change(weights["config"]["layers.0.weight"]["tensor_meta"])

    path = edited(network(tmp_path / "model.pt2"), "model_weights_config.json", edit)
    with pytest.raises(
        ModelRefused, match=r"rule tensors: data/weights/model_weights_config.json: .*“layers.0.weight”"
    ):
        open_model(config(path))


def test_an_empty_record_for_a_large_tensor_takes_no_memory(tmp_path: Path) -> None:
    path = network(tmp_path / "model.pt2")
    rewritten(path, lambda name, old: b"" if name.endswith("weight_0") else old)
    with pytest.raises(ModelRefused, match="reaches beyond the 0 values stored for it"):
        open_model(config(path))


def test_what_describes_the_program_is_left_out_of_the_copy(tmp_path: Path) -> None:
    verified = verify(network(tmp_path / "model.pt2").read_bytes())
    assert all(node["metadata"] == {} for node in verified.program["graph_module"]["graph"]["nodes"])
    with zipfile.ZipFile(io.BytesIO(verified.copy)) as file:
        assert file.read("model/data/sample_inputs/model.pt") == b""
        assert json.loads(file.read("model/models/model.json")) == verified.program
    assert [(tensor.name, tensor.shape) for tensor in verified.tensors][:1] == [("layers.0.weight", (8, 4))]


def test_a_missing_weight_is_damage(tmp_path: Path) -> None:
    path = network(tmp_path / "model.pt2")
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist() if not name.endswith("weight_0")}
    with pytest.raises(InputError, match="its member weight_0 is missing"):
        open_model(config(archive(path, members)))


class Summary(nn.Module):
    """Takes rows of any length."""

    def forward(self, rows: Tensor) -> Tensor:
        return torch.stack([rows.sum(1), rows.mean(1)], 1)


def test_the_limits_of_the_shape_still_hold_for_a_verified_program(tmp_path: Path) -> None:
    lengths = ({0: torch.export.Dim("rows", min=1), 1: torch.export.Dim("length", min=3, max=8)},)
    model = open_model(config(exported(tmp_path / "model.pt2", Summary(), torch.ones(2, 4), dynamic_shapes=lengths)))
    assert model.forward(np.ones((2, 8), np.float32)).shape == (2, 2)
    with pytest.raises(InputError, match="it was exported for rows with dimension 1 <= 8"):
        model.forward(np.ones((2, 9), np.float32))
