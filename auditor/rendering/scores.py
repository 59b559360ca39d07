"""What the chapters on stated probabilities say: calibration in sentences, and which operating points are listed."""

from collections.abc import Iterator

from auditor import wording
from auditor.rendering.phrases import TINY, interval, measured, number, points
from auditor.results import OperatingPoint, Reliability, SplitResult, Temperature, Value

FILTERS = ("comes_true", "calibration", "points_shown", "threshold")
EVERY = 2


def comes_true(reliability: Reliability) -> str:
    """How many rows were to come true as stated, and how many times as many did."""
    ratio = reliability.observed_to_expected
    rows = wording.plural(int(ratio.n or 0), "row")
    many = f"{number(ratio.value, 2)} times as many did" if ratio.value is not None else "how many did is undefined"
    return f"{reliability.stated:,.1f} of {rows} were to come true as stated; {many}."


def calibration(reliability: Reliability) -> Iterator[tuple[str, str]]:
    """Each number of the chapter with what it means."""
    error, chance = reliability.error, points(reliability.expected_calibration_error)
    yield "Calibration error", f"{points(error.value)}{_beside(error, 'points')}; root mean square, chance taken out"
    yield "Expected calibration error", f"{chance}; mean distance, chance left in"
    for name, value, meaning in (
        ("Seen to stated", reliability.observed_to_expected, "1 is right, above 1 too little is stated"),
        ("Slope", reliability.slope, "1 is right, below 1 too extreme"),
        ("Intercept", reliability.intercept, "0 is right"),
    ):
        if value is not None and value.value is not None:
            yield name, f"{measured(value, 'number')}{_beside(value, 'number')}; {meaning}"
    if reliability.temperature is not None:
        yield "Temperature", _scaled(reliability.temperature)


def _beside(value: Value, kind: str) -> str:
    if value.low is None or value.high is None:
        return ""
    said = f"{wording.points(value.low)} to {points(value.high)}" if kind == "points" else interval(value, kind)
    return f" (95% interval {said})"


def _scaled(found: Temperature) -> str:
    before, after = number(found.log_loss_before), number(found.log_loss_after)
    rows = wording.plural(found.n, "row")
    return (
        f"dividing the logits by {number(found.value, 2)} takes the log loss from {before} to {after} "
        f"({rows}, each half scaled by what the other chose)"
    )


def points_shown(split: SplitResult) -> list[OperatingPoint]:
    """The named points first, then every second of the others."""
    named = [point for point in split.operating_points if point.name]
    others = [point for point in split.operating_points if not point.name]
    return named + others[::EVERY]


def threshold(value: float | None) -> str:
    """A threshold as it was chosen, without zeros that say nothing; a dash where another rule is in use."""
    return "–" if value is None else f"{value:.4g}" if value >= TINY else number(value)
