"""Changes that could not be merged: stored, acknowledged, visible, retried; what follows on the same record waits.

Only the record waits. One bad change that held up everything behind it would stop a shop for one typing mistake.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

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
WAITING = Problem(
    "waits-behind",
    Text("an earlier change of the same record is in quarantine", "同一记录的较早更改尚在隔离中"),
    fix=Text("it goes on by itself once the earlier one is merged", "较早的更改合并后会自动继续"),
)
UNKNOWN_TYPE = "unknown-type"
UNKNOWN_STATE = "unknown-state"
_PATIENT = (UNKNOWN_TYPE, UNKNOWN_STATE)  # nothing is wrong with what waits for these reasons
_CELLS = 10  # of a parked row; the version it was written in stands behind them
_COLUMNS = ("origin", "seq", "tx", "type", "pk", "entry", "why", "kept_at", "tries")
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


@dataclass(frozen=True, slots=True)
class Stuck:
    """A log line that waits, the store that sent it, and how often it has been tried."""

    entry: Entry
    sender: str
    tries: int


def keep(
    connection: Connection, node: Node, entries: Sequence[Entry], sender: str, problem: Problem, tries: int = 1
) -> None:
    """Put lines of the log into quarantine with the reason."""
    at, why = iso(node.now()), _why(problem)
    rows = [(e.origin, e.seq, e.tx, e.type, e.pk, canonical_json(sender), why, at, tries) for e in entries]
    bulk.upsert(connection, QUARANTINE, _COLUMNS, rows)


def take(connection: Connection) -> list[Stuck]:
    """Take all log lines out, to be tried again now, in the order in which their origins wrote them."""
    columns = ", ".join(f'log."{name}"' for name in log.COLUMNS)
    sql = (
        f"SELECT {columns}, q.entry, q.tries FROM quarantine AS q "  # noqa: S608 - names of our own
        "JOIN log ON log.origin = q.origin AND log.seq = q.seq ORDER BY log.hlc, log.origin, log.seq"
    )
    found = bulk.run(connection, sql)
    bulk.run_only(connection, "DELETE FROM quarantine WHERE NOT (origin >= ? AND origin < ?)", _DOWN, _DOWN_END)
    return [Stuck(log.from_row(row[:-2]), json.loads(row[-2]), row[-1]) for row in found]


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
        kept.append((f"{_DOWN}{row.type}/{row.id}", 0, "", row.type, row.id, text, why, at, 1))
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
    if not bulk.run(connection, "SELECT 1 FROM quarantine LIMIT 1"):
        return set()
    keys = set(records)
    rest = " AND NOT (origin >= ? AND origin < ?)"
    pks = {pk for _, pk in keys}
    found = bulk.select(connection, QUARANTINE, ("type", "pk"), "pk", pks, rest, _DOWN, _DOWN_END)
    return {(row[0], row[1]) for row in found} & keys


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


def _line(row: bulk.Values) -> Kept:
    origin, seq, type_, pk, why, kept_at, tries, tx, entry = row
    told, down = json.loads(why), origin.startswith(_DOWN)
    sender = "" if down else json.loads(entry)
    return Kept(origin, seq, type_, pk, told["code"], Text(told["en"], told["zh"]), kept_at, tries, tx, sender)


def _why(problem: Problem) -> str:
    return canonical_json({"code": problem.code, "en": problem.what.en, "zh": problem.what.zh})
