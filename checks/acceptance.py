"""Are the conditions of release met?"""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from auditor import Finding, Gate, Measurements, NotApplicable, Policy, Severity, check
from auditor.states import Confusion, Losses, Ranking
from auditor.statistics import Smooth
from auditor.wording import count, plural, quoted, short_ratio
from auditor.wording import metric as spoken

ALPHA, NAMED = 0.05, 5


@check("acceptance", title="The stated conditions are met", needs=(Confusion, Losses, Ranking), by_label=False)
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


@check("class-recall", title="Each class is found", needs=(Confusion,), by_label=False)
def class_recall(
    m: Measurements, *, policy: Policy, floor: float | None = None, many: int = 20
) -> Iterator[Gate | Finding]:
    """Of the rows of each class, how many are recognised.

    Accuracy hides a class that is never found when it is rare. The floor is the preset's unless `floor` is set; presets for
    one positive class ask it of that class alone. With more than two classes these floors can fail a model but not hold the
    verdict open, since among many classes some lie near a floor by chance (but a class without any test row does); Holm's
    correction covers the classes. Beyond `many` classes balanced accuracy decides instead, and those under the floor are
    counted and the lowest named. Labels of which a row may have several are held to it in the same way. Decided on
    Clopper-Pearson bounds. Signs of risk: a recall far below the accuracy.
    """
    limit = policy.preset.recall if floor is None else floor
    if limit is None:
        raise NotApplicable("no floor on every class is asked beside your own conditions")
    if m.task.n_classes > many and not _of_positive(m, policy):
        yield _lowest_classes(m, limit)
        return
    for i, name in _gated(m, policy, many):
        counts = m.test.counts
        yield Gate(
            f"recall[{name}]",
            m.test.metric(f"recall[{name}]"),
            limit,
            subject=m.task.place(name),
            counted=f"{quoted(name)} rows",
            share=counts.prevalence(i),
            only_fails=_only_fails(m, i),
            remedy=f"Look at the missed rows of {name}: more such rows in training, a weighted loss, or a lower threshold.",
        )


@check("class-precision", title="A named class is usually right", needs=(Confusion,), by_label=False)
def class_precision(m: Measurements, *, policy: Policy, floor: float | None = None, many: int = 20) -> Iterator[Gate]:
    """Of the rows that are called a class, how many belong to it.

    The floor is the preset's unless `floor` is set; for a rare class it follows the prevalence, since even a good model of a
    rare class raises false alarms. Where copies of mostly some classes were taken out, it is undecided until `--prior` states the
    share of the class in use. Precision holds for the share of classes in this test file only: where the share differs
    in use, say so with `--prior`: precision is then that of the stated share, from recall and false alarms. Decided on
    Clopper-Pearson bounds given the rows that were called so.
    """
    asked = policy.preset.precision
    if asked is None and floor is None:
        raise NotApplicable("no floor on the precision of every class is asked beside your own conditions")
    for i, name in _gated(m, policy, many):
        prevalence = _share_in_use(m, policy, i)
        limit = floor if floor is not None or asked is None else asked.at(prevalence) if prevalence else asked.most
        assert limit is not None
        remedy = f"Look at the rows wrongly called {name}: a higher threshold, or features that tell them apart."
        gate = _gate(m, policy, f"precision[{name}]", limit, at_least=True)
        gate = gate if gate.message else replace(gate, remedy=remedy)
        yield replace(gate, only_fails=not m.task.is_binary)


def _of_positive(m: Measurements, policy: Policy) -> bool:
    """Whether the floor is asked of the positive class alone."""
    return policy.preset.positive_only and m.task.positive is not None


def _lowest_classes(m: Measurements, floor: float) -> Finding:
    """How many of many classes are found less often than the floor, how many of them for certain, and the lowest."""
    matrix = m.test.counts
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
        f"Of {plural(len(tested), m.task.noun, m.task.nouns)} with test rows {many} are found less than {short_ratio(floor)} of the "
        f"time{f', {sure} of them beyond chance (Clopper-Pearson, Bonferroni)' if under.any() else ''}; lowest recall: {named}"
    )
    seen = Finding.passed(said, value=float(under.mean()), subject=f"all {m.task.nouns}")
    if not certain.any():
        return seen
    return seen.failing(Severity.MINOR, remedy=f"Decide whether these {m.task.nouns} may be served; a gate of your own, such as "
                        f"{f'recall[{m.task.class_names[tested[lowest[0]]]}]'}, holds one to a floor.")  # fmt: skip


def _share_in_use(m: Measurements, policy: Policy, i: int) -> float | None:
    """How often a class occurs: as stated with `--prior`, else in the test rows, or in all of them where copies were taken out."""
    if m.labels:
        return policy.prior.get(m.task.class_names[i], m.test.counts.prevalence(i))
    return (
        float(m.test.class_shares(policy.prior)[i])
        if policy.prior
        else (m.as_given if m.remixed else m.test).prevalence(i)
    )


def _gated(m: Measurements, policy: Policy, many: int) -> Iterator[tuple[int, str]]:
    if _of_positive(m, policy):
        assert m.task.positive is not None
        yield m.task.positive, m.task.class_names[m.task.positive]
        return
    if m.task.n_classes > many:
        raise NotApplicable(
            f"with {m.task.n_classes} {m.task.nouns} some lie under any floor by chance or by nature; balanced accuracy decides"
        )
    yield from enumerate(m.task.class_names)


def _only_fails(m: Measurements, i: int) -> bool:
    """With more than two classes a floor may fail and hold nothing open, but for a class that was never tested."""
    return not m.task.is_binary and int(m.test.counts.support[i]) > 0


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
    subject = m.task.place(class_name) if class_name else ""
    try:
        estimate, where = m.metric_in_use(metric, policy.prior)
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
    matrix, plain = m.test.counts, metric.partition("[")[0]
    class_name = _class_meant(m, class_name)
    is_f = re.fullmatch(r"f\d+(\.\d+)?", plain) is not None
    counted = is_f or plain in ("recall", "precision", "specificity", "negative_predictive_value")
    if class_name not in m.task.class_names or not counted:
        return "rows", 1.0
    index, name = m.task.class_names.index(class_name), quoted(class_name)
    calls = matrix.call_rate(index)
    if plain == "precision":
        return f"rows called {name}", calls
    if plain == "negative_predictive_value":
        return f"rows not called {name}", None if calls is None else 1 - calls
    if is_f:
        either = int(matrix.support[index] + matrix.predicted[index] - matrix.correct[index])
        return f"rows that are {name} or called so", either / matrix.n if matrix.n else None
    prevalence = matrix.prevalence(index)
    if plain == "specificity":
        return f"rows that are not {name}", None if prevalence is None else 1 - prevalence
    return f"{name} rows", prevalence
