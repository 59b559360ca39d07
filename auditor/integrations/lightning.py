"""A callback for Lightning: `Trainer(callbacks=[callback(TrainingLog("history.jsonl"))])`."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from auditor.errors import UsageError
from auditor.histories.names import canonical_names
from auditor.training import TrainingLog


def callback(log: TrainingLog, *, stop: bool = False) -> Any:
    """A Lightning callback that logs the metrics of each training epoch, and stops where the log advises it and `stop` is set.

    Where `validation_step` returns a mapping with `labels` and `scores` (or `logits`), their rows are measured too. Raises
    UsageError where neither `lightning` nor `pytorch_lightning` is installed.
    """
    home = next((name for name in ("lightning.pytorch", "pytorch_lightning") if _installed(name)), None)
    if home is None:
        raise UsageError("this callback needs Lightning: pip install lightning")
    base: Any = import_module(home).Callback

    class Logged(base):  # type: ignore[misc]
        """Passes figures on."""

        def on_validation_batch_end(
            self,
            trainer: Any,
            module: Any,
            outputs: Any,
            *_: Any,
            **__: Any,
        ) -> None:
            rows = outputs if isinstance(outputs, Mapping) and not trainer.sanity_checking else {}
            scores = rows.get("scores", rows.get("logits"))
            if trainer.is_global_zero and scores is not None and rows.get("labels") is not None:
                log.batch(rows["labels"], scores)

        def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
            if not trainer.is_global_zero:
                return
            metrics = dict(trainer.callback_metrics)
            names = canonical_names(metrics)
            log.epoch(**{what: metrics[names[what]] for what in ("train_loss", "val_loss") if what in names})
            trainer.should_stop = trainer.should_stop or (stop and log.should_stop)

    return Logged()


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):
        return False
