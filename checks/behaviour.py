"""Does the model behave as a classifier should?"""

from collections.abc import Iterator
from dataclasses import replace

from auditor import Confidence, Direction, Finding, Measurements, NotApplicable, Severity, check
from auditor.states import Confusion, OutputCounts, OutputForm
from auditor.wording import count, number, plural

MANY_ROWS = 100


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


@check("output-kind", title="The outputs are what they are taken for", needs=(OutputForm,), by_label=False)
def output_kind(m: Measurements) -> Iterator[Finding]:
    """Are the outputs logits, probabilities, log-probabilities or sigmoids?

    The kind is declared, or detected on the first rows: probabilities lie in 0..1 and sum to 1, log-probabilities are at most
    0 and their exponentials sum to 1, sigmoids lie in 0..1, anything else is logits. All rows are then held against it. A
    mismatch leaves the decisions right as a rule and makes every probability wrong. Where a row may have several labels each
    has a sigmoid of its own; outputs that sum to 1 in every row are those of a softmax, which lets labels exclude each other.
    """
    form = m.as_given[OutputForm]
    if m.probe is None or not form.n:
        raise NotApplicable("no model was run")
    taken = m.probe.output_kind
    by_form = "sigmoid" if m.labels and form.unit == form.n else "logits" if m.labels else form.kind
    how = "declared" if m.probe.declared else f"detected on the first {plural(m.probe.n_rows, 'row')}"
    said = f"The outputs are taken for {taken} ({how})"
    forms = {"probabilities": form.normalised, "log-probabilities": form.logarithmic, "sigmoid": form.unit}
    agreeing = forms.get(taken, form.n)
    seen = Finding.passed(said, value=agreeing / form.n, limit=1.0)
    if agreeing < form.n:
        why = f"{count(form.n - agreeing)} of {plural(form.n, 'row')} do not have that form (largest output {number(form.largest)})"
        remedy = f"Say what they are with --output-kind; by their form all rows are {by_form}."
    elif taken == "logits" and by_form != "logits" and form.columns > 1:
        why = f"all {plural(form.n, 'row')} have the form of {by_form}, and a {'sigmoid' if m.labels else 'softmax'} would be applied twice"
        remedy = f"Run again with --output-kind {by_form}."
    elif m.labels and form.normalised == form.n >= MANY_ROWS:
        yield _softmax_of_labels(seen, form)
        return
    else:
        yield from _single_output(seen, taken, form)
        return
    yield seen.failing(Severity.BLOCKER, why, remedy=remedy, direction=Direction.DEFLATES, validity=True)


def _softmax_of_labels(seen: Finding, form: OutputCounts) -> Finding:
    """Labels whose outputs are shares of one."""
    why = f"the outputs of all {plural(form.n, 'row')} sum to 1 over the labels, as those of a softmax do"
    remedy = "Give each label a sigmoid of its own, or audit the names as classes, of which a row has one."
    return seen.failing(Severity.MAJOR, why, remedy=remedy, confidence=Confidence.SUSPECTED)


def _single_output(seen: Finding, taken: str, form: OutputCounts) -> Iterator[Finding]:
    """A pass, but for one output taken for a logit that never leaves 0..1 on many rows."""
    if taken == "logits" and form.columns == 1 and form.unit == form.n >= MANY_ROWS:
        remedy = "If they are probabilities, run again with --output-kind sigmoid."
        fault = replace(seen, message=f"{seen.message}, yet every one of {plural(form.n, 'row')} lies between 0 and 1")
        bent = Direction.DEFLATES
        yield fault.failing(Severity.MAJOR, remedy=remedy, direction=bent, confidence=Confidence.SUSPECTED)
    else:
        yield replace(seen, message=f"{seen.message}, and all {plural(form.n, 'row')} have that form")
