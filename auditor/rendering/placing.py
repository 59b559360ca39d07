"""Where a name covers the least of the lines of a figure: positions in the unit square, no drawing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from auditor.figure_data import Line

Points = NDArray[np.float64]


def traced(line: Line) -> Points:
    """(100, 2) points along a line, evenly by its length, so that a straight piece is not taken for empty space."""
    known = np.array([(x, y) for x, y in zip(line.x, line.y, strict=True) if x is not None and y is not None])
    if len(known) < 2:
        return known.reshape(-1, 2)
    length = np.concatenate([[0.0], np.hypot(*np.diff(known, axis=0).T).cumsum()])
    steps = np.linspace(0, length[-1], 100)
    return np.column_stack([np.interp(steps, length, known[:, axis]) for axis in (0, 1)])


def spots(lines: Sequence[Line], names: Sequence[str]) -> list[tuple[float, float]]:
    """The lower left corner of each name beside its line, the first names placed first, apart from one another."""
    taken, found = np.concatenate([traced(line) for line in lines]), []
    for line, name in zip(lines, names, strict=False):
        width, height = 0.021 * len(name) + 0.02, 0.075
        x, y = _spot(traced(line), taken, width, height)
        own = np.column_stack([x + width * np.linspace(0, 1, 40), np.full(40, y + height / 2)])
        taken = np.concatenate([taken, own])
        found.append((x, y))
    return found


def _spot(line: Points, taken: Points, width: float, height: float) -> tuple[float, float]:
    tried = np.concatenate(
        [np.add(line, (dx, dy)) for dx in (0.015, -0.015 - width) for dy in (0.015, -0.015 - height)]
    )
    fits = (tried >= 0).all(axis=1) & (tried <= [1 - width, 1 - height]).all(axis=1)
    tried = tried[fits] if fits.any() else tried
    x, y = tried[np.lexsort((np.abs(tried[:, 0] - 0.35), _covered(taken, tried, width, height)))[0]]
    return float(x), float(y)


def _covered(points: Points, tried: Points, width: float, height: float) -> NDArray[np.intp]:
    """How many points each spot's box of text would stand on."""
    away = points[None, :, :] - tried[:, None, :]
    inside = ((away >= 0) & (away <= [width, height])).all(axis=2)
    covered: NDArray[np.intp] = np.count_nonzero(inside, axis=1)
    return covered
