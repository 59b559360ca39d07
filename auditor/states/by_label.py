"""A state for each label, where a row may have several."""

from typing import Any, Self

from auditor.batches import Batch
from auditor.states.guarded import guarded
from auditor.states.state import State, Task


class ByLabel(State[tuple[Any, ...]]):
    """One state of a kind for each label, on the rows for which the label is known, as rows of two classes."""

    def __init__(self, task: Task, kind: type[State[Any]]) -> None:
        """Start empty."""
        super().__init__(task)
        self.kind = kind
        self._states = tuple(guarded(kind, one) for one in task.by_label)

    def update(self, batch: Batch) -> None:
        """Take in the rows of each label."""
        for state, rows in zip(self._states, batch.by_label, strict=True):
            if len(rows):
                state.update(rows)

    def merge(self, other: Self) -> None:
        """Take in what the other has seen of each label; another kind or task is refused with ValueError."""
        for mine, theirs in zip(self._states, other._states, strict=True):
            mine.merge(theirs)

    def result(self) -> tuple[Any, ...]:
        """The result of each label."""
        return tuple(state.result() for state in self._states)


def begun(kind: type[State[Any]], task: Task) -> State[Any]:
    """An empty state of a kind: one, or one for each label where a row may have several and the kind takes no whole rows."""
    return ByLabel(task, kind) if task.multilabel and not kind.whole_rows else guarded(kind, task)
