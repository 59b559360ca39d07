"""Training histories: losses by epoch under two canonical names."""

from pathlib import Path

import pytest

from auditor.data.formats import sha256
from auditor.errors import InputError
from auditor.histories import Wanted, read_history
from tests.data.reading import npz, says, text


def history(tmp_path: Path, content: str) -> Path:
    return text(tmp_path / "history.csv", content)


def test_losses_and_metrics_are_read_by_epoch(tmp_path: Path) -> None:
    path = history(tmp_path, "epoch,train_loss,val_loss,val_accuracy\n1,0.9,1.0,0.5\n2,0.5,,0.6\n")
    found = read_history(path)
    assert found.epochs == (1, 2)
    assert found.columns == {"train_loss": (0.9, 0.5), "val_loss": (1.0, None), "val_accuracy": (0.5, 0.6)}
    assert found.sha256 == sha256(path)
    assert found.path == path


@pytest.mark.parametrize(
    "header",
    [
        "epoch,loss,val_loss",
        "Epoch,Train Loss,Valid Loss",
        "epoch,training_loss,validation_loss",
        "epoch,train/loss,val/loss",
        "epoch,loss.train,loss.val",
        "epoch,train_loss_epoch,eval_loss",
    ],
)
def test_common_names_are_understood(tmp_path: Path, header: str) -> None:
    found = read_history(history(tmp_path, f"{header}\n1,0.9,1.0\n"))
    assert found.columns == {"train_loss": (0.9,), "val_loss": (1.0,)}


def test_the_clearest_name_stands_and_the_others_are_kept(tmp_path: Path) -> None:
    found = read_history(history(tmp_path, "epoch,loss,train_loss\n1,0.9,0.8\n"))
    assert found.columns == {"train_loss": (0.8,), "loss": (0.9,)}


def test_rows_of_one_epoch_become_one(tmp_path: Path) -> None:
    content = "epoch,step,train_loss_epoch,val_loss\n0,49,,1.1\n0,49,1.2,\n1,99,,0.9\n1,99,0.8,\n"
    found = read_history(history(tmp_path, content))
    assert found.epochs == (0, 1)
    assert found.columns == {"train_loss": (1.2, 0.8), "val_loss": (1.1, 0.9), "step": (49, 99)}


def test_steps_of_an_epoch_are_averaged_in_training_and_the_last_stands_in_validation(tmp_path: Path) -> None:
    found = read_history(history(tmp_path, "epoch,step,train_loss,val_loss\n0,1,1.0,\n0,2,2.0,9\n0,3,,8\n1,4,0.5,7\n"))
    assert found.columns == {"train_loss": (1.5, 0.5), "val_loss": (8, 7), "step": (3, 4)}
    assert found.notes == (
        'training loss from column "train_loss", 3 values in 2 epochs: their mean stands for each',
        'validation loss from column "val_loss", 3 values in 2 epochs: the last one stands for each',
    )


def test_lightning_s_loss_of_the_epoch_outranks_that_of_steps(tmp_path: Path) -> None:
    rows = "train_loss_step,epoch,step,val_loss,train_loss_epoch\n3.0,0,9,,\n,0,19,1.1,\n,0,19,,2.5\n1.0,1,29,,\n,1,39,0.9,0.8\n"
    found = read_history(history(tmp_path, rows))
    assert (found.columns["train_loss"], found.columns["val_loss"]) == ((2.5, 0.8), (1.1, 0.9))
    assert found.sources == {"train_loss": "train_loss_epoch"}


def test_a_nan_among_the_steps_is_not_averaged_away(tmp_path: Path) -> None:
    found = read_history(history(tmp_path, "epoch,train_loss\n1,0.5\n1,nan\n2,0.4\n"))
    assert (found.columns["train_loss"], found.not_finite) == ((None, 0.4), {"train_loss": (1,)})


