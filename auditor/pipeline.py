"""The whole program on one screen: open, probe, predict, measure, judge, decide, report."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, overload

from auditor import checking, policy
from auditor.checking import Check
from auditor.config import Config
from auditor.data import Splits, open_splits
from auditor.data.remote import local as local_copy
from auditor.decision import criteria, decision, verdict
from auditor.engines import local
from auditor.engines.second_look import Keep
from auditor.findings import Finding, Status
from auditor.generalisation import generalisation
from auditor.histories import History, Wanted, read_history
from auditor.label_summary import label_split_result
from auditor.measurements import Measurements
from auditor.models import Model, completed, fed, open_model
from auditor.overlap import OVERLAP_FILE
from auditor.overlap_summary import overlap
from auditor.probing import probe, streams
from auditor.progress import progress
from auditor.provenance import provenance
from auditor.rendering import left_behind, write
from auditor.report import FORMAT_VERSION, CheckRecord, Report, sealed
from auditor.results import SplitResult
from auditor.sources import Data, Sources, in_memory, sources_of
from auditor.states import (
    BucketLosses,
    BucketRanking,
    Buckets,
    Confusion,
    LabelCounts,
    Losses,
    LossHistogram,
    Ranking,
    ScoreHistogram,
    State,
    TopRanks,
)
from auditor.summary import history, split_result, suggested_threshold
from auditor.verdict import decide

REPORTED: tuple[type[State[Any]], ...] = (
    Confusion, Losses, LossHistogram, Ranking, ScoreHistogram, TopRanks, Buckets, BucketLosses, BucketRanking,
)  # fmt: skip


@overload
def audit(model: Config) -> Report: ...


@overload
def audit(
    model: Callable[..., Any] | str | Path,
    test: Data,
    *,
    train: Data | None = None,
    validation: Data | None = None,
    **settings: Any,  # noqa: ANN401  (any setting, checked by its name)
) -> Report: ...


def audit(
    model: Config | Callable[..., Any] | str | Path,
    test: Data | None = None,
    *,
    train: Data | None = None,
    validation: Data | None = None,
    **settings: Any,
) -> Report:
    """Audit a model, or a table of its predictions, and return the report; raise AuditorError where that cannot be done.

    `model` is a Config that says everything; or a module in memory, any function from features to scores, or the path of
    a saved model. Data are paths, or iterables of (features, labels) batches that begin anew at each pass, such as a
    torch DataLoader. `settings` are those of auditor.toml, as `positive="fraud"`. A module is run in evaluation mode,
    and stands in its own modes again afterwards.
    """
    if isinstance(model, Config):
        return _audited(model, sources_of(model))
    splits = {"test": test, "train": train, "validation": validation}
    config, sources = in_memory(model, splits, settings)
    if sources.model is None:
        return _audited(config, sources)
    from auditor.models.loaded import evaluating

    with evaluating(sources.model):
        return _audited(config, sources)


def _audited(config: Config, sources: Sources) -> Report:
    started, clock = datetime.now(UTC), time.perf_counter()
    held_to = policy.policy_of(config)
    choice = checking.chosen(config.checks, config.select, config.ignore, config.limits)
    checks = choice.run
    named = (*(waiver.check for waiver in config.waivers), *config.policy.required)
    checking.refuse_unknown(named, {check.id for check in (*checks, *choice.left_out)})
    model, splits, training_history = open_all(config, sources)
    measurements = measure(config, model, splits, training_history, checks)
    judged = [*checking.judge(checks, measurements, held_to), *checking.left_out(choice.left_out, held_to)]
    findings = policy.waived(judged, held_to.waivers, started.date())
    outcome = decide(findings, held_to)
    report = Report(
        format_version=FORMAT_VERSION,
        verdict=verdict(outcome, measurements, held_to, [check.id for check in choice.left_out]),
        decision=decision(outcome, findings, measurements, held_to.prior),
        criteria=criteria(config, held_to, checks, findings, started, multilabel=measurements.task.multilabel),
        findings=tuple(checking.shown(findings)),
        checks=tuple(_record(check, findings) for check in (*checks, *choice.left_out)),
        measurements=_results(measurements, findings),
        overlap=overlap(measurements, checks, findings, held_to),
        history=history(measurements),
        provenance=provenance(
            config, model, splits, measurements, started=started, seconds=time.perf_counter() - clock
        ),
        generalisation=generalisation(measurements),
    )
    return sealed(report)


def open_all(config: Config, sources: Sources) -> tuple[Model | None, Splits, History | None]:
    """Open what the configuration names and the sources hold."""
    training_history = _history(config)
    model = None if config.model is None and sources.model is None else open_model(config, sources.model)
    takes = (model.class_names, model.inputs, sources.loaders, model.image) if model else ((), (), sources.loaders)
    splits = open_splits(completed(config, model), *takes)
    return None if model is None else fed(model, splits.layout), splits, training_history


def _history(config: Config) -> History | None:
    if config.history is None:
        return None
    wanted = Wanted(config.history_train, config.history_validation, config.history_run, config.epoch)
    return read_history(local_copy(config.history), wanted)


def measure(
    config: Config, model: Model | None, splits: Splits, training_history: History | None, checks: Sequence[Check]
) -> Measurements:
    """Probe the model, then send every split once through the states that the checks and the report need."""
    task = splits.task
    reading = probe(completed(config, model), model, splits)
    of_rows: tuple[type[State[Any]], ...] = (LabelCounts,) if task.multilabel else ()
    states = tuple(dict.fromkeys([*REPORTED, *of_rows, *(state for check in checks for state in check.needs)]))
    progressing = progress({split.name: split.n_rows for split in splits.given}, quiet=config.quiet)
    with progressing as advance, _keeping(config, splits) as keep:
        measured = local.measure(streams(model, splits, reading), states, task, advance, keep)
    readings = {split.name: split.readings() for split in splits.given if split.readings()}
    if any(len(set(found)) > 1 for found in readings.values()):
        measured = local.uncompared(measured)
    return Measurements(
        task,
        measured.test,
        measured.as_given,
        measured.splits,
        measured.overlap,
        training_history,
        reading.probe,
        readings,
        splits.test.feature_names,
        measured.without_shared,
    )


def _keeping(config: Config, splits: Splits) -> AbstractContextManager[Keep | None]:
    """What writes the rows that test shares with train, where that was asked for."""
    if not config.save_overlap or splits.train is None:
        return nullcontext()
    from auditor.overlap_file import overlap_file

    return overlap_file(config.out, splits.task)


def audit_and_write(config: Config) -> int:
    """Audit, write the reports and print the verdict; the exit code of the verdict."""
    from auditor.rendering.terminal import show

    report = audit(config)
    formats = tuple(dict.fromkeys(("json", *config.format)))
    written, missing = write(report, formats, config.out)
    written += [config.out / OVERLAP_FILE] if config.save_overlap and report.overlap is not None else []
    if not config.quiet:
        _show_if_read(show, report, written)
    old = [f"{path} is of an earlier run, and not of this one" for path in left_behind(written, config.out)]
    for line in (*missing, *old, *_idle_waivers(report)):
        sys.stderr.write(f"auditor: {line}\n")
    return report.verdict.exit_code


def _show_if_read(show: Callable[[Report, Sequence[Path]], None], report: Report, written: Sequence[Path]) -> None:
    """Print the verdict; a reader that went away changes neither the reports nor the exit code."""
    try:
        show(report, written)
    except (OSError, AttributeError, ValueError):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  (for the flush at exit)


def _idle_waivers(report: Report) -> list[str]:
    """A line for each waiver that did nothing."""
    idle = [waiver for waiver in report.criteria.waivers if waiver["state"] != "in force"]
    why = {"lapsed": "has lapsed", "without a match": "matches no finding by its check and subject"}
    return [f"the waiver of {w['check']} until {w['expires']} {why[w['state']]}, and waives nothing" for w in idle]


def _results(measurements: Measurements, findings: Sequence[Finding]) -> dict[str, SplitResult]:
    splits = {"test": measurements.test, **measurements.splits}
    if measurements.removed:
        splits["test_as_given"] = measurements.as_given
    if measurements.labels:
        return {name: label_split_result(measurements, split) for name, split in splits.items()}
    suggested = suggested_threshold(findings)
    return {
        name: split_result(measurements, split, suggested if name == "test" else None) for name, split in splits.items()
    }


def _record(check: Check, findings: Sequence[Finding]) -> CheckRecord:
    order = [Status.ERROR, Status.FAIL, Status.INCONCLUSIVE, Status.PASS, Status.SKIP]
    found = [finding.status for finding in findings if finding.check == check.id]
    return CheckRecord(check.id, check.title, check.doc, str(min(found, key=order.index)), check.source)
