"""Rows of texts by what they say whatever their case and spacing: in file order, with label and outcome."""

import numpy as np
import pytest

from auditor import testing
from auditor.findings import NotApplicable
from auditor.states import FoldedRows, FoldedTexts, Task
from tests.states.generating import measured

TASK = Task(("a", "b"))


def of(
    texts: list[str] | list[list[str]], labels: list[int] | None = None, predicted: list[int] | None = None
) -> FoldedRows:
    given = [0] * len(texts) if labels is None else labels
    found: FoldedRows = measured(FoldedTexts(TASK), testing.rows(given, predicted=predicted or given, features=texts))
    return found


def test_rows_are_equal_folded_or_as_they_stand() -> None:
    rows = of(["Win cash", "WIN  cash ", "Win cash", "hello"])
    assert (rows.folded == rows.folded[0]).tolist() == [True, True, True, False]
    assert (rows.exact == rows.exact[0]).tolist() == [True, False, True, False]


def test_both_texts_of_a_pair_count() -> None:
    rows = of([["win", "cash"], ["WIN", "Cash"], ["win", "hello"], ["cash", "win"]])
    assert (rows.folded == rows.folded[0]).tolist() == [True, True, False, False]


def test_labels_and_outcomes_stand_beside_them() -> None:
    rows = of(["x", "y", "z"], [0, 1, 1], [0, 0, 1])
    assert rows.labels.tolist() == [0, 1, 1]
    assert rows.right.tolist() == [True, False, True]
    assert rows.row_key.tolist() == [0, 1, 2]
    assert len(rows) == 3


def test_rows_come_in_the_order_of_the_file() -> None:
    batch = testing.rows([0, 1, 0], predicted=[0, 0, 0], features=["x", "y", "z"])
    turned, whole = measured(FoldedTexts(TASK), batch.rows(np.array([2, 0, 1]))), measured(FoldedTexts(TASK), batch)
    for name in ("folded", "exact", "row_key", "labels", "right"):
        np.testing.assert_array_equal(getattr(turned, name), getattr(whole, name))


def test_where_rows_have_several_labels_all_make_one() -> None:
    batch = testing.rows([[1, 0], [1, 1], [1, 0]], predicted=[[1, 0], [1, 0], [1, 0]], features=["x", "y", "z"])
    rows = measured(FoldedTexts(Task(("x", "y"), multilabel=True)), batch)
    assert (rows.labels == rows.labels[0]).tolist() == [True, False, True]
    assert rows.right.tolist() == [True, False, True]


def test_a_row_takes_33_bytes() -> None:
    rows = of(["some text"] * 100)
    assert sum(part.nbytes for part in vars(rows).values()) == 3300


@pytest.mark.parametrize(
    ("features", "reason"), [([[1.0], [2.0]], "the features are no texts"), (None, "the batch has no features")]
)
def test_numbers_are_no_texts(features: list[list[float]] | None, reason: str) -> None:
    m = testing.measured(testing.rows([0, 1], predicted=[0, 1], features=features), class_names=("a", "b"))
    with pytest.raises(NotApplicable, match=reason):
        m.test[FoldedTexts]
