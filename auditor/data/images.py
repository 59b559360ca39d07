"""Images as features: decoded by Pillow on threads, brought to one size, channels first.

Threads, since decoding and resizing, 85% of the work on a JPEG of 640 x 480, let other threads run: two processes were no
quicker than two threads, and took seconds to start (tests/benchmarks/test_decoding.py).
"""

import io
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError
from pydantic import ValidationError

from auditor.batches import Array, Batch
from auditor.config import Config
from auditor.data.declared import Declared, joined
from auditor.data.formats import shown
from auditor.data.groups import RowDesign
from auditor.data.tables import ColumnKind, Part, Table, missing_column, quoted
from auditor.data.truth import Truth
from auditor.errors import InputError, UsageError
from auditor.settings import ImageSettings

DECODERS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
DEEP = ("I", "F", "I;16", "I;16B", "I;16L")
COLUMN = "image"

Run = tuple[list[object], Array, Declared]  # cells, labels, and what columns declare

logging.getLogger("PIL").addHandler(logging.NullHandler())  # what it complains of ends in an error of ours


@dataclass(frozen=True)
class ImageShard:
    """A part of a table whose images become features (n, channels, height, width) float32, and labels."""

    table: Table
    part: Part
    column: str
    settings: ImageSettings
    truth: Truth
    size: tuple[int, int]
    design: RowDesign

    @property
    def first_row(self) -> int:
        """The number of its first row in the split."""
        return self.part.first_row

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches with features, labels and row keys; raises InputError at the first image that cannot be used."""
        row = self.first_row
        with ThreadPoolExecutor(os.cpu_count(), "auditor-images") as pool:
            for cells, labels, declared in _cut(self._runs(), size):
                with _no_warnings():
                    images = list(pool.map(partial(_decoded, self), cells, count(row)))
                keys = np.arange(row, row + len(cells), dtype=np.uint64)
                yield declared.on(Batch(labels, keys, as_features(images, self.settings)))
                row += len(cells)

    def _runs(self) -> Iterator[Run]:
        row = self.first_row
        types = dict.fromkeys(self.truth.columns, pa.string()) | self.design.types
        for record in _records(self.table, self.part, self.column, types):
            labels = self.truth.labels(record, self.table.where, row)
            declared = self.design.read(record, labels, self.table.where, row)
            yield record.column(self.column).to_pylist(), labels, declared
            row += record.num_rows


def with_image(config: Config, own: ImageSettings | str | None) -> Config:
    """The configuration with the model's own preparation of images, in which what `[image]` states takes the place of its own.

    Raises InputError where neither says how images are prepared, UsageError where both together contradict themselves.
    """
    if isinstance(own, str) and config.image is None:
        raise InputError(own)
    if own is None or isinstance(own, str):
        return config
    stated = config.image.model_dump(exclude_unset=True) if config.image else {}
    try:
        return config.model_copy(update={"image": ImageSettings(**own.model_dump() | stated)})
    except ValidationError as error:
        raise UsageError(f"[image] in auditor.toml, with what the model states: {error.errors()[0]['msg']}") from None


def image_column(table: Table, config: Config) -> str | None:
    """The column that holds images, None where the table is one of numbers.

    The one that `[image]` names, else the only one that the file itself describes so. Raises InputError where it is
    missing or holds numbers.
    """
    described = table.image_columns[0] if len(table.image_columns) == 1 else None
    if config.image is None:
        return described
    column = config.image.column or described or COLUMN
    if column not in table.kinds:
        raise missing_column(table, column, "image column", "name it: column = ... under [image] in auditor.toml")
    if table.kinds[column] in (ColumnKind.NUMBER, ColumnKind.BOOLEAN):
        raise InputError(
            f"{shown(table.path)}: the image column {quoted(column)} holds numbers; expected names of files"
        )
    return column


def image_size(table: Table, column: str, settings: ImageSettings) -> tuple[int, int]:
    """Height and width of the first image of a table, prepared as `settings` say; all others must be like it."""
    for part in table.parts():
        for record in _records(table, part, column, {}):
            if record.num_rows:
                first, where = record.column(column)[0].as_py(), partial(table.where, part.first_row)
                with _no_warnings():
                    image = _prepared(first, where, table.path, settings)
                return image.shape[0], image.shape[1]
    raise InputError(f"{shown(table.path)} holds no images; expected at least one")


def as_features(images: Sequence[Array], settings: ImageSettings) -> Array:
    """Float32 features in the layout asked for, of n images (height, width, channels) uint8: scaled, then normalised."""
    features = np.stack(images).astype(np.float32)
    if settings.white != 255:
        features /= np.float32(255 / settings.white)
    if settings.mean:
        features -= np.array(settings.mean, np.float32)
    if settings.std:
        features /= np.array(settings.std, np.float32)
    if settings.layout == "HW":
        return features[..., 0]
    return np.ascontiguousarray(features.transpose(0, 3, 1, 2)) if settings.layout == "CHW" else features


def feature_shape(size: tuple[int, int], settings: ImageSettings) -> tuple[int, ...]:
    """The shape of the features of one image of this height and width."""
    channels = len(settings.mode)
    return {"CHW": (channels, *size), "HWC": (*size, channels), "HW": size}[settings.layout]


def _cut(runs: Iterator[Run], size: int) -> Iterator[Run]:
    """The same images, `size` a run but for the last."""
    held: Run | None = None
    for run in runs:
        held = run if held is None else _end_to_end(held, run)
        while len(held[0]) >= size:
            yield _rows(held, slice(size))
            held = _rows(held, slice(size, None))
    if held is not None and held[0]:
        yield held


def _rows(run: Run, chosen: slice) -> Run:
    cells, labels, declared = run
    return cells[chosen], labels[chosen], declared.rows(chosen)


def _end_to_end(first: Run, second: Run) -> Run:
    labels = np.concatenate([first[1], second[1]])
    return [*first[0], *second[0]], labels, joined([first[2], second[2]])


def _records(table: Table, part: Part, column: str, types: Mapping[str, Any]) -> Iterator[Any]:
    asked = pa.string() if table.kinds[column] is ColumnKind.TEXT else pa.binary()
    return table.read(part, {column: asked, **types})


def _decoded(shard: ImageShard, cell: object, row: int) -> Array:
    image = _prepared(cell, partial(shard.table.where, row), shard.table.path, shard.settings)
    if image.shape[:2] != shard.size:
        found = (
            f"{image.shape[1]} x {image.shape[0]} pixels where the first image has {shard.size[1]} x {shard.size[0]}"
        )
        remedy = "state resize or crop under [image] in auditor.toml, as in training"
        raise InputError(f"{_place(cell, partial(shard.table.where, row))}: {found}; {remedy}")
    return image


def _prepared(cell: object, where: Callable[[], str], table: Path, settings: ImageSettings) -> Array:
    """(height, width, channels) uint8."""
    name, data = _named(cell)
    if data is None and name is None:
        raise InputError(f"{where()}: the image is empty; expected the name of a file, or its bytes")
    source = io.BytesIO(data) if data is not None else _file(name or "", table, where)
    # WeasyPrint turns this on for the whole process, and what is missing of an image would be judged as black
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(source, formats=DECODERS) as image:
            return _pixels(image, settings)
    except UnidentifiedImageError:
        raise InputError(f"{_place(cell, where)} is no image of a kind that is read: {', '.join(DECODERS)}") from None
    except Exception as error:  # noqa: BLE001  (a damaged image fails in many ways)
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise InputError(f"{_place(cell, where)} cannot be decoded ({reason}); replace it or take it out") from None


def _file(name: str, table: Path, where: Callable[[], str]) -> Path:
    path = (table if table.is_dir() else table.parent) / name
    if "\0" in name or not os.path.isfile(path):  # noqa: PTH113  (which answers where the name is too long, too)
        missing = f"no image file {quoted(name)}"
        raise InputError(f"{where()}: {missing}; names count from the folder of {shown(table)}")
    return path


@contextmanager
def _no_warnings() -> Iterator[None]:
    """What Pillow warns of is an error, where it is of a size that fills the memory, or nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _named(cell: object) -> tuple[str | None, bytes | None]:
    """The name and the bytes of an image: of a text, of bytes, or of both as Hugging Face keeps them."""
    if isinstance(cell, Mapping):
        name, data = cell.get("path"), cell.get("bytes")
        return name or None, data
    return (None, cell) if isinstance(cell, bytes) else (str(cell) if cell else None, None)


