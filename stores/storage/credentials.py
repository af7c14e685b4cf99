"""How nodes are let in: invitations to enrol, and the rotating tokens that nodes show. Only hashes are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, func, insert, or_, select, update

from core.model.clock import from_iso, iso
from core.model.errors import NodeError, Problem, Text
from stores.storage import bulk
from stores.storage.system import CREDENTIAL, INVITATION

_GOOD = "FROM credential WHERE token_hash = ? AND revoked_at IS NULL"


@dataclass(frozen=True, slots=True)
class Credential:
    """The node and the store that a token stands for."""

    node: str
    store: str


@dataclass(frozen=True, slots=True)
class Admission:
    """A node that has joined: since when, and until when if it has been shut out."""

    node: str
    store: str
    since: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outstanding:
    """An invitation that has been given out: for which store, by whom, until when, and which node used it."""

    code_hash: str
    store: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_by: str | None


class InvitationRefused(NodeError):
    """The code is unknown, used or too old."""

    status = 403


def invite(
    connection: Connection, code_hash: str, store: str, created_by: str, now: datetime, lasts: timedelta
) -> None:
    """Keep an invitation for one node of ``store``."""
    connection.execute(
        insert(INVITATION).values(
            code_hash=code_hash,
            store=store,
            created_by=created_by,
            created_at=iso(now),
            expires_at=iso(now + lasts),
        )
    )


def invitations(connection: Connection, limit: int) -> list[Outstanding]:
    """Return the invitations given out last, newest first."""
    query = select(INVITATION).order_by(INVITATION.c.created_at.desc()).limit(limit)
    return [
        Outstanding(
            row["code_hash"], row["store"], row["created_by"], from_iso(row["created_at"]), from_iso(row["expires_at"]),
            row["used_by"],
        )
        for row in connection.execute(query).mappings()
    ]  # fmt: skip


def withdraw_invitation(connection: Connection, code_hash: str, now: datetime) -> bool:
    """End an invitation that nobody has used; return whether there was one."""
    unused = and_(
        INVITATION.c.code_hash == code_hash, INVITATION.c.used_by.is_(None), INVITATION.c.expires_at > iso(now)
    )
    return connection.execute(update(INVITATION).where(unused).values(expires_at=iso(now))).rowcount > 0


def accept_invitation(connection: Connection, code_hash: str, node: str, now: datetime) -> str:
    """Use an invitation up and return its store; raise ``InvitationRefused``, not saying why, when it is not good.

    The same node may show the same code again: its first answer may have been lost on the way.
    """
    good = and_(
        INVITATION.c.code_hash == code_hash,
        INVITATION.c.expires_at > iso(now),
        or_(INVITATION.c.used_by.is_(None), INVITATION.c.used_by == node),
    )
    store = connection.execute(select(INVITATION.c.store).where(good)).scalar()
    if store is None:
        raise InvitationRefused((_INVITATION_REFUSED,))
    connection.execute(update(INVITATION).where(good).values(used_at=iso(now), used_by=node))
    return str(store)


def is_used(connection: Connection, code_hash: str) -> bool:
    """Return whether an invitation has been redeemed: from then on its code is good for a repetition only."""
    used = select(INVITATION.c.used_by).where(INVITATION.c.code_hash == code_hash)
    return connection.execute(used).scalar() is not None


def refuse_invitation() -> InvitationRefused:
    """Return the one refusal of every code that is not good; it never says why."""
    return InvitationRefused((_INVITATION_REFUSED,))


def add_credential(connection: Connection, token_hash: str, node: str, store: str, now: datetime) -> None:
    """Give a node a token besides the one it has; the old one ends when the new one is used first."""
    values = {"token_hash": token_hash, "node": node, "store": store, "created_at": iso(now)}
    connection.execute(insert(CREDENTIAL).values(**values))


def credential(connection: Connection, token_hash: str) -> Credential | None:
    """Return the node a token stands for, or None."""
    rows = bulk.run(connection, f"SELECT node, store {_GOOD}", token_hash)  # every call of every node asks this
    return Credential(*rows[0]) if rows else None


def is_unused(connection: Connection, token_hash: str) -> bool:
    """Return whether a good token has never been shown: its first use ends the ones it replaces."""
    return bool(bulk.run(connection, f"SELECT 1 {_GOOD} AND used_at IS NULL", token_hash))


def use_credential(connection: Connection, token_hash: str, now: datetime) -> Credential | None:
    """Return the node a token stands for, note its use, and end the tokens it replaced."""
    known = credential(connection, token_hash)
    if known is None:
        return None
    this = CREDENTIAL.c.token_hash == token_hash
    connection.execute(update(CREDENTIAL).where(this).values(used_at=iso(now)))
    replaced = and_(CREDENTIAL.c.node == known.node, ~this, CREDENTIAL.c.used_at.is_not(None))
    still_good = CREDENTIAL.c.revoked_at.is_(None)
    connection.execute(update(CREDENTIAL).where(replaced, still_good).values(revoked_at=iso(now)))
    return known


def revoke_node(connection: Connection, node: str, now: datetime) -> int:
    """End all tokens of a node, a stolen PC for instance; return how many there were."""
    mine = and_(CREDENTIAL.c.node == node, CREDENTIAL.c.revoked_at.is_(None))
    return connection.execute(update(CREDENTIAL).where(mine).values(revoked_at=iso(now))).rowcount


def nodes(connection: Connection) -> list[Credential]:
    """Return the enrolled nodes with their stores."""
    columns = [CREDENTIAL.c.node, CREDENTIAL.c.store]
    rows = connection.execute(select(*columns).where(CREDENTIAL.c.revoked_at.is_(None)).distinct().order_by(*columns))
    return [Credential(node, store) for node, store in rows]


def admissions(connection: Connection) -> list[Admission]:
    """Return every node that ever joined, by store and name; one that has a good token is in, whatever came before."""
    good = func.sum(case((CREDENTIAL.c.revoked_at.is_(None), 1), else_=0))
    node, store, began, ended = (CREDENTIAL.c[name] for name in ("node", "store", "created_at", "revoked_at"))
    query = select(node, store, func.min(began), func.max(ended), good).group_by(node, store).order_by(store, node)
    return [
        Admission(name, place, from_iso(since), None if alive or until is None else from_iso(until))
        for name, place, since, until, alive in connection.execute(query)
    ]


def joined(connection: Connection) -> list[tuple[str, str, str]]:
    """Return the enrolled nodes with their stores and when each was let in last (a cell), by name."""
    good = CREDENTIAL.c.revoked_at.is_(None)
    columns = (CREDENTIAL.c.node, CREDENTIAL.c.store)
    last = select(*columns, func.max(CREDENTIAL.c.created_at)).where(good).group_by(*columns).order_by(*columns)
    return [(node, store, at) for node, store, at in connection.execute(last)]


_INVITATION_REFUSED = Problem(
    "invitation-refused",
    Text("this enrolment code is not valid, or no longer", "该注册码无效或已失效"),
    fix=Text("ask headquarters for a new code", "请向总部索取新的注册码"),
)
