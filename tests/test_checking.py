"""How checks are found, limited, ordered and survived."""

import pytest

from auditor import checking
from auditor.errors import UsageError
from auditor.findings import Severity, Status
from auditor.policy import PRESETS, Policy
from auditor.testing import compute, from_confusion, measured

POLICY = Policy(PRESETS["balanced"], (), confirmed=True)
CUSTOM = '''
"""Is anything right?"""
from auditor import Finding, check
from auditor.states import Confusion


@check("{id}", title="Something is right", needs=(Confusion,))
def found(m, *, floor: float = 0.5):
    """Accuracy above a floor."""
    accuracy = m.test.metric("accuracy")
    {body}
'''


@pytest.fixture(scope="module")
def measurements():
    return measured(from_confusion([[80, 20], [20, 80]]), class_names=["a", "b"], positive="b")


def custom(folder, body="yield Finding.passed(f'Accuracy {accuracy.value:.0%}')", name="custom", id_="always-right"):
    (folder / f"{name}.py").write_text(CUSTOM.format(id=id_, body=body))
    return folder


def test_the_built_in_checks_are_found_by_path_with_text_and_stable_ids():
    checks = {check.id: check for check in checking.built_in()}
    assert set(checks) == {
        # every check, one a line
        "acceptance",
        "batch-independence",
        "better-than-chance",
        "better-than-majority",
        "calibration",
        "class-imbalance",
        "class-precision",
        "class-recall",
        "conflicting-labels",
        "constant-prediction",
        "determinism",
        "evaluation-mode",
        "finite-outputs",
        "fitted-on-everything",
        "generalisation-gap",
        "half-precision",
        "independent-rows",
        "input-sensitivity",
        "label-order",
        "loader-faithful",
        "loss-curves",
        "memorisation",
        "near-duplicates",
        "output-kind",
        "precision-recall-balance",
        "preprocessing",
        "prior-shift",
        "row-numbers",
        "shared-groups",
        "shared-rows",
        "target-leak",
        "threshold-choice",
        "time-order",
        "too-good",
    }
    assert all(len(check.doc) > 100 and check.title for check in checks.values())


def test_a_users_folder_is_loaded_as_the_built_in_one_is(tmp_path, measurements):
    (check,) = checking.from_folder(custom(tmp_path))
    (finding,) = compute(check, measurements)
    assert (finding.check, finding.title, finding.message) == ("always-right", "Something is right", "Accuracy 80%.")


def test_keyword_parameters_are_limits_that_can_be_set_and_nothing_else_can(tmp_path):
    (check,) = checking.from_folder(custom(tmp_path))
    assert check.limits == {"floor": 0.5}
    assert check.with_limits({"floor": 0.7}).limits == {"floor": 0.7}
    with pytest.raises(UsageError, match="no limit `ceiling`; it has floor"):
        check.with_limits({"ceiling": 1})
    with pytest.raises(UsageError, match="must be a number"):
        check.with_limits({"floor": "high"})


def test_a_check_that_raises_is_an_error_finding_and_stops_no_other(tmp_path, measurements):
    custom(tmp_path, "raise ZeroDivisionError('no rows')", "bad", "bad")
    custom(tmp_path, name="good", id_="good")
    findings = checking.judge(checking.from_folder(tmp_path), measurements, POLICY)
    assert [(f.check, f.status) for f in findings] == [("bad", Status.ERROR), ("good", Status.PASS)]
    assert "ZeroDivisionError: no rows" in findings[0].message


@pytest.mark.parametrize("body", ["return iter(())", "yield 42"])
def test_no_finding_and_no_finding_like_thing_are_errors(tmp_path, measurements, body):
    (check,) = checking.from_folder(custom(tmp_path, body))
    assert compute(check, measurements)[0].status is Status.ERROR


def test_not_applicable_is_a_skip_with_its_reason(tmp_path, measurements):
    (check,) = checking.from_folder(
        custom(tmp_path, "from auditor import NotApplicable; raise NotApplicable('too few rows')")
    )
    (finding,) = compute(check, measurements)
    assert (finding.status, finding.message) == (Status.SKIP, "Too few rows.")


def test_a_check_shows_at_most_twenty_findings_the_worst_first(tmp_path, measurements):
    body = "yield from (Finding.passed(f'row {i}') for i in range(30)); from auditor import Status; yield Finding(Status.FAIL, 'fault')"
    (check,) = checking.from_folder(custom(tmp_path, body))
    findings = checking.shown(compute(check, measurements))
    assert len(findings) == 21
    assert findings[0].message == "Fault."
    assert findings[-1].message == "And 11 more of this kind or milder."


def test_two_checks_of_one_id_are_refused(tmp_path):
    custom(tmp_path, id_="shared-rows")
    with pytest.raises(UsageError, match="two checks are called 'shared-rows'"):
        checking.chosen([tmp_path], (), (), {})


