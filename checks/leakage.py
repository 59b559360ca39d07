"""Has the model seen the test data?"""

from collections.abc import Iterator

from auditor import Direction, Finding, Interval, Measurements, Severity, check
from auditor.states import Confusion, RowHashes
from auditor.statistics import Difference, Proportion
from auditor.wording import count, plural, quoted, ratio

ONE_CLASS = 0.2


@check("shared-rows", title="Test rows do not stand in train", needs=(Confusion, RowHashes), by_label=False)
def shared_rows(
    m: Measurements,
    *,
    minor: float = 0.001,
    major: float = 0.01,
    blocker: float = 0.05,
    inflation_major: float = 0.005,
    inflation_blocker: float = 0.02,
    enough: int = 100,
) -> Iterator[Finding]:
    """How many test rows have exactly the features of a training row, label apart?

    Rows are found by a 64-bit hash of what the model sees and then read once more and compared value by value; columns that
    are no features play no part, -0 equals 0 and every empty cell equals another. Coarse tables repeat themselves by chance, so
    the share of test rows found in train is held against the share of train rows that equal another train row: copying
    shows as an excess. It counts when the lower bound of the excess (Newcombe 1998) is above `minor`, `major` or `blocker`, or
    that of what the copies add to accuracy above `inflation_major` or `inflation_blocker`. Beside it stands how many rows a
    random split of both files together would share. Proven copies are taken out and every condition is decided on the
    rest; both figures are shown. Fewer than `enough` clean rows left, or copies beyond a blocking limit, and the figures are
    not to be trusted. Changed copies (rounded, augmented) are not found.
    """
    overlap = m.overlap
    excess = overlap.excess
    interval = Interval(excess.lower(0.05), excess.upper(0.05), 0.95, excess.method)
    seen = Finding.passed(_counted(m), value=excess.value, limit=minor, interval=interval)
    first = ", ".join(count(row + 1) for row in overlap.first_rows[:5])
    if not overlap.n_shared:
        yield seen
    elif not overlap.copied:
        why = (
            f"the table repeats itself, as {ratio(overlap.train_share.value)} of the training rows equal another and a random "
            f"split of both files would share about {count(round(overlap.expected or 0))}; nothing was taken out. "
            f"{_without_them(m)}"
        )
        remedy = f"Deduplicate, or split by group; first such test rows: {first}."
        yield seen.failing(Severity.MINOR, why, remedy=remedy, direction=Direction.FLATTERS)
    else:
        severity, limit = _worse(
            _weight(excess.lower(0.005), minor, major, blocker),
            _weight(overlap.inflation.lower(0.005), minor, inflation_major, inflation_blocker),
        )
        left = m.test.n
        severity = Severity.BLOCKER if left < enough else severity
        few = f"; only {plural(left, 'clean row')} are left" if left < enough else ""
        expected = f"a random split of both files would share about {count(round(overlap.expected or 0))}"
        yield seen.failing(
            severity,
            f"copies, since {expected}{_of_one_class(m)}. {_without_them(m)}{few}",
            remedy=f"Take the copies out of the test file (first rows: {first}) and find out how they came in.",
            limit=limit,
            direction=Direction.FLATTERS,
            validity=severity is Severity.BLOCKER,
        )


def _counted(m: Measurements) -> str:
    """How many rows, how they were compared, and how many of them have the same label."""
    overlap, look = m.overlap, m.overlap.look
    rows = plural(overlap.n_test, "test row")
    by_hash = f"{plural(look.refuted, 'row')} of equal hash turned out to hold other values" if look.refuted else ""
    if not overlap.n_shared:
        told = f"None of the {rows} has the features of one of the {plural(overlap.n_train, 'training row')}"
        return f"{told} ({by_hash})" if by_hash else told
    compared = f"{count(look.verified)} compared value by value" if look.by_hash else "compared value by value"
    notes = "; ".join(note for note in (compared, by_hash) if note)
    agreeing = look.label_agreement
    same = "all" if agreeing.k == agreeing.n else count(agreeing.k)
    return (
        f"{count(overlap.n_shared)} of {rows} ({ratio(overlap.share.value)}) stand in the training file ({notes}), {same} of "
        "them with the same label"
    )


def _weight(low: float | None, minor: float, major: float, blocker: float) -> tuple[Severity, float]:
    """How serious an effect is by its strict lower bound, and the limit it crossed."""
    if low is not None and low > blocker:
        return Severity.BLOCKER, blocker
    return (Severity.MAJOR, major) if low is not None and low > major else (Severity.MINOR, minor)


def _worse(one: tuple[Severity, float], other: tuple[Severity, float]) -> tuple[Severity, float]:
    return one if one[0].rank >= other[0].rank else other


def _without_them(m: Measurements) -> str:
    """Accuracy without the shared rows beside accuracy with them."""
    clean, given = m.without_shared, m.as_given.metric("accuracy").value
    if clean is None or not clean.n:
        return f"Without them no row is left, where accuracy was {ratio(given)}"
    rows = plural(clean.n, "row")
    return f"Without them accuracy is {ratio(clean.metric('accuracy').value)}, not {ratio(given)} ({rows} are left)"


def _of_one_class(m: Measurements) -> str:
    """Where the copies are mostly of one class, as when rare rows are multiplied before the split."""
    overlap, clean = m.overlap, m.without_shared
    if m.labels or clean is None or not clean.n:
        return ""
    for k, hits in enumerate(overlap.look.by_class):
        others = Proportion(int(clean[Confusion].support[k]), clean.n)
        low = Difference(Proportion(hits, sum(overlap.look.by_class)), others).lower(0.005)
        if low is not None and low > ONE_CLASS:
            name, share = quoted(m.task.class_names[k]), ratio(others.value)
            many = f"{count(hits)} of the {count(overlap.n_shared)} are {name}, as {share} of the other rows are"
            return f"; {many}: its rows may have been multiplied before the split"
    return ""
