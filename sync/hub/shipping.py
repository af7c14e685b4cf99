"""Headquarters' side of a first load: a snapshot is made once, kept for a while, and given out piece by piece.

It lies as a file beside the database, with a second one that describes it: a headquarters that is started again in
between goes on where the branch was. It is removed when the branch says that it has all of it, or after a day.
"""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

from stores.changes import snapshot as snapshots
from stores.node import Node
from stores.storage.credentials import Credential
from sync import keys
from sync.callers import check_caller
from sync.hub import seals
from sync.protocol import PIECE_BYTES, Snapshot, SnapshotAnswer

_NAME = re.compile(r"snapshot-[0-9a-f]{32}")
KEPT_S = 24 * 3600  # after this a snapshot is made anew: the feed behind it would have grown long


@dataclass(frozen=True, slots=True)
class _Kept:
    """A snapshot on disk: what it is called, whose it is, and what a branch needs to know of it."""

    name: str
    origin: str
    store: str
    epoch: str
    made_at: float  # seconds since 1970
    size: int
    digest: str
    seal: str


def snapshot(node: Node, caller: Credential, question: Snapshot) -> SnapshotAnswer:
    """Return a piece of the snapshot asked for; of a new one, from its beginning, when that is not kept here."""
    check_caller(caller, question.origin, caller.store)
    with node.database.read() as connection:
        hub = keys.hub(connection)
    if question.epoch != hub.epoch:
        return SnapshotAnswer("", 0, "", "", 0, b"", restart=True)
    folder = folder_of(node)
    kept = _found(folder, caller, question, node.now().timestamp())
    offset = question.offset if kept else 0
    if kept is None:
        kept = _made(node, caller, question.origin, hub, folder)
    with (folder / f"{kept.name}.db").open("rb") as file:
        file.seek(offset)
        data = file.read(PIECE_BYTES)
    if not data:  # the branch has all of it and says so
        _remove(folder / f"{kept.name}.json")
    return SnapshotAnswer(kept.name, kept.size, kept.digest, kept.seal, offset, data)


def folder_of(node: Node) -> Path:
    """Return where the snapshots lie: beside the database, or where this machine keeps what may vanish."""
    folder = node.database.folder or Path(tempfile.gettempdir())
    return folder / f"snapshots-{node.identity.node}"


def _found(folder: Path, caller: Credential, question: Snapshot, now: float) -> _Kept | None:
    if not _NAME.fullmatch(question.name):
        return None
    told = folder / f"{question.name}.json"
    if not told.is_file():
        return None
    kept = _Kept(**json.loads(told.read_text(encoding="utf-8")))
    asked = (question.origin, caller.store, question.epoch)  # a node that was given to another store gets its own
    fits = (kept.origin, kept.store, kept.epoch) == asked and question.offset <= kept.size
    return kept if fits and now - kept.made_at < KEPT_S else None


def _made(node: Node, caller: Credential, origin: str, hub: keys.Hub, folder: Path) -> _Kept:
    """Make a snapshot in the place of an older one of the same node; what nobody came for is cleared away."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = node.now().timestamp()
    _clear(folder, origin, now)
    name = f"snapshot-{blake2b(f'{origin} {node.new_id()}'.encode(), digest_size=16).hexdigest()}"
    file = folder / f"{name}.db"
    about = snapshots.make(node, caller.store, origin, hub.epoch, file)
    with node.database.read() as connection:
        seal = seals.seal(connection, hub, about.at)
    kept = _Kept(name, origin, caller.store, hub.epoch, now, file.stat().st_size, snapshots.digest_of(file), seal)
    (folder / f"{name}.json").write_text(json.dumps(asdict(kept)), encoding="utf-8")
    return kept


def _clear(folder: Path, origin: str, now: float) -> None:
    """Remove snapshots that are too old, and those of the node that asks for a new one."""
    for told in folder.glob("snapshot-*.json"):
        kept = _Kept(**json.loads(told.read_text(encoding="utf-8")))
        if kept.origin == origin or now - kept.made_at >= KEPT_S:
            _remove(told)


def _remove(told: Path) -> None:
    told.unlink(missing_ok=True)
    told.with_suffix(".db").unlink(missing_ok=True)
