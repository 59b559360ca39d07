"""The log of a training loop: what it writes, says and survives."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import precision_recall_fscore_support

from auditor import TrainingLog
from auditor.errors import InputError, UsageError
from auditor.histories import read_history

NAMES = ["ok", "fraud"]
LABELS = [0, 0, 0, 1, 1, -1]
LOGITS: list[list[float]] = [[2.0, 0], [1, 0], [0, 1], [0, 2], [3, 0], [0, 9]]
TRAIN = [1, 0.78, 0.62, 0.5, 0.42, 0.35, 0.3, 0.26, 0.22, 0.19, 0.17, 0.15]
RISING = [1, 0.8, 0.65, 0.55, 0.5, 0.52, 0.56, 0.6, 0.66, 0.7, 0.76, 0.8]


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_an_epoch_holds_losses_and_the_figures_of_each_class(tmp_path: Path, capsys) -> None:
    with TrainingLog(tmp_path / "h.jsonl", class_names=NAMES, positive="fraud") as log:
        written = log.epoch(train_loss=0.5, val_loss=torch.tensor(0.6), labels=LABELS, scores=np.array(LOGITS), lr=0.01)
    (row,) = rows(tmp_path / "h.jsonl")
    assert row == written
    assert {key: row[key] for key in ("epoch", "train_loss", "lr", "n", "confusion")} == {
        "epoch": 1, "train_loss": 0.5, "lr": 0.01, "n": 5, "confusion": [[2, 1], [1, 1]],
    }  # fmt: skip
    expected = precision_recall_fscore_support(LABELS[:5], np.argmax(LOGITS[:5], axis=1))
    for what, values in zip(("precision", "recall", "f1"), expected[:3], strict=True):
        assert list(row[what].values()) == pytest.approx(values)
    said = capsys.readouterr().out
    assert said == (
        "epoch    1  train   0.5000  validation   0.6000  accuracy  60.0%  "
        "fraud: found 1 of 2 (50.0%)  right 1 of 2 (50.0%)  F1 50.0%  lr 0.01\n"
    )


@pytest.mark.parametrize(
    "make", [np.array, torch.tensor, lambda x: torch.tensor(x).to(torch.bfloat16).requires_grad_()]
)
def test_batches_of_any_kind_give_what_one_call_gives(tmp_path: Path, make) -> None:
    with TrainingLog(tmp_path / "a", quiet=True) as whole, TrainingLog(tmp_path / "b", quiet=True) as parts:
        expected = whole.epoch(labels=LABELS, scores=np.array(LOGITS))
        parts.batch(torch.tensor(LABELS[:2]), make(LOGITS[:2]))
        parts.batch(np.array(LABELS[2:]), make(LOGITS[2:]))
        assert parts.epoch() == expected
        assert "confusion" not in parts.epoch(train_loss=1.0)


def test_one_column_needs_a_kind_and_decisions_need_classes(tmp_path: Path) -> None:
    with TrainingLog(tmp_path / "a", class_names=NAMES, output_kind="logits", quiet=True) as log:
        assert log.epoch(labels=[0, 1], scores=[-1.0, 0.2])["val_accuracy"] == 1
        assert log.epoch(labels=[0, 1], scores=[1, 1])["val_accuracy"] == 0.5
    with TrainingLog(tmp_path / "b", class_names=NAMES, positive="ok", output_kind="probabilities", quiet=True) as log:
        assert log.epoch(labels=[0, 1], scores=[[0.9], [0.2]])["val_accuracy"] == 1


def test_nan_is_kept_read_and_stops(tmp_path: Path, capsys) -> None:
    with TrainingLog(tmp_path / "h.jsonl") as log:
        log.epoch(train_loss=0.5, val_loss=0.5)
        log.epoch(train_loss=math.nan, val_loss=0.4)
        assert log.should_stop
    assert rows(tmp_path / "h.jsonl")[1]["train_loss"] == "NaN"
    assert read_history(tmp_path / "h.jsonl").not_finite == {"train_loss": (2,)}
    told = capsys.readouterr()
    assert "train      NaN" in told.out
    assert told.err == "auditor: Training loss of epoch 2 is no finite number: lower the learning rate\n"


def test_divergence_is_told_once_with_the_epoch_to_keep(tmp_path: Path, capsys) -> None:
    with TrainingLog(tmp_path / "h.jsonl", quiet=True) as log:
        stops, best = [], []
        for train, validation in zip(TRAIN, RISING, strict=True):
            log.epoch(train_loss=train, val_loss=validation)
            stops.append(log.should_stop)
            best.append(log.is_best)
    assert (stops.index(True), all(stops[stops.index(True) :])) == (8, True)
    assert best == [True] * 5 + [False] * 7
    told = capsys.readouterr().err
    assert told.count("keep the checkpoint of epoch 5") == 1


def test_a_loss_at_chance_is_told_and_training_goes_on(tmp_path: Path) -> None:
    with TrainingLog(tmp_path / "h.jsonl", quiet=True) as log:
        for _ in range(8):
            log.epoch(train_loss=0.5625, labels=[0, 0, 0, 1], scores=[[1.0, 0]] * 4)
        assert "nothing was learnt yet" in log.warnings[0]
        assert not log.should_stop


def test_a_log_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "h.jsonl"
    for train, validation in zip(TRAIN, RISING, strict=True):
        with TrainingLog(path, quiet=True) as log:
            log.epoch(train_loss=train, val_loss=validation)
    assert log.should_stop
    assert read_history(path).columns == {"train_loss": tuple(TRAIN), "val_loss": tuple(RISING)}


def test_a_log_cut_anywhere_is_read_and_continued(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    with TrainingLog(path, quiet=True) as log:
        for loss in (0.5, 0.4):
            log.epoch(train_loss=loss)
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        kept = whole[:cut].count(b"\n")
        if kept:
            assert read_history(path).epochs[:kept] == tuple(range(1, kept + 1))
        with TrainingLog(path, quiet=True) as log:
            assert log.epoch(train_loss=0.3)["epoch"] == kept + 1
        assert len(rows(path)) == kept + 1


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        TrainingLog(tmp_path)


PROGRAM = """
import sys
from auditor import TrainingLog
log = TrainingLog(sys.argv[1], quiet=True)
for epoch in range(10**6):
    log.epoch(train_loss=1 / (epoch + 1))
    print(epoch, flush=True)
