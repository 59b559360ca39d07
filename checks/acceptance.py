"""Are the conditions of release met?"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from auditor import Finding, Gate, Measurements, NotApplicable, Policy, Severity, check
from auditor.states import Confusion, Losses, Ranking
from auditor.statistics import Estimate, PairedDifference, Smooth, mcnemar_mid_p
from auditor.wording import count, number, p_value, plural, quoted, ratio, short_ratio
from auditor.wording import metric as spoken

IMBALANCED, ALPHA, NAMED = 3, 0.05, 5


@check("acceptance", title="The stated conditions are met", needs=(Confusion, Losses, Ranking))
def acceptance(m: Measurements, *, policy: Policy) -> Iterator[Gate]:
    """Each condition of release, decided on a bound and not on the point.

    A condition passes when the one-sided 95% bound of the metric clears its limit, fails when the opposite bound misses it
    (Holm's correction over all conditions, since "something fails" is a claim about many), and is otherwise undecided: the
    finding then says how many more labelled rows would decide. A release requires all conditions, so passing needs no
    correction (Berger 1982). Conditions come from `[[gates]]` and `--gate`, or from the preset.
    """
    asked = list(_conditions(m, policy))
    if not asked:
        raise NotApplicable("no further condition was stated with --gate or [[gates]]")
    for metric, limit, at_least in asked:
        yield _gate(m, policy, metric, limit, at_least=at_least)


@check("class-recall", title="Each class is found", needs=(Confusion,))
def class_recall(
    m: Measurements, *, policy: Policy, floor: float | None = None, many: int = 20
) -> Iterator[Gate | Finding]:
    """Of the rows of each class, how many are recognised.

    Accuracy hides a class that is never found when it is rare. The floor is the preset's unless `floor` is set; presets for
    one positive class ask it of that class alone. With more than two classes these floors can fail a model but not hold the
    verdict open, since among many classes some lie near a floor by chance (but a class without any test row does); Holm's
    correction covers the classes. Beyond `many` classes balanced accuracy decides instead, and those under the floor are
    counted and the lowest named. Decided on Clopper-Pearson bounds. Signs of risk: a recall far below the accuracy.
    """
    limit = policy.preset.recall if floor is None else floor
    if limit is None:
        raise NotApplicable("no floor on every class is asked beside your own conditions")
    if m.task.n_classes > many and not _of_positive(m, policy):
        yield _lowest_classes(m, limit)
        return
    for i, name in _gated(m, policy, many):
        counts = m.test[Confusion]
        yield Gate(
            f"recall[{name}]",
            m.test.metric(f"recall[{name}]"),
            limit,
            subject=f"class {name}",
            counted=f"{quoted(name)} rows",
            share=counts.prevalence(i),
            only_fails=_only_fails(m, i),
            remedy=f"Look at the missed rows of {name}: more such rows in training, a weighted loss, or a lower threshold.",
        )


@check("class-precision", title="A named class is usually right", needs=(Confusion,))
def class_precision(m: Measurements, *, policy: Policy, floor: float | None = None, many: int = 20) -> Iterator[Gate]:
    """Of the rows that are called a class, how many belong to it.

    The floor is the preset's unless `floor` is set; for a rare class it follows the prevalence, since even a good model of a
    rare class raises false alarms. Precision holds for the share of classes in this test file only: where the share differs
    in use, say so with `--prior`: precision is then that of the stated share, from recall and false alarms. Decided on
    Clopper-Pearson bounds given the rows that were called so.
    """
    asked = policy.preset.precision
    if asked is None and floor is None:
        raise NotApplicable("no floor on the precision of every class is asked beside your own conditions")
    for i, name in _gated(m, policy, many):
        counts = m.test[Confusion]
        estimate, where = m.test.metric_in_use(f"precision[{name}]", policy.prior)
        prevalence = _share_in_use(m, policy, i)
        limit = floor if floor is not None or asked is None else asked.at(prevalence) if prevalence else asked.most
        assert limit is not None
        yield Gate(
            f"precision[{name}]",
            estimate,
            limit,
            subject=f"class {name}",
            counted=f"rows called {quoted(name)}",
            share=counts.call_rate(i),
            only_fails=not m.task.is_binary,
            remedy=f"Look at the rows wrongly called {name}: a higher threshold, or features that tell them apart.",
            where=where,
        )


def _of_positive(m: Measurements, policy: Policy) -> bool:
    """Whether the floor is asked of the positive class alone."""
    return policy.preset.positive_only and m.task.positive is not None


def _lowest_classes(m: Measurements, floor: float) -> Finding:
    """How many of many classes are found less often than the floor, how many of them for certain, and the lowest."""
    matrix = m.test[Confusion]
    tested = np.flatnonzero(matrix.support)
    right, rows = matrix.correct[tested], matrix.support[tested]
    if not len(tested):
        raise NotApplicable("no labelled rows")
    found = [m.test.metric(f"recall[{m.task.class_names[i]}]") for i in tested]
    recall = np.array([one.value or 0.0 for one in found])
    under = recall < floor
    certain = np.array([(bound := one.upper(ALPHA / len(rows))) is not None and bound < floor for one in found])
    lowest = np.argsort(recall, kind="stable")[:NAMED]
    named = ", ".join(
        f"{quoted(m.task.class_names[tested[i]])} {count(int(right[i]))} of {count(int(rows[i]))}" for i in lowest
    )
    many, sure = count(int(under.sum())) if under.any() else "none", count(int(certain.sum()))
    said = (
        f"Of {plural(len(tested), 'class', 'classes')} with test rows {many} are found less than {short_ratio(floor)} of the "
        f"time{f', {sure} of them beyond chance (Clopper-Pearson, Bonferroni)' if under.any() else ''}; lowest recall: {named}"
    )
    seen = Finding.passed(said, value=float(under.mean()), subject="all classes")
    if not certain.any():
        return seen
    return seen.failing(Severity.MINOR, remedy="Decide whether these classes may be served; a gate of your own, such as "
                        f"{f'recall[{m.task.class_names[tested[lowest[0]]]}]'}, holds one to a floor.")  # fmt: skip


def _share_in_use(m: Measurements, policy: Policy, i: int) -> float | None:
    """How often a class occurs: as stated with `--prior`, else in the test rows."""
    return float(m.test.class_shares(policy.prior)[i]) if policy.prior else m.test.prevalence(i)


@check("better-than-majority", title="Better than always answering the majority", needs=(Confusion,))
def better_than_majority(
    m: Measurements, *, policy: Policy, alpha: float = 0.05, margin: float = 0.10
) -> Iterator[Finding]:
    """Does the model beat the predictor that always answers the most frequent class?

    Both answer the same rows, so the rows on which exactly one is right decide: McNemar's mid-p test, one-sided (Fagerland,
    Lydersen & Laake 2013). No gain is a finding of its own: the upper bound of the difference in accuracy (Tango 1998) lies
    under `margin` of the room that the majority leaves. Where rows stand in groups or carry weights the lower bound of that
    difference, on effective rows, decides in place of the test. A model that is less accurate than the majority but has a balanced
    accuracy above one half trades accuracy for recall, which is information. The majority class is learnt from train where
    it is given.
    """
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
        yield seen
    elif gain.value is not None and gain.value < 0 and balanced is not None and balanced > 1 / m.task.n_classes:
        yield replace(seen, message=f"{versus}: the model trades accuracy for recall")
    elif high is not None and high < room:
        why = f"{'less accurate than' if worse else 'no gain in accuracy over'} always answering {name}"
        remedy = "Do not quote accuracy; judge by the recall and precision of each class."
        yield seen.failing(_severity(m, gating=gating), why, remedy=remedy)
    else:
        few = plural(only_model + only_majority, "row")
        remedy = f"Label more rows: {few} on which only one of the two is right cannot tell."
        yield seen.undecided(f"{plural(counts.n, 'row')} cannot tell whether there is a gain", remedy=remedy)


def _compared(m: Measurements, paired: PairedDifference, gain: Estimate, alpha: float) -> tuple[bool, bool, str]:
    """Whether the model is shown to be better, whether worse, and by what."""
    if m.test.grouped or m.test.weighted:
        low, high = gain.lower(alpha), gain.upper(alpha)
        return low is not None and low > 0, high is not None and high < 0, f"{gain.method}, at least {_points(low)}"
    chance = mcnemar_mid_p(int(paired.n10), int(paired.n01))
    worse = mcnemar_mid_p(int(paired.n01), int(paired.n10)) <= alpha
    return chance <= alpha, worse, f"McNemar mid-p test, {p_value(chance)}"


def _points(value: float | None) -> str:
    return "–" if value is None else f"{number(100 * value, 1)} points"


def _severity(m: Measurements, *, gating: bool) -> Severity:
    if gating:
        return Severity.BLOCKER
    imbalance = m.test[Confusion].imbalance_ratio
    return Severity.MAJOR if imbalance is None or imbalance >= IMBALANCED else Severity.MINOR


def _gated(m: Measurements, policy: Policy, many: int) -> Iterator[tuple[int, str]]:
    if _of_positive(m, policy):
        assert m.task.positive is not None
        yield m.task.positive, m.task.class_names[m.task.positive]
        return
    if m.task.n_classes > many:
        raise NotApplicable(
            f"with {m.task.n_classes} classes some lie under any floor by chance or by nature; balanced accuracy decides"
        )
    yield from enumerate(m.task.class_names)


def _only_fails(m: Measurements, i: int) -> bool:
    """With more than two classes a floor may fail and hold nothing open, but for a class that was never tested."""
    return not m.task.is_binary and int(m.test[Confusion].support[i]) > 0


def _conditions(m: Measurements, policy: Policy) -> Iterator[tuple[str, float, bool]]:
    """(metric, limit, at least) of the user's gates and of the preset's overall floors; `recall[*]` stands for every class."""
    for gate in policy.gates:
        names = m.task.class_names if gate.metric.endswith("[*]") else ("",)
        for name in names:
            yield gate.metric.replace("[*]", f"[{name}]"), gate.limit, gate.at_least is not None
    preset, positive = policy.preset, m.task.positive
    if preset.balanced_accuracy is not None:
        yield "balanced_accuracy", preset.balanced_accuracy, True
    if preset.roc_auc is not None:
        yield "roc_auc", preset.roc_auc, True
    prevalence = None if positive is None else _share_in_use(m, policy, positive)
    if preset.average_precision is not None and prevalence is not None:
        yield "average_precision", preset.average_precision.at(prevalence), True


def _gate(m: Measurements, policy: Policy, metric: str, limit: float, *, at_least: bool) -> Gate:
    class_name = metric.removesuffix("]").partition("[")[2]
    subject = f"class {class_name}" if class_name else ""
    try:
        estimate, where = m.test.metric_in_use(metric, policy.prior)
    except NotApplicable as reason:
        return Gate(
            metric,
            Smooth(None, None, "identity", 0, ""),
            limit,
            at_least,
            subject,
            message=f"{spoken(metric)} cannot be computed: {reason}",
            remedy="Give what it needs, or state another condition.",
        )
    counted, share = _counted(m, metric, class_name)
    return Gate(
        metric,
        estimate,
        limit,
        at_least,
        subject,
        counted,
        share,
        remedy=f"Train or choose a threshold until {metric} clears the limit, or state another limit with the reason for it.",
        where=where,
    )


def _class_meant(m: Measurements, class_name: str) -> str:
    """The class of a metric: that in its brackets, else the positive one."""
    if class_name or m.task.positive is None:
        return class_name
    return m.task.class_names[m.task.positive]


def _counted(m: Measurements, metric: str, class_name: str) -> tuple[str, float | None]:
    """What one more of would narrow a metric, and its share of all rows; without a class the positive one is meant."""
    matrix, plain = m.test[Confusion], metric.partition("[")[0]
    class_name = _class_meant(m, class_name)
    if class_name not in m.task.class_names or plain not in ("recall", "precision", "specificity"):
        return "rows", 1.0
    index, name = m.task.class_names.index(class_name), quoted(class_name)
    if plain == "precision":
        return f"rows called {name}", matrix.call_rate(index)
    prevalence = matrix.prevalence(index)
    if plain == "specificity":
        return f"rows that are not {name}", None if prevalence is None else 1 - prevalence
    return f"{name} rows", prevalence
