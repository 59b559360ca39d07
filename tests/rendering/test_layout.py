"""Positions on the page: range bars, the matrix and its deciding cell, pairs and classes in order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.rendering import layout
from auditor.report import Fact
from auditor.results import Value
from tests.rendering import example

RECALL = example.fraud().decision.facts[0]


def bar(low: float, high: float, limit: float | None = None, *, is_share: bool = True) -> layout.RangeBar:
    fact = Fact(
        "x", Value((low + high) / 2, low, high), None, limit, at_least=True, is_share=is_share, decides=False, status=""
    )
    placed = layout.range_bar(fact)
    assert placed is not None
    return placed


def test_a_share_lies_on_a_line_from_none_to_all() -> None:
    placed = bar(0.25, 0.5, 0.9)
    assert (placed.left, placed.width, placed.limit) == (50.0, 50.0, 180.0)
    assert placed.alt == "plausible range 25 to 50%, required at least 90%"


def test_a_range_of_no_width_can_still_be_seen() -> None:
    assert bar(0.9999, 1.0).width == 3.0
    assert bar(0.9999, 1.0).left + 3.0 <= layout.BAR_WIDTH


def test_without_an_interval_there_is_no_bar() -> None:
    assert layout.range_bar(replace(RECALL, value=Value(0.5))) is None


@given(st.floats(0, 50), st.floats(0, 50), st.floats(0, 50))
def test_nothing_is_drawn_outside_the_line(first: float, second: float, limit: float) -> None:
    placed = bar(min(first, second), max(first, second), limit, is_share=False)
    assert 0 <= placed.left <= placed.left + placed.width <= layout.BAR_WIDTH + 0.11
    assert placed.limit is not None
    assert 0 <= placed.limit <= layout.BAR_WIDTH


def test_the_matrix_has_counts_shares_of_the_row_and_one_deciding_cell() -> None:
    report = example.fraud()
    rows = layout.matrix(report.measurements["test"], report.decision.deciding_cell)
    assert [(row.name, row.support) for row in rows] == [("not fraud", 9800), ("fraud", 200)]
    assert [[(cell.count, cell.share) for cell in row.cells] for row in rows] == [
        [(9776, "99.8%"), (24, "0.2%")],
        [(176, "88%"), (24, "12%")],
    ]
    assert [[cell.deciding for cell in row.cells] for row in rows] == [[False, False], [True, False]]
    assert [[cell.right for cell in row.cells] for row in rows] == [[True, False], [False, True]]


def test_a_matrix_of_more_than_twelve_classes_is_a_list_of_pairs() -> None:
    test = example.thousand().measurements["test"]
    deciding = example.thousand().decision.deciding_cell
    assert deciding is not None
    assert layout.matrix(test, deciding) == ()
    pairs = layout.most_confused(test, deciding)
    assert len(pairs) == 8
    assert pairs[0].deciding
    assert (pairs[0].true, pairs[0].called) == tuple(test.class_names[i] for i in deciding)
    counts = [pair.count for pair in pairs[1:]]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("report", [example.fraud, example.ten])
def test_pairs_of_a_dense_matrix_are_its_mistakes(report: object) -> None:
    test = report().measurements["test"]  # type: ignore[operator]
    pairs = layout.most_confused(test)
    assert all(pair.true != pair.called for pair in pairs)
    assert pairs[0].count == max(
        n for i, row in enumerate(test.confusion) for j, n in enumerate(row) if i != j
    )  # fmt: skip


def test_classes_come_with_the_lowest_recall_first_and_those_without_rows_last() -> None:
    test = example.fraud().measurements["test"]
    empty = replace(test.classes["fraud"], recall=Value(None))
    named = replace(test, classes={"empty": empty, **test.classes})
    assert [name for name, _ in layout.worst_classes(named)] == ["fraud", "not fraud", "empty"]


def test_only_short_names_stand_upright_over_the_columns() -> None:
    test = example.ten().measurements["test"]
    assert not layout.names_are_short(test)
    assert layout.names_are_short(replace(test, class_names=("0", "1", "9999")))
