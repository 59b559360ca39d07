"""What declared columns say of rows: their groups, weights, times and ids."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from auditor.batches import Array, Batch


@dataclass(frozen=True)
class Declared:
    """Parts of a run of rows as in a Batch, each (n,), None where no column was declared."""

    cluster: Array | None = None
    weight: Array | None = None
    time: Array | None = None
    identity: Array | None = None

    @property
    def parts(self) -> dict[str, Array | None]:
        """The parts by their names in a Batch."""
        return dict(vars(self))

    def on(self, batch: Batch) -> Batch:
        """A batch of these rows with what is declared."""
        return replace(batch, cluster=self.cluster, weight=self.weight, time=self.time, identity=self.identity)

    def rows(self, chosen: slice) -> "Declared":
        """The chosen rows."""
        return Declared(**{name: None if part is None else part[chosen] for name, part in self.parts.items()})


NOTHING = Declared()


def joined(runs: Sequence[Declared]) -> Declared:
    """Runs of rows as one."""
    return Declared(**{name: end_to_end([run.parts[name] for run in runs]) for name in NOTHING.parts})


def end_to_end(parts: Sequence[Array | None]) -> Array | None:
    """The arrays as one, None where there are none."""
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if known else None
