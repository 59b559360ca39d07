"""A check of two classes asked of each label, where a row may have several: what it said, with the label's name."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from auditor import wording
from auditor.findings import Finding, Gate, Status

SHOWN = 5
LISTED = 10


def told_by_label(answers: Mapping[str, Sequence[Finding | Gate]]) -> list[Finding | Gate]:
    """What a check yielded for each label, as findings on all of them.

    Faults and gates stand by themselves. More than five labels that pass, or that the rows cannot decide, are told as one
    finding each, and so are all that could not be examined.
    """
    named = [_named(name, item) for name, yielded in answers.items() for item in yielded]
    many = len(answers)
    told: list[Finding | Gate] = [item for item in named if _ending(item) is None]
    told += _few_or_one([f for f in named if _ending(f) is Status.INCONCLUSIVE], "Undecided", many, SHOWN)
    told += _few_or_one([f for f in named if _ending(f) is Status.PASS], "As it should be", many, SHOWN)
    return [*told, *_not_examined(answers)]


def _ending(item: Finding | Gate) -> Status | None:
    """How a finding ended that may be told together with others; None for what stands by itself."""
    together = (Status.INCONCLUSIVE, Status.PASS, Status.SKIP)
    return item.status if isinstance(item, Finding) and not item.gate and item.status in together else None


def _named(name: str, item: Finding | Gate) -> Finding | Gate:
    if isinstance(item, Gate):
        return replace(item, subject=f"label {name}")
    message = f"Label {wording.quoted(name)}: {wording.lower_first(item.message)}"
    return replace(item, subject=f"label {name}", message=message)


def _few_or_one(found: Sequence[Finding | Gate], how: str, n_labels: int, shown: int) -> list[Finding | Gate]:
    """The findings as they are, or one that names their labels where they are many."""
    if len(found) <= shown:
        return list(found)
    first = found[0]
    assert isinstance(first, Finding)
    names = list(dict.fromkeys(item.subject.removeprefix("label ") for item in found))
    which = f"all {n_labels} labels" if len(names) == n_labels else f"{wording.count(len(names))} of {n_labels} labels"
    said = f"{how} on {which}: {_listed(names)}"
    if first.status is Status.INCONCLUSIVE:
        said += f". {first.message}"
    return [Finding(first.status, said, remedy=first.remedy)]


def _not_examined(answers: Mapping[str, Sequence[Finding | Gate]]) -> list[Finding]:
    reasons = {
        name: item.message
        for name, yielded in answers.items()
        for item in yielded
        if isinstance(item, Finding) and item.status is Status.SKIP
    }
    if not reasons:
        return []
    first, alike = next(iter(reasons.values())), len(set(reasons.values())) == 1
    if alike and len(reasons) == len(answers):
        return [Finding(Status.SKIP, first)]
    of = f"{wording.count(len(reasons))} of {len(answers)} labels, {_listed(list(reasons))}"
    return [Finding(Status.SKIP, f"{of}: {'' if alike else 'of the first, '}{wording.lower_first(first)}")]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(map(wording.quoted, names[:LISTED])) + more
