"""Were the columns scaled with the test rows in hand?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auditor import Direction, Finding, Measurements, NotApplicable, Severity, check
from auditor.states import ColumnMoments, ColumnTotals, FeatureSample, SampledRows
from auditor.statistics import joint_moments
from auditor.wording import count, number, plural, ratio

MEAN, DEVIATION, END, CORRELATION = 1e-5, 1e-4, 1e-6, 1e-4
SAMPLED, TINY, MOST_TOGETHER = 0.1, 1e-6, 300
LOOKED_AT, DISTINCT, SELDOM, ENDS, COLUMNS = 4096, 10, 2, 2, 2
MOSTLY_NOT = 0.5

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Fitted:
    """What so many columns have over all splits and not over train; where train alone would have put them, and how far off."""

    how: str
    columns: int
    made: str
    by_train: str
    effect: float


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
    at 0 and 1 by nature. Principal components that were not brought to deviation 1 have mean 0 and no correlation over the
    rows that they were learnt from: found where two or more columns have over all rows together (means to 5 digits of their
    deviations, correlations to 4, as single precision leaves them), and within train the median correlation is as large as
    in a sample; looked for where all rows of the splits are in the sample, in up to 300 columns. Columns written with few
    decimals hide the trace: rounding moves means and deviations. What was learnt from the test rows then flatters (Kapoor &
    Narayanan 2023), by little where the figures of train are about the same: major where a mean, a scale or the median
    correlation differs by more than `moved`, else minor. A test standardised by itself is minor. Rows left out of the audit
    hide the trace, and at least `few` rows of either split are needed.
    """
    train, test = m.train[ColumnTotals], m.as_given[ColumnTotals]
    if min(train.n, test.n) < few:
        raise NotApplicable(f"fewer than {few} rows of train or test show no scaling for certain")
    varied, seldom = _varied(m)
    if not varied.any():
        raise NotApplicable(f"no column has more than {DISTINCT} different values")
    known = train + m.validation[ColumnTotals] if "validation" in m.splits else train
    for name, pooled, samples in _pools(m):
        found = _standardised(train, known, pooled, varied)
        apart = _uncorrelated(samples, pooled, varied)
        if found is not None and apart is not None and apart.columns == found.columns:
            found = replace(found, how=f"{found.how} and no correlation with each other")
        found = found or _stretched(train, known, pooled, varied & seldom, share) or apart
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


def _pools(m: Measurements) -> Iterator[tuple[str, ColumnMoments, list[SampledRows]]]:
    """The splits that may have been fitted together, train first, with their moments and samples."""
    together = {"train and test": [m.train, m.as_given]}
    if "validation" in m.splits:
        together["train, validation and test"] = [m.train, m.validation, m.as_given]
    for name, splits in together.items():
        first, *others = (split[ColumnTotals] for split in splits)
        yield name, sum(others, first), [split[FeatureSample] for split in splits]


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
    off = float(np.abs(mean).max())
    return _scaled("mean 0 and deviation 1", int(so.sum()), off, "deviations", scale)


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
    return _scaled("their ends at 0 and 1", int(so.sum()), float(low.max()), "of the range", scale)


def _scaled(how: str, columns: int, off: float, units: str, scale: float) -> Fitted:
    moved = f"means would lie up to {number(off)} {units} and scales up to {ratio(scale)} from where they are"
    return Fitted(how, columns, "they were scaled", moved, max(off, scale))


def _uncorrelated(samples: Sequence[SampledRows], pooled: ColumnMoments, varied: Mask) -> Fitted | None:
    """Columns with mean 0 and no correlation over all rows of all splits, whose rows in train are correlated as samples are."""
    with np.errstate(invalid="ignore"):
        may_be = varied & ~(np.abs(pooled.mean) >= MEAN * pooled.deviation)
    if not COLUMNS <= may_be.sum() <= MOST_TOGETHER or any(len(sample) < sample.n for sample in samples):
        return None
    tables = [sample.features[:, may_be] for sample in samples]
    over_all, train = joint_moments(*tables), joint_moments(tables[0])
    widest = np.fmax.reduce(over_all.deviation, initial=0.0)
    so = (np.abs(over_all.mean) < MEAN * over_all.deviation) & (over_all.deviation > TINY * widest)
    if so.sum() < COLUMNS or not over_all.of(so).between.max() < CORRELATION:
        return None
    typical = float(np.median(train.of(so).between))
    if not typical * train.n**0.5 > SAMPLED:
        return None
    off = float((np.abs(train.mean) / train.deviation)[so].max())
    moved = f"means would lie up to {number(off)} deviations from where they are and half of the correlations above {number(typical)}"
    made = "their axes were learnt, as principal components are,"
    return Fitted("mean 0 and no correlation with each other", int(so.sum()), made, moved, max(off, typical))


def _together(found: Fitted, name: str, columns: int, moved: float) -> Finding:
    said = (
        f"{count(found.columns)} of {plural(columns, 'column')} of many values have {found.how} over {name} together, and "
        f"not over train: {found.made} with the test rows in hand. By train alone {found.by_train}"
    )
    remedy = (
        "Learn from train alone how columns are prepared, apply it to test, train and test again; look for what else was done "
        "before the split (filling blanks, choosing columns, oversampling)."
    )
    severity = Severity.MAJOR if found.effect > moved else Severity.MINOR
    seen = Finding.passed(said, value=found.effect, limit=moved)
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
