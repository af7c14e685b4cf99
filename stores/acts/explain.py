"""Why: the rule in words, its inputs, the path of a deadline, who acted, under which version of the plugin."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, select

from core.language.definition import SYSTEM, Action, RecordType, Timer
from core.language.expressions import Formula, Row, RuleError
from core.language.expressions.run import closure
from core.language.expressions.tree import Call as TreeCall
from core.language.expressions.tree import FieldOf, Name, Node, Part, walk
from core.model.change import Entry
from core.model.errors import Language, Text
from core.model.values import BadValue
from stores import rows
from stores.actor import SYSTEM_ACTOR, Actor
from stores.acts.figures import parts
from stores.acts.permission import acting_roles, check_sees
from stores.changes import log
from stores.changes.older import lift_all
from stores.node import Node as StoreNode
from stores.storage.system import TIMER
from stores.world import NodeWorld


def explain(
    connection: Connection, node: StoreNode, record: RecordType, row: Row, language: Language
) -> dict[str, object]:
    """Return, as plain data, what holds for a record now and how it came to be so.

    The caller has made sure that the reader may see the record; values in the log are left out here, they
    are shown, masked, by its history.
    """
    world = NodeWorld(connection, node, record.plugin, str(row.values["store"]))
    return {
        "record": record.key,
        "id": row.id,
        "state": row.values["state"],
        "timers": [_timer(world, record, row, found, language) for found in _armed(connection, record, row)],
        "steps": [
            _step(record, entry, language)
            for entry in lift_all(node.catalog, log.history(connection, record.key, row.id))
        ],
        "ledger": _posted(connection, node, record, row, language),
        "dispatch": _picks(connection, node, row),
    }


def available(
    world: NodeWorld, record: RecordType, row: Row, actor: Actor, language: Language
) -> list[dict[str, object]]:
    """Return every action of a record as a button: allowed now, or why not, in the reader's language."""
    roles = acting_roles(world, actor, record)
    env = world.env(row, world.node.now(), actor)
    buttons = []
    for action in record.actions.values():
        if not action.new and action.by != (SYSTEM,) and rows.alive(row) != (action.deletes == "undelete"):
            mine = roles & set(action.by)
            if mine and not check_sees(world, record, mine, row, env, actor):
                mine = set()
            buttons.append(_button(record, row, action, mine, language))
    return buttons


def _button(record: RecordType, row: Row, action: Action, mine: set[str], language: Language) -> dict[str, object]:
    why: Text | None = None
    state = str(row.values["state"])
    if not mine:
        why = Text("not for your role", "您的岗位不能执行")
    elif action.sources is not None and state not in action.sources:
        here = record.states.get(state, Text(state, state))
        why = Text(f"not while `{here.en}`", f"“{here.zh}”状态下不能执行")
    return {
        "action": action.name,
        "label": action.label.say(language),
        "allowed": why is None,
        "why": why.say(language) if why else None,
        "cite": list(action.cite),
    }


def _armed(connection: Connection, record: RecordType, row: Row) -> Iterable[tuple[str, str, str | None, str | None]]:
    found = connection.execute(
        select(TIMER.c.name, TIMER.c.due, TIMER.c.next_at, TIMER.c.fault).where(
            TIMER.c.type == record.key, TIMER.c.pk == row.id
        )
    )
    return [tuple(line) for line in found]


def _timer(
    world: NodeWorld,
    record: RecordType,
    row: Row,
    found: tuple[str, str, str | None, str | None],
    language: Language,
) -> dict[str, object]:
    name, due, next_at, fault = found
    timer = record.timers.get(name)
    told: dict[str, object] = {"name": name, "due": due, "fired": next_at is None}
    if fault:
        told["fault"] = json.loads(fault)[language]
    if timer is not None:
        told |= {
            "while": timer.running.text,
            "rule": timer.due.text,
            "then": record.actions[timer.then].label.say(language),
            "cite": list(timer.cite),
            "inputs": _inputs(world, row, timer),
            "skipped": _skipped(world, row, timer, language),
        }
    return told


