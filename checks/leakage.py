"""Has the model seen the test data?"""

from collections.abc import Iterator
from dataclasses import replace

from auditor import Direction, Finding, Interval, Measurements, Severity, check
from auditor.states import Confusion, RowHashes
from auditor.wording import count, plural, ratio


@check("shared-rows", title="Test rows do not stand in train", needs=(Confusion, RowHashes), by_label=False)
def shared_rows(
    m: Measurements, *, minor: float = 0.001, major: float = 0.01, blocker: float = 0.05, enough: int = 100
) -> Iterator[Finding]:
    """How many test rows have exactly the features of a training row, label apart?

    Rows are compared by a 64-bit hash of what the model sees. Coarse tables repeat themselves by chance, so the share of test
    rows found in train is held against the share of train rows that equal another train row: copying shows as an excess. It
    counts when the lower bound of the excess (Newcombe 1998) is above `minor`, `major` or `blocker`. Proven copies are taken
    out and every condition is decided on the rest; both figures are shown. Fewer than `enough` clean rows left, or an excess
    beyond `blocker`, and the figures are not to be trusted. Changed copies (rounded, augmented) are not found.
    """
    overlap = m.overlap
    excess = overlap.excess
    low, low_strict = excess.lower(0.05), excess.lower(0.005)
    said = (
        f"{count(overlap.n_shared)} of {plural(overlap.n_test, 'test row')} ({ratio(overlap.share.value)}) have the "
        "features of a training row; "
        f"{ratio(overlap.train_share.value)} of the training rows equal another training row"
    )
    interval = Interval(low, excess.upper(0.05), 0.95, excess.method)
    seen = Finding.passed(said, value=excess.value, limit=minor, interval=interval)
    first = ", ".join(count(row + 1) for row in overlap.first_rows[:5])
    if not overlap.n_shared:
        rows, known = plural(overlap.n_test, "test row"), plural(overlap.n_train, "training row")
        yield replace(seen, message=f"None of the {rows} has the features of one of the {known}")
    elif not overlap.copied:
        why = "the table repeats itself, and the share is what a random split of it would show; nothing was taken out"
        remedy = f"Deduplicate, or split by group; first such test rows: {first}."
        yield seen.failing(Severity.MINOR, why, remedy=remedy, direction=Direction.FLATTERS)
    else:
        left = m.test.n
        severity, limit = _weight(low_strict, minor, major, blocker)
        severity = Severity.BLOCKER if left < enough else severity
        few = f"; only {plural(left, 'clean row')} are left" if left < enough else ""
        yield seen.failing(
            severity,
            f"copies. {_with_and_without(m)}{few}",
            remedy=f"Take the copies out of the test file (first rows: {first}) and find out how they came in.",
            limit=limit,
            direction=Direction.FLATTERS,
            validity=severity is Severity.BLOCKER,
        )


def _weight(low: float | None, minor: float, major: float, blocker: float) -> tuple[Severity, float]:
    """How serious an excess is by its strict lower bound, and the limit it crossed."""
    if low is not None and low > blocker:
        return Severity.BLOCKER, blocker
    return (Severity.MAJOR, major) if low is not None and low > major else (Severity.MINOR, minor)


def _with_and_without(m: Measurements) -> str:
    before, after = m.as_given.metric("accuracy"), m.test.metric("accuracy")
    return (
        f"They were taken out: accuracy is {ratio(after.value)} on the {plural(m.test.n, 'remaining row')} "
        f"and {ratio(before.value)} with them"
    )
