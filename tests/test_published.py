"""Figures that others published for these tables, to the digits they printed, through the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from auditor.cli import main

PUBLISHED = Path(__file__).parent / "published"


def audited(out: Path, table: str, *options: str) -> dict:
    arguments = [
        "run",
        "--predictions",
        str(PUBLISHED / table),
        "--out",
        str(out),
        "--format",
        "json",
        "--quiet",
        *options,
    ]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code in (0, 1, 3), result.output
    return json.loads((out / "report.json").read_text())["measurements"]["test"]


def as_printed(measured: dict, figures: dict[str, str]) -> dict[str, str]:
    return {name: f"{measured[name]['value']:.{len(figure.split('.')[1])}f}" for name, figure in figures.items()}


def test_two_class_example(tmp_path):
    test = audited(tmp_path, "two_class_example.csv", "--target", "truth", "--positive", "Class1")
    figures = {
        "accuracy": "0.838",
        "kappa": "0.675",
        "precision": "0.819",
        "recall": "0.880",
        "f1": "0.849",
        "mcc": "0.677",
        "balanced_accuracy": "0.837",
        "roc_auc": "0.939",
        "average_precision": "0.947",
        "log_loss": "0.328",
        "brier_score": "0.106",
    }
    assert test["confusion"] == [[227, 31], [50, 192]]
    assert as_printed(test, figures) == figures
    assert f"{test['classes']['Class1']['specificity']['value']:.3f}" == "0.793"


def test_hpc_cv(tmp_path):
    test = audited(tmp_path, "hpc_cv.csv", "--target", "obs", "--predicted", "pred", "--id", "Resample")
    figures = {
        "accuracy": "0.7087",
        "balanced_accuracy": "0.5603",
        "mcc": "0.5153",
        "kappa": "0.5082",
        "macro_precision": "0.631",
        "macro_f1": "0.5705",
    }
    assert test["class_names"] == ["F", "L", "M", "VF"]
    assert test["confusion"] == [[647, 36, 24, 371], [60, 111, 28, 9], [219, 50, 79, 64], [141, 2, 6, 1620]]
    assert as_printed(test, figures) == figures
    assert f"{test['classes']['M']['recall']['value']:.3f}" == "0.192"


def test_pathology(tmp_path):
    test = audited(tmp_path, "pathology.csv", "--target", "pathology", "--predicted", "scan", "--positive", "abnorm")
    figures = {"kappa": "0.534", "recall": "0.895"}
    assert test["confusion"] == [[231, 27], [32, 54]]
    assert as_printed(test, figures) == figures
    assert test["accuracy"]["value"] == pytest.approx(0.828, abs=6e-4)  # .82849 was printed cut, not rounded
    assert [f"{end:.4f}" for end in test["accuracy"]["exact"]] == ["0.7844", "0.8668"]
    assert f"{test['majority']['accuracy']['value']:.2f}" == "0.75"
    assert f"{test['classes']['abnorm']['specificity']['value']:.3f}" == "0.628"
