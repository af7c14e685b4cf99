"""Digests kept up to date, in buckets, so that one wrong row among a million is found by looking at a few sums.

Nothing is added to a write for them. Every merged write gives its row a new place in the hub's order, so what has
changed since a sum was worked out is found by a walk along the index on that place, and only those buckets are read
again. A row that somebody edits behind the node's back keeps its place; ``reread`` finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from core.language.definition import RecordType
from stores.changes import digest, log
from stores.changes.digest import MODULUS
from stores.changes.feed import held_by
from stores.node import Node
from stores.storage import bulk, state
from stores.storage.system import DIGEST

BUCKET_CHARS = 5  # of an id, which begins with the time: a bucket holds what was made within three days
SHARD_CHARS = 2  # at the end of an id, which is random: a bucket falls into 256 shards
FORM = "digest.form"  # node_state: the tables the kept sums are of; other columns make other sums
WHOLE = ""  # the bucket that stands for all of them
_COLUMNS = ("type", "part", "bucket", "count", "total", "upto")
_LAST = "\U0010ffff"


Place = tuple[str, str]  # record type and owner


@dataclass(frozen=True, slots=True)
class Sum:
    """So many rows and what they add up to. Of a single row, ``count`` is its place in the hub's order."""

    name: str
    count: int = 0
    total: int = 0

    def plus(self, row: int) -> Sum:
        """Return the sum with one more row."""
        return Sum(self.name, self.count + 1, (self.total + row) % MODULUS)


@dataclass(frozen=True, slots=True)
class Part:
    """Records of one type that a store holds for one reason: whose they are. ``name`` is the same at both nodes."""

    record: RecordType
    owner: str
    test: str
    values: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the two nodes call it."""
        return f"{self.record.key}|{self.owner}"

    @property
    def kept(self) -> bool:
        """Whether sums are kept of it. A row leaves what is held through a field of its own without a trace here."""
        return not self.owner.startswith("+")


@dataclass(slots=True)
class Fresh:
    """Sums worked out anew in a read transaction, for ``keep`` to put away: part -> (place before, place, buckets)."""

    form: str
    parts: dict[Place, tuple[int, int, dict[str, Sum]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.parts)


def parts(node: Node, store: str) -> dict[str, Part]:
    """Return what ``store`` holds, part by part, by name."""
    found = {}
    for record in node.catalog.records.values():
        for test, values in held_by(record, store):
            owner = "" if not values else values[0] if len(values) == 1 else f"+{store}"
            part = Part(record, owner, test, values)
            found[part.name] = part
    return found


def totals(connection: Connection, node: Node, held: Iterable[Part]) -> tuple[list[Sum], Fresh]:
    """Return the sum of each part, by its name, and what had to be worked out for it; empty parts are left out."""
    fresh = Fresh(node.tables.digest)
    found = []
    for part in held:
        whole = _whole(connection, part, fresh) if part.kept else _summed(_added(connection, part))
        if whole.count:
            found.append(Sum(part.name, whole.count, whole.total))
    return found, fresh


def buckets(connection: Connection, node: Node, part: Part) -> list[Sum]:
    """Return the sums of a part's buckets."""
    if not part.kept:
        return list(_added(connection, part).values())
    fresh = Fresh(node.tables.digest)
    _whole(connection, part, fresh)
    known = _kept(connection, part, fresh.form)
    known.update(fresh.parts.get((part.record.key, part.owner), (0, 0, {}))[2])
    return [each for name, each in sorted(known.items()) if each.count and name != WHOLE]


def shards(connection: Connection, part: Part, bucket: str) -> list[Sum]:
    """Return the sums of one bucket's shards, worked out by reading it."""
    found: dict[str, Sum] = {}
    for row in digest_rows(connection, part, bucket):
        name = row.id[-SHARD_CHARS:]
        found[name] = found.get(name, Sum(name)).plus(row.hash)
    return list(found.values())


def members(connection: Connection, part: Part, bucket: str, shard: str) -> list[Sum]:
    """Return the rows of one shard: id, place, hash."""
    rows = digest_rows(connection, part, bucket)
    return [Sum(row.id, row.hs, row.hash) for row in rows if row.id[-SHARD_CHARS:] == shard]


