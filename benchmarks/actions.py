"""Actions in the node against plain one-row transactions, both durable (``synchronous=FULL``), in turn.

Garbage is collected as in a node that serves.
"""

from __future__ import annotations

from benchmarks import floor, workbench
from stores.actor import Actor
from stores.acts.act import act
from stores.acts.calls import Call
from stores.acts.many import Batch
from stores.node import Node

CLERK = Actor("0" * 32, "s001", frozenset({"clerk"}), "clerk")
ROUND = 100
IMPORT = 1_000  # rows in one transaction
ALONE = "hash, log line and record alone"
BESIDE = "hash, log line, record, timer, clock and head"


def run(count: int) -> list[tuple[str, str]]:
    """Measure ``count`` actions of each side in rounds of a hundred, so that a change of pace meets both."""
    spent, busy = {"node": 0.0, "plain": 0.0}, {"node": 0.0, "plain": 0.0}
    with workbench.folder() as path, workbench.plain_table(path / "plain.db") as plain:
        node = workbench.open_node(path, "s001", "http://127.0.0.1:1")
        rows = workbench.plain_rows(count)
        for_acts = floor.before(path / "s001.db", "acts")
        for start in range(0, count, ROUND):
            batch = rows[start : start + ROUND]
            for side, work in (
                ("node", lambda first=start: _act(node, first)),  # type: ignore[misc]
                ("plain", lambda batch=batch: [workbench.insert(plain, [row]) for row in batch]),  # type: ignore[misc]
            ):
                seconds, processor = workbench.both_seconds(work)
                spent[side] += seconds
                busy[side] += processor
        again_acts = floor.before(for_acts, "beside")
        least = floor.row_by_row(path / "s001.db", for_acts, 1)
        least_beside = floor.row_by_row(path / "s001.db", again_acts, 1, beside=True)
        for_import = floor.before(path / "s001.db", "import")
        imported, importing = workbench.both_seconds(lambda: _import(node, count))
        again = [(f"i{row[0]}", *row[1:]) for row in rows]
        plain_s, plain_cpu = workbench.both_seconds(lambda: workbench.insert(plain, again))
        again_import = floor.before(for_import, "beside")
        least_import = floor.row_by_row(path / "s001.db", for_import, IMPORT)
        least_import_beside = floor.row_by_row(path / "s001.db", again_import, IMPORT, beside=True)
        node.database.close()
    each = [f"{busy[side] / count * 1e6:.0f}" for side in ("node", "plain")]
    return [
        ("actions per second in the node (check, record, log, hash, timer; FULL)", f"{count / spent['node']:,.0f}"),
        ("plain one-row transactions per second (FULL)", f"{count / spent['plain']:,.0f}"),
        ("ratio", f"{spent['plain'] / spent['node']:.1%}"),
        ("microseconds of processor an action, and a plain row", " / ".join(each)),
        *least.told(ALONE, spent["plain"], busy["plain"]),
        *least_beside.told(BESIDE, spent["plain"], busy["plain"]),
        (f"rows imported per second, an action each, {IMPORT:,} in a transaction", f"{count / imported:,.0f}"),
        ("plain executemany of the same rows per second", f"{count / plain_s:,.0f}"),
        ("ratio", f"{plain_s / imported:.1%}"),
        (
            "microseconds of processor a row, and a plain one",
            f"{importing / count * 1e6:.0f} / {plain_cpu / count * 1e6:.1f}",
        ),
        *least_import.told(ALONE, plain_s, plain_cpu),
        *least_import_beside.told(BESIDE, plain_s, plain_cpu),
    ]


def _act(node: Node, first: int) -> None:
    record = node.catalog.records["parcels.parcel"]
    for n in range(first, first + ROUND):
        act(node, Call(record, "receive", CLERK, ask=workbench.parcel(n)))


def _import(node: Node, count: int) -> None:
    record = node.catalog.records["parcels.parcel"]
    for first in range(0, count, IMPORT):
        with node.database.write() as connection:
            batch = Batch(connection, node)
            for n in range(first, min(first + IMPORT, count)):
                batch.add(Call(record, "receive", CLERK, ask=workbench.parcel(n)))
            assert all(isinstance(result, tuple) for result in batch.results()), "none is refused"
