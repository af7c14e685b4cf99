"""Plots as geometry: where lines and bars go. A template draws them as SVG, with the figures in a table beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 12, 28  # room for the axis, the names at the ends of lines, the days
LABEL_APART = 15  # names at the ends of lines do not lie on each other
TICKS = 4

Figure = Decimal | None


@dataclass(frozen=True, slots=True)
class Tick:
    """One mark of the upright axis: where it is, and for which value."""

    y: float
    value: Decimal


@dataclass(frozen=True, slots=True)
class Track:
    """One line: its parts (a figure that is missing breaks it), its dots, and where its name stands."""

    name: str
    paths: list[str]
    dots: list[tuple[float, float, int]]  # x, y, number of the period
    label_y: float


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot of lines over periods. All numbers are units of the drawing."""

    ticks: list[Tick]
    places: list[float]  # x of each period
    tracks: list[Track] = field(default_factory=list)
    zero: float = HEIGHT - BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def lines(names: Sequence[str], rows: Sequence[Sequence[Figure]]) -> Plot | None:
    """Return the plot of some rows, each with one figure per period; None when nothing was counted."""
    known = [value for row in rows for value in row if value is not None]
    if not any(known):
        return None
    marks = scale(min(known), max(known))
    low, high = marks[0], marks[-1]
    count = max(len(row) for row in rows)
    step = (WIDTH - LEFT - RIGHT) / max(count - 1, 1)
    places = [round(LEFT + step * n, 1) for n in range(count)]

    def height(value: Decimal) -> float:
        return round(TOP + float((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM), 1)

    found = []
    for name, row in zip(names, rows, strict=True):
        dots = [(places[n], height(value), n) for n, value in enumerate(row) if value is not None]
        if dots:
            found.append(Track(name, _paths(dots), dots, dots[-1][1]))
    ticks = [Tick(height(value), value) for value in marks]
    return Plot(ticks, places, _apart(found), height(max(low, Decimal(0))))


def scale(low: Decimal, high: Decimal) -> list[Decimal]:
    """Return round values from at most ``low`` (and 0) to at least ``high``, evenly apart, four or five of them."""
    low, high = min(low, Decimal(0)), max(high, Decimal(0))
    if low == high:
        high = low + 1
    step = _round((high - low) / TICKS)
    first = (low / step).to_integral_value(ROUND_FLOOR)
    last = (high / step).to_integral_value(ROUND_CEILING)
    return [step * n for n in range(int(first), int(last) + 1)]


def shares(values: Sequence[Figure]) -> list[int]:
    """Return each value as percent of the largest, for bars; 0 for what is missing or negative."""
    largest = max((value for value in values if value is not None), default=Decimal(0))
    return [int(value * 100 / largest) if value is not None and value > 0 and largest > 0 else 0 for value in values]


def _round(step: Decimal) -> Decimal:
    """Return the next step that a person counts in: 1, 2 or 5 times a power of ten."""
    power = Decimal(1).scaleb(step.adjusted())
    return next(power * n for n in (1, 2, 5, 10) if power * n >= step)


def _paths(dots: Sequence[tuple[float, float, int]]) -> list[str]:
    parts: list[list[str]] = []
    before = -2
    for x, y, n in dots:
        if n != before + 1:
            parts.append([])
        parts[-1].append(f"{x},{y}")
        before = n
    return [" ".join(part) for part in parts]


def _apart(tracks: list[Track]) -> list[Track]:
    """Return the lines with their names moved so far that none lies on another."""
    free, placed = -1000.0, {}
    for track in sorted(tracks, key=lambda each: each.label_y):
        free = max(track.label_y, free + LABEL_APART)
        placed[id(track)] = free
    over = max(0.0, free - (HEIGHT - BOTTOM)) if tracks else 0.0
    return [Track(t.name, t.paths, t.dots, round(placed[id(t)] - over, 1)) for t in tracks]
