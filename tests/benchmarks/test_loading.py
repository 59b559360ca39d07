"""How quickly tables are read into batches, and that memory does not grow with their rows."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from PIL import Image

from auditor.config import Config
from auditor.data import open_splits
from auditor.settings import ImageSettings

FEW, MANY = 500_000, 5_000_000
N_FEATURES = 10

READ = """
import json, re, sys, time
from pathlib import Path
from auditor.config import Config
from auditor.data import open_splits
started = time.perf_counter()
test = open_splits(Config(test=Path(sys.argv[1]), classes=("0", "1"), positive="1")).test
opened = time.perf_counter()
rows = sum(len(batch) for shard in test.shards() for batch in shard.batches(16_384))
read = time.perf_counter()
# ru_maxrss would count the process that this one was forked from
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps({"rows": rows, "open_s": opened - started, "read_s": read - opened, "peak_mb": peak}))
"""


def write(path: Path, n_rows: int) -> None:
    random = np.random.default_rng(0)
    features = {f"f{i}": pa.array(random.normal(size=n_rows).astype(np.float32)) for i in range(N_FEATURES)}
    table = pa.table(features | {"label": pa.array(random.integers(0, 2, n_rows))})
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(table, path)
    elif path.suffix == ".arrow":
        pyarrow.feather.write_feather(table, str(path), compression="lz4")
    elif path.suffix == ".jsonl":
        write_json_lines(table, path)
    else:
        pyarrow.csv.write_csv(table, path)


def write_json_lines(table: pa.Table, path: Path) -> None:
    """As `to_pylist` would, a hundred times as quickly."""
    texts = [pa.compute.cast(column, pa.string()) for column in table.columns]
    cells = [
        pa.compute.binary_join_element_wise(f'"{n}":', t, "") for n, t in zip(table.column_names, texts, strict=True)
    ]
    lines = pa.compute.binary_join_element_wise("{", pa.compute.binary_join_element_wise(*cells, ","), "}", "")
    with path.open("w") as file:
        file.writelines(line + "\n" for batch in lines.chunks for line in batch.to_pylist())


def measured(path: Path) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", READ, path], check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("kind", ["parquet", "arrow", "csv", "jsonl"])
def test_memory_stays_flat_from_half_a_million_to_five_million_rows(tmp_path: Path, kind: str) -> None:
    results = {}
    for n_rows in (FEW, MANY):
        path = tmp_path / f"{n_rows}.{kind}"
        write(path, n_rows)
        results[n_rows] = found = measured(path)
        rate = found["rows"] / found["read_s"] / 1e6
        print(
            f"\n{kind} {n_rows:,} rows x {N_FEATURES}: open and hash {found['open_s']:.2f} s, "
            f"read {found['read_s']:.2f} s ({rate:.1f} M rows/s), peak {found['peak_mb']:.0f} MB"
        )
        assert found["rows"] == n_rows
    assert results[MANY]["peak_mb"] < 1.3 * results[FEW]["peak_mb"]


def test_images_are_decoded_as_quickly_as_the_cores_allow(tmp_path: Path) -> None:
    random, n_images = np.random.default_rng(0), 600
    for i in range(n_images):
        place = tmp_path / "images" / "ab"[i % 2] / f"{i}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        smooth = Image.fromarray(random.integers(0, 256, (12, 16, 3), np.uint8)).resize((640, 480))
        smooth.save(place, quality=90)
    config = Config(test=tmp_path / "images", image=ImageSettings(resize=256, crop=224))
    start = time.perf_counter()
    test = open_splits(config).test
    opened = time.perf_counter()
    rows = sum(len(batch) for shard in test.shards() for batch in shard.batches(32))
    seconds = time.perf_counter() - opened
    print(
        f"\n{rows} JPEGs of 640 x 480 to 224 x 224: open and hash {opened - start:.2f} s, {rows / seconds:.0f} images/s"
    )
    assert rows == n_images
