"""How long `auditor --help` takes beside the smallest program that uses click."""

import subprocess
import sys
import time
from statistics import median

REPEATS = 15
HELP = "from auditor.cli import main; main(['--help'])"


def seconds(program: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    return time.perf_counter() - started


def test_help_answers_within_three_times_what_click_needs() -> None:
    # Taken in turns, so that a busy moment meets both.
    pairs = [(seconds("import click"), seconds(HELP)) for _ in range(REPEATS)]
    click, auditor = (median(times) for times in zip(*pairs, strict=True))
    print(f"\nimport click {click * 1000:.0f} ms, auditor --help {auditor * 1000:.0f} ms: {auditor / click:.2f} times")
    assert auditor < 3 * click
