"""One text for one label value whatever the format, and one class for one text."""

from collections import Counter
from decimal import Decimal
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.config import Config
from auditor.data import labels as labels_module
from auditor.data import open_splits
from auditor.data.labels import (
    NO_VALUE,
    UNKNOWN,
    UNLABELLED,
    ClassIndex,
    Encoded,
    any_labelled,
    canonical,
    count_labels,
    encode_arrow,
    encode_numpy,
    found_text,
    label_values,
    sorted_values,
)
from auditor.errors import InputError
from tests.data.writing import TABLES


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, "1"),
        (1.0, "1"),
        ("1.0", "1"),
        ("1", "1"),
        (-0.0, "0"),
        (-2.0, "-2"),
        (1.5, "1.5"),
        ("1.5", "1.5"),
        ("007", "007"),
        (True, "True"),
        (False, "False"),
        ("fraud", "fraud"),
        (" fraud", " fraud"),
        (b"fraud", "fraud"),
        (Decimal("3.00"), "3"),
        ("", None),
        (None, None),
        (float("nan"), None),
    ],
)
def test_a_value_has_one_text(value: object, expected: str | None) -> None:
    assert canonical(value) == expected


@given(st.integers())
def test_a_whole_number_has_the_same_text_as_integer_float_and_text(value: int) -> None:
    assert canonical(value) == canonical(f"{value}.0") == canonical(str(value)) == str(value)


def test_a_name_stands_before_its_canonical_text() -> None:
    classes = ClassIndex(("1.0", "1"))
    assert (classes.of("1.0"), classes.of("1"), classes.of(1)) == (0, 1, 1)


def test_integers_stand_for_places_only_where_no_class_is_an_integer() -> None:
    assert [ClassIndex(("no", "yes")).of(value) for value in (0, 1.0, "1", 2, -1)] == [0, 1, 1, UNKNOWN, UNKNOWN]
    assert [ClassIndex(("1", "2")).of(value) for value in (0, 1, 2)] == [UNKNOWN, 0, 1]
    assert [ClassIndex(("none", "1")).of(value) for value in (0, 1)] == [UNKNOWN, 1]


def test_a_value_is_found_by_the_canonical_text_of_a_name_too() -> None:
    classes = ClassIndex(("0.0", "1.0"))
    assert [classes.of(value) for value in (0, "0", 1.0, "1.00", 2)] == [0, 0, 1, 1, UNKNOWN]
    assert [ClassIndex(("1.0", "1.00", "2")).of(value) for value in ("1.0", "1.00", "1")] == [0, 1, UNKNOWN]


def test_texts_that_are_no_value_are_those_of_the_csv_reader() -> None:
    assert set(NO_VALUE) == set(pyarrow.csv.ConvertOptions().null_values)


@pytest.mark.parametrize("value", NO_VALUE)
def test_a_text_that_is_no_number_is_no_label_unless_a_class_is_called_so(value: str) -> None:
    assert found_text(value) is None
    assert ClassIndex(("a", "b")).of(value) == UNLABELLED
    assert ClassIndex(("a", value)).of(value) == (1 if value else UNLABELLED)


@pytest.mark.parametrize(("value", "expected"), [("0", "0.0"), ("1.0", "1.0"), ("2", "2"), ("", None), (-1, None)])
def test_a_value_is_named_by_its_class(value: object, expected: str | None) -> None:
    assert ClassIndex(("0.0", "1.0"), ignore=-1).text(value) == expected


def test_the_ignored_integer_is_no_label_in_any_format() -> None:
    classes = ClassIndex(("a", "b"), ignore=-100)
    assert [classes.of(value) for value in (-100, -100.0, "-100", "-100.0")] == [UNLABELLED] * 4


@given(st.lists(st.sampled_from(["a", "b", None, ""])))
def test_arrow_labels_are_what_a_loop_over_rows_would_find(values: list[str | None]) -> None:
    expected = [{"a": 0, "b": 1}.get(value or "", UNLABELLED) for value in values]
    found = ClassIndex(("a", "b")).labels(encode_arrow(pa.array(values, pa.string())), str)
    assert found.tolist() == expected
    assert found.dtype == np.int64


@given(st.lists(st.sampled_from([0.0, 1.0, float("nan")])))
def test_numpy_labels_are_what_a_loop_over_rows_would_find(values: list[float]) -> None:
    expected = [UNLABELLED if np.isnan(value) else int(value) for value in values]
    assert ClassIndex(("0", "1")).labels(encode_numpy(np.array(values, float)), str).tolist() == expected


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.int64()), pa.large_list(pa.float32()), pa.list_(pa.int8(), 3), pa.list_(pa.float64())], ids=str
)
def test_the_label_of_a_list_is_the_place_of_its_one(kind: pa.DataType) -> None:
    found = label_values(pa.array([[0, 1, 0], [1, 0, 0], None, [0, 0, 1]], kind), "label", str, 0)
    assert (found.values, found.codes.tolist()) == ((0, 1, 2), [1, 0, -1, 2])
    assert ClassIndex(("a", "b", "c")).of_rows(found).tolist() == [1, 0, UNLABELLED, 2]


@pytest.mark.parametrize("form", ["json lines", "parquet", "arrow", "arrow stream", "feather", "hugging face"])
def test_tables_hold_labels_as_one_hot_lists(form: str, tmp_path: Path) -> None:
    table = pa.table({"a": [1.0, 2.0, 3.0, 4.0], "label": [[0, 1], [1, 0], None, [0, 1]]})
    splits = open_splits(Config(test=TABLES[form](table, tmp_path / "data"), classes=("no", "yes")))
    found = [batch.labels for shard in splits.test.shards() for batch in shard.batches(3)]
    assert np.concatenate(found).tolist() == [1, 0, UNLABELLED, 1]


def test_the_first_unknown_label_is_named_with_its_place() -> None:
    encoded = Encoded(("a", "z"), np.array([0, -1, 1, 1]))
    with pytest.raises(InputError, match='row 102: label "z" is none of the classes "a", "b"'):
        ClassIndex(("a", "b")).labels(encoded, lambda row: f"row {row}", first_row=100)


def test_labels_are_counted_without_those_that_are_empty_or_ignored() -> None:
    runs = [Encoded((1, 0, -1), np.array([0, 0, 1, 2, -1])), Encoded((1.0,), np.array([0]))]
    found = count_labels(runs, "test.csv", partial(found_text, ignore=-1))
    assert found.counts == Counter({"1": 3, "0": 1})
    assert found.n_rows == 6


def test_a_column_of_measurements_is_no_column_of_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels_module, "MOST_CLASSES", 5)
    with pytest.raises(
        InputError, match=r"test\.csv holds more than 5 different values; expected the names of classes"
    ):
        count_labels([encode_numpy(np.arange(6) / 7)], "test.csv", found_text)


def test_reading_stops_at_the_first_label() -> None:
    def runs() -> object:
        yield Encoded((), np.array([-1, -1]))
        yield Encoded(("a",), np.array([0]))
        raise AssertionError

    assert any_labelled(runs(), ClassIndex(("a", "b")))  # type: ignore[arg-type]
    assert not any_labelled([Encoded((), np.array([-1, -1]))], ClassIndex(("a", "b")))


def test_numbers_sort_as_numbers_and_before_text() -> None:
    assert sorted_values(["b", "10", "9", "nan", "-1", "a", "1.5"]) == ("-1", "1.5", "9", "10", "a", "b", "nan")
