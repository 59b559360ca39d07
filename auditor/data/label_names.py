"""Which labels a row may have: stated, or found in a table of predictions."""

from collections.abc import Iterable

from auditor.config import Config
from auditor.data.tables import Table, listed, missing_column, quoted
from auditor.errors import UsageError

PREFIX = "p_"
MOST_LABELS = 256
# Settings that speak of one class a row, and what takes their place.
OF_ONE_CLASS = {
    "positive": "each label is its own positive class",
    "predicted": "decisions stand in columns predicted_LABEL",
    "classes": "labels names them, in the order of the model's outputs",
    "weight": "rows of several labels count alike; give a file in which they do",
}


def refuse_label_settings(config: Config) -> None:
    """Raise UsageError where settings for rows of several labels contradict each other or those for one class a row."""
    if config.thresholds and not config.labels:
        raise UsageError("[thresholds] in auditor.toml is for labels; name them with --labels, or give one --threshold")
    if not config.labels:
        return
    labels = config.labels
    if len(set(labels)) < len(labels):
        twice = next(name for name in labels if labels.count(name) > 1)
        raise UsageError(f"labels names {quoted(twice)} twice; expected each label once")
    if not 2 <= len(labels) <= MOST_LABELS:
        remedy = "for one of two classes name its column with --target" if len(labels) == 1 else "audit them in parts"
        raise UsageError(f"labels names {len(labels)}; expected 2 to {MOST_LABELS}: {remedy}")
    for key, instead in OF_ONE_CLASS.items():
        if getattr(config, key):
            raise UsageError(f"`{key}` is for rows that have one class each, and labels are named: {instead}")
    for name in config.thresholds:
        if name not in labels:
            raise UsageError(f"[thresholds] names {quoted(name)}, which is no label; the labels are {listed(labels)}")


def targets(config: Config) -> tuple[str, ...]:
    """The columns of truth: one for each label, or the target."""
    return config.labels or (config.target,)


def require_targets(table: Table, config: Config) -> None:
    """Raise InputError where a table lacks a column of truth."""
    remedy = "correct labels" if config.labels else "name the column of labels with --target"
    for name in targets(config):
        if name not in table.kinds:
            raise missing_column(table, name, "label column", remedy)


def found_labels(tables: Iterable[Table], config: Config) -> tuple[str, ...]:
    """The labels that tables of predictions name by themselves, () where they speak of one class a row.

    There is no column of labels, and each of at least two columns `p_NAME` has a column NAME beside it.
    """
    found = [_named_by(table, config) for table in tables]
    return found[0] if found and all(set(names) == set(found[0]) for names in found) else ()


def with_labels(config: Config, tables: Iterable[Table]) -> tuple[Config, str]:
    """The configuration with the labels that a row may have, and where their names come from; both without any."""
    if config.labels:
        return config, "labels, as stated"
    names = found_labels(tables, config) if config.predictions else ()
    if not names:
        return config, ""
    found = config.model_copy(update={"labels": names})
    refuse_label_settings(found)
    return found, "the columns that have a column p_… beside them (guessed)"


def _named_by(table: Table, config: Config) -> tuple[str, ...]:
    if config.target in table.kinds:
        return ()
    names = tuple(name.removeprefix(PREFIX) for name in table.kinds if name.startswith(PREFIX))
    return names if len(names) > 1 and all(name in table.kinds for name in names) else ()
