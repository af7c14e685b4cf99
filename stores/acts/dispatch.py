"""Whose turn it is: the candidates of a policy, who is out and why, and the order of the rest with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cmp_to_key, partial
from typing import TYPE_CHECKING, cast

from sqlalchemy import select

from core.language.definition import Dispatch, DispatchKey
from core.language.expressions import Env, Row
from core.model.errors import ActionRefused, Problem, Text
from stores import rows
from stores.acts.figures import inactive
from stores.acts.messages import filled, value_or_none

if TYPE_CHECKING:
    from stores.world import NodeWorld


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate: its place (1 is first; None when out), what each key said, and why it is out."""

    id: str
    name: str
    position: int | None
    keys: Mapping[str, object]
    out: tuple[Problem, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def eligible(self) -> bool:
        """Whether the candidate may be chosen at all."""
        return not self.out


@dataclass(frozen=True, slots=True)
class Decision:
    """The chosen candidate and the whole list as it stood: later changes do not alter the evidence (HR-38)."""

    chosen: str
    ranking: tuple[Candidate, ...]

    def frozen(self) -> list[object]:
        """Return the list as plain data for the log."""
        return [describe(candidate) for candidate in self.ranking]


def describe(candidate: Candidate) -> dict[str, object]:
    """Return one candidate as plain data: the explanation shown beside a dispatch."""
    return {
        "id": candidate.id,
        "name": candidate.name,
        "position": candidate.position,
        "keys": {name: _plain(value) for name, value in candidate.keys.items()},
        "out": [{"rule": p.code, "en": p.what.en, "zh": p.what.zh} for p in candidate.out],
        "facts": {name: _plain(value) for name, value in candidate.facts.items()},
    }


def choose(world: NodeWorld, policy: Dispatch, item: Row, env: Env) -> Decision:
    """Return the first of the ranking; refuse with everybody's reasons when nobody is eligible."""
    ranking = rank(world, policy, item, env)
    first = next((candidate for candidate in ranking if candidate.eligible), None)
    if first is None:
        raise ActionRefused((_nobody(policy, ranking),))
    return Decision(first.id, tuple(ranking))


def rank(world: NodeWorld, policy: Dispatch, item: Row | None, env: Env) -> list[Candidate]:
    """Return every candidate of this store, the eligible ones first and in order.

    Keys are compared in the order they are written: true before false, more before less, empty last;
    ``first: least`` turns a key round. What is still equal goes by id, so the order never wavers.
    """
    found = _candidates(world, policy)
    prefer = _in_order(policy, env)
    told = world.node.host.collect("dispatch_facts", policy=policy, item=item, candidates=found)
    facts = {c.id: {k: v for answer in told for k, v in answer.get(c.id, {}).items()} for c in found}
    seen = env if item is None else env.having(self=item, item=item)
    judged = [_judge(policy, prefer, row, seen.having(**{_own_name(policy): row}), facts[row.id]) for row in found]
    order: Callable[[Candidate, Candidate], int] = partial(_compare, prefer)
    fit = sorted((c for c in judged if c.eligible), key=cmp_to_key(order))
    placed = [_placed(candidate, place) for place, candidate in enumerate(fit, start=1)]
    return placed + sorted((c for c in judged if not c.eligible), key=lambda c: c.id)


def _candidates(world: NodeWorld, policy: Dispatch) -> list[Row]:
    record = world.node.catalog.records[policy.of]
    table = world.node.table(record)
    query = select(table).where(table.c._store == world.store, table.c._life % 2 == 1)
    if "active" in table.c:
        query = query.where(table.c.active == 1)
    return [rows.from_cells(record, dict(found)) for found in world.connection.execute(query).mappings()]


def _in_order(policy: Dispatch, env: Env) -> Sequence[DispatchKey]:
    """Return the keys to compare by, first to last: those that ``order`` names, or all as they are written."""
    names = value_or_none(policy.order, env) if policy.order is not None else None
    if names is None:
        return policy.prefer
    by_name = {key.name: key for key in policy.prefer}
    return [by_name[name] for name in cast("list[str]", names) if name in by_name]


def _judge(
    policy: Dispatch, prefer: Sequence[DispatchKey], row: Row, env: Env, facts: Mapping[str, object]
) -> Candidate:
    """Judge one candidate. A rule or a key that needs a blank figure does not apply to anybody (C-11)."""
    out = tuple(
        Problem(check.name, filled(check.message, check.fills, env))
        for check in policy.eligible
        if not inactive(check.rule, env) and not value_or_none(check.rule, env)
    )
    asked = [] if out else prefer
    keys = {key.name: None if inactive(key.value, env) else value_or_none(key.value, env) for key in asked}
    return Candidate(row.id, str(row.values.get("name") or row.id), None, keys, out, facts)


def _placed(candidate: Candidate, position: int) -> Candidate:
    return Candidate(candidate.id, candidate.name, position, candidate.keys, candidate.out, candidate.facts)


def _compare(prefer: Sequence[DispatchKey], a: Candidate, b: Candidate) -> int:
    for key in prefer:
        mine, other = a.keys[key.name], b.keys[key.name]
        if mine == other:
            continue
        if mine is None or other is None:
            return 1 if mine is None else -1
        more = cast(Decimal, mine) > cast(Decimal, other)
        return -1 if more != key.least_first else 1
    return -1 if a.id < b.id else 1


def _own_name(policy: Dispatch) -> str:
    return policy.of.rpartition(".")[2]


def _plain(value: object) -> object:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, (bool, int, str)) or value is None:
        return value
    return str(value)


def _nobody(policy: Dispatch, ranking: Sequence[Candidate]) -> Problem:
    en = "; ".join(f"{c.name}: {', '.join(p.what.en for p in c.out)}" for c in ranking) or "there are no candidates"
    zh = "；".join(f"{c.name}：{'、'.join(p.what.zh for p in c.out)}" for c in ranking) or "没有候选人"
    return Problem(
        "nobody-eligible",
        Text(f"nobody can be chosen by `{policy.label.en}`: {en}", f"“{policy.label.zh}”无人可选：{zh}"),
    )
