"""Histories as JSON: lines, lists, Keras's lists by name and Transformers' trainer_state.json."""

import json
from pathlib import Path

import pytest

from auditor.errors import InputError
from auditor.histories import read_history
from tests.data.reading import says, text

LINES = '{"epoch": 1, "train_loss": 0.9, "val_loss": 1.0}\n{"epoch": 2, "train_loss": "NaN", "val_loss": null}\n'


def test_one_object_a_line(tmp_path: Path) -> None:
    found = read_history(text(tmp_path / "h.jsonl", LINES))
    assert (found.format, found.epochs) == ("JSON lines", (1, 2))
    assert found.columns == {"train_loss": (0.9, None), "val_loss": (1.0, None)}
    assert found.not_finite == {"train_loss": (2,)}


def test_a_last_line_that_was_cut_short_is_left_out_and_told(tmp_path: Path) -> None:
    for cut in range(1, 40):
        found = read_history(
            text(tmp_path / "h.jsonl", LINES + '{"epoch": 3, "train_loss": 0.7, "val_loss": 0.8}'[:cut])
        )
        assert found.epochs == (1, 2)
        assert "line 3 was cut short and is left out" in found.notes


def test_objects_within_a_row_are_named_by_their_path(tmp_path: Path) -> None:
    rows = [
        {"epoch": 1, "train": {"loss": 2.0}, "val": {"loss": 1.5, "acc": 0.5}, "note": "x", "best": True, "m": [[1]]}
    ]
    found = read_history(text(tmp_path / "h.json", json.dumps(rows)))
    assert found.columns == {"train_loss": (2.0,), "val_loss": (1.5,), "val_accuracy": (0.5,)}
    assert found.sources == {"train_loss": "train/loss", "val_loss": "val/loss", "val_accuracy": "val/acc"}


def test_lists_by_name_are_epochs_from_one(tmp_path: Path) -> None:
    found = read_history(text(tmp_path / "h.json", '{"loss": [3, 2, 1], "val_loss": [4, 3, 2]}'))
    assert (found.epochs, found.columns["val_loss"]) == ((1, 2, 3), (4, 3, 2))


def state(tmp_path: Path, rows: list[dict[str, float]]) -> Path:
    return text(
        tmp_path / "trainer_state.json", json.dumps({"best_metric": None, "global_step": 30, "log_history": rows})
    )


def test_the_trainer_state_of_transformers(tmp_path: Path) -> None:
    rows = [
        {"epoch": 0.5, "loss": 0.8, "step": 5, "learning_rate": 1e-5, "grad_norm": 1.0},
        {"epoch": 1.0, "loss": 0.6, "step": 10},
        {"epoch": 1.0, "eval_loss": 0.7, "eval_accuracy": 0.6, "step": 10},
        {"epoch": 1.5, "loss": 0.4, "step": 15},
        {"epoch": 2.0, "eval_loss": 0.65, "eval_accuracy": 0.7, "step": 20},
        {"epoch": 2.0, "train_runtime": 3.1, "train_loss": 0.6, "step": 20},
    ]
    found = read_history(state(tmp_path, rows))
    assert (found.format, found.epochs) == ("trainer_state.json", (1, 2))
    assert found.columns["train_loss"] == pytest.approx((0.7, 0.4))
    assert (found.columns["val_loss"], found.columns["val_accuracy"]) == ((0.7, 0.65), (0.6, 0.7))


def test_several_validations_within_an_epoch_are_points_of_their_own(tmp_path: Path) -> None:
    rows = [{"epoch": i / 10, "loss": 1.0 - i / 100, "step": i} for i in range(1, 21)]
    rows += [{"epoch": i / 10, "eval_loss": 1.0 - i / 50, "step": i} for i in range(5, 21, 5)]
    found = read_history(state(tmp_path, rows))
    assert found.epochs == (0.5, 1.0, 1.5, 2.0)
    assert found.columns["train_loss"] == pytest.approx((0.97, 0.92, 0.87, 0.82))


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ('{"epoch": 1, "train_loss": 1}\n{"epoch": 2,\n{"epoch": 3, "train_loss": 1}\n', ["line 2 is not JSON"]),
        ('{"epoch": 1, "train_loss": 1}\n[1, 2]\n', ["line 2: expected an object"]),
        ('{"epoch": 1, "train_loss": "low"}\n', ["row 1", 'column "train_loss"', 'found "low"']),
        ("[1, 2]", ["holds no list of epochs"]),
        ('{"log_history": []}', ["holds no list of epochs"]),
        ('{"epoch": 1, "accuracy": 0.5}', ["no column train_loss or val_loss", '"accuracy"', "history_train"]),
        ("[" * 100_000, ["not JSON"]),
    ],
)
def test_broken_json_says_where(tmp_path: Path, content: str, parts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read_history(text(tmp_path / "h.json", content))
    assert says(str(caught.value), ["h.json", *parts])
