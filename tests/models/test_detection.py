"""Saved models are told apart by their content alone."""

import io
import pickle
import subprocess
import sys
import time
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save
from torch import nn
from torch.package.package_exporter import PackageExporter

from auditor.models.detection import Detected, Format, detect
from tests.models.saving import Net, exported, pickled, saved


def zipped(*names: str, content: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, content)
    return buffer.getvalue()


def torch_saved(value: object, **options: bool | int) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def test_an_exported_program_is_told_by_its_archive_format(tmp_path: Path) -> None:
    content = exported(tmp_path / "model.bin", nn.Linear(2, 2).eval(), torch.ones(3, 2)).read_bytes()
    assert detect(content) == Detected(Format.EXPORTED)


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}, {"pickle_protocol": 4}])
@pytest.mark.parametrize("nested", [False, True])
def test_a_state_dict_is_told_from_a_pickled_module(options: dict[str, bool | int], *, nested: bool) -> None:
    weights = {"model": Net().state_dict(), "epoch": 3} if nested else Net().state_dict()
    assert detect(torch_saved(weights, **options)).format is Format.STATE_DICT
    assert detect(torch_saved(Net(), **options)) == Detected(Format.PICKLED, "tests.models.saving.Net")


def test_a_single_tensor_and_an_ordered_dict_are_data() -> None:
    assert detect(torch_saved(torch.ones(2))).format is Format.STATE_DICT
    assert detect(torch_saved(OrderedDict(a=torch.ones(2)))).format is Format.STATE_DICT


def test_a_torchscript_archive_is_told_by_its_code() -> None:
    buffer = io.BytesIO()
    with pytest.warns(DeprecationWarning, match="deprecated"):
        torch.jit.save(torch.jit.script(nn.Linear(2, 2)), buffer)
    assert detect(buffer.getvalue()).format is Format.TORCHSCRIPT


def test_a_torch_package_is_told_by_its_extern_modules() -> None:
    buffer = io.BytesIO()
    with PackageExporter(buffer) as exporter:
        exporter.extern("**")
        exporter.save_pickle("model", "model.pkl", [1, 2])
    assert detect(buffer.getvalue()).format is Format.PACKAGE


def test_pickles_name_what_they_call_first() -> None:
    assert detect(pickle.dumps(Net(), protocol=5)) == Detected(Format.PLAIN_PICKLE, "tests.models.saving.Net")
    assert detect(pickled({"a": 1})) == Detected(Format.PLAIN_PICKLE, "")


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"", Format.EMPTY),
        (save({"a": torch.ones(2)}), Format.SAFETENSORS),
        (zipped("m/archive_format", "m/data/aotinductor/model/x.so", content=b"pt2"), Format.AOTINDUCTOR),
        (zipped("serialized_exported_program.json", "version"), Format.EXPORTED_OLD),
        (zipped("m/data.pkl", "m/constants.pkl", "m/code/__torch__.py"), Format.TORCHSCRIPT),
        (zipped("m/bytecode.pkl", "m/data.pkl"), Format.TORCHSCRIPT),
        (zipped("x.npy", "y.npy"), Format.NPZ),
        (npz(x=np.ones(2)), Format.NPZ),
        (zipped("config.json", "model.weights.h5"), Format.KERAS),
        (zipped("model.so"), Format.AOTINDUCTOR),
        (zipped("readme.txt"), Format.ZIP),
        (zipped("m/data.pkl", content=b"not a pickle"), Format.BROKEN),
        (zipped("x.npy")[:-30], Format.BROKEN_ZIP),
        (b"\x7fELF\x02\x01", Format.NATIVE),
        (b"\x1c\0\0\0ET12\0\0", Format.EXECUTORCH),
        (b"\x1c\0\0\0TFL3\0\0", Format.TFLITE),
        (b"\x08\x08\x12\x07pytorch", Format.ONNX),
        (b"\x08\x09\x3a\xff\x01", Format.ONNX),
        (b"\x89HDF\r\n\x1a\n\0\0", Format.HDF5),
        (b"GGUF\x03\0\0\0", Format.GGUF),
        (b"\x93NUMPY\x01\0", Format.NPY),
        (b"\x1f\x8b\x08\0", Format.COMPRESSED),
        (b"x" * 257 + b"ustar\0", Format.TAR),
        (b"version https://git-lfs.github.com/spec/v1\n", Format.LFS_POINTER),
        (b"<!DOCTYPE html><html>", Format.WEB_PAGE),
        (b"some,columns\n1,2\n", Format.UNKNOWN),
    ],
    ids=lambda value: value.name if isinstance(value, Format) else "",
)
def test_each_format_is_told_by_its_bytes(content: bytes, form: Format) -> None:
    assert detect(content).format is form


STARTS = [
    b"PK\x03\x04",
    bytes.fromhex("80028a0a6cfc9c46f9206aa850192e"),
    b"\x80\x02",
    b"\x80\x04\x95",
    b"\x08\x08\x12",
    b"",
]


@given(st.sampled_from(STARTS), st.binary(max_size=200))
def test_no_bytes_make_it_raise(start: bytes, rest: bytes) -> None:
    assert isinstance(detect(start + rest), Detected)


@given(st.data())
def test_no_damage_to_a_saved_model_makes_it_raise(data: st.DataObject) -> None:
    content = bytearray(torch_saved({"a": torch.ones(2)}))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=20)):
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    assert isinstance(detect(bytes(content[:cut])), Detected)


def test_detection_needs_no_torch_and_takes_under_a_millisecond(tmp_path: Path) -> None:
    path = saved(tmp_path / "weights.pt", Net().state_dict())
    content = path.read_bytes()
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        detect(content)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.001
    code = "import sys; from auditor.models.detection import detect; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
