"""Keeps the traceback of a bug of ours in a file, for the report of it."""

import os
import tempfile
import traceback
from pathlib import Path


def save_traceback(error: BaseException) -> Path:
    """Write the traceback to a new file in the system's temporary folder and return its path."""
    handle, name = tempfile.mkstemp(prefix="auditor-bug-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    return Path(name)