def digest_rows(connection: Connection, part: Part, bucket: str | None = None) -> Iterator[digest.Row]:
    """Yield the counted rows of a part, or of one of its buckets."""
    if bucket is None:
        yield from digest.rows(connection, part.record, part.test, *part.values)
        return
    test = f'{part.test}"id" >= ? AND "id" <= ? AND substr("id", 1, {BUCKET_CHARS}) = ? AND '
    yield from digest.rows(connection, part.record, test, *part.values, bucket, bucket + _LAST, bucket)


def unseen(connection: Connection, part: Part, limit: int) -> list[str]:
    """Return ids of living records of a part that headquarters has never given a place; they are in no sum."""
    sql = f'SELECT id FROM {bulk.quoted(part.record.table)} WHERE {part.test}"_hs" = 0 AND ("_life" & 1) = 1 LIMIT ?'  # noqa: S608 - our names
    return [id_ for (id_,) in bulk.run(connection, sql, *part.values, limit)]


def keep(connection: Connection, fresh: Fresh) -> None:
    """Put sums away in the caller's write transaction. Where somebody else was quicker, his are as good."""
    if state.get(connection, FORM) != fresh.form:
        forget(connection)
        state.put(connection, FORM, fresh.form)
    for (type_, owner), (before, upto, found) in fresh.parts.items():
        if _position(connection, type_, owner) == before:
            rows = [(type_, owner, each.name, each.count, f"{each.total:032x}", upto) for each in found.values()]
            bulk.upsert(connection, DIGEST, _COLUMNS, rows)


def forget(connection: Connection) -> None:
    """Throw all sums away: the places of the rows they are of have another meaning from now on."""
    bulk.run_only(connection, "DELETE FROM digest")


@dataclass(frozen=True, slots=True)
class Reread:
    """Buckets read again although nothing should have changed: which had, and where to go on (None: that was all)."""

    touched: tuple[tuple[str, str, str], ...]  # record type, owner, bucket
    rows: int
    cursor: tuple[str, str, str] | None
    fresh: Fresh


def reread(
    connection: Connection, node: Node, after: tuple[str, str, str] | None = None, rows_max: int | None = None
) -> Reread:
    """Read kept buckets anew, behind ``after`` and up to about ``rows_max`` rows, and hold them against what is kept.

    A bucket that has changed along with the hub's order is passed over: its sum is worked out when it is asked for.
    So is one in which somebody has just written: his row gets its new place from headquarters.
    """
    fresh, touched, seen, cursor = Fresh(node.tables.digest), list[tuple[str, str, str]](), 0, None
    if state.get(connection, FORM) != fresh.form:
        return Reread((), 0, None, fresh)
    corrected: dict[Place, dict[str, Sum]] = {}
    moving: dict[Place, set[str]] = {}
    unsent = set() if node.is_hub else log.unsent_records(connection)
    written = {(type_, id_[:BUCKET_CHARS]) for type_, id_ in unsent}
    for type_, owner, bucket, count, total in _after(connection, after):
        if rows_max is not None and seen >= rows_max:
            break
        cursor = (type_, owner, bucket)
        part = Part(node.catalog.records[type_], owner, '"_store" = ? AND ' if owner else "", (owner,) if owner else ())
        if (type_, owner) not in moving:
            moving[type_, owner] = set(_moved(connection, part, _position(connection, type_, owner)))
        now = _read(connection, part, bucket)
        seen += now.count
        told = bucket in moving[type_, owner] or (type_, bucket) in written
        if not told and (now.count, now.total) != (count, int(total, 16)):
            touched.append((type_, owner, bucket))
            corrected.setdefault((type_, owner), {})[bucket] = now
    else:
        cursor = None
    for (type_, owner), found in corrected.items():
        upto = _position(connection, type_, owner)
        fresh.parts[type_, owner] = (upto, upto, _with_whole(connection, type_, owner, found))
    return Reread(tuple(touched), seen, cursor, fresh)


