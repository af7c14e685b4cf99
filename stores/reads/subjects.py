"""Records that speak of other records: what a conflict, a request, a notice or a dispatch decision repeats of them.

A telephone number that is masked on a booking must not stand in clear in the conflict about that booking. So the
values they repeat are masked for whoever does not see them where they come from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from core.language.definition import SYSTEM, Action, Plugin, ReadRule, RecordType
from core.language.expressions import Env, Formula, Row
from stores import rows
from stores.acts.permission import acting_roles, may_know

if TYPE_CHECKING:
    from stores.reads.reading import Reading

CONFLICT, REQUEST, NOTICE, PICK = "core.conflict", "core.request", "core.notice", "core.pick"
TWICE = frozenset({"unique", "exclusive"})  # kinds of conflict between two records
WHOLE = frozenset({"differs", "refilled"})  # kinds of conflict that may keep a whole row, whoever wrote it last
BROKEN = "broken"  # the kind of conflict about a rule that two edits broke together
OVERSEERS = frozenset({"store_admin", "hq_admin", "hq_audit"})
REPEATED: Mapping[str, tuple[str, ...]] = {
    CONFLICT: ("base", "mine", "theirs", "value", "detail"),
    REQUEST: ("ask", "problems"),
    NOTICE: ("en", "zh"),
    PICK: ("ranking",),
}


def guarded(reading: Reading, record: RecordType, rules: tuple[ReadRule, ...]) -> tuple[ReadRule, ...]:
    """Return the read rules of ``record`` with a mask on every field that repeats what stands in another record."""
    names = REPEATED.get(record.key, ())
    if not names or reading.actor.id == SYSTEM:
        return rules
    masks = {name: cast(Formula, _Secret(reading, record.key, name)) for name in names}
    return tuple(replace(rule, mask={**rule.mask, **masks}) for rule in rules)


def assigners(plugin: Plugin, policy: str) -> set[str]:
    """Return the roles that assign by a dispatch policy or confirm what it chose: its reasons are about colleagues."""
    actions = [action for record in plugin.records.values() for action in record.actions.values()]
    picked = {f for a in picking(plugin, policy) for o in a.outcomes for f, name in o.pick.items() if name == policy}
    deciding = [
        action
        for action in actions
        if any(ask.field in picked for ask in action.ask) or any(picked & o.pick.keys() for o in action.outcomes)
    ]
    return {role for action in deciding for role in action.by}


def picking(plugin: Plugin, policy: str) -> list[Action]:
    """Return the actions that pick somebody by a dispatch policy."""
    actions = [action for record in plugin.records.values() for action in record.actions.values()]
    return [action for action in actions if any(policy in outcome.pick.values() for outcome in action.outcomes)]


def may_know_reasons(plugin: Plugin, policy: str, roles: Set[str]) -> bool:
    """Say whether somebody with ``roles`` may read why a dispatch decision came out as it did."""
    return bool(roles & (assigners(plugin, policy) | OVERSEERS))


@dataclass(frozen=True, slots=True)
class _Secret:
    """The condition under which one repeated field is masked: that the reader does not see it at its source."""

    reading: Reading
    key: str
    name: str

    def __call__(self, env: Env) -> bool:
        values = cast(Row, env.names["self"]).values
        match self.key:
            case "core.conflict":
                return self._of_conflict(values)
            case "core.request":
                return self._of_request(values)
            case "core.notice":
                return not (self._is_told(values) or self._in_clear(values["about_type"], values["about_id"]))
            case _:
                return self._of_pick(values)

    def _of_conflict(self, values: Mapping[str, object]) -> bool:
        field = values["field"]
        if self.name == "detail" and values["kind"] in TWICE | {BROKEN}:
            return False  # the record that has the same value or the rule that is broken: no word of what stands there
        names = None if self.name == "detail" or field is None else [str(field)]
        own = self.name not in ("base", "mine")  # what he wrote himself; not what stood there, or came from elsewhere
        mine = own and values["theirs_by"] == self.reading.actor.id and field is None and values["kind"] not in WHOLE
        return not (mine or self._in_clear(values["record_type"], values["record_id"], names))

    def _of_request(self, values: Mapping[str, object]) -> bool:
        """Whoever asked knows what he asked until it is done: from then on the record says who sees it, and how long.

        A one-off input is no field, so no mask could cover it: it stays between who asked and who sees everything.
        """
        own = values["actor"] == self.reading.actor.id
        if own and values["state"] != "confirmed":
            return False
        record = self.reading.node.catalog.records.get(str(values["record_type"]))
        action = record.actions.get(str(values["action"])) if record else None
        entered = cast("Mapping[str, object]", values["ask"] or {})
        fields = {ask.name: ask.field for ask in action.ask} if action else {}
        names = [fields.get(name) for name in entered]
        if own:
            return self._closed_by_now(values, {name for name in names if name})
        known = None if None in names or self.name != "ask" else [str(name) for name in names]
        return not self._in_clear(values["record_type"], values["record_id"], known)

    def _closed_by_now(self, values: Mapping[str, object], names: set[str]) -> bool:
        """Say whether the record shows masked, to who entered it, what he entered; out of his sight it stays his."""
        reading = self.reading
        record = reading.node.catalog.records.get(str(values["record_type"]))
        if record is None:
            return False
        wanted = names & set(record.fields)
        if values["record_id"] is None:  # what it made is not told: as such records are shown to him
            return not self._open(record, wanted)
        row = rows.load(reading.connection, reading.node, record, str(values["record_id"]))
        seen = row is not None and reading.sight_of(record).meets(row, reading.env_of(record, row))
        return seen and not self._shown(record, cast(Row, row), wanted)

    def _is_told(self, values: Mapping[str, object]) -> bool:
        actor = self.reading.actor
        posts = set(cast("list[str]", values["roles"] or ()))
        return actor.id in cast("list[str]", values["to"] or ()) or bool(posts & self._roles(str(values["about_type"])))

    def _of_pick(self, values: Mapping[str, object]) -> bool:
        plugin, _, policy = str(values["policy"]).partition(".")
        found = self.reading.node.catalog.plugins.get(plugin)
        return found is None or not may_know_reasons(found, policy, self._roles(f"{plugin}."))

    def _roles(self, key: str) -> set[str]:
        plugin = key.partition(".")[0]
        if plugin not in self.reading.node.catalog.plugins:
            return set(self.reading.actor.roles)
        return acting_roles(self.reading.world(plugin, self.reading.actor.store), self.reading.actor)

    def _in_clear(self, type_: object, id_: object, names: Collection[str] | None = None) -> bool:
        """Say whether the reader sees fields of a record (None: all of them) in clear where they come from."""
        reading = self.reading
        record = reading.node.catalog.records.get(str(type_))
        if record is None or reading.sight_of(record).blind:
            return False
        wanted = set(record.fields) if names is None else set(names) & set(record.fields)
        row = rows.load(reading.connection, reading.node, record, str(id_)) if id_ is not None else None
        return self._open(record, wanted) if row is None else self._shown(record, row, wanted)

    def _open(self, record: RecordType, wanted: Iterable[str]) -> bool:
        return all(self.reading.sight_of(record).is_open(name) for name in wanted)

    def _shown(self, record: RecordType, row: Row, wanted: set[str]) -> bool:
        reading, known = self.reading, self.reading.sight_of(record)
        env = reading.env_of(record, row)
        if not may_know(record, str(row.values["store"]), reading.actor) or not known.meets(row, env):
            return False
        how = known.shown(row, env)
        return not wanted & (how.masked | how.absent)
