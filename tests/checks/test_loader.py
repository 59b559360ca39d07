"""Does a loader give the same rows every time?"""

from dataclasses import replace

import pytest

from auditor import Severity, Status
from auditor.data.split import Reading
from auditor.findings import Finding, NotApplicable
from auditor.measurements import Measurements
from auditor.testing import compute, from_confusion, measured


def read(**readings: tuple[Reading, ...]) -> Measurements:
    batch = from_confusion([[30, 5], [4, 61]])
    return replace(measured(batch, train=batch, class_names=("a", "b")), readings=readings)


def findings(loader_faithful, **readings: tuple[Reading, ...]) -> list[Finding]:
    return compute(loader_faithful, read(**readings))


SAME = (Reading(100, 7), Reading(100, 7))


@pytest.mark.parametrize(
    ("test", "message", "severity"),
    [
        (SAME, "The test loader gave the same 100 rows twice.", None),
        ((Reading(100, 7), Reading(100, 8)), "The test loader gave 100 rows twice, and not the same ones.", "major"),
        (
            (Reading(1000, 7), Reading(996, 8)),
            "The test loader gave 1,000 rows at the first reading and 996 at the second.",
            "major",
        ),
        (
            (Reading(96, 7, 4), Reading(96, 7, 4)),
            "The test loader never gives 4 of 100 rows, which do not fill a batch.",
            "minor",
        ),
    ],
)
def test_two_readings_are_compared(checks, test, message, severity):
    (finding,) = findings(checks["loader-faithful"], test=test)
    assert finding.message == message
    assert finding.status is (Status.FAIL if severity else Status.PASS)
    assert finding.severity == (severity or Severity.INFO)
    assert finding.subject == "test loader"


def test_a_train_loader_that_augments_is_minor_and_stops_every_comparison(checks):
    odd = (Reading(100, 7), Reading(100, 8))
    _, finding = findings(checks["loader-faithful"], test=SAME, train=odd)
    assert finding.severity is Severity.MINOR
    for name in ("train", "overlap"):
        with pytest.raises(NotApplicable, match="the train loader gives different rows at each reading"):
            getattr(read(test=SAME, train=odd), name)
    with pytest.raises(NotApplicable, match="the test loader gives different rows"):
        assert read(test=odd, train=SAME).train
    assert read(test=SAME, train=SAME).train.name == "train"


def test_files_are_not_examined(checks):
    (finding,) = findings(checks["loader-faithful"])
    assert finding.status is Status.SKIP
    assert finding.message == "The data come from files, which read the same each time."
