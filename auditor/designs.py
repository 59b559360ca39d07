"""Groups and weights as the report tells them."""

from collections.abc import Iterator

from auditor import wording
from auditor.measurements import SplitMeasurements
from auditor.results import Design
from auditor.states import Buckets, LabelCounts
from auditor.statistics.designs import ACCURACY, BUCKETS, FEWEST_GROUPS, kish_effect


def design_of(split: SplitMeasurements) -> Design | None:
    """Groups and weights, None where neither was declared."""
    if split.labels:
        totals = split[LabelCounts]
        return None if totals.groups is None else Design(totals.groups, totals.ungrouped, totals.weighted, None)
    if Buckets not in split:
        return None
    sums = split[Buckets]
    kish = sums.n / kish_effect(sums.counts, ACCURACY) if sums.weighted and sums.n else None
    return Design(sums.groups, sums.ungrouped, sums.weighted, kish)


def design_notes(split: SplitMeasurements) -> Iterator[str]:
    """What groups and weights change, in a sentence each."""
    design = design_of(split)
    if design is not None and design.groups is not None:
        rows = f"{wording.plural(split.n, 'row')} in {wording.plural(design.groups, 'group')}"
        alone = (
            f"; {wording.plural(design.ungrouped, 'row')} without a group each count as one" if design.ungrouped else ""
        )
        yield (
            f"{rows}{alone}: intervals rest on the jackknife over {BUCKETS} buckets of whole groups (Chamandy et al. 2012), "
            "those of rates as n over the design effect (Korn & Graubard 1998); operating points and groups of calibration take "
            "rows as independent"
        )
        if design.groups < FEWEST_GROUPS:
            yield f"fewer than {FEWEST_GROUPS} groups show no interval: how much groups differ cannot be told from so few"
    if design is not None and design.kish_effective_n is not None:
        yield (
            "rates are weighted, counts are rows; the weights leave as much as "
            f"{wording.count(round(design.kish_effective_n))} rows of one weight (Kish 1965). Curves, operating points and "
            "calibration are left out, since they count rows; the histogram of scores counts rows"
        )
