"""Which node this is: its name, its incarnation, its store and who is above it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection

from stores.storage import state

KEY = "identity"


@dataclass(frozen=True, slots=True)
class Identity:
    """The node's place in the chain. ``upstream`` is the hub's address; a node without one is the hub."""

    node: str
    incarnation: int
    store: str
    upstream: str | None

    @property
    def origin(self) -> str:
        """The name under which its changes are numbered; a new incarnation starts a new, gapless log."""
        return f"{self.node}.{self.incarnation}"

    @property
    def is_hub(self) -> bool:
        """Whether the order of changes is decided here."""
        return self.upstream is None


def load(connection: Connection) -> Identity | None:
    """Return the identity kept in this database, or None in a new one."""
    kept = state.get(connection, KEY)
    return None if kept is None else Identity(**json.loads(kept))


def save(connection: Connection, identity: Identity) -> None:
    """Keep the identity in the caller's transaction."""
    state.put(connection, KEY, json.dumps(asdict(identity), sort_keys=True))


def reincarnate(connection: Connection) -> Identity:
    """Start a new log under the same node: after a restored backup, a fork or a clone (sync.md 15)."""
    identity = load(connection)
    assert identity is not None, "a node without an identity cannot be reborn"
    born = replace(identity, incarnation=identity.incarnation + 1)
    save(connection, born)
    return born
