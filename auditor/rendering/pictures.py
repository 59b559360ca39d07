"""Which pictures a report has, and the sentence that says each in words."""

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from auditor import figures, wording
from auditor.figure_data import Bars, Curve, Heatmap, Line
from auditor.findings import Finding
from auditor.rendering import phrases, scores
from auditor.rendering.layout import LARGEST_MAP, LARGEST_TABLE
from auditor.rendering.register import Group
from auditor.report import Report
from auditor.results import HistoryResult, Reliability, ScoreHistogram, SplitResult

# Characters of pictures beside findings: the file stays small enough to be mailed, however much the checks draw.
BUDGET = 250_000
LOSSES = ("train_loss", "val_loss")
# With the level of a constant answer, as many lines as are told apart by name.
COLUMNS_TOGETHER = figures.LINES_NAMED - 1
COLUMNS_DRAWN = 24


@dataclass(frozen=True)
class Picture:
    """A figure ready for a page: its title, its data URI and the sentence that says the same in words."""

    title: str
    uri: str
    alt: str
    wide: bool = False


def picture(figure: figures.Drawable, *, title: str = "", unit_square: bool = False) -> Picture:
    """A drawn figure with its description."""
    svg = figures.draw(figure, unit_square=unit_square)
    uri = "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")
    own = figure.title if isinstance(figure, Curve | Bars | Heatmap) else f"Rows by {figure.score}"
    wide = isinstance(figure, Heatmap) and len(figure.column_names) > LARGEST_TABLE
    return Picture(phrases.clean(title or own, 160), uri, describe(figure), wide)


def of_findings(groups: Iterable[Group]) -> dict[Finding, tuple[Picture, ...]]:
    """The figures that checks gave with their findings, drawn in reading order as far as `BUDGET` reaches."""
    drawn: dict[Finding, tuple[Picture, ...]] = {}
    spent = 0
    for finding in (finding for group in groups for finding in group.findings if finding.figures):
        if spent > BUDGET:
            break
        if finding in drawn:
            continue
        drawn[finding] = tuple(picture(figure) for figure in finding.figures)
        spent += sum(len(shown.uri) for shown in drawn[finding])
    return drawn


def of_scores(report: Report) -> Iterator[Picture]:
    """Precision against recall, the ROC curve and the scores, of the test rows."""
    test = report.measurements.get("test")
    if test is None:
        return
    if test.precision_recall is not None:
        yield _of_classes(test, test.precision_recall, "average_precision")
    if test.roc is not None:
        chance = Line("chance", (0.0, 1.0), (0.0, 1.0))
        yield _of_classes(test, replace(test.roc, lines=(*test.roc.lines, chance)), "roc_auc")
    if test.score_histogram is not None:
        yield picture(test.score_histogram)


def _of_classes(test: SplitResult, curve: Curve, metric: str) -> Picture:
    """A curve a class; of many classes the one with the lowest area comes first and is the one that is named."""

    def area(line: Line) -> float:
        found = getattr(test.classes.get(line.name), metric, None)
        return 2.0 if found is None or found.value is None else float(found.value)

    lines = sorted(curve.lines, key=area)
    if len(lines) <= figures.LINES_NAMED:
        return picture(curve, unit_square=True)
    drawn = len([line for line in lines if line.name in test.classes])
    others = f"each of {drawn} classes against the rest" if drawn == len(test.classes) else f"{drawn} of the classes"
    title = f"{curve.title}: {others}, in blue {wording.name(lines[0].name)}, whose area is the smallest"
    return picture(replace(curve, lines=tuple(lines)), title=title, unit_square=True)


def of_reliability(reliability: Reliability) -> Picture:
    """What came true against what was stated."""
    groups = wording.plural(len(reliability.groups), "group")
    return picture(
        reliability, title=f"Stated and seen, in {groups} of neighbouring scores with 95% intervals (Wilson)"
    )


def of_operating_points(test: SplitResult) -> Picture | None:
    """Recall and precision against the threshold, those in use and suggested marked; None for fewer than two points."""
    points = sorted((point.threshold, point) for point in test.operating_points if not point.name and point.threshold)
    if len(points) < 2:
        return None
    places = tuple(place for place, _ in points)
    lines = tuple(
        Line(metric, places, tuple(getattr(point, metric).value for _, point in points))
        for metric in ("recall", "precision")
    )
    marks = tuple(
        (f"{point.name}: {scores.threshold(point.threshold)}", point.threshold)
        for point in test.operating_points
        if point.name in ("in use", "suggested") and point.threshold is not None
    )
    return picture(Curve("Recall and precision by threshold", "threshold", "share", lines, marks), unit_square=True)


def of_generalisation(report: Report) -> Iterator[Picture]:
    """Where the losses of each split lie, and the training history."""
    found = report.generalisation
    if found is not None and found.losses is not None:
        yield picture(found.losses, title="Rows by log loss: low where the true class was stated with confidence")
    if report.history is not None:
        yield from of_history(report.history, _diagnosis(report.findings))


def _diagnosis(findings: Iterable[Finding]) -> tuple[tuple[str, float, float], ...]:
    """What the check of the losses shaded in its figure."""
    drawn = (figure for finding in findings if finding.check == "loss-curves" for figure in finding.figures)
    return next((figure.spans for figure in drawn if isinstance(figure, Curve)), ())


