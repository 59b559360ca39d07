"""Folders of images, one folder a class, as a table of file names and labels."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from auditor.data.columns import texts
from auditor.data.folders import LEFT_OUT
from auditor.data.formats import IMAGE_SUFFIXES, shown
from auditor.data.tables import ColumnKind, Part, quoted
from auditor.errors import InputError

COLUMN = "image"
ROWS_OF_PART = 4096


@dataclass(frozen=True)
class ImageFolder:
    """Image files in the order of their names; the label of each is the folder at the top that it lies in."""

    path: Path
    target: str
    names: tuple[str, ...] = field(repr=False)
    class_names: Mapping[str, tuple[str, ...]]
    format: str = "image folder"
    image_columns: tuple[str, ...] = (COLUMN,)

    @property
    def n_rows(self) -> int:
        """How many images there are."""
        return len(self.names)

    @property
    def kinds(self) -> Mapping[str, ColumnKind]:
        """The name of the file, and the label."""
        return {COLUMN: ColumnKind.TEXT, self.target: ColumnKind.TEXT}

    def parts(self) -> tuple[Part, ...]:
        """Runs of 4,096 images."""
        return tuple(Part(index, start) for index, start in enumerate(range(0, self.n_rows, ROWS_OF_PART)))

    def read(self, part: Part, types: Mapping[str, Any]) -> Iterator[Any]:
        """One record batch of the names within the folder, and of the labels."""
        names = self.names[part.first_row : part.first_row + ROWS_OF_PART]
        columns = {COLUMN: lambda: texts(names), self.target: lambda: texts(name.partition("/")[0] for name in names)}
        yield pa.RecordBatch.from_arrays([columns[name]() for name in types], names=list(types))

    def where(self, row: int) -> str:
        """The folder, and the number of the image in the order of the names."""
        return f"{shown(self.path)} image {row + 1:,} ({quoted(self.names[row])})"


def holds_images(files: Sequence[Path]) -> bool:
    """Whether some of these files are named as images are."""
    return any(path.suffix.lower() in IMAGE_SUFFIXES for path in files)


def open_image_folder(folder: Path, files: Sequence[Path], target: str) -> ImageFolder:
    """The images of a folder, other files left aside; its folders are the classes, sorted by name as text.

    Raises InputError where an image lies in no class folder.
    """
    names = tuple(path.relative_to(folder).as_posix() for path in files if path.suffix.lower() in IMAGE_SUFFIXES)
    loose = next((name for name in names if "/" not in name), None)
    if loose is not None:
        remedy = "expected one folder a class, or a table with a column of file names and [image] in auditor.toml"
        raise InputError(f"{shown(folder)} holds the image {quoted(loose)} outside of any class folder; {remedy}")
    classes = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(LEFT_OUT))
    return ImageFolder(folder, target, names, {target: tuple(classes)})
