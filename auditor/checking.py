"""What a check is, where checks are found, and how they are run."""

import inspect
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from auditor import wording
from auditor.errors import AuditorError, UsageError
from auditor.findings import Finding, Gate, NotApplicable, Severity, Status
from auditor.gating import resolve
from auditor.label_findings import told_by_label
from auditor.measurements import Measurements
from auditor.policy import Policy
from auditor.resources import folder
from auditor.states.state import State

SHOWN_FINDINGS = 20
LONGEST_MESSAGE = 2000

Yielded = Finding | Gate
Function = Callable[..., Iterable[Yielded]]


@dataclass(frozen=True)
class Check:
    """One question asked of the measurements; `limits` are the keyword-only parameters of its function.

    plain_rows: its figures take every row as independent and of weight 1.
    despite_weights: it counts rows of other weights alike too, and says so.
    by_label: where a row may have several labels it is asked of each, as of two classes; else once of all.
    """

    id: str
    title: str
    needs: tuple[type[State[Any]], ...]
    function: Function
    after: tuple[str, ...] = ()
    by_label: bool = True
    source: str = "built-in"
    limits: Mapping[str, Any] = field(default_factory=dict)
    plain_rows: bool = False
    despite_weights: bool = False

    @property
    def doc(self) -> str:
        """Its text: what it looks for, how it is judged, its limits, the reference."""
        return inspect.getdoc(self.function) or ""

    def with_limits(self, limits: Mapping[str, Any]) -> "Check":
        """The same check held to other limits; raise UsageError for one it does not have or of another type."""
        for name, value in limits.items():
            if name not in self.limits:
                known = ", ".join(self.limits) or "none"
                raise UsageError(
                    f"[limits.{self.id}]: no limit `{name}`{wording.meant(name, self.limits)}; it has {known}"
                )
            _refuse_limit(f"[limits.{self.id}]: `{name}`", name, value, self.limits[name])
        return replace(self, limits={**self.limits, **limits})


def _refuse_limit(where: str, name: str, value: object, default: object) -> None:
    """Raise UsageError for what is no number, or a number that no such limit can be; of a switch for neither true nor false."""
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise UsageError(f"{where} must be true or false, found {value!r}")
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"{where} must be a number, found {value!r}")
    if name.startswith("alpha") and not 0 < value < 1:
        raise UsageError(f"{where} must lie between 0 and 1, found {value!r}")
    if not 0 <= value <= (1 if name == "floor" else math.inf):
        raise UsageError(
            f"{where} must {'lie between 0 and 1' if name == 'floor' else 'not be negative'}, found {value!r}"
        )


def check(
    id: str,  # noqa: A002  (the field's word)
    *,
    title: str,
    needs: Sequence[type[State[Any]]] = (),
    after: Sequence[str] = (),
    plain_rows: bool = False,
    despite_weights: bool = False,
    by_label: bool = True,
) -> Callable[[Function], Check]:
    """Turn a function of Measurements into a Check.

    The function yields findings and gates. Its keyword-only parameters with a default are its limits; the parameters
    `policy` and `earlier` receive the policy and the findings of the checks named in `after`. Set `plain_rows` where its
    figures are not those of `m.test.metric(...)` and know neither groups nor weights of rows: it is skipped where rows
    carry weights, and says where they stand in groups that it takes them as independent. With `despite_weights` it is not
    skipped, and says that it counts rows alike: for what shows in any row, whatever it stands for. Where a row may have several
    labels the function is called for each with the measurements of two classes, without the label and with it; one that is
    not `by_label` is called once with those of all, whose counts are `m.test.counts`.
    """
    if not id or not all(isinstance(state, type) and issubclass(state, State) for state in needs):
        raise TypeError(f"a check needs an id and states, found {id!r} and {needs!r}")

    def decorate(function: Function) -> Check:
        parameters = inspect.signature(function).parameters.values()
        limits = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty}
        return Check(
            id, title, tuple(needs), function, tuple(after), by_label, limits=limits, plain_rows=plain_rows,
            despite_weights=despite_weights,
        )  # fmt: skip

    return decorate


def built_in() -> list[Check]:
    """The checks that ship with auditor."""
    return from_folder(folder("checks"), source="built-in")


