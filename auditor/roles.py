"""Columns that are known by their names to be no ordinary feature."""

import re

# The setting that declares such a column, what it is called, what it says.
ROLES = (
    ("group", ("group", "patient", "subject", "customer", "user", "person", "household", "account", "client"),
     "of what rows share that depend on each other"),
    ("time", ("time", "date", "datetime", "timestamp", "created_at", "day"), "of when each row happened: numbers, or ISO dates"),
    ("weight", ("weight", "weights", "sample_weight", "w"), "of how many rows of the population a row stands for"),
)  # fmt: skip
ID = "_id"


def is_called(name: str, words: tuple[str, ...]) -> bool:
    """Whether a column's name is one of some words, or one followed by `id`: `Patient`, `patient-id`, `patientId`."""
    return _plain(name).removesuffix(ID) in words


def is_called_like_group(name: str) -> bool:
    """Whether a column's name says that several rows may share its values: by a word for a group, or by ending in `id`."""
    return is_called(name, ROLES[0][1]) or _plain(name).endswith(ID)


def _plain(name: str) -> str:
    """The name in small letters, its words divided by `_`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[- ]", "_", name).lower()
