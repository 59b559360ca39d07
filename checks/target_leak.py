"""Does one column give the answer away?"""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from auditor import (
    Bars,
    ColumnQuestion,
    Confidence,
    Direction,
    Finding,
    Interval,
    Measurements,
    Severity,
    check,
    column_questions,
)
from auditor.states import Confusion, FeatureSample, Ranking
from auditor.statistics import PureCells
from auditor.wording import count, name, number, plural, quoted, ratio, upper_first

DRAWN, LISTED = 10, 5
CELLS = 2  # blank or filled, and the most frequent value or another

Found = tuple[int, Finding]


@check(
    "target-leak", title="No column gives the answer away", needs=(Confusion, FeatureSample, Ranking), by_label=False,
    plain_rows=True, despite_weights=True,
)  # fmt: skip
def target_leak(
    m: Measurements,
    *,
    strong: float = 0.95,
    nearly: float = 0.98,
    near_model: float = 0.005,
    blank: float = 0.90,
    gap: float = 0.10,
    alpha: float = 0.05,
    few: int = 30,
) -> Iterator[Finding]:
    """Does one column alone know what the model is asked?

    Each column is made a classifier of its own: the shares of the classes in up to 256 bins of its values (blanks have one)
    are learnt on train and ranked on test; without train, each half of test by what the other says, and each half of train
    so where test has too few rows of two classes, beside the model's figures on train. Of copies within the file that is
    learnt from one row counts, unless columns are so coarse that rows are equal by chance. Of more than two classes each is
    told from the rest. Where its values rank higher as they stand, up or down, these count. A ROC-AUC whose lower bound is
    above `strong` is information. Suspected is a column whose area is above `nearly` (by its lower bound, on test or within
    train; the mean of more than two classes on both together; or 1), and whose area or balanced accuracy comes within
    `near_model` of the model's; one whose blanks alone have an area above `blank`, or whose blank or filled cells are all of
    one class; one with a value that one class alone has, and half of its rows; and one whose most frequent value, or any
    other than it, one class alone has, and a fifth of its rows (half of them, where two thirds of all rows are of it). Cells
    are of one class where no row learnt from and none scored is of another, and other classes are five times rarer there by
    an upper bound. So looks a column that is written after the answer (Kaufman et al. 2012), and so may a good one: a reviewer
    has to say which. Areas within train and on test more than `gap` apart are minor. Bounds are at `alpha`, divided by the
    number of columns, of classes (but for their mean) and by three ways to rank (Bonferroni), those of cells by two more;
    classes and kinds of cells with fewer than `few` rows are not told. Rows are counted alike, whatever their weights. Columns
    that give the answer away only together are not found.
    """
    found: list[Finding] = []
    limits = {"nearly": nearly, "near_model": near_model, "blank": blank, "alpha": alpha}
    train = m.train[FeatureSample] if "train" in m.splits else None
    for question in column_questions(m, m.test[FeatureSample], train, few):
        suspected: dict[int, Finding] = {}
        for column, seen in _suspicions(question, few=few, **limits):
            suspected.setdefault(column, _suspected(question, column, seen))
        told = [*suspected.values(), *_strong(question, strong, alpha, set(suspected)), *_apart(question, gap, alpha)]
        most = int(np.argmax(question.found.highest))
        told = told or [replace(_most_of(question, most, None), limit=strong)]
        found += [replace(told[0], figures=(_picture(question),)), *told[1:]]
    yield from found


def _suspicions(
    question: ColumnQuestion, *, nearly: float, near_model: float, blank: float, alpha: float, few: int
) -> Iterator[Found]:
    """Columns that may give the answer away, by their values, their blanks, or one value."""
    yield from _nearly_certain(question, nearly, near_model, alpha / question.family_of_means)
    yield from _telling_blanks(question, blank, alpha / question.family)
    yield from _owned_values(question)
    yield from _pure_cells(question, alpha / question.family / CELLS, few)


def _nearly_certain(question: ColumnQuestion, nearly: float, near_model: float, alpha: float) -> Iterator[Found]:
    """Columns that leave next to no doubt, and the model next to nothing to add."""
    found = question.found
    for column in map(int, np.flatnonzero((found.mean_area >= nearly) & question.comes_near(near_model))):
        low, value = found.mean_lower(column, alpha), float(found.mean_area[column])
        if low > nearly or value >= 1:
            which = f"{question.class_name(found.classes[0])} from the rest" if question.is_pair else "the classes"
            said = f"by itself tells {which}: {_beside(question, value, float(np.mean(question.of_model)))}. "
            if not math.isnan(question.balanced_of_model):
                own, model = float(found.balanced_accuracy[column]), question.balanced_of_model
                said += f"Balanced accuracy is {ratio(own)} beside {ratio(model)}. "
            seen = question.seen(column, said + _grounds(question, low))
            method = "logit DeLong" if question.is_pair else "Hoeffding"
            yield column, replace(seen, value=value, limit=nearly, interval=_bound(low, alpha, method))


def _telling_blanks(question: ColumnQuestion, blank: float, alpha: float) -> Iterator[Found]:
    """Columns of which it is enough to know whether a cell is blank."""
    for place, blanks in zip(question.found.classes, question.found.blanks, strict=True):
        for column in map(int, np.flatnonzero(blanks.area > blank)):
            value, low = float(blanks.area[column]), blanks.of(column).lower(alpha) or 0.0
            if low > blank:
                said = (
                    f"tells {question.class_name(place)} by being blank or not: {_beside(question, value, math.nan)}. "
                )
                seen = question.seen(column, said + _grounds(question, low))
                yield column, replace(seen, value=value, limit=blank, interval=_bound(low, alpha))


