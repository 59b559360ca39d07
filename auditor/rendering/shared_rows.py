"""What the chapter on rows shared with training says."""

from collections.abc import Iterator

from auditor import wording
from auditor.rendering import phrases
from auditor.report import VerdictStatus
from auditor.results import Overlap, WithAndWithout

FILTERS = ("shared", "shared_facts", "required_of_both", "answered", "spoken_metric")
CLASSES_SHOWN = 5


def shared(overlap: Overlap) -> str:
    """How many rows are shared, and accuracy without them beside accuracy with them, in a sentence."""
    stand = "stands" if overlap.n_shared == 1 else "stand"
    rows = f"{wording.count(overlap.n_shared)} of {wording.plural(overlap.n_test, 'test row')} {stand} in the training file"
    accuracy = next((row for row in overlap.with_and_without if row.metric == "accuracy"), None)
    if accuracy is None or accuracy.without_shared.value is None:
        return f"{rows}; without them no row is left."
    clean, given = (phrases.measured(value, "share") for value in (accuracy.without_shared, accuracy.all_rows))
    apart = (
        f"without them accuracy is {clean}, not {given}"
        if clean != given
        else f"accuracy is {given} with and without them"
    )
    return f"{rows}; {apart}."


def shared_facts(overlap: Overlap) -> Iterator[tuple[str, str]]:
    """How the rows were compared, their labels, and what chance and a random split would explain."""
    count, share = wording.count, phrases.measured
    others = overlap.n_shared - overlap.verified
    by_hash = f", {count(others)} by a 64-bit hash alone" if others else ""
    refuted = f"; {count(overlap.refuted)} of equal hash held other values and do not count" if overlap.refuted else ""
    yield "Compared", f"{count(overlap.verified)} value by value{by_hash}{refuted}"
    yield "Same label", f"{count(overlap.same_label)} of {count(overlap.n_shared)} carry the label of the training row"
    if len(overlap.by_class) <= CLASSES_SHOWN:
        named = (f"{wording.quoted(name)} {count(rows)}" for name, rows in overlap.by_class.items())
        yield "In test labelled", ", ".join(named) or "–"
    yield (
        "Excess",
        (
            f"{share(overlap.share, 'share')} of test, where {share(overlap.train_share, 'share')} of the training rows equal another "
            f"training row: {phrases.points(overlap.excess.value)} more (95% interval {phrases.points(overlap.excess.low)} to "
            f"{phrases.points(overlap.excess.high)})"
        ),
    )
    yield (
        "By a random split",
        f"about {count(round(overlap.expected or 0))} rows would be shared, were both files split at random",
    )
    inflation = overlap.inflation
    if inflation is not None and inflation.value is not None:
        low, high = (wording.points(end) for end in (inflation.low, inflation.high))
        added = f"{phrases.points(inflation.value)} of accuracy (95% interval {low} to {high})"
        yield "What they add", f"{added}, counting rows alike"


def required_of_both(row: WithAndWithout) -> str:
    """`at least 90%`, or a dash where nothing is required."""
    if row.limit is None:
        return "–"
    limit = phrases.share(row.limit) if row.is_share else phrases.plain(row.limit)
    return f"{'at least' if row.at_least else 'at most'} {limit}"


def answered(status: str) -> str:
    """A verdict in its words; other text as it is."""
    return phrases.ANSWERS[VerdictStatus(status)].words if status in set(VerdictStatus) else phrases.clean(status, 40)


def spoken_metric(metric: str) -> str:
    """A metric in words."""
    return phrases.clean(wording.metric(metric), 90)
