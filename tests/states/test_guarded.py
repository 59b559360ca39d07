"""A plug-in's state that fails is the error of the checks that need it, and of nothing else."""

import numpy as np
import pytest

from auditor import Finding, Status, check
from auditor.batches import Batch, OutputKind, Scores
from auditor.checking import judge
from auditor.engines.local import Stream, measure
from auditor.measurements import Measurements
from auditor.policy import PRESETS, Policy
from auditor.states import Confusion, State, Task
from auditor.states.guarded import Guarded, StateFailed, guarded

TASK = Task(("no", "yes"), 1)
BATCH = Batch(
    np.arange(6) % 2, np.arange(6, dtype=np.uint64), None, Scores(np.linspace(-1, 1, 6)[:, None], OutputKind.LOGITS)
)


class Counted(State[np.ndarray]):
    """Rows; it fails where it is told to."""

    fails_in = ""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._go("begin")
        self.seen = np.zeros(1)

    def update(self, batch: Batch) -> None:
        self._go("update")
        self.seen += len(batch)

    def merge(self, other: "Counted") -> None:
        self._go("merge")
        self.seen += other.seen

    def result(self) -> np.ndarray:
        self._go("result")
        return self.seen.copy()

    def _go(self, place: str) -> None:
        if place == self.fails_in:
            raise KeyError(f"in {place}")


@check("rows", title="There are rows", needs=(Counted,), plain_rows=True)
def rows(m):
    """Rows."""
    yield Finding.passed(f"{m.test[Counted][0]:.0f} rows")


@check("right", title="Some are right", needs=(Confusion,), plain_rows=True)
def right(m):
    """Right answers."""
    yield Finding.passed(f"{m.test[Confusion].n} rows")


def measured(kind: type[State]) -> Measurements:
    stream = Stream("test", lambda: iter([iter([BATCH, BATCH]), iter([BATCH])]))
    found = measure({"test": stream}, (Confusion, kind), TASK, lambda _name, _rows: None)
    return Measurements(TASK, found.test, found.as_given, found.splits)


@pytest.mark.parametrize("place", ["begin", "update", "merge", "result"])
def test_a_failure_anywhere_is_an_error_finding_of_the_check_that_needs_it(place: str) -> None:
    class Failing(Counted):
        fails_in = place

    measurements = measured(Failing)
    wanting = check("rows", title="There are rows", needs=(Failing,))(lambda m: [Finding.passed(str(m.test[Failing]))])
    error, passed = judge([wanting, right], measurements, Policy(PRESETS["balanced"], (), confirmed=True))
    assert (error.status, passed.status) == (Status.ERROR, Status.PASS)
    assert error.message == (
        f"The check failed with StateFailed: Failing could not be measured: KeyError: 'in {place}'."
    )
    with pytest.raises(StateFailed):
        measurements.test[Failing]


def test_one_that_does_not_fail_is_measured_as_ever() -> None:
    assert measured(Counted).test[Counted].tolist() == [18]


def test_a_failure_outlives_every_merge() -> None:
    fine, broken = Guarded(TASK, Counted), Guarded(TASK, type("Broken", (Counted,), {"fails_in": "update"}))
    broken.update(BATCH)
    fine.merge(broken)
    fine.update(BATCH)
    assert fine.result().reason == "Broken could not be measured: KeyError: 'in update'"


def test_a_fault_in_a_state_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    state = guarded(Confusion, TASK)
    monkeypatch.setattr(Confusion, "update", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        state.update(BATCH)


def test_no_check_can_write_into_what_the_next_one_reads() -> None:
    measurements = measured(Counted)
    for array in (measurements.test[Confusion].pairs.counts, measurements.test[Counted]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5
