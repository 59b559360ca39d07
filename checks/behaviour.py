"""Are the outputs numbers that can be judged?"""

from collections.abc import Iterator
from dataclasses import replace

from auditor import Direction, Finding, Measurements, NotApplicable, Severity, check
from auditor.states import Confusion
from auditor.wording import count, plural


@check("finite-outputs", title="Every output is a finite number", needs=(Confusion,), by_label=False)
def finite_outputs(m: Measurements, *, most: float = 0.05) -> Iterator[Finding]:
    """Does any row get NaN or infinity for an answer?

    Such rows cannot be judged and are left out of every figure, so one on a finite input makes the figures untrustworthy. On
    rows that hold empty or infinite cells it is a major fault: the model cannot serve such rows, and the finding says how many.
    Above a share `most` of such rows the figures speak of too few to be trusted.
    """
    rows = m.as_given.rows
    examined = rows.judged + rows.unusable
    if not examined:
        raise NotApplicable("no labelled rows")
    seen = Finding.passed(
        f"All outputs of {plural(examined, 'row')} are finite", value=rows.unusable / examined, limit=0.0
    )
    on_finite = rows.unusable - rows.unusable_inputs
    if on_finite:
        inputs = "although every input is" if m.probe is not None else "or is missing"
        fault = replace(
            seen, message=f"The output of {count(on_finite)} of {plural(examined, 'row')} is not finite {inputs}"
        )
        remedy = "Look for a division by zero, a logarithm of zero or an overflow in half precision."
        yield fault.failing(Severity.BLOCKER, remedy=remedy, direction=Direction.DEFLATES, validity=True)
    if rows.unusable_inputs:
        rows_said = f"{count(rows.unusable_inputs)} of {plural(examined, 'row')}"
        said = f"The output of {rows_said} is not finite, and so is an input"
        remedy = "Fill empty cells inside the model, or refuse such rows and say so; the figures hold for complete rows only."
        many = rows.unusable_inputs > most * examined
        yield replace(seen, message=said).failing(
            Severity.BLOCKER if many else Severity.MAJOR,
            "they are not judged",
            remedy=remedy,
            direction=Direction.DEFLATES if many else Direction.NONE,
            validity=many,
        )
    if not rows.unusable:
        yield seen
