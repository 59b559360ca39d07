"""How often copies and conflicts are found where there are some and where there are none, and what looking for them costs.

Every random number comes from SEED. The tables that this prints are those of docs/validation.md.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from auditor.batches import Batch, OutputKind, Scores
from auditor.checking import built_in, judge
from auditor.engines.local import Measured, Stream, measure
from auditor.findings import Finding, Severity, Status
from auditor.measurements import Measurements
from auditor.policy import PRESETS, Policy
from auditor.states import Confusion, FeatureSample, RowHashes, Task
from tests.benchmarks.simulated import table

SEED = 20_010_401
DATA_SETS = 200
N_TRAIN, N_TEST, COLUMNS = 20_000, 5_000, 20
TASK = Task(("rest", "target"), 1)
STATES = (Confusion, RowHashes, FeatureSample)
CHECKS = [check for check in built_in() if check.id in {"shared-rows", "conflicting-labels"}]
POLICY = Policy(PRESETS["balanced"], (), confirmed=False)

Table = NDArray[np.float32]
Labels = NDArray[np.int64]


def continuous(random: np.random.Generator, n: int) -> Table:
    return random.standard_normal((n, COLUMNS), np.float32)


def coarse(random: np.random.Generator, n: int) -> Table:
    """Five categories of three to seven values, unevenly spread."""
    spread = [np.arange(1, levels + 1) / sum(range(levels + 1)) for levels in (3, 4, 5, 6, 7)]
    return np.stack([random.choice(len(p), n, p=p) for p in spread], axis=1).astype(np.float32)


def labelled(random: np.random.Generator, rows: Table) -> Labels:
    """Labels of which the best model knows about nine in ten."""
    score = rows.sum(axis=1)
    score = (score - score.mean()) / score.std()
    return (4 * score + random.logistic(size=len(rows)) > 0).astype(np.int64)


def batch(random: np.random.Generator, rows: Table, labels: Labels, said: Labels | None = None) -> Batch:
    """Rows whose answers are right nine times in ten, or as they are given."""
    said = np.where(random.random(len(rows)) < 0.9, labels, 1 - labels) if said is None else said
    decided = Scores(np.zeros((len(rows), 0)), OutputKind.PREDICTED, decided=said)
    return Batch(labels, np.arange(len(rows), dtype=np.uint64), rows, decided)


def whole(name: str, rows: Batch) -> Stream:
    return Stream(name, lambda: iter([iter([rows])]))


def found_in(random: np.random.Generator, test: tuple[Any, ...], train: tuple[Any, ...]) -> list[Finding]:
    batches = {"train": batch(random, *train), "test": batch(random, *test)}
    streams = {name: whole(name, given) for name, given in batches.items()}
    found = measure(streams, STATES, TASK, lambda _name, _rows: None)
    given = (TASK, found.test, found.as_given, found.splits, found.overlap)
    return judge(CHECKS, Measurements(*given, without_shared=found.without_shared), POLICY)


def clean(random: np.random.Generator, draw: Callable[..., Table]) -> list[Finding]:
    rows = draw(random, N_TRAIN + N_TEST)
    labels = labelled(random, rows)
    return found_in(random, (rows[N_TRAIN:], labels[N_TRAIN:]), (rows[:N_TRAIN], labels[:N_TRAIN]))


def one_percent_copied(random: np.random.Generator) -> list[Finding]:
    rows = continuous(random, N_TRAIN + N_TEST)
    labels = labelled(random, rows)
    rows[N_TRAIN : N_TRAIN + 50], labels[N_TRAIN : N_TRAIN + 50] = rows[:50], labels[:50]
    return found_in(random, (rows[N_TRAIN:], labels[N_TRAIN:]), (rows[:N_TRAIN], labels[:N_TRAIN]))


def doubled_before_the_split(random: np.random.Generator) -> list[Finding]:
    """One row in twenty stands there twice before the table is split at random."""
    rows = continuous(random, N_TRAIN + N_TEST)
    rows[:625] = rows[625:1250]
    labels = labelled(random, rows)
    labels[:625] = labels[625:1250]
    order = random.permutation(len(rows))
    rows, labels = rows[order], labels[order]
    return found_in(random, (rows[N_TRAIN:], labels[N_TRAIN:]), (rows[:N_TRAIN], labels[:N_TRAIN]))


def conflicts(random: np.random.Generator) -> list[Finding]:
    """One test row in twenty has an equal with the other label."""
    rows = continuous(random, N_TRAIN + N_TEST)
    labels = labelled(random, rows)
    rows[N_TRAIN : N_TRAIN + 125] = rows[N_TRAIN + 125 : N_TRAIN + 250]
    labels[N_TRAIN : N_TRAIN + 125] = 1 - labels[N_TRAIN + 125 : N_TRAIN + 250]
    return found_in(random, (rows[N_TRAIN:], labels[N_TRAIN:]), (rows[:N_TRAIN], labels[:N_TRAIN]))


def multiplied(random: np.random.Generator, times: int) -> list[Finding]:
    """Of 25,000 rows 3% are positive and stand there so many times before the table is split; of new ones a third are found."""
    n = N_TRAIN + N_TEST
    rare = random.random(n) < 0.03
    origin = np.concatenate([np.arange(n), *[np.flatnonzero(rare)] * (times - 1)])
    random.shuffle(origin)
    rows, labels, test = (
        continuous(random, n)[origin],
        rare.astype(np.int64)[origin],
        np.arange(len(origin)) < len(origin) // 5,
    )
    right = random.random(len(origin)) < np.where(
        labels == 1, np.where(np.isin(origin, origin[~test]), 0.95, 0.33), 0.97
    )
    said = np.where(right, labels, 1 - labels)
    return found_in(random, *((rows[part], labels[part], said[part]) for part in (test, ~test)))


SCENARIOS: dict[str, Callable[[np.random.Generator], list[Finding]]] = {
    "20 continuous columns, clean": lambda random: clean(random, continuous),
    "5 coarse columns, clean": lambda random: clean(random, coarse),
    "1% of test copied from train": one_percent_copied,
    "5% in pairs, then split at random": doubled_before_the_split,
    "5% of test in conflict": conflicts,
    "rare rows twice, then split at random": lambda random: multiplied(random, 2),
    "rare rows five times, then split at random": lambda random: multiplied(random, 5),
}
# The check, its severity from which on it counts, and between which numbers of 200 data sets it may or must be found.
EXPECTED: dict[str, tuple[tuple[str, Severity, int, int], ...]] = {
    "20 continuous columns, clean": (
        ("shared-rows", Severity.MINOR, 0, 0),
        ("conflicting-labels", Severity.MINOR, 0, 0),
    ),
    "5 coarse columns, clean": (
        ("shared-rows", Severity.MINOR, 0, 10),
        ("conflicting-labels", Severity.MINOR, 0, 10),
    ),
    "1% of test copied from train": (("shared-rows", Severity.MINOR, 200, 200),),
    "5% in pairs, then split at random": (
        ("shared-rows", Severity.MINOR, 200, 200),
        ("shared-rows", Severity.MAJOR, 0, 10),
    ),
    "5% of test in conflict": (("conflicting-labels", Severity.MINOR, 198, 200), ("shared-rows", Severity.MINOR, 0, 0)),
    "rare rows twice, then split at random": (("shared-rows", Severity.MAJOR, 198, 200),),
    "rare rows five times, then split at random": (("shared-rows", Severity.BLOCKER, 198, 200),),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_copies_and_conflicts_are_found_where_they_are(name: str) -> None:
    random = np.random.default_rng(SEED)
    told = [SCENARIOS[name](random) for _ in range(DATA_SETS)]
    lines, missed = [], []
    for check, severity, least, most in EXPECTED[name]:
        times = sum(any(_counts(finding, check, severity) for finding in found) for found in told)
        lines.append((check, f"{severity} or worse", f"{times} of {DATA_SETS}", f"{least} to {most}"))
        if not least <= times <= most:
            missed.append(lines[-1])
    table(name, ("check", "finding", "found", "limit"), lines)
    assert not missed


def _counts(finding: Finding, check: str, severity: Severity) -> bool:
    return finding.check == check and finding.status is Status.FAIL and finding.severity.rank >= severity.rank


# What it costs

WIDE, AT_ONCE = 30, 2**18


def made(name: str, n: int) -> Iterator[Iterator[Batch]]:
    """Shards of n rows that are made anew at each reading; of test every hundredth row is the training row of its number."""
    for first in range(0, n, AT_ONCE):
        size = min(AT_ONCE, n - first)
        rows = np.random.default_rng([len(name), first]).standard_normal((size, WIDE), np.float32)
        if name == "test":
            rows[::100] = np.random.default_rng([len("train"), first]).standard_normal((size, WIDE), np.float32)[::100]
        labels = np.zeros(size, np.int64)
        decided = Scores(np.zeros((size, 0)), OutputKind.PREDICTED, decided=labels)
        yield iter([Batch(labels, np.arange(first, first + size, dtype=np.uint64), rows, decided)])


def peak_mb(*, anew: bool = False) -> float:
    """The most memory that this process has had, or has had since it was last asked to begin anew (Linux)."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def seconds(action: Callable[[], object], times: int = 1) -> float:
    """Seconds of the processor, the least of so many times; all of it runs on one thread."""
    took = []
    for _ in range(times):
        start = time.process_time()
        action()
        took.append(time.process_time() - start)
    return min(took)


