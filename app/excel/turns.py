"""The rows of an import on their way: first all are tried out, then those that hold are carried out.

A row is carried out whole or not at all. The rows of a short turn share a transaction: a desk that books meanwhile
waits for no more than that, and after a power cut the same file goes on where it stopped, because a row that stands is
not done again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from app.excel.editing import edited
from app.excel.intake import Row, State, spoken
from app.excel.plan import Plan
from app.pages.frame.desk import Desk
from app.web.actions import call_of
from core.model.errors import NodeError
from stores.acts.calls import Call, Receipt
from stores.acts.once import Outcome, Until, act_once, rehearse, standing_of

TURN_ROWS = 100  # that are carried out in one transaction at most, if the time for it is not up before
T = TypeVar("T")


def try_out(desk: Desk, plan: Plan, rows: Sequence[Row], until: Until) -> list[Row]:
    """Return the rows with those that were new tried out, one after the other until ``until`` says it is enough."""
    standing = standing_of(desk.node, [row.key for row in rows if row.state == "new"])
    return _in_turns(rows, "new", until, lambda some: _tried(desk, plan, some, standing, until))


def carry_out(desk: Desk, plan: Plan, rows: Sequence[Row], until: Until) -> list[Row]:
    """Return the rows with those that held carried out, one after the other until ``until`` says it is enough."""
    return _in_turns(rows, "good", until, lambda some: _done(desk, plan, some, until))


def _in_turns(rows: Sequence[Row], state: State, until: Until, act: Callable[[Sequence[Row]], list[Row]]) -> list[Row]:
    """Let ``act`` take the rows in a state, some at a time; it returns those that it came to, the first at least."""
    found, places = list(rows), [place for place, row in enumerate(rows) if row.state == state]
    while places and not until():
        done = act([found[place] for place in places[:TURN_ROWS]])
        for place, row in zip(places, done, strict=False):
            found[place] = row
        places = places[len(done) :]
    return found


def _tried(desk: Desk, plan: Plan, rows: Sequence[Row], standing: Mapping[str, str], until: Until) -> list[Row]:
    def act(some: Sequence[tuple[Row, Call]]) -> Sequence[Receipt | NodeError]:
        return rehearse(desk.node, [call for _, call in some], until)

    def told(row: Row, result: Receipt | NodeError) -> Row:
        return _bad(plan, row, result) if isinstance(result, NodeError) else replace(row, state="good")

    return _turn([_wish(desk, plan, row, standing) for row in rows], until, act, told)


def _done(desk: Desk, plan: Plan, rows: Sequence[Row], until: Until) -> list[Row]:
    def act(some: Sequence[tuple[Row, Call]]) -> Sequence[Outcome]:
        return act_once(desk.node, [(call, row.key) for row, call in some], until)

    standing = standing_of(desk.node, [row.key for row in rows]) if plan.edits else {}
    orders = [_order(desk, plan, row, standing) for row in rows]
    return _turn(orders, until, act, lambda row, outcome: _told_of(plan, row, outcome))


def _turn(
    wishes: Sequence[tuple[Row, Call | None]],
    until: Until,
    act: Callable[[Sequence[tuple[Row, Call]]], Sequence[T]],
    told: Callable[[Row, T], Row],
) -> list[Row]:
    """Let ``act`` do what is wished, a short transaction at a time; return the rows up to where it has come."""
    asked = [(row, call) for row, call in wishes if call is not None]
    results = list[T]()
    while len(results) < len(asked) and not (results and until()):
        results += act(asked[len(results) :])
    done, left = list[Row](), iter(results)
    for row, call in wishes:
        if call is None:
            done.append(row)
        elif (result := next(left, None)) is not None:
            done.append(told(row, result))
        else:
            break
    return done


def _wish(desk: Desk, plan: Plan, row: Row, standing: Mapping[str, str]) -> tuple[Row, Call | None]:
    """Return the row with what it changes, and the action in it; without one, as it is told of."""
    if row.key in standing:
        return replace(row, state="there", id=standing[row.key]), None
    try:
        row = edited(desk, plan, row) if plan.edits else row
        if plan.edits and not row.changes:
            return replace(row, state="same"), None
        return row, _call(desk, plan, row)
    except NodeError as error:
        return _bad(plan, row, error), None


def _order(desk: Desk, plan: Plan, row: Row, standing: Mapping[str, str]) -> tuple[Row, Call | None]:
    """Return the row and the action to carry out; without one, as it is told of."""
    if row.key in standing:  # done before a power cut that nobody was told of
        return replace(row, state="made"), None
    try:
        return row, _call(desk, plan, row)
    except NodeError as error:
        return _bad(plan, row, error), None


def _told_of(plan: Plan, row: Row, outcome: Outcome) -> Row:
    if isinstance(outcome, NodeError):
        return _bad(plan, row, outcome)
    receipt, id = outcome
    return replace(row, state="there" if receipt is None else "made", id=row.id if plan.edits else id)


def _bad(plan: Plan, row: Row, error: NodeError) -> Row:
    return replace(row, state="bad", said=row.said + spoken(plan, error.problems))


def _call(desk: Desk, plan: Plan, row: Row) -> Call:
    return call_of(desk, plan.record, row.id if plan.edits else None, plan.action.name, dict(row.body))
