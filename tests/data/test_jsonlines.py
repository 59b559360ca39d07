"""JSON lines: missing keys are empty, kinds hold for the whole file, and an error names the line."""

from pathlib import Path

import numpy as np
import pytest

from auditor.data import jsonlines
from tests.data.reading import features, labels, opened, refusal, says, text


def lines(path: Path, *rows: str) -> Path:
    return text(path, "\n".join(rows) + "\n")


def test_missing_keys_and_nulls_are_empty_cells(tmp_path: Path) -> None:
    path = lines(tmp_path / "t.jsonl", '{"a":1,"b":true,"label":"x"}', '{"label":"y","b":null}', '{"a":NaN,"b":false}')
    test = opened(test=path).test
    np.testing.assert_array_equal(features(test), [[1, 1], [np.nan, np.nan], [np.nan, 0]])
    assert labels(test) == [0, 1, -1]


def test_a_file_may_lack_its_last_line_break_begin_with_a_mark_and_have_blank_lines(tmp_path: Path) -> None:
    path = text(tmp_path / "t", '\ufeff{"a":1,"label":"x"}\n\n{"a":2,"label":"y"}')
    assert features(opened(test=path).test)[:, 0].tolist() == [1, 2]


def test_whole_numbers_and_fractions_are_one_kind(tmp_path: Path) -> None:
    path = lines(tmp_path / "t", '{"a":1,"label":1}', '{"a":2.5,"label":2.0}', '{"a":3e1,"label":1}')
    test = opened(test=path).test
    assert features(test)[:, 0].tolist() == [1, 2.5, 30]
    assert test.class_names == ("1", "2")


def test_what_looks_like_a_time_is_text(tmp_path: Path) -> None:
    path = lines(tmp_path / "t", '{"a":1,"label":"2026-01-01"}', '{"a":2,"label":"never"}')
    assert opened(test=path).test.class_names == ("2026-01-01", "never")


def test_a_file_of_many_blocks_reads_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "BLOCK", 100)
    path = lines(tmp_path / "t", *(f'{{"label":"{"xy"[i % 2]}","a":{i}}}' for i in range(500)))
    test = opened(test=path).test
    assert features(test, 7)[:, 0].tolist() == list(range(500))
    assert labels(test, 7) == [0, 1] * 250


def test_labels_that_begin_far_below_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "BLOCK", 100)
    path = lines(tmp_path / "t", *['{"a":1,"label":null}'] * 50, '{"a":1,"label":"x"}', '{"a":2,"label":"y"}')
    assert labels(opened(test=path).test) == [-1] * 50 + [0, 1]


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ('{"a":"?","label":"x"}', ['column "a"', 'expected a number, found "?"', "leave the cell empty"]),
        ('{"a":[1],"label":"x"}', ['column "a"', 'expected a number, found "[1]"']),
        ('{"a":1,"label":7}', ['column "label"', "expected text, found 7", "write all its cells in one way"]),
        ('{"a":1,"label":"x"', ["no JSON object (Expecting ',' delimiter)", "one whole object a line"]),
        ('{"a":1,"label":"x"}}', ["no JSON object"]),
        ('{"a":1,"label":"\udcff"}', ["not UTF-8 text; save the file as UTF-8"]),
        ('{"a":1,"a":2,"label":"x"}', ["no JSON object (a key stands twice)"]),
        ("7", ['found "7"; expected one JSON object a line']),
    ],
)
@pytest.mark.parametrize("before", [1, 300])
def test_a_broken_line_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: str, parts: list[str], before: int
) -> None:
    monkeypatch.setattr(jsonlines, "BLOCK", 200)
    content = '{"a":1,"label":"x"}\n\n' * before + row + "\n" + '{"a":1,"label":"y"}\n' * 2
    (tmp_path / "t").write_bytes(content.encode("utf-8", "surrogateescape"))
    message = refusal(test=tmp_path / "t", classes=("x", "y"), positive="x")
    assert says(message, [f"row {before + 1} (line {2 * before + 1})", *parts])


def test_a_row_longer_than_a_block_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "BLOCK", 100)
    path = lines(tmp_path / "t", '{"a":1,"label":"x"}', '{"a":1,"label":"' + "y" * 1000 + '"}', '{"a":1,"label":"x"}')
    assert "row longer than" in refusal(test=path)
