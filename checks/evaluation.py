"""Does the model answer as it will in use: in evaluation mode, the same way twice, whatever stands beside a row?"""

import math
from collections.abc import Iterator

from auditor import Direction, Finding, Measurements, NotApplicable, Severity, check
from auditor.wording import count, name, number, plural

SHOWN_PARTS = 5


@check("evaluation-mode", title="The model runs in evaluation mode", by_label=False)
def evaluation_mode(m: Measurements, *, tolerance: float = 1e-3, tolerance_half: float = 2e-2) -> Iterator[Finding]:
    """Does any part of the model still act as in training, or write to itself while it answers?

    Dropout that drops, and batch normalisation by the batch, make answers depend on chance and on the rows beside. Looked at
    are modules that `eval()` does not reach, operators of an exported program whose training argument is true, and buffers that
    hold something else after a few hundred rows (what was written is put back before the audit goes on). It is a blocker where
    the outputs move by more than `tolerance` standard deviations (`tolerance_half` in half precision) when the same rows are
    run again, alone or in another order. Otherwise such a part is information, and a changed buffer minor. Signs of risk: an
    export without `model.eval()`.
    """
    found = m.behaviour
    largest = max(run.largest for run in (found.repeated, found.alone, found.shuffled))
    matters = largest > _limit(found.precision, tolerance, tolerance_half)
    faults = []
    if found.training_parts:
        faults.append(
            f"acts as in training in {plural(len(found.training_parts), 'part')} ({_listed(found.training_parts)})"
        )
    if found.changed_buffers:
        buffers = plural(len(found.changed_buffers), "buffer")
        faults.append(f"writes to {buffers} while it answers ({_listed(found.changed_buffers)})")
    if not faults:
        said = f"No part acts as in training, and no buffer changed while {plural(found.n, 'row')} were run"
        yield Finding.passed(said, value=None if math.isinf(largest) else largest, limit=tolerance)
        return
    seen = Finding.passed(f"The model {' and '.join(faults)}")
    remedy = "Call model.eval() before torch.export.export or torch.save, and save the model again."
    if matters:
        bent = Direction.DEFLATES
        yield seen.failing(Severity.BLOCKER, _effect(largest), remedy=remedy, direction=bent, validity=True)
    else:
        severity = Severity.MINOR if found.changed_buffers else Severity.INFO
        yield seen.failing(severity, "outputs are not affected", remedy=remedy)


@check("determinism", title="The same rows get the same answers", by_label=False)
def determinism(
    m: Measurements, *, tolerance: float = 1e-3, tolerance_half: float = 2e-2, major: float = 0.001, alpha: float = 0.05
) -> Iterator[Finding]:
    """Do the same rows get the same outputs when they are run twice?

    A few hundred rows are run twice in the same batches. Outputs may differ by `tolerance` standard deviations of the outputs
    (`tolerance_half` in half precision), since additions on a graphics card have no fixed order. Beyond that it is minor, and
    major where the lower bound (Clopper-Pearson) of the share of rows that get another class is above `major`. Models that
    draw random numbers on purpose can be waived.
    """
    found = m.behaviour
    run, limit = found.repeated, _limit(found.precision, tolerance, tolerance_half)
    seen = _seen(run.largest, limit, f"{plural(run.n, 'row')} run twice", run.flips, run.n, noun=m.task.noun)
    if run.largest <= limit:
        yield seen
        return
    low = run.flipped.lower(alpha) or 0.0
    remedy = "Look for dropout or random numbers that stay on in evaluation mode; call model.eval() before saving."
    yield seen.failing(Severity.MAJOR if low > major else Severity.MINOR, remedy=remedy)


@check("batch-independence", title="An answer does not depend on the rows beside it", by_label=False)
def batch_independence(m: Measurements, *, tolerance: float = 1e-3, tolerance_half: float = 2e-2) -> Iterator[Finding]:
    """Does a row get the same outputs alone, and in another order of rows, as in its batch?

    Outputs may differ by `tolerance` standard deviations of the outputs (`tolerance_half` in half precision): PyTorch does not
    promise equal bits for batches of other sizes. Beyond that, accuracy depends on the batch size, and a service that
    answers one request at a time gives other answers than those that were measured: a major fault. Not asked where the same
    batch gives other outputs each time. Signs of risk: batch normalisation by the batch, padding without a mask,
    normalisation over rows.
    """
    found = m.behaviour
    limit = _limit(found.precision, tolerance, tolerance_half)
    if found.repeated.largest > limit:
        raise NotApplicable("the same rows give other outputs each time they are run")
    runs = {
        f"{plural(found.alone.n, 'row')} run alone": found.alone,
        f"{plural(found.shuffled.n, 'row')} run in another order": found.shuffled,
    }
    faults = [(how, run) for how, run in runs.items() if run.largest > limit]
    for how, run in faults:
        remedy = (
            "Look for batch normalisation in training mode, padding without a mask, or statistics taken over the rows."
        )
        yield _seen(run.largest, limit, how, run.flips, run.n, noun=m.task.noun).failing(Severity.MAJOR, remedy=remedy)
    if not faults:
        largest = max(run.largest for run in runs.values())
        yield _seen(largest, limit, " and ".join(runs), 0, found.n, noun=m.task.noun)


@check("half-precision", title="Half precision gives the same answers", by_label=False)
def half_precision(
    m: Measurements, *, minor: float = 0.001, tolerance_half: float = 2e-2, alpha: float = 0.05
) -> Iterator[Finding]:
    """Does `--precision bf16` or `fp16` give the classes that single precision gives?

    A few hundred rows are run in both. It is minor where the lower bound (Clopper-Pearson) of the share of rows that get
    another class is above `minor`: every figure of the report is that of half precision. Not asked where the same rows give
    outputs that differ by more than `tolerance_half` standard deviations each time.
    """
    found = m.behaviour
    run = found.in_single
    if run is None:
        raise NotApplicable("the model was run in single precision")
    if found.repeated.largest > tolerance_half:
        raise NotApplicable("the same rows give other outputs each time they are run")
    flips = f"{count(run.flips)} of {plural(run.n, 'row')} get another {m.task.noun} than in single precision"
    seen = Finding.passed(
        f"In {found.precision}, {flips}; {_effect(run.largest)}", value=run.flips / run.n, limit=minor
    )
    if (run.flipped.lower(alpha) or 0.0) > minor:
        remedy = "Serve the model in the precision that it was audited in, or audit it in the one that it is served in."
        yield seen.failing(Severity.MINOR, remedy=remedy)
    else:
        yield seen


def _limit(precision: str, tolerance: float, tolerance_half: float) -> float:
    return tolerance if precision == "fp32" else tolerance_half


def _seen(largest: float, limit: float, how: str, flips: int, n: int, *, noun: str) -> Finding:
    if largest <= limit:
        said = f"Of {how} no output moves by more than {number(limit)} standard deviations"
    else:
        said = f"Of {how}, {count(flips)} of {count(n)} get another {noun}; {_effect(largest)}"
    return Finding.passed(said, value=None if math.isinf(largest) else largest, limit=limit)


def _effect(largest: float) -> str:
    if math.isinf(largest):
        return "outputs cease to be numbers from one run to the other"
    return f"outputs move by up to {number(largest)} standard deviations"


def _listed(parts: tuple[str, ...]) -> str:
    named = ", ".join(name(part) for part in parts[:SHOWN_PARTS])
    return named + (f" and {count(len(parts) - SHOWN_PARTS)} more" if len(parts) > SHOWN_PARTS else "")
