"""Were the columns scaled with the test rows in hand?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor import Direction, Finding, Measurements, NotApplicable, Severity, check
from auditor.states import ColumnMoments, ColumnTotals, FeatureSample
from auditor.wording import count, number, plural, ratio

MEAN, DEVIATION, END = 1e-5, 1e-4, 1e-6
LOOKED_AT, DISTINCT, SELDOM, ENDS, COLUMNS = 4096, 10, 2, 2, 2
MOSTLY_NOT = 0.5

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A way of scaling that shows over all splits and not over train: `how`, in how many columns, how far from that of train."""

    how: str
    columns: int
    of_mean: float
    of_scale: float


@check(
    "fitted-on-everything",
    title="Scaling was learnt from train alone",
    needs=(ColumnTotals, FeatureSample),
    by_label=False,
)
def fitted_on_everything(
    m: Measurements, *, share: float = 0.50, moved: float = 0.05, few: int = 100
) -> Iterator[Finding]:
    """Does the scale of the columns betray that test was part of what it was learnt from?

    A column that was standardised has mean 0 and deviation 1 over exactly those rows that the scaler saw, and one brought
    to 0 to 1 has its ends there. Found when two of the columns with more than 10 different values (or the only one) were
    standardised over train and test together (or with validation; means to 5 digits, deviations to 4, by n or n - 1), and
    not over train: that does not happen by accident, whatever the other columns are. Ends count where at least `share` of
    these columns have them, two or more are reached in test alone and few rows reach them, since grey levels and shares end
    at 0 and 1 by nature. Columns written with few decimals hide the trace: rounding moves means and deviations. What was
    learnt from the test rows then flatters (Kapoor & Narayanan 2023), by little where the figures of train are about the
    same: major where a mean or a scale differs by more than `moved`, else minor. A test standardised by itself is minor.
    Rows left out of the audit hide the trace, and at least `few` rows of either split are needed.
    """
    train, test = m.train[ColumnTotals], m.as_given[ColumnTotals]
    if min(train.n, test.n) < few:
        raise NotApplicable(f"fewer than {few} rows of train or test show no scaling for certain")
    varied, seldom = _varied(m)
    if not varied.any():
        raise NotApplicable(f"no column has more than {DISTINCT} different values")
    known = train + m.validation[ColumnTotals] if "validation" in m.splits else train
    for name, pooled in _pools(m, train, test):
        found = _standardised(train, known, pooled, varied)
        found = found or _stretched(train, known, pooled, varied & seldom, share)
        if found is not None:
            yield _together(found, name, int(varied.sum()), moved)
            return
    yield _by_itself(test, varied) or _without_a_trace(m, train, test, varied)


def _varied(m: Measurements) -> tuple[Mask, Mask]:
    """(columns,) bool: columns of many different values, and those whose highest few rows of the samples have."""
    train, test = (split[FeatureSample].features[:LOOKED_AT] for split in (m.train, m.as_given))
    ascending = np.sort(train.astype(np.float64), axis=0)
    with np.errstate(invalid="ignore"):
        distinct = 1 + np.count_nonzero(np.diff(ascending, axis=0) > 0, axis=0)
        both = np.concatenate([train, test])
        at_top = np.count_nonzero(both == np.fmax.reduce(both, axis=0), axis=0)
    return distinct > DISTINCT, at_top <= SELDOM


def _pools(m: Measurements, train: ColumnMoments, test: ColumnMoments) -> Iterator[tuple[str, ColumnMoments]]:
    yield "train and test", train + test
    if "validation" in m.splits:
        yield "train, validation and test", train + m.validation[ColumnTotals] + test


def _is_standard(moments: ColumnMoments) -> Mask:
    """(columns,) bool: mean 0 and deviation 1, whichever way the deviation is reckoned."""
    with np.errstate(invalid="ignore", divide="ignore"):
        by_sample = moments.deviation * np.sqrt(moments.filled / (moments.filled - 1))
        off = np.minimum(np.abs(moments.deviation - 1), np.abs(by_sample - 1))
        return np.asarray((np.abs(moments.mean) < MEAN) & (off < DEVIATION))


