"""Has the model seen the test data?"""

from collections.abc import Iterator

from auditor import Direction, Finding, Interval, Measurements, Severity, Status, check
from auditor.states import Confusion, RowHashes
from auditor.wording import count, plural, ratio


@check("shared-rows", title="Test rows do not stand in train", needs=(Confusion, RowHashes))
def shared_rows(m: Measurements, *, minor: float = 0.001, major: float = 0.01, blocker: float = 0.05, enough: int = 100) -> Iterator[Finding]:
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
    said = (f"{count(overlap.n_shared)} of {plural(overlap.n_test, 'test row')} ({ratio(overlap.share.value)}) have the features of a training row; "
            f"{ratio(overlap.train_share.value)} of the training rows equal another training row")
    facts = {"value": excess.value, "interval": Interval(low, excess.upper(0.05), 0.95, excess.method)}
    if not overlap.n_shared:
        yield Finding(Status.PASS, f"None of the {plural(overlap.n_test, 'test row')} has the features of one of the {count(overlap.n_train)} training rows",
                      limit=minor, **facts)
        return
    first = ", ".join(count(row + 1) for row in overlap.first_rows[:5])
    if not overlap.copied:
        yield Finding(Status.FAIL, f"{said}: the table repeats itself, and the share is what a random split of it would show; nothing was taken out",
                      Severity.MINOR, limit=minor, direction=Direction.FLATTERS, **facts,
                      remedy=f"Deduplicate, or split by group; first such test rows: {first}.")
        return
    left = m.test[Confusion].n
    said = f"{said}: copies. {_with_and_without(m)}"
    remedy = f"Take the copies out of the test file (first rows: {first}) and find out how they came in."
    common = {"direction": Direction.FLATTERS, "remedy": remedy, **facts}
    if left < enough or (low_strict is not None and low_strict > blocker):
        few = f"; only {plural(left, 'clean row')} are left" if left < enough else ""
        yield Finding(Status.FAIL, f"{said}{few}", Severity.BLOCKER, limit=blocker, validity=True, **common)
    elif low_strict is not None and low_strict > major:
        yield Finding(Status.FAIL, said, Severity.MAJOR, limit=major, **common)
    else:
        yield Finding(Status.FAIL, said, Severity.MINOR, limit=minor, **common)


def _with_and_without(m: Measurements) -> str:
    before, after = m.as_given.metric("accuracy"), m.test.metric("accuracy")
    return (f"They were taken out: accuracy is {ratio(after.value)} on the {plural(m.test[Confusion].n, 'remaining row')} "
            f"and {ratio(before.value)} with them")
