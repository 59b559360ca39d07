"""What the chapters on stated probabilities say: calibration in sentences, and which operating points are listed."""

from collections.abc import Iterator

from auditor import wording
from auditor.rendering.phrases import clean, interval, measured, number, points
from auditor.report import OperatingPoint, Reliability, SplitResult, Value

FILTERS = ("comes_true", "calibration", "points_shown", "threshold")
EVERY = 2


def comes_true(reliability: Reliability) -> str:
    """`98.0 of 3,000 rows were to come true as stated; 1.020 times as many did.`"""
    ratio = reliability.observed_to_expected
    rows = wording.plural(int(ratio.n or 0), "row")
    many = f"{number(ratio.value, 2)} times as many did" if ratio.value is not None else "how many did is undefined"
    return f"{reliability.stated:,.1f} of {rows} were to come true as stated; {many}."


def calibration(reliability: Reliability) -> Iterator[tuple[str, str]]:
    """Each number of the chapter with what it means."""
    error = reliability.error
    yield "Calibration error", _with_interval(points(error.value), error, "share") + "; root mean square, chance taken out"
    yield "Expected calibration error", f"{points(reliability.expected_calibration_error)}; chance left in"
    yield "Seen to stated", _with_interval(measured(reliability.observed_to_expected, "number"), reliability.observed_to_expected)
    if reliability.slope is not None:
        yield "Slope", _with_interval(measured(reliability.slope, "number"), reliability.slope) + "; 1 is right, below 1 too extreme"
    if reliability.intercept is not None:
        yield "Intercept", _with_interval(measured(reliability.intercept, "number"), reliability.intercept) + "; 0 is right"
    if reliability.temperature is not None:
        found = reliability.temperature
        before, after = number(found.log_loss_before), number(found.log_loss_after)
        yield "Temperature", f"dividing the logits by {number(found.value, 2)} takes the log loss from {before} to {after} ({wording.plural(found.n, 'row')}, each half scaled by what the other chose)"


def _with_interval(text: str, value: Value, kind: str = "number") -> str:
    return text if value.low is None else f"{text} (95% interval {interval(value, kind)})"


def points_shown(split: SplitResult) -> list[OperatingPoint]:
    """The named points first, then every second of the others."""
    named = [point for point in split.operating_points if point.name]
    others = [point for point in split.operating_points if not point.name]
    return named + others[::EVERY]


def threshold(value: float | None) -> str:
    """A threshold as it was chosen, without zeros that say nothing; a dash where another rule is in use."""
    return "–" if value is None else clean(f"{value:.4g}").replace("-", "−")
