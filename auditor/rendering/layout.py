"""Where things stand on the page: range bars and the confusion matrix as positions and cells, no measuring."""

from dataclasses import dataclass
from itertools import islice

from auditor import wording
from auditor.rendering import phrases
from auditor.report import Fact
from auditor.results import ClassResult, SplitResult

BAR_WIDTH = 200.0
WORST_SHOWN, FOLDED = 20, 1000
LARGEST_TABLE = 12
LARGEST_MAP = 256
PAIRS_SHOWN, PAIRS_LISTED = 8, 15
SHORT_NAME = 4
FILTERS = ("range_bar", "matrix", "label_table", "names_are_short", "most_confused", "worst_classes")


@dataclass(frozen=True)
class RangeBar:
    """A plausible range on a line of `BAR_WIDTH` units: left end, width, value, and the limit's tick."""

    left: float
    width: float
    value: float | None
    limit: float | None
    alt: str


def range_bar(fact: Fact) -> RangeBar | None:
    """The range of a fact on an axis from nothing to all (or to the largest of the numbers where it is no share)."""
    low, high = fact.value.low, fact.value.high
    if low is None or high is None:
        return None
    known = [x for x in (low, high, fact.value.value, fact.limit) if x is not None]
    start, end = min(0.0, *known), max(1.0, *known)
    if end > 1:
        end *= 1.1

    def place(x: float | None) -> float | None:
        return None if x is None else round(BAR_WIDTH * (x - start) / (end - start), 1)

    left, right = place(low) or 0.0, place(high) or 0.0
    width = max(right - left, 3.0)
    text = f"plausible range {phrases.plausible(fact)}" + (
        f", required {phrases.required(fact)}" if fact.limit is not None else ""
    )
    return RangeBar(min(left, BAR_WIDTH - width), round(width, 1), place(fact.value.value), place(fact.limit), text)


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix: its count, its share of the row in words, and what marks it."""

    count: int
    share: str
    right: bool
    deciding: bool


@dataclass(frozen=True)
class MatrixRow:
    """Rows of one true class: the class, its rows, and a cell for each called class."""

    name: str
    support: int
    cells: tuple[Cell, ...]


def matrix(split: SplitResult, deciding: tuple[int, int] | None) -> tuple[MatrixRow, ...]:
    """The confusion matrix as a table, empty where it has more classes than a table can hold."""
    if split.confusion is None or len(split.class_names) > LARGEST_TABLE:
        return ()
    rows = []
    for i, (name, counts) in enumerate(zip(split.class_names, split.confusion, strict=True)):
        total = split.classes[name].support
        cells = (Cell(n, of_row(n, total), i == j, (i, j) == deciding) for j, n in enumerate(counts))
        rows.append(MatrixRow(name, total, tuple(cells)))
    return tuple(rows)


def label_table(split: SplitResult, deciding: tuple[int, int] | None) -> tuple[MatrixRow, ...]:
    """The labels that are found least, each with its rows found and missed, given wrongly and rightly not given."""
    worst = worst_classes(split)[:LARGEST_TABLE]
    if deciding is not None and split.class_names[deciding[0]] not in dict(worst):
        worst = [(name, split.classes[name]) for name in [split.class_names[deciding[0]], *dict(worst[:-1])]]
    return tuple(_label_row(name, result, split, deciding) for name, result in worst)


def _label_row(name: str, result: ClassResult, split: SplitResult, deciding: tuple[int, int] | None) -> MatrixRow:
    counts = [count or 0 for count in (result.tp, result.fn, result.fp, result.tn)]
    totals = (result.recall.n, result.recall.n, result.specificity.n, result.specificity.n)
    at = None if deciding is None or split.class_names[deciding[0]] != name else deciding[1]
    cells = (
        Cell(n, wording.short_ratio(n / total if total else None), i in (0, 3), i == at)
        for i, (n, total) in enumerate(zip(counts, totals, strict=True))
    )
    return MatrixRow(name, result.support, tuple(cells))


def names_are_short(split: SplitResult) -> bool:
    """Whether every class name fits upright over a narrow column."""
    return all(len(name) <= SHORT_NAME for name in split.class_names)


def of_row(count: int, total: int) -> str:
    """A count's share of its row, in words."""
    return wording.short_ratio(count / total if total else None)


@dataclass(frozen=True)
class Confused:
    """Rows of one class that were called another."""

    true: str
    called: str
    count: int
    support: int
    share: str
    deciding: bool


def most_confused(
    split: SplitResult, deciding: tuple[int, int] | None = None, shown: int = PAIRS_SHOWN
) -> tuple[Confused, ...]:
    """The pairs of classes that were confused most often, the deciding one first."""
    pairs = sorted(_mistakes(split), key=lambda cell: ((cell[0], cell[1]) != deciding, -cell[2], cell[0], cell[1]))
    names = split.class_names
    return tuple(
        Confused(
            names[i], names[j], n, split.classes[names[i]].support,
            of_row(n, split.classes[names[i]].support), (i, j) == deciding,
        )
        for i, j, n in islice(pairs, shown)
    )  # fmt: skip


def _mistakes(split: SplitResult) -> list[tuple[int, int, int]]:
    if split.confusion_sparse is not None:
        return [cell for cell in split.confusion_sparse if cell[0] != cell[1] and cell[2]]
    rows = enumerate(split.confusion or ())
    return [(i, j, n) for i, row in rows for j, n in enumerate(row) if i != j and n]


def worst_classes(split: SplitResult) -> list[tuple[str, ClassResult]]:
    """Classes by recall, the lowest first; those without rows come last."""

    def key(item: tuple[str, ClassResult]) -> tuple[bool, float]:
        recall = item[1].recall.value
        return recall is None, 0.0 if recall is None else recall

    return sorted(split.classes.items(), key=key)
