"""Is accuracy the wrong headline for these classes, and are they as frequent as in training?"""

from collections.abc import Iterator

from auditor import Direction, Finding, Interval, Measurements, NotApplicable, Severity, check
from auditor.states import Confusion, LabelTotals
from auditor.statistics import Difference, compare_counts
from auditor.wording import count, number, plural, ratio


@check("class-imbalance", title="Accuracy speaks for every class", needs=(Confusion,), by_label=False)
def class_imbalance(
    m: Measurements,
    *,
    ratio_info: float = 3,
    ratio_minor: float = 10,
    gap_minor: float = 0.10,
    gap_major: float = 0.25,
    few: int = 30,
) -> Iterator[Finding]:
    """Does accuracy hide what happens in the small classes (the accuracy paradox)?

    Accuracy weighs each row, balanced accuracy each class. With classes at least `ratio_info` to 1 and a gap between the two
    whose lower bound exceeds `gap_minor` (major: `gap_major`) accuracy misleads. At `ratio_minor` to 1 it should not be the
    headline at all. The bound treats the two as independent, which errs to the safe side. With
    several labels a row the same is asked of the share of right answers, one a row and label.
    """
    counts = m.test.counts
    imbalance = counts.imbalance_ratio
    if imbalance is None:
        raise NotApplicable(f"a {m.task.noun} is absent from the test data")
    rare = int(counts.support.argmin())
    name = m.task.class_names[rare]
    accuracy, balanced = m.test.metric("label_accuracy" if m.labels else "accuracy"), m.test.metric("balanced_accuracy")
    gap = Difference(accuracy, balanced)
    rows = plural(int(counts.support[rare]), "row")
    said = (
        f"The rarest label is {name} with {rows} of {count(counts.known[rare])}; {ratio(accuracy.value)} of all answers, one a row "
        f"and label, are right, and balanced accuracy is {ratio(balanced.value)}"
        if isinstance(counts, LabelTotals)
        else f"The largest class is {number(imbalance, 1)} times the smallest, {name} with {rows}; accuracy is "
        f"{ratio(accuracy.value)} and balanced accuracy {ratio(balanced.value)}"
    )
    low_minor, low_major = gap.lower(0.05), gap.lower(0.005)
    seen = Finding.passed(
        said,
        value=gap.value,
        limit=gap_minor,
        subject=m.task.place(name),
        interval=Interval(low_minor, gap.upper(0.05), 0.95, f"one-sided {gap.method}"),
    )
    remedy = f"Quote recall and precision of each {m.task.noun} beside accuracy, or balanced accuracy in its place."
    hidden = f"accuracy hides how {name} fares"
    if low_minor is None or low_major is None:
        yield seen.undecided("the gap could not be bounded")
    elif imbalance >= ratio_info and low_major > gap_major:
        yield seen.failing(Severity.MAJOR, hidden, remedy=remedy, limit=gap_major, direction=Direction.FLATTERS)
    elif imbalance >= ratio_info and low_minor > gap_minor:
        yield seen.failing(Severity.MINOR, hidden, remedy=remedy)
    elif imbalance >= ratio_minor:
        doubt = f"; with fewer than {few} rows of {name} a paradox cannot be excluded"
        why = "accuracy is no headline for such classes"
        yield seen.failing(Severity.MINOR, why + (doubt if counts.support[rare] < few else ""), remedy=remedy)
    else:
        yield seen


@check("prior-shift", title="Classes are as frequent as in training", needs=(Confusion,), plain_rows=True)
def prior_shift(m: Measurements, *, minor: float = 0.02, major: float = 0.10) -> Iterator[Finding]:
    """Do the shares of the classes differ between train and test?

    Precision and accuracy hold for one mix of classes only. The effect is the total variation distance, half the sum of the
    absolute differences of the shares: the smallest share of rows that would have to change class. It counts as a shift only
    when its lower bound, from the noncentral chi-square distribution of the test statistic, exceeds `minor` (`major`): with
    many rows any difference is significant. Each of several labels is held against its own share (Bonferroni). Where copies
    of mostly some classes were taken out, all rows of the file are counted.
    """
    train, test = m.train[Confusion], (m.as_given if m.remixed else m.test)[Confusion]
    shift = compare_counts(train.support, test.support)
    if shift is None:
        raise NotApplicable("fewer than two classes, or no labelled rows, in train and test")
    alpha, family = 0.05, m.task.family
    low, low_strict = shift.total_variation_lower(alpha / family), shift.total_variation_lower(0.005 / family)
    largest = int(abs(train.support / train.n - test.support / test.n).argmax()) if not m.task.label else 1
    name = m.task.class_names[largest]
    subject = "It" if m.task.label else f"Class {name}"
    said = (
        f"{subject} is {ratio(test.prevalence(largest))} of test ({count(test.support[largest])} of {count(test.n)}) and "
        f"{ratio(train.prevalence(largest))} of train ({count(train.support[largest])} of {count(train.n)}); distance of the class shares "
        f"{ratio(shift.total_variation)}, at least {ratio(low)} with {100 * (1 - alpha / family):.4g}% confidence"
    )
    interval = Interval(low, None, 1 - alpha / family, "noncentral chi-square")
    seen = Finding.passed(said, value=shift.total_variation, limit=minor, interval=interval)
    remedy = "Ask which mix the model will meet in use; precision and accuracy hold only for that of the test file."
    if low_strict > major:
        yield seen.failing(Severity.MAJOR, remedy=remedy, limit=major)
    elif low > minor:
        yield seen.failing(Severity.MINOR, remedy=remedy)
    else:
        yield seen
