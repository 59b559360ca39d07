"""How a family of gates is decided, what presets ask, and what a waiver does."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.config import Config
from auditor.errors import UsageError
from auditor.findings import Finding, Gate, Severity, Status
from auditor.gating import resolve
from auditor.policy import PRESETS, policy_of, state_of, waived
from auditor.settings import GateSettings, Waiver
from auditor.statistics import Proportion, Smooth

TODAY = date(2026, 11, 21)
DATA = {"predictions": Path("p.csv"), "test": Path("p.csv")}


def gate(k, n, limit, **more):
    return Gate("recall[x]", Proportion(k, n), limit, subject="class x", counted="x rows", share=0.1, **more)


@given(st.integers(1, 400), st.data())
def test_pass_fail_and_undecided_follow_the_bounds(n, data):
    k, limit = data.draw(st.integers(0, n)), data.draw(st.floats(0.05, 0.95))
    (finding,) = resolve([gate(k, n, limit)])
    estimate = Proportion(k, n)
    expected = (
        Status.PASS
        if estimate.lower(0.05) >= limit
        else Status.FAIL
        if estimate.upper(0.05) < limit
        else Status.INCONCLUSIVE
    )
    assert finding.status is expected


def test_failing_is_corrected_over_the_family_and_passing_is_not():
    (alone,) = resolve([gate(150, 200, 0.80)])
    assert alone.status is Status.FAIL
    family = resolve([gate(150, 200, 0.80), *[gate(161, 200, 0.80)] * 9])
    assert family[0].status is Status.INCONCLUSIVE
    (passing, *_) = resolve([gate(190, 200, 0.90), *[gate(161, 200, 0.80)] * 9])
    assert passing.status is Status.PASS


def test_holm_steps_down_once_the_worst_is_rejected():
    """150 of 200 misses 80% at the level of one gate and not at that of two; beside a clear failure it is tested alone."""
    assert Proportion(150, 200).upper(0.05) < 0.80 < Proportion(150, 200).upper(0.025)
    both_close = resolve([gate(150, 200, 0.80), gate(150, 200, 0.80)])
    beside_clear = resolve([gate(10, 200, 0.80), gate(150, 200, 0.80)])
    assert [f.status for f in both_close] == [Status.INCONCLUSIVE] * 2
    assert [f.status for f in beside_clear] == [Status.FAIL] * 2


def test_an_undefined_estimate_is_undecided_and_says_what_is_missing():
    (finding,) = resolve([gate(0, 0, 0.5)])
    assert finding.status is Status.INCONCLUSIVE
    assert "nothing to count" in finding.message
    assert "labelled x rows" in finding.remedy


def test_a_rate_practically_at_the_limit_cannot_be_decided_by_labels():
    (finding,) = resolve([gate(800, 1000, 0.80)])
    assert "practically at the limit" in finding.remedy


def test_an_undecided_smooth_gate_says_how_many_rows_would_decide():
    estimate = Smooth(0.80, 0.05, "identity", 200, "normal")
    (finding,) = resolve([Gate("roc_auc", estimate, 0.75)])
    assert finding.status is Status.INCONCLUSIVE
    more = int(finding.remedy.split("about ")[1].split(" more")[0].replace(",", ""))
    z = 1.6449 + 0.8416
    assert more == pytest.approx(200 * (z * 0.05 / 0.05) ** 2 - 200, rel=0.01)


@given(st.permutations([gate(10, 200, 0.8), gate(130, 200, 0.8), gate(199, 200, 0.8)]))
def test_the_order_of_the_gates_changes_no_answer(gates):
    expected = {(10, Status.FAIL), (130, Status.FAIL), (199, Status.PASS)}
    assert {(int(g.estimate.k), f.status) for g, f in zip(gates, resolve(gates), strict=True)} == expected


def test_gates_without_a_named_preset_stand_alone():
    gates = (GateSettings(metric="accuracy", at_least=0.9),)
    assert policy_of(Config(**DATA, gates=gates)).preset.recall is None
    assert policy_of(Config(**DATA, gates=gates, preset="fraud")).preset.recall == 0.90
    assert policy_of(Config(**DATA)).preset.name == "balanced"


def test_criteria_are_confirmed_only_when_the_user_states_some():
    assert not policy_of(Config(**DATA)).confirmed
    assert policy_of(Config(**DATA, preset="balanced")).confirmed
    assert policy_of(Config(**DATA, limits={"class-recall": {"floor": 0.6}})).confirmed


def finding(check="class-recall", subject="class fraud"):
    return Finding(Status.FAIL, "missed", Severity.BLOCKER, check=check, subject=subject, gate=True)


def waiver(**changes):
    return Waiver(**{"check": "class-recall", "reason": "known", "by": "R. Viewer", "expires": "2027-01-31", **changes})


def test_a_waiver_in_force_stays_visible():
    (one,) = waived([finding()], [waiver()], TODAY)
    assert one.waived == "known (R. Viewer, until 2027-01-31)"


@pytest.mark.parametrize(
    "other", [waiver(expires="2026-11-20"), waiver(subject="class spam"), waiver(check="acceptance")]
)
def test_a_waiver_that_lapsed_or_names_something_else_does_nothing(other):
    (one,) = waived([finding()], [other], TODAY)
    assert not one.waived


def test_a_waiver_without_a_readable_date_is_refused():
    with pytest.raises(UsageError, match="2027-01-31"):
        policy_of(Config(**DATA, waivers=(waiver(expires="soon"),)))


def test_a_family_of_a_thousand_gates_is_decided_at_once():
    draw = np.random.default_rng(0)
    findings = resolve([gate(int(k), 50, 0.5) for k in draw.binomial(50, 0.75, 1000)])
    assert sum(f.status is Status.FAIL for f in findings) == 0


def test_a_waiver_says_whether_it_does_anything():
    assert state_of(waiver(), [finding()], TODAY) == "in force"
    assert state_of(waiver(expires="2026-11-20"), [finding()], TODAY) == "lapsed"
    assert state_of(waiver(subject="class spam"), [finding()], TODAY) == "without a match"


def test_a_limit_no_metric_can_reach_is_refused_with_a_guess():
    with pytest.raises(
        UsageError, match=r"gate accuracy: its values lie between 0 and 1, the limit is 98; did you mean 0\.98\?"
    ):
        policy_of(Config(**DATA, gates=(GateSettings(metric="accuracy", at_least=98),)))
    assert policy_of(Config(**DATA, gates=(GateSettings(metric="log_loss", at_most=2),))).gates


def test_every_preset_says_what_it_asks():
    said = {name: " ".join(preset.conditions()) for name, preset in PRESETS.items()}
    assert "Recall of the positive class: at least 90%" in said["fraud"]
    assert "3 times the prevalence, at most 30%, and no less than 10% of the way" in said["fraud"]
    assert "Balanced accuracy: at least 70%" in said["balanced"]
    assert "More accurate than always answering the majority" in said["balanced"]
    assert "ROC-AUC: at least 75%" in said["ranking"]


def test_an_undecided_gate_below_its_limit_is_not_told_to_label_in_order_to_fail():
    found = resolve([gate(62, 150, 0.5), *[gate(190, 200, 0.5)] * 4])[0]
    assert found.status is Status.INCONCLUSIVE
    assert "Taken alone it would fail" in found.message
    assert found.remedy.startswith("It lies below the limit: improve the model. To prove that it fails, label")
    assert found.interval.high >= 0.5


def test_the_labels_that_would_prove_a_failure_reckon_with_holm():
    found = resolve([gate(62, 150, 0.5), *[gate(190, 200, 0.5)] * 4])[0]
    total = int(found.remedy.split("with ")[1].split(" in all")[0].replace(",", ""))
    draw = np.random.default_rng(0).binomial(total, 62 / 150, 4000)
    fails = np.mean([Proportion(int(k), total).upper(0.01) < 0.5 for k in draw])
    assert 0.76 < fails < 0.86
