"""report.json: whole, versioned, valid against its schema, the same when read back."""

import json
from dataclasses import replace

import jsonschema
import pytest

from auditor import report as reports
from auditor.errors import InputError


def test_a_report_is_the_same_after_a_round_trip(fraud_report, tmp_path):
    text = reports.dumps(fraud_report)
    assert reports.dumps(reports.loads(text, tmp_path / "report.json")) == text


def test_it_validates_against_the_shipped_schema(fraud_report):
    schema = json.loads(reports.SCHEMA_FILE.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(reports.dumps(fraud_report)), schema)


def test_the_shipped_schema_is_that_of_the_code():
    remake = 'python -c "from auditor import report; report.SCHEMA_FILE.write_text(report.schema_text())"'
    assert reports.SCHEMA_FILE.read_text() == reports.schema_text(), f"make it again: {remake}"


def test_its_hash_is_that_of_its_content(fraud_report):
    assert reports.sealed(fraud_report).sha256 == fraud_report.sha256
    changed = replace(
        fraud_report, format_version=1, sha256="", criteria=replace(fraud_report.criteria, preset="other")
    )
    assert reports.sealed(changed).sha256 != fraud_report.sha256


def test_the_part_that_others_script_against_keeps_its_names(fraud_report):
    data = json.loads(reports.dumps(fraud_report))
    test = data["measurements"]["test"]
    assert data["format_version"] == 1
    assert data["verdict"]["status"] == "not-ready"
    assert test["n_samples"] == 10_000
    assert test["confusion"] == [[24, 176], [24, 9776]]
    assert test["accuracy"]["value"] == 0.98
    assert test["recall"]["k"] == 24
    assert [round(x, 4) for x in (test["recall"]["low"], test["recall"]["high"])] == [0.082, 0.1723]
    assert test["classes"]["fraud"]["support"] == 200
    assert test["roc_auc"] is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[1, 2]", "format_version is None, expected 1"),
        ('{"format_version": 99}', "format_version is 99, expected 1"),
        ('{"format_version": 1}', "not a whole report (verdict: Field required)"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(text, message, tmp_path):
    with pytest.raises(InputError) as caught:
        reports.loads(text, tmp_path / "x.json")
    assert message in str(caught.value)
    assert "x.json" in str(caught.value)


def test_a_report_that_was_changed_is_refused(fraud_report, tmp_path):
    text = reports.dumps(fraud_report).replace("not-ready", "ready")
    with pytest.raises(InputError, match="was changed after it was written"):
        reports.loads(text, tmp_path / "report.json")
