"""What every measurement stands on: nodes with real databases in a folder that is thrown away, and the plain rival."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from app.bootstrap import Surroundings
from app.ids import IdMaker
from core.host.host import Host
from core.model.clock import HybridClock
from stores.node import Node
from stores.storage import identity
from stores.storage.database import Database
from stores.storage.identity import Identity
from stores.storage.migrate import migrate

PLUGIN = """
plugin: parcels
version: 1.0.0
label: {en: Parcels, zh: 包裹}
roles: {clerk: {label: {en: Clerk, zh: 员工}}}
records:
  parcel:
    label: {en: Parcel, zh: 包裹}
    fields:
      name:   {type: text, required: true, label: {en: Name, zh: 姓名}}
      phone:  {type: phone, mask: last4, label: {en: Phone, zh: 电话}}
      weight: {type: int, label: {en: Weight in grams, zh: 重量（克）}}
      price:  {type: money, label: {en: Price, zh: 价格}}
      note:   {type: text, label: {en: Note, zh: 备注}}
    states: {waiting: {en: Waiting, zh: 待取}, taken: {en: Taken, zh: 已取}, late: {en: Late, zh: 逾期}}
    by: clerk
    actions:
      receive: {from: new, to: waiting, ask: [name, phone, weight, price, note], label: {en: Receive, zh: 接收}}
      correct: {ask: [name, phone, weight, price, note], label: {en: Correct, zh: 更正}}
      take:    {from: [waiting, late], to: taken, label: {en: Take, zh: 取走}}
      slip:    {from: waiting, to: late, by: system, label: {en: Late, zh: 逾期}}
    timers:
      week: {while: self.state == "waiting", due: '=end_of(today + 7d)', then: slip}
    sync: {scope: store, home: store}
"""
COLUMNS = ("id", "store", "state", "name", "phone", "weight", "price", "note")


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a folder with the plugin in it, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="branchline-bench-") as name:
        path = Path(name)
        (path / "plugins" / "parcels").mkdir(parents=True)
        (path / "plugins" / "parcels" / "plugin.yaml").write_text(PLUGIN, encoding="utf-8")
        yield path


def open_node(path: Path, store: str, upstream: str | None, url: str | None = None) -> Node:
    """Open a node of ``store`` with real clock, ids and disk (``synchronous=FULL``), on SQLite or at ``url``."""
    world = Surroundings()
    database = Database(url or f"sqlite:///{path / store}.db")
    host = Host([path / "plugins"], entry_points=False)
    assert not host.catalog.faults, host.catalog.faults
    migrate(database, host.catalog)
    who = Identity(store, 1, store, upstream)
    with database.write() as connection:
        identity.save(connection, who)
    new_id = IdMaker(world.now_ms, world.dice)
    clock = HybridClock(world.now_ms)
    zone = ZoneInfo("Asia/Shanghai")
    return Node(database, host, who, world.now, new_id, zone, world.mono, world.boot, clock)


def parcel(n: int) -> dict[str, object]:
    """Return the n-th parcel as a person would enter it."""
    return {
        "name": f"收件人{n % 5000}",
        "phone": f"138{n % 100_000_000:08}",
        "weight": 100 + n % 20_000,
        "price": f"{n % 300}.50",
        "note": f"货架 {n % 40}",
    }


def plain_rows(count: int) -> list[tuple[object, ...]]:
    """Return the same parcels as rows of a plain table."""
    made = ((f"{n:032x}", "s001", "waiting", parcel(n)) for n in range(count))
    return [
        (id, store, state, p["name"], p["phone"], p["weight"], (n % 300) * 100 + 50, p["note"])
        for n, (id, store, state, p) in enumerate(made)
    ]


@contextmanager
def plain_table(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a plain SQLite table of the same columns: WAL, FULL, nothing else."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"CREATE TABLE parcel ({COLUMNS[0]} TEXT PRIMARY KEY, {', '.join(COLUMNS[1:])})")
    try:
        yield connection
    finally:
        connection.close()


def insert(connection: sqlite3.Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows with one executemany in one transaction."""
    marks = ", ".join("?" for _ in COLUMNS)
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(f"INSERT INTO parcel VALUES ({marks})", rows)
    connection.execute("COMMIT")


def seconds(work: Callable[[], object]) -> float:
    """Return how long ``work`` takes on the wall clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def processor_seconds(work: Callable[[], object]) -> float:
    """Return the processor time of ``work`` in this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def both_seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return how long ``work`` takes on the wall clock, and of the processor in this process."""
    start, own = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - own


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def database_bytes(path: Path) -> int:
    """Return the size of a SQLite database, what still lies in its log included."""
    with closing(sqlite3.connect(path)) as connection:
        return int(
            connection.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()[0]
        )
