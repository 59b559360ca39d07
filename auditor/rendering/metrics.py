"""The rows of the results tables: which metrics, under which name and unit, and how their intervals were found."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose

from auditor import wording
from auditor.rendering.phrases import OF_THE_POSITIVE
from auditor.report import Report
from auditor.results import SplitResult, Value

# Field of SplitResult, name on paper, unit.
METRICS = (
    ("accuracy", "Accuracy", "share"),
    ("top_5_accuracy", "Top-5 accuracy", "share"),
    ("normalised_accuracy", "Normalised accuracy: 0 as always the majority, 1 without error", "number"),
    ("hamming_loss", "Hamming loss: share of wrong answers, one a row and label", "share"),
    ("balanced_accuracy", "Balanced accuracy", "share"),
    ("precision", "Precision", "share"),
    ("recall", "Recall", "share"),
    ("f1", "F1", "share"),
    ("macro_precision", "Macro precision", "share"),
    ("macro_recall", "Macro recall", "share"),
    ("macro_f1", "Macro F1", "share"),
    ("micro_precision", "Micro precision", "share"),
    ("micro_recall", "Micro recall", "share"),
    ("micro_f1", "Micro F1", "share"),
    ("weighted_f1", "Weighted F1", "share"),
    ("samples_f1", "Samples F1: mean over rows", "share"),
    ("samples_jaccard", "Samples Jaccard: mean over rows", "share"),
    ("mcc", "Matthews correlation", "number"),
    ("kappa", "Cohen's kappa", "number"),
    ("roc_auc", "ROC AUC", "number"),
    ("average_precision", "Average precision", "number"),
    ("log_loss", "Log loss", "number"),
    ("log_loss_skill", "Log loss skill: 0 as stating the class shares, 1 perfect", "number"),
    ("brier_score", "Brier score", "number"),
    ("brier_skill", "Brier skill: 0 as stating the class shares, 1 perfect", "number"),
)
# Metrics that say something of their own only where a row may have several labels.
OF_LABELS = ("micro_precision", "micro_recall", "micro_f1")
# What some metrics are called there.
TITLES_OF_LABELS = {
    "accuracy": "Accuracy: rows with every label right (subset accuracy)",
    "balanced_accuracy": "Balanced accuracy: mean of recall and specificity over labels",
    "roc_auc": "ROC AUC, mean over labels",
    "average_precision": "Average precision, mean over labels",
    "log_loss": "Log loss, mean over labels",
    "brier_score": "Brier score, mean over labels",
}
SPLITS = {"test": "test", "test_as_given": "test as given", "validation": "validation", "train": "train"}

EFFECTIVE = " on effective rows"
METHODS = {
    "effective rows": "Where groups or weights were declared: the same interval of so many independent rows as tell as "
    "much, n over the design effect, with Student's t for the buckets (Korn & Graubard, 1998); by weights alone "
    "the linearised variance of a ratio (Cochran, 1977), at most Kish's (1965) number. A share of 0 or 1 rests on the "
    "groups and the heaviest weights behind it.",
    "Wilson": "A share k of n: the score interval (Wilson, 1927; Brown, Cai & DasGupta, 2001).",
    "Clopper-Pearson": "A share k of n where it decides: the exact binomial bound (Clopper & Pearson, 1934), "
    "which never covers less than its level.",
    "Wilson on Jaccard": "F1 is 2J / (1 + J) of J = TP / (TP + FP + FN), a share: Wilson's limits of J, mapped.",
    "Clopper-Pearson on Jaccard": "F1 where it decides: Clopper-Pearson's limits of J, mapped.",
    "MOVER-Wilson": "A mean of shares: their Wilson limits recovered into one variance (Zou & Donner, 2008), their "
    "lopsidedness added as third cumulants are.",
    "MOVER-Clopper-Pearson": "A mean of shares where it decides: the same on Clopper-Pearson limits.",
    "logit DeLong": "The area under the ROC curve: DeLong's variance (DeLong, DeLong & Clarke-Pearson, 1988) "
    "on the logit scale (Perme & Manevski, 2018).",
    "logit DeLong with Newcombe 5": "The area under the ROC curve with few rows of a class: the logit DeLong interval "
    "united with the score interval of Newcombe (2006, method 5).",
    "DeLong within classes": "The same within each class, a class weighing as its smaller side, moved apart by what losses counted "
    "in bins can hide.",
    "Newcombe hybrid score": "A difference of two independent shares (Newcombe, 1998, method 10).",
    "Tango score": "A difference of two shares of the same rows (Tango, 1998).",
    "Poisson bootstrap": "Any other function of counts: its spread over draws of the counts from Poisson distributions "
    "(Chamandy et al., 2012); a class that is never right is drawn with half a row that is.",
    "bucket jackknife": "Where rows, or the labels of a row, are not independent: the jackknife over buckets of whole groups "
    "or rows (Chamandy et al., 2012).",
    "MOVER-Wilson with bucket jackknife": "A mean over labels: the limits that are further out, of the mean of shares (Zou & "
    "Donner, 2008, on Wilson limits), which takes the labels of a row for independent, and of the jackknife over rows.",
    "MOVER-Clopper-Pearson with bucket jackknife": "The same where it decides, on Clopper-Pearson limits.",
    "mean over labels, errors fully correlated": "A mean over labels: the mean of the errors of the labels, which bounds its "
    "own whatever their correlation.",
    "independent units without a miss": "A value at the end of its scale, where rows are not independent or weigh "
    "differently: the bound of as many trials without a miss as there are independent units of the smallest class.",
    "Student t": "A mean over rows: its standard error with Student's t; none where all rows have the same.",
    "linearised ratio": "A ratio of sums over groups of equal rows: its linearised variance (Cochran, 1977) with Student's t.",
    "mean over classes, errors fully correlated": "A mean of areas: the mean of the errors of the classes, which bounds "
    "its own whatever their correlation.",
}


@dataclass(frozen=True)
class MetricRow:
    """A metric of every split: `values` by split, and what always answering the majority class gets on test."""

    name: str
    kind: str
    values: dict[str, Value | None]
    majority: str


def splits(report: Report) -> tuple[str, ...]:
    """The splits that were measured: test, validation, train, then others."""
    known = tuple(name for name in SPLITS if name in report.measurements)
    return known + tuple(sorted(set(report.measurements) - set(known)))


def rows(report: Report) -> Iterator[MetricRow]:
    """The metrics that at least one split has, as the field names them."""
    test = report.measurements.get("test")
    for field, title, kind in METRICS:
        values = {split: getattr(report.measurements[split], field) for split in splits(report)}
        if field in OF_THE_POSITIVE and (test is None or test.positive is None):
            continue  # the averages over classes stand in rows of their own
        if field == "macro_recall" and _are_equal(report, "macro_recall", "balanced_accuracy"):
            continue
        if field in OF_LABELS and (test is None or not test.multilabel):
            continue  # with one class a row they are accuracy
        if any(value is not None and value.value is not None for value in values.values()):
            yield MetricRow(_title(field, title, report), kind, values, _majority(field, test))


def _title(field: str, title: str, report: Report) -> str:
    test = report.measurements.get("test")
    if test is not None and test.multilabel and field in TITLES_OF_LABELS:
        return TITLES_OF_LABELS[field]
    if field == "balanced_accuracy" and _are_equal(report, "macro_recall", "balanced_accuracy"):
        return f"{title} (macro recall)"
    if field not in OF_THE_POSITIVE or test is None or test.positive is None:
        return title
    return f"{title} of “{wording.name(test.positive)}”"


def _are_equal(report: Report, one: str, other: str) -> bool:
    pairs = [(getattr(split, one).value, getattr(split, other).value) for split in report.measurements.values()]
    return all(a == b or (a and b and isclose(a, b, rel_tol=1e-9)) for a, b in pairs)


def _majority(field: str, test: SplitResult | None) -> str:
    if test is None:
        return ""
    if field == "accuracy":
        return wording.ratio(test.majority.accuracy.value)
    return wording.ratio(test.majority.balanced_accuracy) if field == "balanced_accuracy" else ""


def methods(report: Report) -> list[tuple[str, str]]:
    """The interval methods that this report uses and that need an explanation, each with its own."""
    used = {value.method for split in report.measurements.values() for value in _values(split) if value.method}
    used |= {finding.interval.method for finding in report.findings if finding.interval is not None}
    known = {method.removeprefix("one-sided ").removesuffix(EFFECTIVE) for method in used}
    known |= {EFFECTIVE.removeprefix(" on ") for method in used if method.endswith(EFFECTIVE)}
    return [(method, METHODS[method]) for method in METHODS if method in known]


def _values(split: SplitResult) -> Iterator[Value]:
    yield from (value for field, *_ in METRICS if (value := getattr(split, field)) is not None)
    for result in split.classes.values():
        yield from (result.recall, result.precision, result.f1)
        yield from (value for value in (result.roc_auc, result.average_precision) if value is not None)
