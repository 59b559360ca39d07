"""Groups, ids and times from a table to the report: what is declared is compared, told and drawn."""

import json
from pathlib import Path

import numpy as np
import pytest

from auditor import audit
from auditor.config import load_config
from auditor.errors import UsageError
from auditor.report import Report
from auditor.report import VerdictStatus as Verdict

DAY = np.timedelta64(1, "D")


def written(path: Path, draw: np.random.Generator, days: np.ndarray, patients: np.ndarray, right: np.ndarray) -> Path:
    """A table of decisions that are right with these probabilities."""
    labels = draw.integers(0, 2, len(days))
    called = np.where(draw.random(len(days)) < right, labels, 1 - labels)
    when = (np.datetime64("2025-01-01") + DAY * days).astype(str)
    cells = zip(patients, when, labels, called, strict=True)
    lines = [f"v{n},p{patient},{day},{label},{said}" for n, (patient, day, label, said) in enumerate(cells)]
    path.write_text("\n".join(["visit,patient,seen_on,label,predicted", *lines]) + "\n")
    return path


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, Path]:
    """Train of every second month; test of all days, harder the farther they lie from train, half of it of known patients."""
    draw = np.random.default_rng(0)
    train_days = 60 * draw.integers(0, 12, 3000) + draw.integers(0, 30, 3000)
    days = draw.integers(0, 690, 3000)
    into = days % 60
    distance = np.where(into < 30, 0, np.minimum(into - 29, 60 - into))
    patients = draw.integers(0, 2000, 3000)
    train = written(tmp_path / "train.csv", draw, train_days, draw.integers(0, 1000, 3000), np.full(3000, 0.95))
    test = written(tmp_path / "test.csv", draw, days, patients, 0.98 - 0.02 * distance - 0.15 * (patients >= 1000))
    return {"predictions": test, "train": train}


def report_of(tables: dict[str, Path], toml: str = "", **options: object) -> Report:
    folder = tables["train"].parent
    (folder / "auditor.toml").write_text(toml)
    return audit(load_config({**tables, "quiet": True, "group": "patient", "time": "seen_on", **options}, None, folder))


def told(report: Report, check: str) -> dict[str, str]:
    return {finding.subject: finding.message for finding in report.findings if finding.check == check}


def test_known_patients_and_mixed_months_ask_a_reviewer(tables: dict[str, Path]) -> None:
    report = report_of(tables, ids=("visit",))
    assert report.verdict.status is Verdict.NEEDS_REVIEW
    groups, order = told(report, "shared-groups"), told(report, "time-order")
    assert "groups that stand in train too. Accuracy is " in groups[""]
    assert "in the same place of the file" in groups["ids"]
    assert "rows near to a training row in time are easier" in order[""]
    (bars,) = next(f.figures for f in report.findings if f.check == "time-order" and f.figures)
    assert "distance in time" in bars.title


def test_a_chronological_split_can_be_asked_for(tables: dict[str, Path]) -> None:
    toml = 'ignore = ["shared-groups"]\n[limits.time-order]\nchronological = true\n'
    report = report_of(tables, toml)
    assert report.verdict.status is Verdict.INVALID_EVALUATION
    assert "the limits ask for a chronological split" in told(report, "time-order")[""]
    assert report.criteria.limits["time-order"]["chronological"] is True
    with pytest.raises(UsageError, match="must be true or false"):
        report_of(tables, "[limits.time-order]\nchronological = 1\n")


def test_what_is_declared_stands_in_the_provenance(tables: dict[str, Path]) -> None:
    config = json.loads(json.dumps(report_of(tables, ids=("visit",)).provenance.config, default=str))
    assert (config["group"], config["time"], list(config["ids"])) == ("patient", "seen_on", ["visit"])
