"""A state that a plug-in brought: where it fails, the checks that need it end in error, and nothing else does."""

from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from typing import Any, Self

import numpy as np

from auditor import wording
from auditor.batches import Batch
from auditor.states.state import State, Task

OWN = "auditor."


class StateFailed(Exception):
    """A state could not be measured: a fault in the code that brought it."""


@dataclass(frozen=True)
class Failure:
    """Stands where the result of a state that failed would."""

    reason: str


class Guarded(State[Any]):
    """A state whose first failure is kept as its result: what it saw before counts for nothing."""

    def __init__(self, task: Task, kind: type[State[Any]]) -> None:
        """Start empty."""
        super().__init__(task)
        self.kind = kind
        self._failure: Failure | None = None
        self._state: Any = self._attempt(lambda: kind(task))

    def update(self, batch: Batch) -> None:
        """Take in a batch, unless it failed before."""
        self._attempt(lambda: self._state.update(batch))

    def merge(self, other: Self) -> None:
        """Take in what the other has seen, or its failure."""
        self._failure = self._failure or other._failure
        self._attempt(lambda: self._state.merge(other._state))

    def result(self) -> Any:  # noqa: ANN401  (of whatever type the plug-in makes)
        """The result, or the failure."""
        found = self._attempt(lambda: self._state.result())  # noqa: PLW0108  (there may be no state)
        return self._failure or found

    def _attempt(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        if self._failure is not None:
            return None
        try:
            return work()
        except Exception as error:  # noqa: BLE001  (whatever a plug-in raises is reported by the checks that need it)
            told = wording.name(f"{type(error).__name__}: {error}")
            self._failure = Failure(f"{self.kind.__name__} could not be measured: {told}")
            return None


def guarded(kind: type[State[Any]], task: Task) -> State[Any]:
    """An empty state of a kind; a fault in one of ours is a bug of ours and is not hidden."""
    return kind(task) if kind.__module__.startswith(OWN) else Guarded(task, kind)


def whole(result: Any) -> Any:  # noqa: ANN401
    """The result itself; raise StateFailed where it stands for a failure."""
    if isinstance(result, Failure):
        raise StateFailed(result.reason)
    return result


def read_only(result: Any) -> Any:  # noqa: ANN401
    """The result, with no array in it that can be written: what one check did to it the next would read."""
    inside = vars(result).values() if is_dataclass(result) else result if isinstance(result, tuple) else ()
    for part in (result, *inside):
        if isinstance(part, np.ndarray):
            part.setflags(write=False)
        elif part is not result:
            read_only(part)
    return result
