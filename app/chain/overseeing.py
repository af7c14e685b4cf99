"""Who looks after the whole chain: administrators and auditors of headquarters, and what only the first may do."""

from __future__ import annotations

from core.model.errors import Forbidden
from core.model.scope import HEADQUARTERS
from stores.actor import Actor

CHIEFS = frozenset({"hq_admin"})
OVERSEERS = CHIEFS | {"hq_audit"}
KEEPERS = CHIEFS | {"store_admin"}


def oversees(actor: Actor) -> bool:
    """Return whether somebody may see how the stores of the chain stand."""
    return actor.store == HEADQUARTERS and bool(OVERSEERS & actor.roles)


def directs(actor: Actor) -> bool:
    """Return whether somebody may also change what holds for the whole chain."""
    return actor.store == HEADQUARTERS and bool(CHIEFS & actor.roles)


def keeps(actor: Actor) -> bool:
    """Return whether somebody looks after the data of the node in his store."""
    return bool(KEEPERS & actor.roles)


def develops(actor: Actor) -> bool:
    """Return whether somebody is shown the way to the API documents. They hold rules and no data."""
    return keeps(actor) or oversees(actor)


def check_overseer(actor: Actor) -> None:
    """Raise Forbidden unless the actor looks after the whole chain."""
    if not oversees(actor):
        raise Forbidden.of(
            "role", "this is for administrators and auditors of headquarters", "仅总部管理员或总部稽核可以查看"
        )


def check_chief(actor: Actor) -> None:
    """Raise Forbidden unless the actor administers the whole chain."""
    if not directs(actor):
        raise Forbidden.of("role", "this is for administrators of headquarters", "仅总部管理员可以执行此操作")
