"""Where lines go: round axes from nought, gaps where nothing was counted, names that do not lie on each other."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pages.figures import plots

figures = st.decimals(min_value=-10_000_000, max_value=10_000_000, places=2)


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [(0, 7, [0, 2, 4, 6, 8]), (3, 1000, [0, 500, 1000]), (-5, 5, [-5, 0, 5]), (0, 0, [0, "0.5", 1])],
)
def test_the_axis_has_round_marks_and_holds_nought(low: int, high: int, marks: list[object]) -> None:
    assert plots.scale(Decimal(low), Decimal(high)) == [Decimal(str(each)) for each in marks]


@given(low=figures, high=figures)
def test_every_axis_holds_its_figures_with_few_marks(low: Decimal, high: Decimal) -> None:
    low, high = min(low, high), max(low, high)

    marks = plots.scale(low, high)

    assert marks[0] <= min(low, 0)
    assert marks[-1] >= max(high, 0)
    assert 2 <= len(marks) <= 8
    assert len({after - before for before, after in pairwise(marks)}) == 1


def test_a_period_without_a_figure_breaks_the_line() -> None:
    plot = plots.lines(["Bund"], [[Decimal(1), None, Decimal(2), Decimal(4)]])

    assert plot is not None
    assert [len(path.split()) for path in plot.tracks[0].paths] == [1, 2]
    assert [n for _, _, n in plot.tracks[0].dots] == [0, 2, 3]
    heights = [y for _, y, _ in plot.tracks[0].dots]
    assert heights == sorted(heights, reverse=True)


def test_names_at_the_ends_of_lines_stay_apart_and_inside() -> None:
    plot = plots.lines([f"Branch {n}" for n in range(8)], [[Decimal(1), Decimal(n % 2)] for n in range(8)])

    assert plot is not None
    places = sorted(track.label_y for track in plot.tracks)
    assert all(after - before >= plots.LABEL_APART for before, after in pairwise(places))
    assert places[-1] <= plots.HEIGHT - plots.BOTTOM


def test_nothing_counted_is_no_plot() -> None:
    assert plots.lines(["Bund"], [[None, Decimal(0)]]) is None


def test_bars_are_parts_of_the_largest() -> None:
    assert plots.shares([Decimal(4), None, Decimal(1), Decimal(-3)]) == [100, 0, 25, 0]
