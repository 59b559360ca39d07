"""Whether images are decoded more quickly by threads or by processes, whose arrays must be sent back."""

import statistics
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from auditor.data.images import _prepared
from auditor.settings import ImageSettings

WORKERS, IMAGES, ROUNDS = 2, 200, 7
SETTINGS = ImageSettings(resize=256, crop=224)


def decoded(name: str, table: Path) -> Any:
    """As a shard of images does it."""
    return _prepared(name, partial(str, name), table, SETTINGS)


def seconds(pool: Executor, names: list[str], folder: Path, chunk: int) -> float:
    started = time.perf_counter()
    assert sum(image.nbytes for image in pool.map(partial(decoded, table=folder), names, chunksize=chunk)) > 0
    return time.perf_counter() - started


def held_share(path: Path) -> float:
    """The share of the work on an image during which no other thread of Python can run: all but decoding and resizing."""
    free = all_of_it = 0.0
    for _ in range(IMAGES):
        started = time.thread_time()
        with Image.open(path) as image:
            opened = time.thread_time()
            image.load()
            loaded = time.thread_time()
            colours = image.convert("RGB")
            converted = time.thread_time()
            smaller = colours.resize((341, 256), Image.Resampling.BILINEAR)
            resized = time.thread_time()
            np.asarray(smaller.crop((58, 16, 282, 240)))
        free += (loaded - opened) + (resized - converted)
        all_of_it += time.thread_time() - started
    return 1 - free / all_of_it


def test_threads_decode_images_about_as_quickly_as_processes(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    names = [f"{i}.jpg" for i in range(IMAGES)]
    for name in names:
        smooth = Image.fromarray(random.integers(0, 256, (12, 16, 3), np.uint8)).resize((640, 480))
        smooth.save(tmp_path / name, quality=90)
    started = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as threads, ProcessPoolExecutor(WORKERS, get_context("spawn")) as processes:
        seconds(processes, names[: 2 * WORKERS], tmp_path, 1)
        beginning = time.perf_counter() - started
        rounds = [(seconds(threads, names, tmp_path, 1), seconds(processes, names, tmp_path, 8)) for _ in range(ROUNDS)]
    by_threads, by_processes = (statistics.median(times) for times in zip(*rounds, strict=True))
    held = held_share(tmp_path / names[0])
    print(
        f"\n{WORKERS} threads {IMAGES / by_threads:.0f} images/s, {WORKERS} processes {IMAGES / by_processes:.0f} after "
        f"{beginning:.1f} s to start them; {held:.0%} of the work holds the lock, so threads can use {1 / held:.0f} cores"
    )
    assert by_threads < 1.5 * by_processes
    assert held < 0.35
