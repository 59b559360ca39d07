"""Checks of rows that may have several labels: of each label as of two classes, or of all labels at once."""

from dataclasses import replace

import numpy as np
import pytest

from auditor.batches import OutputKind
from auditor.checking import check, judge
from auditor.findings import Finding, NotApplicable, Severity, Status
from auditor.measurements import ProbeResult
from auditor.policy import PRESETS, Policy
from auditor.report import VerdictStatus
from auditor.settings import GateSettings
from auditor.testing import compute, measured, rows
from auditor.verdict import decide

NAMES = ("common", "rare", "even")
PREVALENCE = (0.3, 0.05, 0.5)


def truth(n=2000, seed=0, prevalence=PREVALENCE):
    return (np.random.default_rng(seed).random((n, len(prevalence))) < prevalence).astype(int)


def noisy(labels, found=0.9, false_alarms=0.02, seed=1):
    """Decisions that find a share of each label and give it wrongly to a share of the others."""
    draw = np.random.default_rng(seed).random(labels.shape)
    return np.where(labels == 1, draw < found, draw < false_alarms).astype(int)


def of(labels, train=None, **said):
    names = NAMES if np.shape(labels)[1] == 3 else tuple(f"l{i}" for i in range(np.shape(labels)[1]))
    return measured(rows(labels, **said), class_names=names, train=train)


def verdict(checks, m, preset="balanced"):
    policy = Policy(PRESETS[preset], (), confirmed=True)
    return decide(judge(list(checks.values()), m, policy), policy)


def subjects(findings, status):
    return {finding.subject for finding in findings if finding.status is status}


def test_a_label_that_is_missed_fails_by_its_name(checks):
    labels = truth()
    called = noisy(labels)
    called[:, 1] = noisy(labels, found=0.1)[:, 1]
    findings = compute(checks["class-recall"], of(labels, predicted=called))
    assert subjects(findings, Status.FAIL) == {"label rare"}
    failed = next(f for f in findings if f.status is Status.FAIL)
    assert failed.metric == "recall[rare]"
    assert failed.message.startswith("Recall on rare is ")


@pytest.mark.parametrize("constant", [0, 1])
def test_one_answer_to_everything_is_not_ready(checks, constant):
    labels = truth()
    assert verdict(checks, of(labels, predicted=np.full_like(labels, constant))).status is VerdictStatus.NOT_READY


def test_a_good_model_is_ready(checks):
    assert verdict(checks, of(truth(), predicted=noisy(truth()))).status is VerdictStatus.READY


def test_an_undecided_floor_of_a_label_holds_nothing_open_but_a_label_without_rows_does(checks):
    labels = truth(400)
    labels[:, 1] = 0
    labels[:9, 1] = 1
    called = noisy(labels)
    called[:9, 1] = [1, 1, 1, 1, 1, 1, 0, 0, 0]
    few = of(labels, predicted=called)
    assert subjects(compute(checks["class-recall"], few), Status.INCONCLUSIVE) == {"label rare"}
    assert verdict(checks, few).status is VerdictStatus.READY
    labels[:, 1] = 0
    assert verdict(checks, of(labels, predicted=noisy(labels))).status is VerdictStatus.NEEDS_REVIEW


def test_gates_on_every_label_and_on_all_of_them_are_decided_together(checks):
    labels = truth()
    gates = (GateSettings(metric="recall[*]", at_least=0.8), GateSettings(metric="hamming_loss", at_most=0.1))
    policy = Policy(PRESETS["balanced"], gates, confirmed=True)
    findings = judge([checks["acceptance"]], of(labels, predicted=noisy(labels)), policy)
    assert [f.metric for f in findings] == [*(f"recall[{name}]" for name in NAMES), "hamming_loss", "balanced_accuracy"]
    assert {f.status for f in findings} == {Status.PASS}


def test_a_gate_on_what_needs_one_class_a_row_is_undecided_with_the_reason(checks):
    policy = Policy(PRESETS["balanced"], (GateSettings(metric="mcc", at_least=0.5),), confirmed=True)
    found = judge([checks["acceptance"]], of(truth(), predicted=noisy(truth())), policy)[0]
    assert found.status is Status.INCONCLUSIVE
    assert "ask for mcc[LABEL]" in found.message


def test_precision_of_a_label_is_that_of_its_stated_share(checks):
    labels = truth()
    policy = Policy(PRESETS["balanced"], (), confirmed=True, prior={"rare": 0.001})
    findings = judge([checks["class-precision"]], of(labels, predicted=noisy(labels)), policy)
    found = next(f for f in findings if f.subject == "label rare")
    assert "where 0.1% of the rows are “rare”" in found.message
    assert found.value == pytest.approx(0.043, abs=0.02)
    assert "where" not in next(f for f in findings if f.subject == "label even").message


