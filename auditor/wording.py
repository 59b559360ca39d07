"""How numbers are spoken: the one place that turns counts and ratios into words."""

import difflib
import math
from collections.abc import Iterable

NAME_LENGTH = 60
ROUNDING = 1e-12


def ratio(value: float | None, digits: int = 1) -> str:
    """A share as a percentage that says 0% or 100% only where it is exact; undefined is a dash.

    `ratio(0.12) == "12%"`, `ratio(0.9999) == "99.9%"`, `ratio(0.9804) == "98.0%"`.
    """
    if value is None or math.isnan(value):
        return "–"
    if value in (0, 1):
        return f"{value:.0%}"
    step = 10.0 ** -(digits + 2)
    if 0 < value < 1:
        value = min(max(value, step), 1 - step)
    return f"{value:.{digits}%}".replace("-", "−")


def short_ratio(value: float | None) -> str:
    """A percentage with two digits where they say enough: `12%`, `3.2%`, `99.6%`; 0% and 100% only where exact."""
    if value is None or math.isnan(value):
        return "–"
    return ratio(value, 0) if value in (0, 1) or 0.0995 <= abs(value) <= 0.99 else ratio(value, 1)


def count(number: float | None) -> str:
    """A count with thousands separated by commas."""
    if number is None:
        return "–"
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"


def number(value: float | None, digits: int = 3) -> str:
    """A value that is no share (a loss, a correlation), with a true minus sign; undefined is a dash.

    What is not 0 or 1 is not printed as if it were: `number(0.99996) == "0.99996"`.
    """
    if value is None or math.isnan(value):
        return "–"
    value = 0.0 if abs(value) < ROUNDING else value
    while digits < 8 and value not in (0, 1, -1) and abs(round(value, digits)) in (0, 1):
        digits += 1
    return f"{value:.{digits}f}".replace("-", "−")


def points(value: float | None) -> str:
    """A difference of shares in percentage points, without the word: `points(0.0743) == "7.4"`."""
    return number(None if value is None else 100 * value, 1)


def probability(value: float) -> str:
    """A threshold with as many digits as it has, up to six."""
    return f"{value:.6f}".rstrip("0").rstrip(".") if value < 1 else "1"


def moment(time: object) -> str:
    """A time as it is told: a number as it stands, a date of numpy without what is zero in it.

    `moment(np.datetime64("2026-01-31T12:30:00.000000")) == "2026-01-31 12:30:00"`.
    """
    if not str(getattr(time, "dtype", "")).startswith("datetime64"):
        return f"{time:.15g}"
    return str(time).removesuffix(".000000").removesuffix("T00:00:00").replace("T", " ")


def p_value(value: float) -> str:
    """`p = 0.032`, or `p < 0.001`."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def plural(amount: int, one: str, many: str = "") -> str:
    """`1 row`, `2 rows`."""
    return f"{count(amount)} {one if amount == 1 else many or one + 's'}"


def name(text: str) -> str:
    """A name from a file, cut to a sane length and without control characters."""
    clean = "".join(c if c.isprintable() else "�" for c in text)
    return clean if len(clean) <= NAME_LENGTH else clean[: NAME_LENGTH - 1] + "…"


def lower_first(text: str) -> str:
    """The text as it continues a sentence: an initial capital becomes small, but not one of an abbreviation."""
    if text.startswith(("Matthews", "Cohen", "Brier")):
        return text
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def cut(text: str, most: int) -> str:
    """The text, or its first `most` characters and an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def quoted(text: str) -> str:
    """A name from a file in quotation marks, so that `8`, `Yes` and `not fraud` read as names."""
    return f"“{name(text)}”"


def meant(text: str, known: Iterable[str]) -> str:
    """` (did you mean "fraud"?)` where a known name is close to the one that was given, else ""."""
    names = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(text.casefold(), names, n=1)
    return f' (did you mean "{name(names[close[0]])}"?)' if close else ""


def upper_first(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text with a capital first letter and a full stop."""
    text = text.strip()
    return upper_first(text) + ("" if text.endswith((".", "?", "!")) else ".")


def first_sentence(text: str) -> str:
    """The text up to its first full stop."""
    head, stop, _ = text.partition(". ")
    return head + "." if stop else text


METRICS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "recall": "recall",
    "precision": "precision",
    "specificity": "specificity",
    "f1": "F1",
    "roc_auc": "ROC-AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier_score": "Brier score",
    "mcc": "Matthews correlation (MCC)",
    "kappa": "Cohen's kappa",
    "hamming_loss": "Hamming loss",
    "samples_f1": "samples F1",
    "samples_jaccard": "samples Jaccard",
}


def metric(text: str) -> str:
    """A metric as users write it, in words: `recall[fraud]` is `Recall on fraud`, `macro_f1` is `Macro F1`."""
    plain, _, class_name = text.removesuffix("]").partition("[")
    words = METRICS.get(plain) or " ".join(METRICS.get(part, part) for part in plain.split("_"))
    words = words[:1].upper() + words[1:]
    return f"{words} on {name(class_name)}" if class_name else words