def _place(cell: object, where: Callable[[], str]) -> str:
    name, data = _named(cell)
    place = where()
    if name is None or data is not None:
        return f"{place}: the image"
    return place if quoted(name) in place else f"{place}, image {quoted(name)}"


def _pixels(image: Image.Image, settings: ImageSettings) -> Array:
    if image.mode in DEEP:
        raise ValueError(f"it has more than 8 bits a channel, mode {image.mode}")
    image = (ImageOps.exif_transpose(image) if settings.upright else image).convert(settings.mode)
    if settings.resize:
        image = image.resize(_resized(image.size, settings.resize), Image.Resampling[settings.resample.upper()])
    if settings.crop:
        image = _cropped(image, settings.crop, settings.centre)
    pixels = np.asarray(image, np.uint8)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def _resized(size: tuple[int, int], wanted: int | tuple[int, int]) -> tuple[int, int]:
    """(width, height): a single number is for the shorter side, the longer one keeps the shape, rounded down."""
    if not isinstance(wanted, int):
        return wanted[1], wanted[0]
    width, height = size
    shorter = min(width, height)
    return (wanted if width == shorter else int(wanted * width / shorter)), (
        wanted if height == shorter else int(wanted * height / shorter)
    )


def _cropped(image: Image.Image, wanted: int | tuple[int, int], centre: str) -> Image.Image:
    """The centre; between two pixels torchvision rounds to the even one, and Transformers down."""
    height, width = (wanted, wanted) if isinstance(wanted, int) else wanted
    if image.width < width or image.height < height:
        raise ValueError(f"its {image.width} x {image.height} pixels are fewer than the crop of {width} x {height}")
    beside, above = image.width - width, image.height - height
    left, top = (beside // 2, above // 2) if centre == "transformers" else (round(beside / 2), round(above / 2))
    return image.crop((left, top, left + width, top + height))


def preparation(settings: ImageSettings) -> str:
    """What is done to every image, in words for the report."""
    steps = [f"decoded as {settings.mode}", *(["turned as EXIF says"] if settings.upright else [])]
    if settings.resize:
        steps.append(f"resized to {_sides(settings.resize, 'a shorter side of ')}, {settings.resample}")
    if settings.crop:
        rule = ", rounded as Transformers does" if settings.centre == "transformers" else ""
        steps.append(f"cropped to the centre {_sides(settings.crop, '')}{rule}")
    steps.append(f"scaled to 0..{settings.white:g}")
    steps += [f"{word} {values}" for word, values in (("less", settings.mean), ("over", settings.std)) if values]
    return f"{', '.join(steps)}, layout {settings.layout}"


def _sides(size: int | tuple[int, int], single: str) -> str:
    return f"{single}{size}" if isinstance(size, int) else f"{size[0]} x {size[1]} (height x width)"
