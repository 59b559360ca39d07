"""Is the model of more use than one answer to everything?"""

from collections.abc import Iterator
from dataclasses import replace

from auditor import Finding, Interval, Measurements, NotApplicable, Policy, Severity, Status, check
from auditor.states import Confusion, LabelCounts
from auditor.statistics import Estimate, PairedDifference, mcnemar_mid_p
from auditor.wording import count, p_value, plural, points, quoted, ratio

IMBALANCED = 3


@check("better-than-majority", title="Better than always answering the majority", needs=(Confusion,), by_label=False)
def better_than_majority(
    m: Measurements, *, policy: Policy, alpha: float = 0.05, margin: float = 0.10
) -> Iterator[Finding]:
    """Does the model beat the predictor that always answers the most frequent class?

    Both answer the same rows, so the rows on which exactly one is right decide: McNemar's mid-p test, one-sided (Fagerland,
    Lydersen & Laake 2013). No gain is a finding of its own: the upper bound of the difference in accuracy (Tango 1998) lies
    under `margin` of the room that the majority leaves. Where rows stand in groups or carry weights the lower bound of that
    difference, on effective rows, decides in place of the test. A model that is less accurate than the majority but has a balanced
    accuracy above one half trades accuracy for recall, which is information. The majority class is learnt from train where
    it is given. Where a row may have several labels, the answers are counted, one a row and label, beside those of giving
    every row the labels that most rows have; the labels of a row depend on each other, so that the interval of the gain is that
    of the jackknife over rows. Where copies of mostly some classes were taken out, the rows left have not the class shares of the
    file: all rows are asked, whose copies flatter the model, so that it can fail there and not pass.
    """
    if m.labels:
        yield _over_labels(m, policy, alpha, margin)
    elif m.remixed:
        found = _gain(replace(m, test=m.as_given, overlap_counts=None), policy, alpha, margin)
        why = "copies of mostly some classes are among these rows, and without them classes are not as frequent as in the file"
        yield found if found.status is Status.FAIL else found.undecided(why, remedy="Test on rows without copies.")
    else:
        yield _gain(m, policy, alpha, margin)


def _gain(m: Measurements, policy: Policy, alpha: float, margin: float) -> Finding:
    """What the model gains over the majority, as the rows on which only one is right decide it."""
    counts = m.test[Confusion]
    majority, source = m.majority
    name, share = m.task.class_names[majority], m.test.prevalence(majority)
    if share is None:
        raise NotApplicable("no labelled rows")
    paired, gain = counts.classes.gain_over_constant(majority), m.test.gain_over_constant(majority)
    only_model, only_majority = int(paired.n10), int(paired.n01)
    better, worse, shown = _compared(m, paired, gain, alpha)
    versus = (
        f"Accuracy is {ratio(m.test.metric('accuracy').value)}; always answering {name}, the majority in {source}, gets "
        f"{ratio(share)}. Of the rows on which only one is right the model has {count(only_model)} and the majority "
        f"{count(only_majority)} ({shown})" + (", at the class shares of the test file" if policy.prior else "")
    )
    gating = policy.preset.better_than_majority
    room = margin * (1 - share)
    high = gain.upper(alpha)
    balanced = m.test.metric("balanced_accuracy").lower(alpha)
    seen = replace(Finding.passed(versus, value=gain.value, limit=0.0), metric="gain_over_majority", gate=gating)
    if better:
        return seen
    if gain.value is not None and gain.value < 0 and balanced is not None and balanced > 1 / m.task.n_classes:
        return replace(seen, message=f"{versus}: the model trades accuracy for recall")
    if high is not None and high < room:
        why = f"{'less accurate than' if worse else 'no gain in accuracy over'} always answering {name}"
        remedy = "Do not quote accuracy; judge by the recall and precision of each class."
        return seen.failing(_severity(m, gating=gating), why, remedy=remedy)
    few = plural(only_model + only_majority, "row")
    remedy = f"Label more rows: {few} on which only one of the two is right cannot tell."
    return seen.undecided(f"{plural(counts.n, 'row')} cannot tell whether there is a gain", remedy=remedy)


def _compared(m: Measurements, paired: PairedDifference, gain: Estimate, alpha: float) -> tuple[bool, bool, str]:
    """Whether the model is shown to be better, whether worse, and by what."""
    if m.test.grouped or m.test.weighted:
        low, high = gain.lower(alpha), gain.upper(alpha)
        shown = "–" if low is None else f"{points(low)} points"
        return low is not None and low > 0, high is not None and high < 0, f"{gain.method}, at least {shown}"
    chance = mcnemar_mid_p(int(paired.n10), int(paired.n01))
    worse = mcnemar_mid_p(int(paired.n01), int(paired.n10)) <= alpha
    return chance <= alpha, worse, f"McNemar mid-p test, {p_value(chance)}"


def _over_labels(m: Measurements, policy: Policy, alpha: float, margin: float) -> Finding:
    """The same question of all answers, one a row and label."""
    totals = m.test[LabelCounts]
    with_label, source = m.majority_labels
    gain, right = m.test.gain_over_labels(with_label), m.test.metric("label_accuracy").value
    if gain.value is None or right is None:
        raise NotApplicable("no labelled rows")
    constant, answers = right - gain.value, count(int(totals.known.sum()))
    names = [quoted(name) for name, held in zip(m.task.class_names, with_label, strict=True) if held]
    said = (
        f"{ratio(right)} of {answers} answers, one a row and label, are right; giving every row "
        f"{', '.join(names[:5]) or 'no label'}, as most rows in {source} have it, gets {ratio(constant)} right: a gain of "
        f"{points(gain.value)} points (95% interval {points(gain.low)} to {points(gain.high)}, {gain.method})"
    )
    interval = Interval(gain.lower(alpha), gain.upper(alpha), 1 - alpha, f"one-sided {gain.method}")
    seen = Finding.passed(said, value=gain.value, limit=0.0, interval=interval)
    seen = replace(seen, metric="gain_over_majority", gate=policy.preset.better_than_majority)
    return _weighed(m, seen, room=margin * (1 - constant))


def _weighed(m: Measurements, seen: Finding, room: float) -> Finding:
    """The finding on the gain over labels as its bounds decide it."""
    assert seen.interval is not None
    low, high = seen.interval.low, seen.interval.high
    balanced = m.test.metric("balanced_accuracy").lower(1 - seen.interval.level)
    if low is None or high is None:
        return seen.undecided("it could not be bounded", remedy="Label more rows.")
    if low > 0:
        return seen
    if (seen.value or 0.0) < 0 and balanced is not None and balanced > 1 / 2:
        return replace(seen, message=f"{seen.message}: the model trades right answers for labels found")
    if high < room:
        remedy = "Do not quote the share of right answers; judge by the recall and precision of each label."
        severity = Severity.BLOCKER if seen.gate else Severity.MAJOR
        return seen.failing(severity, "no gain over one answer to everything", remedy=remedy)
    return seen.undecided(f"{plural(m.test.n, 'row')} cannot tell whether there is a gain", remedy="Label more rows.")


def _severity(m: Measurements, *, gating: bool) -> Severity:
    if gating:
        return Severity.BLOCKER
    imbalance = m.test[Confusion].imbalance_ratio
    return Severity.MAJOR if imbalance is None or imbalance >= IMBALANCED else Severity.MINOR
