"""What each input of a model gets: `[inputs]` of the configuration, or columns and arrays of the inputs' own names."""

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from auditor.config import Config
from auditor.data.formats import shown
from auditor.data.tables import listed, quoted
from auditor.errors import InputError, UsageError
from auditor.layout import Input, Part, side_by_side
from auditor.settings import InputSettings


def with_inputs(config: Config, inputs: Sequence[Input], path: Path, names: Collection[str], what: str) -> Config:
    """The configuration with `inputs` for a model of several: those it states, else what the file calls as they are called.

    `names` are the columns or arrays of the file. Raises InputError where neither says what each input gets, and
    UsageError where inputs and features are both stated.
    """
    if config.inputs:
        _refuse_twice(config)
        return config
    if len(inputs) < 2:
        return config
    if all(entry.name in names for entry in inputs):
        return config.model_copy(update={"inputs": {entry.name: InputSettings(of=entry.name) for entry in inputs}})
    lines = ", ".join(f'{entry.name} = ["..."]' for entry in inputs)
    raise InputError(
        f"the model takes {len(inputs)} inputs, {listed(entry.name for entry in inputs)}, and {shown(path)} has no "
        f"{what} of each name; say in auditor.toml which each one gets: [inputs] {lines}"
    )


def input_columns(config: Config) -> tuple[str, ...]:
    """The columns of a table that all inputs get, in their order."""
    return tuple(name for entry in config.inputs.values() for name in entry.names)


def table_parts(config: Config) -> tuple[Part, ...]:
    """The inputs as parts of a table's features: one column is (rows,), a list of them (rows, columns)."""
    return side_by_side(
        (name, () if isinstance(entry.of, str) else (len(entry.of),), entry.dtype)
        for name, entry in config.inputs.items()
    )


def _refuse_twice(config: Config) -> None:
    if config.features:
        raise UsageError("auditor.toml states both features and [inputs]; the columns in [inputs] are the features")
    column, times = Counter(input_columns(config)).most_common(1)[0]
    if times > 1:
        raise UsageError(f"[inputs] in auditor.toml names {quoted(column)} {times} times; expected each once")
