"""The report as records: everything a page may show, computed before; read and written as versioned JSON."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from auditor.errors import InputError
from auditor.findings import Finding
from auditor.results import Generalisation, HistoryResult, Overlap, RowFlow, SplitResult, Value

FORMAT_VERSION = 1
SCHEMA_FILE = Path(__file__).with_name("report.schema.json")


class VerdictStatus(StrEnum):
    """The five answers."""

    READY = "ready"
    READY_WITH_WARNINGS = "ready-with-warnings"
    NOT_READY = "not-ready"
    NEEDS_REVIEW = "needs-review"
    INVALID_EVALUATION = "invalid-evaluation"


@dataclass(frozen=True)
class Fact:
    """A row of the facts box: what, this model, the majority predictor, what is required, and the plausible range."""

    what: str
    value: Value
    majority: Value | None
    limit: float | None
    at_least: bool
    is_share: bool
    decides: bool
    status: str


@dataclass(frozen=True)
class Card:
    """One of at most three reasons: the fault in a sentence, where, and what to do next."""

    message: str
    where: str
    do_next: str
    status: str
    severity: str


@dataclass(frozen=True)
class Verdict:
    """The answer: its status, the headline, the sentence of the decision page and the messages of the deciding findings."""

    status: VerdictStatus
    headline: str
    sentence: str
    reasons: tuple[str, ...]
    exit_code: int


@dataclass(frozen=True)
class Decision:
    """The first page: facts, cards, the confusion matrix with the deciding cell, and what was not examined.

    Where a row may have several labels the cell is (label, 1) for rows with it that were missed, (label, 2) for false alarms.
    """

    facts: tuple[Fact, ...]
    cards: tuple[Card, ...]
    deciding_cell: tuple[int, int] | None
    row_flow: RowFlow
    not_examined: tuple[tuple[str, str], ...]
    checks_ran: int
    checks_total: int


@dataclass(frozen=True)
class Criteria:
    """What the model was held to, and who said so: `confirmed` is false while the user has stated nothing.

    `conditions` are sentences, those of the preset and then the user's `gates`; a waiver's `state` is in force, lapsed or
    without a match; `prior` holds the class shares in use that were stated.
    """

    preset: str
    confirmed: bool
    source: str
    gates: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    limits: dict[str, dict[str, Any]] = field(default_factory=dict)
    threshold: float | None = None
    waivers: tuple[dict[str, str], ...] = ()
    prior: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckRecord:
    """A check that was considered: its text, limits and how it ended."""

    id: str
    title: str
    doc: str
    status: str
    source: str = "built-in"


@dataclass(frozen=True)
class DataFile:
    """A file that was read, by the hash of its full content."""

    split: str
    path: str
    format: str
    sha256: str
    rows: int | None


@dataclass(frozen=True)
class ModelFile:
    """The model file, how it was loaded and what its outputs are."""

    path: str
    format: str
    sha256: str
    runs_code: bool
    output_kind: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Provenance:
    """Where every figure came from: files, versions, device, command, configuration, time."""

    model: ModelFile | None
    data: tuple[DataFile, ...]
    versions: dict[str, str]
    platform: str
    device: str
    command: str
    config: dict[str, Any]
    seed: str
    started: str
    seconds: float
    class_names_from: str
    positive_from: str
    settings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """Everything a renderer may show; it validates against report.schema.json."""

    format_version: int
    verdict: Verdict
    decision: Decision
    criteria: Criteria
    findings: tuple[Finding, ...]
    checks: tuple[CheckRecord, ...]
    measurements: dict[str, SplitResult]
    overlap: Overlap | None
    history: HistoryResult | None
    provenance: Provenance
    sha256: str = ""
    generalisation: Generalisation | None = None


@cache
def adapter() -> TypeAdapter[Report]:
    """The reader and writer of reports."""
    return TypeAdapter(Report)


def schema() -> dict[str, Any]:
    """The JSON Schema of report.json."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **adapter().json_schema()}


def schema_text() -> str:
    """The schema as the shipped file holds it."""
    return json.dumps(schema(), indent=1) + "\n"


def sealed(report: Report) -> Report:
    """The report with the SHA-256 of its own content (computed with an empty hash) in it."""
    blank = replace(report, sha256="")
    return replace(report, sha256=hashlib.sha256(adapter().dump_json(blank)).hexdigest())


def dumps(report: Report) -> str:
    """The report as JSON text; NaN cannot occur, undefined is null."""
    return json.dumps(adapter().dump_python(report, mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read(path: Path) -> Report:
    """Read a report.json; raise InputError where there is none."""
    try:
        return loads(path.read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read; give the report.json of an audit") from error


def loads(text: str, path: Path) -> Report:
    """Read report.json back; raise InputError where it is no report or of another format version."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path}: not JSON ({error.msg} in line {error.lineno}); give the report.json of an audit"
        ) from error
    except (RecursionError, ValueError) as error:
        raise InputError(f"{path}: not the JSON of a report; give the report.json of an audit") from error
    version = data.get("format_version") if isinstance(data, Mapping) else None
    if version != FORMAT_VERSION:
        raise InputError(
            f"{path}: format_version is {version!r}, expected {FORMAT_VERSION}; give the report.json of an audit"
        )
    try:
        report = adapter().validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: not a whole report ({where}: {first['msg']}); run the audit again") from error
    if sealed(report).sha256 != report.sha256:
        raise InputError(
            f"{path}: was changed after it was written, its content no longer has its sha256; run the audit again"
        )
    return report
