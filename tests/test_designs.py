"""What a user sees who declares groups or weights."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner
from sklearn import metrics

from auditor import report
from auditor.cli import main


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Predictions on 40 patients of 25 rows, who are easy or hard as a whole; every 100th row names no patient."""
    random, n = np.random.default_rng(1), 1000
    patient, weight = np.repeat(np.arange(40), 25), random.exponential(size=n).round(3) + 0.01
    labels = random.integers(0, 2, n)
    margin = (2 * labels - 1) * (1.6 + 1.6 * random.normal(size=40)[patient] + random.normal(size=n))
    lines = [
        f"{'ill' if y else 'well'},{1 / (1 + np.exp(-z)):.6f},{'' if i % 100 == 0 else f'P{g}'},{w:.3f}"
        for i, (y, z, g, w) in enumerate(zip(labels, margin, patient, weight, strict=True))
    ]
    path = tmp_path_factory.mktemp("design") / "p.csv"
    path.write_text("\n".join(["label,score,patient,w", *lines]) + "\n")
    return path


def audited(table: Path, out: Path, *options: str) -> dict:
    """report.json of an audit of the table, valid by its schema; pages where something is declared."""
    pages = "json,html" if options else "json"
    kept = ["--positive", "ill", "--gate", "recall[ill]>=0.8", "--format", pages, "--out", str(out), "--quiet"]
    ignored = [word for name in ("patient", "w") if name not in options for word in ("--id", name)]
    result = CliRunner().invoke(main, ["run", "--predictions", str(table), *kept, *ignored, *options])
    assert result.exit_code in (0, 1, 3), result.output
    found = json.loads((out / "report.json").read_text())
    jsonschema.validate(found, report.schema())
    return found


def gate(found: dict) -> dict:
    (only,) = [finding for finding in found["findings"] if finding["check"] == "acceptance"]
    return only


def test_groups_turn_a_pass_into_an_open_question_and_say_why(table, tmp_path):
    plain, grouped = audited(table, tmp_path / "a"), audited(table, tmp_path / "b", "--group", "patient")
    assert (gate(plain)["status"], gate(grouped)["status"]) == ("pass", "inconclusive")
    assert gate(plain)["value"] == gate(grouped)["value"]
    assert "independent ones; 95% interval" in gate(grouped)["message"]
    assert "rows from new groups" in gate(grouped)["remedy"]
    test = grouped["measurements"]["test"]
    assert test["design"] == {"groups": 50, "ungrouped": 10, "weighted": False, "kish_effective_n": None}
    assert test["accuracy"]["effective_n"] == pytest.approx(1000 / test["accuracy"]["design_effect"])
    assert "1,000 rows in 50 groups; 10 rows without a group each count as one" in test["notes"][0]
    assert "Korn" in (tmp_path / "b" / "report.html").read_text()


def test_weights_change_the_values_and_leave_the_counts(table, tmp_path):
    plain, weighted = audited(table, tmp_path / "a"), audited(table, tmp_path / "b", "--weight", "w")
    columns = np.genfromtxt(table, delimiter=",", names=True, dtype=None, encoding="utf-8")
    truth, called = columns["label"] == "ill", columns["score"] > 0.5
    recall = weighted["measurements"]["test"]["recall"]
    assert recall["value"] == pytest.approx(metrics.recall_score(truth, called, sample_weight=columns["w"]), rel=1e-9)
    own = columns["w"][truth]
    assert recall["effective_n"] == pytest.approx(own.sum() ** 2 / (own**2).sum(), rel=1e-9)
    assert (recall["n"], recall["k"]) == (truth.sum(), None)
    assert weighted["measurements"]["test"]["confusion"] == plain["measurements"]["test"]["confusion"]
    assert weighted["measurements"]["test"]["reliability"] is None
    assert "by weight" in weighted["verdict"]["sentence"] + gate(weighted)["message"]
    skipped = {f["check"] for f in weighted["findings"] if "the rows carry weights" in f["message"]}
    assert {"calibration", "threshold-choice", "precision-recall-balance"} <= skipped
    assert "rows counted, not weighed" in (tmp_path / "b" / "report.html").read_text()


def test_groups_can_stand_in_the_settings_file(table, tmp_path):
    config = tmp_path / "auditor.toml"
    config.write_text(f'predictions = "{table}"\npositive = "ill"\ngroup = "patient"\nweight = "w"\n')
    out = ["--format", "json", "--out", str(tmp_path / "out"), "--quiet"]
    CliRunner().invoke(main, ["run", "--config", str(config), *out])
    found = json.loads((tmp_path / "out" / "report.json").read_text())
    assert found["measurements"]["test"]["design"]["groups"] == 50
    assert found["measurements"]["test"]["design"]["weighted"]
    assert found["measurements"]["test"]["log_loss"]["method"] == "bucket jackknife"


def test_too_few_groups_leave_conditions_open_and_ask_for_more(tmp_path):
    table = tmp_path / "p.csv"
    lines = [f"{label},{label},G{i % 5}" for i, label in enumerate(["yes", "no"] * 200)]
    table.write_text("\n".join(["label,predicted,g", *lines]) + "\n")
    options = ["--positive", "yes", "--group", "g", "--gate", "recall[yes]>=0.5", "--gate", "mcc>=0.5"]
    out = ["--format", "json", "--out", str(tmp_path / "out"), "--quiet"]
    result = CliRunner().invoke(main, ["run", "--predictions", str(table), *options, *out])
    found = json.loads((tmp_path / "out" / "report.json").read_text())
    assert result.exit_code == 3
    asked = [finding for finding in found["findings"] if finding["check"] == "acceptance"]
    assert [finding["status"] for finding in asked] == ["inconclusive", "inconclusive"]
    assert all("So few groups show no interval" in finding["message"] for finding in asked)
    assert all("10 at the least" in finding["remedy"] for finding in asked)


def test_a_missing_column_is_one_clear_line(table, tmp_path):
    given = ["run", "--predictions", str(table), "--positive", "ill", "--group", "patent", "--out", str(tmp_path)]
    result = CliRunner().invoke(main, given)
    assert result.exit_code == 2
    assert 'has no group column "patent" (did you mean "patient"?)' in result.stderr