def _inputs(world: NodeWorld, row: Row, timer: Timer) -> dict[str, str]:
    """Return the settings and fields that the rule of a deadline names, with their present values."""
    settings = world.node.settings(world.connection, world.plugin, world.store)
    told: dict[str, object] = {}
    for node in (each for part in parts(timer.due) for each in walk(part.tree)):
        if isinstance(node, Part) and _is(node.base, "settings"):
            told[f"settings.{node.name}"] = settings.get(node.name)
        elif isinstance(node, FieldOf) and _is(node.base, "self") and node.name in row.values:
            told[f"self.{node.name}"] = row.values[node.name]
    return {name: "—" if value is None else str(value) for name, value in told.items()}


def _skipped(world: NodeWorld, row: Row, timer: Timer, language: Language) -> list[dict[str, str]]:
    """Return the days that a deadline in working days walked past without counting them, each with its reason."""
    calendar, env = world.calendar(), world.env(row, world.node.now(), SYSTEM_ACTOR)
    told: dict[str, str] = {}
    for text, call in _walks(timer.due):
        try:
            moment, span = (closure(arg, text)(env) for arg in call.args[:2])
            days = calendar.path_after(moment, span) if moment is not None and span is not None else []
        except (RuleError, BadValue):
            continue
        told |= {step.day.isoformat(): calendar.why(step.day).say(language) for step in days if not step.counted}
    return [{"day": day, "why": why} for day, why in sorted(told.items())]


def _walks(formula: Formula) -> Iterator[tuple[str, TreeCall]]:
    """Yield each ``after(moment, duration)`` of a rule, with the text it stands in."""
    for part in parts(formula):
        for node in walk(part.tree):
            if isinstance(node, TreeCall) and node.name == "after":
                yield part.text, node


def _is(node: Node, name: str) -> bool:
    return isinstance(node, Name) and node.name == name


def _step(record: RecordType, entry: Entry, language: Language) -> dict[str, object]:
    action = record.actions.get(entry.action.rpartition(".")[2])
    facts = entry.facts or {}
    index = facts.get("outcome")
    cite = list(action.cite) if action else []
    if action and isinstance(index, int) and index < len(action.outcomes):
        cite += action.outcomes[index].cite
    return {
        "action": entry.action,
        "label": action.label.say(language) if action else entry.action,
        "at": entry.at,
        "by": entry.actor,
        "where": entry.origin,
        "outcome": index,
        "reason": facts.get("reason"),
        "warned": facts.get("warned"),
        "late_s": facts.get("late_s"),
        "undoes": facts.get("undoes"),
        "version": facts.get("version"),
        "cite": list(dict.fromkeys(cite)),
    }


def _posted(
    connection: Connection, node: StoreNode, record: RecordType, row: Row, language: Language
) -> list[dict[str, object]]:
    told: list[dict[str, object]] = []
    for name in node.catalog.plugin(record.plugin).ledgers:
        ledger = node.catalog.record(record.plugin, name)
        table = node.table(ledger)
        for found in connection.execute(select(table).where(table.c.source_id == row.id)).mappings():
            entry = rows.from_cells(ledger, dict(found)).values
            told.append(
                {
                    "ledger": name,
                    "id": found["id"],
                    "account": entry["account"],
                    "amount": str(entry["amount"]),
                    "why": entry[f"why_{language}"],
                    "rule": entry["rule"],
                    "state": entry["state"],
                    "at": found["at"],
                    "action": entry["source_action"],
                }
            )
    return told


def _picks(connection: Connection, node: StoreNode, row: Row) -> list[dict[str, object]]:
    pick = node.catalog.records["core.pick"]
    table = node.table(pick)
    found = connection.execute(select(table).where(table.c.record_id == row.id).order_by(table.c.picked_at)).mappings()
    values = [rows.from_cells(pick, dict(one)).values for one in found]
    return [{"policy": v["policy"], "chosen": v["chosen"], "ranking": v["ranking"]} for v in values]
