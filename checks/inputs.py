"""Does the model use its inputs?"""

from collections.abc import Iterator

from auditor import Finding, Measurements, Severity, check
from auditor.wording import count, name, plural

SHOWN = 5


@check("input-sensitivity", title="Answers follow the inputs, and not their last digits", by_label=False)
def input_sensitivity(
    m: Measurements, *, minor: float = 0.05, major: float = 0.20, nothing: float = 1e-6, few: int = 30
) -> Iterator[Finding]:
    """Do the outputs change with the inputs, and hold when these change by next to nothing?

    A few hundred rows are run again with noise of 1% of a standard deviation on every feature that is not made of whole
    numbers (one of 255 grey levels, for images): it counts when the lower bound (Clopper-Pearson) of the share of rows that get
    another class is above `minor` (`major`). Where at least `few` different rows have outputs that differ by no more than
    `nothing` of their size, the model ignores its inputs: a blocker. Columns of a table are shuffled one at a time; those
    that change no output by more than `nothing` standard deviations are listed as information.
    """
    found = m.behaviour
    if found.distinct >= few and found.spread <= nothing:
        said = f"The outputs of {plural(found.distinct, 'different row')} are all the same"
        remedy = "Look for a dead layer, inputs that are cut to one value, or weights that were not loaded."
        yield Finding.passed(said, value=found.spread, limit=nothing).failing(
            Severity.BLOCKER, "the model ignores its inputs", remedy=remedy
        )
        return
    if found.disturbed is not None:
        yield Finding.above(
            found.disturbed.flipped,
            minor=minor,
            major=major,
            message=f"{{value}} of {{n}} rows get another {m.task.noun} when the features change by {found.noise}",
            remedy="Look for features on a scale the model was not trained with, and for scores that all lie near the border.",
        )
    idle = [column for column, run in found.without.items() if run.largest <= nothing]
    if found.without:
        said = f"Each of {plural(len(found.without), 'column')} changes outputs when it is shuffled over the rows"
        if idle:
            said = (
                f"{count(len(idle))} of {plural(len(found.without), 'column')} change no output when they are shuffled"
            )
            remedy = "Leave them out, or find out why the model does without them."
            yield Finding.passed(f"{said}: {_listed(idle)}").failing(Severity.INFO, remedy=remedy)
        else:
            yield Finding.passed(said)
    if found.disturbed is None and not found.without:
        yield Finding.passed(f"The outputs of {plural(found.distinct, 'different row')} are not all the same")


def _listed(names: list[str]) -> str:
    shown = ", ".join(name(text) for text in names[:SHOWN])
    return shown + (f" and {count(len(names) - SHOWN)} more" if len(names) > SHOWN else "")
