"""The callbacks, run by the smallest thing that behaves as the frameworks do."""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch

from auditor import TrainingLog
from auditor.errors import UsageError
from auditor.histories import read_history
from auditor.integrations import hugging_face, lightning


def stand_in(monkeypatch, name: str, **contents: type) -> None:
    """Modules of these names, as far as an import goes."""
    for depth in range(name.count(".") + 1):
        part = ".".join(name.split(".")[: depth + 1])
        module = ModuleType(part)
        module.__spec__, module.__path__ = ModuleSpec(part, None), []
        monkeypatch.setitem(sys.modules, part, module)
    vars(sys.modules[name]).update(contents)


@pytest.mark.parametrize("name", ["lightning.pytorch", "pytorch_lightning"])
def test_lightning_metrics_and_rows_are_logged_by_epoch(tmp_path: Path, monkeypatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, "lightning", None)
    stand_in(monkeypatch, name, Callback=type("Callback", (), {}))
    trainer = SimpleNamespace(is_global_zero=True, sanity_checking=True, should_stop=False, callback_metrics={})
    with TrainingLog(tmp_path / "h.jsonl", quiet=True) as log:
        logged = lightning.callback(log, stop=True)
        outputs = {"labels": torch.tensor([0, 1]), "logits": torch.tensor([[1.0, 0], [0, 1]])}
        logged.on_validation_batch_end(trainer, None, outputs, None, 0)
        for epoch in range(12):
            trainer.sanity_checking = False
            logged.on_validation_batch_end(trainer, None, outputs, None, 0)
            trainer.callback_metrics = {
                "train_loss_epoch": torch.tensor(1 / (epoch + 1)), "val_loss": torch.tensor(1 + abs(epoch - 4) / 5), "acc": 1,
            }  # fmt: skip
            logged.on_train_epoch_end(trainer, None)
    found = read_history(tmp_path / "h.jsonl")
    assert (len(found.epochs), found.columns["n"][0]) == (12, 2)
    assert found.columns["train_loss"][1] == pytest.approx(0.5)
    assert trainer.should_stop


def test_transformers_evaluations_are_logged_with_the_mean_of_the_losses_between(tmp_path: Path, monkeypatch) -> None:
    stand_in(monkeypatch, "transformers", TrainerCallback=type("TrainerCallback", (), {}))
    state, control = SimpleNamespace(is_world_process_zero=True), SimpleNamespace(should_training_stop=False)
    with TrainingLog(tmp_path / "h.jsonl", quiet=True) as log:
        logged = hugging_face.callback(log)
        for loss in (1.0, 0.5):
            logged.on_log(None, state, control, logs={"loss": loss})
        logged.on_evaluate(None, state, control, metrics={"eval_loss": 0.7})
        logged.on_evaluate(None, state, control, metrics={"eval_loss": float("nan")})
    found = read_history(tmp_path / "h.jsonl")
    assert found.columns == {"train_loss": (0.75, None), "val_loss": (0.7, None)}
    assert not control.should_training_stop


def test_without_the_framework_it_says_what_to_install(tmp_path: Path, monkeypatch) -> None:
    for name in ("lightning", "lightning.pytorch", "pytorch_lightning", "transformers"):
        monkeypatch.setitem(sys.modules, name, None)
    with TrainingLog(tmp_path / "h.jsonl") as log:
        for module, package in ((lightning, "lightning"), (hugging_face, "transformers")):
            with pytest.raises(UsageError, match=f"pip install {package}"):
                module.callback(log)
