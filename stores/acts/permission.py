"""Who may carry out an action: the role, in the record's store, or its deputy while every holder is away."""

from __future__ import annotations

from collections.abc import Iterable

from core.language.definition import EVERYONE, SYSTEM, Action, RecordType
from core.language.expressions import Env, Row
from core.model.errors import Forbidden, Problem, Text
from core.model.scope import HEADQUARTERS
from stores.actor import Actor
from stores.reads import sight
from stores.world import NodeWorld, holders


def check_may(world: NodeWorld, record: RecordType, action: Action, actor: Actor) -> frozenset[str]:
    """Return the roles by which ``actor`` may do this, or raise Forbidden with the roles that may."""
    if actor.id == SYSTEM:
        return frozenset({SYSTEM})
    acting = acting_roles(world, actor, record) & set(action.by)
    if not acting:
        raise Forbidden((_who_may(world, record, action),))
    return frozenset(acting)


def may_know(record: RecordType, store: str, actor: Actor) -> bool:
    """Say whether a record of ``store`` is on file for the person at all: another store's is not."""
    near = actor.store in {HEADQUARTERS, store} or store == HEADQUARTERS
    return actor.id == SYSTEM or near or record.sync.scope == "all"


def check_sees(world: NodeWorld, record: RecordType, roles: Iterable[str], row: Row, env: Env, actor: Actor) -> bool:
    """Say whether the person sees this very record: nobody acts on what he may not see.

    ``roles`` are those he acts by: their read rules decide, and the filters of plugins on top. A role that may act
    but reads nothing borrows the eyes of the person's other roles.
    """
    if actor.id == SYSTEM:
        return True
    narrowed = world.node.host.read_filters(actor.id, actor.roles, record)
    seen = sight.sight(world.node.catalog, record, roles, narrowed)
    if seen.blind:
        seen = sight.sight(world.node.catalog, record, acting_roles(world, actor, record), narrowed)
    return seen.meets(row, env)


def acting_roles(world: NodeWorld, actor: Actor, record: RecordType | None = None) -> set[str]:
    """Return the roles a person has in this world's store, his own and those he stands in for right now.

    A record that every store holds (scope ``all``) belongs to all: there everybody has the roles of his own store.
    """
    everywhere = record is not None and record.sync.scope == "all"
    known = {} if world.shared is None else world.shared.roles
    key = (world.plugin, world.store, actor.id, everywhere)
    if key not in known:
        known[key] = frozenset(_acting_roles(world, actor, everywhere=everywhere))
    return set(known[key])


def _acting_roles(world: NodeWorld, actor: Actor, *, everywhere: bool) -> set[str]:
    own = actor.roles if everywhere else actor.roles_in(world.store)
    acting = set(own)
    if own and SYSTEM not in own:
        acting.add(EVERYONE)
    for name, role in world.node.catalog.plugin(world.plugin).roles.items():
        if role.deputy in own and name not in own and _everyone_away(world, name):
            acting.add(name)
    return acting


def _everyone_away(world: NodeWorld, role: str) -> bool:
    env = Env(world, world.node.now(), world.node.zone, {})
    return all(world.call("is_away", [person, None], env) for person in holders(world, role))


def _who_may(world: NodeWorld, record: RecordType, action: Action) -> Problem:
    labels = [_role_label(world, record, name) for name in action.by if name != SYSTEM]
    if not labels:
        what = Text(
            f"`{action.label.en}` is done by the system, not by people", f"“{action.label.zh}”由系统执行，不能手动操作"
        )
        return Problem("role", what)
    return Problem(
        "role",
        Text(
            f"your role may not do `{action.label.en}` on a {record.label.en} of this store",
            f"您的岗位不能对本店的{record.label.zh}执行“{action.label.zh}”",
        ),
        fix=Text("ask: " + ", ".join(t.en for t in labels), "请联系：" + "、".join(t.zh for t in labels)),
    )


def _role_label(world: NodeWorld, record: RecordType, name: str) -> Text:
    for plugin in (record.plugin, "core"):
        role = world.node.catalog.plugin(plugin).roles.get(name)
        if role:
            return role.label
    return Text(name, name)
