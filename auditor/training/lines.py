"""The file of a training log, one JSON object a line, and the line that a person reads."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from auditor.errors import InputError
from auditor.states import ConfusionMatrix
from auditor.wording import count, name, number, ratio

CLASSES_WRITTEN = 20
BRIEF = {"train_loss": "train", "val_loss": "validation"}


def open_log(path: Path) -> tuple[IO[bytes], list[Mapping[str, Any]]]:
    """The file, opened for appending, and the epochs in it.

    A last line that was cut short is taken out. InputError where the file holds something else: nothing is written then.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}; name another file") from None
    try:
        rows, whole = _whole_rows(path, content)
    except InputError:
        file.close()
        raise
    file.truncate(whole)
    return file, rows


def _whole_rows(path: Path, content: bytes) -> tuple[list[Mapping[str, Any]], int]:
    """The rows of the lines that are whole, and where these end."""
    whole, _, tail = content.rpartition(b"\n")
    lines = [line for line in (whole + b"\n").split(b"\n") if line.strip()]
    rows = [_row(path, number, line) for number, line in enumerate(lines, 1)]
    if tail and not tail.startswith(b"{"):
        raise InputError(f"{path} is no training log; name a file that does not exist yet")
    return rows, len(content) - len(tail)


def _row(path: Path, number: int, line: bytes) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
        if isinstance(row, dict) and isinstance(row["epoch"], int):
            return row
    except (ValueError, KeyError, RecursionError):
        pass
    raise InputError(f"{path} line {number} is no epoch of a training log; name a file that does not exist yet")


def append(file: IO[bytes], row: Mapping[str, Any]) -> None:
    """Write a row and wait until the disk has it."""
    file.write(json.dumps({key: _plain(value) for key, value in row.items()}, allow_nan=False).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


def _plain(value: Any) -> Any:  # noqa: ANN401  (JSON)
    """JSON has no NaN: it and the infinities become text, which the reader of histories takes for what it says."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def figures(matrix: ConfusionMatrix) -> dict[str, Any]:
    """What a confusion matrix says of an epoch; undefined is None. Of many classes only the means are kept."""
    classes, names = matrix.classes, matrix.task.class_names
    found: dict[str, Any] = {
        "n": matrix.n,
        "val_accuracy": classes.accuracy().value,
        "val_balanced_accuracy": classes.balanced_accuracy().value,
    }
    if len(names) > CLASSES_WRITTEN:
        return found
    for what, of in (("recall", classes.recall), ("precision", classes.precision), ("f1", classes.f_score)):
        found[what] = {label: of(k).value for k, label in enumerate(names)}
    return found | {"confusion": matrix.dense.tolist()}


def spoken(row: Mapping[str, Any], matrix: ConfusionMatrix | None) -> str:
    """An epoch in one line: losses, and of the class that matters, or that is found least, counts before shares."""
    parts = [f"epoch {row['epoch']:>4}"]
    parts += [f"{brief} {_loss(float(row[key])):>8}" for key, brief in BRIEF.items() if row.get(key) is not None]
    if matrix is not None and matrix.n:
        classes, k = matrix.classes, _class_told(matrix)
        f1 = classes.f_score(k).value
        parts.append(f"accuracy {ratio(classes.accuracy().value):>6}")
        parts.append(f"{name(matrix.task.class_names[k])}: {_counted('found', classes.recall(k), matrix.n)}")
        parts.append(f"{_counted('right', classes.precision(k), matrix.n)}  F1 {ratio(f1):>5}")
    known = {*BRIEF, "epoch", "n", "val_accuracy", "val_balanced_accuracy", "recall", "precision", "f1", "confusion"}
    parts += [f"{name(key)} {value:.4g}" for key, value in row.items() if key not in known and isinstance(value, float)]
    return "  ".join(parts)


def _loss(value: float) -> str:
    return number(value, 4) if math.isfinite(value) else str(_plain(value))


def _counted(how: str, share: Any, rows: int) -> str:  # noqa: ANN401  (a Proportion)
    width, of = len(count(rows)), f"({ratio(share.value)})"
    return f"{how} {count(share.k):>{width}} of {count(share.n):>{width}} {of:>7}"


def _class_told(matrix: ConfusionMatrix) -> int:
    """The positive class, or the one of lowest recall."""
    if matrix.task.positive is not None:
        return matrix.task.positive
    recalls = [(matrix.classes.recall(k).value, k) for k in range(matrix.task.n_classes)]
    return min((value, k) for value, k in recalls if value is not None)[1]
