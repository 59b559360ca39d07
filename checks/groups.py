"""Has the model met the patients, customers or machines of the test data before?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from auditor import (
    Confidence,
    Direction,
    Finding,
    Interval,
    Measurements,
    NotApplicable,
    Policy,
    Severity,
    Status,
    check,
    is_called_like_group,
)
from auditor.states import FeatureSample, GroupCells, GroupTable, Identities, SharedIdentities
from auditor.statistics import Difference, Estimate, repeating_columns
from auditor.wording import count, metric, number, plural, points, quoted, ratio

GATES = ("acceptance", "class-recall", "class-precision", "better-than-majority")
MOST_TOLD, MOST_NAMED = 5, 3
STRICT = 0.005


@check(
    "shared-groups",
    title="Groups of test rows do not stand in train",
    needs=(GroupCells, Identities, FeatureSample),
    after=GATES,
    by_label=False,
)
def shared_groups(
    m: Measurements,
    *,
    policy: Policy,
    earlier: Sequence[Finding],
    major: float = 0.001,
    effect: float = 0.02,
    inflation: float = 0.005,
    few: int = 100,
) -> Iterator[Finding]:
    """How many test rows are of a group (a patient, a customer) that stands in train, and are they easier?

    A model can learn to know a patient instead of the disease. Figures on patients it has met then say nothing of those it will
    meet. Groups are declared with `--group` and compared by the hashes of their names. Any shared group is a finding: minor
    up to a share `major` of the rows, beyond it major. Accuracy on the rows of shared groups minus that on the rows of new
    ones has an interval by MOVER (Newcombe 1998, method 10, on effective rows, since rows of one group depend on each other).
    Where its lower bound at 99.5% is above `effect`, and so much that accuracy on all rows gains more than `inflation`, a
    blocker is suspected and a reviewer asked: rows of new groups can also be harder for another reason, as where they come from
    another ward. So is a reviewer where fewer than `few` rows of new groups leave open what knowing the groups adds. Nothing is
    taken out: each condition that the rows of new groups alone would fail is told.
    If the model will meet the same groups in use, sharing them is no fault: waive it with that reason. Ids declared with
    `--id` are compared too: a row of test that has the id of a training row may be the same row.
    Where nothing is declared the check is skipped, and its reason names up to three features that may be groups: whole numbers
    in a column called like a group or ending in `id`, each in two training rows or more and in a hundredth of them at most.
    """
    train, found = m.train, []
    if GroupCells in m.test:
        found += [_groups(m, major, (effect, inflation), few)]
        found += _conditions(m, policy, earlier, few)
    if Identities in m.test and train[Identities].n and m.as_given[Identities].n:
        found += [_ids(m.as_given[Identities].shared_with(train[Identities]), major)]
    if not found:
        undeclared = "no column of groups was declared with --group, and none of ids with --id in both files"
        raise NotApplicable(undeclared + _hint(m))
    yield from found


def _hint(m: Measurements) -> str:
    """Features that may name what rows share, by what they are called and how often their values stand in train."""
    called = [i for i, column in enumerate(m.feature_names) if is_called_like_group(column)]
    if not called or FeatureSample not in m.train or not m.train[FeatureSample].n:
        return ""
    repeating = repeating_columns(m.train[FeatureSample].features[:, called])
    named = [quoted(m.column(i)) for i, repeats in zip(called, repeating, strict=True) if repeats][:MOST_NAMED]
    return f"; columns that may name what rows share: {', '.join(named)}; declare with --group" if named else ""


def _groups(m: Measurements, major: float, margins: tuple[float, float], few: int) -> Finding:
    """How many rows are of shared groups, and what they add to accuracy; `margins` are of the difference and of all rows."""
    test, train = m.test[GroupCells], m.train[GroupCells]
    seen, new = test.standing_in(train), test.new_to(train)
    if not seen.n:
        rows, groups = plural(test.n, "test row"), plural(test.n_groups, "group")
        return Finding.passed(
            f"None of the {groups} of {rows} stands among the {count(train.n_groups)} of train{_alone(test)}"
        )
    share = seen.n / test.n
    are, stand = ("are" if seen.n > 1 else "is"), ("stand" if seen.n_groups > 1 else "stands")
    said = (
        f"{count(seen.n)} of {plural(test.n, 'test row')} ({ratio(share)}) {are} of {plural(seen.n_groups, 'group')} that {stand} "
        f"in train too{_alone(test)}"
    )
    gain = Difference(seen.sums.accuracy, new.sums.accuracy)
    strict = gain.lower(STRICT)
    met = Finding.passed(f"{said}. {_compared(m, seen, new, gain)}", value=share, limit=major)
    (effect, inflation), unknown = margins, new.n < few
    flatters = strict is not None and strict > effect and strict * share > inflation
    severity = Severity.BLOCKER if flatters else Severity.MAJOR if share > major else Severity.MINOR
    if flatters:
        interval = Interval(strict, gain.upper(STRICT), 1 - STRICT, f"one-sided {gain.method}")
        met = replace(met, value=gain.value, limit=effect, interval=interval)
        met = replace(
            met, message=f"{met.message}. The model knows its groups, or new ones are harder for another reason"
        )
    bent = Direction.FLATTERS if flatters or unknown or (gain.value or 0.0) > 0 else Direction.NONE
    asked = Confidence.SUSPECTED if flatters or unknown else Confidence.CONFIRMED
    return met.failing(severity, remedy=_remedy(new, unknown=unknown), direction=bent, confidence=asked)


def _remedy(new: GroupTable, *, unknown: bool) -> str:
    """What to do about shared groups, and until then."""
    few = f"{plural(new.n, 'row')} of new groups cannot tell" if new.n else "there is no row of a new group to tell by"
    until = few if unknown else "quote the figures of new groups until then"
    return (
        f"Split so that no group stands on both sides, train again and audit that; {until}. If the model will meet these very groups "
        'in use, record that in auditor.toml: [[waivers]] with check = "shared-groups", that reason, by and expires.'
    )


def _alone(test: GroupTable) -> str:
    return f" ({plural(test.ungrouped, 'row')} without a group count as new)" if test.ungrouped else ""


def _compared(m: Measurements, seen: GroupTable, new: GroupTable, gain: Difference) -> str:
    what = "The share of rows with every label right" if m.labels else "Accuracy"
    known = f"{what} is {ratio(seen.sums.accuracy.value)} on them"
    if not new.n:
        return f"{known}, and there is no row of a new group: how new groups fare cannot be told"
    of_new = plural(new.n, "row")
    both = f"{known} and {ratio(new.sums.accuracy.value)} on the {of_new} ({ratio(1 - seen.n / (seen.n + new.n))}) of new groups"
    if gain.value is None or gain.low is None or gain.high is None:
        return f"{both}; too few groups to bound the difference"
    bounds = f"95% interval {points(gain.low)} to {points(gain.high)}, {gain.method} on effective rows"
    return f"{both}: a difference of {points(gain.value)} points ({bounds})"


def _conditions(m: Measurements, policy: Policy, earlier: Sequence[Finding], few: int) -> Iterator[Finding]:
    """The conditions that are met, or open, on all rows and that the rows of new groups alone would fail."""
    if m.test.weighted or m.labels or not few <= m.new_groups.n < m.test.n:
        return
    asked = [(one, found) for one in earlier if (found := _on_new_groups(m, policy, one)) is not None]
    failing = [_told(one, found) for one, found in asked if _misses(one, found)]
    alone = f"on the {plural(m.new_groups.n, 'row')} of new groups alone"
    if not asked:
        return
    if not failing:
        yield Finding.passed(f"None of {plural(len(asked), 'condition')} fails {alone}", subject="rows of new groups")
        return
    more = f"; and {len(failing) - MOST_TOLD} more" if len(failing) > MOST_TOLD else ""
    said = f"{len(failing)} of {plural(len(asked), 'condition')} that all rows together do not fail would fail {alone}"
    seen = Finding(Status.FAIL, f"{said}: {'; '.join(failing[:MOST_TOLD])}{more}", subject="rows of new groups")
    remedy = "Ask whether the model will meet new groups in use: these are its figures there."
    yield seen.failing(Severity.MAJOR, remedy=remedy, direction=Direction.FLATTERS)


def _on_new_groups(m: Measurements, policy: Policy, gate: Finding) -> Estimate | None:
    """What a condition that does not fail is about, on the rows of new groups; None where decisions do not tell it."""
    if not gate.gate or gate.status is Status.FAIL or gate.limit is None or m.new_groups.value(gate.metric) is None:
        return None
    try:
        return m.new_groups.metric_in_use(gate.metric, policy.prior)[0]
    except NotApplicable:
        return None


def _misses(gate: Finding, estimate: Estimate) -> bool:
    """Whether the whole interval, at 99.5% on the side that counts, lies beyond the limit."""
    bound = estimate.upper(STRICT) if gate.at_least else estimate.lower(STRICT)
    if bound is None or gate.limit is None:
        return False
    return bound < gate.limit if gate.at_least else bound > gate.limit


def _told(gate: Finding, estimate: Estimate) -> str:
    form = number if gate.metric.partition("[")[0] in ("mcc", "kappa") else ratio
    asked = f"{'at least' if gate.at_least else 'at most'} {form(gate.limit)} is required"
    bounds = f"95% interval {form(estimate.low)} to {form(estimate.high)}"
    return f"{metric(gate.metric)} is {form(estimate.value)} ({bounds}; {asked})"


def _ids(shared: SharedIdentities, major: float) -> Finding:
    """Rows of test that have the id of a training row."""
    rows = plural(shared.n, "test row")
    if not shared.shared:
        return Finding.passed(f"No id of {rows} stands in train", subject="ids")
    share = shared.shared / shared.n
    said = f"{count(shared.shared)} of {rows} ({ratio(share)}) have the id of a training row"
    seen = Finding.passed(said, value=share, limit=major, subject="ids")
    if 2 * shared.same_place > shared.shared >= 2 * (shared.same_content or 0):
        place = f"{count(shared.same_place)} of them in the same place of the file"
        told = f"{said}, {place}: numbers that begin anew in each file tell nothing"
        return Finding.passed(told, value=share, limit=major, subject="ids")
    remedy = "If the id names a patient or a customer, declare it with --group; if it names rows, take out those that train has."
    severity = Severity.MAJOR if share > major else Severity.MINOR
    if shared.same_content:
        why = f"{count(shared.same_content)} of them have its features too: as the same row would"
        same = shared.same_content / shared.n > major
        return seen.failing(
            Severity.MAJOR if same else Severity.MINOR, why, remedy=remedy, direction=Direction.FLATTERS
        )
    if shared.same_content is None:
        why, suspected = "the model may have learnt from these very rows", Confidence.SUSPECTED
        return seen.failing(severity, why, remedy=remedy, direction=Direction.FLATTERS, confidence=suspected)
    why = "with other features, so that it names what rows have in common, as a patient or a customer does"
    return seen.failing(severity, why, remedy=remedy, direction=Direction.FLATTERS, confidence=Confidence.SUSPECTED)
