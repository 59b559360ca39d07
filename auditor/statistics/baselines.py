"""What plain methods answer: the class of the nearest training row, and a linear model by least squares."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float32]
Classes = NDArray[np.int64]

DISTANCES_AT_ONCE = 2**22
FARTHEST = 20.0
RIDGE = 1e-3


def nearest_answers(known: NDArray[Any], classes: Classes, asked: NDArray[Any]) -> Classes:
    """(rows,) class of the nearest of the known rows to each asked row, by columns scaled to the deviations of the known ones.

    known (n, columns), classes (n,), asked (rows, columns): what is missing or infinite counts as the mean of its column. Of
    equally near rows the first (Cover & Hart 1967). Time is that of a product of the two tables.
    """
    near, far = _scaled(known, asked)
    lengths = np.einsum("ij,ij->i", near, near)
    step = max(1, DISTANCES_AT_ONCE // max(1, len(near)))
    found = [(lengths - 2 * (far[start : start + step] @ near.T)).argmin(axis=1) for start in range(0, len(far), step)]
    return np.asarray(classes[np.concatenate(found)] if found else classes[:0])


def linear_answers(known: NDArray[Any], classes: Classes, asked: NDArray[Any], n_classes: int) -> Classes:
    """(rows,) class with the highest score of a linear model, fitted by ridge regression to one column of 0 and 1 a class.

    Scaled as `nearest_answers`; the penalty is a thousandth of the rows. Solved over the columns or the rows, whichever are
    fewer (Hoerl & Kennard 1970).
    """
    near, far = (np.hstack([part, np.ones((len(part), 1), np.float32)]) for part in _scaled(known, asked))
    wanted = (classes[:, None] == np.arange(n_classes)).astype(np.float32)
    penalty = np.float32(RIDGE * len(near))
    if near.shape[1] <= len(near):
        weights = np.linalg.solve(near.T @ near + penalty * np.eye(near.shape[1], dtype=np.float32), near.T @ wanted)
    else:
        weights = near.T @ np.linalg.solve(near @ near.T + penalty * np.eye(len(near), dtype=np.float32), wanted)
    return np.asarray((far @ weights).argmax(axis=1))


def _scaled(known: NDArray[Any], asked: NDArray[Any]) -> tuple[Reals, Reals]:
    """Both tables in deviations of the known rows, the missing 0 and the far cut to 20."""
    finite = np.isfinite(known)
    filled = np.where(finite, known, 0.0).astype(np.float64)
    count = np.maximum(finite.sum(axis=0), 1)
    mean = filled.sum(axis=0) / count
    deviation = np.sqrt((np.where(finite, known - mean, 0.0) ** 2).sum(axis=0) / count)
    near, far = (
        np.where(np.isfinite(part), (part - mean) / np.where(deviation > 0, deviation, 1.0), 0.0)
        for part in (np.where(finite, known, mean), np.where(np.isfinite(asked), asked, mean))
    )
    return tuple(np.clip(part, -FARTHEST, FARTHEST).astype(np.float32) for part in (near, far))  # type: ignore[return-value]
