"""Parsers of JSON values: each returns what it understood and raises Violation for anything else.

What is loaded is written again from what they return, so that nothing reaches PyTorch that was not understood.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from auditor import wording
from auditor.models.verification.violations import Violation

Parse = Callable[[Any], Any]

MOST_ENTRIES = 1_000_000
LONGEST_TEXT = 20_000
FLOATS = ("Infinity", "-Infinity", "NaN")


def shown(value: object) -> str:
    """A value from the file as a refusal names it."""
    return wording.quoted(value) if isinstance(value, str) else wording.name(f"{type(value).__name__} {value!r}")


def flag(value: Any) -> bool:  # noqa: ANN401  (any JSON value)
    """True or false."""
    if not isinstance(value, bool):
        raise Violation("structure", f"true or false was expected, found {shown(value)}")
    return value


def number(value: Any) -> float | str:  # noqa: ANN401
    """A number, or one of the words that JSON has for those it cannot write."""
    if isinstance(value, float) or value in FLOATS or (isinstance(value, int) and not isinstance(value, bool)):
        found: float | str = value
        return found
    raise Violation("structure", f"a number was expected, found {shown(value)}")


def text(value: Any) -> str:  # noqa: ANN401
    """Any text that is not too long."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise Violation("structure", f"a text was expected, found {shown(value)}")
    return value


def whole(low: int = -(2**64), high: int = 2**64) -> Parse:
    """A whole number from `low` to `high`."""

    def parse(value: Any) -> int:  # noqa: ANN401
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Violation("structure", f"a whole number from {low} to {high} was expected, found {shown(value)}")
        return value

    return parse


def matching(pattern: str, what: str, rule: str) -> Parse:
    """A text that matches the whole pattern."""
    compiled = re.compile(pattern, re.ASCII)

    def parse(value: Any) -> str:  # noqa: ANN401
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise Violation(rule, f"{what} was expected, found {shown(value)}")
        return value

    return parse


def one_of(allowed: Collection[Any], what: str, rule: str) -> Parse:
    """One of the values."""

    def parse(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, bool | float | list | dict) or value not in allowed:
            raise Violation(rule, f"{shown(value)} is not {what}")
        return value

    return parse


def listed(parse: Parse, most: int = MOST_ENTRIES) -> Parse:
    """A list of what `parse` accepts, with at most `most` entries."""

    def parse_all(values: Any) -> list[Any]:  # noqa: ANN401
        if not isinstance(values, list) or len(values) > most:
            raise Violation("structure", f"a list of at most {most} was expected, found {shown(values)}")
        found: list[Any] = []
        try:
            found.extend(map(parse, values))
        except Violation as violation:
            violation.place.append(f"[{len(found)}]")
            raise
        return found

    return parse_all


def mapped(key: Parse, parse: Parse) -> Parse:
    """An object whose keys and values the two accept."""

    def parse_all(values: Any) -> dict[str, Any]:  # noqa: ANN401
        if not isinstance(values, dict) or len(values) > MOST_ENTRIES:
            raise Violation("structure", f"an object was expected, found {shown(values)}")
        return {key(name): _inside(name, parse, value) for name, value in values.items()}

    return parse_all


def optional(parse: Parse) -> Parse:
    """Null, or what `parse` accepts."""
    return lambda value: None if value is None else parse(value)


def emptied(empty: Callable[[], Any]) -> Parse:
    """Anything at all; none of it is loaded."""
    return lambda _value: empty()


def record(required: Mapping[str, Parse], others: Mapping[str, Parse] | None = None) -> Parse:
    """An object with all required fields, and none that is unknown."""
    known = {**required, **(others or {})}

    def parse(value: Any) -> dict[str, Any]:  # noqa: ANN401
        if not isinstance(value, dict):
            raise Violation("structure", f"an object was expected, found {shown(value)}")
        missing, unknown = required.keys() - value.keys(), value.keys() - known.keys()
        if missing or unknown:
            what = f"the field {min(missing)} is missing" if missing else f"the field {shown(min(unknown))} is unknown"
            raise Violation("structure", what)
        return {name: _inside(name, known[name], entry) for name, entry in value.items()}

    return parse


def union(kinds: Mapping[str, Parse]) -> Parse:
    """An object with one entry that says which kind it is."""

    def parse(value: Any) -> dict[str, Any]:  # noqa: ANN401
        if not isinstance(value, dict) or len(value) != 1:
            raise Violation("structure", f"an object with one entry was expected, found {shown(value)}")
        kind, entry = next(iter(value.items()))
        if kind not in kinds:
            raise Violation("structure", f"{shown(kind)} is not among the kinds of value that are loaded")
        return {kind: _inside(kind, kinds[kind], entry)}

    return parse


def _inside(name: str, parse: Parse, value: Any) -> Any:  # noqa: ANN401
    try:
        return parse(value)
    except Violation as violation:
        violation.place.append(wording.name(name))
        raise
