"""Are the outputs what they are taken for?"""

from collections.abc import Iterator
from dataclasses import replace

from auditor import Confidence, Direction, Finding, Measurements, NotApplicable, Severity, check
from auditor.states import OutputCounts, OutputForm
from auditor.statistics import double_softmax_ceiling
from auditor.wording import count, number, plural, ratio

ROUNDING = 1e-3
NEAR_CEILING = 0.97
SIGMOID_FLOOR = 0.5  # of 0, the least that a sigmoid gives
SIGMOID = "sigmoid"


@check("output-kind", title="The outputs are what they are taken for", needs=(OutputForm,), by_label=False)
def output_kind(m: Measurements, *, many: int = 100, between: int = 10, alpha: float = 0.005) -> Iterator[Finding]:
    """Are the outputs logits, probabilities, log-probabilities or sigmoids?

    The kind is declared, or detected on the first rows: probabilities lie in 0..1 and sum to 1, log-probabilities are at most
    0 and their exponentials sum to 1, sigmoids lie in 0..1, anything else is logits. All rows are then held against it. A
    mismatch leaves the decisions right as a rule and makes every probability wrong. A softmax that was applied twice is
    suspected where the highest probability of all rows comes close to e / (e + classes - 1), which such probabilities cannot
    exceed, and accuracy is above it (lower bound at `alpha`); a sigmoid applied twice where `many` rows or more all lie
    from .5 to .731. In a table of logits and decisions, at least `between` rows with a logit from 0 to .5, all decided
    against, show that the threshold of probabilities was applied to logits. Where a row may have several labels each has a
    sigmoid of its own; outputs that sum to 1 in every one of `many` rows or more are those of a softmax, which lets labels
    exclude each other.
    """
    form = m.as_given[OutputForm]
    if m.probe is None:
        yield _decisions(form, between)
        return
    if not form.n:
        raise NotApplicable("no rows with scores")
    taken, by_form = m.probe.output_kind, _by_form(m, form)
    how = "declared" if m.probe.declared else f"detected on the first {plural(m.probe.n_rows, 'row')}"
    forms = {"probabilities": form.normalised, "log-probabilities": form.logarithmic, SIGMOID: form.unit}
    agreeing = forms.get(taken, form.n)
    seen = Finding.passed(f"The outputs are taken for {taken} ({how})", value=agreeing / form.n, limit=1.0)
    if why := _mismatch(m, form, taken, agreeing):
        remedy = f"Say what they are; if it is what their form says: --output-kind {by_form}."
        yield seen.failing(Severity.BLOCKER, why, remedy=remedy, direction=Direction.DEFLATES, validity=True)
    elif taken == "logits" and form.columns == 1 and form.unit == form.n >= many:
        why = f"are taken for logits ({how}), yet every one of {plural(form.n, 'row')} lies between 0 and 1"
        yield _suspected(seen, why, "If they are probabilities, run again with --output-kind sigmoid.")
    elif m.labels and form.normalised == form.n >= many:
        yield _softmax_of_labels(seen, form)
    elif why := _twice(m, form, taken, many, alpha):
        yield _suspected(seen, why, "Return logits, or apply the last function once, and run again.")
    else:
        yield replace(seen, message=f"{seen.message}, and all {plural(form.n, 'row')} have that form")


def _by_form(m: Measurements, form: OutputCounts) -> str:
    """What all outputs are by their form; of labels, each of which has an output of its own, logits or sigmoids."""
    if m.labels:
        return SIGMOID if form.unit == form.n else "logits"
    return form.kind


def _mismatch(m: Measurements, form: OutputCounts, taken: str, agreeing: int) -> str:
    """Why the outputs cannot be what they are taken for; "" where they can."""
    if agreeing < form.n:
        largest = f"largest output {number(form.largest)}"
        return f"{count(form.n - agreeing)} of {plural(form.n, 'row')} do not have that form ({largest})"
    by_form, last = _by_form(m, form), "sigmoid" if m.labels else "softmax"
    if taken == "logits" and by_form != "logits" and form.columns > 1:
        return f"all {plural(form.n, 'row')} have the form of {by_form}, and a {last} would be applied twice"
    return ""


def _softmax_of_labels(seen: Finding, form: OutputCounts) -> Finding:
    """Labels whose outputs are shares of one."""
    why = f"the outputs of all {plural(form.n, 'row')} sum to 1 over the labels, as those of a softmax do"
    remedy = "Give each label a sigmoid of its own, or audit the names as classes, of which a row has one."
    return seen.failing(Severity.MAJOR, why, remedy=remedy, confidence=Confidence.SUSPECTED)


def _twice(m: Measurements, form: OutputCounts, taken: str, many: int, alpha: float) -> str:
    """What points to a softmax or sigmoid applied twice; "" where nothing does."""
    largest, smallest = form.largest, form.smallest
    if m.labels:
        return ""  # outputs of labels do not share one softmax
    ceiling = double_softmax_ceiling(max(2, form.columns))
    if largest is None or smallest is None or not NEAR_CEILING * ceiling <= largest <= ceiling + ROUNDING:
        return ""
    accuracy = m.as_given.metric("accuracy")
    low = accuracy.lower(alpha)
    rows = plural(form.n, "row")
    if taken == "probabilities" and low is not None and low > ceiling:
        most = (
            f"no probability of {rows} is above {number(largest)}, and one more softmax gives at most {number(ceiling)}"
        )
        return f"look like a softmax applied twice: {most}, while {ratio(accuracy.value)} of the answers are right"
    if taken == SIGMOID and form.columns == 1 and form.n >= many and smallest >= SIGMOID_FLOOR - ROUNDING:
        span = f"{number(smallest)} to {number(largest)}"
        return f"look like a sigmoid applied twice: all {rows} lie from {span}"
    return ""


def _suspected(seen: Finding, why: str, remedy: str) -> Finding:
    doubt, bent = Confidence.SUSPECTED, Direction.DEFLATES
    said = replace(seen, message=f"The outputs {why}")
    return said.failing(Severity.MAJOR, remedy=remedy, direction=bent, confidence=doubt)


def _decisions(form: OutputCounts, between: int) -> Finding:
    """How a table of logits and decisions was decided."""
    if not form.between:
        raise NotApplicable("no model was run")
    rows = plural(form.between, "row")
    said = f"{count(form.declined)} of {rows} with a logit from 0 to 0.5 are decided against"
    seen = Finding.passed(said, value=form.declined / form.between)
    if form.declined < form.between or form.otherwise or form.between < between:
        return seen
    why = "the threshold of probabilities was applied to logits"
    remedy = "Decide at a logit of 0, or put the logits through a sigmoid first."
    return seen.failing(Severity.MAJOR, why, remedy=remedy, direction=Direction.DEFLATES)