@pytest.mark.parametrize(
    ("called", "status"),
    [(noisy, Status.PASS), (np.zeros_like, Status.FAIL), (lambda y: noisy(y, 0.3, 0.4), Status.FAIL)],
    ids=["good", "no label", "worse"],
)
def test_the_answers_are_held_against_one_answer_to_every_row(checks, called, status):
    labels = truth(prevalence=(0.3, 0.05, 0.4))
    (found,) = compute(checks["better-than-majority"], of(labels, predicted=called(labels)))
    assert found.status is status
    assert found.severity is (Severity.BLOCKER if status is Status.FAIL else Severity.INFO)
    assert "giving every row no label, as most rows in test have it" in found.message


def test_the_constant_answer_gives_the_labels_that_most_training_rows_have(checks):
    labels, train = truth(), rows(truth(prevalence=(0.9, 0.05, 0.8)), predicted=truth())
    (found,) = compute(checks["better-than-majority"], of(labels, train=train, predicted=noisy(labels)))
    assert "giving every row “common”, “even”, as most rows in train have it" in found.message


def test_fewer_right_answers_for_more_labels_found_is_a_trade(checks):
    labels = truth(prevalence=(0.05, 0.05, 0.05))
    (found,) = compute(checks["better-than-majority"], of(labels, predicted=noisy(labels, 0.9, 0.1)))
    assert found.status is Status.PASS
    assert found.message.endswith("the model trades right answers for labels found.")


def test_a_check_of_two_classes_is_asked_of_each_label(checks):
    labels = truth()
    p = np.clip(noisy(labels) * 0.8 + 0.1, 0, 1)
    p[:, 1] = np.random.default_rng(5).random(len(p))
    findings = compute(checks["better-than-chance"], of(truth(20_000), probabilities=np.repeat(p, 10, axis=0)))
    assert subjects(findings, Status.FAIL) <= {f"label {name}" for name in NAMES}
    findings = compute(checks["better-than-chance"], of(labels, probabilities=p))
    assert subjects(findings, Status.PASS) == {"label common", "label even"}
    assert all(f.message.startswith(f"Label “{f.subject.removeprefix('label ')}”: ") for f in findings)


def test_a_label_that_is_never_given_is_one_answer_to_everything(checks):
    labels = truth()
    called = noisy(labels)
    called[:, 0] = 0
    findings = compute(checks["constant-prediction"], of(labels, predicted=called))
    assert subjects(findings, Status.FAIL) == {"label common"}


def test_many_labels_without_fault_are_told_as_one(checks):
    labels = truth(prevalence=(0.3,) * 8)
    called = noisy(labels)
    assert [f.message for f in compute(checks["constant-prediction"], of(labels, predicted=called))] == [
        "As it should be on all 8 labels: " + ", ".join(f"“l{i}”" for i in range(8)) + "."
    ]
    called[:, 3] = 0
    failed, passed = compute(checks["constant-prediction"], of(labels, predicted=called))
    assert failed.subject == "label l3"
    assert passed.message.startswith("As it should be on 7 of 8 labels: ")


def test_many_labels_that_the_rows_cannot_decide_are_told_as_one_with_the_first_of_them(checks):
    draw = np.random.default_rng(0)
    labels = truth(400, prevalence=(0.05,) * 8)
    findings = compute(
        checks["calibration"], of(labels, probabilities=np.clip(0.05 + 0.02 * draw.random((400, 8)), 0, 1))
    )
    undecided = [f for f in findings if f.status is Status.INCONCLUSIVE]
    assert len(undecided) == 1
    assert undecided[0].message.startswith("Undecided on ")
    assert " of 8 labels: “l" in undecided[0].message or "all 8 labels: “l0”" in undecided[0].message
    assert "cannot show more than the overall level (100 are needed)" in undecided[0].message


def test_labels_that_could_not_be_examined_are_named_with_the_reason(checks):
    labels = truth(3000)
    labels[:, 1] = 0
    p = np.clip(labels * 0.5 + np.random.default_rng(0).random(labels.shape) * 0.5, 0.01, 0.99)
    findings = compute(checks["threshold-choice"], of(labels, probabilities=p))
    assert [f.message for f in findings if f.status is Status.SKIP] == [
        "1 of 3 labels, “rare”: 0 rows of the rarer class allow no advice (30 are needed)."
    ]
    unscored = compute(checks["calibration"], of(labels, predicted=labels))
    assert [(f.status, f.message) for f in unscored] == [(Status.SKIP, "The batch has decisions and no scores.")]


