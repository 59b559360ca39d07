"""Do equal rows have equal labels?"""

from collections.abc import Iterator
from dataclasses import replace

from auditor import Confidence, Direction, Finding, Interval, Measurements, NotApplicable, Severity, check
from auditor.states import FeatureSample, HashSet, LabelCounts, RowHashes, SampledRows
from auditor.statistics import Proportion, compare_counts, equal_pairs
from auditor.wording import count, plural, ratio

FEWEST, SAMPLED = 30, 2**16


@check("conflicting-labels", title="Equal rows have equal labels", needs=(RowHashes, FeatureSample), by_label=False)
def conflicting_labels(
    m: Measurements, *, minor: float = 0.005, major: float = 0.05, memorised: float = 0.01
) -> Iterator[Finding]:
    """How many rows have the features of another row of the same file and another label?

    At most one of two such labels can be right, or the features leave out what tells the rows apart; either way no function of
    the features is right on both. D is the share of pairs of equal rows that differ in label; on such rows accuracy cannot
    exceed 1 - D/2 in the long run (Cover & Hart 1967). Judged is twice the share
    of rows whose label most of their equals do not have, which of a pair in conflict counts both: it is a finding above `minor`
    or `major` by its lower bound, unless the columns are so coarse that rows are equal by chance: where at least as many rows
    differ in one column alone as in none, the limit is one of the features and is told, not held against the labels. Up to
    ten contents that a fiftieth of the rows have each, as empty records do, do not count.

    Labels that are known too well are suspected where the model errs, on test rows whose features train repeats, by more
    than `memorised` less often than D/2 of train allows: test labels then come from elsewhere, or from the model itself. Where
    classes are not as frequent in test as in train, the model may err less often for that alone: half the sum of the
    differences of their shares is subtracted first.
    """
    splits = [m.as_given, *([m.train] if "train" in m.splits and m.faithful("train") else [])]
    if RowHashes not in m.as_given:
        raise NotApplicable("tables of predictions carry no features to compare")
    if m.labels and any((split[LabelCounts].known < split[LabelCounts].n).any() for split in splits):
        raise NotApplicable("rows with labels that are not known cannot be said to differ in them")
    for split in splits:
        by_chance = FeatureSample in split and _coarse(split[FeatureSample], split[RowHashes].common)
        yield _of_split(split[RowHashes], split.name, minor, major, by_chance=by_chance)
    if len(splits) > 1 and not m.labels:
        yield from _known_too_well(m, memorised)


def _coarse(sample: SampledRows, common: HashSet) -> bool:
    """Whether rows of other contents than those that many have are equal by chance."""
    rows = sample.rows(~common.contains(sample.hashes)).first(SAMPLED)
    return bool(len(rows)) and equal_pairs(rows.features).coincide


def _of_split(rows: HashSet, name: str, minor: float, major: float, *, by_chance: bool) -> Finding:
    """What the rows of one split that repeat say of its labels."""
    empty = rows.common
    found = (rows.only(empty.distinct.hashes, without=True) if empty.n else rows).repeats
    apart = (
        f"; {plural(empty.n, 'row')} of a content that many have, as of empty records, do not count" if empty.n else ""
    )
    if not found.conflicting:
        none = f"none of the {count(found.rows)} {name} rows that have an equal has one with another label"
        told = none if found.rows else f"no two {name} rows are equal"
        return Finding.passed(f"{told}{apart}", value=0.0, limit=minor, subject=name)
    share = Proportion(2 * found.floor, rows.n).effective(2)
    low, low_strict = share.lower(0.05), share.lower(0.005)
    said = (
        f"{count(found.conflicting)} of {plural(rows.n, f'{name} row')} ({ratio(found.conflicting / rows.n)}) have the features of another "
        f"and another label than one of their equals, {count(found.floor)} of them a label that most of their equals do not have: "
        f"pairs of equal rows differ in label in {ratio(found.disagreement)} of cases, so "
        f"that accuracy cannot exceed {ratio(1 - (found.disagreement or 0) / 2)} on rows that repeat, and "
        f"{ratio(1 - found.floor / rows.n)} on all of these {count(rows.n)}{apart}"
    )
    interval = Interval(low, share.upper(0.05), 0.95, f"one-sided {share.decision_method} on half the rows")
    seen = Finding.passed(said, value=share.value, limit=minor, interval=interval, subject=name)
    if by_chance:
        return replace(
            seen, message=f"{said}; the columns are coarse and make rows equal by chance, which no label can help"
        )
    if low is None or low <= minor:
        return seen
    severe = low_strict is not None and low_strict > major
    remedy = "Look at rows that are equal and correct their labels, or add the feature that tells them apart."
    return seen.failing(Severity.MAJOR if severe else Severity.MINOR, remedy=remedy, limit=major if severe else minor)


def _known_too_well(m: Measurements, margin: float) -> Iterator[Finding]:
    """Whether the model errs less on test than the conflicts of train allow, and than other shares of classes explain."""
    less = m.as_given[RowHashes].less_than_noise(m.train[RowHashes])
    mix = compare_counts(m.as_given.counts.support, m.train.counts.support)
    explained = mix.total_variation if mix else 0.0
    low = less.lower(0.005)
    if less.value is None or less.n < FEWEST or low is None or low <= margin:
        return
    said = (
        f"On the {plural(int(less.n), 'test row')} whose features train repeats the model errs {100 * less.value:.1f} points less "
        "often than the differing labels of those training rows let any function of the features err"
    )
    interval = Interval(low, None, 0.995, less.method)
    seen = Finding.passed(said, value=less.value, limit=margin, interval=interval, subject="test labels")
    if low - explained <= margin:
        mixed = f"the class shares of test and train are {100 * explained:.1f} points apart, which may explain it"
        yield replace(seen, message=f"{said}; {mixed}")
        return
    why = "the test labels come from another source than those of train, or from the model"
    remedy = "Find out who set the test labels, and whether the model had a part in it."
    yield seen.failing(
        Severity.MAJOR, why, remedy=remedy, confidence=Confidence.SUSPECTED, direction=Direction.FLATTERS
    )
