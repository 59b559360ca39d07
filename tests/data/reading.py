"""Small data files made in code, and what the loader makes of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from auditor.batches import Array, Batch, Scores
from auditor.config import Config
from auditor.data import Split, Splits, open_splits
from auditor.errors import InputError

ROWS = "age,student,label\n31,No,good\n42,Yes,bad\n,No,good\n"
STUDENT = {"student": ("No", "Yes")}


def text(path: Path, content: str) -> Path:
    path.write_text(content, "utf-8")
    return path


def parquet(path: Path, columns: Mapping[str, Any], row_group_size: int | None = None) -> Path:
    pyarrow.parquet.write_table(pa.table(dict(columns)), path, row_group_size=row_group_size)
    return path


def npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def opened(model_class_names: tuple[str, ...] = (), /, **settings: Any) -> Splits:
    return open_splits(Config(**settings), model_class_names)


def batches(split: Split, size: int = 1000) -> list[Batch]:
    return [batch for shard in split.shards() for batch in shard.batches(size)]


def features(split: Split, size: int = 1000) -> Array:
    return np.concatenate([batch.features for batch in batches(split, size) if batch.features is not None])


def labels(split: Split, size: int = 1000) -> list[int]:
    return [int(label) for batch in batches(split, size) for label in batch.labels]


def row_keys(split: Split, size: int = 1000) -> list[int]:
    return [int(key) for batch in batches(split, size) for key in batch.row_key]


def scores(split: Split, size: int = 1000) -> Scores:
    """The scores of a split that fits in one batch."""
    (batch,) = batches(split, size)
    assert batch.scores is not None
    return batch.scores


def refusal(**settings: Any) -> str:
    """The error that opening or reading these files ends in."""
    with pytest.raises(InputError) as caught:
        _read_all(**settings)
    return str(caught.value)


def _read_all(**settings: Any) -> None:
    splits = opened(**settings)
    for split in (splits.test, splits.train, splits.validation):
        if split is not None:
            batches(split)


def says(message: str, parts: Sequence[str]) -> bool:
    """Whether one line holds all the parts, in their order."""
    place = -1
    for part in parts:
        place = message.find(part, place + 1)
        assert place >= 0, f"{part!r} is not where it belongs in: {message}"
    return "\n" not in message
