"""Does every test row tell something new?"""

from collections.abc import Iterator

from auditor import Confidence, Finding, Interval, Measurements, NotApplicable, Severity, check
from auditor.states import Buckets, Confusion, HashSet, LabelCounts, RowHashes
from auditor.statistics import FEWEST_GROUPS, UnderDesign, largest_by_chance
from auditor.wording import count, number, plural


@check(
    "independent-rows",
    title="Test rows are independent of each other",
    needs=(Confusion, Buckets, RowHashes),
    by_label=False,
)
def independent_rows(m: Measurements, *, minor: float = 1.5, times: float = 3.0) -> Iterator[Finding]:
    """How much less do rows tell because they come in groups?

    Rows of one patient or customer tend to be right or wrong together, so that a thousand rows of a hundred patients can tell
    as little as a hundred rows. The design effect is the variance of the accuracy over what it would be if the rows were
    independent; the variance is that of the jackknife over 64 buckets of whole groups (Chamandy et al. 2012). All intervals
    and conditions rest on it already: a share keeps the interval of n over the design effect rows (Korn & Graubard 1998).
    It is a minor finding above `minor`, where it is also beyond what independent rows give in 95% of cases. Fewer than ten
    groups show no interval at all, and conditions stay undecided. Groups are declared with `--group`. Without them rows are
    taken as independent, and those with equal features are counted: they may be copies, which tell nothing new, or the
    coincidences of a coarse table, and the file does not say which. Where as copies they would leave less than 1/`minor` of
    the rows they are a suspected finding, a major one if the training data repeat themselves `times` times less than chance
    would let them.
    """
    if not m.test.grouped:
        yield _without_groups(m, minor, times)
        return
    sums = m.test[LabelCounts] if m.labels else m.test[Buckets]
    assert sums.groups is not None
    accuracy, rows = sums.accuracy, f"{plural(sums.n, 'row')} in {plural(sums.groups, 'group')}"
    alone = f" ({plural(sums.ungrouped, 'row')} without a group count each as one)" if sums.ungrouped else ""
    if accuracy.design_effect is None:
        why = f"fewer than {FEWEST_GROUPS} do not show how much groups differ, and no interval can be given"
        if sums.groups >= FEWEST_GROUPS:
            why = "all of them lie in one bucket or none has weight, and no interval can be given"
        remedy = f"Give test rows of more groups: {FEWEST_GROUPS} at the least, and 100 for a good interval."
        yield Finding.passed(f"{rows}{alone}", limit=minor).failing(Severity.MINOR, why, remedy=remedy)
        return
    effective = count(max(1, round(accuracy.effective_n or 1)))
    weights = ", their weights included," if sums.weighted else ""
    said = f"{rows}{alone}: the design effect of accuracy{weights} is {number(accuracy.design_effect, 2)}"
    told = f"they tell as much as {effective} independent rows, and all intervals account for it"
    interval = Interval(accuracy.low, accuracy.high, 0.95, accuracy.method)
    seen = Finding.passed(f"{said}; {told}", value=accuracy.design_effect, limit=minor, interval=interval)
    if accuracy.design_effect > max(minor, _by_chance(accuracy)):
        remedy = f"Count groups, not rows: more rows of the same {count(sums.groups)} groups add little; label rows of new ones."
        yield seen.failing(Severity.MINOR, remedy=remedy)
    else:
        yield seen


def _without_groups(m: Measurements, minor: float, times: float) -> Finding:
    """How many rows have equal features, and what that would mean if they were copies."""
    if RowHashes not in m.test:
        raise NotApplicable("no column of groups was declared with --group")
    seen, taken = m.test[RowHashes], "rows are taken as independent, since no group was declared with --group"
    if not seen.repeated:
        return Finding.passed(f"No two of {plural(seen.n, 'test row')} have the same features; {taken}")
    effective = count(max(1, round(seen.n / seen.alike)))
    found = Finding.passed(
        f"{count(seen.repeated)} of {plural(seen.n, 'test row')} have the features of another test row: as copies all rows would "
        f"tell as much as {effective} independent ones, as coincidences of a coarse table as much as {count(seen.n)}; {taken}",
        value=seen.alike, limit=minor,
    )  # fmt: skip
    if seen.alike <= minor:
        return found
    remedy = "If they are copies, take them out or name what they share with --group; all intervals are too narrow until then."
    severity = Severity.MAJOR if _beyond_chance(m, seen, times) else Severity.MINOR
    return found.failing(severity, remedy=remedy, confidence=Confidence.SUSPECTED)


def _beyond_chance(m: Measurements, seen: HashSet, times: float) -> bool:
    """Whether test repeats itself more than train does; coincidences grow with the number of rows."""
    if "train" not in m.splits or RowHashes not in m.train or not m.train[RowHashes].n:
        return False
    train = m.train[RowHashes]
    return seen.alike - 1 > times * max((train.alike - 1) * seen.n / train.n, 1 / times)


def _by_chance(accuracy: UnderDesign) -> float:
    return largest_by_chance(accuracy.degrees_of_freedom or 1)
