"""Figures of a report as SVG: calm, grey with one accent, labelled directly; they draw numbers and compute none."""

import io
import re
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any, cast

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator, NullLocator

from auditor import resources, wording
from auditor.figure_data import Bars, Curve, Figure, Heatmap, Line
from auditor.rendering import placing
from auditor.results import Reliability, ScoreHistogram

Drawable = Figure | ScoreHistogram | Reliability

ACCENT, INK, MUTED, RULE, FILL = "#1F5FA8", "#16191D", "#565E69", "#D5D9DF", "#AEB6C1"
# Beside the accent, lines differ in lightness and in dash, so that they can be told apart in greyscale.
STROKES: tuple[tuple[str, Any], ...] = (
    (ACCENT, "-"),
    ("#3D444D", (0, (5, 1.6))),
    ("#7B8490", (0, (1.4, 1.4))),
    ("#9AA2AD", (0, (5, 1.4, 1.2, 1.4))),
)
WIDTH, HEIGHT = 4.6, 3.0
LINES_SHOWN = 12
LINES_NAMED = 4
BARS_SHOWN = 30
PANELS_SHOWN = 6
CELLS_WRITTEN = 12
PATH, LONG_NUMBER = re.compile(rb' d="[^"]*"'), re.compile(rb"(\d\.\d{2})\d+")
REMARKS = re.compile(rb"<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)


def draw(figure: Drawable, *, unit_square: bool = False) -> bytes:
    """The figure as an SVG, byte for byte the same for the same numbers; `unit_square` fixes both axes to 0..1."""
    with mpl.rc_context(cast("Any", _style())), warnings.catch_warnings():
        # Letters that no font on this machine has are drawn as boxes: no reason to lose the report.
        warnings.simplefilter("ignore", UserWarning)
        stream = io.BytesIO()
        canvas = _drawn(figure, unit_square=unit_square)
        canvas.savefig(stream, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return _slim(stream.getvalue())


def _slim(svg: bytes) -> bytes:
    """The same picture in half the bytes: no remarks, no indentation, hundredths of a point."""
    kept = PATH.sub(lambda path: LONG_NUMBER.sub(rb"\1", path[0]), REMARKS.sub(b"", svg))
    return b"\n".join(line.strip() for line in kept.splitlines() if line.strip())


def _drawn(figure: Drawable, *, unit_square: bool) -> Canvas:
    if isinstance(figure, Curve):
        return _curve(figure, unit_square=unit_square)
    if isinstance(figure, Bars):
        return _bars(figure)
    if isinstance(figure, Reliability):
        return _reliability(figure)
    return _heatmap(figure) if isinstance(figure, Heatmap) else _histogram(figure)


@cache
def _style() -> dict[str, Any]:
    font_manager.fontManager.addfont(resources.folder("templates") / "fonts" / "inter-figures.ttf")
    return {
        "font.family": ["Inter Variable", "DejaVu Sans"], "font.size": 9, "text.color": INK, "text.parse_math": False,
        "axes.edgecolor": RULE, "axes.labelcolor": MUTED, "axes.labelsize": 9, "axes.linewidth": 0.8,
        "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.grid.axis": "y",
        "axes.axisbelow": True, "grid.color": RULE, "grid.linewidth": 0.5, "xtick.color": RULE, "ytick.color": RULE,
        "xtick.labelcolor": MUTED, "ytick.labelcolor": MUTED, "xtick.labelsize": 8, "ytick.labelsize": 8,
        "svg.fonttype": "path", "svg.hashsalt": "auditor", "path.simplify": True, "path.simplify_threshold": 0.3,
    }  # fmt: skip


def _canvas(width: float = WIDTH, height: float = HEIGHT) -> tuple[Canvas, Axes]:
    canvas = Canvas(figsize=(width, height), layout="constrained")
    return canvas, canvas.subplots()


def _curve(figure: Curve, *, unit_square: bool) -> Canvas:
    """Lines with their names at their ends, a range from low to high as a band, and marked positions."""
    canvas, axes = _canvas()
    known = [line for line in figure.lines if any(y is not None for y in line.y)]
    bands = _bands(known)
    lines = [line for line in known if not any(line in band for band in bands)][:LINES_SHOWN]
    named = lines if len(lines) <= LINES_NAMED else lines[:1]
    for low, high in bands:
        axes.fill_between(_blanks(low.x), _blanks(low.y), _blanks(high.y), color=RULE, alpha=0.6, linewidth=0)
    for i, line in enumerate(lines):
        colour, dash = _stroke(i) if i < len(named) else (FILL, "-")
        width = 1.5 if i < len(named) else 0.8
        axes.plot(_blanks(line.x), _blanks(line.y), color=colour, linestyle=dash, linewidth=width, zorder=3 - i / 20)
    _dress(axes, figure, lines, unit_square=unit_square)
    if unit_square and len(lines) > 1:
        _name_inside(axes, lines, len(named))
    elif len(known) > 1:
        ends = [(*_end(line), line.name, _stroke(i)[0]) for i, line in enumerate(named)]
        _name_at_ends(axes, ends + [(*_end(high), high.name.removesuffix(", high"), MUTED) for _, high in bands])
    _draw_spans(axes, figure.spans)
    _draw_marks(axes, figure.marks)
    return canvas


def _bands(lines: Sequence[Line]) -> list[tuple[Line, Line]]:
    """The pairs of lines called `NAME, low` and `NAME, high` over the same places."""
    highs = {line.name: line for line in lines}
    pairs = [(line, highs.get(line.name.removesuffix("low") + "high")) for line in lines if line.name.endswith(", low")]
    return [(low, high) for low, high in pairs if high is not None and low.x == high.x]


def _dress(axes: Axes, figure: Curve, lines: Sequence[Line], *, unit_square: bool) -> None:
    if unit_square:
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    axes.set(xlabel=_label(figure.x_label), ylabel=_label(figure.y_label))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    places = [x for line in lines for x in line.x if x is not None]
    if places and max(places) > 1 and all(float(x).is_integer() for x in places):
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))


