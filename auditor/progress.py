"""What is seen while the rows go through: a bar on a terminal, plain lines elsewhere, nothing when quiet."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from auditor.wording import count

LINE_SECONDS = 10.0

Advance = Callable[[str, int], None]


@contextmanager
def progress(totals: Mapping[str, int | None], *, quiet: bool) -> Iterator[Advance]:
    """Yield a function that is told (split, rows) for every batch; `totals` are the rows of each split where known."""
    if quiet:
        yield lambda _split, _rows: None
    elif sys.stderr.isatty():
        with _bars(totals) as advance:
            yield advance
    else:
        yield _lines()


@contextmanager
def _bars(totals: Mapping[str, int | None]) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Speed(ProgressColumn):
        """Rows a second, blank before the first batch."""

        def render(self, task: Task) -> Text:
            return Text(f"{count(round(task.speed))} rows/s" if task.speed else "", justify="right")

    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} rows"),
        Speed(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def advance(split: str, rows: int) -> None:
            if split not in tasks:
                tasks[split] = bars.add_task(split, total=totals.get(split))
            bars.advance(tasks[split], rows)

        yield advance


def _lines() -> Advance:
    seen: dict[str, int] = {}
    last = time.monotonic()

    def advance(split: str, rows: int) -> None:
        nonlocal last
        seen[split] = seen.get(split, 0) + rows
        if time.monotonic() - last >= LINE_SECONDS:
            last = time.monotonic()
            print(f"auditor: {split}: {count(seen[split])} rows", file=sys.stderr, flush=True)  # noqa: T201

    return advance
