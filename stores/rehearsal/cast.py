"""The names of a scenario and the records they stand for: samples, what ``is:`` named, the third task made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from core.language.definition import SYSTEM, RecordType
from core.language.expressions import Row
from core.model.errors import NodeError, NotFound, Problem, Text, suggest
from core.model.fields import BadValue, FieldSpec
from core.model.scope import HEADQUARTERS
from stores import posts, rows
from stores.actor import CHAIN_ROLES, SYSTEM_ACTOR, Actor
from stores.acts import effects, timers
from stores.acts.act import act
from stores.acts.calls import Call
from stores.changes.commit import Deed, Edit, commit
from stores.rehearsal.stage import Stage
from stores.world import NodeWorld

STAFF = "core.staff"

_LONG_AGO = "2000-01-01T00:00:00Z"
_NTH = re.compile(r"(\w+)\[(\d+)\]")
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d)?")


@dataclass(frozen=True, slots=True)
class _Draft:
    """A record that a scenario takes for granted, before it is there."""

    record: RecordType
    name: str
    store: str
    id: str | None
    number: str | None
    on_duty: bool
    away: bool
    given: Mapping[str, object]


def _as_edit(draft: _Draft, row: Row) -> Edit:
    return Edit(draft.record, row.id, draft.store, "create", rows.to_cells(draft.record, row.values))


@dataclass
class Cast:
    """Everything on the stage that has a name. A sample is created when it is first named."""

    stage: Stage
    bound: dict[str, tuple[str, str]] = field(default_factory=dict)  # what `is:` named -> type, id
    samples: dict[str, dict[str, str]] = field(default_factory=dict)  # type -> sample -> id
    formula: Callable[[str], object] | None = None  # works out what a sample writes as `=…`

    def actor(self, name: str | None) -> Actor:
        """Return a person of the samples as an actor, with the roles held now; ``system`` is the node itself."""
        if name is None or name == SYSTEM:
            return SYSTEM_ACTOR
        row = self.stage.row(STAFF, self.find(name, STAFF))
        with self.stage.database.read() as connection:
            roles = posts.held(connection, self.stage.node, row, self.stage.now)
        return Actor(row.id, str(row.values["store"]), roles, str(row.values["name"]))

    def find(self, name: str, type_: str) -> str:
        """Return the id of the record called ``name``; NotFound with the nearest name otherwise."""
        found = self.look_up(name, type_)
        if found is None:
            known = [*self.bound, *self.written(type_), *self.samples.get(type_, ())]
            local = type_.rpartition(".")[2]
            what = Text(f"no {local} is called `{name}` here", f"此处没有名为 `{name}` 的 {local}")
            raise NotFound((Problem("unknown-sample", what, fix=suggest(name, known)),))
        return found

    def look_up(self, name: str, type_: str) -> str | None:
        """Return the id of what ``name`` means among records of a type, or None when it means none of them."""
        if name in self.bound and self.bound[name][0] == type_:
            return self.bound[name][1]
        if nth := _NTH.fullmatch(name):
            everything = self.stage.all_rows(self.stage.record(nth[1]))
            return everything[int(nth[2])].id if int(nth[2]) < len(everything) else None
        local, _, rest = name.rpartition(".")
        sample = rest if local and self._means(local, type_) else name
        if sample not in self.samples.get(type_, {}) and sample in self.written(type_):
            self.create(type_, sample, self.written(type_)[sample])
        return self.samples.get(type_, {}).get(sample)

    def named_rows(self, type_: str) -> dict[str, Row]:
        """Return the samples of a type that are on the stage."""
        return {name: self.stage.row(type_, id) for name, id in self.samples.get(type_, {}).items()}

    def load(self, local: str) -> None:
        """Put all samples of a record type on the stage."""
        type_ = self.stage.record(local).key
        for name in self.written(type_):
            self.find(name, type_)

    def hire(self) -> None:
        """Put all people of the samples on the stage, in one stroke: every scenario begins with them."""
        people = self.written(STAFF)
        drafts = [self._draft(STAFF, name, people[name]) for name in people]
        self._make([each for each in drafts if each.name not in self.samples.get(STAFF, {})])

    def create(self, type_: str, name: str, written: Mapping[str, object]) -> str:
        """Create a record that the scenario takes for granted, with its timers armed, and give it a name."""
        return self._make([self._draft(type_, name, written)])[0].id

    def _draft(self, type_: str, name: str, written: Mapping[str, object]) -> _Draft:
        record, plain = self.stage.node.catalog.records[type_], dict(written)
        store = str(plain.pop("store", self._workplace(type_, plain)))
        id, number = (cast("str | None", plain.pop(key, None)) for key in ("id", "number"))
        on_duty, away = (
            bool(plain.pop(word, False)) if word not in record.fields else False for word in ("on_duty", "away")
        )
        return _Draft(record, name, store, id, number, on_duty, away, self.values(record, plain))

    def _make(self, drafts: Sequence[_Draft]) -> list[Row]:
        """Create the records of drafts in one transaction, then let people take up their posts and whereabouts."""
        stage, made = self.stage, list[Row]()
        with stage.database.write() as connection:
            for each in drafts:
                world = NodeWorld(connection, stage.node, each.record.plugin, each.store)
                env = world.env(None, stage.now, SYSTEM_ACTOR)
                row = effects.new_row(world, each.record, each.given, env, each.id or stage.new_id())
                row.values["number"] = each.number or row.values["number"]
                made.append(row)
            edits = [_as_edit(draft, row) for draft, row in zip(drafts, made, strict=True)]
            given = {"given": [each.name for each in drafts]}
            commit(connection, stage.node, Deed(stage.new_id(), "", SYSTEM, stage.now, given), edits)
            timers.rearm(connection, stage.node, [(row.type, row.id) for row in made])
        for each, row in zip(drafts, made, strict=True):
            self.samples.setdefault(row.type, {})[each.name] = row.id
        for each, row in zip(drafts, made, strict=True):
            self._settle(each, row)
        return made

    def _settle(self, draft: _Draft, row: Row) -> None:
        if row.type == STAFF:
            self._give_from_above(row)
        if draft.on_duty:
            self.sign_in(row.id)
        if draft.away:
            self.send_away(row.id)

    # --- what a person may be doing

    def sign_in(self, person: str) -> None:
        """Put a person on duty for the business day."""
        with self.stage.world() as world:
            day = world.calendar().business_date(self.stage.now)
        self.system("core.duty", "sign_in", ask={"staff": person, "day": day.isoformat()})

    def send_away(self, person: str) -> None:
        """Report a person absent from now on."""
        self.system("core.absence", "report", ask={"staff": person, "from_at": self.stage.now.isoformat()})

    def _workplace(self, type_: str, written: Mapping[str, object]) -> str:
        """Return where a sample belongs that does not say it: the store; of headquarters' own people, headquarters."""
        roles = cast("Sequence[str]", written.get("roles") or ()) if type_ == STAFF else ()
        return HEADQUARTERS if CHAIN_ROLES.intersection(roles) else self.stage.store

    def _give_from_above(self, person: Row) -> None:
        """Let headquarters give what only it can: the sample of a person says which posts he has, not who gave them."""
        given = set(cast("Sequence[str]", person.values.get("roles") or ())) & posts.locked(self.stage.node.catalog)
        for role in sorted(given if person.values["store"] != HEADQUARTERS else ()):
            ask = {"staff": person.id, "role": role, "from_at": _LONG_AGO}
            self.system(posts.ASSIGNMENT, "give", ask=ask, store=HEADQUARTERS)

    def bring_back(self, person: str) -> None:
        """End a person's absences."""
        for row in self.stage.all_rows(self.stage.record("core.absence")):
            if row.values["staff"] == person and row.values["to_at"] is None:
                self.system("core.absence", "back", id=row.id)

    def system(
        self,
        type_: str,
        action: str,
        *,
        ask: Mapping[str, object] | None = None,
        id: str | None = None,
        store: str | None = None,
    ) -> None:
        """Let the node itself do something, through the same door as everybody."""
        record = self.stage.node.catalog.records[type_]
        act(self.stage.node, Call(record, action, SYSTEM_ACTOR, id=id, ask=ask or {}, store=store or self.stage.store))

    # --- what is written in a sample or a step

    def merged(self, record: RecordType, parts: object, only: frozenset[str] | None = None) -> dict[str, object]:
        """Return samples and maps laid over each other, later ones winning; of a sample only the names in ``only``."""
        merged: dict[str, object] = {}
        for part in parts if isinstance(parts, list | tuple) else [parts]:
            if isinstance(part, str):
                sample = self._sample(record, part)
                merged |= {name: each for name, each in sample.items() if only is None or name in only}
            else:
                merged |= cast("Mapping[str, object]", part)
        return merged

    def entered(self, spec: FieldSpec, raw: object) -> object:
        """Return what a person would send for ``raw``: names of records become ids, ``=…`` and clock times values."""
        if isinstance(raw, str) and raw.startswith("=") and self.formula:
            value = self.formula(raw[1:])
            return value.id if isinstance(value, Row) else spec.json(value, self.stage.zone)
        if spec.type == "ref" and isinstance(raw, str) and spec.to is not None:
            return self.look_up(raw, spec.to) or raw
        if spec.type == "datetime" and isinstance(raw, str) and _CLOCK.fullmatch(raw):
            return self.stage.past_moment(raw).isoformat()
        if spec.item is not None and isinstance(raw, list):
            return [self.entered(spec.item, each) for each in raw]
        if spec.parts and isinstance(raw, Mapping):
            parts = spec.parts
            return {name: self.entered(parts[name], each) if name in parts else each for name, each in raw.items()}
        return raw

    def values(self, record: RecordType, plain: Mapping[str, object]) -> dict[str, object]:
        """Return a record's values for what is written: ``state`` and every stored field; NodeError otherwise."""
        values: dict[str, object] = {}
        for name, raw in plain.items():
            if name == "state" and raw in record.states:
                values[name] = raw
            elif name in record.fields and record.fields[name].stored:
                values[name] = self._parsed(record.fields[name].spec, name, raw)
            else:
                what = Text(f"{record.name} has no field `{name}` to write", f"{record.name} 没有可写的字段 `{name}`")
                raise NodeError((Problem("unknown-field", what, fix=suggest(name, [*record.fields, "state"])),))
        return values

    def written(self, type_: str) -> Mapping[str, Mapping[str, object]]:
        """Return the plugin's samples of a type, by name."""
        for local, samples in self.stage.plugin.samples.items():
            if self._means(local, type_):
                return samples
        return {}

    def _parsed(self, spec: FieldSpec, name: str, raw: object) -> object:
        try:
            return spec.parse(self.entered(spec, raw), self.stage.zone)
        except BadValue as bad:
            raise NodeError((Problem("bad-value", bad.what, fix=bad.fix, field=name),)) from bad

    def _sample(self, record: RecordType, name: str) -> Mapping[str, object]:
        written = self.written(record.key)
        name = name.rpartition(".")[2]
        if name not in written:
            what = Text(f"{record.name} has no sample `{name}`", f"{record.name} 没有样例 `{name}`")
            raise NotFound((Problem("unknown-sample", what, fix=suggest(name, written)),))
        return written[name]

    def _means(self, local: str, type_: str) -> bool:
        try:
            return self.stage.record(local).key == type_
        except NotFound:
            return False
