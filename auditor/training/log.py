"""A log for explicit training loops: an epoch a line, judged as it grows."""

import sys
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from auditor.errors import UsageError
from auditor.states import Confusion, ConfusionMatrix, Task
from auditor.training.lines import append, figures, open_log, spoken
from auditor.training.rows import as_batch, as_number
from auditor.training.watch import Watch, watch

RESERVED = ("epoch", "n", "recall", "precision", "f1", "confusion", "val_accuracy", "val_balanced_accuracy")


class TrainingLog:
    """Losses, precision, recall and F1 of each epoch, appended to a file that survives a kill at any moment.

        with TrainingLog("history.jsonl", class_names=["ok", "fraud"], positive="fraud") as log:
            for epoch in range(epochs):
                ...
                log.epoch(train_loss=train_loss, val_loss=val_loss, labels=labels, scores=logits)
                if log.should_stop:
                    break

    Labels and scores are those of the validation rows, at once or in pieces (`log.batch`), as arrays or as tensors of any
    device. A file that exists is continued. In distributed training log from one process. The file is what `auditor run
    --history` reads. Raises UsageError for figures that do not fit, InputError where the file holds something else.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        class_names: Sequence[str] = (),
        positive: str | None = None,
        output_kind: Literal["logits", "probabilities"] | None = None,
        quiet: bool = False,
    ) -> None:
        """Open or continue the file."""
        self._task = _task(tuple(map(str, class_names)), positive)
        self._output_kind, self._quiet = output_kind, quiet
        self._file, self._rows = open_log(Path(path))
        self._state: Confusion | None = None
        self._not_finite = 0
        self._chance: float | None = None
        self._told: set[str] = set()
        self._watch = Watch({}, should_stop=False)

    def batch(self, labels: object, scores: object) -> None:
        """Take in validation rows of the epoch that is under way.

        labels: (n,) class indices, negative for none. scores: (n, classes) whose highest decides, (n,) or (n, 1) of the
        positive class (then `output_kind` says what they are), or (n,) whole numbers that are decisions.
        """
        rows, not_finite = as_batch(labels, scores, self._task, self._output_kind)
        assert rows.scores is not None
        if self._task is None:
            self._task = _task(tuple(map(str, range(rows.scores.n_classes))), None)
        assert self._task is not None
        self._state = self._state or Confusion(self._task)
        self._state.update(rows)
        self._not_finite += not_finite

    def epoch(
        self,
        *,
        train_loss: object = None,
        val_loss: object = None,
        labels: object = None,
        scores: object = None,
        **others: object,
    ) -> Mapping[str, Any]:
        """Write an epoch, print it in one line, and return what was written; `others` are further figures, as `lr`."""
        if (labels is None) != (scores is None):
            raise UsageError("labels and scores come together; one of them is missing")
        if taken := sorted({*RESERVED} & others.keys()):
            raise UsageError(f"{taken[0]} is a figure that the log writes itself; give yours another name")
        if labels is not None:
            self.batch(labels, scores)
        given = {"train_loss": train_loss, "val_loss": val_loss, **others}
        row: dict[str, Any] = {"epoch": self._rows[-1]["epoch"] + 1 if self._rows else 1}
        row |= {name: as_number(value) for name, value in given.items() if value is not None}
        matrix = self._ended()
        row |= {} if matrix is None else figures(matrix)
        append(self._file, row)
        self._rows.append(row)
        self._judge()
        self._say(spoken(row, matrix))
        return row

    @property
    def should_stop(self) -> bool:
        """Whether a loss is no number any more, or validation loss has turned upwards beyond its noise."""
        return self._watch.should_stop

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong as of the last epoch, a sentence each."""
        return tuple(self._watch.warnings.values())

    @property
    def is_best(self) -> bool:
        """Whether the last epoch has the lowest validation loss so far, so that its checkpoint is the one to keep."""
        losses = [loss for loss in self._losses("val_loss") if loss is not None and isfinite(loss)]
        return bool(losses) and self._losses("val_loss")[-1] == min(losses)

    def close(self) -> None:
        """Close the file; what was logged is on disk already."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ended(self) -> ConfusionMatrix | None:
        """The matrix of the rows since the last epoch, and a new start."""
        state, self._state = self._state, None
        if self._not_finite:
            self._say(f"auditor: {self._not_finite:,} validation rows have scores that are not finite and are left out")
            self._not_finite = 0
        if state is None:
            return None
        matrix = state.result()
        self._chance = matrix.entropy or self._chance
        return matrix

    def _judge(self) -> None:
        epochs = [row["epoch"] for row in self._rows]
        n_classes = self._task.n_classes if self._task else 2
        train, validation = self._losses("train_loss"), self._losses("val_loss")
        self._watch = watch(epochs, train, validation, self._chance, n_classes)
        for kind, said in self._watch.warnings.items():
            if kind not in self._told:
                sys.stderr.write(f"auditor: {said}\n")
        self._told = set(self._watch.warnings)

    def _losses(self, name: str) -> list[float | None]:
        return [None if row.get(name) is None else float(row[name]) for row in self._rows]

    def _say(self, line: str) -> None:
        if not self._quiet:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


def _task(names: tuple[str, ...], positive: str | None) -> Task | None:
    """What is classified, None where the scores are to tell it."""
    if not names and positive is None:
        return None
    if len(set(names)) != len(names) or len(names) < 2:
        raise UsageError("class_names wants two or more different names, in the order of the scores")
    if positive is not None and (len(names) != 2 or positive not in names):
        raise UsageError(f"positive={positive!r} is none of the two class_names {', '.join(names)}")
    return Task(names, 1 if positive is None and len(names) == 2 else names.index(positive) if positive else None)