def test_steps_without_epochs_end_at_each_validation(tmp_path: Path) -> None:
    found = read_history(history(tmp_path, "step,loss,eval_loss\n10,4,\n20,2,\n25,,1.5\n30,1,\n50,,1\n60,9,\n"))
    assert (found.unit, found.epochs) == ("step", (25, 50))
    assert found.columns == {"train_loss": (3, 1), "val_loss": (1.5, 1)}


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = history(tmp_path, "epoch,objective,val_loss,held_out\n1,5,8,6\n2,4,9,7\n")
    found = read_history(path, Wanted(train="objective", validation="held_out"))
    assert found.columns == {"train_loss": (5, 4), "val_loss": (6, 7), "val_loss (as recorded)": (8, 9)}
    with pytest.raises(InputError, match=r'no column "objectiv" with numbers, which `history_train` names'):
        read_history(path, Wanted(train="objectiv"))


def test_the_audited_epoch_is_one_of_the_history(tmp_path: Path) -> None:
    path = history(tmp_path, "epoch,train_loss\n1,0.5\n2,nan\n3,0.3\n")
    found = read_history(path, Wanted(epoch=2))
    assert (found.audited_epoch, found.until_audited().columns) == (2, {"train_loss": (0.5, None)})
    assert read_history(path).audited_epoch == 3
    assert read_history(path, Wanted(epoch=1)).until_audited().not_finite == {}
    with pytest.raises(InputError, match="has no epoch 4, which `epoch` names; its 3 epochs run from 1 to 3"):
        read_history(path, Wanted(epoch=4))


def test_rows_without_epochs_are_numbered_from_one(tmp_path: Path) -> None:
    assert read_history(history(tmp_path, "val_loss\n3\n2\n1\n")).epochs == (1, 2, 3)


def test_a_loss_that_is_not_finite_is_blank_and_counted(tmp_path: Path) -> None:
    found = read_history(history(tmp_path, "epoch,train_loss\n1,0.5\n2,nan\n3,inf\n"))
    assert found.columns == {"train_loss": (0.5, None, None)}
    assert found.not_finite == {"train_loss": (2, 3)}


def test_a_quoted_line_break_is_no_new_row(tmp_path: Path) -> None:
    found = read_history(history(tmp_path, 'epoch,train_loss,note\n1,0.5,"two\nlines"\n2,0.4,\n'))
    assert found.columns == {"train_loss": (0.5, 0.4)}


def test_columns_of_text_and_empty_ones_are_left_out(tmp_path: Path) -> None:
    found = read_history(history(tmp_path, "epoch,train_loss,time,note\n1,0.5,12:30,\n2,0.4,12:31,\n"))
    assert set(found.columns) == {"train_loss"}


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("epoch,accuracy\n1,0.5\n", ["no column train_loss or val_loss", '"epoch", "accuracy"']),
        ("epoch,train_loss\n1,\n2,\n", ["no value in its columns of losses"]),
        ("epoch,train_loss\n", ["a header and no rows"]),
        ("epoch,train_loss\n1,0.5\n2,low\n", ["row 2", 'column "train_loss"', 'expected a number, found "low"']),
        ("epoch,train_loss\none,0.5\n", ["row 1", 'column "epoch"', 'expected a number, found "one"']),
        ("epoch,train_loss\n,0.5\n2,0.4\n", ["row 1", "column epoch", "expected a number, found none"]),
        ("epoch,train_loss\n1,0.5,9\n", ["row 1", "expected 2 cells as in the header, found 3"]),
        ("train_loss,train_loss\n1,0.5\n", ['two columns named "train_loss"']),
        ("\n\n", ["has no columns"]),
        ("", ["is empty"]),
    ],
)
def test_a_broken_history_says_where_and_what_to_do(tmp_path: Path, content: str, parts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read_history(history(tmp_path, content))
    assert says(str(caught.value), ["history.csv", *parts])


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(b"epoch,train_loss\n1,\xff\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read_history(path)


def test_arrays_are_no_history(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no training history; expected a CSV or JSON file"):
        read_history(npz(tmp_path / "history.npz", x=[1]))
