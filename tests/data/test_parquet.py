"""Parquet files: a shard is a row group, and types are the file's own."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.data.reading import batches, features, labels, opened, parquet, refusal, row_keys, says


def test_a_shard_is_a_row_group_and_no_batch_straddles_two(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", {"a": range(10), "label": [0, 1] * 5}, row_group_size=4)
    test = opened(test=path).test
    assert [shard.first_row for shard in test.shards()] == [0, 4, 8]
    assert [len(batch) for batch in batches(test, 3)] == [3, 1, 3, 1, 2]
    assert row_keys(test, 3) == list(range(10))
    assert test.n_rows == 10
    assert test.format == "Parquet"


def test_a_shard_can_be_read_again_and_alone(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", {"a": range(10), "label": [0, 1] * 5}, row_group_size=4)
    last = list(opened(test=path).test.shards())[-1]
    for _ in range(2):
        (batch,) = last.batches(100)
        assert batch.features is not None
        assert batch.features[:, 0].tolist() == [8, 9]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, None, 3], pa.int64()),
        pa.array([1, None, 3], pa.uint8()),
        pa.array([1, None, 3], pa.float64()),
        pa.array([1, None, 3], pa.float32()),
        pa.array([1, None, 3], pa.float16()),
        pa.array([Decimal(1), None, Decimal(3)], pa.decimal128(5, 2)),
        pa.array([1, None, 3], pa.int32()).dictionary_encode(),
    ],
)
def test_numbers_of_every_type_are_features_and_nulls_are_nan(tmp_path: Path, column: pa.Array) -> None:
    test = opened(test=parquet(tmp_path / "t.parquet", {"a": column, "label": ["x", "y", "x"]})).test
    np.testing.assert_array_equal(features(test), np.array([[1], [np.nan], [3]], np.float32))


def test_booleans_are_zero_and_one_and_a_column_of_nulls_is_nan(tmp_path: Path) -> None:
    columns = {"a": [True, False, None], "b": pa.nulls(3), "label": ["x", "y", "x"]}
    found = features(opened(test=parquet(tmp_path / "t.parquet", columns)).test)
    np.testing.assert_array_equal(found, [[1, np.nan], [0, np.nan], [np.nan, np.nan]])


def test_large_integers_are_rounded_and_large_floats_become_infinite(tmp_path: Path) -> None:
    columns = {"a": [2**53 + 1, None], "b": [1e300, -1e300], "label": ["x", "y"]}
    found = features(opened(test=parquet(tmp_path / "t.parquet", columns)).test)
    assert found[0, 0] == np.float32(2**53)
    assert found[:, 1].tolist() == [np.inf, -np.inf]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
def test_text_of_every_type_is_coded_by_its_categories(tmp_path: Path, kind: pa.DataType) -> None:
    columns = {"a": pa.array(["No", "Yes", None], kind), "label": ["x", "y", "x"]}
    test = opened(test=parquet(tmp_path / "t.parquet", columns), categories={"a": ("No", "Yes")}).test
    np.testing.assert_array_equal(features(test), [[0], [1], [np.nan]])


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (pa.array([1, 0, None]), ("0", "1")),
        (pa.array([1.0, 0.0, float("nan")]), ("0", "1")),
        (pa.array([True, False, None]), ("False", "True")),
        (pa.array(["b", "a", ""]), ("a", "b")),
        (pa.array(["b", "a", None]).dictionary_encode(), ("a", "b")),
    ],
)
def test_labels_of_every_type_become_text(tmp_path: Path, values: pa.Array, names: tuple[str, str]) -> None:
    splits = opened(test=parquet(tmp_path / "t.parquet", {"a": [1, 2, 3], "label": values}))
    assert splits.class_names == names
    assert labels(splits.test) == [1, 0, -1]


def test_the_index_that_pandas_stores_is_no_feature(tmp_path: Path) -> None:
    columns = {"a": [1, 2], "label": ["x", "y"], "__index_level_0__": [0, 1]}
    assert opened(test=parquet(tmp_path / "t.parquet", columns)).test.feature_names == ("a",)


def test_a_wide_table_is_read_in_fewer_rows_at_once(tmp_path: Path) -> None:
    columns = {f"f{i}": np.arange(600, dtype=np.float32) for i in range(5000)}
    path = parquet(tmp_path / "t.parquet", columns | {"label": ["x", "y"] * 300})
    found = batches(opened(test=path).test, 500)
    assert [batch.features.shape for batch in found if batch.features is not None] == [(500, 5000), (100, 5000)]


def test_a_truncated_file_is_one_clear_error(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", {"a": range(1000), "label": ["x", "y"] * 500})
    path.write_bytes(path.read_bytes()[:-100])
    assert says(refusal(test=path), ["t.parquet is not a whole Parquet file", "copy or write it again"])


def test_a_file_with_damaged_pages_is_one_clear_error(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", {"a": np.random.default_rng(0).random(9000), "label": ["x", "y"] * 4500})
    whole = bytearray(path.read_bytes())
    whole[4:60] = bytes(56)
    path.write_bytes(bytes(whole))
    assert says(refusal(test=path), ["t.parquet is not a whole Parquet file", "copy or write it again"])


@pytest.mark.parametrize(
    ("columns", "parts"),
    [
        ({"a": pa.array([], pa.int64()), "label": pa.array([], pa.int64())}, ["has columns and no rows"]),
        ({"a": [dt.date(2026, 1, 1)], "label": ["x"]}, ['"a" holds neither numbers nor text', "ids"]),
        ({"a": [[1, 2]], "label": ["x"]}, ['"a" holds neither numbers nor text']),
        ({"a": [1, 2], "label": [[0, 1], [2, 0]]}, ["row 2: the label is a list that is not one 1 and else 0"]),
        ({"a": [1, 2], "label": [[0, 1], [1]]}, ["row 2: the label is a list that is not one 1 and else 0"]),
        ({"a": [1, 2], "label": [["x"], ["y"]]}, ['label column "label" holds lists of something else than numbers']),
        ({"a": [1, 2], "label": [b"x", b"y"]}, ['label column "label" holds neither text nor numbers']),
        ({"a": [1, 2], "y": [1, 2]}, ['no label column "label"', "--target"]),
    ],
)
def test_what_cannot_be_used_says_so(tmp_path: Path, columns: dict[str, object], parts: list[str]) -> None:
    assert says(refusal(test=parquet(tmp_path / "t.parquet", columns)), ["t.parquet", *parts])


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    table = pa.table([pa.array([1]), pa.array([2]), pa.array(["x"])], names=["a", "a", "label"])
    pa.parquet.write_table(table, tmp_path / "t.parquet")
    assert says(refusal(test=tmp_path / "t.parquet"), ['two columns named "a"'])


def test_a_label_that_is_no_class_is_found_with_its_row(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", {"a": range(6), "label": list("xyxyzx")}, row_group_size=2)
    message = refusal(test=path, classes=("x", "y"), positive="x")
    assert says(message, ["row 5", 'label "z" is none of the classes "x", "y"', "classes in auditor.toml"])
