"""How rows that nearly equal training rows are spoken of; public to checks, as `auditor.wording` is."""

from collections.abc import Sequence

from auditor.statistics import Contrast, Contrasts, Difference, Harm, NearCopies, Proportion, TextCopies
from auditor.statistics.contrast import ALPHA
from auditor.wording import count, plural, points, quoted, ratio

WAIVER = '[[waivers]] with check = "near-duplicates", a reason, by and expires'


def near_rows(found: NearCopies) -> str:
    """How many rows are near, on both sides."""
    share, known = found.test.share, found.train.share
    if not share.k:
        return f"None of {plural(int(share.n), 'test row')} nearly equals a training row"
    in_train = f"{_some(known, 'training row')} so {_equal(known)} another one"
    return f"{_some(share, 'test row')} nearly {_equal(share)} a training row; {in_train}"


def near_texts(found: TextCopies) -> str:
    """How many texts are near, on both sides."""
    share, known = found.share, found.train
    if not share.k:
        return f"None of {plural(int(share.n), 'test row')} equals a training row but for case and spacing"
    among = f"; {ratio(found.test.value)} of those that equal none as they stand" if found.test.n < share.n else ""
    alone = " that equal no other as they stand" if found.alone else ", one of each text"
    of_train = f"{plural(int(known.n), 'training row')}{alone if known.n < found.any_train.n else ''}"
    return (
        f"{count(share.k)} of {plural(int(share.n), 'test row')} ({ratio(share.value)}{among}) {_equal(share)} a training row but for "
        f"case and spacing; {count(known.k)} of {of_train} ({ratio(known.value)}) so {_equal(known)} another one"
    )


def texts_by_nature(found: TextCopies) -> str:
    """Why they may be no copies: that training rows equal each other as often, as they stand or so."""
    return (
        f"; as they stand or so, {ratio(found.any_test.value)} of all test rows equal a training row and "
        f"{ratio(found.any_train.value)} of the training rows another one: these may be texts that repeat by nature"
    )


def beside_others(whole: Contrast, agree: int, training_row: str) -> str:
    """How many near rows have the label of a training row, and how often the model is right on them and on the others."""
    near, others = whole.on_near, whole.on_others
    on_others = f" on {count(others.k)} of the {plural(int(others.n), 'other')} ({ratio(others.value)})"
    if near.n == 1:
        label, right = "the label of" if agree else "another label than", "right" if near.k else "wrong"
        return f"it has {label} {training_row}, and the model is {right} on it{f', and right{on_others}' if others.n else ''}"
    same = f"all {count(near.n)}" if agree == near.n else f"{count(agree)} of the {count(near.n)}"
    return (
        f"{same} have the label of {training_row}, and the model is right on {count(near.k)} of them ({ratio(near.value)})"
        f"{f', and{on_others}' if others.n else ''}"
    )


def harm_done(harm: Harm, near: Contrasts, names: Sequence[str]) -> str:
    """What near rows do to accuracy, to the recall of a class, to what can be told of other rows, and to the mix of classes."""
    told = []
    if harm.gains:
        told.append(f"they add {_at_least(near.whole.gain, ALPHA)} to accuracy")
    if harm.gaining is not None:
        gain = _at_least(near.classes[harm.gaining].gain, near.alpha)
        told.append(f"they add {gain} to recall on {quoted(names[harm.gaining])}")
    if harm.swallows:
        told.append(_too_few(near.whole.others, "other row"))
    elif harm.swallowed is not None:
        told.append(_too_few(near.classes[harm.swallowed].others, f"other {quoted(names[harm.swallowed])} row"))
    if harm.apart is not None:
        told.append(_apart(quoted(names[harm.apart]), near.classes[harm.apart].share, near.beside(harm.apart)))
    return "; ".join(told)


def others_to_find(more: int) -> str:
    """How the pairs that are not named are found; empty where all are."""
    if more <= 0:
        return ""
    return (
        f" For the other {count(more)}, round the columns of both files to the digits of the coarser one and audit those files: "
        "copies that were rounded or reformatted are then equal rows, which shared-rows lists; copies with noise are not"
    )


def _at_least(gain: Difference, alpha: float) -> str:
    return f"{points(gain.value)} points (at least {points(gain.lower(alpha))})"


def _too_few(others: int, what: str) -> str:
    if not others:
        return f"no {what} is left to tell how it does on new ones"
    return f"{plural(others, what)} {'is' if others == 1 else 'are'} too few to tell how it does on new ones"


def _apart(name: str, of_class: Proportion, of_others: Proportion) -> str:
    """That rows of one class are near, and others are not."""
    return (
        f"{_some(of_class, f'{name} row')} are near, and {_some(of_others, 'other row')}, as where rows of one class were multiplied or "
        "interpolated (SMOTE)"
    )


def _some(share: Proportion, what: str) -> str:
    return f"{count(share.k)} of {plural(int(share.n), what)} ({ratio(share.value)})"


def _equal(share: Proportion) -> str:
    return "equals" if share.k == 1 else "equal"
