"""The column of decisions in a table of predictions, and whether it names classes as the labels do."""

from collections import Counter
from collections.abc import Set as AbstractSet

from auditor.config import Config
from auditor.data.formats import shown
from auditor.data.labels import sorted_values
from auditor.data.tables import Table, listed, missing_column, quoted
from auditor.errors import InputError, UsageError

PREDICTED = "predicted"


def predicted_column(table: Table, config: Config) -> str | None:
    """The column of decisions: the one stated, else `predicted` where there is one.

    Raises InputError where the stated one is missing, and UsageError where it is the label column.
    """
    if config.predicted is None:
        return PREDICTED if PREDICTED in table.kinds and config.target != PREDICTED else None
    if config.predicted == config.target:
        remedy = "labels agree with themselves in every row; name the column of the model's decisions"
        raise UsageError(f"--predicted names the label column {quoted(config.target)}: {remedy}")
    if config.predicted not in table.kinds:
        raise missing_column(table, config.predicted, "column of decisions", "name it with --predicted")
    return config.predicted


def refuse_unlike_labels(
    table: Table, decided: Counter[str], labels: AbstractSet[str], scored: AbstractSet[str]
) -> None:
    """Raise InputError where half of the decisions name no label, or one is a label but for case and white space.

    A table without any label is refused for that, elsewhere.
    """
    if not labels:
        return
    unseen = {value: rows for value, rows in decided.items() if value not in labels | scored}
    by_letters = {_letters(value): value for value in labels}
    alike = next((value for value in unseen if _letters(value) in by_letters), None)
    remedy = "write labels and decisions alike, or state classes in auditor.toml"
    if alike is not None:
        found = f"the predictions name {quoted(alike)}, which no label has, where labels say"
        raise InputError(f"{shown(table.path)}: {found} {quoted(by_letters[_letters(alike)])}; {remedy}")
    if 2 * sum(unseen.values()) >= decided.total() > 0:
        share = f"in {sum(unseen.values()):,} of {decided.total():,} rows"
        found = f"the predictions name {listed(sorted_values(unseen))}, which no label has, {share}"
        raise InputError(f"{shown(table.path)}: {found}; the labels are {listed(sorted_values(labels))}; {remedy}")


def _letters(value: str) -> str:
    return "".join(value.split()).casefold()
