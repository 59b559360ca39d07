"""TensorBoard event files and MLflow stores, written by hand."""

import sqlite3
import struct
from collections.abc import Iterable
from pathlib import Path

from auditor.histories.tensorboard import masked_crc

# The first record that TensorFlow and PyTorch write, length and checksum as they stand in real files.
REAL_HEADER = bytes.fromhex("1800000000000000a37f4b22")


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def part(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def plain(value: float) -> bytes:
    return varint(2 << 3 | 5) + struct.pack("<f", value)


def tensor(value: float, *, dims: bytes = b"") -> bytes:
    return part(8, varint(1 << 3) + varint(1) + part(2, dims) + part(4, struct.pack("<f", value)))


def packed(value: float) -> bytes:
    return part(8, varint(1 << 3) + varint(2) + part(6, struct.pack("<d", value)))


def event(step: int, tag: str, value: bytes) -> bytes:
    summary = part(1, part(1, tag.encode()) + value)
    return varint(1 << 3 | 1) + struct.pack("<d", 1.7e9) + varint(2 << 3) + varint(step) + part(5, summary)


def framed(record: bytes) -> bytes:
    length = struct.pack("<Q", len(record))
    return length + struct.pack("<I", masked_crc(length)) + record + struct.pack("<I", masked_crc(record))


def event_file(path: Path, records: Iterable[bytes]) -> Path:
    version = varint(1 << 3 | 1) + struct.pack("<d", 1.7e9) + part(3, b"brain.Event:2")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(framed(record) for record in (version, *records)))
    return path


def losses(values: Iterable[float], tag: str) -> list[bytes]:
    return [event(step, tag, plain(value)) for step, value in enumerate(values)]


def mlflow_database(path: Path, runs: dict[str, str], metrics: list[tuple[str, str, float, int, int, bool]]) -> Path:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE runs (run_uuid TEXT, name TEXT, start_time INTEGER)")
        database.execute(
            "CREATE TABLE metrics (run_uuid TEXT, key TEXT, value REAL, timestamp INTEGER, step INTEGER, is_nan BOOLEAN)"
        )
        database.executemany("INSERT INTO runs VALUES (?, ?, 0)", runs.items())
        database.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", metrics)
    database.close()
    return path


def mlflow_run(folder: Path, metrics: dict[str, str], name: str = "") -> Path:
    for metric, lines in metrics.items():
        file = folder / "metrics" / metric
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(lines)
    (folder / "tags").mkdir()
    (folder / "tags" / "mlflow.runName").write_text(name)
    return folder
