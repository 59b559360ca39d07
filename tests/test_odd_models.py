"""Models that return or take something odd, and those that only their owner can load: through the command line."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from torch import Tensor, nn

from auditor.cli import main
from tests.models.saving import exported

ROWS = {0: torch.export.Dim("rows", min=1)}


class Two(nn.Module):
    """Names the class by the sign of a number and a looked-up code."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(3, 1)
        self.table.weight.data = torch.tensor([[-3.0], [0.0], [3.0]])

    def forward(self, age: Tensor, codes: Tensor) -> dict[str, Tensor]:
        margin = age.reshape(-1) + self.table(codes).sum((1, 2))
        return {"hidden": torch.stack([margin, margin, margin], 1), "margin": torch.stack([-margin, margin], 1)}


def auditor(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def run(home: Path, *arguments: object) -> tuple[Result, dict[str, Any]]:
    result = auditor("run", *arguments, "--device", "cpu", "--out", home / "out", "--format", "json", "--quiet")
    report = home / "out" / "report.json"
    return result, json.loads(report.read_text()) if report.exists() else {}


def accuracy(report: dict[str, Any]) -> float:
    value: float = report["measurements"]["test"]["accuracy"]["value"]
    return value


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A program of two inputs and two outputs, and a table and arrays that it gets exactly right."""
    draw = np.random.default_rng(0)
    age, codes = draw.normal(size=400).astype(np.float32), draw.integers(0, 3, (400, 2))
    labels = (age + 3 * (codes - 1).sum(1) > 0).astype(int)
    exported(
        tmp_path / "two.pt2",
        Two(),
        torch.zeros(2, 1),
        torch.zeros(2, 2, dtype=torch.int64),
        dynamic_shapes={"age": ROWS, "codes": ROWS},
    )
    lines = [f"{c},{a},{b},{label}" for a, (b, c), label in zip(age, codes, labels, strict=True)]
    (tmp_path / "test.csv").write_text("\n".join(["c2,years,c1,label", *lines]) + "\n")
    np.savez(tmp_path / "test.npz", age=age[:, None], codes=codes, y=labels)
    (tmp_path / "auditor.toml").write_text(
        'test = "test.csv"\noutput = "margin"\n[inputs]\nage = "years"\ncodes = ["c1", "c2"]\n'
    )
    return tmp_path


def test_inputs_are_fed_by_name_from_columns_and_from_arrays(home):
    trust = ("--trust-model-code", "--positive", "1")
    told, report = run(home, home / "two.pt2", "--config", home / "auditor.toml", *trust)
    assert told.exit_code == 0, told.output
    assert accuracy(report) == 1
    assert (
        "the model returns several values; `margin` is read, as --output asks" in report["provenance"]["model"]["notes"]
    )
    told, report = run(home, home / "two.pt2", "--test", home / "test.npz", "--output", "1", *trust)
    assert told.exit_code == 0, told.output
    assert accuracy(report) == 1


@pytest.mark.parametrize(
    ("settings", "help_"),
    [
        ("", 'the model takes 2 inputs, "age", "codes", and test.csv has no column of each name'),
        (
            "[inputs]\nage = 'years'",
            "takes 2 inputs: age (float32, 1 feature), codes (int64, 2 features); say in auditor",
        ),
        ("[inputs]\nage = 'years'\ncode = ['c1', 'c2']", "it has no input code; say in auditor.toml"),
        ("[inputs]\nage = 'years'\ncodes = 'c1'", "takes 2 features a row as codes, and [inputs] gives it one value"),
        ("[inputs]\nage = 'years'\ncodes = ['years', 'c1']", '[inputs] in auditor.toml names "years" 2 times'),
        ("features = ['c1']\n[inputs]\nage = 'years'", "states both features and [inputs]"),
        ("[inputs]\nage = 'year'\ncodes = ['c1', 'c2']", 'has no feature column "year" (did you mean "years"?)'),
        (
            "[inputs]\nage = 'c1'\ncodes = ['years', 'c2']",
            "takes whole numbers (int64) as codes, and some features are none",
        ),
        ("[inputs]\nage = 'years'\ncodes = []", "inputs.codes"),
        ("[inputs]\nage = {of = 'years', dtype = 'complex'}", "inputs.age"),
        ("", "`hidden` float32 (400, 3), `margin` float32 (400, 2); say which one they are with --output hidden"),
    ],
)
def test_what_does_not_fit_is_told_with_the_lines_to_write(home, monkeypatch, settings, help_):
    monkeypatch.chdir(home)
    test = "test.npz" if "hidden" in help_ else "test.csv"
    (home / "own.toml").write_text(f'model = "two.pt2"\ntest = "{test}"\ntrust_model_code = true\n{settings}\n')
    told, report = run(home, "--config", home / "own.toml")
    assert told.exit_code == 2
    assert report == {}
    assert help_ in told.stderr
    lines = told.stderr.splitlines()
    assert len(lines) == 1 or lines[1:] == ["[inputs]", 'age = ["..."]', 'codes = ["..."]']


def test_a_module_of_several_inputs_is_called_by_their_names_and_types(home, monkeypatch):
    (home / "net.py").write_text(
        "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.table = nn.Embedding(3, 1)\n\n    def forward(self, *, age, codes):\n"
        "        margin = age + self.table(codes).sum((1, 2))\n        return torch.stack([-margin, margin], 1)\n"
    )
    torch.save(Two().state_dict(), home / "weights.pt")
    (home / "own.toml").write_text(
        'test = "test.csv"\nmodel_class = "net:Net"\n[inputs]\nage = "years"\n'
        'codes = { of = ["c1", "c2"], dtype = "int64" }\n'
    )
    monkeypatch.chdir(home)
    told, report = run(home, "weights.pt", "--config", "own.toml", "--positive", "1")
    assert told.exit_code == 0, told.output
    assert accuracy(report) == 1


ADAPTER = """
import torch


def load(path):
    weight = float(path.read_text())
    return lambda age, codes: (age * weight, codes)


def prepare(batch):
    assert set(batch) == {"c2", "years", "c1"}
    return {"age": batch["years"], "codes": batch["c1"] + batch["c2"] - 2}


def scores(output):
    age, codes = output
    return torch.sigmoid(age + 3 * codes)
"""


def test_an_adapter_loads_prepares_and_reads(home):
    (home / "adapter.py").write_text(ADAPTER)
    (home / "model.txt").write_text("1.0")
    told, report = run(
        home, home / "model.txt", "--adapter", home / "adapter.py", "--test", home / "test.csv", "--positive", "1"
    )
    assert told.exit_code == 0, told.output
    assert accuracy(report) == 1
    model = report["provenance"]["model"]
    assert (model["format"], model["output_kind"]) == ("loaded by the adapter", "sigmoid")
    assert model["sha256"] == hashlib.sha256(b"1.0").hexdigest()
    digest = hashlib.sha256(ADAPTER.encode()).hexdigest()
    assert f"the adapter {home / 'adapter.py'} (sha256 {digest}) gives load, prepare, scores" in model["notes"]


def test_an_adapter_prepares_rows_for_a_model_that_is_loaded_as_usual(home):
    (home / "adapter.py").write_text(
        "import numpy as np\n\n\ndef prepare(batch):\n"
        "    return batch['years'][:, None].astype(float), np.stack([batch['c1'], batch['c2']], 1).astype(int)\n\n\n"
        "def scores(output):\n    return output['margin']\n"
    )
    options = ("--adapter", home / "adapter.py", "--test", home / "test.csv", "--trust-model-code", "--positive", "1")
    told, report = run(home, home / "two.pt2", *options)
    assert told.exit_code == 0, told.output
    assert accuracy(report) == 1


def test_settings_that_would_do_nothing_are_told(home):
    (home / "adapter.py").write_text(ADAPTER)
    options = ("--adapter", home / "adapter.py", "--test", home / "test.csv", "--model-class", "net:Net")
    told, _ = run(home, home / "two.pt2", *options)
    assert told.exit_code == 2
    assert "model_class says how a saved model is loaded, and the adapter's load() makes the model" in told.stderr


def test_a_folder_is_hashed_by_what_is_in_it(home):
    folder = home / "saved"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "w.txt").write_text("1.0")
    (home / "adapter.py").write_text(ADAPTER.replace("path.read_text", "(path / 'deep' / 'w.txt').read_text"))
    options = ("--adapter", home / "adapter.py", "--test", home / "test.csv", "--positive", "1")
    hashes = []
    for weight in ("1.0", "1.0", "1.5"):
        (folder / "deep" / "w.txt").write_text(weight)
        hashes.append(run(home, folder, *options)[1]["provenance"]["model"]["sha256"])
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("source", "help_"),
    [
        ("x = 1\n", "defines none of load, prepare, scores"),
        ("def load(path:\n", "adapter.py: running it failed at line 1: SyntaxError"),
        ("import nothing_of_this_name\n", "adapter.py: running it failed at line 1: ModuleNotFoundError"),
        ("\ndef load(path):\n    return {}['key']\n", "adapter.py: load() failed at line 3: KeyError: 'key'"),
        ("def load(path):\n    return 3\n", "load() returned a int; a callable model was expected"),
        (
            "def prepare(batch):\n    return batch['age'].no_such_method()\n",
            "adapter.py: prepare() failed at line 2: AttributeError",
        ),
        ("def scores(output):\n    raise SystemExit(0)\n", "adapter.py: scores() failed at line 2: SystemExit: 0"),
        ("def scores(output):\n    return 'nothing'\n", "two.pt2 returned a str for"),
    ],
)
def test_errors_of_an_adapter_name_file_function_and_line(home, source, help_):
    (home / "adapter.py").write_text(source)
    (home / "own.toml").write_text((home / "auditor.toml").read_text().replace('output = "margin"', ""))
    told, _ = run(
        home, home / "two.pt2", "--config", home / "own.toml", "--adapter", home / "adapter.py", "--trust-model-code"
    )
    assert told.exit_code == 2
    assert help_ in told.stderr
    assert told.stderr.count("\n") == 1


def test_output_and_scores_are_not_both_taken(home):
    (home / "adapter.py").write_text("def scores(output):\n    return output['margin']\n")
    options = ("--config", home / "auditor.toml", "--adapter", home / "adapter.py", "--trust-model-code")
    told, _ = run(home, home / "two.pt2", *options)
    assert told.exit_code == 2
    assert (
        "--output margin: the adapter's scores() says already which output is read; leave one of the two out"
        in told.stderr
    )


@pytest.mark.parametrize(("known", "code"), [(True, 0), (False, 2)])
def test_a_file_for_the_adapter_is_held_to_its_hash_too(home, known, code):
    (home / "adapter.py").write_text(ADAPTER)
    (home / "model.txt").write_text("1.0")
    digest = hashlib.sha256(b"1.0" if known else b"2.0").hexdigest()
    options = ("--adapter", home / "adapter.py", "--test", home / "test.csv", "--positive", "1", "--sha256", digest)
    told, report = run(home, home / "model.txt", *options)
    assert told.exit_code == code
    if known:
        assert "its sha256 is the one given" in report["provenance"]["model"]["notes"]
    else:
        assert "model.txt is not the file that was meant" in told.stderr


@pytest.mark.parametrize("option", [("--output", "a"), ("--adapter", "a.py"), ("--loader", "a:b")])
def test_tables_of_predictions_run_no_model(home, option):
    told, _ = run(home, "--predictions", home / "test.csv", *option)
    assert told.exit_code == 2
    assert f"{option[0]} is about running a model" in told.stderr


def test_an_adapter_is_taken_only_from_a_file_that_was_named(home, monkeypatch):
    monkeypatch.chdir(home)
    (home / "auditor.toml").write_text('model = "two.pt2"\ntest = "test.csv"\nadapter = "adapter.py"\n')
    told, _ = run(home)
    assert told.exit_code == 2
    assert "`adapter` lets code run" in told.stderr
    told, _ = run(home, "--config", "auditor.toml")
    assert "--adapter" in told.stderr
    assert "cannot be read: No such file or directory" in told.stderr
