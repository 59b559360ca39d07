"""TensorBoard event files: the scalars in them, read from the framing and the few fields that hold them.

A file is a sequence of records: length as uint64, masked CRC-32C of the length, that many bytes, masked CRC-32C of them. Each
record is an `Event` in protobuf's wire format. Nothing else of TensorBoard is needed.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from auditor.data.formats import readable, shown
from auditor.errors import InputError
from auditor.histories.log import Log, log_of_steps
from auditor.histories.names import speaks_of_a_split
from auditor.histories.runs import chosen_run
from auditor.histories.wire import Fields, WireError, fields
from auditor.wording import plural

POLYNOMIAL, MASK_DELTA, WORD = 0x82F63B78, 0xA282EAD8, 0xFFFFFFFF
HEADER, FOOTER = struct.Struct("<QI"), struct.Struct("<I")
LONGEST_RECORD = 1 << 26
DTYPE_FLOAT, DTYPE_DOUBLE = 1, 2

Series = dict[str, list[tuple[int, float]]]


@dataclass
class Reading:
    """What was found: (step, value) by run and name, and what was passed over."""

    runs: dict[str, Series] = field(default_factory=dict)
    cut_short: list[str] = field(default_factory=list)
    damaged: int = 0
    too_long: int = 0


def is_event_file(start: bytes) -> bool:
    """Whether a file begins with the framed length of a record."""
    if len(start) < HEADER.size:
        return False
    length, crc = HEADER.unpack_from(start)
    return bool(length) and crc == masked_crc(start[:8])


def read_event_files(path: Path, files: Sequence[Path], run: str) -> Log:
    """The scalars of a run in event files, by step; a folder `train` or `validation` within a run is part of the names.

    A record that was cut short ends its file, one whose checksum is wrong is left out, both with a note. Raises
    InputError where nothing is recorded, or where there are several runs and `run` names none of them.
    """
    reading = Reading()
    for file in files:
        name, prefix = _run_of(file.parent.relative_to(path).parts if file != path else ())
        series = reading.runs.setdefault(name, {})
        for tag, step, value in _scalars(file, reading):
            series.setdefault(prefix + tag, []).append((step, value))
    runs = {name: series for name, series in reading.runs.items() if series}
    if not runs:
        raise InputError(f"{shown(path)} holds no scalars in its event files; expected losses as scalars")
    return log_of_steps("TensorBoard event files", chosen_run(path, runs, run), _notes(reading))


def masked_crc(data: bytes) -> int:
    """CRC-32C (Castagnoli) of the data, rotated by 15 bits and shifted by a constant as the framing wants it."""
    crc, table = WORD, _table()
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= WORD
    return (((crc >> 15) | (crc << 17)) + MASK_DELTA) & WORD


@cache
def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (POLYNOMIAL if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


def _run_of(folders: tuple[str, ...]) -> tuple[str, str]:
    """The run that a folder belongs to, and what it puts before the names: `exp/train` is of the run `exp`."""
    if folders and speaks_of_a_split(folders[-1]):
        return "/".join(folders[:-1]) or ".", f"{folders[-1]}/"
    return "/".join(folders) or ".", ""


def _scalars(path: Path, reading: Reading) -> Iterator[tuple[str, int, float]]:
    for record, crc in _records(path, reading):
        try:
            found = list(_of_event(fields(record)))
        except (WireError, UnicodeDecodeError, struct.error):
            reading.damaged += 1
            continue
        if found and masked_crc(record) != crc:
            reading.damaged += 1
            continue
        yield from found


def _records(path: Path, reading: Reading) -> Iterator[tuple[bytes, int]]:
    """The records and their checksums up to the first that is not whole."""
    with readable(path), path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        while header := file.read(HEADER.size):
            length, crc = HEADER.unpack(header) if len(header) == HEADER.size else (0, 0)
            whole = file.tell() + length + FOOTER.size <= size
            if len(header) < HEADER.size or crc != masked_crc(header[:8]) or not whole:
                reading.cut_short.append(path.name)
                return
            if length > LONGEST_RECORD:
                reading.too_long += 1
                file.seek(length + FOOTER.size, 1)
                continue
            record = file.read(length)
            yield record, FOOTER.unpack(file.read(FOOTER.size))[0]


def _of_event(event: Fields) -> Iterator[tuple[str, int, float]]:
    """Field 2 of an event is its step, field 5 its summary, whose field 1 are the values."""
    step = _signed(event.number(2))
    for summary in event.parts(5):
        for value in fields(summary).parts(1):
            parsed = fields(value)
            number = _number(parsed)
            if number is not None:
                yield parsed.part(1).decode("utf-8"), step, number


def _number(value: Fields) -> float | None:
    """Field 2 is a plain number; field 8 a tensor, which is one where it has no dimensions."""
    simple = value.fixed32.get(2)
    if simple:
        return float(struct.unpack("<f", simple[-1])[0])
    if not value.parts(8):
        return None
    tensor = fields(value.part(8))
    if any(fields(shape).parts(2) for shape in tensor.parts(2)):
        return None
    kinds: Mapping[int, tuple[str, int]] = {DTYPE_FLOAT: ("<f", 5), DTYPE_DOUBLE: ("<d", 6)}
    if tensor.number(1) not in kinds:
        return None
    code, place = kinds[tensor.number(1)]
    single = (tensor.fixed32 if code == "<f" else tensor.fixed64).get(place, [])
    data = [*tensor.parts(4), *tensor.parts(place), *single]
    return float(struct.unpack(code, data[0])[0]) if data and len(data[0]) == struct.calcsize(code) else None


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


def _notes(reading: Reading) -> Iterator[str]:
    if reading.cut_short:
        yield f"{plural(len(reading.cut_short), 'event file')} end in a record that was cut short, which is left out"
    if reading.damaged:
        yield f"{plural(reading.damaged, 'damaged record')} left out"
    if reading.too_long:
        yield f"{plural(reading.too_long, 'record')} of more than 64 MB left out unread"
