"""Where the folders that ship beside the code are: inside the package when installed, beside it in a checkout."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
FOLDERS = ("checks", "templates", "samples")


def folder(name: str) -> Path:
    """The folder `checks`, `templates` or `samples` of this installation.

    Raises ValueError for another name and FileNotFoundError where the installation lacks the folder.
    """
    if name not in FOLDERS:
        raise ValueError(f"unknown folder {name!r}: expected one of {', '.join(FOLDERS)}")
    candidates = (PACKAGE / name, PACKAGE.parent / name)
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"{candidates[0]} is missing: this installation of auditor is not whole, install it again")