def test_select_ignore_and_limits_name_checks_that_exist():
    assert [check.id for check in checking.chosen([], ("prior-shift",)).run] == ["prior-shift"]
    ignoring = checking.chosen([], (), ("prior-shift",))
    assert "prior-shift" not in [check.id for check in ignoring.run]
    assert [check.id for check in ignoring.left_out] == ["prior-shift"]
    for arguments in ((("nothing",), (), {}), ((), ("nothing",), {}), ((), (), {"nothing": {}})):
        with pytest.raises(UsageError, match="no check is called 'nothing'"):
            checking.chosen([], *arguments)


@pytest.mark.parametrize("text", ["import nothing_like_this", "def broken(:", "raise SystemError('x')"])
def test_a_file_that_cannot_be_executed_is_named(tmp_path, text):
    (tmp_path / "broken.py").write_text(text)
    with pytest.raises(UsageError, match=r"broken\.py: cannot be executed"):
        checking.from_folder(tmp_path)


def test_a_folder_without_checks_or_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no check found"):
        checking.from_folder(tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        checking.from_folder(tmp_path / "absent")


def test_a_check_receives_the_findings_it_waits_for(tmp_path, measurements):
    custom(tmp_path, "yield Finding.passed('seen')", "first", "first")
    (tmp_path / "second.py").write_text(
        "from auditor import Finding, check\n\n\n@check('second', title='After', after=('first',))\n"
        "def second(m, *, earlier):\n    'Counts.'\n    yield Finding.passed(f'{len(earlier)} earlier: {earlier[0].message}')\n"
    )
    findings = checking.judge(checking.from_folder(tmp_path), measurements, POLICY)
    assert findings[-1].message == "1 earlier: Seen."


def test_an_explanation_prints_text_limits_and_source(tmp_path):
    (check,) = checking.from_folder(custom(tmp_path))
    text = checking.explanation(check)
    assert "always-right: Something is right" in text
    assert "floor = 0.5" in text
    assert str(tmp_path) in text


def test_severities_are_ordered():
    assert [severity.rank for severity in Severity] == [0, 1, 2, 3]


def test_leaving_out_a_condition_holds_the_verdict_open_and_anything_else_is_listed():
    left = checking.chosen([], (), ("class-recall", "prior-shift")).left_out
    findings = {finding.check: finding for finding in checking.left_out(left, POLICY)}
    assert {id_: finding.gate for id_, finding in findings.items()} == {"class-recall": True, "prior-shift": False}
    assert all("Left out" in finding.message and finding.status is Status.SKIP for finding in findings.values())


@pytest.mark.parametrize("body", ["raise SystemExit(0)", "raise GeneratorExit", "raise MemoryError"])
def test_whatever_a_check_raises_is_an_error_of_its_own(tmp_path, measurements, body):
    (check,) = checking.from_folder(custom(tmp_path, body))
    assert compute(check, measurements)[0].status is Status.ERROR


@pytest.mark.parametrize(
    "finding",
    [
        "Finding.passed('x', value=float('nan'))",
        "Finding.passed('x', limit=10**400)",
        "Finding.passed('')",
        "Finding('bogus', 'x')",
        "Finding(Status.FAIL, 'x', 'awful')",
        "Finding.passed('x', value='0.5')",
        "Finding(Status.PASS, 'x', figures=('abc',))",
        "Finding(Status.PASS, 'x', figures=(Curve('t', 'x', 'y', (Line('l', (1, 2), (1,)),)),))",
        "Gate('accuracy', accuracy, float('nan'))",
    ],
)
def test_a_finding_that_is_no_finding_is_the_checks_error(tmp_path, measurements, finding):
    body = f"from auditor import Curve, Gate, Line, Status; yield {finding}"
    (check,) = checking.from_folder(custom(tmp_path, body))
    assert compute(check, measurements)[0].status is Status.ERROR


def test_numbers_of_numpy_are_numbers(tmp_path, measurements):
    body = "import numpy as np; yield Finding.passed('x', value=np.float32(0.5), limit=np.int64(1))"
    (check,) = checking.from_folder(custom(tmp_path, body))
    (finding,) = compute(check, measurements)
    assert (finding.value, finding.limit, type(finding.value)) == (0.5, 1.0, float)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"floor": -1}, "between 0 and 1"),
        ({"floor": 2}, "between 0 and 1"),
        ({"floor": float("nan")}, "must be a number"),
        ({"floor": float("inf")}, "must be a number"),
    ],
)
def test_limits_that_nothing_could_meet_are_refused(tmp_path, limits, words):
    (check,) = checking.from_folder(custom(tmp_path))
    with pytest.raises(UsageError, match=words):
        check.with_limits(limits)


def test_a_check_without_an_id_or_with_states_that_are_none_is_refused(tmp_path):
    (tmp_path / "bad.py").write_text(
        "from auditor import check\n\n\n@check('x', title='X', needs=(int,))\ndef x(m):\n    yield\n"
    )
    with pytest.raises(UsageError, match="a check needs an id and states"):
        checking.from_folder(tmp_path)
