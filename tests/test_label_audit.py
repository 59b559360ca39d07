"""Audits of rows that may have several labels, as users meet them: options, verdicts, report.json and the pages."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from jsonschema import validate
from torch import nn

import auditor as auditor_package
from auditor.cli import main
from auditor.errors import InputError
from auditor.report import schema

NAMES = ("sunny", "rainy", "windy")
LABELS = ",".join(NAMES)


def auditor(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def run(out: Path, *arguments: object) -> tuple[Result, dict]:
    result = auditor("run", *arguments, "--format", "json", "--out", out)
    assert (out / "report.json").exists(), result.output
    return result, json.loads((out / "report.json").read_text())


def weather(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which `windy` is rare, and scores that rank well and call `windy` too seldom."""
    draw = np.random.default_rng(seed)
    hidden = draw.normal(size=(n, 3)) + draw.normal(size=(n, 1))
    labels = (hidden > [0.0, 1.2, 2.2]).astype(int)
    logits = 3 * (hidden - [0.0, 1.2, 2.2]) + draw.normal(size=(n, 3)) - [0, 0, 6]
    return labels, 1 / (1 + np.exp(-logits))


def table(path: Path, labels: np.ndarray, p: np.ndarray, empty: int = 0) -> Path:
    cells = labels.astype(str).astype(object)
    cells[:empty, 2] = ""
    lines = [",".join([*row, *(f"{x:.6f}" for x in scores)]) for row, scores in zip(cells, p, strict=True)]
    path.write_text("\n".join([",".join([*NAMES, *(f"p_{name}" for name in NAMES)]), *lines]) + "\n")
    return path


@pytest.fixture(scope="module")
def test_table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table(tmp_path_factory.mktemp("weather") / "test.csv", *weather(1500, 0), empty=20)


def test_a_table_of_predictions_is_judged_by_label_and_by_row(test_table: Path, tmp_path: Path) -> None:
    result, report = run(tmp_path, "--predictions", test_table, "--labels", LABELS)
    test = report["measurements"]["test"]
    assert result.exit_code == 1
    assert "recall on `windy`: not production-ready." in report["verdict"]["headline"]
    assert report["verdict"]["headline"].startswith("Every label right on ")
    assert "Misses " in report["verdict"]["sentence"]
    assert test["multilabel"] is True
    assert (test["n_samples"], test["n_whole"]) == (1500, 1480)
    assert test["class_names"] == list(NAMES)
    assert test["confusion"] is None
    windy = test["classes"]["windy"]
    assert windy["tp"] + windy["fn"] == windy["support"]
    assert sum(windy[cell] for cell in ("tp", "fp", "fn", "tn")) == 1480
    assert test["accuracy"]["n"] == 1480
    assert test["majority"]["class_name"] == "no label"
    assert any(note.startswith("20 rows of 1,500 lack some label") for note in test["notes"])
    validate(report, schema())


def test_labels_are_guessed_from_the_columns_and_the_report_says_so(test_table: Path, tmp_path: Path) -> None:
    _, report = run(tmp_path, "--predictions", test_table)
    assert report["provenance"]["class_names_from"].endswith("(guessed)")
    assert report["measurements"]["test"]["multilabel"] is True


def test_conditions_speak_of_labels(test_table: Path, tmp_path: Path) -> None:
    _, report = run(tmp_path, "--predictions", test_table, "--gate", "recall[*]>=0.2", "--preset", "balanced")
    said = report["criteria"]["conditions"]
    assert said[:2] == ["Recall of each label: at least 50%", "Balanced accuracy, averaged over labels: at least 70%"]
    assert said[-1] == "Recall on each label: at least 0.2"


def test_a_threshold_for_one_label_is_set_in_auditor_toml(test_table: Path, tmp_path: Path) -> None:
    config = tmp_path / "auditor.toml"
    config.write_text(f'predictions = "{test_table}"\nlabels = {json.dumps(NAMES)}\n[thresholds]\nwindy = 0.01\n')
    result, report = run(tmp_path / "out", "--config", config)
    assert report["measurements"]["test"]["classes"]["windy"]["recall"]["value"] > 0.5
    assert result.exit_code == 0


