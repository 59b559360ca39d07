"""Are there changed copies of training rows in the test data?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from auditor import Confidence, Direction, Finding, Interval, Measurements, NotApplicable, Severity, check
from auditor.states import FeatureSample, SampledRows
from auditor.statistics import Near, NearCopies, near_copies
from auditor.wording import count, number, plural, quoted, ratio

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
    "near-duplicates", title="Test rows are no changed copies of training rows", needs=(FeatureSample,), by_label=False
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

    Compared are 262,144 rows of each file at most, fewer of wide tables, and 20,000 of each are asked, so that copies are missed
    in larger files. Missed, too, are copies changed beyond the usual distance (in tables of two or three columns nearly all
    but rounded ones), and those of training rows of which train itself holds several, or where half of train are such copies. In one
    or two columns a test file whose rows lie denser than those of train can look like copies. Rows that are near in time, as of a
    slow measurement split at random, lie near in train as well and are not accused: time-order looks at them where `--time` is
    declared. Images are not compared, and with fewer than `enough` different training rows nothing is: the usual distance, a
    median over rows, would itself be a guess.
    """
    rows = _compare(m, closeness, enough)
    found = rows.found
    excess, same = _excess(found, minor, major, blocker), found.within(tolerance)
    sure = same.excess.lower(0.005)
    seen = Finding.passed(_seen(rows), value=found.excess.value, limit=minor, interval=excess.interval)
    if excess.severity in (Severity.INFO, Severity.MINOR) and _repeats(found, repeats):
        yield seen.failing(
            Severity.MINOR,
            f"{count(len(found.near.rows))} ({ratio(found.near.share.value)}) have at least one training row that near, as in a table "
            f"that nearly repeats itself and was split at random. {_right(rows, found.near)}",
            remedy=f"Keep rows of one origin on one side of the split: {_pairs(rows, found.near)}.",
            direction=Direction.FLATTERS,
        )
    elif excess.severity is Severity.INFO:
        yield seen
    else:
        agree = count(len(same.test.rows))
        yield seen.failing(
            excess.severity,
            f"{_right(rows, found.test)}; {agree} agree in every column to within {tolerance:g} standard deviations",
            remedy=f"Take those that are copies out of the test file: {_pairs(rows, found.test)}.{_rest(found.test)}",
            limit=excess.limit,
            direction=Direction.FLATTERS,
            validity=excess.severity is Severity.BLOCKER,
            confidence=Confidence.CONFIRMED if sure is not None and sure > excess.limit else Confidence.SUSPECTED,
        )


def _compare(m: Measurements, closeness: float, enough: int) -> Comparison:
    """Compare the two files; raise NotApplicable without rows, or where train is too small to know how far apart rows lie."""
    train, test = m.train[FeatureSample], m.test[FeatureSample]
    if not len(test):
        raise NotApplicable("no test row is left to compare")
    distinct = len(np.unique(train.hashes))
    if distinct < enough:
        rows = plural(distinct, "training row that differs from all others", "different training rows")
        raise NotApplicable(f"{rows}: too few to know how far apart rows lie by nature; {enough} are needed")
    found = near_copies((test.features, test.hashes), (train.features, train.hashes), closeness)
    return Comparison(m, train, test, found)


def _excess(found: NearCopies, minor: float, major: float, blocker: float) -> Excess:
    """How serious it is that test rows are near more often than training rows, by the lower bounds of the excess."""
    amount = found.excess
    low, strict = amount.lower(0.05), amount.lower(0.005)
    for severity, limit in ((Severity.BLOCKER, blocker), (Severity.MAJOR, major)):
        if strict is not None and strict > limit:
            return Excess(severity, limit, Interval(strict, None, 0.995, amount.method))
    severity = Severity.MINOR if low is not None and low > minor else Severity.INFO
    return Excess(severity, minor, Interval(low, None, 0.95, amount.method))


def _repeats(found: NearCopies, limit: float) -> bool:
    """Whether more of test is near than rows without copies are by nature, crowded or not."""
    low = found.near.share.lower(0.05)
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
    train, test = rows.train, rows.test
    agree = test.labels[near.rows] == train.labels[near.nearest]
    agree = agree if agree.ndim == 1 else agree.all(axis=1)
    others = np.setdiff1d(near.asked, near.rows)
    right, right_else = int(test.right[near.rows].sum()), int(test.right[others].sum())
    of, of_else = len(near.rows), len(others)
    beside = (
        f", and on {count(right_else)} of the {count(of_else)} others ({ratio(right_else / of_else)})"
        if of_else
        else ""
    )
    same = f"all {count(of)}" if agree.all() else f"{count(int(agree.sum()))} of the {count(of)}"
    return (
        f"{same} have the label of that training row, and the model is right on {count(right)} of them "
        f"({ratio(right / of)}){beside}"
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
