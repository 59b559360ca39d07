"""What MLflow tracked, as files or as a database."""

from pathlib import Path

import pytest

from auditor.errors import InputError
from auditor.histories import Wanted, read_history
from tests.histories.events import mlflow_database, mlflow_run

LINES = {"train_loss": "100 0.9 0\n200 0.5 1\n", "val/loss": "100 1.0 0\n200 nan 1\n"}


def test_text_files_of_metrics(tmp_path: Path) -> None:
    mlflow_run(tmp_path / "0" / "abc", LINES)
    found = read_history(tmp_path)
    assert (found.format, found.unit, found.epochs) == ("MLflow folder", "step", (0, 1))
    assert (found.columns["train_loss"], found.columns["val_loss"]) == ((0.9, 0.5), (1.0, None))
    assert found.not_finite == {"val_loss": (1,)}
    assert read_history(tmp_path / "0" / "abc" / "metrics").columns == found.columns


def test_of_several_runs_one_is_chosen_by_its_key_or_name(tmp_path: Path) -> None:
    mlflow_run(tmp_path / "0" / "abc", LINES, "first")
    mlflow_run(tmp_path / "0" / "def", {"loss": "1 7 0\n"}, "second")
    with pytest.raises(InputError, match=r'"abc \(first\)", "def \(second\)"'):
        read_history(tmp_path)
    assert read_history(tmp_path, Wanted(run="second")).columns["train_loss"] == (7,)
    assert read_history(tmp_path, Wanted(run="def")).columns["train_loss"] == (7,)


def test_a_line_that_is_no_metric_says_where(tmp_path: Path) -> None:
    mlflow_run(tmp_path / "abc", {"loss": "1 2 3\nnonsense\n"})
    with pytest.raises(InputError, match='loss line 2: expected a time, a value and a step, found "nonsense"'):
        read_history(tmp_path)


def test_a_folder_without_a_history_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder without a training history"):
        read_history(tmp_path)


def test_a_database_of_metrics(tmp_path: Path) -> None:
    metrics = [
        ("a", "train_loss", 0.9, 1, 0, False),
        ("a", "train_loss", 0.0, 2, 1, True),
        ("a", "val_loss", 1.0, 2, 1, False),
    ]
    path = mlflow_database(tmp_path / "mlflow.db", {"a": "first"}, metrics)
    before = path.read_bytes()
    found = read_history(path)
    assert (found.format, found.epochs, found.columns) == (
        "MLflow database",
        (1,),
        {"train_loss": (None,), "val_loss": (1.0,)},
    )
    assert found.not_finite == {"train_loss": (1,)}
    assert (path.read_bytes(), len(list(tmp_path.iterdir()))) == (before, 1)


def test_of_the_runs_in_a_database_one_is_chosen(tmp_path: Path) -> None:
    metrics = [(run, "loss", value, 1, 0, False) for run, value in (("a", 1.0), ("b", 2.0))]
    path = mlflow_database(tmp_path / "mlflow.db", {"a": "first", "b": "second", "c": "empty"}, metrics)
    assert read_history(path, Wanted(run="second")).columns["train_loss"] == (2.0,)
    with pytest.raises(InputError, match="holds 2 runs"):
        read_history(path)


@pytest.mark.parametrize("content", [b"SQLite format 3\x00", b"SQLite format 3\x00" + b"\x01" * 5000])
def test_a_damaged_database_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mlflow.db"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"mlflow.db (cannot be read as an MLflow database|is an SQLite database)"):
        read_history(path)