def from_folder(path: Path, source: str = "") -> list[Check]:
    """The checks in the Python files of a folder, each file executed by its path; raise UsageError for a broken one."""
    if not path.is_dir():
        raise UsageError(f"{path}: no such folder of checks")
    found = [check for file in sorted(path.glob("*.py")) for check in _from_file(file)]
    if not found:
        raise UsageError(f"{path}: no check found; decorate a function with @auditor.check")
    return [replace(check, source=source or str(path)) for check in found]


def from_entry_points() -> list[Check]:
    """The checks that installed packages offer in the entry-point group `auditor.checks`."""
    return [replace(entry.load(), source=entry.value) for entry in entry_points(group="auditor.checks")]


@dataclass(frozen=True)
class Choice:
    """The checks that run, in their order, and those that the user left out."""

    run: tuple[Check, ...]
    left_out: tuple[Check, ...]


def chosen(
    folders: Sequence[Path],
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    limits: Mapping[str, Mapping[str, Any]] | None = None,
) -> Choice:
    """All checks with the user's limits; raise UsageError for two of one id or an unknown id."""
    limits = limits or {}
    checks = [*built_in(), *from_entry_points(), *(check for path in folders for check in from_folder(path))]
    by_id: dict[str, Check] = {}
    for one in checks:
        if one.id in by_id:
            raise UsageError(f"two checks are called {one.id!r}: {by_id[one.id].source} and {one.source}; rename one")
        by_id[one.id] = one
    refuse_unknown((*select, *ignore, *limits), by_id)
    kept = [c for c in by_id.values() if (not select or c.id in select) and c.id not in ignore]
    run = _in_order([c.with_limits(limits.get(c.id, {})) for c in kept])
    return Choice(tuple(run), tuple(c for c in by_id.values() if c not in kept))


def refuse_unknown(ids: Iterable[str], known: Iterable[str]) -> None:
    """Raise UsageError for an id that no check has."""
    names = tuple(known)
    for id_ in ids:
        if id_ not in names:
            raise UsageError(f"no check is called {id_!r}{wording.meant(id_, names)}; `auditor checks` lists them")


def left_out(checks: Sequence[Check], policy: Policy) -> list[Finding]:
    """A skip for each check that the user left out; one that carries a condition holds the verdict open."""
    reason = "Left out by --select or --ignore"
    found = [Finding(Status.SKIP, reason, gate=policy.asks(one.id)) for one in checks]
    return [_signed(one, finding) for one, finding in zip(checks, found, strict=True)]


def judge(checks: Sequence[Check], measurements: Measurements, policy: Policy) -> list[Finding]:
    """Run every check; a crash is an error finding of its own and stops nothing else.

    The gates of all checks that wait for no other are decided as one family, before the checks that build on them run.
    """
    answers = {one.id: _ask(one, measurements, policy, []) for one in checks if not one.after}
    findings = _decided(answers, checks)
    for one in checks:
        if one.after:
            earlier = [finding for id_ in one.after for finding in findings.get(id_, [])]
            findings |= _decided({one.id: _ask(one, measurements, policy, earlier)}, [one])
    return [finding for one in checks for finding in findings[one.id]]


def explanation(one: Check) -> str:
    """A check as `auditor checks ID` prints it: title, text, limits, source."""
    limits = "\n".join(f"  {name} = {_as_written(value)}" for name, value in one.limits.items())
    parts = [
        f"{one.id}: {one.title}",
        one.doc,
        f"Limits, set in [limits.{one.id}]:\n{limits}" if limits else "It has no limits to set.",
        f"Source: {one.source}",
    ]
    return "\n\n".join(parts)


def _decided(answers: Mapping[str, list[Yielded]], checks: Sequence[Check]) -> dict[str, list[Finding]]:
    """The findings of each check: what it yielded, its gates decided together with those of the others."""
    family = [item for yielded in answers.values() for item in yielded if isinstance(item, Gate)]
    decided = iter(resolve(family))
    findings = {
        id_: [next(decided) if isinstance(item, Gate) else item for item in yielded] for id_, yielded in answers.items()
    }
    return {one.id: [_signed(one, finding) for finding in findings[one.id]] for one in checks if one.id in findings}


def _ask(one: Check, measurements: Measurements, policy: Policy, earlier: list[Finding]) -> list[Yielded]:
    """What a check yields, asked of each label where a row may have several."""
    if not one.by_label or not measurements.labels:
        return _answer(one, measurements, policy, earlier)
    answers = {}
    for label in measurements.labels:
        told = [finding for finding in earlier if finding.subject == label.task.place(label.task.label)]
        answers[label.task.label] = _answer(one, label, policy, told)
    return told_by_label(answers)


