"""The fields of a protobuf message, read by hand: what an ONNX file would make its runtime open, before it is run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

DEEPEST = 64


@dataclass(frozen=True)
class Message:
    """The fields of one message: numbers (varints) and byte strings, by field number and in their order."""

    numbers: Mapping[int, tuple[int, ...]]
    strings: Mapping[int, tuple[memoryview, ...]]

    def texts(self, field: int) -> tuple[str, ...]:
        """The byte strings of a field as text."""
        return tuple(bytes(value).decode("utf-8", "replace") for value in self.strings.get(field, ()))

    def messages(self, field: int) -> Iterator["Message"]:
        """The byte strings of a field as messages."""
        return map(parse, self.strings.get(field, ()))


def parse(content: memoryview) -> Message:
    """The fields of a message; raises ValueError where it is none."""
    numbers: dict[int, list[int]] = {}
    strings: dict[int, list[memoryview]] = {}
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        field, kind = key >> 3, key & 7
        if kind == 0:
            value, place = _varint(content, place)
            numbers.setdefault(field, []).append(value)
            continue
        length, place = _varint(content, place) if kind == 2 else ({1: 8, 5: 4}.get(kind, -1), place)
        if length < 0 or place + length > len(content):
            raise ValueError("it is cut short: a field is longer than the message")
        if kind == 2:
            strings.setdefault(field, []).append(content[place : place + length])
        place += length
    return Message(
        {field: tuple(values) for field, values in numbers.items()},
        {field: tuple(values) for field, values in strings.items()},
    )


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(content):
            break
        byte = content[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
    raise ValueError("it is cut short: a number does not end")
