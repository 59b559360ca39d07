"""Why an archive is not loaded unasked: the rule it breaks, and where."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False)
class Violation(Exception):
    """Something that is not known to be harmless: the rule it breaks and what was found.

    `member` is the archive's member, `place` the way to it inside, innermost first.
    """

    rule: str
    found: str
    member: str = ""
    place: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """`rule operators: models/model.json, graph.nodes[3].target: …`."""
        inside = ".".join(reversed(self.place)).replace(".[", "[")
        where = ", ".join(part for part in (self.member, inside) if part)
        return f"rule {self.rule}: {where}: {self.found}" if where else f"rule {self.rule}: {self.found}"


@contextmanager
def within(member: str) -> Iterator[None]:
    """Say of every violation in the block that it was found in this member."""
    try:
        yield
    except Violation as violation:
        violation.member = member
        raise
