"""Columns of times: numbers as they stand, dates and times in UTC, from every kind of file."""

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from auditor.data.split import Split
from tests.data.reading import batches, npz, opened, parquet, refusal, text
from tests.data.writing import TABLES

moment = datetime.fromisoformat
CSV = "a,when,label\n1,{},x\n2,{},y\n3,{},x\n"


def times(split: Split, size: int = 1000) -> list[object]:
    return [time for batch in batches(split, size) if batch.time is not None for time in batch.time.tolist()]


def of_cells(place: Path, *cells: str) -> Split:
    return opened(test=text(place / "t.csv", CSV.format(*cells)), time="when").test


def test_a_time_is_no_feature_and_numbers_stay_as_they_are(tmp_path: Path) -> None:
    test = of_cells(tmp_path, "3", "1.5", "-2")
    assert test.feature_names == ("a",)
    assert times(test) == [3, 1.5, -2]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-01-31", moment("2026-01-31")),
        ("2026-01-31 12:30", moment("2026-01-31T12:30:00")),
        ("2026-01-31T12:30:05.25", moment("2026-01-31T12:30:05.250000")),
        ("2026-01-31T12:30:05.1234567891", moment("2026-01-31T12:30:05.123456")),
        ("2026-01-31T12:30:00Z", moment("2026-01-31T12:30:00")),
        ("2026-01-31T12:30:00+01:00", moment("2026-01-31T11:30:00")),
        ("2026-01-31 12:30-0500", moment("2026-01-31T17:30:00")),
        ("9999-12-31", moment("9999-12-31")),
        (" 1969-07-20 ", moment("1969-07-20")),
    ],
)
def test_dates_and_times_are_read_as_iso_and_without_a_zone_as_utc(
    tmp_path: Path, cell: str, expected: datetime
) -> None:
    assert times(of_cells(tmp_path, "2026-01-31T00:00:00+00:00", cell, "2025-12-31")) == [
        moment("2026-01-31"), expected, moment("2025-12-31"),
    ]  # fmt: skip


def test_an_empty_cell_has_no_time(tmp_path: Path) -> None:
    assert times(of_cells(tmp_path, "2026-01-31", "", "2026-02-01"))[1] is None
    assert str(times(of_cells(tmp_path, "1", "", "2"))[1]) == "nan"


@pytest.mark.parametrize(
    "column",
    [
        pa.array([moment("2026-01-31"), None, moment("2026-02-01T06:00:00")], pa.timestamp("s")),
        pa.array([moment("2026-01-31"), None, moment("2026-02-01T06:00:00")], pa.timestamp("ns")),
        pa.array([moment("2026-01-31T00:00:00+00:00"), None, moment("2026-02-01T06:00:00+00:00")], pa.timestamp("ms", "Europe/Vienna")),
        pa.array([moment("2026-01-31"), None, moment("2026-02-01T06:00:00")], pa.date64()),
        pa.array([date(2026, 1, 31), None, date(2026, 2, 1)], pa.date32()),
    ],
)  # fmt: skip
def test_parquet_keeps_dates_and_times_of_any_unit(tmp_path: Path, column: pa.Array) -> None:
    path = parquet(tmp_path / "t.parquet", {"a": [1, 2, 3], "when": column, "label": ["x", "y", "x"]}, 2)
    first, nothing, last = times(opened(test=path, time="when").test)
    assert (first, nothing) == (moment("2026-01-31"), None)
    assert isinstance(last, datetime)
    assert last.date() == date(2026, 2, 1)