def _answer(one: Check, measurements: Measurements, policy: Policy, earlier: list[Finding]) -> list[Yielded]:
    offered = {"policy": policy, "earlier": earlier}
    given = {name: value for name, value in offered.items() if name in inspect.signature(one.function).parameters}
    try:
        yielded = _plainly(one, measurements, one.function(measurements, **given, **one.limits))
    except NotApplicable as reason:
        return [Finding(Status.SKIP, str(reason))]
    except AuditorError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  (whatever a check raises, sys.exit too, is reported and never hidden)
        return [
            Finding(
                Status.ERROR,
                f"The check failed with {type(error).__name__}: {error}",
                Severity.MAJOR,
                remedy="Report it to the check's author; until it runs, this question is unanswered.",
            )
        ]
    if not yielded or not all(isinstance(item, Finding | Gate) for item in yielded):
        return [
            Finding(
                Status.ERROR,
                "The check ended without a finding" if not yielded else "The check yielded what is no finding",
                Severity.MAJOR,
                remedy="A check that examined something says so with Finding.passed; otherwise it raises NotApplicable.",
            )
        ]
    return yielded


def _plainly(one: Check, measurements: Measurements, yielded: Iterable[Yielded]) -> list[Yielded]:
    """What a check yields, with a clause where it takes rows as independent or alike that are not; or a skip for weights."""
    if one.plain_rows and measurements.test.weighted and not one.despite_weights:
        raise NotApplicable("it counts every row alike, and the rows carry weights")
    found = list(yielded)
    clauses = []
    if one.plain_rows and measurements.test.weighted:
        clauses.append("rows are counted alike here, whatever their weights")
    if one.plain_rows and measurements.test.grouped:
        clauses.append("rows are taken as independent here, whatever their groups")
    if not clauses:
        return found
    return [
        item
        if not isinstance(item, Finding)
        else replace(item, message="; ".join([item.message.rstrip("."), *clauses]))
        for item in found
    ]


def _as_written(limit: object) -> str:
    """A limit as auditor.toml writes it."""
    return "not set" if limit is None else str(limit).lower() if isinstance(limit, bool) else str(limit)


def shown(findings: Sequence[Finding]) -> list[Finding]:
    """At most 20 findings of each check, the worst first where there are more, then how many are left."""
    by_check: dict[str, list[Finding]] = {}
    for finding in findings:
        by_check.setdefault(finding.check, []).append(finding)
    return [finding for group in by_check.values() for finding in _most_serious(group)]


def _most_serious(group: list[Finding]) -> list[Finding]:
    if len(group) <= SHOWN_FINDINGS:
        return group
    order = {Status.ERROR: 0, Status.FAIL: 1, Status.INCONCLUSIVE: 2, Status.PASS: 3, Status.SKIP: 4}
    ranked = sorted(group, key=lambda f: (order[f.status], -f.severity.rank))
    rest = ranked[SHOWN_FINDINGS:]
    message = f"And {len(rest)} more of this kind or milder."
    return [*ranked[:SHOWN_FINDINGS], replace(rest[0], message=message, subject="", metric="", remedy="", figures=())]


def _signed(one: Check, finding: Finding) -> Finding:
    message = wording.sentence(wording.cut(finding.message, LONGEST_MESSAGE))
    return replace(finding, check=one.id, title=one.title, message=message)


def _from_file(file: Path) -> Iterator[Check]:
    name = f"auditor_checks_{file.stem}_{abs(hash(file.resolve()))}"
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise UsageError(f"{file}: not a Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise UsageError(f"{file}: cannot be executed: {type(error).__name__}: {error}") from error
    yield from (value for value in vars(module).values() if isinstance(value, Check))


def _in_order(checks: list[Check]) -> list[Check]:
    ids, done, ordered = {c.id for c in checks}, set[str](), list[Check]()
    waiting = list(checks)
    while waiting:
        ready = [c for c in waiting if all(a in done or a not in ids for a in c.after)]
        if not ready:
            raise UsageError(f"checks wait for each other: {', '.join(c.id for c in waiting)}")
        ordered += ready
        done |= {c.id for c in ready}
        waiting = [c for c in waiting if c.id not in done]
    return ordered
