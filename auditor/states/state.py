"""What every measurement shares: it reads batches, merges with others of its kind, and ends in a frozen result."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Self, TypeVar

from auditor.batches import Batch

Result = TypeVar("Result")

GROUP, TIME, IDENTITY = "group", "time", "identity"


@dataclass(frozen=True)
class Task:
    """What is classified: the class names in the order of the outputs, and which class is the positive one.

    `positive` is an index into `class_names`, or None with more than two classes. With `multilabel` a row may have several
    of them: they are labels, each a task of two classes of its own, whose `label` is the label's name and whose `family` is how
    many labels there are: that one of so many has a fault is claimed at an error level divided by it (Bonferroni).
    """

    class_names: tuple[str, ...]
    positive: int | None = None
    multilabel: bool = field(default=False, repr=False)
    label: str = field(default="", repr=False)
    family: int = field(default=1, repr=False)

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    @property
    def is_binary(self) -> bool:
        """Whether there are two classes, one of which each row has."""
        return len(self.class_names) == 2 and not self.multilabel

    @property
    def noun(self) -> str:
        """What the names stand for: `class`, or `label` where a row may have several."""
        return "label" if self.multilabel or self.label else "class"

    @property
    def nouns(self) -> str:
        """Several of them."""
        return "labels" if self.noun == "label" else "classes"

    @property
    def by_label(self) -> tuple["Task", ...]:
        """For each label the task of telling the rows with it from those without; empty where each row has one class."""
        names = self.class_names if self.multilabel else ()
        return tuple(Task((f"not {name}", name), 1, label=name, family=len(names)) for name in names)

    def place(self, name: str) -> str:
        """Where a finding lies, as its subject says it: `class fraud`, or `label toxic`."""
        return f"label {self.label}" if self.label else f"{self.noun} {name}"


class State(ABC, Generic[Result]):
    """A mergeable measurement of sufficient statistics.

    Given the predictions, cutting the stream elsewhere or merging in another order changes no bit of the result. `reads` names
    the parts of a batch it needs beside the labels: `predicted`, `scores`, `features`, `design` for declared groups or
    weights, and `group`, `time` and `identity` for these alone. Where a row may have several labels, a state is measured
    for each label on rows of two classes, unless it takes `whole_rows`.
    """

    reads: ClassVar[frozenset[str]] = frozenset()
    whole_rows: ClassVar[bool] = False

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
