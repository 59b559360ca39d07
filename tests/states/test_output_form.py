import numpy as np
import pytest
from hypothesis import given

from auditor.batches import Batch, OutputKind, Scores
from auditor.states import OutputCounts, OutputForm, Task
from tests.states.generating import Case, cases, measured


def form(*rows: list[float]) -> OutputCounts:
    outputs = np.array(rows, np.float32)
    batch = Batch(
        np.zeros(len(rows), np.int64), np.arange(len(rows), dtype=np.uint64), None, Scores(outputs, OutputKind.LOGITS)
    )
    found: OutputCounts = measured(OutputForm(Task(("a", "b", "c"))), batch)
    return found


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([[0.2, 0.3, 0.5], [1, 0, 0]], OutputKind.PROBABILITIES),
        ([[0.2, 0.3, 0.4995]], OutputKind.PROBABILITIES),
        ([[-1.6094, -1.204, -0.6931], [0, -1000, -1000]], OutputKind.LOG_PROBABILITIES),
        ([[0.2, 0.3, 0.5], [0.9, 0.9, 0.1]], OutputKind.SIGMOID),
        ([[0.7], [0.1]], OutputKind.SIGMOID),
        ([[1.0], [0.0]], OutputKind.SIGMOID),
        ([[0.2, 0.3, 0.5], [0.2, 0.3, 1.5]], OutputKind.LOGITS),
        ([[-1.6094, -1.204, -0.6931], [-2, -2, -2]], OutputKind.LOGITS),
        ([[-0.1]], OutputKind.LOGITS),
        ([[1000, -1000, 0]], OutputKind.LOGITS),
    ],
)
def test_the_kind_is_the_strictest_that_every_row_allows(rows: list[list[float]], kind: OutputKind) -> None:
    assert form(*rows).kind is kind


def test_rows_of_each_form_are_counted() -> None:
    found = form([0.2, 0.3, 0.5], [0.9, 0.9, 0.1], [0, -1000, -1000], [7, 1, 1])
    assert found == OutputCounts(n=4, columns=3, unit=2, normalised=1, logarithmic=1, largest=7.0, smallest=-1000.0)


def test_a_largest_output_of_0_has_no_sign_whichever_row_comes_first() -> None:
    assert [str(form([first], [second]).largest) for first, second in ([0.0, -0.0], [-0.0, 0.0], [-0.0, -0.0])] == [
        "0.0"
    ] * 3


@given(cases(kinds=(OutputKind.PROBABILITIES,)))
def test_what_a_softmax_gives_is_seen_as_probabilities(case: Case) -> None:
    found = measured(OutputForm(case.task), case.rows)
    assert found.unit == found.n == len(case.rows)
    assert found.kind is (OutputKind.PROBABILITIES if found.columns > 1 else OutputKind.SIGMOID)


@given(cases(kinds=(OutputKind.LOG_PROBABILITIES,), n_classes=(3, 9)))
def test_what_a_log_softmax_gives_is_seen_as_log_probabilities(case: Case) -> None:
    assert measured(OutputForm(case.task), case.rows).kind is OutputKind.LOG_PROBABILITIES


def test_without_rows_nothing_is_claimed() -> None:
    found = OutputForm(Task(("a", "b"))).result()
    assert (found.n, found.largest, found.kind) == (0, None, OutputKind.LOGITS)
