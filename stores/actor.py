"""Who acts or reads: a person of a store, or the node itself."""

from __future__ import annotations

from dataclasses import dataclass

from core.language.definition import SYSTEM
from core.model.scope import HEADQUARTERS

CHAIN_ROLES = frozenset({"hq_admin", "hq_audit"})  # roles of core that only people of headquarters hold


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person: staff id, home store, the roles held there, and the name to show."""

    id: str
    store: str
    roles: frozenset[str]
    name: str

    def roles_in(self, store: str) -> frozenset[str]:
        """Return the roles the person has in ``store``: headquarters people have theirs everywhere."""
        return self.roles if self.store in {HEADQUARTERS, store} else frozenset()


SYSTEM_ACTOR = Actor(SYSTEM, HEADQUARTERS, frozenset({SYSTEM}), "system")
