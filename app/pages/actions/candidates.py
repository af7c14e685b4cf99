"""Whose turn it is, where somebody chooses: the candidates of a dispatch policy, first to last, with their reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.pages.actions.inputs import Input
from app.pages.frame.desk import Desk
from app.pages.showing.names import names_of
from app.pages.showing.values import ranking_text
from app.web.reports import ranked
from core.language.definition import Action, Ask, Dispatch, RecordType
from core.model.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Turn:
    """A ranking as it stands now: ``keys`` name -> label, ``rows`` best first, then who is out and why."""

    name: str
    label: str
    keys: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]


def turns_of(desk: Desk, record: RecordType, action: Action, record_id: str) -> dict[str, Turn]:
    """Return the rankings of what an action asks for, by input; none of a policy that the person does not assign by."""
    found = {}
    for ask in action.ask:
        if policy := _policy(record, ask):
            try:
                found[ask.name] = _turn(desk, record.plugin, policy, record_id)
            except Forbidden:
                continue
    return found


def offered(drawn: Input, turn: Turn) -> Input:
    """Return a choice with the candidates first, by their place. Nobody is taken from it: that is for rules."""
    places = {str(each["id"]): int(each["position"]) for each in turn.rows if each["position"]}
    first = sorted((each for each in drawn.options if each.key in places), key=lambda each: places[each.key])
    numbered = [replace(each, label=f"{places[each.key]}. {each.label}") for each in first]
    others = [each for each in drawn.options if each.key not in places]
    return replace(drawn, first=numbered, heading=turn.label, options=others)


def said(desk: Desk, rule: Dispatch, candidates: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return candidates with what each key said of them in words, and what has no name called as on its page."""
    told = list(candidates)
    names = names_of(desk, rule.of, [str(each["id"]) for each in told if each["name"] == each["id"]])
    return [
        {
            **each,
            "name": names.get(str(each["id"]), each["name"]),
            "keys": {key.name: ranking_text(desk, key, each["keys"].get(key.name)) for key in rule.prefer},
        }
        for each in told
    ]


def _policy(record: RecordType, ask: Ask) -> str:
    """Return the policy by which an input is offered: what its field names, or what some action picks it by."""
    if ask.field is None or ask.spec.type != "ref":
        return ""
    picks = (each.pick.get(ask.field, "") for action in record.actions.values() for each in action.outcomes)
    return record.fields[ask.field].offer or next(filter(None, picks), "")


def _turn(desk: Desk, plugin: str, policy: str, record_id: str) -> Turn:
    rule = desk.catalog.plugin(plugin).dispatch[policy]
    told: dict[str, Any] = ranked(desk, plugin, policy, record_id, None)
    return Turn(policy, str(told["label"]), told["keys"], said(desk, rule, told["candidates"]))