@pytest.mark.parametrize("n", [200_000, 1_000_000, 10_000_000])
def test_what_finding_and_comparing_copies_costs(n: int) -> None:
    """Hash, sort, search and a second reading that compares; the rows are made beforehand where they fit into memory."""
    makers = {name: partial(made, name, n) for name in ("train", "test")}
    before, found = peak_mb(anew=True), []
    found.append(_compared(makers))
    extra = peak_mb() - before
    overlap = found[0].overlap
    assert overlap is not None
    assert (overlap.n_shared, overlap.look.refuted) == (
        len(range(0, AT_ONCE, 100)) * (n // AT_ONCE) + len(range(0, n % AT_ONCE, 100)),
        0,
    )
    print(f"\n{n:,} + {n:,} rows of {WIDE} columns: {extra:.0f} MB more at the peak", end="")
    kept = {name: [batch for shard in maker() for batch in shard] for name, maker in makers.items()}
    took = seconds(lambda: _compared({name: partial(_again, batches) for name, batches in kept.items()}), times=5)
    print(f", {took:.3f} s", end="")
    if n <= 1_000_000:
        _beside_pandas(kept, took)


def _compared(makers: Mapping[str, Callable[[], Iterator[Iterator[Batch]]]]) -> Measured:
    streams = {name: Stream(name, maker) for name, maker in makers.items()}
    return measure(streams, (RowHashes,), TASK, lambda _name, _rows: None)


def _again(batches: list[Batch]) -> Iterator[Iterator[Batch]]:
    """Shards of rows that nothing is known of yet, not even their hashes."""
    return (iter([replace(batch)]) for batch in batches)


def _beside_pandas(kept: dict[str, list[Batch]], took: float) -> None:
    """The same rows looked for by pandas, where it is installed; it takes all rows at once."""
    try:
        import pandas as pd  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        return
    frame = pd.DataFrame(np.concatenate([batch.features for batches in kept.values() for batch in batches]))
    alone = seconds(frame.duplicated, times=2)
    print(f"; pandas duplicated {alone:.2f} s, {alone / took:.1f} times as long", end="")