def of_history(history: HistoryResult, spans: tuple[tuple[str, float, float], ...] = ()) -> Iterator[Picture]:
    """Training curves, losses apart from the other columns, with the best and the audited epoch marked.

    Beside the losses stands that of the best constant answer, and `spans` are shaded. Of the other columns the first ones are drawn.
    """
    for title, is_loss in (("loss", True), ("other columns", False)):
        lines = tuple(
            Line(name, history.epochs, values)
            for name, values in history.columns.items()
            if ("loss" in name.lower()) == is_loss and any(value is not None for value in values)
        )
        for first in range(0, min(len(lines), COLUMNS_DRAWN), COLUMNS_TOGETHER):
            shown = lines[first : first + COLUMNS_TOGETHER]
            own = shown[0].name if len(shown) == 1 else title
            label = "loss" if is_loss else own if len(shown) == 1 else "value"
            drawn = (*shown, *_chance(history, shown))
            shaded = spans if {line.name for line in shown} & {*LOSSES} else ()
            yield picture(Curve(f"Training history: {own}", history.unit, label, drawn, _marks(history), shaded))


def _chance(history: HistoryResult, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The level of the best constant answer, beside losses that it can be compared with."""
    if history.chance is None or len(history.epochs) < 2 or not {line.name for line in lines} & {*LOSSES}:
        return ()
    return (Line("best constant answer", (history.epochs[0], history.epochs[-1]), (history.chance,) * 2),)


def _marks(history: HistoryResult) -> tuple[tuple[str, float], ...]:
    best, audited = history.best_epoch, history.audited_epoch
    if best is not None and best == audited:
        return ((f"best and audited: {history.unit} {figures.figure_number(best)}", best),)
    marked = (("best", best), ("audited", audited))
    return tuple((f"{name}: {history.unit} {figures.figure_number(x)}", x) for name, x in marked if x is not None)


def of_confusion(test: SplitResult) -> Picture | None:
    """The confusion matrix as a heat map, where it is too large for a table and not too large to draw."""
    if test.confusion is None or not LARGEST_TABLE < len(test.class_names) <= LARGEST_MAP:
        return None
    title = "Confusion matrix, rows true, columns called; each row shaded by its largest cell"
    return picture(Heatmap(title, test.class_names, test.class_names, test.confusion))


def describe(figure: figures.Drawable) -> str:
    """A figure in a sentence or two, with its numbers."""
    if isinstance(figure, Curve):
        return " ".join(_say_curve(figure))
    if isinstance(figure, Bars):
        return _say_bars(figure)
    if isinstance(figure, Reliability):
        return _say_reliability(figure)
    return _say_heatmap(figure) if isinstance(figure, Heatmap) else " ".join(_say_histogram(figure))


def _say_curve(figure: Curve) -> Iterator[str]:
    yield f"{wording.name(figure.title)}: {wording.name(figure.y_label)} against {wording.name(figure.x_label)}."
    for line in figure.lines[: figures.LINES_SHOWN]:
        points = [(x, y) for x, y in zip(line.x, line.y, strict=True) if x is not None and y is not None]
        if points:
            yield f"{wording.name(line.name)}: {_say_points(points)}."
    for name, start, end in figure.spans:
        yield f"Shaded from {figures.figure_number(start)} to {figures.figure_number(end)}: {wording.name(name)}."
    for name, x in figure.marks:
        yield f"Marked at {figures.figure_number(x)}: {wording.name(name)}."


def _say_points(points: Sequence[tuple[float, float]]) -> str:
    say = figures.figure_number
    (x0, y0), (x1, y1) = points[0], points[-1]
    low, high = min(points, key=lambda p: p[1]), max(points, key=lambda p: p[1])
    return (
        f"from {say(y0)} at {say(x0)} to {say(y1)} at {say(x1)}, "
        f"lowest {say(low[1])} at {say(low[0])}, highest {say(high[1])} at {say(high[0])}"
    )


def _say_bars(figure: Bars) -> str:
    pairs = list(zip(figure.names, figure.values, strict=True))[: figures.BARS_SHOWN]
    said = ", ".join(f"{wording.name(name)} {figures.figure_number(value)}" for name, value in pairs)
    limit = (
        f"; {wording.name(figure.limit_name)} {figures.figure_number(figure.limit)}" if figure.limit is not None else ""
    )
    return f"{wording.name(figure.title)}: {said}{limit}."


def _say_heatmap(figure: Heatmap) -> str:
    cells = [(v, i, j) for i, row in enumerate(figure.values) for j, v in enumerate(row) if v and i != j]
    largest = sorted(cells, key=lambda cell: (-cell[0], cell[1], cell[2]))[:3]
    said = "; ".join(
        f"{wording.name(figure.row_names[i])}, {wording.name(figure.column_names[j])}: {figures.figure_number(value)}"
        for value, i, j in largest
    )
    size = f"{len(figure.row_names)} rows by {len(figure.column_names)} columns"
    return f"{phrases.clean(figure.title, 120)}: {size}. Largest off the diagonal: {said or 'none'}."


def _say_reliability(figure: Reliability) -> str:
    said = "; ".join(
        f"{wording.short_ratio(group.probability)} stated, {phrases.counted(group.observed)} seen"
        for group in figure.groups
    )
    return f"Share that came true against the stated {wording.name(figure.score)}: {said}."


def _say_histogram(histogram: ScoreHistogram) -> Iterator[str]:
    yield f"Rows by {wording.name(histogram.score)}."
    for label, counts in list(histogram.counts.items())[: figures.PANELS_SHOWN]:
        most = max(range(len(counts)), key=lambda i: counts[i])
        low, high = (figures.figure_number(histogram.edges[i]) for i in (most, most + 1))
        yield f"{wording.name(label)}: most rows, {wording.count(counts[most])}, between {low} and {high}."
