"""A training history: losses and other figures by epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

Column = tuple[float | None, ...]


@dataclass(frozen=True)
class History:
    """Losses and metrics by epoch; `columns` holds `train_loss`, `val_loss` or both, and others under their own names.

    Blanks are None, and so are NaN and infinite values, whose epochs `not_finite` names for each column that has any.
    `epochs` count what `unit` says, epochs or steps. `sources` are the names in the file of the columns that have
    another here, `notes` say how rows became epochs, and `audited` is the epoch of the audited model where it was stated.
    """

    path: Path
    sha256: str
    epochs: tuple[float, ...]
    columns: Mapping[str, Column]
    not_finite: Mapping[str, tuple[float, ...]]
    format: str = "CSV"
    unit: str = "epoch"
    sources: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    audited: float | None = None

    @property
    def audited_epoch(self) -> float:
        """The epoch of the audited model: the one stated, else the last."""
        return self.epochs[-1] if self.audited is None else self.audited

    @property
    def best_epoch(self) -> float | None:
        """The epoch of the lowest validation loss, of the lowest training loss where there is no other."""
        losses = self.columns.get("val_loss") or self.columns["train_loss"]
        known = [(loss, epoch) for loss, epoch in zip(losses, self.epochs, strict=True) if loss is not None]
        return min(known)[1] if known else None

    def until_audited(self) -> "History":
        """The epochs up to the audited one."""
        last = self.audited_epoch
        n = sum(epoch <= last for epoch in self.epochs)
        columns = {name: values[:n] for name, values in self.columns.items()}
        broken = {name: tuple(e for e in epochs if e <= last) for name, epochs in self.not_finite.items()}
        not_finite = {name: epochs for name, epochs in broken.items() if epochs}
        return replace(self, epochs=self.epochs[:n], columns=columns, not_finite=not_finite)
