"""Histories as JSON: one object a line, a list of objects, lists by name, or the trainer_state.json of Transformers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from auditor.data.formats import shown
from auditor.data.tables import bad_number
from auditor.errors import InputError
from auditor.histories.delimited import read_text
from auditor.histories.log import Log, log_of_rows
from auditor.histories.names import canonical_names

NOT_FINITE = ("nan", "inf", "infinity")


def read_json(path: Path, required: tuple[str, ...]) -> Log:
    """The numbers of a JSON file by row; objects within a row give names such as `val/loss`, other values are left out.

    A last line that was cut short, as by a kill, is left out with a note. Raises InputError where the text is no JSON or
    holds no rows, and for text where a loss or an epoch was expected.
    """
    form, objects, notes = _rows(path, read_text(path))
    flat = [dict(_flat(row)) for row in objects]
    names = tuple(dict.fromkeys(name for row in flat for name in row))
    strict = {*required, *canonical_names(names).values()}
    rows = [dict(_numbers(path, number, row, strict)) for number, row in enumerate(flat, 1)]
    log = log_of_rows(form, rows, notes)
    return Log(form, len(rows), log.columns, names or log.names, log.notes)


def _rows(path: Path, text: str) -> tuple[str, Sequence[Mapping[str, Any]], tuple[str, ...]]:
    """The kind of JSON, its rows, and a note where one is left out."""
    try:
        whole = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return "JSON lines", *_lines(path, text)
    if isinstance(whole, dict) and "log_history" in whole:
        # Transformers ends its log with a summary whose `train_loss` is the mean of the whole run.
        kept = [row for row in _objects(path, whole["log_history"]) if "train_runtime" not in row]
        return "trainer_state.json", kept, ()
    if isinstance(whole, dict) and any(
        isinstance(values, list) for name, values in whole.items() if name != "confusion"
    ):
        return "JSON", _transposed(whole), ()
    return "JSON", _objects(path, whole if isinstance(whole, list) else [whole]), ()


def _lines(path: Path, text: str) -> tuple[list[Mapping[str, Any]], tuple[str, ...]]:
    """One object a line, and a note where the last line is not whole."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    objects: list[Mapping[str, Any]] = []
    for number, line in lines:
        try:
            found = json.loads(line)
        except (json.JSONDecodeError, RecursionError):
            if number == lines[-1][0] and objects and not text.endswith("\n"):
                return objects, (f"line {number} was cut short and is left out",)
            raise InputError(f"{shown(path)} line {number} is not JSON; expected one object a line") from None
        if not isinstance(found, dict):
            raise InputError(f'{shown(path)} line {number}: expected an object, as {{"epoch": 1, "train_loss": 0.5}}')
        objects.append(found)
    return objects, ()


def _objects(path: Path, found: object) -> Sequence[Mapping[str, Any]]:
    if not isinstance(found, list) or not found or not all(isinstance(row, dict) for row in found):
        raise InputError(
            f'{shown(path)} holds no list of epochs; expected objects, as {{"epoch": 1, "train_loss": 0.5}}'
        )
    return found


def _transposed(columns: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Rows from lists by name, as Keras keeps its history."""
    lists = {name: values for name, values in columns.items() if isinstance(values, list)}
    longest = max(map(len, lists.values()))
    return [{name: values[i] for name, values in lists.items() if i < len(values)} for i in range(longest)]


def _flat(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in row.items():
        if isinstance(value, dict) and not prefix:
            yield from _flat(value, f"{name}/")
        elif isinstance(value, int | float | str) and not isinstance(value, bool):
            yield f"{prefix}{name}", value


def _numbers(path: Path, number: int, row: Mapping[str, object], strict: set[str]) -> Iterator[tuple[str, float]]:
    for name, value in row.items():
        if isinstance(value, int | float):
            yield name, _float(value)
        elif str(value).strip().lower().lstrip("+-") in NOT_FINITE:
            yield name, float(str(value))
        elif name in strict:
            raise bad_number(f"{shown(path)} row {number}", name, str(value))


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")
