"""Temperature scaling: logits divided by one number, chosen by log loss and judged on rows that did not choose it.

The loss is known at a grid of temperatures, 2^(-2) to 2^3 in steps of a sixth of an octave, so that sums over rows suffice;
between the grid's points it is the curve of fourth degree through the nearest five in the logarithm of the temperature.
"""

from dataclasses import dataclass

import numpy as np

from auditor.statistics.bins import Counts, Floats

OCTAVES = np.arange(-12, 19) / 6
TEMPERATURES: Floats = np.asarray(2.0**OCTAVES, np.float64)
UNSCALED = 12

# A stated probability of 0 for what happened counts as the float64 epsilon.
LARGEST_MARGIN = float(-np.log(np.finfo(np.float64).eps))


@dataclass(frozen=True)
class TemperatureFit:
    """The temperature of lowest log loss on all n rows, and the mean log loss before and after it.

    `after` is cross-fitted: each half of the rows is scaled by the temperature that the other half chose.
    """

    temperature: float
    before: float
    after: float
    n: int


def losses_by_temperature(margins: Floats, positives: Counts, negatives: Counts) -> Floats:
    """(temperatures,) sums of the log loss of two classes with each margin (bins,) divided by each temperature."""
    held = np.flatnonzero(np.asarray(positives) + negatives)
    z = np.clip(np.asarray(margins, np.float64)[held], -LARGEST_MARGIN, LARGEST_MARGIN) / TEMPERATURES[:, None]
    k, n = np.asarray(positives)[held], (np.asarray(positives) + negatives)[held]
    return np.asarray(np.sum(n * np.logaddexp(0, z) - k * z, axis=1), np.float64)


def fit_temperature(losses: Floats, rows: Counts) -> TemperatureFit | None:
    """Fit from the summed losses (2 halves, temperatures) and rows (2,); None where a half has no rows."""
    if not (np.asarray(rows) > 0).all():
        return None
    n, total = int(np.sum(rows)), losses.sum(axis=0)
    after = sum(float(_losses_at(losses[i], np.array([_best_octave(losses[1 - i])]))[0]) for i in (0, 1))
    return TemperatureFit(float(2.0 ** _best_octave(total)), float(total[UNSCALED]) / n, after / n, n)


def _best_octave(losses: Floats) -> float:
    """Logarithm to base 2 of the temperature of lowest loss; the end of the grid where the loss still falls there."""
    i = int(np.argmin(losses))
    if not 0 < i < len(losses) - 1:
        return float(OCTAVES[i])
    near = OCTAVES[i] + np.linspace(-1, 1, 401) / 6
    return float(near[np.argmin(_losses_at(losses, near))])


def _losses_at(losses: Floats, octaves: Floats) -> Floats:
    """The loss at octaves that lie within two steps of each other, through five neighbouring points of the grid."""
    middle = min(max(round((float(octaves.mean()) - float(OCTAVES[0])) * 6), 2), len(losses) - 3)
    curve = np.polynomial.Polynomial.fit(OCTAVES[middle - 2 : middle + 3], losses[middle - 2 : middle + 3], 4)
    return np.asarray(curve(octaves), np.float64)
