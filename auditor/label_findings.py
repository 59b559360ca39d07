"""A check of two classes asked of each label, where a row may have several: what it said, with the label's name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from auditor import wording
from auditor.findings import Finding, Gate, Status

PASSES_SHOWN = 5


def told_by_label(answers: Mapping[str, Sequence[Finding | Gate]]) -> list[Finding | Gate]:
    """What a check yielded for each label, as findings on all of them.

    Faults, what is undecided, and gates stand by themselves; more than five passes are told as one, and so are labels that
    could not be examined for the same reason.
    """
    named = [_named(name, item) for name, yielded in answers.items() for item in yielded]
    passes = [item for item in named if _ended(item, Status.PASS)]
    skips = [(name, item) for name, yielded in answers.items() for item in yielded if _ended(item, Status.SKIP)]
    others = [item for item in named if not _ended(item, Status.PASS) and not _ended(item, Status.SKIP)]
    shown = passes if len(passes) <= PASSES_SHOWN else [_all_well(passes, len(answers))]
    return [*others, *shown, *_not_examined(skips, len(answers))]


def _ended(item: object, status: Status) -> bool:
    return isinstance(item, Finding) and item.status is status


def _named(name: str, item: Finding | Gate) -> Finding | Gate:
    if isinstance(item, Gate):
        return replace(item, subject=f"label {name}")
    message = f"Label {wording.quoted(name)}: {wording.lower_first(item.message)}"
    return replace(item, subject=f"label {name}", message=message)


def _all_well(passes: Sequence[Finding | Gate], n_labels: int) -> Finding:
    names = list(dict.fromkeys(item.subject.removeprefix("label ") for item in passes))
    which = "all" if len(names) == n_labels else f"{wording.count(len(names))} of"
    return Finding.passed(f"As it should be on {which} {n_labels} labels: {_listed(names)}")


def _not_examined(skips: Sequence[tuple[str, Finding | Gate]], n_labels: int) -> Iterator[Finding]:
    reasons: dict[str, list[str]] = {}
    for name, item in skips:
        assert isinstance(item, Finding)
        reasons.setdefault(item.message, []).append(name)
    for reason, names in reasons.items():
        of = "" if len(names) == n_labels else f"{'Label' if len(names) == 1 else 'Labels'} {_listed(names)}: "
        yield Finding(Status.SKIP, f"{of}{wording.lower_first(reason) if of else reason}")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(map(wording.quoted, names[:10])) + more
