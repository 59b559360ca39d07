"""Which names are losses, by the conventions of the field."""

import pytest

from auditor.histories.names import canonical_names


@pytest.mark.parametrize(
    "name",
    ["train_loss", "Loss/train", "trainLoss", "training_loss", "train/epoch_loss", "loss", "train_cross_entropy"],
)
def test_the_training_loss(name: str) -> None:
    assert canonical_names([name]) == {"train_loss": name}


@pytest.mark.parametrize(
    "name",
    ["val_loss", "valid_loss", "Loss/validation", "eval/loss", "evalLoss", "dev_loss", "validation/epoch_loss"],
)
def test_the_validation_loss(name: str) -> None:
    assert canonical_names([name]) == {"val_loss": name}


@pytest.mark.parametrize("name", ["box_loss", "kl_loss", "loss_scale", "train_val_loss", "learning_rate", "lossy", ""])
def test_what_is_no_loss_of_the_classifier(name: str) -> None:
    assert canonical_names([name]) == {}


def test_the_plainest_name_wins_and_test_is_the_last_resort() -> None:
    names = ["test_loss", "loss", "train_loss_step", "train_loss_epoch", "val_loss_epoch", "val_acc", "eval_auc"]
    assert canonical_names(names) == {
        "train_loss": "train_loss_epoch", "val_loss": "val_loss_epoch", "val_accuracy": "val_acc", "val_auc": "eval_auc",
    }  # fmt: skip
    assert canonical_names(["Epoch", "train/global_step"]) == {"epoch": "Epoch", "step": "train/global_step"}
