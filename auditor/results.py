"""What was measured, as the report shows it: one record a split, a class, a curve."""

from dataclasses import dataclass, field

from auditor.figure_data import Curve


@dataclass(frozen=True)
class Value:
    """An Estimate on paper: value, its 95% interval, the count or rows behind it and the method; undefined is null.

    `k` of `n` where it is a proportion, whose exact (Clopper-Pearson) interval is `exact`. Where groups or weights were
    declared its interval rests on `effective_n` rows, n over the design effect.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: float | None = None
    k: float | None = None
    method: str = ""
    exact: tuple[float, float] | None = None
    design_effect: float | None = None
    effective_n: float | None = None


@dataclass(frozen=True)
class ClassResult:
    """One class of one split, one against the rest."""

    support: int
    predicted: int
    correct: int
    recall: Value
    precision: Value
    f1: Value
    specificity: Value
    roc_auc: Value | None = None
    average_precision: Value | None = None
    tp: int | None = None
    fp: int | None = None
    fn: int | None = None
    tn: int | None = None


@dataclass(frozen=True)
class ScoreHistogram:
    """Counts of rows by score in equal bins of 0..1: of the positive class by true class, or of the confidence by right and wrong.

    Or by log loss, of each split; the first and the last bin then hold what lies beyond, too.
    """

    score: str
    edges: tuple[float, ...]
    counts: dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class ReliabilityGroup:
    """Rows of neighbouring scores: their mean stated probability, and the share of them that came true."""

    probability: float
    observed: Value


@dataclass(frozen=True)
class Temperature:
    """The temperature of lowest log loss, and the mean log loss before and (cross-fitted) after dividing the logits by it."""

    value: float
    log_loss_before: float
    log_loss_after: float
    n: int


@dataclass(frozen=True)
class Reliability:
    """Whether the probabilities named in `score` come true as stated; `error` is a root mean square, debiased.

    `stated` rows were to be expected where `observed_to_expected.n` rows were scored; intercept and slope are those of the
    outcome on the stated logit. `temperature` is null where no temperature lowers the log loss.
    """

    score: str
    groups: tuple[ReliabilityGroup, ...]
    error: Value
    expected_calibration_error: float
    stated: float
    observed_to_expected: Value
    intercept: Value | None
    slope: Value | None
    spiegelhalter_z: float | None
    temperature: Temperature | None


@dataclass(frozen=True)
class OperatingPoint:
    """What calling the positive class from a probability on gives.

    `name` is `in use`, `suggested` (by threshold-choice), `highest F1` of these very rows, or blank. The threshold is null
    where another rule is in use.
    """

    name: str
    threshold: float | None
    tp: int
    fp: int
    fn: int
    tn: int
    recall: Value
    precision: Value
    f1: Value


@dataclass(frozen=True)
class SplitResult:
    """What was measured on one split; metrics as the field names them, null where there are no scores.

    With `multilabel` a row may have several of the classes, which are labels: `accuracy` is that of whole rows, of which
    `n_whole` have every label known, `hamming_loss` the share of wrong answers, and there is no confusion matrix.
    """

    n_samples: int
    class_names: tuple[str, ...]
    accuracy: Value
    balanced_accuracy: Value
    precision: Value
    recall: Value
    f1: Value
    macro_precision: Value
    macro_recall: Value
    macro_f1: Value
    micro_precision: Value
    micro_recall: Value
    micro_f1: Value
    weighted_precision: Value
    weighted_recall: Value
    weighted_f1: Value
    mcc: Value | None
    kappa: Value | None
    roc_auc: Value | None
    average_precision: Value | None
    log_loss: Value | None
    brier_score: Value | None
    classes: dict[str, ClassResult]
    confusion: tuple[tuple[int, ...], ...] | None
    confusion_sparse: tuple[tuple[int, int, int], ...] | None
    majority: "Majority"
    roc: Curve | None = None
    precision_recall: Curve | None = None
    score_histogram: ScoreHistogram | None = None
    reliability: Reliability | None = None
    operating_points: tuple[OperatingPoint, ...] = ()
    top_5_accuracy: Value | None = None
    normalised_accuracy: Value | None = None
    log_loss_skill: Value | None = None
    brier_skill: Value | None = None
    positive: str | None = None
    notes: tuple[str, ...] = ()
    design: "Design | None" = None
    multilabel: bool = False
    n_whole: int | None = None
    hamming_loss: Value | None = None
    label_accuracy: Value | None = None
    samples_f1: Value | None = None
    samples_jaccard: Value | None = None


@dataclass(frozen=True)
class Design:
    """Groups of rows that depend on each other, and weights, as declared; null where they were not.

    `ungrouped` rows state no group and count each by itself. `kish_effective_n` is the squared sum of the weights
    over the sum of their squares.
    """

    groups: int | None
    ungrouped: int
    weighted: bool
    kish_effective_n: float | None


@dataclass(frozen=True)
class Majority:
    """The predictor that always answers the majority class: of train where there is one, else of test.

    Where a row may have several labels it gives every row the labels that most rows have, and no paired test is made.
    p_value: null there, and where rows depend on each other or carry weights, which the test of counts does not know.
    """

    class_name: str
    source: str
    accuracy: Value
    balanced_accuracy: float | None
    only_model_right: int | None
    only_majority_right: int | None
    p_value: float | None


@dataclass(frozen=True)
class Generalisation:
    """Train beside test: `gaps` by metric as users write it, train less test (of log loss test less train).

    Recall is that of the classes that test finds least. `membership` is the share of pairs of a training and a test row of
    one class in which the test row has the higher loss. `losses` counts rows by log loss.
    """

    gaps: dict[str, Value]
    membership: Value | None
    losses: ScoreHistogram | None


@dataclass(frozen=True)
class RowFlow:
    """Where the rows of the test file went; `read` is the sum of the others."""

    read: int
    without_label: int
    unusable: int
    shared: int
    judged: int
    shared_kept: int = 0


@dataclass(frozen=True)
class SharedRow:
    """A test row and the first training row with equal features: their numbers in the files, from 1, and their labels."""

    test_row: int
    train_row: int
    test_label: str
    train_label: str


@dataclass(frozen=True)
class WithAndWithout:
    """A metric on all test rows and without those that stand in train; `limit` is what a condition holds it to."""

    metric: str
    all_rows: Value
    without_shared: Value
    limit: float | None = None
    at_least: bool = True
    is_share: bool = True


@dataclass(frozen=True)
class Overlap:
    """Rows of test whose features stand in train, against how often train repeats itself.

    `verified` of them were compared value by value, the others by hash; `refuted` rows have an equal hash and other values.
    `same_label` have the label of the training row. `n_common` rows have one of a few contents that `n_train_common` training
    rows have, as empty records do, and do not count. `expected` is how many a random split of both files together would
    share. `inflation` is accuracy on all rows minus that without the shared ones. `verdict_all_rows` and
    `verdict_without_shared` say what the conditions alone would give on either.
    """

    n_test: int
    n_shared: int
    n_train: int
    n_train_repeated: int
    share: Value
    train_share: Value
    excess: Value
    removed: bool
    first_rows: tuple[int, ...] = ()
    verified: int = 0
    refuted: int = 0
    same_label: int = 0
    by_class: dict[str, int] = field(default_factory=dict)
    pairs: tuple[SharedRow, ...] = ()
    expected: float | None = None
    n_common: int = 0
    n_train_common: int = 0
    inflation: Value | None = None
    with_and_without: tuple[WithAndWithout, ...] = ()
    verdict_all_rows: str = ""
    verdict_without_shared: str = ""


@dataclass(frozen=True)
class HistoryResult:
    """The training history as read: one value an epoch (or step, as `unit` says) for each column; blank is null.

    `chance` is the log loss of the best constant answer on the training rows, or on the test rows where none were given.
    """

    epochs: tuple[float, ...]
    columns: dict[str, tuple[float | None, ...]]
    best_epoch: float | None
    audited_epoch: float | None
    unit: str = "epoch"
    chance: float | None = None
