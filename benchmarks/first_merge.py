"""The first merge of a full branch into headquarters: log, frames, HTTP, checks, merge, against plain executemany."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from app.bootstrap import Surroundings
from benchmarks import served, workbench
from stores.changes import log
from stores.changes.commit import Deed, Edit, commit_on
from stores.node import Node
from stores.storage import counters
from sync import keys
from sync.enrolment import enrol, invite
from sync.link import HttpLink
from sync.push import push
from sync.round import greet

BATCH = 5_000


def run(count: int) -> list[tuple[str, str]]:
    """Fill a branch with ``count`` records, one transaction each, and let a headquarters process take them over."""
    with workbench.folder() as path, workbench.plain_table(path / "plain.db") as plain:
        rows = workbench.plain_rows(count)
        branch = workbench.open_node(path, "s001", "http://127.0.0.1:1")
        for first in range(0, count, BATCH):
            fill(branch, first, min(BATCH, count - first))
        hub = workbench.open_node(path, "hq", None)
        dice = Surroundings().dice
        code = invite(hub, "s001", dice=dice).code
        hub.database.close()
        with served.serving(served.write_settings(path, "hq")) as url:
            enrol(branch, url, code, dice=dice)
            half = count // 2 // BATCH * BATCH or count
            plain_s = workbench.seconds(lambda: workbench.insert(plain, rows[:half]))
            spent = workbench.seconds(lambda: _push(branch))
            plain_s += workbench.seconds(lambda: workbench.insert(plain, rows[half:]))
        with branch.database.read() as connection:
            left, _ = log.unsent(connection)
        assert left == 0, f"{left} changes were not taken over"
        sizes = [workbench.database_bytes(path / name) for name in ("hq.db", "plain.db")]
        branch.database.close()
    return [
        (f"records per second, first merge of {count:,} over HTTP", f"{count / spent:,.0f}"),
        ("plain executemany of the same rows per second", f"{count / plain_s:,.0f}"),
        ("ratio", f"{plain_s / spent:.1%}"),
        ("headquarters' database with its log against the plain table", f"{sizes[0] / sizes[1]:.1f} x"),
    ]


def fill(node: Node, first: int, count: int) -> None:
    """Write ``count`` parcels of store s001, a transaction each."""
    record = node.catalog.records["parcels.parcel"]
    now = node.now()
    with node.database.write() as connection:
        standing = counters.load(connection, node)
        for n in range(first, first + count):
            given = workbench.parcel(n)
            cells = given | {"price": (n % 300) * 100 + 50, "state": "waiting"}
            deed = Deed(node.new_id(), "parcels.parcel.receive", "clerk", now)
            commit_on(connection, node, standing, deed, [Edit(record, node.new_id(), "s001", "create", cells)])
        counters.save(connection, standing)


def _push(node: Node) -> None:
    with node.database.read() as connection:
        upstream = keys.upstream(connection)
    assert upstream is not None
    link = HttpLink(upstream.url, upstream.token)
    answer, _ = greet(node, link)
    with ThreadPoolExecutor(1) as helper:
        push(node, link, answer.head, answer.limits, helper)
    link.close()
