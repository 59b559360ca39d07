"""A gain as a share of what there was to gain."""

from dataclasses import dataclass

from auditor.statistics.bounds import UNDEFINED, Estimate, Limits


@dataclass(frozen=True)
class Filled(Estimate):
    """A gain over a constant answer as a share of the room it leaves, at most all of it."""

    gain: Estimate
    room: float

    @property
    def n(self) -> float:
        """All rows."""
        return self.gain.n

    @property
    def value(self) -> float | None:
        """Gain / room, None without rows or room."""
        return None if self.gain.value is None or self.room <= 0 else self.gain.value / self.room

    @property
    def method(self) -> str:
        """Name of the method."""
        return f"{self.gain.method}, rescaled"

    def _shown(self, alpha: float) -> Limits:
        low, high = self.gain.interval(alpha)
        if low is None or high is None or self.room <= 0:
            return UNDEFINED
        return min(low / self.room, 1.0), min(high / self.room, 1.0)
