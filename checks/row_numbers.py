"""Does a column number the rows, and did their order tell the label?"""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from auditor import (
    ColumnQuestion,
    Confidence,
    Direction,
    Finding,
    Interval,
    Measurements,
    NotApplicable,
    Severity,
    check,
    column_questions,
)
from auditor.states import FeatureSample, SampledRows
from auditor.statistics import Numbering, numbering_columns
from auditor.wording import count, name, number, plural, quoted

MOST_COLUMNS = 4096

Files = dict[str, SampledRows]


@dataclass(frozen=True)
class Telling:
    """The class that a column tells best from the rest: the ROC-AUC, its lower bound at `alpha`, and the rows behind it."""

    class_name: str
    area: float
    low: float
    alpha: float
    based_on: str

    @property
    def interval(self) -> Interval:
        """The bound, as a finding shows it."""
        return Interval(self.low, None, 1 - self.alpha, "logit DeLong, Bonferroni")

    @property
    def said(self) -> str:
        """The class, the area and its grounds."""
        return f"{self.class_name} from the rest with ROC-AUC {number(self.area)} (lower bound {number(self.low)}; {self.based_on})"


@check(
    "row-numbers", title="No feature numbers the rows", needs=(FeatureSample,), by_label=False, plain_rows=True,
    despite_weights=True,
)  # fmt: skip
def row_numbers(
    m: Measurements,
    *,
    tells: float = 0.55,
    collisions: float = 10.0,
    alpha: float = 0.005,
    few: int = 30,
    rows: int = 100,
) -> Iterator[Finding]:
    """Was an id left among the features, and does the order of the rows tell the label?

    A column numbers the rows where its values are whole numbers, none blank and none twice in train and test, that lie so
    close together that at least `collisions` pairs of independent values would be equal (and more by the logarithm of the
    number of columns: then none are with probability below e^-10 for all columns together), among at least `rows` rows.
    Where the files have numbers in common, as when each is numbered anew, or lie far apart, that must hold within each of
    them. Such a column is minor by itself: it is known of no new row, and a model can learn rows by it. A major fault is suspected where it
    tells a class from the rest with a ROC-AUC whose lower bound is above `tells`, learnt on train and ranked on test, or
    without train on either half of test by the other, as target-leak does it: then the order of the rows told the label,
    as in a file that is sorted by class, numbered and split at random. Bounds are at `alpha`, divided by the number of such
    columns, classes and three ways to rank (Bonferroni); classes with fewer than `few` rows are not told. Where the place
    of a row in the test file alone tells a class as well, that is information: no model sees it.
    Regular times, ranks without ties and counters that only rise look the same. Single precision holds whole numbers
    exactly only up to 16,777,216: rounding makes larger ones equal, and a column of them is not found. Up to 4,096 columns
    of up to 262,144 rows are looked at.
    """
    test, train = m.test[FeatureSample], m.train[FeatureSample] if "train" in m.splits else None
    files = {"test": test} if train is None else {"train": train, "test": test}
    if not all(map(len, files.values())) or sum(map(len, files.values())) < rows:
        raise NotApplicable(f"fewer than {rows} rows show no numbering for certain")
    looked_at = [sample.features[:, :MOST_COLUMNS] for sample in files.values()]
    found = numbering_columns(looked_at, collisions, rows)
    known = _tellings(m, files, [one.column for one in found], few=few, alpha=alpha)
    for one, telling in zip(found, known, strict=True):
        yield _finding(_seen(m, files, one), telling, tells, _remedy(m, one.column))
    if not found:
        yield Finding.passed(
            f"None of the {plural(looked_at[0].shape[1], 'column')} that were looked at numbers the rows"
        )
    yield from _by_place(m, test, tells=tells, few=few, alpha=alpha)


def _tellings(m: Measurements, files: Files, columns: Sequence[int], *, few: int, alpha: float) -> list[Telling | None]:
    """What each of some columns says of the class that it tells best, None where no two classes have enough rows."""
    if not columns:
        return []
    only = {split: replace(sample, features=sample.features[:, columns]) for split, sample in files.items()}
    try:
        questions = column_questions(m, only["test"], only.get("train"), few)
    except NotApplicable:
        return [None] * len(columns)
    each = [[_telling(question, place, alpha) for question in questions] for place in range(len(columns))]
    return [max(tellings, key=lambda telling: telling.low) for tellings in each]


