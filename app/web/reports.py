"""Scorecards and dispatch orders, computed when asked, with the figures and reasons behind them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import cast

from fastapi import APIRouter, Request

from app.web.body import JsonMap
from app.web.caller import Caller, CurrentCaller
from core.language.definition import Dispatch, Plugin, RecordType
from core.model.errors import Forbidden, NodeError, NotFound, Problem, Text, suggest
from stores import rows
from stores.acts import dispatch as turns
from stores.acts import scorecards
from stores.acts.permission import acting_roles
from stores.reads import records
from stores.reads.subjects import assigners
from stores.world import NodeWorld

router = APIRouter(prefix="/api")
CARDS_MAX = 100  # worked out for one answer


@router.get("/{plugin}/scorecards/{card}")
def scorecard(plugin: str, card: str, request: Request, caller: CurrentCaller) -> JsonMap:
    """Return the cards of the period that ``day`` (default: today) is in, as far as the caller may see them.

    A card that is closed shows what was written into it; an open one is computed now. ``subject`` picks one person,
    ``store`` one store; ``next`` of an answer is the ``cursor`` of the next.
    """
    asked = request.query_params
    wanted = {name: asked[name] for name in ("subject", "store") if asked.get(name)}
    return cards(caller, plugin, card, asked.get("day"), wanted, cursor=asked.get("cursor"))


@router.get("/{plugin}/rankings/{policy}")
def ranking(plugin: str, policy: str, request: Request, caller: CurrentCaller) -> JsonMap:
    """Return whose turn it is and why, for the caller's store; ``for`` names the record that is to be assigned.

    It is needed where the order depends on that record.
    """
    return ranked(caller, plugin, policy, request.query_params.get("for"), request.query_params.get("store"))


def cards(
    caller: Caller, plugin: str, card: str, day: str | None, wanted: Mapping[str, str], cursor: str | None = None
) -> JsonMap:
    """Return the cards of a period, for programs and for pages; NotFound for a card the plugin does not have.

    ``wanted`` are a subject, a store or both. At most ``CARDS_MAX`` are worked out at a time.
    """
    found = caller.catalog.plugin(plugin)
    _known(found.scorecards, card, Text("scorecard", "考核表"))
    kind = caller.record(plugin, card)
    period = _period(caller, found, card, day)
    where: list[tuple[str, str, object]] = [("period", "eq", period)]
    where += [(name, "eq", value) for name, value in wanted.items()]
    page = records.query(caller.node, caller.actor, kind, where=where, limit=CARDS_MAX, cursor=cursor)
    rows_ = [_scored(caller, found, kind, shown) for shown in page.rows]
    return {"card": card, "period": period, "rows": rows_, "next": page.next}


def ranked(caller: Caller, plugin: str, policy: str, item: str | None, store: str | None) -> JsonMap:
    """Return a ranking, for programs and for pages.

    Forbidden for who does not assign by the policy; NodeError where it takes a record and ``item`` names none.
    """
    rule, node = policy_of(caller, plugin, policy, store), caller.node
    found = caller.catalog.plugin(plugin)
    if rule.item and not item:
        label = caller.catalog.records[rule.item].label
        what = Text(f"the order depends on the {label.en}: say which one", f"顺序因{label.zh}而异，请指明是哪一条")
        fix = Text("give its id as `for`", "请用 `for` 给出其 id")
        raise NodeError((Problem("item-needed", what, fix, field="for"),))
    with node.database.read() as connection:
        kind = _picker(found, policy)
        row = rows.get(connection, node, kind, item) if item and kind else None
        where = str(row.values["store"]) if row else store or caller.actor.store
        world = NodeWorld(connection, node, plugin, where)
        _check_may_see(world, found, rule, caller)
        env = world.env(row, node.now(), caller.actor)
        order = turns.rank(world, rule, row, env)
    return {
        "policy": policy,
        "label": rule.label.say(caller.language),
        "keys": {key.name: key.label.say(caller.language) for key in rule.prefer},
        "candidates": [_said(turns.describe(candidate), caller) for candidate in order],
    }


def policy_of(caller: Caller, plugin: str, policy: str, store: str | None = None) -> Dispatch:
    """Return a dispatch policy; NotFound with the nearest name, Forbidden for who does not assign by it."""
    found = caller.catalog.plugin(plugin)
    _known(found.dispatch, policy, Text("dispatch policy", "派单规则"))
    with caller.node.database.read() as connection:
        world = NodeWorld(connection, caller.node, plugin, store or caller.actor.store)
        _check_may_see(world, found, found.dispatch[policy], caller)
    return found.dispatch[policy]


def _scored(caller: Caller, plugin: Plugin, kind: RecordType, shown: JsonMap) -> JsonMap:
    if shown.get("total") is not None:
        return shown
    node = caller.node
    with node.database.read() as connection:
        row = rows.get(connection, node, kind, str(shown["id"]))
        world = NodeWorld(connection, node, plugin.name, str(row.values["store"]))
        env = world.env(row, node.now(), caller.actor)
        score = scorecards.of_record(world, plugin.scorecards[kind.name], row, env)
    return {**shown, **scorecards.plain(score), "open": True}


def _period(caller: Caller, plugin: Plugin, card: str, day: str | None) -> str:
    """Return the first day of the card's period, as the card's records carry it."""
    calendar = caller.node.calendar(plugin.name)
    try:
        wanted = date.fromisoformat(day) if day else calendar.business_date(caller.node.now())
    except ValueError:
        raise NodeError.of("bad-parameter", "`day` must be a date", "`day` 须为日期", field="day") from None
    return calendar.period(plugin.scorecards[card].period, wanted).start.isoformat()


def _check_may_see(world: NodeWorld, plugin: Plugin, rule: Dispatch, caller: Caller) -> None:
    """Let in who assigns by this policy or confirms what it chose: the reasons are about colleagues."""
    if not assigners(plugin, rule.name) & acting_roles(world, caller.actor):
        raise Forbidden.of("role", "your role does not assign by this policy", "您的岗位不使用此派单规则")


def _picker(plugin: Plugin, policy: str) -> RecordType | None:
    for record in plugin.records.values():
        for action in record.actions.values():
            if any(policy in outcome.pick.values() for outcome in action.outcomes):
                return record
    return None


def _said(candidate: dict[str, object], caller: Caller) -> JsonMap:
    out = cast("list[Mapping[str, str]]", candidate["out"])
    return {**candidate, "out": [{"rule": each["rule"], "what": each[caller.language]} for each in out]}


def _known(names: Mapping[str, object], name: str, what: Text) -> None:
    if name not in names:
        text = Text(f"there is no {what.en} `{name}`", f"没有{what.zh} `{name}`")
        raise NotFound((Problem("not-found", text, fix=suggest(name, names)),))
