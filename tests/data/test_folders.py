"""A folder of files is one table: in the order of the names, with the columns that the folders' names state."""

import hashlib
import os
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pytest

from auditor.data.folders import data_files
from auditor.errors import InputError
from tests.data.reading import batches, features, labels, opened, parquet, refusal, row_keys, says, text


def csv(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return text(path, content)


def test_files_come_in_the_order_of_their_names_and_rows_count_on(tmp_path: Path) -> None:
    for name, rows in (("b.csv", "3,y\n"), ("a/z.csv", "1,x\n2,y\n"), ("c.csv", "4,x\n")):
        csv(tmp_path / "d" / name, "a,label\n" + rows)
    test = opened(test=tmp_path / "d").test
    assert features(test, 2)[:, 0].tolist() == [1, 2, 3, 4]
    assert labels(test, 3) == [0, 1, 1, 0]
    assert row_keys(test, 3) == [0, 1, 2, 3]
    assert test.format == "folder of CSV"


def test_parquet_folders_are_cut_into_their_row_groups(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for i in range(3):
        columns = {"a": range(4 * i, 4 * i + 4), "label": ["x", "y"] * 2}
        parquet(tmp_path / "d" / f"{i}.parquet", columns, row_group_size=3)
    parquet(tmp_path / "d" / "empty.parquet", {"a": pa.array([], pa.int64()), "label": pa.array([], pa.string())})
    test = opened(test=tmp_path / "d").test
    assert [shard.first_row for shard in test.shards()] == [0, 3, 4, 7, 8, 11]
    assert features(test, 2)[:, 0].tolist() == list(range(12))
    assert (test.n_rows, row_keys(test, 2)) == (12, list(range(12)))


def test_a_partitioned_dataset_of_pyarrow_keeps_its_columns(tmp_path: Path) -> None:
    table = pa.table(
        {
            "a": np.arange(12.0),
            "year": [2025, 2026] * 6,
            "country": ["A T", "CH/x", "DE"] * 4,
            "label": ["bad", "good", "good"] * 4,
        }
    )
    pyarrow.dataset.write_dataset(
        table, tmp_path / "d", format="parquet", partitioning=["year", "country"], partitioning_flavor="hive"
    )
    test = opened(test=tmp_path / "d", categories={"country": ("A T", "CH/x", "DE")}).test
    assert test.feature_names == ("a", "year", "country")
    rows = sorted(map(tuple, features(test, 5).tolist()))
    assert rows == [(float(i), 2025.0 + i % 2, float(i % 3)) for i in range(12)]
    by_key = {row[0]: label for row, label in zip(features(test).tolist(), labels(test), strict=True)}
    assert [by_key[float(i)] for i in range(12)] == [int(i % 3 > 0) for i in range(12)]


@pytest.mark.parametrize(
    ("names", "expected"), [(("label=no", "label=yes"), ("no", "yes")), (("label=2", "label=10"), ("2", "10"))]
)
def test_folders_may_state_the_label(tmp_path: Path, names: tuple[str, str], expected: tuple[str, str]) -> None:
    for i, name in enumerate(names):
        csv(tmp_path / "d" / name / "part.csv", f"a\n{i}\n{i}\n")
    test = opened(test=tmp_path / "d", ids=()).test
    assert test.class_names == expected
    by_value = {int(value): label for value, label in zip(features(test)[:, 0], labels(test), strict=True)}
    assert by_value == {0: 0, 1: 1}


def test_a_partition_without_a_value_is_empty(tmp_path: Path) -> None:
    csv(tmp_path / "d" / "b=1" / "p.csv", "a,label\n1,x\n")
    csv(tmp_path / "d" / "b=__HIVE_DEFAULT_PARTITION__" / "p.csv", "a,label\n2,y\n")
    np.testing.assert_array_equal(features(opened(test=tmp_path / "d").test), [[1, 1], [2, np.nan]])


def test_a_bad_cell_is_named_in_the_file_that_holds_it(tmp_path: Path) -> None:
    csv(tmp_path / "d" / "a.csv", "a,label\n" + "1,x\n" * 5)
    csv(tmp_path / "d" / "b.csv", "a,label\n1,y\n2,z\n")
    message = refusal(test=tmp_path / "d", classes=("x", "y"), positive="x")
    assert says(message, ["b.csv row 2 (line 3)", 'label "z" is none of the classes'])


def test_a_column_that_is_text_in_one_csv_file_is_text_in_all(tmp_path: Path) -> None:
    csv(tmp_path / "d" / "a.csv", "zip,label\n1010,x\n")
    csv(tmp_path / "d" / "b.csv", "zip,label\nA-20,y\n")
    test = opened(test=tmp_path / "d", categories={"zip": ("1010", "A-20")}).test
    assert features(test)[:, 0].tolist() == [0, 1]


def test_columns_of_different_kinds_in_parquet_are_refused(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    parquet(tmp_path / "d" / "a.parquet", {"a": [1], "label": ["x"]})
    parquet(tmp_path / "d" / "b.parquet", {"a": ["1"], "label": ["y"]})
    assert says(refusal(test=tmp_path / "d"), ["b.parquet", 'column "a" holds number in', "text in", "in one way"])


def test_arrays_in_a_folder_of_tables_are_refused(tmp_path: Path) -> None:
    csv(tmp_path / "d" / "a.csv", "a,label\n1,x\n")
    np.savez(tmp_path / "d" / "b.npz", x=[1])
    assert says(refusal(test=tmp_path / "d"), ["b.npz holds arrays (npz)", "name the file itself"])


def test_the_hash_is_of_names_and_contents_as_sha256sum_prints_them(tmp_path: Path) -> None:
    for name in ("b.csv", "a/x.csv"):
        csv(tmp_path / "d" / name, f"a,label\n{len(name)},x\n2,y\n")
    csv(tmp_path / "d" / "_SUCCESS", "")
    command = "sha256sum a/x.csv b.csv"
    listing = subprocess.run(command.split(), cwd=tmp_path / "d", check=True, capture_output=True).stdout
    before = opened(test=tmp_path / "d").test.sha256
    assert before == hashlib.sha256(listing).hexdigest()
    (tmp_path / "d" / "b.csv").rename(tmp_path / "d" / "c.csv")
    assert opened(test=tmp_path / "d").test.sha256 != before


def test_links_are_followed_and_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    csv(tmp_path / "elsewhere" / "b.csv", "a,label\n2,y\n")
    csv(tmp_path / "d" / "a.csv", "a,label\n1,x\n")
    (tmp_path / "d" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "d" / "back").symlink_to(tmp_path / "d")
    os.mkfifo(tmp_path / "d" / "pipe")
    assert features(opened(test=tmp_path / "d").test)[:, 0].tolist() == [1, 2]


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    csv(tmp_path / "d" / "a.csv", "a,label\n1,x\n")
    (tmp_path / "d" / os.fsdecode(b"b\xff.csv")).touch()
    assert says(refusal(test=tmp_path / "d"), ["b�.csv has a name that is not UTF-8 text: rename it"])


def test_a_folder_read_in_parts_reads_as_one(tmp_path: Path) -> None:
    for i in range(4):
        csv(tmp_path / "d" / f"{i}.csv", "a,label\n" + "".join(f"{i * 5 + j},{'xy'[j % 2]}\n" for j in range(5)))
    test = opened(test=tmp_path / "d").test
    assert [len(batch) for batch in batches(test, 8)] == [8, 8, 4]
    assert features(test, 8)[:, 0].tolist() == list(range(20))


def test_a_folder_that_is_reached_twice_and_a_dangling_link_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.csv").write_text("x\n1\n", "utf-8")
    (tmp_path / "a" / "other").symlink_to(tmp_path / "b")
    with pytest.raises(InputError, match="is the same folder as"):
        data_files(tmp_path)
    (tmp_path / "a" / "other").unlink()
    (tmp_path / "a" / "two.csv").symlink_to(tmp_path / "absent")
    with pytest.raises(InputError, match=r"two\.csv is no regular file, or a link to nothing"):
        data_files(tmp_path)