def _whole(connection: Connection, part: Part, fresh: Fresh) -> Sum:
    """Return the sum of a part; what had to be read for it goes into ``fresh``."""
    type_, owner = part.record.key, part.owner
    known = state.get(connection, FORM) == fresh.form
    before = _position(connection, type_, owner) if known else 0
    now = _newest(connection, part)
    if now > before:
        if before:
            changed = {name: _read(connection, part, name) for name in _moved(connection, part, before)}
            found = _with_whole(connection, type_, owner, changed)
        else:
            found = _added(connection, part)
            found[WHOLE] = _summed(found)
        fresh.parts[type_, owner] = (before, now, found)
        return found[WHOLE]
    whole = bulk.by_key(connection, "digest", ("count", "total"), _COLUMNS[:3], type_, owner, WHOLE) if known else []
    return Sum(WHOLE, whole[0][0], int(whole[0][1], 16)) if whole else Sum(WHOLE)


def _moved(connection: Connection, part: Part, before: int) -> list[str]:
    """Return the buckets in which rows have moved to a place after ``before``, also those deleted since."""
    bucket = f'substr("id", 1, {BUCKET_CHARS})'
    sql = f'SELECT DISTINCT {bucket} FROM {bulk.quoted(part.record.table)} WHERE {part.test}"_hs" > ?'  # noqa: S608 - our names
    return [name for (name,) in bulk.run(connection, sql, *part.values, before)]


def _read(connection: Connection, part: Part, bucket: str) -> Sum:
    found = Sum(bucket)
    for row in digest_rows(connection, part, bucket):
        found = found.plus(row.hash)
    return found


def _with_whole(connection: Connection, type_: str, owner: str, found: Mapping[str, Sum]) -> dict[str, Sum]:
    """Return the buckets with the whole they make, out of the whole as it is kept and what they were in it."""
    names = [WHOLE, *found]
    kept = bulk.select(
        connection, DIGEST, ("bucket", "count", "total"), "bucket", names, " AND type = ? AND part = ?", type_, owner
    )
    was = {name: Sum(name, count, int(total, 16)) for name, count, total in kept}
    whole = was.get(WHOLE, Sum(WHOLE))
    count = whole.count + sum(each.count - was.get(name, Sum(name)).count for name, each in found.items())
    total = whole.total + sum(each.total - was.get(name, Sum(name)).total for name, each in found.items())
    return {**found, WHOLE: Sum(WHOLE, count, total % MODULUS)}


def _added(connection: Connection, part: Part) -> dict[str, Sum]:
    """Return the buckets of a part, all of it read."""
    found: dict[str, Sum] = {}
    for row in digest_rows(connection, part):
        name = row.id[:BUCKET_CHARS]
        found[name] = found.get(name, Sum(name)).plus(row.hash)
    return found


def _summed(found: Mapping[str, Sum]) -> Sum:
    count, total = sum(each.count for each in found.values()), sum(each.total for each in found.values())
    return Sum(WHOLE, count, total % MODULUS)


def _newest(connection: Connection, part: Part) -> int:
    sql = f'SELECT max("_hs") FROM {bulk.quoted(part.record.table)} WHERE {part.test}1 = 1'  # noqa: S608 - our names
    return int(bulk.run(connection, sql, *part.values)[0][0] or 0)


def _position(connection: Connection, type_: str, owner: str) -> int:
    found = bulk.by_key(connection, "digest", ("upto",), _COLUMNS[:3], type_, owner, WHOLE)
    return int(found[0][0]) if found else 0


def _kept(connection: Connection, part: Part, form: str) -> dict[str, Sum]:
    if state.get(connection, FORM) != form:
        return {}
    rows = bulk.by_key(
        connection, "digest", ("bucket", "count", "total"), ("type", "part"), part.record.key, part.owner
    )
    return {name: Sum(name, count, int(total, 16)) for name, count, total in rows}


def _after(connection: Connection, after: tuple[str, str, str] | None) -> Sequence[bulk.Values]:
    sql = (
        "SELECT type, part, bucket, count, total FROM digest WHERE bucket <> '' AND (type, part, bucket) > (?, ?, ?) "
        "ORDER BY type, part, bucket"
    )
    return bulk.run(connection, sql, *(after or ("", "", "")))
