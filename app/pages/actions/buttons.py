"""Actions as buttons: what the person may do now, and why not the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from app.pages.frame.desk import Desk, action_url
from core.language.definition import SYSTEM, RecordType
from stores import rows
from stores.acts import explain
from stores.acts.permission import acting_roles
from stores.world import NodeWorld

STEP_FROM_MAX = 2  # states from which a step on the way can begin


@dataclass(frozen=True, slots=True)
class Button:
    """One action. ``asks``: a form comes first; without it one press does it. ``why`` says why not now."""

    name: str
    label: str
    url: str
    asks: bool
    why: str | None = None
    rules: str = ""


def beginnings(desk: Desk, record: RecordType) -> list[Button]:
    """Return the actions by which the person may make a new record of a type, in his own store."""
    if not any(action.new for action in record.actions.values()):
        return []
    with desk.node.database.read() as connection:
        world = NodeWorld(connection, desk.node, record.plugin, desk.actor.store)
        roles = acting_roles(world, desk.actor, record)
    return [
        Button(action.name, desk.say(action.label), action_url(record, action.name), True)
        for action in record.actions.values()
        if action.new and roles & set(action.by) - {SYSTEM}
    ]


def editings(desk: Desk, record: RecordType) -> list[Button]:
    """Return the actions by which the person may change fields of records that are there, many at once by file."""
    if record.sealed:  # what core keeps of others' doings
        return []
    with desk.node.database.read() as connection:
        world = NodeWorld(connection, desk.node, record.plugin, desk.actor.store)
        roles = acting_roles(world, desk.actor, record)
    return [
        Button(action.name, desk.say(action.label), "", True)
        for action in record.actions.values()
        if not action.new
        and action.deletes is None
        and any(ask.field for ask in action.ask)
        and not any(outcome.to for outcome in action.outcomes)
        and roles & set(action.by) - {SYSTEM}
    ]


def buttons(record: RecordType, record_id: str, told: list[dict[str, Any]], state: str | None) -> list[Button]:
    """Return the actions of one record as ``explain`` tells them: allowed ones first, of these the step that is next.

    The first one is what a hurried hand presses. The others stand in the order of the plugin.
    """
    forward = _forward(record, state)
    found = []
    for each in sorted(told, key=lambda each: str(each["action"]) not in forward):
        action = record.actions[str(each["action"])]
        asks = bool(action.ask) or action.backdate is not None or action.deletes is not None
        url = action_url(record, action.name, record_id)
        why = None if each["allowed"] else str(each["why"])
        found.append(Button(action.name, str(each["label"]), url, asks, why, ", ".join(each["cite"])))
    return sorted(found, key=lambda button: button.why is not None)


def _forward(record: RecordType, state: str | None) -> set[str]:
    """Return the actions that bring a record into the next of its states, as the plugin lists them.

    Where the plugin begins with an action that moves the record, its own order stands. What can be done from all over
    the place (cancel, lose, put aside) is no step.
    """
    order = list(record.states)
    after = order[order.index(state) + 1 :][:1] if state in order else []
    here = [
        action
        for action in record.actions.values()
        if action.sources is not None and state in action.sources and set(action.by) != {SYSTEM}
    ]
    if not here or record.origin != "record" or any(outcome.to not in {None, state} for outcome in here[0].outcomes):
        return set()
    return {
        action.name
        for action in here
        if len(action.sources or ()) <= STEP_FROM_MAX and any(outcome.to in after for outcome in action.outcomes)
    }


def allowed_now(desk: Desk, record: RecordType, record_id: str) -> list[Button]:
    """Return the actions that the person may carry out on a record now."""
    with desk.node.database.read() as connection:
        row = rows.get(connection, desk.node, record, record_id)
        world = NodeWorld(connection, desk.node, record.plugin, str(row.values["store"]))
        told = explain.available(world, record, row, desk.actor, desk.language)
    state = cast("str | None", row.values["state"])
    return [button for button in buttons(record, record_id, told, state) if button.why is None]


def may_export(desk: Desk, record: RecordType, excel: Mapping[str, Any]) -> bool:
    """Return whether the person may take a list away; ``excel`` is what its view says of that.

    A plugin names the roles in its views (``excel: {export: …}``); a list without such a view follows those of the
    other views of its records, and records of which no view says anything are given to whoever reads them.
    """
    wanted = set(excel.get("export", ())) or _export_roles(desk, record)
    if not wanted:
        return True
    with desk.node.database.read() as connection:
        return bool(
            wanted & acting_roles(NodeWorld(connection, desk.node, record.plugin, desk.actor.store), desk.actor)
        )


def _export_roles(desk: Desk, record: RecordType) -> set[str]:
    found: set[str] = set()
    for plugin in desk.catalog.plugins.values():
        for view in plugin.views.values():
            excel = view.get("excel")
            if view.get("of") == record.key and isinstance(excel, Mapping):
                found.update(excel.get("export", ()))
    return found


def said_of(desk: Desk, record: RecordType, done: str | None, sent: str | None) -> str:
    """Return what to say of the action that led here: it is done, or it waits for somebody's word."""
    for name, word in ((done, "done"), (sent, "sent_for_confirmation")):
        action = record.actions.get(name or "")
        if action is not None:
            return desk.words.of(word, desk.say(action.label))
    return ""
