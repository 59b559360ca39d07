"""What kind of file a saved model is, told by its content alone and without running any of it.

Only the standard library: this must answer before PyTorch is imported.
"""

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO

from auditor.models import pickles


class Format(StrEnum):
    """The kinds of file that are told apart, by the names their users give them."""

    EXPORTED = "torch.export program"
    EXPORTED_OLD = "torch.export program of PyTorch 2.7 or older"
    STATE_DICT = "state_dict"
    SAFETENSORS = "safetensors"
    SHARDED = "safetensors index"
    HUGGING_FACE = "Hugging Face folder"
    PICKLED = "pickled object"
    PLAIN_PICKLE = "Python pickle"
    TORCHSCRIPT = "TorchScript program"
    PACKAGE = "torch.package archive"
    AOTINDUCTOR = "AOTInductor package"
    NATIVE = "native program or library"
    ONNX = "ONNX model"
    EXECUTORCH = "ExecuTorch program"
    TFLITE = "TensorFlow Lite model"
    HDF5 = "HDF5 file"
    KERAS = "Keras archive"
    GGUF = "GGUF file"
    NPZ = "archive of NumPy arrays"
    NPY = "NumPy array"
    COMPRESSED = "compressed file"
    TAR = "tar archive"
    ZIP = "zip archive"
    BROKEN_ZIP = "zip archive without its end"
    BROKEN = "torch.save file that is cut short"
    LFS_POINTER = "Git LFS pointer"
    WEB_PAGE = "web page"
    EMPTY = "empty file"
    UNKNOWN = "file of no known format"


@dataclass(frozen=True)
class Detected:
    """A format, and the class or function that a pickle of it would call first ("" for none)."""

    format: Format
    calls: str = ""


MAGIC = (
    (0, b"\x7fELF", Format.NATIVE),
    (0, b"MZ", Format.NATIVE),
    (0, b"\xcf\xfa\xed\xfe", Format.NATIVE),
    (0, b"\x89HDF\r\n\x1a\n", Format.HDF5),
    (0, b"GGUF", Format.GGUF),
    (0, b"\x93NUMPY", Format.NPY),
    (0, b"\x1f\x8b", Format.COMPRESSED),
    (0, b"BZh", Format.COMPRESSED),
    (0, b"\xfd7zXZ\x00", Format.COMPRESSED),
    (0, b"\x28\xb5\x2f\xfd", Format.COMPRESSED),
    (0, b"version https://git-lfs", Format.LFS_POINTER),
    (0, b"<!DOCTYPE html", Format.WEB_PAGE),
    (0, b"<!doctype html", Format.WEB_PAGE),
    (0, b"<html", Format.WEB_PAGE),
    (4, b"ET12", Format.EXECUTORCH),
    (4, b"TFL3", Format.TFLITE),
    (257, b"ustar", Format.TAR),
)


def detect(content: bytes) -> Detected:
    """The format of a file by its bytes; never raises, and runs nothing of what the file holds."""
    if not content:
        return Detected(Format.EMPTY)
    if content.startswith(b"PK\x03\x04"):
        return _archive(content)
    if content.startswith(pickles.TORCH_LEGACY):
        return _pickled(content, pickles.outermost_of_legacy)
    for place, magic, form in MAGIC:
        if content[place : place + len(magic)] == magic:
            return Detected(form)
    return _without_magic(content)


def _without_magic(content: bytes) -> Detected:
    if _is_safetensors(content):
        return Detected(Format.SAFETENSORS)
    if content.lstrip(b" \r\n\t")[:1] == b"{" and b'"weight_map"' in content:
        return Detected(Format.SHARDED)
    if content[0] == 0x80 and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return Detected(Format.PLAIN_PICKLE, _called(content))
    if content[:1] == b"\x08" and content[1:2] <= b"\x20" and content[2:3] in (b"\x12", b"\x3a"):
        return Detected(Format.ONNX)  # a protobuf: ir_version, then producer_name or graph
    return Detected(Format.UNKNOWN)


def _is_safetensors(content: bytes) -> bool:
    length = int.from_bytes(content[:8], "little")
    return content[8:9] == b"{" and length <= 100_000_000  # the format's own cap on its header


def _called(content: bytes) -> str:
    try:
        return pickles.outermost(BytesIO(content))
    except ValueError:
        return ""


def _pickled(content: bytes, outermost: Callable[[BytesIO], str]) -> Detected:
    try:
        name = outermost(BytesIO(content))
    except ValueError:
        return Detected(Format.BROKEN)
    return Detected(Format.STATE_DICT if pickles.is_data(name) else Format.PICKLED, name)


def _archive(content: bytes) -> Detected:
    if not _ends_whole(content):
        return Detected(Format.BROKEN_ZIP)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return _members(archive)
    except (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError, OSError, EOFError):
        return Detected(Format.BROKEN_ZIP)


def _ends_whole(content: bytes) -> bool:
    """Whether the last end-of-archive record ends the file: the end of an archive inside a cut one does not."""
    place = content.rfind(b"PK\x05\x06")
    return place >= 0 and place + 22 + int.from_bytes(content[place + 20 : place + 22], "little") == len(content)


def _members(archive: zipfile.ZipFile) -> Detected:
    names = archive.namelist()
    ends = {name.rpartition("/")[2] for name in names}
    if "archive_format" in ends and _read(archive, "archive_format", 16) == b"pt2":
        return Detected(Format.AOTINDUCTOR if _has(names, "data/aotinductor/") else Format.EXPORTED)
    if "serialized_exported_program.json" in ends:
        return Detected(Format.EXPORTED_OLD)
    if _has(names, ".data/extern_modules"):
        return Detected(Format.PACKAGE)
    if "bytecode.pkl" in ends or ("constants.pkl" in ends and _has(names, "code/")):
        return Detected(Format.TORCHSCRIPT)
    if "data.pkl" in ends:
        return _pickled(_read(archive, "data.pkl", 4096), pickles.outermost)
    return Detected(_other_archive(names, ends))


def _other_archive(names: list[str], ends: set[str]) -> Format:
    if names and all(name.endswith(".npy") for name in names):
        return Format.NPZ
    if any(name.endswith((".so", ".pyd", ".dylib")) for name in names):
        return Format.AOTINDUCTOR
    return Format.KERAS if "model.weights.h5" in ends else Format.ZIP


def _has(names: list[str], part: str) -> bool:
    return any(name.startswith(part) or f"/{part}" in name for name in names)


def _read(archive: zipfile.ZipFile, end: str, limit: int) -> bytes:
    name = next(name for name in archive.namelist() if name.rpartition("/")[2] == end)
    with archive.open(name) as member:
        return member.read(limit)
