"""What rows near to training rows do to the figures: how often the model is right on them and on the others, also by class."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.estimates import Difference, Proportion

Flags = NDArray[np.bool_]
ALPHA = 0.005


@dataclass(frozen=True)
class Contrast:
    """Near rows and the others, of all rows or of a class: how many there are, and how many of each the model has right."""

    near: int
    near_right: int
    others: int
    others_right: int

    @property
    def share(self) -> Proportion:
        """Share of the rows that are near."""
        return Proportion(self.near, self.near + self.others)

    @property
    def on_near(self) -> Proportion:
        """Share of the near rows that the model has right."""
        return Proportion(self.near_right, self.near)

    @property
    def on_others(self) -> Proportion:
        """Share of the others that the model has right."""
        return Proportion(self.others_right, self.others)

    @property
    def gain(self) -> Difference:
        """What the near rows add: the share that is right of all rows, less that of the others; undefined without others."""
        return Difference(self.on_near, self.on_others, self.share.value or 0.0)

    def swallowed(self, share: float, enough: int, alpha: float) -> bool:
        """Whether surely more than a share of the rows is near, and fewer than `enough` others are left to compare."""
        low = self.share.lower(alpha)
        return low is not None and low > share and self.others < enough


@dataclass(frozen=True)
class Contrasts:
    """The contrast of all rows and that of each class, () where a row may have several labels.

    Bounds are one-sided at 99.5%, divided among the classes where any of them may be the one (Bonferroni).
    """

    whole: Contrast
    classes: tuple[Contrast, ...] = ()

    @classmethod
    def of(cls, near: Flags, right: Flags, labels: NDArray[np.int64] | None = None, classes: int = 0) -> "Contrasts":
        """Those of rows, (n,) each: which are near, which the model has right, and which of so many classes they are of.

        Without classes where no labels are given, or several a row, (n, labels).
        """
        flags = near & right, near & ~right, ~near & right, ~near & ~right
        whole = _contrast(*(int(flag.sum()) for flag in flags))
        if labels is None or labels.ndim > 1:
            return cls(whole)
        counts = (np.bincount(labels[flag], minlength=classes).tolist() for flag in flags)
        return cls(whole, tuple(map(_contrast, *counts)))

    @property
    def alpha(self) -> float:
        """The level at which one class is held."""
        return ALPHA / max(1, len(self.classes))

    def beside(self, k: int) -> Proportion:
        """Share of near rows among those that are not of a class."""
        one = self.classes[k]
        return Proportion(self.whole.near - one.near, self.whole.share.n - one.share.n)

    def harm(self, *, gain: float, apart: float, most: float, enough: int) -> "Harm":
        """What the near rows surely do.

        gain: limit of what they add; apart: of by how much more frequent they are in one class than in the others; most: a
        share of near rows beyond which fewer than `enough` others cannot tell how the model does.
        """
        gains = [one.gain.lower(self.alpha) if one.near else None for one in self.classes]
        shares = [
            Difference(one.share, self.beside(k)).lower(self.alpha) if one.near else None
            for k, one in enumerate(self.classes)
        ]
        few = [k for k, one in enumerate(self.classes) if one.swallowed(most, enough, self.alpha)]
        whole, gaining = (self.whole.gain.lower(ALPHA) or 0.0) > gain, _largest(gains, gain)
        known = whole or gaining is not None
        return Harm(
            whole,
            not known and self.whole.swallowed(most, enough, ALPHA),
            gaining,
            None if known or not few else few[0],
            _largest(shares, apart),
        )


@dataclass(frozen=True)
class Harm:
    """What near rows surely do to the figures.

    gains: they add to accuracy; gaining: the class to whose recall they add most. Where they add to none of them, swallows:
    they leave too few others to tell; swallowed: the first class of which they do. apart: the class in which they are more
    frequent by most. None where no class is.
    """

    gains: bool
    swallows: bool
    gaining: int | None
    swallowed: int | None
    apart: int | None

    @property
    def done(self) -> bool:
        """Whether it is anything."""
        return self.gains or self.swallows or any(k is not None for k in (self.gaining, self.swallowed, self.apart))

    def effect(self, contrasts: Contrasts) -> tuple[Difference, float] | None:
        """What they add to accuracy, or else to the recall of a class, and the level at which it was held; None for nothing."""
        if self.gains:
            return contrasts.whole.gain, ALPHA
        return None if self.gaining is None else (contrasts.classes[self.gaining].gain, contrasts.alpha)


def _largest(lows: list[float | None], limit: float) -> int | None:
    """Where the largest of the bounds stands, if it is above a limit."""
    known = [low or 0.0 for low in lows]
    most = max(known, default=0.0)
    return known.index(most) if most > limit else None


def _contrast(near_right: int, near_wrong: int, others_right: int, others_wrong: int) -> Contrast:
    return Contrast(near_right + near_wrong, near_right, others_right + others_wrong, others_right)
