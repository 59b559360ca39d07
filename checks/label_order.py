"""Does each output stand for the class that it is taken for?"""

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from auditor import Direction, Finding, Measurements, NotApplicable, Severity, check
from auditor.states import ConfusionHalves, ConfusionMatrix, OutputForm
from auditor.statistics import best_assignment, mcnemar_mid_p
from auditor.wording import count, p_value, plural, quoted, ratio

MOST_CLASSES = 1000
LISTED_CLASSES = 100
LISTED_MOVES = 20

Order = NDArray[np.int64]


@check(
    "label-order",
    title="Outputs stand for the classes they are named after",
    needs=(ConfusionHalves, OutputForm),
    by_label=False,
)
def label_order(m: Measurements, *, margin: float = 0.05, alpha: float = 0.01) -> Iterator[Finding]:
    """Would another order of the classes fit the answers better?

    The halves of the test rows are made by row key. On one the order of classes that puts most rows right is found (Kuhn 1955),
    on the other it is held against the order in use: a fault is found when it is right more often with McNemar's mid-p value
    below `alpha`, and both accuracy and balanced accuracy gain more than `margin`, the latter also over one answer to
    everything: a model that names one class too often gains in the first alone. The line that repairs the order is made from
    all rows. Signs of risk: class names sorted as text where training sorted them as numbers, folders read in another order,
    `0` and `1` exchanged. Two classes exchanged among very many gain less than `margin` and are not found.
    """
    if m.labels:
        raise NotApplicable("where a row may have several labels no order of the outputs is told by the rows")
    halves = m.test[ConfusionHalves]
    if m.task.n_classes > MOST_CLASSES:
        raise NotApplicable(f"more than {count(MOST_CLASSES)} classes")
    if not halves.first.n or not halves.second.n:
        raise NotApplicable("too few rows to make two halves")
    found, judged = best_assignment(halves.first.dense), halves.second
    in_use = np.arange(m.task.n_classes)
    right, otherwise = _right(judged, in_use), _right(judged, found)
    moved = found != in_use
    only_other, only_now = int(otherwise[moved].sum()), int(right[moved].sum())
    p = mcnemar_mid_p(only_other, only_now)
    gain = (only_other - only_now) / judged.n
    if not moved.any():
        rows = plural(halves.first.n, "row")
        yield Finding.passed(f"No other order of the classes puts more of {rows} right", value=0.0, limit=margin)
        return
    rows, amount = plural(judged.n, "row"), int(otherwise.sum())
    said = (
        f"Where one half of the rows chooses the order of the classes, {count(amount)} of the other {rows} are right "
        f"({ratio(amount / judged.n)}), and {count(right.sum())} in the order in use ({ratio(int(right.sum()) / judged.n)}; {p_value(p)})"
    )
    seen = Finding.passed(said, value=gain, limit=margin)
    known = max(_balanced(judged, in_use), 1 / int((judged.support > 0).sum()))
    if p < alpha and gain > margin and _balanced(judged, found) - known > margin:
        order = best_assignment(halves.first.dense + halves.second.dense)
        outputs = plural(int((order != in_use).sum()), "output")
        fault = replace(seen, message=f"{outputs} stand for another class than they are named after. {said}")
        yield fault.failing(Severity.BLOCKER, remedy=_repair(m, order), direction=Direction.DEFLATES, validity=True)
    else:
        yield seen


def _right(matrix: ConfusionMatrix, order: Order) -> NDArray[np.int64]:
    """(outputs,) rows that are right where output j stands for class `order[j]`."""
    return np.asarray(matrix.dense[order, np.arange(len(order))])


def _balanced(matrix: ConfusionMatrix, order: Order) -> float:
    """Mean recall of the classes that have rows."""
    support = matrix.support[order]
    present = support > 0
    return float(np.mean(_right(matrix, order)[present] / support[present]))


def _repair(m: Measurements, order: Order) -> str:
    names = m.task.class_names
    moves = [f"{quoted(names[j])} is {quoted(names[i])}" for j, i in enumerate(order) if i != j]
    listed = ", ".join(moves[:LISTED_MOVES]) + (", ..." if len(moves) > LISTED_MOVES else "")
    if m.probe is None:
        return f"Correct the names in the table: what it calls {listed}."
    if OutputForm in m.as_given and m.as_given[OutputForm].columns == 1:
        return f"Say with --positive which class the one output scores: what is called {listed}."
    if len(names) > LISTED_CLASSES:
        return f"Correct the order of `classes` in auditor.toml: the output called {listed}."
    line = ", ".join(json.dumps(names[i], ensure_ascii=not names[i].isprintable()) for i in order)
    return f"Compare with the order in training; to judge by this one, set classes = [{line}] in auditor.toml."
