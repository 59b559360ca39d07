"""CSV and TSV files as features and labels, and an error for each way of being broken."""

from pathlib import Path

import numpy as np
import pytest

from auditor.data import delimited
from tests.data.reading import ROWS, STUDENT, features, labels, opened, refusal, row_keys, says, text


def test_every_column_but_the_label_is_a_feature_in_file_order(tmp_path: Path) -> None:
    splits = opened(test=text(tmp_path / "test.csv", ROWS), categories=STUDENT)
    assert splits.test.feature_names == ("age", "student")
    assert splits.test.feature_shape == (2,)
    assert splits.test.format == "CSV"


def test_empty_cells_reach_the_model_as_nan_and_categories_as_their_codes(tmp_path: Path) -> None:
    splits = opened(test=text(tmp_path / "test.csv", ROWS + "50,,bad\n"), categories=STUDENT)
    found = features(splits.test)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [[31, 0], [42, 1], [np.nan, 0], [50, np.nan]])


def test_labels_are_places_in_the_class_names_and_row_keys_count_rows(tmp_path: Path) -> None:
    splits = opened(test=text(tmp_path / "test.csv", ROWS), categories=STUDENT)
    assert splits.class_names == ("bad", "good")
    assert labels(splits.test) == [1, 0, 1]
    assert row_keys(splits.test) == [0, 1, 2]


@pytest.mark.parametrize("separator", ["\t", ";"])
def test_tabs_and_semicolons_separate_as_commas_do(tmp_path: Path, separator: str) -> None:
    splits = opened(test=text(tmp_path / "test.csv", ROWS.replace(",", separator)), categories=STUDENT)
    assert splits.test.feature_names == ("age", "student")
    assert labels(splits.test) == [1, 0, 1]


def test_booleans_become_zero_and_one(tmp_path: Path) -> None:
    splits = opened(test=text(tmp_path / "test.csv", "a,label\ntrue,x\nFalse,y\n,x\n"))
    np.testing.assert_array_equal(features(splits.test), [[1], [0], [np.nan]])


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    splits = opened(test=text(tmp_path / "test.csv", "\ufeffa,label\n1,x\n2,y\n"))
    assert splits.test.feature_names == ("a",)


def test_a_line_break_inside_quotes_stays_in_its_cell(tmp_path: Path) -> None:
    splits = opened(test=text(tmp_path / "test.csv", 'a,label\n1,"x\ny"\n2,z\n'))
    assert splits.class_names == ("x\ny", "z")


def test_rows_are_counted_where_labels_were(tmp_path: Path) -> None:
    path = text(tmp_path / "test.csv", "a,label\n1,x\n2,y\n3,\n")
    assert opened(test=path).test.n_rows == 3
    assert opened(test=path, classes=("x", "y"), positive="x").test.n_rows is None


def test_a_file_of_many_blocks_reads_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 64)
    rows = "".join(f"{i},{'xy'[i % 2]}\n" for i in range(1000))
    splits = opened(test=text(tmp_path / "test.csv", "a,label\n" + rows))
    assert features(splits.test, 7)[:, 0].tolist() == list(range(1000))
    assert labels(splits.test, 7) == [0, 1] * 500


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("a,label\n", ["has columns and no rows below them"]),
        ("\n\n", ["has no header; expected column names"]),
        ("a,a,label\n1,2,x\n", ['two columns named "a"', "give each column a name of its own"]),
        (",label\n1,x\n2,y\n", ["column 1 has no name", 'ids = [""]']),
        ("a,label\n1,x\n2,y,z\n", ["row 2 (line 3)", "expected 2 cells as in the header, found 3", "quote"]),
        ("a,label\n1,x\n\n\n2\n", ["row 2 (line 5)", "expected 2 cells as in the header, found 1"]),
        ("a,label\n1,x\n2,y\nn.a.,x\n", ["row 3 (line 4)", 'column "a"', 'expected a number, found "n.a."', "empty"]),
        ("a,label\n1,\n2,\n", ["has no row with a label"]),
        ("a,label\n1,x\n2,x\n", ['"x" is the only label value', "classes = [...]"]),
        ("label\nx\ny\n", ['holds only the label column "label"', "--predictions"]),
        ("a,lable\n1,x\n", ['no label column "label"', 'did you mean "lable"?', '"a", "lable"', "--target"]),
    ],
)
def test_a_broken_file_says_where_and_what_to_do(tmp_path: Path, content: str, parts: list[str]) -> None:
    assert says(refusal(test=text(tmp_path / "test.csv", content)), ["test.csv", *parts])


def test_text_far_down_a_column_of_numbers_is_found_with_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 64)
    rows = "1,x\n2,y\n" * 500 + "none,x\n"
    message = refusal(test=text(tmp_path / "test.csv", "a,label\n" + rows))
    assert says(message, ["row 1,001 (line 1,002)", 'column "a"', "expected a number", '"none"'])


def test_a_boolean_column_that_turns_to_numbers_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 64)
    rows = "true,x\nfalse,y\n" * 50 + "7,x\n"
    message = refusal(test=text(tmp_path / "test.csv", "a,label\n" + rows))
    assert says(message, ["row 101 (line 102)", 'column "a"', 'expected true or false, found "7"'])


def test_a_row_longer_than_a_block_suggests_an_open_quotation_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 64)
    message = refusal(test=text(tmp_path / "test.csv", 'a,label\n1,x\n2,"' + "y" * 1000))
    assert says(message, ["has a row longer than", "quotation mark left open"])


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"a,label\n1,x\n2,\xff\n", ["row 2 (line 3)", 'column "label"', "not UTF-8"]),
        (b"a\xff,label\n1,x\n", ["header is not UTF-8"]),
    ],
)
def test_text_that_is_not_utf8_is_refused(tmp_path: Path, content: bytes, parts: list[str]) -> None:
    path = tmp_path / "test.csv"
    path.write_bytes(content)
    assert says(refusal(test=path), parts)


def test_a_feature_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "test.csv"
    path.write_bytes(b"a,label\n\xff,x\n2,y\n")
    assert says(refusal(test=path), ["row 1 (line 2)", 'column "a"', "not UTF-8"])


def test_escape_sequences_of_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    message = refusal(test=text(tmp_path / "test.csv", "a,label\n1,x\n2,y\n3,x\n\x1b[2Jno,y\n"))
    assert "\x1b" not in message
