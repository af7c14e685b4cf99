"""Actions that cannot be finished here and now: the home of the record decides, or others have to sign.

Such an action becomes a ``core.request`` record. It syncs like any other; the home node replays it,
re-checks every guard, and confirms it or refuses it with the reason in the conflict inbox.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import cast

from core.language.definition import SYSTEM
from core.language.outcomes import Outcome
from core.model.clock import iso
from core.model.errors import ActionRefused
from core.model.merge import NEVER
from core.model.scope import HEADQUARTERS
from stores import rows
from stores.acts import late
from stores.acts.calls import Receipt
from stores.acts.permission import acting_roles
from stores.acts.work import Work
from stores.changes.commit import Deed, Edit, commit
from stores.changes.older import VERSION, version_of

REQUEST = "core.request"


def ask(work: Work, outcome: Outcome | None = None, needs: Sequence[str] = ()) -> Receipt:
    """Write the action down as a request and return a provisional receipt.

    ``needs`` are the roles of ``outcome`` that still have to sign. A replayed request that lacks one stays refused.
    """
    if work.call.replayed:
        raise ActionRefused.of("still-unsigned", "signatures are missing", "签字未齐")
    record = work.node.catalog.records[REQUEST]
    id = work.node.new_id()
    values = _values(work, outcome.confirm if needs and outcome else (), needs)
    edit = Edit(record, id, _kept_in(work), "create", rows.to_cells(record, values))
    deed = Deed(work.node.new_id(), f"{REQUEST}.ask", work.call.actor.id, work.node.now(), {"action": _name(work)})
    commit(work.connection, work.node, deed, [edit])
    state = cast("str | None", work.old.values["state"]) if work.old else None
    return Receipt(deed.tx, work.record, work.draft.id, None, state, provisional=True, request=id)


def missing_signatures(work: Work, outcome: Outcome) -> tuple[str, ...]:
    """Return the roles whose signature an outcome still needs; the actor's own counts for one of them."""
    if not outcome.confirm or work.call.actor.id == SYSTEM:
        return ()
    signed = list(work.call.signed) if work.call.replayed else _own_role(work, outcome.confirm)
    return unsigned(outcome.confirm, signed)


def unsigned(needs: Iterable[str], signed: Iterable[str]) -> tuple[str, ...]:
    """Return the signatures still missing. A role that is named twice has to be signed for twice."""
    left = list(needs)
    for role in signed:
        if role in left:
            left.remove(role)
    return tuple(left)


def settle_field(work: Work, name: str, value: object) -> object:
    """Return what an asked field becomes.

    Done here and now, it becomes what was entered. In a replayed request it meets what the home wrote
    meanwhile, unseen by the person who asked: the field's policy decides and a conflict shows both.
    """
    if not work.call.replayed or work.old is None:
        return value
    return late.settle_field(work.connection, work.node, work.record, work.old, name, value, _late(work))


def _late(work: Work) -> late.Late:
    call = work.call
    return late.Late(call.actor.id, work.now, call.base_hs or 0, call.actor.store, call.asked or NEVER)


def _values(work: Work, confirm: Sequence[str], needs: Sequence[str]) -> dict[str, object]:
    return {
        "record_type": work.record.key,
        "record_id": None if work.action.new else work.draft.id,
        "action": work.action.name,
        "ask": json.loads(json.dumps(dict(work.call.ask), default=str)),
        "actor": work.call.actor.id,
        "actor_name": work.call.actor.name,
        "actor_roles": sorted(work.call.actor.roles),
        "asked_in": work.call.actor.store,
        "record_store": work.world.store,
        "made_at": work.now,
        "version": str(version_of(work.node.catalog, work.record).get(VERSION, "")) or None,
        "base_hs": cast(int, work.old.values["_hs"]) if work.old else 0,
        "reason": work.call.reason,
        "needs": list(confirm),
        "signed": [_signature(work, role) for role in unsigned(confirm, needs)],
        "state": "waiting",
    }


def _signature(work: Work, role: str) -> dict[str, object]:
    """The one who asks signs by asking, for one role that he holds himself."""
    return {"role": role, "by": work.call.actor.id, "at": iso(work.node.now()), "reason": work.call.reason}


def _own_role(work: Work, confirm: Iterable[str]) -> list[str]:
    held = acting_roles(work.world, work.call.actor, work.record)
    return [role for role in confirm if role in held][:1]


def _kept_in(work: Work) -> str:
    """Return the store a request belongs to: the record's; for a record of headquarters the store of who asks.

    What belongs to headquarters goes to every store, and what one of them asks is not for the others to read.
    """
    return work.call.actor.store if work.world.store == HEADQUARTERS else work.world.store


def _name(work: Work) -> str:
    return f"{work.record.key}.{work.action.name}"