"""


def test_what_was_logged_before_a_kill_is_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        logged = [process.stdout.readline() for _ in range(5)]
        process.kill()
    assert len(logged) == 5
    assert len(read_history(path).epochs) >= 5


@pytest.mark.parametrize("content", ["epoch,train_loss\n1,0.5\n", "epoch,train_loss", '{"train_loss": 1}\n', "[1]\n"])
def test_a_file_that_is_no_log_is_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "history.csv"
    path.write_text(content)
    with pytest.raises(InputError, match="name a file that does not exist yet"):
        TrainingLog(path)
    assert path.read_text() == content


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"labels": [0, 1]}, "come together"),
        ({"labels": [0, 1], "scores": [[1.0, 0]]}, "2 labels came with scores of 1 rows"),
        ({"labels": [0.0, 1.0], "scores": [[1.0, 0]] * 2}, "labels are float64"),
        ({"labels": [0, 2], "scores": [[1.0, 0]] * 2}, "a label is 2, but there are 2 classes"),
        ({"labels": [0, 1], "scores": [[1.0, 0, 0]] * 2}, "3 columns for 2 classes"),
        ({"labels": [0, 1], "scores": [0.5, 0.5]}, "scores have one column: say output_kind"),
        ({"labels": [0, 1], "scores": [0, 2]}, "decisions lie outside"),
        ({"train_loss": [1.0, 2.0]}, "one number"),
        ({"train_loss": "low"}, "one number"),
        ({"f1": 0.5}, "f1 is a figure that the log writes itself"),
    ],
)
def test_figures_that_do_not_fit_are_refused_and_nothing_is_written(tmp_path: Path, arguments, said: str) -> None:
    with TrainingLog(tmp_path / "h.jsonl", class_names=NAMES, quiet=True) as log, pytest.raises(UsageError, match=said):
        log.epoch(**arguments)
    assert (tmp_path / "h.jsonl").read_text() == ""


@pytest.mark.parametrize(
    "settings",
    [{"class_names": ["a"]}, {"class_names": ["a", "a"]}, {"class_names": NAMES, "positive": "c"}, {"positive": "c"}],
)
def test_classes_that_do_not_fit_are_refused(tmp_path: Path, settings) -> None:
    with pytest.raises(UsageError):
        TrainingLog(tmp_path / "h.jsonl", **settings)


def test_rows_that_are_not_finite_are_counted_and_left_out(tmp_path: Path, capsys) -> None:
    with TrainingLog(tmp_path / "h.jsonl") as log:
        assert log.epoch(labels=[0, 1], scores=[[np.nan, 1], [0, 1]])["n"] == 1
    assert "1 validation rows have scores that are not finite" in capsys.readouterr().out


def test_of_many_classes_the_means_are_kept(tmp_path: Path, capsys) -> None:
    scores = np.eye(30)[np.r_[0, 0:29]]
    with TrainingLog(tmp_path / "h.jsonl") as log:
        row = log.epoch(labels=np.arange(30), scores=scores)
    assert set(row) == {"epoch", "n", "val_accuracy", "val_balanced_accuracy"}
    assert "1: found  0 of  1    (0%)" in capsys.readouterr().out


def test_a_log_of_numbers_needs_no_torch(tmp_path: Path) -> None:
    program = (
        "import sys; from auditor import TrainingLog; TrainingLog(sys.argv[1], quiet=True).epoch(train_loss=1, labels=[0, 1],"
        " scores=[[0.0, 1], [0, 1]]); print('torch' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "h")], capture_output=True, text=True, check=True
    )
    assert run.stdout == "False\n"
