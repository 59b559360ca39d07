"""However a table is cut into batches, the rows that arrive are the same."""

import pickle
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.data import delimited
from auditor.data.columns import Rows, recut
from tests.data.reading import batches, features, labels, npz, opened, parquet, row_keys, text

NUMBERS = st.none() | st.floats(width=32, allow_nan=False, allow_infinity=False)
TABLES = st.lists(st.tuples(NUMBERS, st.sampled_from(["a", "b", None]), st.sampled_from(["x", "y", None])), max_size=60)
Row = tuple[float | None, str | None, str | None]


def expected(rows: list[Row]) -> tuple[list[list[float]], list[int]]:
    cells = [[np.nan if n is None else n, {"a": 0, "b": 1, None: np.nan}[c]] for n, c, _ in rows]
    return cells, [{"x": 0, "y": 1, None: -1}[label] for _, _, label in rows]


@given(TABLES, st.integers(1, 70), st.integers(1, 70))
def test_parquet_gives_its_rows_at_any_batch_size(rows: list[Row], size: int, group: int) -> None:
    rows = [*rows, (0.0, "a", "x")]
    cells, classes = expected(rows)
    numbers, texts, targets = zip(*rows, strict=True)
    columns = {
        "n": pa.array(numbers, pa.float64()),
        "c": pa.array(texts, pa.string()),
        "label": pa.array(targets, pa.string()),
    }
    with TemporaryDirectory() as folder:
        path = parquet(Path(folder) / "t.parquet", columns, row_group_size=group)
        test = opened(test=path, categories={"c": ("a", "b")}, classes=("x", "y"), positive="y").test
        np.testing.assert_array_equal(features(test, size), np.array(cells, np.float32))
        assert labels(test, size) == classes
        assert row_keys(test, size) == list(range(len(rows)))
        assert all(len(batch) <= size for batch in batches(test, size))


@given(TABLES, st.integers(1, 70), st.sampled_from([64, 200, 1 << 20]))
def test_csv_gives_its_rows_at_any_batch_and_block_size(rows: list[Row], size: int, block: int) -> None:
    rows = [*rows, (0.0, "a", "x")]
    cells, classes = expected(rows)
    lines = [f"{'' if n is None else repr(n)},{c or ''},{label or ''}\n" for n, c, label in rows]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "BLOCK", block)
        path = text(Path(folder) / "t.csv", "n,c,label\n" + "".join(lines))
        test = opened(test=path, categories={"c": ("a", "b")}, classes=("x", "y"), positive="y").test
        np.testing.assert_array_equal(features(test, size), np.array(cells, np.float32))
        assert labels(test, size) == classes
        assert [len(batch) for batch in batches(test, size)[:-1]] == [size] * ((len(rows) - 1) // size)


@given(st.integers(1, 60), st.integers(1, 70))
def test_arrays_give_their_rows_at_any_batch_size(n_rows: int, size: int) -> None:
    x = np.random.default_rng(n_rows).normal(size=(n_rows, 2, 2))
    y = np.arange(n_rows) % 2
    with TemporaryDirectory() as folder:
        test = opened(test=npz(Path(folder) / "t.npz", x=x, y=y), classes=("no", "yes"), positive="yes").test
        np.testing.assert_array_equal(features(test, size), x.astype(np.float32))
        assert labels(test, size) == y.tolist()
        assert row_keys(test, size) == list(range(n_rows))


@given(st.lists(st.integers(0, 9)), st.integers(1, 20))
def test_runs_of_any_lengths_are_cut_alike(lengths: list[int], size: int) -> None:
    ends = np.cumsum([0, *lengths])
    runs = [Rows((np.arange(a, b),), np.arange(a, b), np.arange(a, b)) for a, b in pairwise(ends)]
    cuts = list(recut(runs, size, np.float64, first_row=100))
    assert [len(cut.labels) for cut in cuts[:-1]] == [size] * (len(cuts) - 1)
    rows = list(range(ends[-1]))
    assert [value for cut in cuts for value in cut.matrix[:, 0]] == rows
    assert [value for cut in cuts if cut.decided is not None for value in cut.decided] == rows
    assert [int(key) - 100 for cut in cuts for key in cut.row_key] == rows


def test_a_batch_holds_at_least_one_row(tmp_path: Path) -> None:
    test = opened(test=text(tmp_path / "t.csv", "a,label\n1,x\n2,y\n")).test
    with pytest.raises(ValueError, match="at least one row, not 0"):
        batches(test, 0)


def test_shards_travel_to_other_processes(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", {"a": range(10), "label": [0, 1] * 5}, row_group_size=4)
    for original in opened(test=path).test.shards():
        copy = pickle.loads(pickle.dumps(original))  # noqa: S301  (our own)
        assert [batch.labels.tolist() for batch in copy.batches(3)] == [b.labels.tolist() for b in original.batches(3)]


def test_leaving_a_stream_early_closes_its_file(tmp_path: Path) -> None:
    columns = {"a": np.arange(100_000), "label": ["x", "y"] * 50_000}
    for path in (parquet(tmp_path / "t.parquet", columns), text(tmp_path / "t.csv", "a,label\n" + "1,x\n2,y\n" * 9000)):
        (shard,) = opened(test=path, classes=("x", "y"), positive="x").test.shards()
        stream = shard.batches(10)
        assert len(next(stream)) == 10
        stream.close()  # type: ignore[attr-defined]


READ_BESIDE_PANDAS = """
import sys
from itertools import pairwise
from pathlib import Path
from auditor.config import Config
from auditor.data import open_splits
for path in sys.argv[1:]:
    test = open_splits(Config(test=Path(path), categories={"c": ("a", "b")})).test
    assert [len(batch) for shard in test.shards() for batch in shard.batches(2)] == [2, 1]
assert "pandas" not in sys.modules, "pandas was imported"
"""


def test_pandas_is_never_imported_although_it_is_installed(tmp_path: Path) -> None:
    (tmp_path / "installed").mkdir()
    text(tmp_path / "installed" / "pandas.py", "raise AssertionError('pandas was imported')")
    columns = {"a": [1.5, None, 3], "b": [True, False, None], "c": ["a", "b", None], "label": [1, 0, None]}
    paths = [
        parquet(tmp_path / "t.parquet", columns),
        text(tmp_path / "t.csv", "a,b,c,label\n1.5,true,a,1\n,false,b,0\n3,,,\n"),
    ]
    program = f"import sys; sys.path.insert(0, {str(tmp_path / 'installed')!r})\n{READ_BESIDE_PANDAS}"
    done = subprocess.run([sys.executable, "-c", program, *paths], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
