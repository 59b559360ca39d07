"""Metrics by the names users write; every value is scikit-learn's."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from auditor.batches import Batch, OutputKind, Scores
from auditor.errors import UsageError
from auditor.findings import NotApplicable
from auditor.measurements import RowCounts, SplitMeasurements
from auditor.metrics import metric, metric_names
from auditor.states import Confusion, Losses, Ranking, State, Task
from tests.states.generating import Array, measured

STATES: tuple[type[State[Any]], ...] = (Confusion, Losses, Ranking)
N = 300

# Truth, decisions, probabilities (n, classes) and the classes' indices to scikit-learn's value.
Oracle = Callable[[Array, Array, Array, list[int]], float]

OVERALL: dict[str, Oracle] = {
    "accuracy": lambda y, d, _p, _c: sk.accuracy_score(y, d),
    "balanced_accuracy": lambda y, d, _p, _c: sk.balanced_accuracy_score(y, d),
    "macro_precision": lambda y, d, _p, _c: sk.precision_score(y, d, average="macro", zero_division=0),
    "macro_recall": lambda y, d, _p, _c: sk.recall_score(y, d, average="macro", zero_division=0),
    "macro_f1": lambda y, d, _p, _c: sk.f1_score(y, d, average="macro", zero_division=0),
    "micro_precision": lambda y, d, _p, _c: sk.precision_score(y, d, average="micro"),
    "micro_recall": lambda y, d, _p, _c: sk.recall_score(y, d, average="micro"),
    "micro_f1": lambda y, d, _p, _c: sk.f1_score(y, d, average="micro"),
    "weighted_precision": lambda y, d, _p, _c: sk.precision_score(y, d, average="weighted", zero_division=0),
    "weighted_recall": lambda y, d, _p, _c: sk.recall_score(y, d, average="weighted", zero_division=0),
    "weighted_f1": lambda y, d, _p, _c: sk.f1_score(y, d, average="weighted", zero_division=0),
    "mcc": lambda y, d, _p, _c: sk.matthews_corrcoef(y, d),
    "kappa": lambda y, d, _p, _c: sk.cohen_kappa_score(y, d),
    "log_loss": lambda y, _d, p, c: sk.log_loss(y, p, labels=c),
    "brier_score": lambda y, _d, p, c: sk.brier_score_loss(y, p, labels=c, scale_by_half=len(c) == 2),
}

# Truth and decisions as booleans, and the score, of one class against the rest.
OF_CLASS: dict[str, Callable[[Array, Array, Array], float]] = {
    "recall": lambda y, d, _s: sk.recall_score(y, d),
    "precision": lambda y, d, _s: sk.precision_score(y, d),
    "f1": lambda y, d, _s: sk.f1_score(y, d),
    "specificity": lambda y, d, _s: sk.recall_score(~y, ~d),
    "roc_auc": lambda y, _d, s: sk.roc_auc_score(y, s),
    "average_precision": lambda y, _d, s: sk.average_precision_score(y, s),
}


def rows(n_classes: int, absent: int | None = None) -> Batch:
    """Rows of a middling model; `absent` is never the truth, yet may be called."""
    rng = np.random.default_rng(n_classes)
    labels = rng.choice([c for c in range(n_classes) if c != absent], N)
    logits = rng.normal(size=(N, n_classes)) + 1.5 * np.eye(n_classes)[labels]
    return Batch(labels, np.arange(N, dtype=np.uint64), None, Scores(logits, OutputKind.LOGITS))


def split(batch: Batch, task: Task, states: tuple[type[State[Any]], ...] = STATES) -> SplitMeasurements:
    return SplitMeasurements("test", RowCounts(), {state: measured(state(task), batch) for state in states})


def task(n_classes: int, positive: int | None = None) -> Task:
    return Task(tuple(f"class {i}" for i in range(n_classes)), positive)


def scores(batch: Batch) -> Scores:
    assert batch.scores is not None
    return batch.scores


def of_class(name: str, batch: Batch, index: int) -> float:
    return OF_CLASS[name](batch.labels == index, scores(batch).predicted == index, scores(batch).margin(index))


def test_the_names_are_those_held_to_scikit_learn_here() -> None:
    held_elsewhere = {
        "top_5_accuracy",
        "f2",
        "negative_predictive_value",
        "normalised_accuracy",
        "log_loss_skill",
        "brier_skill",
    }
    assert set(metric_names()) == OVERALL.keys() | OF_CLASS.keys() | held_elsewhere
    assert len(metric_names()) == len(set(metric_names()))


@pytest.mark.parametrize("name", OVERALL)
@pytest.mark.parametrize(("n_classes", "absent"), [(2, None), (4, None), (4, 2)])
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true:UserWarning")
def test_metrics_of_all_classes_equal_scikit_learn(name: str, n_classes: int, absent: int | None) -> None:
    batch = rows(n_classes, absent)
    expected = OVERALL[name](batch.labels, scores(batch).predicted, scores(batch).probabilities, list(range(n_classes)))
    assert metric(split(batch, task(n_classes)), name).value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", OF_CLASS)
@pytest.mark.parametrize("n_classes", [2, 4])
def test_metrics_of_one_class_equal_scikit_learn(name: str, n_classes: int) -> None:
    batch = rows(n_classes)
    for index in range(n_classes):
        found = metric(split(batch, task(n_classes)), f"{name}[class {index}]")
        assert found.value == pytest.approx(of_class(name, batch, index), abs=1e-12)


@pytest.mark.parametrize("name", OF_CLASS)
@pytest.mark.parametrize("positive", [0, 1])
def test_with_a_positive_class_a_bare_name_is_that_class(name: str, positive: int) -> None:
    batch = rows(2)
    found = split(batch, task(2, positive))
    assert metric(found, name).value == pytest.approx(of_class(name, batch, positive), abs=1e-12)
    assert metric(found, name) == metric(found, f"{name}[class {positive}]")


@pytest.mark.parametrize("name", ["recall", "precision", "f1", "roc_auc", "average_precision"])
def test_without_a_positive_class_a_bare_name_is_the_mean_over_classes(name: str) -> None:
    batch = rows(4)
    found = metric(split(batch, task(4)), name)
    assert found.value == pytest.approx(np.mean([of_class(name, batch, index) for index in range(4)]), abs=1e-12)
    assert found.low is not None
    assert found.value is not None
    assert found.high is not None
    assert found.low < found.value < found.high


def test_the_mean_area_leaves_out_a_class_without_rows() -> None:
    batch = rows(4, absent=2)
    expected = np.mean([of_class("roc_auc", batch, index) for index in (0, 1, 3)])
    assert metric(split(batch, task(4)), "roc_auc").value == pytest.approx(expected, abs=1e-12)


def test_specificity_has_no_mean() -> None:
    with pytest.raises(NotApplicable, match=r"specificity\[CLASS\]"):
        metric(split(rows(4), task(4)), "specificity")


def test_areas_of_too_many_classes_say_so() -> None:
    batch = rows(4)
    with pytest.raises(NotApplicable, match="257 classes are too many to rank"):
        metric(split(batch.rows(np.zeros(0, np.int64)), task(257)), "roc_auc")


def test_of_one_class_alone_there_is_no_area_and_no_interval() -> None:
    batch = rows(2).rows(rows(2).labels == 1)
    found = split(batch, task(2, 1))
    assert metric(found, "roc_auc").value is None
    assert metric(found, "specificity").value is None
    assert (metric(found, "roc_auc").low, metric(found, "roc_auc").high) == (None, None)


def test_without_rows_no_metric_has_a_value() -> None:
    found = split(rows(2).rows(np.zeros(0, np.int64)), task(2, 1))
    assert {metric(found, name).value for name in metric_names() if name != "top_5_accuracy"} == {None}


def test_what_was_not_measured_says_so() -> None:
    found = split(rows(2), task(2, 1), (Confusion,))
    assert metric(found, "recall").value is not None
    for name, state in (("roc_auc", "Ranking"), ("log_loss", "Losses")):
        with pytest.raises(NotApplicable, match=f"{state} was not measured on test"):
            metric(found, name)


@given(
    st.lists(
        st.text() | st.sampled_from(["a b", "[", "]", "x[1]", "recall[x]", "a]b", "accuracy"]),
        min_size=2,
        max_size=2,
        unique=True,
    )
)
def test_a_class_may_have_any_name(names: list[str]) -> None:
    found = split(rows(2), Task(tuple(names)), (Confusion,))
    for index, name in enumerate(names):
        assert metric(found, f"recall[{name}]") == found[Confusion].classes.recall(index)


@pytest.mark.parametrize(
    "name",
    ["acuracy", "", "recall[class 1", "accuracy]", "acuracy[class 1]", "accuracy[class 1]", "[class 1]", "Recall"],
)
def test_an_unknown_metric_is_a_usage_error_that_lists_the_known_ones(name: str) -> None:
    guess = r"( \(did you mean .*\?\))?"
    with pytest.raises(UsageError, match=rf"^{re.escape(repr(name))} is no metric{guess}; the metrics are accuracy, "):
        metric(split(rows(2), task(2, 1)), name)


@pytest.mark.parametrize("called", ["fraud", "", "Class 1", " class 1"])
def test_an_unknown_class_is_a_usage_error_that_lists_the_classes(called: str) -> None:
    with pytest.raises(
        UsageError, match=rf"no class is called {called!r}( \(did you.*\))?; the classes are class 0, class 1"
    ):
        metric(split(rows(2), task(2, 1)), f"recall[{called}]")
