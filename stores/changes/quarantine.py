"""Changes that could not be merged: stored, acknowledged, visible, retried; what follows on the same record waits.

Only the record waits. One bad change that held up everything behind it would stop a shop for one typing mistake.

Nothing is tried again without a reason, or a branch that sends rubbish could keep headquarters busy with it. The record
or the person that a change waits for has arrived (``behind``); time has passed for what may go through by itself, ever
more of it after every try (``due``); plugins have changed, or somebody asks: then all of it is due.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection

from core.host.catalog import Catalog
from core.model.change import Entry
from core.model.clock import iso
from core.model.errors import Problem, Text
from core.model.values import canonical_json
from stores.changes import log
from stores.changes.feed import StateRow
from stores.node import Node
from stores.storage import bulk
from stores.storage.system import QUARANTINE

Key = tuple[str, str]  # record type, record id
DeedKey = tuple[str, str]  # the log that an action stands in, and its transaction
WAITING = Problem(
    "waits-behind",
    Text("an earlier change of the same record is in quarantine", "同一记录的较早更改尚在隔离中"),
    fix=Text("it goes on by itself once the earlier one is merged", "较早的更改合并后会自动继续"),
)
UNKNOWN_TYPE = "unknown-type"
UNKNOWN_STATE = "unknown-state"
_PATIENT = (UNKNOWN_TYPE, UNKNOWN_STATE)  # nothing is wrong with what waits for these reasons
MISSING, NOT_HIS_NAME, NOT_HIS_POST = "record-missing", "not-in-this-name", "not-his-post"
MERGE_FAILED = "merge-failed"  # a hook or the database said no, and may say yes later
_OF_RECORD, _OF_PERSON = frozenset({MISSING, WAITING.code}), frozenset({NOT_HIS_NAME, NOT_HIS_POST})
_BY_ITSELF = _OF_RECORD | _OF_PERSON | {MERGE_FAILED}  # of all else, what was sent is wrong and stays so
_FIRST_MIN, _LAST_MIN = 1, 15  # minutes until a change is tried again by itself: doubled after every try
DUE_MAX = 200  # actions of one store that are tried again at once: no store gets in the way of another
_CELLS = 10  # of a parked row; the version it was written in stands behind them
_COLUMNS = (
    "origin", "seq", "tx", "type", "pk", "actor", "hlc", "base_hs", "entry", "why", "kept_at", "tries", "next_at",
)  # fmt: skip
_LINES = "SELECT origin, seq, type, pk, why, kept_at, tries, tx, entry FROM quarantine"
_DOWN = "down/"  # begins the origin of a row from headquarters that is parked here
_DOWN_END = "down0"  # the first text after all that begin so


@dataclass(frozen=True, slots=True)
class Kept:
    """One line of the quarantine as a person sees it. ``origin`` is the log it came from, or the record it parks.

    ``tx`` is the action it belongs to: all lines of one action are held back together. ``sender`` is the store that
    sent it, empty for what came down from headquarters.
    """

    origin: str
    seq: int
    type: str
    pk: str
    code: str
    why: Text
    kept_at: str
    tries: int
    tx: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """One action that is held back: since when, whose log it stands in, where it begins there, and its name."""

    kept_at: str
    origin: str
    seq: int
    tx: str


class Tried(NamedTuple):
    """How often a change has been tried, this time included, and since when it has been held back (a cell)."""

    times: int = 1
    since: str = ""


NEW = Tried()


@dataclass(frozen=True, slots=True)
class Stuck:
    """A log line that waits, the store that sent it, and how often it has been tried until now."""

    entry: Entry
    sender: str
    tried: Tried


def keep(
    connection: Connection, node: Node, entries: Sequence[Entry], sender: str, problem: Problem, tried: Tried = NEW
) -> None:
    """Put lines of the log into quarantine with the reason."""
    now, why, by = node.now(), _why(problem), canonical_json(sender)
    since, after = tried.since or iso(now), _next(problem, now, tried.times)
    rest = (by, why, since, tried.times, after)
    rows = [(e.origin, e.seq, e.tx, e.type, e.pk, e.actor, e.hlc, e.base_hs, *rest) for e in entries]
    bulk.upsert(connection, QUARANTINE, _COLUMNS, rows)


def take(connection: Connection, deeds: Collection[DeedKey]) -> list[Stuck]:
    """Take the log lines of some actions out, to be tried again now, in the order in which they happened."""
    columns = ", ".join(f'log."{name}"' for name in log.COLUMNS)
    sql = (
        f"SELECT {columns}, q.base_hs, q.entry, q.tries, q.kept_at FROM quarantine AS q "  # noqa: S608 - names of our own
        "JOIN log ON log.origin = q.origin AND log.seq = q.seq WHERE q.origin = ? AND q.tx = ?"
    )
    found = [row for deed in deeds for row in bulk.run(connection, sql, *deed)]
    bulk.delete_all(connection, QUARANTINE, ("origin", "tx"), list(deeds))
    stuck = [_stuck(*row) for row in found]
    return sorted(stuck, key=lambda each: _place(each.entry))


def behind(connection: Connection, arrived: Iterable[Key], people: Iterable[str], limit: int) -> list[DeedKey]:
    """Return up to ``limit`` actions that wait for one of the records that have arrived, or for a word about people.

    Of one record those that were done first.
    """
    sql = "SELECT origin, tx, why FROM quarantine WHERE type = ? AND pk = ? ORDER BY hlc, origin, seq LIMIT ?"
    found = dict[DeedKey, None]()
    for key in sorted(waiting(connection, arrived)):
        lines = bulk.run(connection, sql, *key, limit)
        found.update({(origin, tx): None for origin, tx, why in lines if _code(why) in _OF_RECORD})
        if len(found) >= limit:
            break
    of_people = bulk.select(connection, QUARANTINE, ("origin", "tx", "why"), "actor", set(people))
    found.update({(origin, tx): None for origin, tx, why in of_people if _code(why) in _OF_PERSON})
    return list(found)[:limit]


def due(connection: Connection, now: datetime, limit: int = DUE_MAX) -> list[DeedKey]:
    """Return actions that are to be tried again by now: of every store up to ``limit``, those that are due longest."""
    at, found = iso(now), list[DeedKey]()
    sql = (
        "SELECT origin, tx FROM quarantine WHERE entry = ? AND next_at <= ? GROUP BY origin, tx"
        " ORDER BY min(next_at), min(hlc), origin LIMIT ?"
    )
    for (sender,) in bulk.run(connection, "SELECT DISTINCT entry FROM quarantine WHERE next_at <= ?", at):
        found += [(origin, tx) for origin, tx in bulk.run(connection, sql, sender, at, limit)]
    return found


def all_due(connection: Connection, now: datetime) -> None:
    """Let everything be tried again, whatever it waits for: plugins have changed, or a person asks."""
    sql = "UPDATE quarantine SET next_at = ? WHERE NOT (origin >= ? AND origin < ?)"
    bulk.run_only(connection, sql, iso(now), _DOWN, _DOWN_END)


def drop(connection: Connection, origin: str, tx: str) -> int:
    """Take the lines of one action out for good; return how many there were."""
    there = bulk.run(connection, "SELECT count(*) FROM quarantine WHERE origin = ? AND tx = ?", origin, tx)
    bulk.run_only(connection, "DELETE FROM quarantine WHERE origin = ? AND tx = ?", origin, tx)
    return int(there[0][0])


def park(
    connection: Connection,
    node: Node,
    rows: Sequence[StateRow],
    versions: Mapping[str, str],
    problem: Callable[[Catalog, str], Problem],
) -> None:
    """Keep rows from headquarters that the plugins here cannot read yet; of one record the latest.

    ``problem`` says of a record type why: no plugin knows the type, or the one that does is too old for a row.
    ``versions`` are those of headquarters' plugins: when the rows are read, it counts how they were written.
    """
    at, kept = iso(node.now()), []
    for row in rows:
        cells = [row.type, row.id, row.store, row.life, row.hs, row.at, row.by, row.m, row.cells, row.x]
        text = canonical_json([*cells, versions.get(row.type.partition(".")[0])])
        why = _why(problem(node.catalog, row.type))
        key = (f"{_DOWN}{row.type}/{row.id}", 0, "", row.type, row.id)
        kept.append((*key, None, None, None, text, why, at, 1, None))
    bulk.upsert(connection, QUARANTINE, _COLUMNS, kept)


def unpark(connection: Connection, known: Collection[str]) -> Mapping[tuple[str, str | None], Sequence[StateRow]]:
    """Take out the parked rows whose type is ``known`` now, in the order of headquarters.

    Returns them by plugin and by the version in which headquarters wrote them (None: it was not noted).
    """
    sql = "SELECT type, origin, entry FROM quarantine WHERE origin >= ? AND origin < ?"
    found = [row for row in bulk.run(connection, sql, _DOWN, _DOWN_END) if row[0] in known]
    for _, origin, _ in found:
        bulk.run_only(connection, "DELETE FROM quarantine WHERE origin = ?", origin)
    written: dict[tuple[str, str | None], list[StateRow]] = defaultdict(list)
    for _, _, text in found:
        cells = json.loads(text)
        row = StateRow(*cells[:_CELLS])
        written[row.type.partition(".")[0], *cells[_CELLS:] or (None,)].append(row)
    return {key: sorted(rows, key=lambda row: (row.hs, row.type, row.id)) for key, rows in written.items()}


def waiting(connection: Connection, records: Iterable[Key]) -> set[Key]:
    """Return those of ``records`` that have a change in quarantine. It is mostly empty: then one look is all."""
    if is_empty(connection):
        return set()
    keys = set(records)
    rest = " AND NOT (origin >= ? AND origin < ?)"
    pks = {pk for _, pk in keys}
    found = bulk.select(connection, QUARANTINE, ("type", "pk"), "pk", pks, rest, _DOWN, _DOWN_END)
    return {(row[0], row[1]) for row in found} & keys


def is_empty(connection: Connection) -> bool:
    """Say whether nothing is in quarantine, as is mostly so."""
    return not bulk.run(connection, "SELECT 1 FROM quarantine LIMIT 1")


def only_missing(connection: Connection, type_: str, pk: str) -> bool:
    """Say whether what is in quarantine about a record waits for nothing but that it is created."""
    lines = bulk.run(connection, "SELECT DISTINCT why FROM quarantine WHERE type = ? AND pk = ?", type_, pk)
    return {_code(why) for (why,) in lines} <= _OF_RECORD


def waiting_before(connection: Connection, entries: Iterable[Entry]) -> set[Key]:
    """Return the records of one action that is tried again of which an earlier change of its log is in quarantine.

    What another log says of a record is merged in any order. By clocks, of which one may be slow, two actions could
    wait for each other for ever.
    """
    sql = "SELECT 1 FROM quarantine WHERE type = ? AND pk = ? AND origin = ? AND seq < ? LIMIT 1"
    return {(e.type, e.pk) for e in entries if bulk.run(connection, sql, e.type, e.pk, e.origin, e.seq)}


def listed(connection: Connection) -> list[Kept]:
    """Return what is in quarantine, oldest first, for the status page."""
    return [_line(row) for row in bulk.run(connection, f"{_LINES} ORDER BY kept_at, origin, seq")]


def latest(connection: Connection, limit: int) -> list[Kept]:
    """Return up to ``limit`` lines of the quarantine, the latest first."""
    sql = f"{_LINES} ORDER BY kept_at DESC, origin DESC, seq DESC LIMIT ?"
    return [_line(row) for row in bulk.run(connection, sql, limit)]


def of_deed(connection: Connection, origin: str, tx: str) -> list[Kept]:
    """Return the lines of one action that are held back, in the order in which its origin wrote them."""
    sql = f"{_LINES} WHERE origin = ? AND tx = ? ORDER BY seq"
    return [_line(row) for row in bulk.run(connection, sql, origin, tx)]


def lines_of(connection: Connection, origin: str, first: int, last: int) -> set[int]:
    """Return which lines of a log, from ``first`` to ``last``, are held back."""
    sql = "SELECT seq FROM quarantine WHERE origin = ? AND seq BETWEEN ? AND ?"
    return {int(seq) for (seq,) in bulk.run(connection, sql, origin, first, last)}


def deeds(connection: Connection, limit: int, sender: str = "", after: Deed | None = None) -> list[Deed]:
    """Return up to ``limit`` actions that are held back here, the oldest first; of one store, behind ``after``."""
    asked, values = _sent_by(sender)
    behind = " HAVING (min(kept_at), origin, min(seq)) > (?, ?, ?)" if after else ""
    sql = (
        f"SELECT min(kept_at), origin, min(seq), tx FROM quarantine WHERE {asked} GROUP BY origin, tx{behind} "  # noqa: S608 - names of our own
        "ORDER BY min(kept_at), origin, min(seq) LIMIT ?"
    )
    place = (after.kept_at, after.origin, after.seq) if after else ()
    return [Deed(*row) for row in bulk.run(connection, sql, *values, *place, limit)]


def deed_count(connection: Connection, sender: str = "") -> int:
    """Return how many actions are held back here, of one store or of all."""
    asked, values = _sent_by(sender)
    sql = f"SELECT count(*) FROM (SELECT DISTINCT origin, tx FROM quarantine WHERE {asked}) AS deeds"  # noqa: S608 - names of our own
    return int(bulk.run(connection, sql, *values)[0][0])


def counts(connection: Connection) -> tuple[int, int]:
    """Return how many changes could not be merged, and how many only wait for a plugin or a newer version of it."""
    patient = " OR ".join(["why LIKE ?"] * len(_PATIENT))
    sql = f"SELECT count(*), count(CASE WHEN {patient} THEN 1 END) FROM quarantine"  # noqa: S608 - only marks
    every, parked = bulk.run(connection, sql, *(f'{{"code":"{code}",%' for code in _PATIENT))[0]
    return int(every) - int(parked), int(parked)


def by_sender(connection: Connection) -> dict[str, int]:
    """Return how many log lines of each store are in quarantine here."""
    sql = "SELECT entry, count(*) FROM quarantine WHERE NOT (origin >= ? AND origin < ?) GROUP BY entry"
    return {json.loads(sender): int(n) for sender, n in bulk.run(connection, sql, _DOWN, _DOWN_END)}


def count(connection: Connection) -> int:
    """Return how many changes are in quarantine."""
    return int(bulk.run(connection, "SELECT count(*) FROM quarantine")[0][0])


WAYS_OUT: Mapping[str, Text] = {  # what to do about lines that are held back for such a reason
    UNKNOWN_TYPE: Text(
        "install or update the plugin; the change is merged by itself then", "安装或更新插件后将自动合并"
    ),
    UNKNOWN_STATE: Text(
        "update the plugin here; until then the record stays as it is, and is brought up to date by itself then",
        "请更新本节点的插件；在此之前该记录保持原样，更新后将自动同步",
    ),
}


def unknown_type(catalog: Catalog, key: str) -> Problem:
    """Return why a change of a type that no plugin here declares is parked: by its business, as far as it is known."""
    name = key.partition(".")[0]
    plugin = catalog.plugins.get(name)
    what = Text(f"the plugin `{name}` does not run on this node", f"本节点没有运行插件 `{name}`")
    if plugin is not None:
        what = Text(
            f"{plugin.label.en}, in the version of this node, has no records of this kind",
            f"本节点的“{plugin.label.zh}”版本没有此类记录",
        )
    return Problem(UNKNOWN_TYPE, what, fix=WAYS_OUT[UNKNOWN_TYPE])


def unknown_state(catalog: Catalog, key: str) -> Problem:
    """Return why a row of a known type is parked: headquarters' newer version has states that this one has not."""
    label = catalog.records[key].label
    return Problem(
        UNKNOWN_STATE,
        Text(
            f"{label.en}: a record came in a state that this node's version of the plugin does not have",
            f"{label.zh}：收到的记录处于本节点插件版本没有的状态",
        ),
        fix=WAYS_OUT[UNKNOWN_STATE],
    )


