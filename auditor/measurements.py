"""What was measured: frozen results by split and state type; what was not measured says why."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from auditor.batches import OutputKind
from auditor.behaviour import Behaviour
from auditor.class_mix import log_loss_at, mean_recall
from auditor.clustered import gain_under_design, share_under_design
from auditor.data.split import Reading
from auditor.deployment import class_shares, judged_in_use, metric_in_use
from auditor.errors import UsageError
from auditor.findings import NotApplicable
from auditor.histories.history import History
from auditor.label_metrics import label_gain
from auditor.metrics import metric
from auditor.overlap import OverlapCounts
from auditor.states.buckets import Buckets
from auditor.states.confusion import Confusion, ConfusionMatrix
from auditor.states.group_cells import GroupCells
from auditor.states.guarded import whole
from auditor.states.label_counts import LabelCounts, LabelTotals
from auditor.states.state import State, Task
from auditor.statistics.averages import SUMMARIES, macro_recall
from auditor.statistics.estimates import Estimate, Proportion, Smooth
from auditor.statistics.resampling import summary_estimates

Result = TypeVar("Result")


@dataclass(frozen=True)
class RowCounts:
    """Where the rows of a file went; `unusable_inputs` of the unusable ones had an input that was not finite."""

    read: int = 0
    without_label: int = 0
    unusable: int = 0
    unusable_inputs: int = 0
    shared: int = 0
    judged: int = 0

    def __add__(self, other: "RowCounts") -> "RowCounts":
        """Counts of both."""
        return RowCounts(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class SplitMeasurements:
    """The results of one split, by state type; `missing` says why a state could not be measured.

    Where a row may have several labels, `labels` holds the results of each, as of rows of two classes.
    """

    name: str
    rows: RowCounts
    results: Mapping[type[State[Any]], Any]
    missing: Mapping[type[State[Any]], str] = field(default_factory=dict)
    labels: tuple["SplitMeasurements", ...] = ()

    def __getitem__(self, state: type[State[Result]]) -> Result:
        """The result of a state; raise NotApplicable with the reason where it was not measured, StateFailed where it failed."""
        if state not in self.results:
            each = " as a whole: it is measured for each label" if self.labels else ""
            reason = self.missing.get(state, f"{state.__name__} was not measured on {self.name}{each}")
            raise NotApplicable(reason)
        return cast("Result", whole(self.results[state]))

    @property
    def counts(self) -> ConfusionMatrix | LabelTotals:
        """How many rows each class has, is called and has right; of each label where a row may have several."""
        return self[LabelCounts] if self.labels else self[Confusion]

    @property
    def n(self) -> int:
        """The rows that are judged."""
        return self.counts.n

    @cached_property
    def summaries(self) -> Mapping[str, Smooth]:
        """MCC, kappa and the averages over classes, all from the same bootstrap."""
        return summary_estimates(
            self[Confusion].pairs, "audit-v1 confusion", {**SUMMARIES, "macro_recall": (macro_recall, "logit")}
        )

    def metric(self, name: str) -> Estimate:
        """A metric by its name, as `balanced_accuracy`, `recall[fraud]`; see `auditor.metrics.metric`."""
        return metric(self, name)

    def value(self, name: str) -> float | None:
        """The value of a metric, None where there is none of that name or it cannot be computed here."""
        try:
            return self.metric(name).value
        except (NotApplicable, UsageError):
            return None

    def mean_recall(self, among: NDArray[np.bool_]) -> Estimate:
        """Balanced accuracy over some of the classes, (classes,) bool; see `auditor.class_mix.mean_recall`."""
        return mean_recall(self, among)

    def log_loss_at(self, other: "SplitMeasurements") -> Estimate:
        """Log loss, were each class as frequent as in another split; see `auditor.class_mix.log_loss_at`."""
        return log_loss_at(self, other)

    def metric_in_use(self, name: str, prior: Mapping[str, float]) -> tuple[Estimate, str]:
        """A metric at the class shares of use, and the words that say so; see `auditor.deployment.metric_in_use`."""
        return metric_in_use(self, name, prior)

    def class_shares(self, prior: Mapping[str, float]) -> NDArray[np.float64]:
        """(classes,) how often each class occurs in use: as stated, and the rest divided as among the rows."""
        return class_shares(self, prior)

    def prevalence(self, class_index: int) -> float | None:
        """The share of a class in the truth, by weight where rows carry one; None without rows."""
        return self.share(class_index).value

    def share(self, class_index: int) -> Estimate:
        """The share of a class in the truth."""
        matrix = self[Confusion]
        return share_under_design(self, class_index) or Proportion(int(matrix.support[class_index]), matrix.n)

    @property
    def weighted(self) -> bool:
        """Whether rows carry weights."""
        return Buckets in self and self[Buckets].weighted

    @property
    def grouped(self) -> bool:
        """Whether groups of rows that depend on each other were declared."""
        return self.groups is not None

    @property
    def groups(self) -> int | None:
        """How many groups were declared, None where rows are independent."""
        if self.labels:
            return self[LabelCounts].groups
        return self[Buckets].groups if Buckets in self else None

    def gain_over_constant(self, answer: int) -> Estimate:
        """Accuracy minus that of always answering one class, on the same rows."""
        return gain_under_design(self, answer) or self[Confusion].classes.gain_over_constant(answer)

    def gain_over_labels(self, with_label: NDArray[np.bool_]) -> Smooth:
        """Share of right answers, one a row and label, minus that of giving every row the same labels, (labels,) bool."""
        return label_gain(self[LabelCounts], with_label)

    def __contains__(self, state: type[State[Any]]) -> bool:
        """Whether a state was measured."""
        return state in self.results


@dataclass(frozen=True)
class ProbeResult:
    """What a few rows told of the model: what its outputs are, whether that was declared or detected, and how it behaves."""

    output_kind: OutputKind
    declared: bool
    n_rows: int
    behaviour: Behaviour | None = None


@dataclass(frozen=True)
class Measurements:
    """Everything the checks may read.

    `test` holds the rows that are judged: copies of training rows are taken out where they are proven; `as_given` holds all
    rows of the test file, `without_shared` those that do not stand in train, None where all are such. `train`, `validation`,
    `overlap` and `history` raise NotApplicable where nothing was given, or where a loader gave other rows at each of its
    `readings`.
    """

    task: Task
    test: SplitMeasurements
    as_given: SplitMeasurements
    splits: Mapping[str, SplitMeasurements]
    overlap_counts: OverlapCounts | None = None
    training_history: History | None = None
    probe: ProbeResult | None = None
    readings: Mapping[str, tuple[Reading, ...]] = field(default_factory=dict)
    feature_names: tuple[str, ...] = ()
    without_shared: SplitMeasurements | None = None

    def column(self, i: int) -> str:
        """What column i of the features is called: its name in the table, or its number from 1."""
        return self.feature_names[i] if i < len(self.feature_names) else f"feature {i + 1}"

    @property
    def train(self) -> SplitMeasurements:
        """The training split."""
        return self._split("train")

    @property
    def validation(self) -> SplitMeasurements:
        """The validation split."""
        return self._split("validation")

    @property
    def overlap(self) -> OverlapCounts:
        """Rows shared by train and test."""
        self._refuse_unfaithful("test", "train")
        if self.overlap_counts is None:
            reason = (
                "no training data was given"
                if "train" not in self.splits
                else "tables of predictions carry no features to compare"
            )
            raise NotApplicable(reason)
        return self.overlap_counts

    @property
    def history(self) -> History:
        """The training history."""
        if self.training_history is None:
            raise NotApplicable("no training history was given")
        return self.training_history

    @cached_property
    def labels(self) -> tuple["Measurements", ...]:
        """Where a row may have several labels, the measurements of each as of rows of two classes; else none."""
        return tuple(
            replace(
                self,
                task=task,
                test=self.test.labels[i],
                as_given=self.as_given.labels[i],
                without_shared=None if self.without_shared is None else self.without_shared.labels[i],
                splits={name: split.labels[i] for name, split in self.splits.items()},
            )
            for i, task in enumerate(self.task.by_label)
        )

    @property
    def behaviour(self) -> Behaviour:
        """What the model did with a few rows."""
        if self.probe is None:
            raise NotApplicable("no model was run")
        if self.probe.behaviour is None:
            raise NotApplicable("the model was not tried on single rows")
        return self.probe.behaviour

    @cached_property
    def new_groups(self) -> SplitMeasurements:
        """The judged rows whose group train does not have: all that follows from their decisions.

        Raises NotApplicable where no groups were declared or no training data was given, where rows carry weights, and
        where they may have several labels.
        """
        table = self.test[GroupCells].new_to(self.train[GroupCells])
        if self.test.weighted or self.labels:
            raise NotApplicable("new groups are looked at apart where rows have one label each and no weights")
        results: dict[type[State[Any]], Any] = {Confusion: table.confusion, Buckets: table.sums}
        return SplitMeasurements("test, new groups", RowCounts(judged=table.n), results)

    @property
    def removed(self) -> bool:
        """Whether copies of training rows were taken out of the judged rows."""
        return self.overlap_counts is not None and self.overlap_counts.copied

    @property
    def remixed(self) -> bool:
        """Whether these were mostly of some classes, so that the judged rows have other shares of the classes than the file."""
        return self.removed and not self.labels and self.overlap.remixed

    def metric_in_use(self, name: str, prior: Mapping[str, float]) -> tuple[Estimate, str]:
        """A metric of the judged rows at the class shares of use; see `auditor.deployment.judged_in_use`."""
        return judged_in_use(self, name, prior)

    @cached_property
    def majority(self) -> tuple[int, str]:
        """The class that the majority predictor always answers, and the split it was learnt from."""
        source = "train" if "train" in self.splits else "test"
        split = self.splits[source] if source == "train" else self.test
        weight = split[Buckets].weighted_support if split.weighted else split[Confusion].support
        return int(np.argmax(weight)), source

    @cached_property
    def majority_labels(self) -> tuple[NDArray[np.bool_], str]:
        """Which of several labels most rows have, and the split that this was learnt from."""
        source = "train" if "train" in self.splits else "test"
        totals = (self.splits["train"] if source == "train" else self.test)[LabelCounts]
        return 2 * totals.support > totals.known, source

    def _split(self, name: str) -> SplitMeasurements:
        if name not in self.splits:
            data = "training data" if name == "train" else f"{name} data"
            raise NotApplicable(f"no {data} was given")
        self._refuse_unfaithful("test", name)
        return self.splits[name]

    def faithful(self, name: str) -> bool:
        """Whether a split gave the same rows at each reading; a file does."""
        return len(set(self.readings.get(name, ()))) < 2

    def _refuse_unfaithful(self, *names: str) -> None:
        """Rows that differ at each reading can be compared with nothing."""
        for name in names:
            if not self.faithful(name):
                raise NotApplicable(f"the {name} loader gives different rows at each reading")
