"""Figures: the same bytes for the same numbers, text as paths, and names from files taken as nothing but names."""

import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from auditor import figures
from auditor.figure_data import Bars, Curve, Heatmap, Line
from auditor.results import ScoreHistogram
from tests.rendering.chapters import reliability

CURVE = Curve("Loss", "epoch", "loss", (Line("train", (1.0, 2.0, 3.0), (0.9, None, 0.2)),), (("best", 2.0),))
BARS = Bars("Recall", ("cat", "dog"), (0.5, None), 0.4, "recall")
MAP = Heatmap("Confusion", ("a", "b"), ("a", "b"), ((9.0, 1.0), (0.0, 5.0)))
HISTOGRAM = ScoreHistogram("score", (0.0, 0.5, 1.0), {"no": (9800, 24), "yes": (1, 24)})
ALL = (CURVE, BARS, MAP, HISTOGRAM, reliability())

HOSTILE = ("$x^2$ \\frac{", "<b>&\"'", "\x1b[31m\x00\u202e", "欺诈 مرحبا", "x" * 5000, "")


def elements(svg: bytes) -> list[str]:
    return [element.tag.rpartition("}")[2] for element in ET.fromstring(svg).iter()]  # noqa: S314  (our own)


@pytest.mark.parametrize("figure", ALL, ids=lambda figure: type(figure).__name__)
def test_a_figure_is_an_svg_with_its_text_as_paths(figure: figures.Drawable) -> None:
    svg = figures.draw(figure)
    assert "path" in elements(svg)
    assert "text" not in elements(svg)
    assert b"<!--" not in svg
    assert b"Date" not in svg


@pytest.mark.parametrize("figure", ALL, ids=lambda figure: type(figure).__name__)
def test_the_same_numbers_give_the_same_bytes(figure: figures.Drawable) -> None:
    assert figures.draw(figure) == figures.draw(figure)


def test_another_process_draws_the_same_bytes() -> None:
    program = (
        "import sys; from auditor import figures; from auditor.figure_data import Curve, Line;"
        f"sys.stdout.buffer.write(figures.draw({CURVE!r}))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, env={"PYTHONHASHSEED": "7"}
    )
    assert found.stdout == figures.draw(CURVE)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_files_are_drawn_and_never_interpreted(name: str) -> None:
    named = (
        Curve(
            name, name, name, (Line(name, (1.0, 2.0), (0.1, 0.2)), Line(name, (1.0, 2.0), (0.3, 0.2))), ((name, 1.5),)
        ),
        Bars(name, (name, name), (1.0, 2.0), 1.5, name),
        Heatmap(name, (name, name), (name, name), ((1.0, 2.0), (3.0, 4.0))),
        ScoreHistogram(name, (0.0, 0.5, 1.0), {name: (3, 4)}),
    )
    for figure in named:
        svg = figures.draw(figure)
        assert "text" not in elements(svg)
        assert len(svg) < 100_000


def test_a_mathematical_name_is_drawn_letter_by_letter() -> None:
    plain, dollars = (figures.draw(Bars("b", (name,), (1.0,))) for name in ("x", "$x$"))
    assert dollars.count(b"<use") == plain.count(b"<use") + 2


def test_a_blank_point_breaks_the_line() -> None:
    whole = Curve("Loss", "epoch", "loss", (Line("train", (1.0, 2.0, 3.0, 4.0), (0.9, 0.5, 0.4, 0.2)),))
    broken = Curve("Loss", "epoch", "loss", (Line("train", (1.0, 2.0, 3.0, 4.0), (0.9, 0.5, None, 0.2)),))
    assert figures.draw(whole) != figures.draw(broken)


def test_a_curve_without_any_point_is_an_empty_plot() -> None:
    assert "path" in elements(figures.draw(Curve("Loss", "epoch", "loss", (Line("a", (1.0,), (None,)),) * 2)))
    assert "path" in elements(figures.draw(Curve("ROC", "x", "y", (Line("a", (1.0,), (None,)),) * 2), unit_square=True))


def test_a_low_and_a_high_line_are_one_band() -> None:
    x, y = (0.0, 0.5, 1.0), (0.1, 0.5, 0.8)
    lines = (Line("seen", x, y), Line("interval, low", x, (0.0, 0.4, 0.7)), Line("interval, high", x, (0.2, 0.6, 0.9)))
    band, apart = (
        figures.draw(Curve("c", "x", "y", (*lines[:2], Line(name, x, y)))) for name in ("interval, high", "top")
    )
    assert b"FillBetween" in band
    assert b"FillBetween" not in apart


def test_of_many_bars_the_first_thirty_are_drawn() -> None:
    def bars(amount: int) -> bytes:
        return figures.draw(Bars("b", tuple(f"n{i}" for i in range(amount)), tuple(map(float, range(amount)))))

    assert len(bars(10)) < len(bars(30))
    assert abs(len(bars(500)) - len(bars(30))) < 200


def test_a_matrix_of_256_classes_stays_small() -> None:
    names = tuple(f"class {i}" for i in range(256))
    values = tuple(tuple(float(i == j) * 90 + (i * j) % 7 for j in range(256)) for i in range(256))
    assert len(figures.draw(Heatmap("Confusion", names, names, values))) < 250_000


def test_whole_numbers_are_written_as_counts() -> None:
    assert [figures.figure_number(x) for x in (None, 12_000.0, 0.12345)] == ["–", "12,000", "0.123"]


def test_a_group_without_rows_is_not_drawn_and_a_hostile_score_is_a_name() -> None:
    empty = replace(reliability().groups[0], observed=replace(reliability().groups[0].observed, value=None))
    drawn = figures.draw(replace(reliability(), groups=(empty, *reliability().groups[1:]), score="$x^2$ \\frac{"))
    assert "text" not in elements(drawn)
    assert len(drawn) < len(figures.draw(replace(reliability(), score="$x^2$ \\frac{")))


def test_a_span_is_shaded_behind_the_lines_with_its_name() -> None:
    shaded = figures.draw(replace(CURVE, spans=(("loss 53% higher", 2.0, 3.0),)))
    elsewhere = figures.draw(replace(CURVE, spans=(("loss 53% higher", 1.0, 3.0),)))
    assert len({figures.draw(CURVE), shaded, elsewhere}) == 3
    assert "text" not in elements(shaded)


def test_edges_above_nothing_are_spaced_by_their_logarithm() -> None:
    counts: dict[str, tuple[int, ...]] = {"train": (5, 0, 7), "test": (1, 2, 3)}
    spaced, even = (
        figures.draw(ScoreHistogram("log loss", edges, counts))
        for edges in ((0.01, 0.1, 1.0, 10.0), (0.0, 0.1, 1.0, 10.0))
    )
    assert spaced != even
    assert "path" in elements(spaced)