def _owned_values(question: ColumnQuestion) -> Iterator[Found]:
    """Columns with a value that one class alone has, and half of its rows."""
    for owned in question.found.owned:
        if owned.owner < len(question.kept):
            low, high = _exact(owned.low), _exact(owned.high)
            value = low if low == high else f"{low} to {high}"
            rows = (
                f"{count(owned.rows)} of the {plural(owned.of, question.scored)} of {question.class_name(owned.owner)}"
            )
            said = f"is {value} in {rows} and in no row of another class, here as where it was learnt"
            yield owned.column, question.seen(owned.column, said)


def _pure_cells(question: ColumnQuestion, alpha: float, few: int) -> Iterator[Found]:
    """Columns whose cells of one kind all have one class, far more surely than other rows have it."""
    for pure in question.found.pure_cells(alpha, few):
        if pure.owner < len(question.kept):
            rows = f"{plural(pure.rows, question.scored)} and {plural(pure.learnt, question.learnt)} learnt from"
            said = f"is {_kind(pure)} in {rows}, all of them {question.class_name(pure.owner)}"
            yield pure.column, question.seen(pure.column, said)


def _kind(pure: PureCells) -> str:
    if math.isnan(pure.value):
        return "filled" if pure.is_other else "blank"
    return f"other than {_exact(pure.value)}" if pure.is_other else _exact(pure.value)


def _exact(value: float) -> str:
    return count(value + 0.0).replace("-", "−") if value.is_integer() else number(value)


def _suspected(question: ColumnQuestion, column: int, seen: Finding) -> Finding:
    called = quoted(question.m.column(column))
    remedy = (
        f"Is {called} known when the model is asked? If it is written later, train without it. If it is known, record that in "
        f'auditor.toml: [[waivers]] with check = "target-leak", subject = "{name(seen.subject)}", a reason, by and expires.'
    )
    return seen.failing(Severity.MAJOR, remedy=remedy, direction=Direction.FLATTERS, confidence=Confidence.SUSPECTED)


def _strong(question: ColumnQuestion, strong: float, alpha: float, told: set[int]) -> Iterator[Finding]:
    """Columns that say much by themselves, as good ones may, told as one finding in the place of the first."""
    found, lows = question.found, dict[int, float]()
    for column in map(int, np.argsort(-found.highest, kind="stable")):
        low = found.highest_area(column).lower(alpha / question.family) if found.highest[column] > strong else None
        if column not in told and low is not None and low > strong:
            lows[column] = low
    if lows:
        (first, low), *others = lows.items()
        seen = replace(_most_of(question, first, low), limit=strong, interval=_bound(low, alpha / question.family))
        listed = _listed([f"{quoted(question.m.column(column))} ({number(at_least)})" for column, at_least in others])
        more = f". Others by their lower bounds: {listed}" if others else ""
        remedy = f"Make sure that {'they are' if others else 'it is'} known when the model is asked."
        yield replace(seen, message=seen.message + more).failing(Severity.INFO, remedy=remedy)


def _listed(named: list[str]) -> str:
    return ", ".join(named[:LISTED]) + (f" and {count(len(named) - LISTED)} more" if len(named) > LISTED else "")


def _most_of(question: ColumnQuestion, column: int, low: float | None) -> Finding:
    """What a column says of the class that it tells best."""
    place, value = question.found.best_class(column), float(question.found.highest[column])
    most = "by itself" if low is not None else f"says most of {plural(question.columns, 'column')}: it"
    which = question.class_name(question.found.classes[place])
    said = f"{most} tells {which} from the rest with {_beside(question, value, question.of_model[place])}. "
    return replace(question.seen(column, said + _grounds(question, low)), value=value)


def _apart(question: ColumnQuestion, gap: float, alpha: float) -> Iterator[Finding]:
    """Columns that say much more, or less, in train than on test, as one finding."""
    far = question.found.apart(gap, alpha / question.family)
    if far:
        named = [f"{quoted(question.m.column(column))} ({number(a)} and {number(b)})" for column, (a, b) in far.items()]
        said = (
            f"{plural(len(far), 'column')} by {'itself tells' if len(far) == 1 else 'themselves tell'} classes otherwise "
            "within train than on test, by ROC-AUC"
        )
        remedy = "Look for values that mean another thing in one of the files, and for drift."
        seen = Finding.passed(f"{said}: {_listed(named)}", limit=gap)
        yield seen.failing(Severity.MINOR, remedy=remedy)


def _beside(question: ColumnQuestion, value: float, of_model: float) -> str:
    where = " on train" if question.by_train_alone else ""
    return f"ROC-AUC {number(value)}" + (
        "" if math.isnan(of_model) else f" beside the model's {number(of_model)}{where}"
    )


def _grounds(question: ColumnQuestion, low: float | None) -> str:
    """The lower bound, and the rows behind it."""
    return upper_first(question.based_on) if low is None else f"The lower bound is {number(low)}; {question.based_on}"


def _bound(low: float, alpha: float, method: str = "logit DeLong") -> Interval:
    return Interval(low, None, 1 - alpha, f"{method}, Bonferroni")


def _picture(question: ColumnQuestion) -> Bars:
    """The columns that say most by themselves, with the model's own area across."""
    first = [int(column) for column in np.argsort(-question.found.highest, kind="stable")[:DRAWN]]
    model = question.of_model[0] if question.is_pair else math.nan
    return Bars(
        "What one column alone says",
        tuple(question.m.column(column) for column in first),
        tuple(float(question.found.highest[column]) for column in first),
        None if math.isnan(model) else model,
        "ROC-AUC (0.5 says nothing)" if question.is_pair else "ROC-AUC of the class told best (0.5 says nothing)",
        "model",
    )