def test_another_threshold_is_offered_for_the_label_that_needs_it(checks):
    draw, labels = np.random.default_rng(0), truth(6000, prevalence=(0.4, 0.2, 0.5))
    logits = 6 * labels - 3 + draw.normal(size=labels.shape)
    logits[:, 1] -= 5
    m = of(labels, probabilities=1 / (1 + np.exp(-logits)))
    findings = judge(list(checks.values()), m, Policy(PRESETS["balanced"], (), confirmed=True))
    (found,) = [f for f in findings if f.check == "threshold-choice" and f.status is Status.FAIL]
    assert found.subject == "label rare"
    assert found.remedy.startswith("Run again with rare = 0.")
    assert "under [thresholds]" in found.remedy


def test_a_shift_of_one_label_is_found_on_it(checks):
    train = rows(truth(4000, prevalence=(0.3, 0.4, 0.5)), predicted=truth(4000))
    findings = compute(checks["prior-shift"], of(truth(), train=train, predicted=truth()))
    assert subjects(findings, Status.FAIL) == {"label rare"}
    assert next(f for f in findings if f.status is Status.FAIL).message.startswith("Label “rare”: it is ")


def test_the_share_of_right_answers_can_hide_a_rare_label(checks):
    labels = truth(prevalence=(0.05, 0.03, 0.04))
    (found,) = compute(checks["class-imbalance"], of(labels, predicted=noisy(labels, 0.2, 0.001)))
    assert (found.status, found.severity) == (Status.FAIL, Severity.MAJOR)
    assert "The rarest label is rare with" in found.message


def test_copies_of_training_rows_are_taken_out(checks):
    draw, labels = np.random.default_rng(0), truth(600)
    x = draw.normal(size=(600, 2))
    train = rows(labels[:300], predicted=labels[:300], features=x[:300])
    m = measured(rows(labels[250:], predicted=noisy(labels[250:]), features=x[250:]), class_names=NAMES, train=train)
    (found,) = compute(checks["shared-rows"], m)
    assert found.message.startswith("50 of 350 test rows")
    assert m.test.n == 300


def test_the_generalisation_gap_is_that_of_all_labels(checks):
    labels = truth()
    train = rows(labels, predicted=labels)
    (found,) = compute(
        checks["generalisation-gap"], of(truth(seed=9), train=train, predicted=noisy(truth(seed=9), 0.6))
    )
    assert found.status is Status.FAIL
    assert found.message.startswith("Balanced accuracy is 100% on 2,000 training rows")


def probed(m, kind):
    return replace(m, probe=ProbeResult(kind, declared=False, n_rows=100))


def test_a_softmax_over_labels_is_suspected(checks):
    labels = truth(300)
    p = np.random.default_rng(0).dirichlet(np.ones(3), 300)
    (found,) = compute(checks["output-kind"], probed(of(labels, probabilities=p), OutputKind.SIGMOID))
    assert found.status is Status.FAIL
    assert "sum to 1 over the labels" in found.message
    apart = np.random.default_rng(0).random((300, 3))
    assert (
        compute(checks["output-kind"], probed(of(labels, probabilities=apart), OutputKind.SIGMOID))[0].status
        is Status.PASS
    )
    (twice,) = compute(checks["output-kind"], probed(of(labels, probabilities=apart), OutputKind.LOGITS))
    assert "a sigmoid would be applied twice" in twice.message


def test_a_check_of_a_plug_in_is_asked_of_each_label_or_of_all_as_it_says():
    @check("each", title="Of each label")
    def each(m):
        yield Finding.passed(f"{m.task.class_names}: {m.test.n} rows")

    @check("all", title="Of all labels", by_label=False)
    def together(m):
        yield Finding.passed(f"{m.task.class_names}: {m.test.n} rows")

    @check("broken", title="Broken")
    def broken(m):
        raise NotApplicable("no") if m.task.label == "rare" else ValueError("oops")
        yield

    m = of(truth(50), predicted=truth(50))
    assert [f.message for f in compute(each, m)] == [
        f"Label “{name}”: ('not {name}', '{name}'): 50 rows." for name in NAMES
    ]
    assert [f.message for f in compute(together, m)] == ["('common', 'rare', 'even'): 50 rows."]
    assert [f.status for f in compute(broken, m)] == [Status.ERROR, Status.ERROR, Status.SKIP]
