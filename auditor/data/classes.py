"""The class names of a run, where they come from, and which class is the positive one."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from auditor.config import Config
from auditor.data.arrays import ArrayFile
from auditor.data.formats import shown
from auditor.data.labels import LabelCount, canonical, sorted_values
from auditor.data.loaders import LoadedData
from auditor.data.tables import Table, listed, quoted
from auditor.errors import InputError, UsageError


def stated_classes(config: Config, model_class_names: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Class names from the configuration, else from the model, and which of the two; both empty where neither has."""
    if not config.classes:
        return model_class_names, "id2label of the model" if model_class_names else ""
    if len(set(config.classes)) < len(config.classes):
        twice = next(name for name in config.classes if config.classes.count(name) > 1)
        raise UsageError(f"classes in auditor.toml names {quoted(twice)} twice; expected each class once")
    if len(config.classes) == 1:
        raise UsageError(f"classes in auditor.toml names only {quoted(config.classes[0])}; expected at least two")
    return config.classes, "auditor.toml"


def described_classes(files: Mapping[str, Table | ArrayFile | LoadedData], target: str) -> tuple[tuple[str, ...], str]:
    """Class names that a file itself states, train before the others, and which file; both empty where none does."""
    for split in sorted(files, key=("train", "test", "validation").index):
        file = files[split]
        names = () if isinstance(file, ArrayFile | LoadedData) else file.class_names.get(target, ())
        if names:
            return names, f"the {file.format} of {split}"
    return (), ""


def found_classes(counts: Mapping[str, LabelCount], others: Sequence[str], path: Path) -> tuple[tuple[str, ...], str]:
    """Class names from the label values of all splits and from what else a prediction table names, in order."""
    values = {value for counted in counts.values() for value in counted.counts}
    names = sorted_values({*others, *values})
    if not names:
        raise no_labels(path)
    if len(names) == 1:
        remedy = "name all classes: classes = [...] in auditor.toml, in the order of the model's outputs"
        raise InputError(f"{shown(path)}: {quoted(names[0])} is the only label value; expected at least two; {remedy}")
    more = " and the columns of predictions" if set(others) - values else ""
    return names, f"label values of {_enumerated(list(counts))}{more}, sorted"


def no_labels(path: Path) -> InputError:
    """The error for a split in which no row can be judged."""
    return InputError(f"{shown(path)} has no row with a label; expected a class in its label column")


def positive_class(
    config: Config, names: tuple[str, ...], counts: Mapping[str, tuple[int, ...]]
) -> tuple[int | None, str]:
    """The index of the positive class and how it was chosen: stated, or of two the rarer in train, else in test.

    Equal counts choose the second. Raises UsageError where the stated one is no class.
    """
    if config.positive is not None:
        return _stated_positive(config.positive, names), "stated"
    if len(names) != 2:
        return None, ""
    split = "train" if "train" in counts else "test"
    first, second = counts[split]
    if first == second:
        return 1, f"the second class, as both are equally frequent in {split} (guessed)"
    return int(second < first), f"the rarer class in {split} (guessed)"


def needs_counts(config: Config, names: tuple[str, ...]) -> bool:
    """Whether the positive class is to be guessed from how frequent the classes are."""
    return config.positive is None and len(names) == 2


def _stated_positive(positive: str, names: tuple[str, ...]) -> int:
    texts = [canonical(name) for name in names]
    for known, text in ((names, positive), (texts, canonical(positive))):
        if known.count(text) == 1:
            return known.index(text)
    raise UsageError(f"the positive class {quoted(positive)} is none of the classes {listed(names)}; name one of them")


def _enumerated(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