def _sent_by(sender: str) -> tuple[str, tuple[str, ...]]:
    """Return the condition on lines that a store sent, or any store, with its values."""
    own = "NOT (origin >= ? AND origin < ?)"
    return (f"{own} AND entry = ?", (_DOWN, _DOWN_END, canonical_json(sender))) if sender else (own, (_DOWN, _DOWN_END))


def _stuck(*row: Any) -> Stuck:
    *line, base_hs, sender, tries, kept_at = row
    entry = log.from_row(line)
    proven = entry if base_hs is None else entry._replace(base_hs=base_hs)
    return Stuck(proven, json.loads(sender), Tried(tries, kept_at))


def _line(row: bulk.Values) -> Kept:
    origin, seq, type_, pk, why, kept_at, tries, tx, entry = row
    told, down = json.loads(why), origin.startswith(_DOWN)
    sender = "" if down else json.loads(entry)
    return Kept(origin, seq, type_, pk, told["code"], Text(told["en"], told["zh"]), kept_at, tries, tx, sender)


def _next(problem: Problem, now: datetime, tries: int) -> str | None:
    """Return when a change that was tried so often is tried again by itself; None: only when plugins have changed or a
    person asks."""
    if problem.code not in _BY_ITSELF:
        return None
    return iso(now + timedelta(minutes=min(_LAST_MIN, _FIRST_MIN << min(tries - 1, 10))))


def _place(entry: Entry) -> tuple[int, str, int]:
    return entry.hlc, entry.origin, entry.seq


def _code(why: str) -> str:
    return str(json.loads(why)["code"])


def _why(problem: Problem) -> str:
    return canonical_json({"code": problem.code, "en": problem.what.en, "zh": problem.what.zh})
