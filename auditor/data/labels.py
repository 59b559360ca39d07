"""Label values as class indices: one text for one value whatever the format, and no loop over rows."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from auditor import wording
from auditor.batches import Array
from auditor.data.columns import filled
from auditor.data.tables import ColumnKind, Table, kind_of, listed, quoted
from auditor.errors import InputError

UNLABELLED = -1
UNKNOWN = -2
MOST_CLASSES = 20_000
# what pyarrow's CSV reader takes for an empty cell in a column of numbers
NO_VALUE = (
    "",
    "#N/A",
    "#N/A N/A",
    "#NA",
    "-1.#IND",
    "-1.#QNAN",
    "-NaN",
    "-nan",
    "1.#IND",
    "1.#QNAN",
    "N/A",
    "NA",
    "NULL",
    "NaN",
    "n/a",
    "nan",
    "null",
)
BOOLEANS = {"true": "True", "false": "False"}
WHOLE = re.compile(r"([+-]?)0*(\d+)(?:\.0*)?")


@dataclass(frozen=True)
class Encoded:
    """A run of label values: the distinct ones, and for each row an index into them, -1 for an empty cell."""

    values: tuple[object, ...]
    codes: Array

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.codes)


@dataclass(frozen=True)
class LabelCount:
    """What a pass over one label column found: rows of each value by the text it is named by, and rows in all."""

    counts: Counter[str]
    n_rows: int


@dataclass(frozen=True)
class ClassIndex:
    """Class names in the order of the outputs; `ignore` is the integer that marks rows to leave out.

    A value stands for the class of its text as it stands, else of its canonical text. Where no class is named by an
    integer, the integers from 0 to K-1 stand for the classes in their order. A text that is an empty cell in a column of
    numbers (`NA`, `nan`, `null` and their like) is no label either, unless a class is called so.
    """

    names: tuple[str, ...]
    ignore: int | None = None

    def of(self, value: object) -> int:
        """The class index of one value, `UNLABELLED` or `UNKNOWN`."""
        text = canonical(value)
        if text is None or (self.ignore is not None and text == str(self.ignore)):
            return UNLABELLED
        found = self._by_name.get(str(value), self._by_name.get(text, UNKNOWN))
        return UNLABELLED if found == UNKNOWN and text in NO_VALUE else found

    def text(self, value: object) -> str | None:
        """The name of the class of a value, its own text where it is of none, None where it is no label."""
        index = self.of(value)
        return None if index == UNLABELLED else str(value) if index == UNKNOWN else self.names[index]

    def of_rows(self, encoded: Encoded) -> Array:
        """(n,) int64 class indices, `UNLABELLED` and `UNKNOWN` included."""
        table = np.array([*(self.of(value) for value in encoded.values), UNLABELLED], dtype=np.int64)
        return np.asarray(table[encoded.codes])

    def labels(self, encoded: Encoded, where: Callable[[int], str], first_row: int = 0, role: str = "label") -> Array:
        """(n,) int64 labels with -1 for none; raises InputError at the first value that is no class."""
        labels = self.of_rows(encoded)
        unknown = labels == UNKNOWN
        if unknown.any():
            row = int(unknown.argmax())
            value = quoted(str(encoded.values[encoded.codes[row]]))
            known = listed(self.names)
            remedy = "correct it, or add it to classes in auditor.toml"
            raise InputError(f"{where(first_row + row)}: {role} {value} is none of the classes {known}; {remedy}")
        return labels

    @cached_property
    def _by_name(self) -> dict[str, int]:
        by_name = {name: index for index, name in enumerate(self.names)}
        if any(WHOLE.fullmatch(name) for name in self.names):
            texts = [canonical(name) or name for name in self.names]
            return {text: index for index, text in enumerate(texts) if texts.count(text) == 1} | by_name
        truths = {BOOLEANS[name.lower()]: index for name, index in by_name.items() if name.lower() in BOOLEANS}
        return {str(index): index for index in range(len(self.names))} | truths | by_name


def canonical(value: object) -> str | None:
    """The text of a label value, the same in every format: `1`, `1.0` and `"1.0"` are "1", `true` is "True"; empty and NaN None."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if value is None or value == "" or value != value:  # noqa: PLR0124  (NaN)
        return None
    text = str(value)
    if text.lower() in BOOLEANS:
        return BOOLEANS[text.lower()]
    whole = WHOLE.fullmatch(text)
    if whole is None or (isinstance(value, str) and "." not in text):
        return text
    sign = "-" if whole[1] == "-" and whole[2] != "0" else ""
    return sign + whole[2]


