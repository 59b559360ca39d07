"""What a data file is, told by its first bytes and never by its extension; and its hash."""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from auditor.errors import InputError

LOOKED_AT = 8192

REFUSED = (
    (b"\x1f\x8b", "is compressed with gzip: unpack it first (gunzip)"),
    (b"BZh", "is compressed with bzip2: unpack it first (bunzip2)"),
    (b"\xfd7zXZ\x00", "is compressed with xz: unpack it first (unxz)"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd: unpack it first (unzstd)"),
    (b"\x93NUMPY", "holds a single array: write features and labels together, numpy.savez(file, x=..., y=...)"),
    (b"ARROW1", "is an Arrow IPC (Feather) file: write it as Parquet"),
    (b"\x89HDF", "is an HDF5 file: write it as Parquet, or as npz with arrays x and y"),
    (b"SQLite format 3", "is an SQLite database: write the table as Parquet or CSV"),
    (b"\x80", "looks like a pickle, which runs code when it is loaded: write the data as Parquet, CSV or npz"),
    (b"\xff\xfe", "is UTF-16 text: save it as UTF-8"),
    (b"\xfe\xff", "is UTF-16 text: save it as UTF-8"),
)


class Format(StrEnum):
    """The kinds of data file that are read."""

    CSV = "CSV"
    PARQUET = "Parquet"
    NPZ = "npz"


def format_of(path: Path) -> Format:
    """The kind of a data file by its content.

    Raises InputError where the file is missing, empty, a folder, or of a kind that is not read.
    """
    if path.is_dir():
        raise InputError(f"{shown(path)} is a folder; expected one CSV, Parquet or npz file")
    with readable(path), path.open("rb") as file:
        start = file.read(LOOKED_AT)
    if not start:
        raise InputError(f"{shown(path)} is empty; expected a CSV, Parquet or npz file")
    if start.startswith(b"PAR1"):
        return Format.PARQUET
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_format(path)
    for magic, reason in REFUSED:
        if start.startswith(magic):
            raise InputError(f"{shown(path)} {reason}")
    if b"\0" in start:
        raise InputError(f"{shown(path)} is a binary file of unknown kind; expected CSV (UTF-8 text), Parquet or npz")
    return Format.CSV


def sha256(path: Path) -> str:
    """SHA-256 of the full content, as hexadecimal digits."""
    with readable(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shown(path: Path) -> str:
    """A path as messages print it: relative to the working folder where it lies inside, without control characters."""
    folder = Path.cwd()
    text = str(path.relative_to(folder) if path.is_relative_to(folder) else path)
    return "".join(c if c.isprintable() else "�" for c in text)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turns the system's refusal to read a file into an InputError."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{shown(path)} does not exist; name an existing CSV, Parquet or npz file") from None
    except OSError as error:
        raise InputError(f"{shown(path)} cannot be read: {error.strerror or error}") from None


def _zip_format(path: Path) -> Format:
    try:
        with readable(path), zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        raise InputError(f"{shown(path)} is a damaged zip archive, perhaps cut short: copy or write it again") from None
    if all(name.endswith(".npy") for name in names):
        return Format.NPZ
    if any(name.startswith("xl/") for name in names):
        raise InputError(f"{shown(path)} is an Excel workbook: save the sheet as CSV (UTF-8)")
    raise InputError(f"{shown(path)} is a zip archive of something else than arrays (npz): unpack it first")