def test_the_size_of_the_batches_changes_no_figure_and_the_order_of_the_rows_no_value(tmp_path: Path) -> None:
    labels, p = weather(700, 3)
    order = np.random.default_rng(0).permutation(700)
    path = table(tmp_path / "a.csv", labels, p)
    mixed = table(tmp_path / "b.csv", labels[order], p[order])
    (_, whole), (_, cut) = (run(tmp_path / size, "--predictions", path, "--batch-size", size) for size in ("700", "37"))
    assert cut["measurements"] == whole["measurements"]
    assert cut["verdict"] == whole["verdict"]
    _, permuted = run(tmp_path / "mixed", "--predictions", mixed)
    names = (
        "accuracy",
        "macro_f1",
        "micro_recall",
        "samples_f1",
        "hamming_loss",
        "roc_auc",
        "log_loss",
        "balanced_accuracy",
    )
    values = [[report["measurements"]["test"][name]["value"] for name in names] for report in (whole, permuted)]
    assert values[0] == pytest.approx(values[1], abs=1e-12)
    assert permuted["measurements"]["test"]["classes"] == whole["measurements"]["test"]["classes"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of three labels in logits and one in sigmoids, and the rows to run them on as a table and as arrays."""
    folder = tmp_path_factory.mktemp("home")
    draw = np.random.default_rng(0)
    layer = nn.Linear(4, 3)
    layer.weight.data = torch.tensor([[4.0, 0, 0, 0], [0, 4.0, 0, 0], [0, 0, 4.0, 0]])
    layer.bias.data = torch.tensor([0.0, -2.0, -5.0])
    x = draw.normal(size=(800, 4)).astype(np.float32)
    labels = (layer(torch.tensor(x)).detach().numpy() + draw.normal(size=(800, 3)) > 0).astype(int)
    lines = [
        ",".join([*(f"{value:.6f}" for value in row), *map(str, cells)]) for row, cells in zip(x, labels, strict=True)
    ]
    (folder / "test.csv").write_text("\n".join([f"a,b,c,d,{LABELS}", *lines]) + "\n")
    np.savez(folder / "test.npz", x=x, y=labels)
    for name, model in {"logits": layer, "sigmoids": nn.Sequential(layer, nn.Sigmoid())}.items():
        shapes = ({0: torch.export.Dim("batch", min=1)},)
        torch.export.save(
            torch.export.export(model.eval(), (torch.zeros(2, 4),), dynamic_shapes=shapes), folder / f"{name}.pt2"
        )
    return folder


@pytest.mark.parametrize(("model", "kind"), [("logits", "logits"), ("sigmoids", "sigmoid")])
@pytest.mark.parametrize("data", ["test.csv", "test.npz"])
def test_a_model_of_several_outputs_is_read_label_by_label(
    home: Path, tmp_path: Path, model: str, kind: str, data: str
) -> None:
    arguments = (home / f"{model}.pt2", "--trust-model-code", "--test", home / data, "--labels", LABELS)
    result, report = run(tmp_path, *arguments)
    assert result.exit_code == 0, result.output
    assert report["provenance"]["model"]["output_kind"] == kind
    assert report["measurements"]["test"]["balanced_accuracy"]["value"] > 0.8
    assert "The least found label is" in report["verdict"]["sentence"]


def in_memory(home: Path, **settings: Any) -> Any:
    arrays = np.load(home / "test.npz")
    cells = arrays["y"].astype(np.float32)
    cells[5, 1] = np.nan
    rows = [(torch.tensor(arrays["x"][i : i + 64]), torch.tensor(cells[i : i + 64])) for i in range(0, 800, 64)]
    return auditor_package.audit(home / "logits.pt2", rows, trust_model_code=True, **settings)


def test_a_loader_gives_rows_of_several_labels_as_a_file_does(home: Path, tmp_path: Path) -> None:
    arguments = (home / "logits.pt2", "--trust-model-code", "--test", home / "test.npz", "--labels", LABELS)
    _, of_file = run(tmp_path, *arguments)
    of_file = of_file["measurements"]["test"]["classes"]
    given = in_memory(home, labels=NAMES).measurements["test"]
    assert given.classes["sunny"].recall.value == of_file["sunny"]["recall"]["value"]
    assert given.classes["windy"].support == of_file["windy"]["support"]
    assert given.n_samples == 800


def test_labels_of_a_loader_have_a_column_each_and_hold_flags(home: Path) -> None:
    with pytest.raises(
        InputError, match=r"test loader: what it gives as labels of float32 has shape \(800, 3\); expected"
    ):
        in_memory(home, labels=NAMES[:2])
    with pytest.raises(InputError, match=r"if a row can have several labels, name them with --labels"):
        in_memory(home)
    with pytest.raises(InputError, match='test loader row 1, label "sunny": expected 0 or 1, found 3'):
        auditor_package.audit(torch.nn.Linear(2, 3), [(torch.ones(4, 2), torch.full((4, 3), 3))], labels=NAMES)


def test_one_threshold_is_that_of_every_label(home: Path, tmp_path: Path) -> None:
    arguments = (home / "sigmoids.pt2", "--trust-model-code", "--test", home / "test.npz", "--labels", LABELS)
    (_, half), (_, low) = (run(tmp_path / t, *arguments, "--threshold", t) for t in ("0.5", "0.1"))
    given = [[found["predicted"] for found in r["measurements"]["test"]["classes"].values()] for r in (half, low)]
    assert all(a < b for a, b in zip(*given, strict=True))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--test", "test.npz"), "if a row can have several labels, name them with --labels"),
        (
            ("--test", "test.csv", "--labels", "sunny,rainy", "--id", "windy"),
            "gives 3 outputs a row, but there are 2 labels",
        ),
        (("--test", "test.csv", "--labels", LABELS, "--preset", "fraud"), "the preset fraud is about one class"),
        (("--test", "test.csv", "--labels", LABELS, "--positive", "sunny"), "each label is its own positive class"),
        (
            ("--test", "test.csv", "--labels", LABELS, "--prior", "foggy=0.1"),
            "no label is called so; the labels are sunny",
        ),
        (("--test", "test.csv", "--labels", "sunny,foggy"), 'has no label column "foggy"'),
        (("--test", "test.csv", "--labels", LABELS, "--gate", "recall[foggy]>=0.5"), "no label is called 'foggy'"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], complaint: str
) -> None:
    monkeypatch.chdir(home)
    result = auditor("run", "sigmoids.pt2", "--trust-model-code", *arguments, "--out", tmp_path)
    assert result.exit_code == 2
    assert complaint in result.output
    assert result.output.count("\n") == 1


def test_a_model_of_sigmoids_without_named_labels_is_told_how_to_name_them(home: Path, tmp_path: Path) -> None:
    lines = (home / "test.csv").read_text().splitlines()
    one_class = [f"{line.rsplit(',', 3)[0]},{name}" for line, name in zip(lines[1:], NAMES * 300, strict=False)]
    path = tmp_path / "classes.csv"
    path.write_text("\n".join(["a,b,c,d,label", *one_class]) + "\n")
    result = auditor("run", home / "sigmoids.pt2", "--trust-model-code", "--test", path, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "if a row can have several labels, name their columns with --labels" in result.output


def test_an_output_that_is_not_finite_leaves_the_whole_row_out(tmp_path: Path) -> None:
    labels, p = weather(300, 1)
    p[4, 1] = np.nan
    path = table(tmp_path / "t.csv", labels, p)
    path.write_text(path.read_text().replace("nan", ""))
    result, report = run(tmp_path / "out", "--predictions", path, "--labels", LABELS)
    assert result.exit_code == 4
    assert report["decision"]["row_flow"]["unusable"] == 1
    assert report["measurements"]["test"]["n_samples"] == 299
