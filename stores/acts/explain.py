"""Why: the rule in words, its inputs, the path of a deadline, who acted, under which version of the plugin."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.language.definition import SYSTEM, Action, RecordType, Timer
from core.language.expressions import Env, Expression, Formula, Row, RuleError, expressions_in
from core.language.expressions.run import closure
from core.language.expressions.tree import Call as TreeCall
from core.language.expressions.tree import FieldOf, Name, Node, Part, walk
from core.model.change import Entry
from core.model.clock import from_iso
from core.model.duration import Duration
from core.model.errors import Language, Text
from core.model.values import BadValue
from stores import rows
from stores.actor import SYSTEM_ACTOR, Actor
from stores.acts.figures import inactive
from stores.acts.messages import value_or_none
from stores.acts.permission import acting_roles, check_sees
from stores.acts.telling import told_to
from stores.changes import log
from stores.changes.older import lift_all
from stores.node import Node as StoreNode
from stores.storage.system import TIMER
from stores.world import NodeWorld

_PLAIN_CALLS = frozenset({"has", "size"})  # what is always the same for the same fields


def explain(
    connection: Connection, node: StoreNode, record: RecordType, row: Row, language: Language
) -> dict[str, object]:
    """Return, as plain data, what holds for a record now and how it came to be so.

    The caller has made sure that the reader may see the record; values in the log are left out here, they
    are shown, masked, by its history.
    """
    world = NodeWorld(connection, node, record.plugin, str(row.values["store"]))
    teller, state = _Teller(world, record, row, language), str(row.values["state"])
    entries = lift_all(node.catalog, log.history(connection, record.key, row.id))
    return {
        "record": record.key,
        "id": row.id,
        "number": row.values["number"],
        "label": record.label.say(language),
        "state": row.values["state"],
        "state_label": record.states[state].say(language) if state in record.states else None,
        "plugin": record.plugin,
        "version": node.catalog.plugin(record.plugin).version,
        "timers": [teller.timer(found) for found in _armed(connection, record, row)],
        "steps": [teller.step(entry) for entry in entries],
        "ledger": teller.posted(),
        "dispatch": teller.picks(),
        "score": teller.score(),
    }


def available(
    world: NodeWorld, record: RecordType, row: Row, actor: Actor, language: Language
) -> list[dict[str, object]]:
    """Return every action of a record as a button: allowed now, or why not, in the reader's language.

    A check that looks at nothing the action could still change is asked at once: nobody fills in a form for nothing.
    """
    roles = acting_roles(world, actor, record)
    env = world.env(row, world.node.now(), actor)
    buttons = []
    for action in record.actions.values():
        if not action.new and action.by != (SYSTEM,) and rows.alive(row) != (action.deletes == "undelete"):
            mine = roles & set(action.by)
            if mine and not check_sees(world, record, mine, row, env, actor):
                mine = set()
            why = _why_not(record, row, action, mine) or _sure_to_fail(world, env, action, actor)
            late = bool(why and mine) and _still_late(world, record, row, env, action)
            button = _button(action, None if late else why, language, late=late)
            words = world.node.catalog.rules_in_words(action.owner or record.plugin, action.cite, language)
            buttons.append(button | {"rules": words})
    return buttons


def _why_not(record: RecordType, row: Row, action: Action, mine: set[str]) -> Text | None:
    state = str(row.values["state"])
    if not mine:
        return Text("not for your role", "您的岗位不能执行")
    if action.sources is not None and state not in action.sources:
        here = record.states.get(state, Text(state, state))
        return Text(f"not while `{here.en}`", f"“{here.zh}”状态下不能执行")
    return None


def _still_late(world: NodeWorld, record: RecordType, row: Row, env: Env, action: Action) -> bool:
    """Whether the action may still be entered as of before the timers' last steps, which it would take back (NC-44)."""
    if action.backdate is None or action.sources is None or inactive(action.backdate, env):
        return False
    window = value_or_none(action.backdate, env)
    for entry in reversed(lift_all(world.node.catalog, log.history(world.connection, record.key, row.id))):
        if entry.actor != SYSTEM or entry.kind != "update" or not isinstance(window, Duration):
            return False
        if world.calendar().after(from_iso(entry.at), window) < world.node.now():
            return False
        if entry.body.get("state", (None, None))[0] in action.sources:
            return True
    return False


