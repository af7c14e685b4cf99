"""What headquarters knows of its stores: what they are called, which nodes serve them, how far those have got."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from core.model.errors import Text
from core.model.scope import HEADQUARTERS
from stores.changes import quarantine
from stores.node import Node
from stores.storage import checkpoints, counters, credentials, peers
from stores.storage.credentials import Admission
from stores.storage.peers import Peer

BRANCH, CONFLICT = "core.branch", "core.conflict"


@dataclass(frozen=True, slots=True)
class Placard:
    """What people call a store, and where it is. A store nobody has written down is called by its code."""

    code: str
    name: Text
    region: str = ""
    id: str | None = None  # of its record
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One node and its line to headquarters.

    ``missing`` is how much of its log it had and headquarters has not, when it last called; ``behind`` how much of the
    hub's order it had not fetched then. ``peer`` is None until it has called once.
    """

    admission: Admission
    peer: Peer | None
    missing: int = 0
    behind: int = 0


@dataclass(frozen=True, slots=True)
class Outlook:
    """One store as headquarters sees it."""

    placard: Placard
    lines: tuple[Line, ...]
    conflicts: int
    quarantined: int


def outlooks(connection: Connection, node: Node) -> list[Outlook]:
    """Return every store of the chain, by region and code: those that are written down and those that ever joined.

    A node that was shut out is told of as long as no other serves its store: nobody else has what it did not send.
    """
    placards = names(connection, node)
    lines: dict[str, list[Line]] = defaultdict(list)
    for line in _lines(connection):
        lines[line.admission.store].append(line)
    for store, found_there in lines.items():
        lines[store] = [each for each in found_there if each.admission.revoked_at is None] or found_there
    conflicts, stuck = open_conflicts(connection, node), quarantine.by_sender(connection)
    known = {*placards, *lines, *conflicts, *stuck} - {HEADQUARTERS}
    found = [
        Outlook(
            placards.get(store) or unnamed(store), tuple(lines[store]), conflicts.get(store, 0), stuck.get(store, 0)
        )
        for store in known
    ]
    return sorted(found, key=lambda each: (each.placard.region == "", each.placard.region, each.placard.code))


def names(connection: Connection, node: Node) -> dict[str, Placard]:
    """Return what the stores are called, by code, as far as this node has been told."""
    table = node.table(node.catalog.records[BRANCH])
    columns = (table.c.code, table.c.name, table.c.name_en, table.c.region, table.c.id, table.c.closed_on)
    rows = connection.execute(select(*columns).where(table.c._life % 2 == 1))
    return {
        code: Placard(code, Text(en or name, name), region or "", id_, date.fromisoformat(closed) if closed else None)
        for code, name, en, region, id_, closed in rows
    }


def told(connection: Connection, node: Node, text: Text, store: str, values: Mapping[str, object]) -> Text:
    """Return a text with its places filled, ``{store}`` with what the store is called in each language."""
    name = (names(connection, node).get(store) or unnamed(store)).name
    return Text(text.filled({**values, "store": name.en}).en, text.filled({**values, "store": name.zh}).zh)


def unnamed(code: str) -> Placard:
    """Return the placard of a store that nobody has written down."""
    return Placard(code, Text("Headquarters", "总部") if code == HEADQUARTERS else Text(code, code))


def open_conflicts(connection: Connection, node: Node) -> Mapping[str, int]:
    """Return how many conflicts wait for a decision, by the store they belong to. A look along the index of states."""
    table = node.table(node.catalog.records[CONFLICT])
    query = select(table.c._store, func.count()).where(table.c.state == "open", table.c._life % 2 == 1)
    return {store: int(n) for store, n in connection.execute(query.group_by(table.c._store))}


def _lines(connection: Connection) -> list[Line]:
    top, heads = counters.hub_sequence(connection), checkpoints.heads(connection)
    heard = {peer.node: peer for peer in peers.peers(connection)}
    found = []
    for admission in credentials.admissions(connection):
        peer = heard.get(admission.node)
        held = heads.get(peer.origin, (0, ""))[0] if peer else 0
        behind = max(0, top - peer.position) if peer else 0
        found.append(Line(admission, peer, max(0, peer.head - held) if peer else 0, behind))
    return found
