"""Examples for the chapters that few reports have: stated probabilities, operating points, ten thousand classes."""

from dataclasses import replace
from functools import cache

from auditor.report import Report, sealed
from auditor.results import OperatingPoint, Reliability, ReliabilityGroup, Temperature, Value
from auditor.statistics.estimates import FScore
from tests.rendering.example import fraud, thousand
from tests.rendering.parts import share, value


def reliability() -> Reliability:
    """Ten groups of 1,000 rows, in which a little more came true than was stated."""
    stated, seen = (
        (0.001, 0.002, 0.003, 0.005, 0.008, 0.012, 0.018, 0.026, 0.04, 0.08),
        (0, 1, 3, 5, 9, 11, 18, 28, 43, 82),
    )
    return Reliability(
        "probability of fraud",
        tuple(ReliabilityGroup(p, share(k, 1000)) for p, k in zip(stated, seen, strict=True)),
        Value(0.012, 0.004, 0.021, 10_000, None, "Poisson bootstrap"),
        0.009,
        195.0,
        Value(1.026, 0.9, 1.16, 10_000, None, "log ratio"),
        Value(-0.21, -0.4, -0.02, 10_000, None, "sandwich"),
        Value(0.93, 0.87, 0.99, 10_000, None, "sandwich"),
        1.2,
        Temperature(1.4, 0.0871, 0.0812, 10_000),
    )


def operating_points() -> tuple[OperatingPoint, ...]:
    """What is in use and suggested, the highest F1, and four thresholds more."""
    counts = (("in use", 0.5, 24, 24), ("suggested", 0.05, 120, 160), ("highest F1", 0.08, 90, 80), ("", 0.01, 190, 4000),
              ("", 0.1, 80, 70), ("", 0.5, 24, 24), ("", 0.9, 3, 0))  # fmt: skip
    return tuple(
        OperatingPoint(name, at, tp, fp, 200 - tp, 9800 - fp, share(tp, 200), share(tp, tp + fp),
                       value(FScore(float(tp), float(fp), 200.0 - tp)))
        for name, at, tp, fp in counts
    )  # fmt: skip


@cache
def ten_thousand() -> Report:
    """Ten thousand classes of 20 rows, of which the 2,000 largest confusions are known."""
    few = thousand()
    test = few.measurements["test"]
    names = tuple(f"class {i:05d}" for i in range(10_000))
    classes = dict(zip(names, (one for one in test.classes.values() for _ in range(10)), strict=True))
    wide = replace(test, class_names=names, classes=classes, majority=replace(test.majority, class_name=names[0]))
    return sealed(replace(few, measurements={"test": wide}))


@cache
def scored() -> Report:
    """The fraud example with its calibration and its operating points."""
    test = fraud().measurements["test"]
    return sealed(
        replace(
            fraud(),
            measurements={"test": replace(test, reliability=reliability(), operating_points=operating_points())},
        )
    )
