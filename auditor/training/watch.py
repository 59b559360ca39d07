"""What the losses so far say while training runs; judged by the functions of the loss-curves check."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auditor.statistics import LevelFault, divergence, level
from auditor.wording import number, plural, ratio, upper_first

SPOKEN = {"train_loss": "training loss", "val_loss": "validation loss"}
Losses = Sequence[float | None]


@dataclass(frozen=True)
class Watch:
    """Sentences by kind of trouble (`not finite`, `diverged`, `stuck`), and whether to stop."""

    warnings: dict[str, str]
    should_stop: bool


def watch(epochs: Sequence[int], train: Losses, validation: Losses, chance: float | None, n_classes: int) -> Watch:
    """Judge the losses of the epochs so far, None for an epoch without one.

    chance: log loss of the best constant answer, None where it is not known. To stop is advised once a loss of the last
    epoch is not a finite number, or validation loss has turned upwards; a loss at chance may still move.
    """
    given = {"train_loss": train, "val_loss": validation}
    broken = [SPOKEN[name] for name, losses in given.items() if losses and not _finite(losses[-1])]
    if broken:
        said = f"{upper_first(' and '.join(broken))} of epoch {epochs[-1]} is no finite number: lower the learning rate"
        return Watch({"not finite": said}, should_stop=True)
    diverged, stuck = _diverged(epochs, train, validation), _stuck(train, validation, chance, n_classes)
    found = {"diverged": diverged, "stuck": stuck}
    return Watch({kind: said for kind, said in found.items() if said}, should_stop=bool(diverged))


def _finite(loss: float | None) -> bool:
    return loss is None or math.isfinite(loss)


def _diverged(epochs: Sequence[int], train: Losses, validation: Losses) -> str:
    both = any(loss is not None for loss in train)
    kept = [i for i, v in enumerate(validation) if v is not None and (train[i] is not None or not both)]
    v = np.array([validation[i] for i in kept], np.float64)
    found = divergence(v, np.array([train[i] for i in kept], np.float64) if both else None)
    if found is None or not found.found:
        return ""
    best = epochs[kept[found.best_epoch]]
    return (
        f"Validation loss was lowest at epoch {best} ({number(v[found.best_epoch])}) and lies {ratio(found.rise, 0)} above its "
        f"best epochs now: keep the checkpoint of epoch {best}"
    )


def _stuck(train: Losses, validation: Losses, chance: float | None, n_classes: int) -> str:
    name = "train_loss" if any(loss is not None for loss in train) else "val_loss"
    losses = np.array([v for v in (train if name == "train_loss" else validation) if v is not None], np.float64)
    found = None if not chance or not len(losses) else level(losses, chance, n_classes)
    if found is None or found.fault not in (LevelFault.STUCK, LevelFault.WORSE):
        return ""
    return (
        f"{upper_first(SPOKEN[name])} stands at {number(found.settled)} after {plural(len(losses), 'epoch')}; a constant answer "
        f"has {number(found.reference)}: nothing was learnt yet, check labels, inputs and learning rate"
    )
