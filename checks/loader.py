"""Does a loader give the same rows every time?"""

from collections.abc import Iterator
from dataclasses import replace

from auditor import Finding, Measurements, NotApplicable, Severity, check
from auditor.wording import count, plural


@check("loader-faithful", title="A loader gives the same rows at every reading", by_label=False)
def loader_faithful(m: Measurements) -> Iterator[Finding]:
    """Are the rows that are judged the rows that there are?

    Every loader is read twice, and the number of rows and the sum of the hashes of their features are compared, so that another
    order changes nothing. Random augmentation, sampling with replacement, and shuffling with `drop_last` give different rows at
    each reading: then every figure is that of one drawing, and rows cannot be compared between train and test, so leakage and
    the gap to train are not examined. Rows that `drop_last` never gives are counted. Files read the same each time and are not
    examined.
    """
    if not m.readings:
        raise NotApplicable("the data come from files, which read the same each time")
    for split, readings in m.readings.items():
        first, last = readings[0], readings[-1]
        subject = f"{split} loader"
        passed = Finding.passed(f"The {subject} gave the same {plural(first.n_rows, 'row')} twice", subject=subject)
        weight = Severity.MAJOR if split == "test" else Severity.MINOR
        if first.n_rows != last.n_rows:
            said = f"gave {plural(first.n_rows, 'row')} at the first reading and {count(last.n_rows)} at the second"
            yield _failing(passed, f"The {subject} {said}", weight)
        elif not m.faithful(split):
            said = f"gave {plural(first.n_rows, 'row')} twice, and not the same ones"
            yield _failing(passed, f"The {subject} {said}", weight)
        elif first.left_out:
            said = f"never gives {count(first.left_out)} of {plural(first.n_rows + first.left_out, 'row')}, which do not fill a batch"
            yield _failing(passed, f"The {subject} {said}", Severity.MINOR, "Set drop_last=False.")
        else:
            yield passed


def _failing(
    passed: Finding,
    message: str,
    severity: Severity,
    remedy: str = "Read without random augmentation, sampling or drop_last, as the model is used.",
) -> Finding:
    return replace(passed, message=message).failing(severity, remedy=remedy)