@pytest.mark.parametrize("kind", TABLES)
def test_times_are_the_same_in_every_format_whatever_the_size_of_a_batch(tmp_path: Path, kind: str) -> None:
    days = [f"2026-01-{day:02}T06:00:00" for day in range(1, 12)]
    table = pa.table(
        {"a": list(range(11)), "when": days, "n": [k / 4 for k in range(11)], "label": list("xyxyxyxyxyx")}
    )
    path = TABLES[kind](table, tmp_path / "data")
    dated = opened(test=path, time="when", ids=("n",)).test
    assert times(dated, 3) == times(dated) == [moment(day) for day in days]
    assert times(opened(test=path, time="n", ids=("when",)).test, 4) == [k / 4 for k in range(11)]


def test_arrays_hold_numbers_texts_or_datetime64(tmp_path: Path) -> None:
    days = np.array(["2026-01-31", "2026-02-01"])
    for name, array in {
        "texts": days,
        "days": days.astype("datetime64[D]"),
        "ns": days.astype("datetime64[ns]"),
    }.items():
        path = npz(tmp_path / f"{name}.npz", x=np.ones((2, 3)), y=np.array([0, 1]), when=array)
        assert times(opened(test=path, time="when").test) == [moment("2026-01-31"), moment("2026-02-01")]
    path = npz(tmp_path / "numbers.npz", x=np.ones((2, 3)), y=np.array([0, 1]), when=np.array([7, 9]))
    assert times(opened(test=path, time="when").test) == [7, 9]


def test_a_time_that_is_a_feature_too_keeps_its_precision(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "a,when,label\n1,1700000001,x\n2,1700000002,y\n")
    test = opened(test=path, time="when", features=("a", "when")).test
    assert times(test) == [1700000001, 1700000002]
    assert test.feature_names == ("a", "when")


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (("2026-01-31", "31.01.2026", "2026-02-01"), 'time "when" is "31.01.2026"'),
        (("2026-01-31", "2026-02-30", "2026-02-01"), 'time "when" is "2026-02-30"'),
        (("2026-01-31Z12", "12:30", "2026-02-01"), 'time "when" is "2026-01-31Z12"'),
        (("1", "inf", "2"), 'time "when" is inf'),
    ],
)
def test_what_is_no_time_is_named_with_its_row_and_what_was_expected(
    tmp_path: Path, cells: tuple[str, ...], found: str
) -> None:
    said = refusal(test=text(tmp_path / "t.csv", CSV.format(*cells)), time="when")
    assert f"row {1 if 'Z12' in found else 2}" in said
    assert found in said
    assert "expected a number, or an ISO date or time such as 2026-01-31" in said


def test_a_date_beyond_all_counting_is_named(tmp_path: Path) -> None:
    column = pa.array([0, 2**31 - 1], pa.int32()).cast(pa.date32())
    path = parquet(tmp_path / "t.parquet", {"a": [1, 2], "when": column, "label": ["x", "y"]})
    said = refusal(test=path, time="when")
    assert "row 2" in said
    assert "beyond the years that are counted" in said


def test_all_files_tell_the_time_in_one_way(tmp_path: Path) -> None:
    test = text(tmp_path / "t.csv", CSV.format("2026-01-31", "", "2026-02-01"))
    train = text(tmp_path / "train.csv", CSV.format("1", "2", "3"))
    said = refusal(test=test, train=train, time="when")
    assert 'train.csv: time "when" holds numbers and that of' in said
    assert "t.csv dates; write both in one way" in said


def test_true_or_false_is_no_time(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", {"a": [1, 2], "when": [True, False], "label": ["x", "y"]})
    assert 'time "when" holds true or false' in refusal(test=path, time="when")


def test_lists_are_no_times(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", {"a": [1, 2], "when": [[1], [2]], "label": ["x", "y"]})
    assert 'time "when" holds list' in refusal(test=path, time="when")


def test_every_file_of_the_run_needs_the_column(tmp_path: Path) -> None:
    test = text(tmp_path / "t.csv", CSV.format("1", "2", "3"))
    train = text(tmp_path / "train.csv", "a,label\n1,x\n2,y\n")
    assert 'train.csv has no time column "when"' in refusal(test=test, train=train, time="when")
