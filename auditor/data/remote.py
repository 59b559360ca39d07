"""Data at an address: copied once into a temporary folder that goes with the program, then read as any other."""

import atexit
import http.client
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.fs

from auditor.addresses import COPIES, as_written, is_address
from auditor.data.formats import shown
from auditor.data.tables import quoted
from auditor.errors import FormatUnavailable, InputError

BLOCK = 4 << 20
WEB = ("http", "https")
SECONDS = 60


def local(path: Path) -> Path:
    """The path itself, or a copy of what is at its address.

    Raises InputError where nothing is there or it cannot be had, FormatUnavailable where this system lacks what reads it.
    """
    if not is_address(path):
        return path
    address = as_written(path)
    scheme, _, rest = address.partition("://")
    if scheme == "file":
        return Path("/" + rest.removeprefix("localhost/"))
    if ".." in PurePosixPath(rest).parts:
        raise InputError(f"{shown(path)} holds '..'; expected the plain address of a file or a folder")
    root = Path(tempfile.mkdtemp(prefix=COPIES))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    copy = root / scheme / rest
    try:
        _download(address, copy) if scheme in WEB else _copy(address, copy)
    except (OSError, pa.ArrowException, ValueError, http.client.HTTPException) as error:
        raise InputError(
            f"{shown(path)} cannot be read: {_reason(error)}; check the address and your access to it"
        ) from None
    return copy


def _reason(error: Exception) -> str:
    """Why it cannot be had, in the words of the system."""
    cause = error.reason if type(error) is urllib.error.URLError else error
    said = getattr(cause, "strerror", None) or str(cause)
    return (said.splitlines() or [type(error).__name__])[0].rstrip(".")


def _download(address: str, copy: Path) -> None:
    copy.parent.mkdir(parents=True)
    with urllib.request.urlopen(address, timeout=SECONDS) as source, copy.open("wb") as target:  # noqa: S310  (http, https)
        shutil.copyfileobj(source, target, BLOCK)


def _copy(address: str, copy: Path) -> None:
    system, place = _system(address)
    for name, size in _files(system, place):
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        origin = f"{place}/{name}" if name else place
        with system.open_input_stream(origin, compression=None) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, BLOCK)
        if size is not None and target.stat().st_size != size:
            raise OSError(f"{quoted(name or place)} ended early")


def _files(system: Any, place: str) -> Iterator[tuple[str, int | None]]:  # noqa: ANN401  (pyarrow is untyped)
    """The names within a folder and their sizes; "" for a file itself."""
    kind = pyarrow.fs.FileType
    found = system.get_file_info(place)
    if found.type is kind.File:
        yield "", found.size
        return
    if found.type is not kind.Directory:
        raise FileNotFoundError("nothing is there")
    for info in system.get_file_info(pyarrow.fs.FileSelector(place, recursive=True)):
        name = PurePosixPath(info.path).relative_to(PurePosixPath(place))
        if info.type is kind.File and ".." not in name.parts:
            yield name.as_posix(), info.size


def _system(address: str) -> tuple[Any, str]:
    """The filesystem of an address, pyarrow's own or fsspec's, and the place in it."""
    with suppress(pa.ArrowInvalid, ImportError, NotImplementedError):
        found: tuple[Any, str] = pyarrow.fs.FileSystem.from_uri(address)
        return found
    scheme = address.partition("://")[0]
    try:
        import fsspec

        system, place = fsspec.url_to_fs(address)
    except (ImportError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        remedy = f"install what fsspec needs for {scheme}://, or copy the data to this machine"
        raise FormatUnavailable(f"{address} cannot be read here ({reason}); {remedy}") from None
    return pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(system)), place
