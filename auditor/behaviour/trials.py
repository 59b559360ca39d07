"""The model tried on a few rows: again, in another order, alone, disturbed, without a feature, prepared otherwise."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Batch
from auditor.behaviour.features import compared_features
from auditor.behaviour.records import Behaviour, Comparison, Treatment
from auditor.behaviour.sampling import MOST_ROWS, sampled
from auditor.behaviour.treatments import disturbed, treatments
from auditor.data import Split, Splits
from auditor.errors import InputError
from auditor.label_scores import LabelScores
from auditor.models import Model
from auditor.prediction import ScoreReading, forwarded
from auditor.statistics.estimates import Proportion
from auditor.statistics.resampling import generator

FEWEST_ROWS, SHARE_OF_ALL = 256, 100
ALONE = 16
MOST_FEATURES, ROWS_WITHOUT = 64, (32, 256)
SMALLEST_SPREAD = 1e-6

Array = NDArray[Any]


@dataclass(frozen=True)
class Trial:
    """A model, the rows that it is tried on, and how many it takes at once."""

    model: Model
    rows: Batch
    size: int
    reading: ScoreReading

    @cached_property
    def given(self) -> Array:
        """(n, k) outputs of the rows as they are."""
        return self.run(self.features)

    @property
    def features(self) -> Array:
        """(n, ...) features of the rows."""
        assert self.rows.features is not None
        return self.rows.features

    @cached_property
    def spread(self) -> float:
        """Standard deviation of the finite outputs about the mean of their column."""
        outputs = _finite(self.given)
        return float(np.sqrt(np.mean((outputs - outputs.mean(axis=0)) ** 2))) if len(outputs) else 0.0

    @cached_property
    def largest(self) -> float:
        """The largest size of a finite output."""
        return float(np.abs(_finite(self.given)).max(initial=0.0))

    def run(self, features: Array) -> Array:
        """(n, k) float64 outputs of these features, run as the audit runs them."""
        return forwarded(self.model, features, self.size)[0].astype(np.float64)

    def decided(self, outputs: Array) -> Array:
        """(n,) classes, or (n, labels) which labels are given."""
        said = self.reading.of(self.rows, outputs).said
        return said.given if isinstance(said, LabelScores) else said.predicted

    def compare(self, outputs: Array, chosen: Array | slice = slice(None)) -> Comparison:
        """These outputs of the chosen rows beside those of the same rows as given."""
        before = self.given[chosen]
        with np.errstate(invalid="ignore"):
            change = np.where(_equal(before, outputs), 0.0, np.abs(outputs - before))
        change[np.isnan(change)] = np.inf
        unit = max(self.spread, SMALLEST_SPREAD * self.largest) or 1.0
        differs = self.decided(before) != self.decided(outputs)
        flips = np.count_nonzero(differs.reshape(len(before), -1).any(axis=1))
        return Comparison(len(before), int(flips), float(change.max(initial=0.0)) / unit)


def tried(model: Model, splits: Splits, reading: ScoreReading, size: int, precision: str) -> Behaviour | None:
    """What the model does with a few rows of test; None where its rows are no arrays. What it wrote into itself is put back."""
    rows = sampled(splits.test, size)
    if rows is None or not isinstance(rows.features, np.ndarray):
        return None
    trial = Trial(model, rows.rows(np.arange(min(len(rows), _amount(splits)))), size, reading)
    before = model.buffers.copied() if model.buffers else {}
    repeated, shuffled, alone = _repeated(trial), _shuffled(trial), _alone(trial)
    changed = model.buffers.changed(before) if model.buffers else ()
    train = None if splits.train is None else sampled(splits.train, size)
    features = compared_features(splits.test, rows, train)
    found = Behaviour(
        len(trial.rows),
        len(np.unique(trial.rows.row_hashes)),
        precision,
        trial.spread / trial.largest if trial.largest else 0.0,
        repeated,
        shuffled,
        alone,
        model.training_parts,
        changed,
        "one of 255 grey levels" if trial.features.ndim > 2 else "1% of a standard deviation",
        _disturbed(trial),
        _without(trial, splits.test),
        _treated(trial, treatments(trial.features, features)),
        features,
        None if precision == "fp32" else _in_single(trial),
        None if model.cut is None else Proportion(int(model.cut(rows.features).sum()), len(rows)),
    )
    if model.buffers:
        model.buffers.put_back(before)
    return found


def _amount(splits: Splits) -> int:
    """How many rows to try: one in a hundred of all rows to be run, but neither so few nor so many that it tells nothing or costs."""
    known = sum(split.n_rows or 0 for split in splits.given)
    return min(MOST_ROWS, max(FEWEST_ROWS, known // SHARE_OF_ALL))


def _repeated(trial: Trial) -> Comparison:
    trial.given  # noqa: B018  (the first run, before the second)
    return trial.compare(trial.run(trial.features))


def _shuffled(trial: Trial) -> Comparison:
    order = generator("audit-v1 another order").permutation(len(trial.rows))
    return trial.compare(trial.run(trial.features[order]), order)


def _alone(trial: Trial) -> Comparison:
    outputs = [trial.run(trial.features[row : row + 1]) for row in range(min(ALONE, len(trial.rows)))]
    return trial.compare(np.concatenate(outputs), slice(len(outputs)))


def _in_single(trial: Trial) -> Comparison:
    """The rows in single precision beside those in the half precision that was asked for."""
    from auditor.models.forward import in_single_precision

    return trial.compare(replace(trial, model=in_single_precision(trial.model)).run(trial.features))


def _disturbed(trial: Trial) -> Comparison | None:
    noisy = disturbed(trial.features, generator("audit-v1 noise"))
    return None if noisy is None else trial.compare(trial.run(noisy))


def _without(trial: Trial, split: Split) -> dict[str, Comparison]:
    """Each column of a table shuffled over a few rows in turn; columns that hold one value there are left out."""
    n_features = trial.features.shape[1] if trial.features.ndim == 2 else 0
    if not 1 < n_features <= MOST_FEATURES:
        return {}
    fewest, most = ROWS_WITHOUT
    rows = trial.features[: max(fewest, min(most, 2 * len(trial.rows) // n_features))]
    order = generator("audit-v1 columns").permutation(len(rows))
    found: dict[str, Comparison] = {}
    for column, name in enumerate(split.feature_names or map(str, range(n_features))):
        if not _equal(rows[order, column], rows[:, column]).all():
            changed = rows.copy()
            changed[:, column] = rows[order, column]
            found[name] = trial.compare(trial.run(changed), slice(len(rows)))
    return found


def _treated(trial: Trial, ways: Mapping[str, Callable[[Array], Array]]) -> dict[str, Treatment]:
    """Right answers as given and after each treatment; one that the model cannot take was not forgotten.

    Not tried where a row may have several labels, whose answers depend on each other.
    """
    labelled = np.flatnonzero(trial.rows.labels >= 0 if trial.rows.labels.ndim == 1 else ())
    found: dict[str, Treatment] = {}
    for name, way in ways.items() if len(labelled) else ():
        with suppress(InputError):
            outputs = trial.run(way(trial.features))
            found[name] = _treatment(trial, outputs, labelled)
    return found


def _treatment(trial: Trial, outputs: Array, labelled: Array) -> Treatment:
    labels = trial.rows.labels[labelled]
    before = trial.decided(trial.given[labelled]) == labels
    after = trial.decided(outputs[labelled]) == labels
    classes = np.unique(labels)
    found, found_before = (np.mean([right[labels == k].mean() for k in classes]) for right in (after, before))
    gain = found - max(found_before, 1 / len(classes))
    counts = (before, after, before & ~after, after & ~before)
    right, right_treated, only_given, only_treated = (int(rows.sum()) for rows in counts)
    return Treatment(len(labelled), right, right_treated, only_given, only_treated, float(gain))


def _finite(outputs: Array) -> Array:
    return outputs[np.isfinite(outputs).all(axis=1)]


def _equal(one: Array, other: Array) -> NDArray[np.bool_]:
    """Equal values or texts, or both NaN."""
    return np.asarray((one == other) | (np.isnan(one) & np.isnan(other)))
