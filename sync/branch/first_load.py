"""The first load of a node: a snapshot, fetched in pieces and resumed where it was cut, then taken over at once.

The ordinary feed would bring the same; a snapshot brings a year of records in the time the feed takes for a month.
"""

from __future__ import annotations

import json
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

from stores.changes import snapshot as snapshots
from stores.changes.snapshot import DIGEST_BYTES, BadSnapshot, Loaded
from stores.node import Node
from stores.storage import checkpoints
from stores.storage.database import StorageFault
from sync import arrival
from sync.journal import journal
from sync.protocol import PIECE_BYTES, Snapshot, SnapshotAnswer
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


class _Part:
    """The file under way, hashed as it grows: what arrives while the next piece is on its way is not read again."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.size = 0
        self.hash = blake2b(digest_size=DIGEST_BYTES)

    def resume(self) -> None:
        """Go on behind what is on the disk."""
        with self.file.open("rb") as opened:
            while block := opened.read(PIECE_BYTES):
                self.hash.update(block)
                self.size += len(block)

    def begin(self) -> None:
        """Begin anew."""
        self.file.write_bytes(b"")
        self.file.chmod(0o600)
        self.size, self.hash = 0, blake2b(digest_size=DIGEST_BYTES)

    def add(self, answer: SnapshotAnswer) -> None:
        """Take a piece that belongs where the file ends."""
        if answer.offset != self.size or not answer.data:
            raise BadSnapshot.of("bad-snapshot", "headquarters sends another piece", "总部发送的片段不符")
        with self.file.open("ab") as file:
            file.write(answer.data)
        self.size += len(answer.data)
        self.hash.update(answer.data)


def _fetch(node: Node, link: Link, file: Path, told: Path) -> _Under | None:
    """Bring the whole file onto this disk, and make sure that it is what headquarters has; None if there is none."""
    for _ in range(ROUNDS_MAX):
        part = _Part(file)
        with ThreadPoolExecutor(1) as ahead:
            under = _pieces(node, link, part, told, ahead)
        if under is None or part.hash.hexdigest() == under.digest:
            return under
        file.unlink()
        told.unlink()
    raise BadSnapshot.of("bad-snapshot", "it arrives with other contents than it was sent", "内容与发送时不一致")


def _pieces(node: Node, link: Link, part: _Part, told: Path, ahead: Executor) -> _Under | None:
    """Fetch piece by piece; the next one is asked for while this one is hashed and written."""
    with node.database.read() as connection:
        epoch = checkpoints.epoch(connection)
    under = _resumed(part.file, told, epoch)
    if under:
        part.resume()
        if part.size >= under.size:
            return under
    name = under.name if under else ""
    answer = link.snapshot(Snapshot(node.identity.origin, epoch, name, part.size))
    while not answer.restart:
        if under is None or answer.name != under.name:
            under = _Under(answer.name, epoch, answer.size, answer.digest, answer.seal)
            part.begin()
            told.write_text(json.dumps(asdict(under)), encoding="utf-8")
        reached = answer.offset + len(answer.data)
        question = Snapshot(node.identity.origin, epoch, under.name, reached)
        coming = ahead.submit(link.snapshot, question) if answer.data and reached < under.size else None
        part.add(answer)
        if coming is None:
            return under
        answer = coming.result()
    return None


def _resumed(part: Path, told: Path, epoch: str) -> _Under | None:
    """Return the snapshot that was under way when the node stopped, if it is still of any use."""
    if not (part.is_file() and told.is_file()):
        return None
    try:
        under = _Under(**json.loads(told.read_text(encoding="utf-8")))
    except (ValueError, TypeError):  # the power failed while it was written
        return None
    return under if under.epoch == epoch and part.stat().st_size <= under.size else None
