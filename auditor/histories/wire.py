"""Protobuf's wire format: the fields of one message, undecoded."""

from collections.abc import Mapping
from dataclasses import dataclass

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
LONGEST_VARINT = 10


class WireError(ValueError):
    """Bytes that are no message."""


@dataclass(frozen=True)
class Fields:
    """The fields of a message by number, each with its values in their order."""

    varints: Mapping[int, list[int]]
    fixed64: Mapping[int, list[bytes]]
    chunks: Mapping[int, list[bytes]]
    fixed32: Mapping[int, list[bytes]]

    def number(self, field: int) -> int:
        """The last value of a field of numbers, 0 where it is absent."""
        return self.varints.get(field, [0])[-1]

    def parts(self, field: int) -> list[bytes]:
        """The values of a field of bytes."""
        return self.chunks.get(field, [])

    def part(self, field: int) -> bytes:
        """The last value of a field of bytes, empty where it is absent."""
        return self.chunks.get(field, [b""])[-1]


def fields(message: bytes) -> Fields:
    """The fields of a message; raise WireError where it is none."""
    found: dict[int, dict[int, list[int]]] = {VARINT: {}}
    raw: dict[int, dict[int, list[bytes]]] = {FIXED64: {}, BYTES: {}, FIXED32: {}}
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        field, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            found[VARINT].setdefault(field, []).append(value)
            continue
        if kind not in raw:
            raise WireError(f"wire type {kind}")
        length, at = _varint(message, at) if kind == BYTES else ({FIXED64: 8, FIXED32: 4}[kind], at)
        if at + length > len(message):
            raise WireError("a field ends beyond its message")
        raw[kind].setdefault(field, []).append(message[at : at + length])
        at += length
    return Fields(found[VARINT], raw[FIXED64], raw[BYTES], raw[FIXED32])


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, lowest first, and where it ends."""
    value = 0
    for i in range(LONGEST_VARINT):
        if at + i >= len(message):
            break
        value |= (message[at + i] & 0x7F) << (7 * i)
        if message[at + i] < 0x80:
            return value & ((1 << 64) - 1), at + i + 1
    raise WireError("a number has no end")
