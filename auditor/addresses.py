"""Addresses of data elsewhere (s3://, gs://, https:// and their like), which stand where a path may stand."""

import re
from pathlib import Path

COPIES = "auditor-data-"
ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/+(.+)")
COPIED = re.compile(rf".*[/\\]{COPIES}[^/\\]+[/\\]([^/\\]+)[/\\](.*)")


def is_address(path: Path) -> bool:
    """Whether a path was written as an address; a letter alone before the colon is a drive of Windows."""
    return ADDRESS.fullmatch(path.as_posix()) is not None


def as_written(path: Path) -> str:
    """A path, or the address that it is or was copied from, as the user wrote it."""
    found = ADDRESS.fullmatch(path.as_posix()) or COPIED.fullmatch(str(path))
    return f"{found[1]}://{Path(found[2]).as_posix()}" if found else str(path)
