"""What the files of a run hold, and what its splits agree on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from auditor.data.arrays import ArrayFile
from auditor.data.labels import Encoded, LabelCount
from auditor.data.loaders import LoadedData
from auditor.data.split import Shard
from auditor.data.tables import Table
from auditor.layout import Part


@dataclass(frozen=True)
class Agreed:
    """What the splits of a run agree on."""

    names: tuple[str, ...]
    names_from: str
    positive: int | None
    positive_from: str
    counts: Mapping[str, tuple[int, ...]]
    n_rows: Mapping[str, int]


@dataclass(frozen=True)
class Files:
    """The opened files of a run by the names of their splits, and how they become labels and shards."""

    opened: Mapping[str, Table | ArrayFile | LoadedData]
    feature_names: tuple[str, ...]
    feature_shape: tuple[int, ...] | None
    labels: Callable[[str], Iterator[Encoded]]
    shards: Callable[[str, Agreed], tuple[Shard, ...]]
    other_classes: Callable[[Mapping[str, LabelCount]], tuple[str, ...]] = lambda _: ()
    preparation: str = ""
    parts: tuple[Part, ...] = ()