def found_text(value: object, ignore: int | None = None) -> str | None:
    """The text that names a class where none are stated: the canonical one, None for what is ignored or no value."""
    text = canonical(value)
    return None if text in NO_VALUE or (ignore is not None and text == str(ignore)) else text


def encode_arrow(column: Any) -> Encoded:  # noqa: ANN401  (pyarrow is untyped)
    """The distinct values of an Arrow array and the place of each row among them."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    codes = np.from_dlpack(filled(encoded.indices.cast(pa.int64()), -1))
    return Encoded(tuple(encoded.dictionary.to_pylist()), codes)


def label_values(column: Any, name: str, where: Callable[[int], str], first_row: int) -> Encoded:  # noqa: ANN401
    """The labels of an Arrow array: text, numbers, or lists of one 1 and else 0, of which the place of the 1 is the label.

    Raises InputError at the first list that is none of these, and for a column of anything else.
    """
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type) or pa.types.is_fixed_size_list(column.type):
        return _one_hot(column, name, where, first_row)
    if kind_of(column.type) is ColumnKind.OTHER:
        raise InputError(f"{where(first_row)}: the label column {quoted(name)} holds neither text nor numbers")
    return encode_arrow(column)


def _one_hot(column: Any, name: str, where: Callable[[int], str], first_row: int) -> Encoded:  # noqa: ANN401
    try:
        lists = column.cast(pa.list_(pa.float64()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InputError(
            f"{where(first_row)}: the label column {quoted(name)} holds lists of something else than numbers; write the class "
            "as text or number"
        ) from None
    lengths = np.from_dlpack(filled(lists.value_lengths(), 0))
    width = int(lengths.max(initial=0))
    known = lengths > 0
    codes, odd = np.full(len(lengths), -1, np.int64), known & (lengths != width)
    if not odd.any() and width:
        flags = np.from_dlpack(filled(lists.flatten(), np.nan)).reshape(-1, width)
        odd[known] = ((flags != 0).sum(axis=1) != 1) | (flags.max(axis=1) != 1)
        codes[known] = flags.argmax(axis=1)
    if odd.any():
        raise InputError(
            f"{where(first_row + int(odd.argmax()))}: the label is a list that is not one 1 and else 0 (one-hot), as long as "
            "the others; correct it, or write the class as text or number"
        )
    return Encoded(tuple(range(width)), codes)


def encode_numpy(array: Array) -> Encoded:
    """The distinct values of a one-dimensional array and the place of each row among them."""
    values, codes = np.unique(array, return_inverse=True)
    return Encoded(tuple(values.tolist()), codes)


def table_labels(table: Table, column: str) -> Iterator[Encoded]:
    """The label column of a table, read alone."""
    for part in table.parts():
        row = part.first_row
        for batch in table.read(part, {column: pa.string()}):
            yield label_values(batch.column(0), column, table.where, row)
            row += batch.num_rows


def count_labels(labels: Iterable[Encoded], place: str, text_of: Callable[[object], str | None]) -> LabelCount:
    """Rows of each text that `text_of` gives a value, None for none.

    Raises InputError where there are more texts than a classifier has classes.
    """
    counts: Counter[str] = Counter()
    n_rows = 0
    for encoded in labels:
        n_rows += len(encoded)
        rows = np.bincount(encoded.codes + 1, minlength=len(encoded.values) + 1)[1:]
        for value, amount in zip(encoded.values, rows.tolist(), strict=True):
            text = text_of(value)
            if text is not None and amount:
                counts[text] += amount
        if len(counts) > MOST_CLASSES:
            limit = wording.count(MOST_CLASSES)
            raise InputError(f"{place} holds more than {limit} different values; expected the names of classes")
    return LabelCount(counts, n_rows)


def any_labelled(labels: Iterable[Encoded], classes: ClassIndex) -> bool:
    """Whether some row has a label; stops reading at the first."""
    return any((classes.of_rows(encoded) != UNLABELLED).any() for encoded in labels)


def sorted_values(values: Iterable[str]) -> tuple[str, ...]:
    """Label values in order: numbers as numbers and first, then text."""

    def key(text: str) -> tuple[bool, float, str]:
        try:
            number = float(text)
        except ValueError:
            return True, 0.0, text
        return (False, number, text) if number == number else (True, 0.0, text)  # noqa: PLR0124  (NaN)

    return tuple(sorted(values, key=key))
