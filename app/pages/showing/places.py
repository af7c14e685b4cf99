"""What stores and nodes are called on a page: the names that headquarters has written down, codes for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.pages.frame.desk import Desk
from core.model.scope import HEADQUARTERS
from stores.reads import oversight
from stores.reads.oversight import Placard
from stores.storage import credentials


@dataclass(frozen=True, slots=True)
class Places:
    """The stores this node knows by name, and which node stands in which."""

    placards: Mapping[str, str]
    stores: Mapping[str, str]  # node -> store
    codes: tuple[str, ...]
    regions: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_chain(self) -> bool:
        """Whether there is more than one store to tell apart."""
        return len(self.codes) > 1

    def name(self, store: str) -> str:
        """Return what a store is called."""
        return self.placards.get(store, store)

    def of_node(self, node: str) -> str:
        """Return what the store is called in which a node stands; a node nobody knows keeps its name."""
        return self.name(self.stores.get(node, node))

    def by_region(self) -> list[tuple[str, str]]:
        """Return (codes of its stores, with commas between them; name) of each region."""
        found: dict[str, list[str]] = {}
        for code in self.codes:
            if self.regions.get(code):
                found.setdefault(self.regions[code], []).append(code)
        return [(",".join(codes), region) for region, codes in sorted(found.items())]

    def all(self) -> list[Placard]:
        """Return the stores by code."""
        return [oversight.unnamed(code) for code in self.codes]


def places_of(desk: Desk) -> Places:
    """Return the names of the stores, and the nodes, that this node knows."""
    node = desk.node
    with node.database.read() as connection:
        known = oversight.names(connection, node)
        stores = {each.node: each.store for each in credentials.admissions(connection)} if node.is_hub else {}
    stores[node.identity.node] = node.store
    called = {code: desk.say(each.name) for code, each in known.items()}
    called.setdefault(HEADQUARTERS, desk.say(oversight.unnamed(HEADQUARTERS).name))
    codes = tuple(sorted({*known, *stores.values()} - {HEADQUARTERS}))
    return Places(called, stores, codes, {code: each.region for code, each in known.items()})
