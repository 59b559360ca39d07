"""What the columns of a table say of the classes one by one, beside what the model makes of all of them."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from auditor.findings import Finding, NotApplicable
from auditor.measurements import Measurements, SplitMeasurements
from auditor.states import Ranking, SampledRows
from auditor.statistics import LabelledRows, SingleColumns, single_columns
from auditor.wording import count, plural, quoted

MOST_COLUMNS, MOST_CLASSES = 4096, 32
BINARY = 2
RANKINGS = 3  # by bins, and by values ascending or descending


@dataclass(frozen=True, eq=False)
class ColumnQuestion:
    """What columns say of all classes, or of one of several labels, beside what the model, measured in `m`, makes of them.

    kept: the classes that `found.classes` are places of; split: whose rows were scored, those of train where test has too few
    of the classes; scored, learnt: what the rows are called that were scored, and those learnt from; based_on: how many.
    """

    m: Measurements
    found: SingleColumns
    kept: tuple[int, ...]
    split: SplitMeasurements
    scored: str
    learnt: str
    based_on: str

    @property
    def columns(self) -> int:
        """How many columns were asked."""
        return len(self.found.mean_area)

    @property
    def is_pair(self) -> bool:
        """Whether there are two classes, so that one is told from the other."""
        return len(self.found.classes) == 1

    @property
    def by_train_alone(self) -> bool:
        """Whether the rows of train were scored."""
        return self.split.name == "train"

    @property
    def family(self) -> int:
        """How many bounds are looked at together."""
        return self.family_of_means * len(self.found.classes)

    @property
    def family_of_means(self) -> int:
        """How many are where all classes of a column share one."""
        return self.columns * RANKINGS * self.m.task.family

    def class_name(self, place: int) -> str:
        """The class at a place of `found.classes`, in quotation marks."""
        return quoted(self.m.task.class_names[self.kept[place]])

    @cached_property
    def of_model(self) -> tuple[float, ...]:
        """The model's own area for each of `found.classes` on the split that was scored, NaN where it has none."""
        try:
            each = [self.split[Ranking].metrics(self.kept[place]).auc for place in self.found.classes]
        except NotApplicable:
            each = [None] * len(self.found.classes)
        return tuple(math.nan if auc is None else auc for auc in each)

    @cached_property
    def balanced_of_model(self) -> float:
        """The model's balanced accuracy, NaN where it is not that of the same classes."""
        value = self.split.value("balanced_accuracy") if len(self.kept) == self.m.task.n_classes else None
        return math.nan if value is None else value

    def comes_near(self, near: float) -> NDArray[np.bool_]:
        """(columns,) bool: whether a column ranks, or names the classes, about as well as the model does."""
        ranks = self.found.mean_area >= np.mean(self.of_model) - near
        return np.asarray(ranks | (self.found.balanced_accuracy >= self.balanced_of_model - near))

    def seen(self, column: int, said: str) -> Finding:
        """What a column says, as a finding in its place."""
        label = self.m.task.label
        subject = f"column {self.m.column(column)}" + (f", label {label}" if label else "")
        return Finding.passed(f"Column {quoted(self.m.column(column))} {said}", subject=subject)


def column_questions(m: Measurements, test: SampledRows, train: SampledRows | None, few: int) -> list[ColumnQuestion]:
    """Ask the columns of `test` by what those of `train` say: once of all classes, or once for each of several labels.

    Without `train` each half of `test` is asked by what the other says. Of copies within a file that columns are learnt from
    one row counts. Raises NotApplicable where fewer than two classes have `few` rows in either, where the columns hold no
    numbers, and where there is none.
    """
    if any(sample.features.dtype.kind not in "fiub" for sample in (test, train) if sample is not None):
        raise NotApplicable("the features are no numbers")
    if not test.features.shape[1]:
        raise NotApplicable("the rows have no column")
    test, train = (test.distinct, None) if train is None else (test, train.distinct)
    asked = [_asked(m, test, train, few)] if not m.labels else [
        _asked(of_label, _of_label(test, i), None if train is None else _of_label(train, i), few)
        for i, of_label in enumerate(m.labels[:MOST_CLASSES])
    ]  # fmt: skip
    known = [question for question in asked if question is not None]
    if not known:
        raise NotApplicable(f"fewer than two classes have {few} rows each to judge a column by")
    return known


def _of_label(sample: SampledRows, i: int) -> SampledRows:
    """The rows for which a label is known, as rows of two classes."""
    known = sample.labels[:, i] >= 0
    labels = sample.labels[known, i].astype(np.int64)
    parts = (sample.features[known], labels, sample.row_key[known], sample.right[known])
    return SampledRows(sample.n, *parts, copies=sample.copies)


def _asked(m: Measurements, test: SampledRows, train: SampledRows | None, few: int) -> ColumnQuestion | None:
    """Ask on test, or within train where test has too few rows of two classes and train has not."""
    on_test = _question(m, m.test, test, train, few)
    if on_test is not None or train is None:
        return on_test
    within = _question(m, m.train, train, None, few)
    why = f"train alone was asked, as fewer than two classes have {few} rows each in test"
    return None if within is None else replace(within, based_on=f"{within.based_on}; {why}")


def _question(
    m: Measurements, split: SplitMeasurements, test: SampledRows, train: SampledRows | None, few: int
) -> ColumnQuestion | None:
    """Ask the columns of the classes with enough rows, the most frequent 32 of them; None where fewer than two have."""
    support = np.min(
        [np.bincount(s.labels, minlength=m.task.n_classes) for s in (test, train) if s is not None], axis=0
    )
    enough = np.flatnonzero(support >= few)
    if len(enough) < BINARY:
        return None
    kept = np.sort(enough[np.argsort(-support[enough], kind="stable")[:MOST_CLASSES]])
    place = np.full(m.task.n_classes, len(kept))
    place[kept] = np.arange(len(kept))
    positive = 1 if m.task.positive is None else m.task.positive
    classes = (positive,) if m.task.n_classes == BINARY else tuple(range(len(kept)))
    known = None if train is None else _labelled(train, place)
    found = single_columns(known, _labelled(test, place), classes, int(place.max()) + 1, few)
    columns = test.features.shape[1]
    first = f"; the first {count(MOST_COLUMNS)} of {count(columns)} columns" if columns > MOST_COLUMNS else ""
    scored = _called("training" if split.name == "train" else "test", test)
    learnt = _called("", test if train is None else train)
    by = "the other half of them" if train is None else plural(len(train), _called("training", train))
    ranked = f"{_counted(test, scored)} were ranked by {by}{first}"
    return ColumnQuestion(m, found, tuple(int(k) for k in kept), split, scored, learnt, ranked)


def _called(split: str, sample: SampledRows) -> str:
    """What a row of a split is called, of which there may have been copies."""
    return f"{'distinct ' if sample.copies else ''}{split}{' ' if split else ''}row"


def _counted(sample: SampledRows, called: str) -> str:
    """How many rows were scored, and of how many where that is a sample."""
    whole = len(sample) + sample.copies == sample.n
    return f"{count(len(sample))}{'' if whole else f' of {count(sample.n)}'} {called}s"


def _labelled(sample: SampledRows, place: NDArray[np.int64]) -> LabelledRows:
    reals = sample.features[:, :MOST_COLUMNS].astype(np.float32, copy=False)
    return LabelledRows(reals, place[sample.labels], sample.half)
