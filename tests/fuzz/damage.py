"""Valid data files, damaged at random: whatever they have become, they are read or refused in one line, in good time.

    python tests/fuzz/damage.py [--seconds 60] [--seed N]

Each case is a whole file or folder of every kind that is read, with bytes flipped, cut, repeated, swapped between kinds
or replaced by what breaks parsers. A case that ends in anything but rows or an AuditorError, or that takes longer than
half a minute, is kept and named.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import numpy as np
import pyarrow as pa
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))

from auditor.config import Config
from auditor.data import open_splits
from auditor.errors import AuditorError
from auditor.settings import ImageSettings
from tests.data.writing import ARRAYS, TABLES

MOST_SECONDS = 30  # 80 million pixels take some on a busy machine
PIECES = (
    b"\0", b"\xff", b'"', b"\n", b"\r", b",", b"\\", b"{", b"}", b"[", b"[" * 2000, b"{" * 300, b":", b"null", b"1e999",
    b"-", b"NaN", b"\xef\xbb\xbf", b"\xc3\x28", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\x80\x80\x80\x80\x80",
    b"PAR1", b"ARROW1", b"PK\x03\x04", b"a" * 5000, b"9" * 400, b"\x1b[31m",
)  # fmt: skip
SETTINGS: tuple[dict[str, object], ...] = (
    {"categories": {"c": ("x", "y", "z")}},
    {"categories": {"c": ("x", "y", "z")}, "classes": ("bad", "good"), "positive": "bad"},
    {"features": ("a", "b"), "ids": ("c",)},
    {"image": ImageSettings(resize=(4, 4))},
)


class TooSlow(BaseException):
    """A case took longer than it may; no handler for errors stops it."""


def seeds(folder: Path) -> list[Path]:
    """One valid file or folder of each kind."""
    rows = 40
    table = pa.table(
        {
            "a": pa.array([None if i % 7 == 0 else i / 4 for i in range(rows)], pa.float64()),
            "b": pa.array([i % 2 == 0 for i in range(rows)]),
            "c": pa.array(["xyz"[i % 3] for i in range(rows)]),
            "label": pa.array([None if i == 7 else "good" if i % 3 else "bad" for i in range(rows)]),
        }
    )
    x = np.random.default_rng(0).normal(size=(rows, 3)).astype(np.float32)
    paths = [write(table, folder / f"table {i}") for i, write in enumerate(TABLES.values())]
    paths += [write(folder / f"arrays {i}", x=x, y=np.arange(rows) % 2) for i, write in enumerate(ARRAYS.values())]
    for i, form in enumerate(("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM")):
        for name in ("bad", "good"):
            place = folder / "images" / name
            place.mkdir(parents=True, exist_ok=True)
            image = Image.fromarray(np.random.default_rng(i).integers(0, 256, (6, 8, 3), np.uint8))
            image.save(place / f"{i}.png", form)
    return [*paths, folder / "images"]


def flipped(data: bytearray, pick: random.Random) -> bytearray:
    for _ in range(pick.choice((1, 1, 2, 5, 30))):
        if data:
            data[pick.randrange(len(data))] = pick.choice((0, 1, 0x7F, 0x80, 0xFF, pick.randrange(256)))
    return data


def cut(data: bytearray, pick: random.Random) -> bytearray:
    return data[: pick.randrange(len(data) + 1)]


def without(data: bytearray, pick: random.Random) -> bytearray:
    start = pick.randrange(len(data) + 1)
    return data[:start] + data[start + pick.choice((1, 2, 8, 100)) :]


def repeated(data: bytearray, pick: random.Random) -> bytearray:
    start, stop = sorted(pick.randrange(len(data) + 1) for _ in range(2))
    return data[:stop] + data[start:stop] * pick.choice((1, 2, 20)) + data[stop:]


def pierced(data: bytearray, pick: random.Random) -> bytearray:
    place = pick.randrange(len(data) + 1)
    return data[:place] + pick.choice(PIECES) + data[place + pick.choice((0, 0, 1, 4)) :]


DAMAGES: Sequence[Callable[[bytearray, random.Random], bytearray]] = (flipped, flipped, cut, without, repeated, pierced)


def damage(path: Path, pick: random.Random) -> None:
    """Damage one file, at random, once to three times."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    for _ in range(pick.choice((1, 1, 1, 2, 3))):
        file = pick.choice(files)
        file.write_bytes(bytes(pick.choice(DAMAGES)(bytearray(file.read_bytes()), pick)))


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    def stop(signum: int, frame: FrameType | None) -> None:
        raise TooSlow

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def outcome(path: Path, settings: dict[str, object]) -> str:
    """ "read", "refused", or what went wrong."""
    try:
        with limited(MOST_SECONDS):
            test = open_splits(Config.model_validate({"test": path, **settings})).test
            for shard in test.shards():
                for batch in shard.batches(16):
                    assert batch.features is not None
                    assert len(batch.features) == len(batch.labels)
    except AuditorError as error:
        lines = str(error).splitlines()
        return "refused" if len(lines) == 1 or "[categories]" in lines else f"several lines: {error}"
    except TooSlow:
        return f"longer than {MOST_SECONDS} seconds"
    except BaseException as error:  # noqa: BLE001  (whatever it is, it is what is sought)
        return f"{type(error).__name__}: {error}"
    return "read"


def fuzz(seconds: float, seed: int, kept: Path) -> tuple[Counter[str], list[str]]:
    """Damage and read until the time is over; the counts of outcomes, and a line for each failure."""
    pick, counts = random.Random(seed), Counter[str]()
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "seeds").mkdir()
        whole = seeds(Path(work) / "seeds")
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(failures) < 20:
            source, case = pick.choice(whole), Path(work) / "case"
            (shutil.copytree if source.is_dir() else shutil.copy)(source, case)
            damage(case, pick)
            settings = pick.choice(SETTINGS)
            found = outcome(case, settings)
            counts[found if found in ("read", "refused") else "failed"] += 1
            if found not in ("read", "refused"):
                place = kept / f"{seed}-{sum(counts.values())}"
                (shutil.copytree if case.is_dir() else shutil.copy)(case, place)
                failures.append(f"{source.name} with {settings}: {found[:300]} (kept as {place})")
            (shutil.rmtree if case.is_dir() else Path.unlink)(case)
    return counts, failures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()
    counts, failures = fuzz(given.seconds, given.seed, Path(tempfile.mkdtemp(prefix="auditor-fuzz-")))
    print(f"seed {given.seed}: {sum(counts.values()):,} files, {dict(counts)}")
    print(*failures, sep="\n")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
