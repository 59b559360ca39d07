"""Are there changed copies of training rows in the test data?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from auditor import Confidence, Direction, Finding, Interval, Measurements, NotApplicable, Severity, check
from auditor.row_wording import WAIVER, beside_others, harm_done, near_rows, near_texts, others_to_find, texts_by_nature
from auditor.states import FeatureSample, FoldedTexts, SampledRows
from auditor.statistics import (
    Contrasts,
    Difference,
    Harm,
    Near,
    NearCopies,
    Proportion,
    TextCopies,
    near_copies,
    text_copies,
)
from auditor.wording import count, number, plural, quoted, upper_first

SHOWN = 5
MANY_COLUMNS = "of those that differ in more than two columns, "
NARROW = "; rows that differ in one or two columns, as here, do not tell whether they were multiplied before the split"


@dataclass(frozen=True)
class Comparison:
    """The rows of two files, and which of them nearly equal a row of train."""

    m: Measurements
    train: SampledRows
    test: SampledRows
    found: NearCopies

    def contrasts(self, near: Near) -> Contrasts:
        """What the model makes of some near rows and of the others that were asked."""
        asked, classes = near.asked, len(self.m.task.class_names)
        return Contrasts.of(np.isin(asked, near.rows), self.test.right[asked], self.test.labels[asked], classes)


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
    inflation_major: float = 0.005,
    of_class: float = 0.1,
    closeness: float = 0.13,
    tolerance: float = 0.001,
    repeats: float = 0.25,
    enough: int = 30,
) -> Iterator[Finding]:
    """How many test rows nearly equal a training row, as rounded, reformatted or slightly changed copies do?

    Columns are brought to one scale, that of their standard deviations. A test row nearly equals a training row that is closer
    than `closeness` times the usual distance from a training row to its nearest other one, and than `closeness` times what is
    usual about that very row. The tenth and thirty-second nearest tell what is usual (after Levina & Bickel 2004), so that copies
    within train do not set it, by the columns in which rows mostly differ from their nearest; the nearest does where those are
    one or two. Where half of the training rows have another within half the usual distance, more than `closeness` of it is near.
    Equal rows are told by shared-rows and not counted here. Nearly equal rows stay among those that are judged.

    Some rows are near by nature, and the share of training rows that nearly equal another one says how many. The excess counts when
    its lower bound (Newcombe 1998) is above `minor` at 95%, or above `major` or `blocker` at 99.5%. It is suspected, and confirmed
    where the rows that agree in every column to within `tolerance` standard deviations exceed the limit by themselves at 99.5%.

    Rows that were augmented, interpolated or measured repeatedly before a random split are as frequent in train: near rows that
    differ in more than two columns are weighed by what they do. They are a major finding where they surely add more than
    `inflation_major` to accuracy or to the recall of a class (Newcombe, 99.5%, Bonferroni over classes); where all but `repeats` of
    the rows, or of a class, surely are such rows and fewer than `enough` others are left to compare; and where their share is surely
    larger by `of_class` in one class than in the others, as where its rows were multiplied or interpolated (SMOTE). Dense regions
    may be easier by nature: this stays suspected, and a reviewer is asked. Otherwise more than `repeats` of them are minor.

    Texts nearly equal each other where they differ in case and spacing alone: compatibility characters count as plain ones,
    letters are case-folded as Unicode says (“STRASSE” is “Straße”), and white space of any kind is one space between words.
    All rows are compared, by a 64-bit hash. The excess over the share of training texts that so equal another one, and none as they
    stand, is held to the same limits. It is confirmed unless training rows equal each other, as they stand or so, nearly as often
    as test rows equal them: then texts may repeat by nature, and one file have been brought to one case. Missed are texts
    that were reworded or cut, or differ in punctuation, accents, a space within a word or Turkish dotted and dotless i. Where
    repeats were dropped from train and not from test, texts that repeat by nature count as copies.

    Compared are 262,144 rows of each table at most, fewer of wide ones, and 20,000 of each are asked, so that copies are missed
    in larger files. Missed, too, are copies changed by more than that part of the usual distance (in one or two columns nearly all
    but rounded ones), those of rows of which train holds more than some thirty, and interpolated rows that came to lie by no
    other. In one or two columns a test file whose rows lie denser than those of train can look like copies, and a class of a few
    dozen rows in a narrow region like multiplied ones. Rows near in time, as of a slow measurement split at random, lie near in
    train as well: time-order looks at them where `--time` is declared. Images are not compared, and with fewer than `enough`
    different training rows nothing is: how near rows lie by nature would itself be a guess.
    """
    limits = (minor, major, blocker)
    if FoldedTexts in m.test:
        yield _of_texts(m, _compare_texts(m, enough), limits, repeats)
    else:
        rows = _compare(m, closeness, enough)
        near = rows.contrasts(rows.found.multiplied)
        harm = near.harm(gain=inflation_major, apart=of_class, most=1 - repeats, enough=enough)
        weighed = _flattering(rows, near, harm, inflation_major) if harm.done else _repeating(rows, repeats)
        yield _of_columns(rows, limits, tolerance, weighed)


def _of_columns(
    rows: Comparison, limits: tuple[float, float, float], tolerance: float, weighed: Finding | None
) -> Finding:
    """What is said of rows of numbers; weighed: what is where near rows are hardly more frequent than within train."""
    found = rows.found
    excess, same = _excess(found.excess, limits), found.within(tolerance)
    if excess.severity in (Severity.INFO, Severity.MINOR) and weighed is not None:
        return weighed
    seen = Finding.passed(_seen(rows), value=found.excess.value, limit=limits[0], interval=excess.interval)
    if excess.severity is Severity.INFO:
        return replace(seen, message=f"{seen.message}{NARROW if found.narrow else ''}")
    low, agree = same.excess.lower(0.005), len(same.test.rows)
    return _copies(
        seen,
        excess,
        f"{_right(rows, found.test)}; {count(agree)} {'agrees' if agree == 1 else 'agree'} in every column to within "
        f"{tolerance:g} standard deviations",
        remedy=f"Take those that are copies out of the test file: {_pairs(rows)}.{others_to_find(len(found.test.rows) - SHOWN)}",
        sure=low is not None and low > excess.limit,
    )


def _flattering(rows: Comparison, near: Contrasts, harm: Harm, limit: float) -> Finding:
    """Near rows that flatter, and that may have been multiplied before the split or be easy by nature."""
    seen, many = Finding.passed(_seen(rows)), rows.found.multiplied
    if (effect := harm.effect(near)) is not None:
        gain, alpha = effect
        bound = Interval(gain.lower(alpha), None, 1 - alpha, gain.method)
        seen = replace(seen, value=gain.value, limit=limit, interval=bound)
    some = MANY_COLUMNS if len(many.rows) < len(rows.found.test.rows) else ""
    return seen.failing(
        Severity.MAJOR,
        f"{some}{_right(rows, many)}; {harm_done(harm, near, rows.m.task.class_names)}",
        remedy="Were rows augmented, interpolated (SMOTE) or measured repeatedly before the split? If so, split first, augment train "
        "alone, and keep rows of one origin on one side. If not, as where dense regions are easier by nature, record that in "
        f"auditor.toml: {WAIVER}. To look at first: {_pairs(rows)}.",
        direction=Direction.FLATTERS,
        confidence=Confidence.SUSPECTED,
    )


def _repeating(rows: Comparison, repeats: float) -> Finding | None:
    """Near rows that do no harm and yet are many."""
    many = rows.found.multiplied
    if not _repeats(many.share, repeats):
        return None
    return Finding.passed(_seen(rows), value=many.share.value, limit=repeats).failing(
        Severity.MINOR,
        f"as in a table that nearly repeats itself and was split at random. {upper_first(_right(rows, many))}",
        remedy=f"Keep rows of one origin on one side of the split: {_pairs(rows)}.",
        direction=Direction.FLATTERS,
    )


def _of_texts(m: Measurements, found: TextCopies, limits: tuple[float, float, float], repeats: float) -> Finding:
    """What is said of texts."""
    excess = _excess(found.excess, limits)
    seen = Finding.passed(near_texts(found), value=found.excess.value, limit=limits[0], interval=excess.interval)
    if excess.severity in (Severity.INFO, Severity.MINOR) and _repeats(found.share, repeats):
        return seen.failing(
            Severity.MINOR,
            f"as where texts are written in several ways and the file was split at random. {upper_first(_right_on_texts(m, found))}",
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
        f"{_right_on_texts(m, found)}{'' if sure else texts_by_nature(found)}",
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
    train, test, asked = rows.train, rows.test, len(rows.found.test.asked)
    said = near_rows(rows.found)
    if len(train) < train.n or asked < test.n:
        files = f"{count(len(train))} of {plural(train.n, 'training row')} and {count(asked)} of {plural(test.n, 'test row')}"
        said += f"; only {files} were compared, so that there may be more"
    return said


def _right(rows: Comparison, near: Near) -> str:
    """How often near rows have the label of their training row, and how often the model is right on them and on the others."""
    agree = rows.test.labels[near.rows] == rows.train.labels[near.nearest]
    agree = agree if agree.ndim == 1 else agree.all(axis=1)
    return beside_others(rows.contrasts(near).whole, int(agree.sum()), "that training row")


def _pairs(rows: Comparison) -> str:
    """The closest pairs by the numbers of their rows, with the column in which they differ most."""
    near = rows.found.test
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


def _right_on_texts(m: Measurements, found: TextCopies) -> str:
    """How often such texts have the label of the first training row they equal, and how often the model is right."""
    train, test = m.train[FoldedTexts], m.test[FoldedTexts]
    agree, near = test.labels[found.rows] == train.labels[found.first], np.isin(np.arange(len(test.right)), found.rows)
    return beside_others(Contrasts.of(near, test.right).whole, int(agree.sum()), "the first such training row")


def _text_pairs(m: Measurements, found: TextCopies) -> str:
    """The first pairs by the numbers of their rows."""
    test, train = m.test[FoldedTexts].row_key[found.rows], m.train[FoldedTexts].row_key[found.first]
    pairs = [
        f"{count(row + 1)} and {count(other + 1)}"
        for row, other in zip(test[:SHOWN].tolist(), train.tolist(), strict=False)
    ]
    return f"the first pairs, test row and training row, are {', '.join(pairs)}"
