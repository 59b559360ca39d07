"""Is the model judged on what came after the data it learnt from, as it will be in use?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from auditor import Bars, Confidence, Direction, Finding, Interval, Measurements, NotApplicable, Severity, check
from auditor.states import Buckets, GroupTimes, LabelCounts, RowTimes, TimedRows
from auditor.statistics import (
    CALENDAR,
    ByDistance,
    Estimate,
    Persistence,
    Proportion,
    by_distance,
    decay,
    distance_of_distributions,
    distance_to_nearest,
    gain_of_later,
    halves,
    persistence,
    seconds,
    shift_of_later,
)
from auditor.wording import count, moment, number, plural, points, ratio, upper_first

STRICT = 0.005


@check(
    "time-order", title="Test rows come after the training rows", needs=(RowTimes, GroupTimes, Buckets), by_label=False
)
def time_order(
    m: Measurements,
    *,
    chronological: bool = False,
    minor: float = 0.01,
    decayed: float = 0.02,
    inflation: float = 0.005,
    drift: float = 0.02,
    persists: float = 0.2,
) -> Iterator[Finding]:
    """How many test rows are from before the last training row, and does the time between them matter?

    In use a model meets what comes after its training data. Where the data change with time, a test drawn from the same months
    flatters it (Kapoor & Narayanan 2023). Times are declared with `--time`. Without a test row from before the last training
    row the check passes. A share up to `minor` is a minor finding. Beyond it three things are asked. Are test rows near to a
    training row in time more often right? The third of rows nearest in time is held against the third farthest from it
    (Newcombe 1998, method 10): a lower bound at 99.5% above `decayed` that adds more than `inflation` to the accuracy of all
    rows is a confirmed major finding. Do labels persist, so that a model can read the answer off the training rows around a
    test row? Counted are the test rows between training rows with the label of the training row nearest in time (of several
    equally near, the share), against what class shares of their half of time would give: Cohen's kappa (1960), 0 where rows
    stand alone, 1 where labels never differ. Where its lower bound at 99.5%, by a jackknife over 20 stretches of time, is above
    `persists` and tells the label of more than `inflation` of all rows, a reviewer has to say whether the model will only fill
    gaps. A season is no persistence: of dates, kappa has to be as much above that with training rows whole days, weeks or years
    away, the longest of them that fits three times. Else, do the data drift? The later half of rows is held against the earlier
    half: class shares of all rows by their total variation (lower bound from the noncentral chi-square), accuracy of test rows
    by its difference. Where one moves by more than `drift` a reviewer has to say whether the split is right. A split at random
    of data that do not move is no fault. With `chronological = true` under `[limits.time-order]` any test row from before the
    last training row makes the figures untrustworthy. A season that returns within each half is not seen as drift, nor is a
    rule that changes while class shares stay and train spans all of it. A season of another period, or of times that are plain
    numbers, looks like persistence if class shares swing from 10% to 90%. Labels that last for three steps or fewer may not
    show; fewer than 30 test rows with a training row between each do not. Rows count alike whatever their weight; where groups
    are declared, as if the rows of a group were all alike, save that persistence looks at stretches of time only.
    """
    place = _place(m)
    if place.test.first >= place.train.last:
        rows = plural(place.test.n, "test row")
        yield Finding.passed(f"None of the {rows} is from before the last training row: {place.said}", value=0.0)
    elif chronological:
        yield _declared(_before(place, 0.0), place)
    elif (place.before.value or 0.0) <= minor:
        yield _strays(_before(place, minor), place)
    else:
        seen, alike = _before(place, minor), _neighbours(place)
        told = [_decayed(m, place, seen, decayed, inflation), _persisting(m, place, alike, persists, inflation)]
        yield from [one for one in told if one] or [_drifting(m, place, seen, alike, drift)]
    if GroupTimes in m.test:
        yield from _repeated(m)


@dataclass(frozen=True)
class Place:
    """The times of train and test beside each other."""

    train: TimedRows
    test: TimedRows

    @property
    def before(self) -> Proportion:
        """Test rows from before the last training row."""
        return Proportion(int((self.test.time < self.train.last).sum()), len(self.test.time))

    @property
    def said(self) -> str:
        """What lies where, in words."""
        spans = [f"{moment(one.first)} to {moment(one.last)}" for one in (self.train, self.test)]
        return f"train is of {spans[0]}, test of {spans[1]}{self._left_out}"

    @property
    def _left_out(self) -> str:
        drawn = [name for name, one in (("train", self.train), ("test", self.test)) if len(one.time) < one.n]
        sample = (
            f"; of {' and '.join(drawn)} a sample of {count(len(self.test.time))} rows was compared" if drawn else ""
        )
        untimed = self.test.untimed + self.train.untimed
        return sample + (f"; {plural(untimed, 'row')} without a time left out" if untimed else "")


def _place(m: Measurements) -> Place:
    place = Place(m.train[RowTimes], m.test[RowTimes])
    for name, one in (("train", place.train), ("test", place.test)):
        if not one.n:
            raise NotApplicable(f"no judged row of {name} states a time")
    return place


def _before(place: Place, limit: float) -> Finding:
    """How many test rows are from before the last training row."""
    before = place.before
    rows = f"{count(before.k)} of {plural(int(before.n), 'test row')} ({ratio(before.value)})"
    verb = "is" if before.k == 1 else "are"
    said = f"{rows} {verb} from before the last training row ({moment(place.train.last)})"
    return Finding.passed(said, value=before.value, limit=limit)


def _declared(seen: Finding, place: Place) -> Finding:
    remedy = "Take these rows out of the test file, or split anew at one moment."
    why = f"the limits ask for a chronological split. {upper_first(place.said)}"
    return seen.failing(Severity.BLOCKER, why, remedy=remedy, direction=Direction.FLATTERS, validity=True)


def _strays(seen: Finding, place: Place) -> Finding:
    remedy, why = "Take them out of the test file.", f"all others come after it. {upper_first(place.said)}"
    return seen.failing(Severity.MINOR, why, remedy=remedy)


def _neighbours(place: Place) -> Persistence | None:
    """How often test rows have the label of the training row nearest in time, None where too few stand apart."""
    known, rows = place.train, place.test
    seasons = CALENDAR if rows.dated else ()
    return persistence(seconds(known.time), known.labels, seconds(rows.time), rows.labels, seasons)


def _persisting(
    m: Measurements, place: Place, alike: Persistence | None, limit: float, inflation: float
) -> Finding | None:
    """The question whether the model may read answers off neighbours in time, None where labels are not shown to persist."""
    low = None if alike is None else alike.lower(STRICT)
    if alike is None or low is None or low <= limit or low * alike.room / len(place.test.time) <= inflation:
        return None
    what = "numbers of labels a row" if m.labels else "labels"
    why = (
        f"{what} persist. {_agreement(m, alike)}. That is {number(alike.kappa.value, 2)} of the way from chance to always"
        f"{_season(alike)}, at least {number(low, 2)} with {100 * (1 - STRICT):.4g}% confidence (Cohen's kappa, {alike.kappa.method}). "
        f"A random split lets the model read answers off its neighbours in time: the figures hold for filling gaps, not for what "
        f"comes later. {upper_first(place.said)}"
    )
    remedy = (
        "Split by time and audit that. If the model will only be asked about rows between known ones, record that in auditor.toml: "
        '[[waivers]] with check = "time-order", subject = "labels in time", the reason, by and expires.'
    )
    interval = Interval(low, None, 1 - STRICT, alike.kappa.method)
    seen = _and(_before(place, limit), why)
    shown = replace(seen, value=alike.kappa.value, interval=interval, subject="labels in time")
    suspected = Confidence.SUSPECTED
    return shown.failing(Severity.MAJOR, remedy=remedy, direction=Direction.FLATTERS, confidence=suspected)


def _agreement(m: Measurements, alike: Persistence) -> str:
    """How many test rows have the label of their neighbour, and how many would by class shares."""
    what = "as many labels as" if m.labels else "the label of"
    agreed, expected = round(alike.agreed), round(alike.by_chance)
    return (
        f"{count(agreed)} of {plural(alike.n, 'test row')} between training rows ({ratio(agreed / alike.n)}) have {what} the training "
        f"row nearest in time, where class shares alone give {count(expected)} ({ratio(expected / alike.n)})"
    )


def _season(alike: Persistence) -> str:
    """How much more rows near in time agree than those of the same season, "" where that is all of it."""
    beyond = alike.beyond_season
    if beyond is None or alike.away is None or beyond.value == alike.kappa.value:
        return ""
    return f", {number(beyond.value, 2)} more than with training rows {plural(round(alike.away / 86_400), 'day')} away"


def _decayed(m: Measurements, place: Place, seen: Finding, margin: float, inflation: float) -> Finding | None:
    """The finding that rows near to a training row in time are easier, None where that is not shown."""
    distance = distance_to_nearest(seconds(place.test.time), seconds(place.train.time))
    lost = decay(distance, place.test.right, _alike(m))
    low = None if lost is None else lost.lower(STRICT)
    if lost is None or low is None or low <= margin or low * (seen.value or 0.0) <= inflation:
        return None
    why = (
        f"rows near to a training row in time are easier. {_right(m)} is {ratio(lost.first.value)} on the third of test rows nearest "
        f"to one and {ratio(lost.second.value)} on the farthest third, {points(lost.value)} points less (95% interval "
        f"{points(lost.low)} to {points(lost.high)}, {_method(m, lost)}). {upper_first(place.said)}"
    )
    remedy = "Judge on rows from after the last training row: the model will meet those."
    interval = Interval(low, lost.upper(STRICT), 1 - STRICT, lost.method)
    shown = replace(
        seen, value=lost.value, interval=interval, figures=(_bars(by_distance(distance, place.test.right), place),)
    )
    return _and(shown, why).failing(Severity.MAJOR, remedy=remedy, limit=margin, direction=Direction.FLATTERS)


def _drifting(m: Measurements, place: Place, seen: Finding, alike: Persistence | None, margin: float) -> Finding:
    """Whether a reviewer has to say that order matters, since classes or accuracy move with time."""
    apart = distance_of_distributions(seconds(place.train.time), seconds(place.test.time))
    spans = f"{upper_first(place.said)}; their distributions are {number(apart, 2)} apart, of at most 1"
    moved = _shift(m, place, margin) or _later(m, place, margin)
    if not moved:
        still = f"neither class shares nor accuracy are shown to move by more than {ratio(margin)} from the earlier half to the later"
        beside = "" if alike is None else f" {_agreement(m, alike)}."
        return _and(seen, f"{still}.{beside} {spans}")
    remedy = "Say whether the model will be used on what comes later: if so, judge it on rows from after the last training row."
    return _and(seen, f"{moved}. {spans}").failing(
        Severity.MAJOR, remedy=remedy, direction=Direction.FLATTERS, confidence=Confidence.SUSPECTED
    )


def _and(seen: Finding, more: str) -> Finding:
    """The same observation with what is to be said beside it."""
    return replace(seen, message=f"{seen.message}, and {more}")


def _method(m: Measurements, estimate: Estimate) -> str:
    return f"{estimate.method}, as if rows of a group were alike" if m.test.grouped else estimate.method


def _right(m: Measurements) -> str:
    return "The share of rows with every label right" if m.labels else "Accuracy"


def _shift(m: Measurements, place: Place, margin: float) -> str:
    """How the classes of all rows move with time, "" where it is not shown."""
    later = halves(np.concatenate([seconds(place.train.time), seconds(place.test.time)]))
    labels = np.concatenate([place.train.labels, place.test.labels])
    shift = None if later is None else shift_of_later(later, labels, _alike(m))
    low = 0.0 if shift is None else shift.total_variation_lower(STRICT)
    if shift is None or low <= margin:
        return ""
    what = "numbers of labels a row" if m.labels else "class shares"
    return (
        f"{what} move with time. From the earlier half of all rows to the later they move by {points(shift.total_variation)} points, "
        f"at least {points(low)} with {100 * (1 - STRICT):.4g}% confidence"
    )


def _later(m: Measurements, place: Place, margin: float) -> str:
    """How accuracy moves with time, "" where it is not shown."""
    later = halves(seconds(place.test.time))
    if later is None:
        return ""
    gain = gain_of_later(later, place.test.right, _alike(m))
    low, high = gain.lower(STRICT), gain.upper(STRICT)
    if low is None or high is None or (low <= margin and high >= -margin):
        return ""
    return (
        f"right answers move with time. {_right(m)} is {ratio(gain.first.value)} on the later half of test rows and "
        f"{ratio(gain.second.value)} on the earlier (95% interval of the difference {points(gain.low)} to {points(gain.high)} "
        f"points, {_method(m, gain)})"
    )


def _repeated(m: Measurements) -> Iterator[Finding]:
    """Rows of one group at one time, told where there are any."""
    test = m.test[GroupTimes]
    across, within, n = test.standing_in(m.train[GroupTimes]), test.stated.repeated, test.stated.n
    if not across and not within:
        return
    said = (
        f"{count(across)} of {plural(n, 'test row')} have the group and the time of a training row, and {count(within)} those of "
        "another test row"
    )
    seen = Finding.passed(said, value=across / n, limit=0.0, subject="group and time")
    if not across:
        yield seen
        return
    remedy = "Look whether they are the same events, and take those out of the test file."
    suspected = Confidence.SUSPECTED
    yield seen.failing(Severity.MINOR, remedy=remedy, direction=Direction.FLATTERS, confidence=suspected)


def _alike(m: Measurements) -> float:
    """The rows that tell as much as one if those of a group are all alike; 1 without groups."""
    if not m.test.grouped:
        return 1.0
    if m.labels:
        return max(split[LabelCounts].grouping.alike for split in (m.test, m.train))
    return max(split[Buckets].counts.alike for split in (m.test, m.train))


def _bars(found: ByDistance, place: Place) -> Bars:
    """Accuracy by distance; of dates in days."""
    per, unit = (86400.0, " days") if place.test.dated else (1.0, "")
    ends = zip((found.low / per).tolist(), (found.high / per).tolist(), strict=True)
    names = tuple(f"{low:.3g}{unit}" if low == high else f"{low:.3g} to {high:.3g}{unit}" for low, high in ends)
    values = tuple((found.k / found.n).tolist())
    return Bars("Accuracy by the distance in time to the nearest training row", names, values, value_label="accuracy")