def _enough(so: Mask, varied: Mask) -> bool:
    """Whether as many columns are so as are no accident: two, or the only one there is."""
    return int((so & varied).sum()) >= min(COLUMNS, int(varied.sum()))


def _standardised(train: ColumnMoments, known: ColumnMoments, pooled: ColumnMoments, varied: Mask) -> Fitted | None:
    so = _is_standard(pooled) & varied
    alone = so & (_is_standard(train) | _is_standard(known))
    if not _enough(so & ~alone, varied) or alone.sum() > MOSTLY_NOT * so.sum():
        return None
    mean, deviation = train.mean[so], train.deviation[so]
    scale = float(np.abs(1 / deviation - 1).max()) if (deviation > 0).all() else 1.0
    return Fitted("mean 0 and deviation 1", int(so.sum()), float(np.abs(mean).max()), scale)


def _stretched(
    train: ColumnMoments, known: ColumnMoments, pooled: ColumnMoments, varied: Mask, share: float
) -> Fitted | None:
    so = (np.abs(pooled.low) < END) & (np.abs(pooled.high - 1) < END) & varied
    if not varied.any() or so.sum() < share * varied.sum():
        return None
    if np.count_nonzero(known.low[so] > END) + np.count_nonzero(known.high[so] < 1 - END) < ENDS:
        return None
    low, high = train.low[so], train.high[so]
    wide = high - low
    scale = float((1 / wide - 1).max()) if (wide > 0).all() else 1.0
    return Fitted("their ends at 0 and 1", int(so.sum()), float(low.max()), scale)


def _together(found: Fitted, name: str, columns: int, moved: float) -> Finding:
    units = "deviations" if "deviation" in found.how else "of the range"
    said = (
        f"{count(found.columns)} of {plural(columns, 'column')} of many values have {found.how} over {name} together, and "
        f"not over train: they were scaled with the test rows in hand. By train alone means would lie up to "
        f"{number(found.of_mean)} {units} and scales up to {ratio(found.of_scale)} from where they are"
    )
    effect = max(found.of_mean, found.of_scale)
    remedy = (
        "Learn the scaling from train, apply it to test, train and test again; look for what else was done before the split "
        "(filling blanks, choosing columns, oversampling)."
    )
    severity = Severity.MAJOR if effect > moved else Severity.MINOR
    seen = Finding.passed(said, value=effect, limit=moved)
    return seen.failing(severity, remedy=remedy, direction=Direction.FLATTERS)


def _by_itself(test: ColumnMoments, varied: Mask) -> Finding | None:
    """Test standardised by itself, and not by what train says."""
    alone = _is_standard(test) & varied
    if not _enough(alone, varied):
        return None
    said = f"{count(int(alone.sum()))} of {plural(int(varied.sum()), 'column')} of many values have mean 0 and deviation 1 over test alone"
    why = "test was standardised by itself, as rows that come one by one cannot be"
    remedy = "Apply the scaling that was learnt from train, as the model is used."
    return Finding.passed(said).failing(Severity.MINOR, why, remedy=remedy)


def _without_a_trace(m: Measurements, train: ColumnMoments, test: ColumnMoments, varied: Mask) -> Finding:
    columns, alone = plural(int(varied.sum()), "column"), _is_standard(train) & varied
    if _enough(alone, varied):
        return Finding.passed(
            f"{count(int(alone.sum()))} of {columns} of many values have mean 0 and deviation 1 over train alone"
        )
    pooled = train + test
    both = int((_is_standard(pooled) & varied).sum())
    said = f"Over train and test together {count(both)} of {columns} of many values have mean 0 and deviation 1, as scaling leaves them"
    flow = m.as_given.rows
    left_out = flow.without_label + flow.unusable
    hidden = f"; {plural(left_out, 'row')} of test without label or usable answer could not be taken into account"
    return Finding.passed(said + (hidden if left_out else ""))
