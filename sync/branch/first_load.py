"""The first load of a node: a snapshot, fetched in pieces and resumed where it was cut, then taken over at once.

The ordinary feed would bring the same; a snapshot brings a year of records in the time the feed takes for a month.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from stores.changes import snapshot as snapshots
from stores.changes.snapshot import BadSnapshot, Loaded
from stores.node import Node
from stores.storage import checkpoints
from stores.storage.database import StorageFault
from sync import arrival
from sync.journal import journal
from sync.protocol import Snapshot, SnapshotAnswer
from sync.wire.link import Link

ROUNDS_MAX = 3  # how often a file that does not add up is fetched anew before the feed is used instead


@dataclass(frozen=True, slots=True)
class _Under:
    """A snapshot under way: how far it has got is the length of the file."""

    name: str
    epoch: str
    size: int
    digest: str
    seal: str


def first_load(node: Node, link: Link) -> Loaded | None:
    """Fetch and take over a snapshot; None when the feed is to be used instead. ``finish`` comes next.

    It may be cut at any byte and called again, also by another process. Raises LinkDown when the network does not let
    it finish; what has arrived stays.
    """
    folder = node.database.folder
    with node.database.read() as connection:
        if folder is None or not snapshots.is_new(connection, node):
            return None
    part, told = folder / f"{node.identity.node}.snapshot.part", folder / f"{node.identity.node}.snapshot.json"
    try:
        under = _fetch(node, link, part, told)
        loaded = snapshots.load(node, part, under.seal) if under else None
    except (BadSnapshot, StorageFault) as error:
        journal.error("a snapshot cannot be used; the feed is used instead", extra={"codes": [error.problems[0].code]})
        loaded = None
    for file in (part, told):
        file.unlink(missing_ok=True)
    if loaded is not None and under is not None:
        journal.info("first load", extra={"rows": loaded.rows})
        link.snapshot(Snapshot(node.identity.origin, under.epoch, under.name, under.size))  # it need not be kept longer
    return loaded


def finish(node: Node, loaded: Loaded | None = None) -> None:
    """Arm the timers of loaded records; also what a power cut has left of it. Call it at start."""
    while _is_unfinished(node):
        with node.database.write() as connection:
            arrival.arm(connection, node, snapshots.next_unarmed(connection, node))
    if loaded is not None:
        arrival.settle(node, [*loaded.touched, *((type_, "") for type_ in loaded.types)])


def _is_unfinished(node: Node) -> bool:
    with node.database.read() as connection:
        return snapshots.has_unarmed(connection)


def _fetch(node: Node, link: Link, part: Path, told: Path) -> _Under | None:
    """Bring the whole file onto this disk, and make sure that it is what headquarters has; None if there is none."""
    for _ in range(ROUNDS_MAX):
        under = _pieces(node, link, part, told)
        if under is None or snapshots.digest_of(part) == under.digest:
            return under
        part.unlink()
        told.unlink()
    raise BadSnapshot.of("bad-snapshot", "it arrives with other contents than it was sent", "内容与发送时不一致")


def _pieces(node: Node, link: Link, part: Path, told: Path) -> _Under | None:
    with node.database.read() as connection:
        epoch = checkpoints.epoch(connection)
    under = _resumed(part, told, epoch)
    while True:
        offset = part.stat().st_size if under else 0
        if under and offset >= under.size:
            return under
        answer = link.snapshot(Snapshot(node.identity.origin, epoch, under.name if under else "", offset))
        if answer.restart:
            return None
        if under is None or answer.name != under.name:
            under = _Under(answer.name, epoch, answer.size, answer.digest, answer.seal)
            part.write_bytes(b"")
            part.chmod(0o600)
            told.write_text(json.dumps(asdict(under)), encoding="utf-8")
            offset = 0
        _add(part, offset, answer)


def _resumed(part: Path, told: Path, epoch: str) -> _Under | None:
    """Return the snapshot that was under way when the node stopped, if it is still of any use."""
    if not (part.is_file() and told.is_file()):
        return None
    try:
        under = _Under(**json.loads(told.read_text(encoding="utf-8")))
    except (ValueError, TypeError):  # the power failed while it was written
        return None
    return under if under.epoch == epoch and part.stat().st_size <= under.size else None


def _add(part: Path, offset: int, answer: SnapshotAnswer) -> None:
    if answer.offset != offset or not answer.data:
        raise BadSnapshot.of("bad-snapshot", "headquarters sends another piece", "总部发送的片段不符")
    with part.open("ab") as file:
        file.write(answer.data)
