"""A look at the model on a few rows before the pass: what its outputs are, whether they fit the classes, how it behaves."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from auditor import wording
from auditor.batches import Batch, OutputKind
from auditor.behaviour.trials import tried
from auditor.config import Config
from auditor.data import Split, Splits
from auditor.data.label_predictions import label_kind, thresholds_of
from auditor.engines.local import Stream
from auditor.errors import InputError, UsageError
from auditor.hashing import is_text
from auditor.layout import take_text
from auditor.measurements import ProbeResult
from auditor.models import Model
from auditor.policy import policy_of
from auditor.prediction import ScoreReading, batch_rows, predicted
from auditor.states import OutputForm
from auditor.states.buckets import DESIGN
from auditor.states.feature_sample import COLUMNS
from auditor.states.folded_texts import TEXTS
from auditor.states.state import GROUP, IDENTITY, TIME

PROBE_ROWS = 4096
ROUNDING = 1e-6
NO_FEATURES = "tables of predictions carry no features"
NO_COLUMNS = "images and signals are looked at as a whole, not column by column"
NO_NUMBERS = "texts have no columns of numbers"
NO_TEXTS = "the features are no texts"
NO_SCORES = "the table holds decisions and no scores"
NO_DESIGN = "no column of groups was declared with --group, and none of weights with --weight"
NO_GROUP = "no column of groups was declared with --group"
NO_TIME = "no column of times was declared with --time"
NO_IDENTITY = "no column of ids was declared with --id"


@dataclass(frozen=True)
class Reading:
    """How every split is read: the rows of a batch, the reading of outputs (None for predictions), what the probe saw."""

    size: int
    scores: ScoreReading | None
    probe: ProbeResult | None
    missing: dict[str, str]


def probe(config: Config, model: Model | None, splits: Splits) -> Reading:
    """Run the first rows of the test data; raise InputError where outputs and classes do not fit together."""
    _refuse_settings(config, splits)
    if model is None:
        return _read_predictions(config, splits)
    row_shape = model.works_on or splits.test.feature_shape or ()
    size = batch_rows(config.batch_size, row_shape, len(splits.class_names), model.device)
    thresholds = thresholds_of(config) if splits.multilabel else ()
    reading = ScoreReading(OutputKind.LOGITS, _scored(config, splits), config.threshold, thresholds)
    first = next(_scored_batches(model, splits.test, min(size, PROBE_ROWS), reading), None)
    if first is None:
        raise InputError(f"{splits.test.path.name} holds no rows; there is nothing to judge")
    kind = _kind(config, model, first, splits)
    reading = replace(reading, kind=kind)
    behaviour = tried(model, splits, reading, size, config.precision)
    result = ProbeResult(kind, config.output_kind is not None, len(first), behaviour)
    return Reading(size, reading, result, _columns(model, splits) | _texts(first) | _undeclared(config))


def _kind(config: Config, model: Model, first: Batch, splits: Splits) -> OutputKind:
    """What the outputs are, stated or detected; raise InputError where they do not fit the classes."""
    outputs = first.said.outputs
    _refuse_misfit(model, outputs.shape[1], splits)
    if splits.multilabel:
        return label_kind(outputs, config.output_kind).kind
    kind = OutputKind(config.output_kind) if config.output_kind else _detected(first, splits)
    if kind is OutputKind.SIGMOID and outputs.shape[1] > 1:
        raise InputError(
            f"{model.path.name} gives {outputs.shape[1]} probabilities a row that do not sum to 1, one sigmoid a class: if a row "
            "can have several labels, name their columns with --labels; of classes that exclude each other one softmax is "
            "expected; if they are logits, say so with --output-kind logits"
        )
    return kind


def _refuse_settings(config: Config, splits: Splits) -> None:
    """Raise UsageError for a threshold, a preset or a prior that does not fit the classes."""
    stated = splits.multilabel or (config.positive is not None and len(splits.class_names) == 2)
    if config.threshold is not None and not stated:
        raise UsageError("--threshold needs two classes and --positive, the one that is named from this probability on")
    preset, names = policy_of(config).preset, ", ".join(splits.class_names[:20])
    if preset.positive_only and splits.multilabel:
        asked = "ask with the preset balanced or ranking, or with gates such as 'recall[LABEL]>=0.9'"
        raise UsageError(f"the preset {preset.name} is about one class, and a row may have several labels: {asked}")
    if preset.positive_only and splits.positive is None:
        raise UsageError(
            f"the preset {preset.name} is about one class: name it with --positive; the classes are {names}"
        )
    _refuse_prior(config, splits)


def streams(model: Model | None, splits: Splits, reading: Reading) -> dict[str, Stream]:
    """Every split as shards of batches with scores."""
    return {split.name: _stream(model, split, reading) for split in splits.given}


def _stream(model: Model | None, split: Split, reading: Reading) -> Stream:
    def shards() -> Iterator[Iterator[Batch]]:
        for shard in split.shards():
            batches = shard.batches(reading.size)
            if model is None or reading.scores is None:
                yield batches
            else:
                yield predicted(model, batches, reading.scores, source=split.path.name)

    def unscored() -> Iterator[Iterator[Batch]]:
        return (shard.batches(reading.size) for shard in split.shards())

    return Stream(split.name, shards, reading.missing, unscored, lambda: len(set(split.readings())) < 2)


def _scored_batches(model: Model, split: Split, size: int, reading: ScoreReading) -> Iterator[Batch]:
    for shard in split.shards():
        yield from predicted(model, shard.batches(size), reading, source=split.path.name)


def _read_predictions(config: Config, splits: Splits) -> Reading:
    size = batch_rows(config.batch_size, (), len(splits.class_names))
    first = next((batch for shard in splits.test.shards() for batch in shard.batches(size)), None)
    if first is None:
        raise InputError(f"{splits.test.path.name} holds no rows; there is nothing to judge")
    missing = dict.fromkeys(("features", COLUMNS, TEXTS), NO_FEATURES) | _undeclared(config)
    decisions_only = first.said.kind is OutputKind.PREDICTED
    return Reading(size, None, None, missing | ({"scores": NO_SCORES} if decisions_only else {}))


def _columns(model: Model, splits: Splits) -> dict[str, str]:
    """Why nothing of columns is measured, where the features have none."""
    if take_text(model.inputs):
        return {COLUMNS: NO_NUMBERS}
    shape = splits.test.feature_shape or ()
    return {} if len(shape) == 1 else {COLUMNS: NO_COLUMNS}


def _texts(batch: Batch) -> dict[str, str]:
    """Why nothing of texts is measured, where the features are none."""
    return {} if batch.features is not None and is_text(batch.features) else {TEXTS: NO_TEXTS}


def _undeclared(config: Config) -> dict[str, str]:
    """Why nothing of groups, weights, times and ids is measured, where they were not declared."""
    declared = {
        DESIGN: (config.group or config.weight, NO_DESIGN),
        GROUP: (config.group, NO_GROUP),
        TIME: (config.time, NO_TIME),
        IDENTITY: (config.ids, NO_IDENTITY),
    }
    return {read: reason for read, (given, reason) in declared.items() if not given}


def _scored(config: Config, splits: Splits) -> int:
    """The class that a single output scores: the positive one if stated, else class 1, never the one guessed by rarity."""
    return splits.positive if config.positive is not None and splits.positive is not None else 1


def _detected(batch: Batch, splits: Splits) -> OutputKind:
    form = OutputForm(splits.task)
    form.update(batch.rows(batch.said.finite))
    return form.result().kind


def _refuse_misfit(model: Model, n_outputs: int, splits: Splits) -> None:
    n_classes = len(splits.class_names)
    if splits.multilabel and n_outputs != n_classes:
        raise InputError(
            f"{model.path.name} gives {n_outputs} outputs a row, but there are {n_classes} labels: name the label of each "
            "output, in order, with --labels"
        )
    if n_outputs == n_classes or (n_outputs == 1 and n_classes == 2):
        return
    counts = splits.label_counts.get("test", ())
    rows = [f": {wording.plural(count, 'row')}" for count in counts] if len(counts) == n_classes else [""] * n_classes
    named = [f"{wording.name(name)}{row}" for name, row in zip(splits.class_names, rows, strict=True)]
    names = ", ".join(named[:10]) + (", ..." if n_classes > 10 else "")
    if n_outputs == 1:
        raise InputError(
            f"{model.path.name} gives one output a row, which can tell two classes apart, but there are {n_classes}: {names}"
        )
    raise InputError(
        f"{model.path.name} gives {n_outputs} outputs a row, but there are {n_classes} classes ({names}; from "
        f"{splits.class_names_from}): name the class of each output, in order, as `classes` in auditor.toml"
    )


def _refuse_prior(config: Config, splits: Splits) -> None:
    """Raise UsageError for shares of classes that there are not, or that leave the others less than nothing."""
    for name in config.prior:
        if name not in splits.class_names:
            noun, nouns = ("label", "labels") if splits.multilabel else ("class", "classes")
            names = ", ".join(splits.class_names[:20])
            raise UsageError(f"--prior {name}: no {noun} is called so; the {nouns} are {names}")
    if splits.multilabel:
        return
    total = math.fsum(config.prior.values())
    if total > 1 + ROUNDING or (len(config.prior) == len(splits.class_names) and total < 1 - ROUNDING):
        raise UsageError(
            f"--prior: the shares of {len(config.prior)} of {len(splits.class_names)} classes add up to {total:g}; "
            f"{'those of all classes add up to 1' if total < 1 else 'at most 1 was expected'}"
        )