def _sure_to_fail(world: NodeWorld, env: Env, action: Action, actor: Actor) -> Text | None:
    """Return the message of a check that refuses whatever is entered, None when everything may still depend on it."""
    asked = {ask.field for ask in action.ask}
    for check in action.checks:
        if check.level == "error" and _settled(check.rule, asked) and not inactive(check.rule, env):
            try:
                holds_now = check.rule(env)
            except RuleError:  # about an empty field: it does not hold
                holds_now = False
            if not holds_now:
                return told_to(actor, world, env, check.message, check.fills)
    return None


def _settled(rule: Formula, asked: Collection[str | None]) -> bool:
    """Whether a rule looks only at stored fields that the action does not ask for: no input, no moment, no counting."""
    for part in expressions_in(rule):
        for node in walk(part.tree):
            if isinstance(node, FieldOf) and (node.computed or not _is(node.base, "self") or node.name in asked):
                return False
            if isinstance(node, TreeCall) and node.name not in _PLAIN_CALLS:
                return False
            if isinstance(node, Name) and node.name not in {"self", "settings"}:
                return False
    return isinstance(rule, Expression)


def _button(action: Action, why: Text | None, language: Language, *, late: bool) -> dict[str, object]:
    label = Text(f"{action.label.en} (entered late)", f"{action.label.zh}（补录）") if late else action.label
    return {
        "action": action.name,
        "label": label.say(language),
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


def _inputs(world: NodeWorld, row: Row, timer: Timer) -> dict[str, str]:
    """Return the settings and fields that the rule of a deadline names, with their present values."""
    settings = world.node.settings(world.connection, world.plugin, world.store)
    told: dict[str, object] = {}
    for node in (each for part in expressions_in(timer.due) for each in walk(part.tree)):
        if isinstance(node, Part) and _is(node.base, "settings"):
            told[f"settings.{node.name}"] = settings.get(node.name)
        elif isinstance(node, FieldOf) and _is(node.base, "self") and node.name in row.values:
            told[f"self.{node.name}"] = row.values[node.name]
    return {name: "—" if value is None else str(value) for name, value in told.items()}


def _path(world: NodeWorld, row: Row, timer: Timer, language: Language) -> list[dict[str, object]]:
    """Return the days that a deadline in working days walks over, counted or not, each with its reason."""
    calendar, env = world.calendar(), world.env(row, world.node.now(), SYSTEM_ACTOR)
    told: dict[str, dict[str, object]] = {}
    for text, call in _walks(timer.due):
        try:
            moment, span = (closure(arg, text)(env) for arg in call.args[:2])
            days = calendar.path_after(moment, span) if moment is not None and span is not None else []
        except (RuleError, BadValue):
            continue
        for step in days:
            why = calendar.why(step.day).say(language)
            told[step.day.isoformat()] = {"day": step.day.isoformat(), "counted": step.counted, "why": why}
    return [told[day] for day in sorted(told)]


def _walks(formula: Formula) -> Iterator[tuple[str, TreeCall]]:
    """Yield each ``after(moment, duration)`` of a rule, with the text it stands in."""
    for part in expressions_in(formula):
        for node in walk(part.tree):
            if isinstance(node, TreeCall) and node.name == "after":
                yield part.text, node


def _is(node: Node, name: str) -> bool:
    return isinstance(node, Name) and node.name == name


@dataclass(frozen=True, slots=True)
class _Teller:
    """Tells of one record in one language."""

    world: NodeWorld
    record: RecordType
    row: Row
    language: Language

    def rules(self, cite: Iterable[str]) -> dict[str, object]:
        """Return cited rules: their numbers, and the same in words."""
        numbers = list(dict.fromkeys(cite))
        said = self.world.node.catalog.rules_in_words(self.record.plugin, numbers, self.language)
        return {"cite": numbers, "rules": said}

    def timer(self, found: tuple[str, str, str | None, str | None]) -> dict[str, object]:
        """Return one deadline that stands, with everything it was worked out from."""
        name, due, next_at, fault = found
        timer = self.record.timers.get(name)
        told: dict[str, object] = {"name": name, "due": due, "fired": next_at is None}
        if fault:
            told["fault"] = json.loads(fault)[self.language]
        return told | (self.deadline(timer) if timer is not None else {})

    def deadline(self, timer: Timer) -> dict[str, object]:
        """Return the rule of a deadline, its inputs as they are now, and the days it walks over."""
        path = _path(self.world, self.row, timer, self.language)
        return {
            "label": timer.label.say(self.language) if timer.label else timer.name,
            "while": timer.running.text,
            "rule": timer.due.text,
            "then": self.record.actions[timer.then].label.say(self.language),
            **self.rules(timer.cite),
            "inputs": _inputs(self.world, self.row, timer),
            "path": path,
            "skipped": [{"day": each["day"], "why": each["why"]} for each in path if not each["counted"]],
        }

    def step(self, entry: Entry) -> dict[str, object]:
        """Return one thing that was done: by whom, by which rule, and what a timer had waited for."""
        name = entry.action.rpartition(".")[2]
        action, facts = self.record.actions.get(name), entry.facts or {}
        index = facts.get("outcome")
        outcome = action.outcomes[index] if action and isinstance(index, int) and index < len(action.outcomes) else None
        by_timer = [each for each in self.record.timers.values() if each.then == name and entry.actor == SYSTEM]
        cite = [*(action.cite if action else ()), *(outcome.cite if outcome else ())]
        cite += [number for timer in by_timer for number in timer.cite]
        return {
            "action": entry.action,
            "label": action.label.say(self.language) if action else entry.action,
            "at": entry.at,
            "by": entry.actor,
            "by_name": self._name(entry.actor),
            "where": entry.origin,
            "outcome": index,
            "when": outcome.when.text if outcome and outcome.when else None,
            "timers": [{"name": each.name, **self.deadline(each)} for each in by_timer],
            "reason": facts.get("reason"),
            "warned": facts.get("warned"),
            "late_s": facts.get("late_s"),
            "undoes": facts.get("undoes"),
            "version": facts.get("version"),
            **self.rules(cite),
        }

    def posted(self) -> list[dict[str, object]]:
        """Return the ledger entries that actions on the record wrote: fines, credit."""
        told: list[dict[str, object]] = []
        node = self.world.node
        for name in node.catalog.plugin(self.record.plugin).ledgers:
            ledger = node.catalog.record(self.record.plugin, name)
            table = node.table(ledger)
            query = select(table).where(table.c.source_id == self.row.id)
            for found in self.world.connection.execute(query).mappings():
                entry = rows.from_cells(ledger, dict(found)).values
                told.append(
                    {
                        "ledger": name,
                        "id": found["id"],
                        "account": entry["account"],
                        "amount": str(entry["amount"]),
                        "why": entry[f"why_{self.language}"],
                        "rule": entry["rule"],
                        "rules": self.rules(_numbers(entry["rule"]))["rules"],
                        "state": entry["state"],
                        "at": found["at"],
                        "action": entry["source_action"],
                    }
                )
        return told

    def picks(self) -> list[dict[str, object]]:
        """Return who was chosen for the record, by which policy, from which candidates and by which keys."""
        node = self.world.node
        pick = node.catalog.records["core.pick"]
        table = node.table(pick)
        query = select(table).where(table.c.record_id == self.row.id).order_by(table.c.picked_at)
        found = self.world.connection.execute(query).mappings()
        return [self._pick(rows.from_cells(pick, dict(one)).values) for one in found]

    def _pick(self, values: Mapping[str, object]) -> dict[str, object]:
        told = {"policy": values["policy"], "chosen": values["chosen"], "ranking": values["ranking"]}
        plugin, _, name = str(values["policy"]).partition(".")
        found = self.world.node.catalog.plugins.get(plugin)
        policy = found.dispatch.get(name) if found else None
        if policy is None:
            return told
        keys = [
            {"name": key.name, "label": key.label.say(self.language), **self.rules(key.cite)} for key in policy.prefer
        ]
        return told | {"label": policy.label.say(self.language), "keys": keys, **self.rules(policy.cite)}

    def score(self) -> dict[str, object] | None:
        """Return the items of a scorecard with their rules; the figures themselves are fields of the record."""
        card = self.world.node.catalog.plugin(self.record.plugin).scorecards.get(self.record.name)
        if card is None:
            return None
        items = {
            item.name: {
                "label": item.label.say(self.language),
                "weight": _text(item.weight),
                "value": _text(item.value),
                "target": _text(item.target),
                "by": item.by,
                **self.rules(item.cite),
            }
            for item in card.items.values()
        }
        return {
            "label": card.label.say(self.language),
            "items": items,
            "bands": dict(card.bands),
            **self.rules(card.cite),
        }

    def _name(self, actor: str) -> str:
        row = None if actor == SYSTEM else self.world.row("core.staff", actor)
        if row is not None:
            return str(row.values["name"])
        return Text("the system", "系统").say(self.language) if actor == SYSTEM else actor


def _text(formula: Formula | None) -> str | None:
    return formula.text if formula else None


def _numbers(rule: object) -> list[str]:
    """Return the numbers that an entry keeps as its rule, whether it keeps them as a list or as a text."""
    return [str(one) for one in rule] if isinstance(rule, list | tuple) else str(rule or "").replace(",", " ").split()
