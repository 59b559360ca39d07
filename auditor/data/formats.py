"""What a data file is, told by its first bytes and never by its extension; and its hash."""

import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa

from auditor.addresses import as_written
from auditor.errors import InputError

LOOKED_AT = 8192
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PACKED = ((b"\x1f\x8b", "gzip"), (b"BZh", "bz2"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x04\x22\x4d\x18", "lz4"))
LEGACY_TORCH = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e"
READ = "CSV, JSON lines, Parquet, Arrow, npz, safetensors or a torch file of tensors"

IMAGE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")

# Of programs of torch.export, today's and those of PyTorch 2.7, and of TorchScript.
PROGRAM_MEMBERS = ("models/model.json", "serialized_exported_program.json", "/constants.pkl")

REFUSED = (
    (b"\xfd7zXZ\x00", "is compressed with xz: unpack it first (unxz)"),
    (
        b"\x93NUMPY",
        "holds a single array: write both together, numpy.savez(file, x=..., y=...), or put x.npy and y.npy in a folder",
    ),
    (b"FEA1", "is a Feather file of the first version, which Arrow has given up: write it again"),
    (b"\x89HDF", "is an HDF5 file: write it as Parquet, or as npz with arrays x and y"),
    (b"SQLite format 3", "is an SQLite database: write the table as Parquet or CSV"),
    (b"\x80", "looks like a pickle, which runs code when it is loaded: write the data as Parquet, CSV or npz"),
    (b"\xff\xfe", "is UTF-16 text: save it as UTF-8"),
    (b"\xfe\xff", "is UTF-16 text: save it as UTF-8"),
)


class Format(StrEnum):
    """The kinds of data file that are read."""

    CSV = "CSV"
    JSON_LINES = "JSON lines"
    PARQUET = "Parquet"
    ARROW = "Arrow"
    ARROW_STREAM = "Arrow stream"
    NPZ = "npz"
    SAFETENSORS = "safetensors"
    TORCH = "torch"


MAGIC = (
    (b"PAR1", Format.PARQUET),
    (b"ARROW1", Format.ARROW),
    (b"\xff\xff\xff\xff", Format.ARROW_STREAM),
    (LEGACY_TORCH, Format.TORCH),
)


def format_of(path: Path) -> Format:
    """The kind of a data file by its content; text may be compressed with gzip, bzip2, zstd or lz4.

    Raises InputError where the file is missing, empty, or of a kind that is not read.
    """
    with readable(path), path.open("rb") as file:
        start = file.read(LOOKED_AT)
        size = os.fstat(file.fileno()).st_size
    if not start:
        raise InputError(f"{shown(path)} is empty; expected {READ}")
    return _binary_format(path, start, size) or _text_format(path, start)


def _binary_format(path: Path, start: bytes, size: int) -> Format | None:
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_format(path)
    for magic, form in MAGIC:
        if start.startswith(magic):
            return form
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= size - 8:
        return Format.SAFETENSORS
    return None


def _text_format(path: Path, start: bytes) -> Format:
    packing = packing_of(start)
    if packing:
        with byte_stream(path) as file:
            start = file.read(LOOKED_AT)
    for magic, reason in REFUSED:
        if start.startswith(magic):
            raise InputError(f"{shown(path)} {reason}")
    if b"\0" in start:
        kind = (
            f"is compressed with {packing} and holds no text: unpack it first"
            if packing
            else "is a binary file of unknown kind"
        )
        raise InputError(f"{shown(path)} {kind}; expected {READ}")
    text = start.removeprefix(BYTE_ORDER_MARK).lstrip()
    if re.match(rb"\[\s*[\[{]", text):
        raise InputError(f"{shown(path)} is one JSON array: write one object a line (jq -c '.[]' turns it)")
    return Format.JSON_LINES if text.startswith(b"{") else Format.CSV


def packing_of(start: bytes) -> str | None:
    """How a file that starts so is compressed, in pyarrow's word, None where it is not."""
    return next((name for magic, name in PACKED if start.startswith(magic)), None)


@contextmanager
def byte_stream(path: Path) -> Iterator[Any]:
    """The bytes of a file as a stream, unpacked where they are compressed; InputError where they are damaged."""
    with readable(path), path.open("rb") as file:
        packing = packing_of(file.read(8))
        if packing is None:
            file.seek(0)
            yield file
            return
    try:
        with pa.OSFile(str(path)) as packed, pa.CompressedInputStream(packed, packing) as unpacked:
            yield io.BufferedReader(unpacked)
    except OSError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        remedy = "perhaps it was cut short: copy or write it again"
        raise InputError(f"{shown(path)} cannot be unpacked ({reason}); {remedy}") from None


def sha256(path: Path) -> str:
    """SHA-256 of the full content, as hexadecimal digits."""
    with readable(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shown(path: Path) -> str:
    """A path or address as messages print it: relative to the working folder inside it, without control characters."""
    folder = Path.cwd()
    text = str(path.relative_to(folder)) if path.is_relative_to(folder) else as_written(path)
    return "".join(c if c.isprintable() else "�" for c in text)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turns the system's refusal to read a file into an InputError."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{shown(path)} does not exist; name a file that does") from None
    except OSError as error:
        raise InputError(f"{shown(path)} cannot be read: {error.strerror or error}") from None


def _zip_format(path: Path) -> Format:
    try:
        with readable(path), zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise InputError(f"{shown(path)} is a damaged zip archive, perhaps cut short: copy or write it again") from None
    if all(name.endswith(".npy") for name in names):
        return Format.NPZ
    if any(name.endswith(PROGRAM_MEMBERS) for name in names):
        raise InputError(f"{shown(path)} is a saved model: give it as MODEL, and the rows to judge it on as --test")
    if any(name.endswith("/data.pkl") for name in names):
        return Format.TORCH
    if any(name.startswith("xl/") for name in names):
        raise InputError(f"{shown(path)} is an Excel workbook: save the sheet as CSV (UTF-8)")
    raise InputError(f"{shown(path)} is a zip archive of something else than arrays (npz): unpack it first")
