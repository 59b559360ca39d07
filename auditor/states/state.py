"""What every measurement shares: it reads batches, merges with others of its kind, and ends in a frozen result."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Generic, Self, TypeVar

from auditor.batches import Batch

Result = TypeVar("Result")


@dataclass(frozen=True)
class Task:
    """What is classified: the class names in the order of the outputs, and which class is the positive one.

    `positive` is an index into `class_names`, or None with more than two classes.
    """

    class_names: tuple[str, ...]
    positive: int | None = None

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    @property
    def is_binary(self) -> bool:
        """Whether there are two classes."""
        return len(self.class_names) == 2


class State(ABC, Generic[Result]):
    """A mergeable measurement of sufficient statistics.

    Given the predictions, cutting the stream elsewhere or merging in another order changes no bit of the result. `reads` names
    the parts of a batch it needs beside the labels: `predicted`, `scores`, `features`, and `design` for declared
    groups or weights.
    """

    reads: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, task: Task) -> None:
        """Start empty."""
        self.task = task

    @abstractmethod
    def update(self, batch: Batch) -> None:
        """Take in a batch of judged rows."""

    @abstractmethod
    def merge(self, other: Self) -> None:
        """Take in what another state of the same task has seen; call `refuse_other_task` first."""

    @abstractmethod
    def result(self) -> Result:
        """The frozen result of everything seen so far."""

    def refuse_other_task(self, other: Self) -> None:
        """Raise ValueError where the other state measured something else."""
        if (type(self), self.task) != (type(other), other.task):
            raise ValueError(
                f"{type(self).__name__} of {self.task} cannot be merged with {type(other).__name__} of {other.task}"
            )
