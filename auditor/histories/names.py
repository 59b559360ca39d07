"""Which recorded name is the training loss, the validation loss, an accuracy, the epoch or the step: by convention."""

import re
from collections.abc import Collection, Iterator

TRAIN = ("train", "training", "trn")
VALIDATION = ("val", "valid", "validation", "eval", "evaluation", "dev", "test")
LOSS = ("loss", "nll", "logloss", "xent", "bce", "ce")
ACCURACY = ("accuracy", "acc")
AREA = ("auc", "auroc")
# Words that say how a figure was averaged and leave it the same figure; a figure of single steps stands back.
FILLING = (
    "epoch",
    "avg",
    "average",
    "mean",
    "cross",
    "entropy",
    "log",
    "roc",
    "metrics",
    "metric",
    "scalar",
    "scalars",
)
STEPWISE = ("step", "batch", "iter")
LAST_RESORT = 1000
UNSAID = 50  # a figure of no split is of training, as in Keras, where nothing clearer was recorded
COUNTERS = {"epoch": ("epoch", "epochs"), "step": ("step", "steps", "global_step", "iteration", "iterations")}


def words(name: str) -> list[str]:
    """The words of a name in lower case: `Loss/train`, `trainLoss` and `loss_train` have the same."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return [word for word in re.split(r"[^a-z0-9]+", parted.lower()) if word]


def speaks_of_a_split(name: str) -> bool:
    """Whether a name says that it is of training or of validation."""
    return not {*TRAIN, *VALIDATION}.isdisjoint(words(name))


def canonical_names(names: Collection[str]) -> dict[str, str]:
    """The clearest name for each of epoch, step, train_loss, val_loss, train_accuracy, val_accuracy and val_auc."""
    ranked = sorted((rank, place, what, name) for place, name in enumerate(names) for what, rank in _meanings(name))
    found: dict[str, str] = {}
    for _, _, what, name in ranked:
        found.setdefault(what, name)
    return found


def _meanings(name: str) -> Iterator[tuple[str, int]]:
    """What a name may stand for, and how far it is from the plainest way to say so."""
    parts = words(name)
    for counter, ways in COUNTERS.items():
        plain = "_".join(word for word in parts if word not in (*TRAIN, *VALIDATION))
        if plain in ways:
            yield counter, ways.index(plain) + len(parts)
    figure = _figure(parts)
    splits = [word for word in parts if word in (*TRAIN, *VALIDATION)]
    if figure is None or len(set(splits)) > 1:
        return
    if not splits and figure != "auc":
        yield f"train_{figure}", UNSAID + _distance(parts)
    elif splits and splits[0] in TRAIN:
        yield f"train_{figure}", TRAIN.index(splits[0]) + _distance(parts)
    elif splits:
        yield f"val_{figure}", VALIDATION.index(splits[0]) + _distance(parts) + LAST_RESORT * (splits[0] == "test")


def _figure(parts: list[str]) -> str | None:
    """loss, accuracy or auc, where the other words change nothing about it."""
    kinds = {
        kind for kind, ways in (("loss", LOSS), ("accuracy", ACCURACY), ("auc", AREA)) if not {*ways}.isdisjoint(parts)
    }
    if {"cross", "entropy"} <= {*parts} or {"log", "loss"} <= {*parts}:
        kinds.add("loss")
    known = {*TRAIN, *VALIDATION, *LOSS, *ACCURACY, *AREA, *FILLING, *STEPWISE}
    return kinds.pop() if len(kinds) == 1 and known.issuperset(parts) else None


def _distance(parts: list[str]) -> int:
    """0 for the plainest name; words that fill count a little, and single steps much."""
    return 10 * sum(word in FILLING for word in parts) + 100 * sum(word in STEPWISE for word in parts)
