"""Runs the year of several stores together: one clock for all, whatever happens next happens next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Literal

from app.demo.year.life import Give, Life
from app.demo.year.plan import read_plan
from core.language.definition import SYSTEM
from core.model.errors import NodeError
from core.model.scope import HEADQUARTERS
from stores import rows
from stores.changes.commit import Deed, Edit, commit
from stores.changes.copying import copy_cases
from stores.node import Node
from stores.posts import ASSIGNMENT

Size = Literal["s", "m", "l"]
PACE: dict[Size, float] = {"s": 0.15, "m": 0.5, "l": 1.0}  # of what a plan lets arrive a day
COPIES: dict[Size, int] = {"s": 0, "m": 2, "l": 15}  # of each case that is over
DAYS = 365
HOUSE = Path(__file__).parents[3]
PLANS = HOUSE / "config" / "year"
PLANS_OF_HEADQUARTERS = PLANS / "headquarters"  # what is done there once the year has arrived

Tell = Callable[[date], None]


def given_here(node: Node, given: Sequence[tuple[str, str]]) -> None:
    """Put down what headquarters would have given, on a node that stands alone and never meets it."""
    record = node.catalog.records[ASSIGNMENT]
    long_ago = node.now() - timedelta(days=1)
    with node.database.write() as connection:
        for staff, role in given:
            cells = rows.to_cells(record, {"staff": staff, "role": role, "from_at": long_ago})
            edit = Edit(record, node.new_id(), HEADQUARTERS, "create", cells)
            commit(connection, node, Deed(node.new_id(), "", SYSTEM, node.now()), [edit])


def lives_of(
    nodes: Sequence[Node],
    move_to: Callable[[datetime], None],
    seed: int,
    size: Size,
    give: Give = given_here,
    plans: Path = PLANS,
) -> list[Life]:
    """Return a life for each node whose business has a plan; the same seed gives the same year."""
    lives = []
    for node in nodes:
        hired: set[tuple[str, int]] = set()
        for name in node.catalog.plugins:
            path = plans / f"{name}.yaml"
            if path.exists():
                plan = read_plan(path, node.catalog)
                dice = Random(f"{seed} {node.store} {name}")  # noqa: S311 - the same year again from the same seed
                lives.append(Life(node, plan, move_to, dice, give, PACE[size], hired))
    return lives


def begin(lives: Sequence[Life]) -> None:
    """Hire everybody and make what is there from the first morning."""
    for each in lives:
        each.begin()


def live(lives: Sequence[Life], start: datetime, end: datetime, tell: Tell | None = None) -> None:
    """Live from ``start`` to ``end``; ``tell`` hears of each first of a month.

    Raises NodeError when a plan does not fit its plugin.
    """
    if not lives:
        raise NodeError.of("no-plans", "no business here has a plan for a year", "这里的业务没有年度数据方案")
    zone = lives[0].node.zone
    day = start.astimezone(zone).date()
    last = end.astimezone(zone).date()
    while day <= last:
        if tell is not None and day.day == 1:
            tell(day)
        for each in lives:
            each.day(day)
        day += timedelta(days=1)
        _until(lives, min(end, datetime.combine(day, datetime.min.time(), zone)))
    for each in lives:
        each.check()


def grow(lives: Sequence[Life], size: Size, start: datetime, end: datetime) -> int:
    """Copy what is over, but for the first day and the last month; return how many records that made."""
    first, last = start + timedelta(days=1), end - timedelta(days=30)
    copies = COPIES[size]
    return sum(copy_cases(each.node, each.plan.plugin, copies, first, last) for each in lives) if copies else 0


def _until(lives: Sequence[Life], until: datetime) -> None:
    """Let everything happen up to a moment: always in the store where something happens first."""
    stuck: dict[int, datetime] = {}
    while True:
        ahead = [(then, number) for number, each in enumerate(lives) if (then := each.next()) is not None]
        ahead = [(then, number) for then, number in ahead if then < until and stuck.get(number) != then]
        if not ahead:
            break
        then, number = min(ahead)
        lives[number].step()
        if lives[number].next() == then:  # a timer that cannot be fired now: the node tries it again by itself
            stuck[number] = then
    lives[0].move_to(until)
