"""How options of the command line are read."""

import json
from typing import Any

import click

from auditor.errors import UsageError


class CommaList(click.ParamType[tuple[str, ...]]):
    """Words separated by commas, each one of `choices` where any are given."""

    name = "list"

    def __init__(self, choices: tuple[str, ...] = ()) -> None:
        """Remember what is allowed."""
        self.choices = choices

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:  # noqa: ANN401
        """Split and check."""
        words = value if isinstance(value, tuple) else tuple(word.strip() for word in value.split(",") if word.strip())
        for word in words if self.choices else ():
            if word not in self.choices:
                self.fail(f"{word!r} is not one of {', '.join(self.choices)}", param, ctx)
        return words


def together(
    _context: click.Context, _option: click.Parameter, stated: tuple[tuple[str, ...], ...]
) -> tuple[str, ...] | None:
    """The words of an option that may be given several times, each once; None where it was not given."""
    return tuple(dict.fromkeys(word for words in stated for word in words)) or None


def json_object(text: str | None) -> dict[str, Any] | None:
    """The value of --model-args; raises UsageError where it is no JSON object."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"--model-args: not JSON ({error.msg}); expected an object such as '{{\"width\": 64}}'"
        ) from error
    if not isinstance(value, dict):
        raise UsageError(f"--model-args: expected a JSON object such as '{{\"width\": 64}}', found {text!r}")
    return value


def by_class(stated: list[tuple[str, float]]) -> dict[str, float]:
    """The shares of --prior by class; raises UsageError where one is stated twice."""
    shares = dict(stated)
    if len(shares) < len(stated):
        raise UsageError("--prior states the share of a class twice; state each once")
    return shares


def rows_at_once(text: str | None) -> int | str | None:
    """The value of --batch-size; raises UsageError where it is neither a number of rows nor auto."""
    if text is None or text == "auto":
        return text
    if not text.isdigit() or int(text) == 0:
        raise UsageError(f"--batch-size {text!r}: expected a whole number of rows, at least 1, or auto")
    return int(text)