def _stroke(i: int) -> tuple[str, Any]:
    return STROKES[min(i, len(STROKES) - 1)]


def _blanks(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


def _end(line: Line) -> tuple[float, float]:
    """The last point of a line that has one."""
    points = zip(reversed(line.x), reversed(line.y), strict=True)
    return next((x, y) for x, y in points if x is not None and y is not None)


def _name_at_ends(axes: Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Names (x, y, name, colour) at the right ends, moved apart where they would stand on each other."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    step, last = (high - low) * 0.07, float("-inf")
    for x, y, name, colour in sorted(ends, key=lambda end: end[1]):
        last = max(y, last + step)
        outside = x > right - 0.1 * (right - left)
        axes.annotate(
            _label(name, 28), (1.0 if outside else x, last), xycoords=("axes fraction" if outside else "data", "data"),
            xytext=(5, 0), textcoords="offset points", va="center", color=colour, annotation_clip=False,
        )  # fmt: skip


def _name_inside(axes: Axes, lines: Sequence[Line], named: int) -> None:
    """Names beside their lines, where in the unit square they cover the least of any line."""
    names = [_label(line.name, 28) for line in lines[:named]]
    for i, (name, (x, y)) in enumerate(zip(names, placing.spots(lines, names), strict=True)):
        axes.text(x, y, name, color=_stroke(i)[0], va="bottom", ha="left")


def _draw_marks(axes: Axes, marks: Sequence[tuple[str, float]]) -> None:
    """Vertical lines with their names above the plot, one row a name, read towards the middle."""
    left, right = axes.get_xlim()
    for i, (name, x) in enumerate(marks):
        axes.axvline(x, color=MUTED, linewidth=0.8, linestyle=(0, (2, 2)))
        side = "right" if x > left + 0.6 * (right - left) else "left"
        row = len(marks) - 1 - i
        axes.annotate(
            _label(name, 36), (x, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3 + 11 * row),
            textcoords="offset points", ha=side, color=MUTED, fontsize=8,
        )  # fmt: skip


def _draw_spans(axes: Axes, spans: Sequence[tuple[str, float, float]]) -> None:
    """Shaded parts of the x axis, their names inside at the top."""
    for name, start, end in spans:
        axes.axvspan(start, end, color=RULE, alpha=0.35, linewidth=0, zorder=0)
        axes.annotate(
            _label(name, 44), ((start + end) / 2, 1.0), xycoords=("data", "axes fraction"), xytext=(0, -4),
            textcoords="offset points", ha="center", va="top", color=MUTED, fontsize=8,
        )  # fmt: skip


def _bars(figure: Bars) -> Canvas:
    """Horizontal bars, one a name, with the value at the end and the limit drawn across."""
    names, values = figure.names[:BARS_SHOWN], figure.values[:BARS_SHOWN]
    canvas, axes = _canvas(height=0.75 + 0.24 * max(len(names), 2))
    places = range(len(names))
    axes.barh(places, [value or 0.0 for value in values], color=FILL, height=0.64)
    axes.set_yticks(places, [_label(name, 28) for name in names], color=INK)
    axes.invert_yaxis()
    axes.margins(x=0.14)
    for place, value in zip(places, values, strict=True):
        end = (value or 0.0, place)
        axes.annotate(figure_number(value), end, (4, 0), textcoords="offset points", va="center", fontsize=8)
    if figure.limit is not None:
        axes.axvline(figure.limit, color=ACCENT, linewidth=1.4)
        axes.annotate(
            f"{_label(figure.limit_name, 28)} {figure_number(figure.limit)}", (figure.limit, 1.0), xycoords=("data", "axes fraction"),
            xytext=(0, 3), textcoords="offset points", ha="center", color=ACCENT, fontsize=8,
        )  # fmt: skip
    axes.tick_params(left=False)
    axes.set_xlabel(_label(figure.value_label))
    axes.grid(visible=False)
    return canvas


def _heatmap(figure: Heatmap) -> Canvas:
    """A matrix, each row shaded by its own largest cell, with the numbers where they fit."""
    rows, columns = len(figure.row_names), len(figure.column_names)
    side = min(max(2.2, 0.2 * max(rows, columns)), 6.0)
    canvas, axes = _canvas(width=side + 1.4, height=side + 1.0)
    shades = [[(value or 0.0) / (max(v or 0.0 for v in row) or 1.0) for value in row] for row in figure.values]
    greys = LinearSegmentedColormap.from_list("calm", ["#FFFFFF", "#DCE3EC", "#7F9CBF", ACCENT])
    axes.imshow(shades, cmap=greys, vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    axes.xaxis.tick_top()
    _name_every(axes.set_xticks, figure.column_names, rotation=90)
    _name_every(axes.set_yticks, figure.row_names, rotation=0)
    axes.tick_params(length=0, labelsize=8 if max(rows, columns) <= 20 else 6)
    axes.grid(visible=False)
    if max(rows, columns) <= CELLS_WRITTEN:
        _write_cells(axes, figure, shades)
    return canvas


def _name_every(set_ticks: Any, names: Sequence[str], *, rotation: int) -> None:  # noqa: ANN401  (a bound method of Axes)
    every = max(1, -(-len(names) // 40))
    set_ticks(range(0, len(names), every), [_label(name, 16) for name in names[::every]], rotation=rotation)


def _write_cells(axes: Axes, figure: Heatmap, shades: list[list[float]]) -> None:
    for i, row in enumerate(figure.values):
        for j, value in enumerate(row):
            colour = "white" if shades[i][j] > 0.7 else INK
            axes.text(j, i, figure_number(value), ha="center", va="center", color=colour, fontsize=7)


def _histogram(histogram: ScoreHistogram) -> Canvas:
    """A panel for each true class on a scale of its own, so that a rare class stays visible."""
    shown = list(histogram.counts.items())[:PANELS_SHOWN]
    canvas = Canvas(figsize=(WIDTH, 0.5 + 1.25 * len(shown)), layout="constrained")
    panels = canvas.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    steep = any(_is_steep(counts) for _, counts in shown)
    for i, ((label, counts), axes) in enumerate(zip(shown, panels, strict=True)):
        axes.stairs(counts, histogram.edges, fill=True, color=ACCENT if i == len(shown) - 1 else FILL)
        axes.set_title(_label(label, 44), loc="left", fontsize=9, color=INK)
        axes.set(xlim=(histogram.edges[0], histogram.edges[-1]), ylabel="rows, log scale" if steep else "rows")
        if histogram.edges[0] > 0:
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
        if steep:
            axes.set_yscale("symlog", linthresh=1)
            axes.yaxis.set_minor_locator(NullLocator())
            axes.set_ylim(0, max(*counts, 1) * 1.6)
        else:
            axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        axes.yaxis.set_major_formatter(lambda y, _: figure_number(y))
    panels[-1].set_xlabel(_label(histogram.score))
    return canvas


def _reliability(figure: Reliability) -> Canvas:
    """What came true against what was stated, each group with its interval, and below it how many rows it holds."""
    canvas = Canvas(figsize=(WIDTH, 4.2), layout="constrained")
    seen, rows = canvas.subplots(2, 1, sharex=True, height_ratios=(5, 1))
    groups = [group for group in figure.groups if group.observed.value is not None]
    stated = [group.probability for group in groups]
    lows, highs = [_blanks([getattr(group.observed, end) for group in groups]) for end in ("low", "high")]
    seen.plot([0, 1], [0, 1], color=FILL, linestyle=(0, (5, 1.6)), linewidth=1)
    seen.text(0.82, 0.76, "as stated", color=MUTED, ha="left", va="top", fontsize=8)
    seen.vlines(stated, lows, highs, color=MUTED, linewidth=1)
    seen.plot(stated, [group.observed.value for group in groups], "o", color=ACCENT, markersize=4)
    seen.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), ylabel="share that came true")
    rows.vlines(stated, 0, [group.observed.n or 0 for group in groups], color=FILL, linewidth=3)
    rows.set(ylabel="rows", ylim=(0, None), xlabel=_label(f"stated {figure.score}"))
    rows.yaxis.set_major_locator(MaxNLocator(2, integer=True))
    return canvas


def _is_steep(counts: Sequence[int]) -> bool:
    """Whether most bars would be too low to be seen beside the highest."""
    seen = sorted(count for count in counts if count)
    return bool(seen) and seen[-1] > 50 * seen[len(seen) // 2]


def figure_number(value: float | None) -> str:
    """A number as figures and their descriptions write it: whole numbers as counts."""
    if value is None:
        return "–"
    return wording.count(value) if float(value).is_integer() else wording.number(value)


def _label(text: str, length: int = wording.NAME_LENGTH) -> str:
    clean = wording.name(text)
    return clean if len(clean) <= length else clean[: length - 1] + "…"
