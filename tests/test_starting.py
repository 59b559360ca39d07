"""`auditor init`: a settings file from what the files tell, which runs."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from unittest.mock import patch

import pytest
import torch

from auditor.config import load_config
from auditor.data import open_splits
from auditor.errors import InputError, UsageError
from auditor.fitting import fit_lines
from auditor.resources import folder
from auditor.starting import Roles, roles_in, write_settings

ROWS = """customer_id,age,country,note,amount,fraud
1,20,AT,a b,3.5,no
2,33,CH,c d,1.5,no
3,41,DE,e f,9.5,yes
4,41,DE,g h,9.0,no
"""


def auditor(*arguments, home):
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "auditor", *arguments]
    return subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)


def written(home, stated=Roles(None, {}, None), target=None):  # noqa: B008  (frozen)
    path = write_settings(home, stated, target, force=False)
    return path.read_text(), tomllib.loads(path.read_text())


def test_files_with_telling_names_are_found_and_every_guess_is_called_one(tmp_path):
    (tmp_path / "train.csv").write_text(ROWS)
    (tmp_path / "test_2024.csv").write_text(ROWS)
    (tmp_path / "model.pt2").write_bytes(b"PK\x03\x04 not whole")
    text, table = written(tmp_path)
    assert table == {
        "model": "model.pt2", "test": "test_2024.csv", "train": "train.csv", "target": "fraud", "ids": ["customer_id"],
        "classes": ["no", "yes"], "positive": "yes",
        "categories": {"country": ["AT", "CH", "DE"], "note": ["a b", "c d", "e f", "g h"]},
    }  # fmt: skip
    assert 'target = "fraud"  # a guess: the last column' in text
    assert "labelled rows: no 3, yes 1" in text
    assert '# metric = "recall[yes]"' in text
    assert '# sha256 = "' in text


def test_text_with_many_values_tells_rows_apart_and_is_no_feature(tmp_path):
    rows = "\n".join(f"name {i},{i},{i % 2}" for i in range(100))
    (tmp_path / "test.csv").write_text(f"who,x,label\n{rows}\n")
    _, table = written(tmp_path)
    assert table["ids"] == ["who"]
    assert "categories" not in table


def test_a_column_of_dates_is_when_rows_happened(tmp_path):
    rows = "\n".join(f"2026-01-{i % 28 + 1:02},31.01.2026,{i},{i % 2}" for i in range(100))
    (tmp_path / "test.csv").write_text(f"when,posted,x,label\n{rows}\n")
    text, table = written(tmp_path)
    assert (table["time"], list(table["categories"])) == ("when", ["posted"])
    assert "ids" not in table
    assert "a guess: when each row happened" in text
    assert "visited_on" not in text


def test_without_dates_the_settings_of_columns_are_told_and_left_out(tmp_path):
    (tmp_path / "test.csv").write_text("x,label\n1,0\n2,1\n")
    text, table = written(tmp_path)
    assert not {"time", "group", "weight"} & set(table)
    assert all(f"# {name} = " in text for name in ("time", "group", "weight"))


@pytest.mark.parametrize("sample", ["lending-club", "digits", "fashion"])
def test_what_is_written_for_a_sample_opens_its_files(tmp_path, sample):
    for path in (folder("samples") / sample).iterdir():
        if path.is_file() and path.name != "auditor.toml":
            shutil.copy(path, tmp_path)
    text, table = written(tmp_path)
    splits = open_splits(load_config({}, tmp_path / "auditor.toml", tmp_path))
    assert list(splits.class_names) == table["classes"]
    if sample == "lending-club":
        assert 'model_class = "net:' in text
        assert table["history"] == "history.csv"


def test_it_runs_from_the_command_line_to_a_verdict(tmp_path):
    for path in (folder("samples") / "lending-club").iterdir():
        if path.is_file() and path.name != "auditor.toml":
            shutil.copy(path, tmp_path)
    made = auditor("init", home=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    assert "run `auditor run --config auditor.toml`" in made.stdout
    run = auditor("run", "--config", "auditor.toml", "--format", "json", home=tmp_path)
    assert run.returncode in (0, 1, 3, 4), run.stderr
    assert (tmp_path / "audit" / "report.json").is_file()
    again = auditor("init", home=tmp_path)
    assert again.returncode == 2
    assert "auditor.toml exists; remove it, or replace it with --force" in again.stderr


def test_the_class_of_weights_is_read_from_the_file_beside_them_and_not_run(tmp_path):
    shutil.copy(folder("samples") / "lending-club" / "weights.pt", tmp_path)
    (tmp_path / "test.csv").write_text(ROWS)
    net = "raise SystemExit\nclass Net(torch.nn.Module):\n    def __init__(self, width, *, depth, act=None): ...\n"
    (tmp_path / "net.py").write_text(net)
    text, table = written(tmp_path)
    assert table["model_class"] == "net:Net"
    assert "model_args = { width = 0, depth = 0 }  # to fill in" in text
    (tmp_path / "auditor.toml").unlink()
    (tmp_path / "other.py").write_text("class Other(Module): ...\n")
    text, _ = written(tmp_path)
    assert 'model_class = "module:Class"  # to fill in' in text


def test_several_models_or_no_test_data_are_questions_for_the_user(tmp_path):
    with pytest.raises(UsageError, match="no test data"):
        write_settings(tmp_path, Roles(None, {}, None), None, force=False)
    for name in ("a.pt2", "b.pt"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UsageError, match=r"several files that could be the model: name one of a\.pt2, b\.pt"):
        roles_in(tmp_path)
    assert roles_in(tmp_path, tmp_path / "a.pt2").model == tmp_path / "a.pt2"
    assert not (tmp_path / "auditor.toml").exists()


def test_a_target_that_there_is_not_is_named_with_what_there_is(tmp_path):
    (tmp_path / "test.csv").write_text(ROWS)
    with pytest.raises(InputError, match=r'did you mean "fraud"'):
        written(tmp_path, target="frauds")


def test_names_that_need_quotes_are_read_back(tmp_path):
    (tmp_path / "test.csv").write_text('"a ""b"" é",label\n"x\ty",1\nz,0\n')
    _, table = written(tmp_path)
    assert table["categories"] == {'a "b" é': ["x\ty", "z"]}


def exported(path, width):
    """A linear program that takes so many values a row."""
    layer = torch.nn.Linear(width, 2)
    program = torch.export.export(
        layer.eval(), (torch.zeros(2, width),), dynamic_shapes=({0: torch.export.Dim("batch", min=1)},)
    )
    torch.export.save(program, path)


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (5, "# the model takes 5 values a row, and 4 columns are features: 1 column missing"),
        (3, "# the model takes 3 values a row, and 4 columns are features: 1 column too many: take those that"),
        (4, None),
    ],
)
def test_columns_are_compared_with_what_the_model_takes(tmp_path, width, said):
    (tmp_path / "test.csv").write_text(ROWS)
    exported(tmp_path / "model.pt2", width)
    text, _ = written(tmp_path)
    assert (said in text) if said else ("the model takes" not in text)


def test_inputs_of_a_model_are_compared_by_their_names():
    takes, features = ["age", "amount", "income"], ["age", "amount", "note"]
    with patch("auditor.fitting._taken", return_value=[(name, 1) for name in takes]):
        lines = fit_lines(Path(__file__), features)
        assert not fit_lines(Path(__file__), takes)
    assert lines == [
        "# of the model's inputs age, amount, income:",
        "#   missing: income",
        "#   more than it takes: note",
    ]


def test_columns_called_like_a_group_a_time_or_a_weight_are_offered_as_such(tmp_path):
    (tmp_path / "test.csv").write_text("Patient-ID,visit,Date,sample_weight,x,label\n1,1,5,1,0.5,a\n1,2,6,2,0.7,b\n")
    text, table = written(tmp_path)
    assert '# group = "Patient-ID"  # a guess, from its name: the column of what rows share' in text
    assert (
        '# time = "Date"  # a guess, from its name: the column of when each row happened: numbers, or ISO dates' in text
    )
    assert '# weight = "sample_weight"  # a guess, from its name: the column of how many rows of the population' in text
    assert not {"group", "time", "weight"} & table.keys()


def test_an_order_of_classes_that_no_file_states_is_called_a_guess(tmp_path):
    (tmp_path / "test.csv").write_text(ROWS)
    text, _ = written(tmp_path)
    assert 'classes = ["no", "yes"]  # of the outputs in their order: a guess, label values of test, sorted' in text
