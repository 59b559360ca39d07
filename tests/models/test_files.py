"""Reading a model's bytes: only regular files of a possible size, and no index within an index."""

import json
import os
from pathlib import Path

import pytest

from auditor.errors import InputError
from auditor.models import describing, files
from auditor.models.detection import Format
from auditor.models.files import read_model_file


def test_a_pipe_and_a_device_are_refused_and_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.pt")
    for path in (tmp_path / "model.pt", Path("/dev/zero")):
        with pytest.raises(InputError, match="is no regular file"):
            read_model_file(path)


def test_a_file_beyond_the_largest_says_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 10)
    (tmp_path / "model.pt").write_bytes(bytes(11))
    with pytest.raises(InputError, match="has 11 bytes: a model of at most 10 was expected"):
        read_model_file(tmp_path / "model.pt")


def test_an_index_that_names_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_text(json.dumps({"metadata": {}, "weight_map": {"a": path.name}}), "utf-8")
    with pytest.raises(InputError, match="an index itself: a safetensors file was expected"):
        read_model_file(path)


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": 1, "shape": "x", "data_offsets": None}},
        {"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}},
        {
            "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
            "b": {"dtype": "F32", "shape": [1], "data_offsets": [2, 6]},
        },
    ],
)
def test_an_odd_safetensors_header_is_told_in_one_line(header: dict[str, object]) -> None:
    text = json.dumps(header).encode()
    holds = describing.described(len(text).to_bytes(8, "little") + text + bytes(8), Format.SAFETENSORS)
    assert holds.tensors == ()
    assert holds.facts[0].startswith("what it holds could not be read: ")
