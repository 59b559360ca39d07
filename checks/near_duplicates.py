"""Are there changed copies of training rows in the test data?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor import Confidence, Direction, Finding, Interval, Measurements, NotApplicable, Severity, check
from auditor.states import FeatureSample, FoldedTexts, SampledRows
from auditor.statistics import Difference, Near, NearCopies, Proportion, TextCopies, near_copies, text_copies
from auditor.wording import count, number, plural, quoted, ratio

Flags = NDArray[np.bool_]

SHOWN = 5


@dataclass(frozen=True)
class Comparison:
    """The rows of two files, and which of them nearly equal a row of train."""

    m: Measurements
    train: SampledRows
    test: SampledRows
    found: NearCopies


@dataclass(frozen=True)
class Excess:
    """How serious it is that test rows are near more often than training rows, the limit crossed and the bound that decided."""

    severity: Severity
    limit: float
    interval: Interval


@check(
    "near-duplicates",
    title="Test rows are no changed copies of training rows",
    needs=(FeatureSample, FoldedTexts),
    by_label=False,
)
def near_duplicates(
    m: Measurements,
    *,
    minor: float = 0.002,
    major: float = 0.01,
    blocker: float = 0.05,
    closeness: float = 0.13,
    tolerance: float = 0.001,
    repeats: float = 0.25,
    enough: int = 30,
) -> Iterator[Finding]:
    """How many test rows nearly equal a training row, as rounded, reformatted or slightly changed copies do?

    Columns are brought to one scale, that of their standard deviations. A test row nearly equals a training row that is closer
    than `closeness` times the usual distance from a training row to its nearest other one, and closer than `closeness` times
    the distance from that very row to the next. Some rows do so by nature, and the share of training rows that nearly equal
    another one says how many. The excess counts when its lower bound (Newcombe 1998) is above `minor` at 95%, or above `major`
    or `blocker` at 99.5%. It is suspected, and confirmed where the rows that agree in every column to within `tolerance`
    standard deviations exceed the limit by themselves at 99.5%. Without an excess, but with more than `repeats` of the test
    rows that near, the table nearly repeats itself: minor. Equal rows are told by shared-rows and not counted here. Nearly equal
    rows stay among those that are judged; how often the model is right on them and on the others is said.

    Texts nearly equal each other where they differ in case and spacing alone: compatibility characters count as plain ones,
    letters are case-folded as Unicode says (“STRASSE” is “Straße”), and white space of any kind is one space between words.
    All rows are compared, by a 64-bit hash. The excess over the share of training texts that so equal another one, and none as they
    stand, is held to the same limits. It is confirmed unless training rows equal each other, as they stand or so, nearly as often
    as test rows equal them: then texts may repeat by nature, and one file have been brought to one case. Missed are texts
    that were reworded or cut, or differ in punctuation, accents, a space within a word or Turkish dotted and dotless i. Where
    repeats were dropped from train and not from test, texts that repeat by nature count as copies.

    Compared are 262,144 rows of each table at most, fewer of wide ones, and 20,000 of each are asked, so that copies are missed
    in larger files. Missed, too, are copies changed beyond the usual distance (in tables of two or three columns nearly all
    but rounded ones), and those of training rows of which train itself holds several, or where half of train are such copies. In one
    or two columns a test file whose rows lie denser than those of train can look like copies. Rows that are near in time, as of a
    slow measurement split at random, lie near in train as well and are not accused: time-order looks at them where `--time` is
    declared. Images are not compared, and with fewer than `enough` different training rows nothing is: how near rows lie by
    nature would itself be a guess.
    """
    limits = (minor, major, blocker)
    if FoldedTexts in m.test:
        yield _of_texts(m, _compare_texts(m, enough), limits, repeats)
    else:
        yield _of_columns(_compare(m, closeness, enough), limits, tolerance, repeats)


def _of_columns(rows: Comparison, limits: tuple[float, float, float], tolerance: float, repeats: float) -> Finding:
    """What is said of rows of numbers."""
    found = rows.found
    excess, same = _excess(found.excess, limits), found.within(tolerance)
    low = same.excess.lower(0.005)
    seen = Finding.passed(_seen(rows), value=found.excess.value, limit=limits[0], interval=excess.interval)
    if excess.severity in (Severity.INFO, Severity.MINOR) and _repeats(found.near.share, repeats):
        return seen.failing(
            Severity.MINOR,
            f"{count(len(found.near.rows))} ({ratio(found.near.share.value)}) have at least one training row that near, as in a table "
            f"that nearly repeats itself and was split at random. {_right(rows, found.near)}",
            remedy=f"Keep rows of one origin on one side of the split: {_pairs(rows, found.near)}.",
            direction=Direction.FLATTERS,
        )
    if excess.severity is Severity.INFO:
        return seen
    agree = count(len(same.test.rows))
    return _copies(
        seen,
        excess,
        f"{_right(rows, found.test)}; {agree} agree in every column to within {tolerance:g} standard deviations",
        remedy=f"Take those that are copies out of the test file: {_pairs(rows, found.test)}.{_rest(found.test)}",
        sure=low is not None and low > excess.limit,
    )


def _of_texts(m: Measurements, found: TextCopies, limits: tuple[float, float, float], repeats: float) -> Finding:
    """What is said of texts."""
    excess = _excess(found.excess, limits)
    seen = Finding.passed(_seen_texts(found), value=found.excess.value, limit=limits[0], interval=excess.interval)
    if excess.severity in (Severity.INFO, Severity.MINOR) and _repeats(found.share, repeats):
        return seen.failing(
            Severity.MINOR,
            f"as where texts are written in several ways and the file was split at random. {_right_on_texts(m, found)}",
            remedy=f"Keep texts that are equal once lower-cased on one side of the split: {_text_pairs(m, found)}.",
            direction=Direction.FLATTERS,
        )
    if excess.severity is Severity.INFO:
        return seen
    low = found.any_excess.lower(1 - excess.interval.level)
    sure = low is not None and low > excess.limit
    return _copies(
        seen,
        excess,
        f"{_right_on_texts(m, found)}{'' if sure else _by_nature(found)}",
        remedy="Compare lower-cased texts with collapsed spaces before the split, and take those that are copies out of the test "
        f"file: {_text_pairs(m, found)}.",
        sure=sure,
    )


def _compare(m: Measurements, closeness: float, enough: int) -> Comparison:
    """Compare the two files; raise NotApplicable without rows, or where train is too small to know how far apart rows lie."""
    train, test = m.train[FeatureSample], m.test[FeatureSample]
    _refuse_few(len(test), len(np.unique(train.hashes)), enough, "how far apart rows lie by nature")
    found = near_copies((test.features, test.hashes), (train.features, train.hashes), closeness)
    return Comparison(m, train, test, found)


def _compare_texts(m: Measurements, enough: int) -> TextCopies:
    """Compare the texts; raise NotApplicable without rows, or where train is too small to know how often texts nearly repeat."""
    train, test, given = m.train[FoldedTexts], m.test[FoldedTexts], m.as_given[FoldedTexts]
    _refuse_few(len(test), len(np.unique(train.exact)), enough, "how often texts nearly equal each other by nature")
    return text_copies((test.folded, test.exact), (train.folded, train.exact), given.folded, enough)


def _refuse_few(n_test: int, distinct: int, enough: int, what: str) -> None:
    """Raise NotApplicable without a test row, or with fewer different training rows than can tell what is natural."""
    if not n_test:
        raise NotApplicable("no test row is left to compare")
    if distinct < enough:
        rows = plural(distinct, "training row that differs from all others", "different training rows")
        raise NotApplicable(f"{rows}: too few to know {what}; {enough} are needed")


def _copies(seen: Finding, excess: Excess, why: str, *, remedy: str, sure: bool) -> Finding:
    """The finding that changed copies are among the test rows."""
    return seen.failing(
        excess.severity,
        why,
        remedy=remedy,
        limit=excess.limit,
        direction=Direction.FLATTERS,
        validity=excess.severity is Severity.BLOCKER,
        confidence=Confidence.CONFIRMED if sure else Confidence.SUSPECTED,
    )


def _excess(amount: Difference, limits: tuple[float, float, float]) -> Excess:
    """How serious it is that test rows are near more often than training rows, by the lower bounds of the excess."""
    minor, major, blocker = limits
    low, strict = amount.lower(0.05), amount.lower(0.005)
    for severity, limit in ((Severity.BLOCKER, blocker), (Severity.MAJOR, major)):
        if strict is not None and strict > limit:
            return Excess(severity, limit, Interval(strict, None, 0.995, amount.method))
    severity = Severity.MINOR if low is not None and low > minor else Severity.INFO
    return Excess(severity, minor, Interval(low, None, 0.95, amount.method))


def _repeats(share: Proportion, limit: float) -> bool:
    """Whether more of test is near than rows without copies are by nature, crowded or not."""
    low = share.lower(0.05)
    return low is not None and low > limit


def _seen(rows: Comparison) -> str:
    """How many rows are near, on both sides, and among how many it was looked."""
    share, known, train, test = rows.found.test.share, rows.found.train.share, rows.train, rows.test
    of_test, of_train = plural(int(share.n), "test row"), plural(int(known.n), "training row")
    said = (
        f"{count(share.k)} of {of_test} ({ratio(share.value)}) nearly equal a training row; {count(known.k)} of {of_train} "
        f"({ratio(known.value)}) so equal another one"
        if share.k
        else f"None of {of_test} nearly equals a training row"
    )
    if len(train) < train.n or share.n < test.n:
        files = f"{count(len(train))} of {plural(train.n, 'training row')} and {count(share.n)} of {plural(test.n, 'test row')}"
        said += f"; only {files} were compared, so that there may be more"
    return said


def _right(rows: Comparison, near: Near) -> str:
    """How often near rows have the label of their training row, and how often the model is right on them and on the others."""
    agree = rows.test.labels[near.rows] == rows.train.labels[near.nearest]
    return _how_right(
        agree if agree.ndim == 1 else agree.all(axis=1),
        rows.test.right[near.rows],
        rows.test.right[np.setdiff1d(near.asked, near.rows)],
    )


def _how_right(agree: Flags, near: Flags, others: Flags, training_row: str = "that training row") -> str:
    """The same from whether the labels agree, whether the model is right on each near row, and on each of the others."""
    right, right_else = (Proportion(int(part.sum()), len(part)) for part in (near, others))
    beside = f", and on {count(right_else.k)} of the {count(right_else.n)} others ({ratio(right_else.value)})"
    same = f"all {count(right.n)}" if agree.all() else f"{count(int(agree.sum()))} of the {count(right.n)}"
    return (
        f"{same} have the label of {training_row}, and the model is right on {count(right.k)} of them "
        f"({ratio(right.value)}){beside if len(others) else ''}"
    )


def _pairs(rows: Comparison, near: Near) -> str:
    """The closest pairs by the numbers of their rows, with the column in which they differ most."""
    closest = np.argsort(near.distance, kind="stable")[:SHOWN]
    pairs = [
        f"{count(int(rows.test.row_key[near.rows[i]]) + 1)} and {count(int(rows.train.row_key[near.nearest[i]]) + 1)} "
        f"({number(near.largest[i])} in {quoted(rows.m.column(int(near.column[i])))})"
        for i in closest
    ]
    return (
        "the closest pairs, test row and training row, with their largest difference in standard deviations, are "
        f"{', '.join(pairs)}"
    )


def _rest(near: Near) -> str:
    """How the pairs that are not named are found; empty where all are."""
    more = len(near.rows) - SHOWN
    if more <= 0:
        return ""
    return (
        f" For the other {count(more)}, round the columns of both files to the digits of the coarser one and audit those files: "
        "copies that were rounded or reformatted are then equal rows, which shared-rows lists; copies with noise are not"
    )


def _seen_texts(found: TextCopies) -> str:
    """How many texts are near, on both sides."""
    share, known = found.share, found.train
    if not share.k:
        return f"None of {plural(int(share.n), 'test row')} equals a training row but for case and spacing"
    equal = "equals" if share.k == 1 else "equal"
    among = f"; {ratio(found.test.value)} of those that equal none as they stand" if found.test.n < share.n else ""
    alone = " that equal no other as they stand" if found.alone else ", one of each text"
    of_train = f"{plural(int(known.n), 'training row')}{alone if known.n < found.any_train.n else ''}"
    return (
        f"{count(share.k)} of {plural(int(share.n), 'test row')} ({ratio(share.value)}{among}) {equal} a training row but for case "
        f"and spacing; {count(known.k)} of {of_train} ({ratio(known.value)}) so {'equals' if known.k == 1 else 'equal'} another one"
    )


def _right_on_texts(m: Measurements, found: TextCopies) -> str:
    """How often such texts have the label of the first training row they equal, and how often the model is right."""
    train, test = m.train[FoldedTexts], m.test[FoldedTexts]
    agree, others = test.labels[found.rows] == train.labels[found.first], np.delete(test.right, found.rows)
    return _how_right(agree, test.right[found.rows], others, "the first such training row")


def _by_nature(found: TextCopies) -> str:
    """Why they may be no copies: that training rows equal each other as often, as they stand or so."""
    return (
        f"; as they stand or so, {ratio(found.any_test.value)} of all test rows equal a training row and "
        f"{ratio(found.any_train.value)} of the training rows another one: these may be texts that repeat by nature"
    )


def _text_pairs(m: Measurements, found: TextCopies) -> str:
    """The first pairs by the numbers of their rows."""
    test, train = m.test[FoldedTexts].row_key[found.rows], m.train[FoldedTexts].row_key[found.first]
    pairs = [
        f"{count(row + 1)} and {count(other + 1)}"
        for row, other in zip(test[:SHOWN].tolist(), train.tolist(), strict=False)
    ]
    return f"the first pairs, test row and training row, are {', '.join(pairs)}"
