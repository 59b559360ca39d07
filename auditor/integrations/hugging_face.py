"""A callback for Transformers: `Trainer(..., callbacks=[callback(TrainingLog("history.jsonl"))])`."""

import math
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from auditor.errors import UsageError
from auditor.training import TrainingLog


def callback(log: TrainingLog, *, stop: bool = False) -> Any:
    """A callback that logs at each evaluation: the mean training loss since the last one, and `eval_loss`.

    Training stops where the log advises it and `stop` is set. Raises UsageError where `transformers` is not installed.
    """
    try:
        base: Any = import_module("transformers").TrainerCallback
    except ModuleNotFoundError:
        raise UsageError("this callback needs Transformers: pip install transformers") from None
    losses: list[float] = []

    class Logged(base):  # type: ignore[misc]
        """Passes figures on."""

        def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: Any) -> None:
            if "loss" in (logs or {}):
                losses.append(float((logs or {})["loss"]))

        def on_evaluate(
            self,
            args: Any,
            state: Any,
            control: Any,
            metrics: Mapping[str, Any] | None = None,
            **_: Any,
        ) -> None:
            if state.is_world_process_zero:
                mean = math.fsum(losses) / len(losses) if losses else None
                log.epoch(train_loss=mean, val_loss=(metrics or {}).get("eval_loss"))
                losses.clear()
                control.should_training_stop = control.should_training_stop or (stop and log.should_stop)

    return Logged()