def _telling(question: ColumnQuestion, place: int, alpha: float) -> Telling:
    found, level = question.found, alpha / question.family
    low = found.highest_area(place).lower(level) or 0.0
    of = question.class_name(found.classes[found.best_class(place)])
    return Telling(of, float(found.highest[place]), low, level, question.based_on)


def _seen(m: Measurements, files: Files, one: Numbering) -> Finding:
    """How a column numbers the rows."""
    called = m.column(one.column)
    ranges = [f"from {count(low)} to {count(high)}" for low, high in zip(one.low, one.high, strict=True)]
    rows = [f"{_rows(sample)} of {split}" for split, sample in files.items()]
    each = [f"{of_split} {between}" for of_split, between in zip(rows, ranges, strict=False)]
    where = (
        f"{' and '.join(each)}, none twice in a file" if one.anew else f"{' and '.join(rows)} {ranges[0]}, none twice"
    )
    chance = f"independent ones would make {plural(round(one.collisions), 'equal pair')}"
    said = f"Column {quoted(called)} numbers the rows: it holds whole numbers in {where}, where {chance}"
    return Finding.passed(said, subject=f"column {called}")


def _rows(sample: SampledRows) -> str:
    return f"{plural(len(sample), 'row')}" + ("" if len(sample) == sample.n else f" drawn from the {count(sample.n)}")


def _finding(seen: Finding, telling: Telling | None, tells: float, remedy: str) -> Finding:
    """A number of rows that was left among the features, and whether it tells the label."""
    if telling is None:
        return seen.failing(Severity.MINOR, "a new row has a number that the model never saw", remedy=remedy)
    seen = replace(seen, value=telling.area, limit=tells, interval=telling.interval)
    if telling.low <= tells:
        little = replace(seen, message=f"{seen.message}. By itself it tells little: {telling.said}")
        return little.failing(Severity.MINOR, remedy=remedy)
    told = replace(seen, message=f"{seen.message}. By itself it tells {telling.said}")
    why = "the order of the rows told the label, and the model may have learnt it"
    return told.failing(
        Severity.MAJOR, why, remedy=remedy, direction=Direction.FLATTERS, confidence=Confidence.SUSPECTED
    )


def _remedy(m: Measurements, column: int) -> str:
    called = m.column(column)
    declared = f" and declare it with --id {shlex.quote(name(called))}" if column < len(m.feature_names) else ""
    return (
        f"Train without {quoted(called)}{declared}, so that it is no feature; if it says when a row happened, declare it with "
        f'--time. If it is a measurement after all, record that in auditor.toml: [[waivers]] with check = "row-numbers", '
        f'subject = "column {name(called)}", a reason, by and expires.'
    )


def _by_place(m: Measurements, test: SampledRows, *, tells: float, few: int, alpha: float) -> Iterator[Finding]:
    """What the place of a row in the test file alone says of the classes, where it says something."""
    places = replace(test, features=test.row_key.astype(np.float64)[:, None])
    (telling,) = _tellings(m, {"test": places}, [0], few=few, alpha=alpha)
    if telling is None or telling.low <= tells:
        return
    how = "is sorted by its labels" if _is_sorted(test) else "has an order that goes with its labels"
    said = f"The test file {how}: the place of a row alone tells {telling.said}"
    seen = Finding.passed(
        said, value=telling.area, limit=tells, interval=telling.interval, subject="order of the test file"
    )
    remedy = "No model sees the order of the rows: shuffle them before they are divided by their place, as into folds."
    yield seen.failing(Severity.INFO, remedy=remedy)


def _is_sorted(test: SampledRows) -> bool:
    """Whether the rows of each class stand together."""
    if test.labels.ndim > 1:
        return False
    return bool(np.count_nonzero(np.diff(test.labels)) == len(np.unique(test.labels)) - 1)
