"""Actions in the node against plain one-row transactions, both durable (``synchronous=FULL``), in turn."""

from __future__ import annotations

from benchmarks import workbench
from stores.actor import Actor
from stores.acts.act import act
from stores.acts.calls import Call
from stores.acts.many import Batch
from stores.node import Node

CLERK = Actor("0" * 32, "s001", frozenset({"clerk"}), "clerk")
ROUND = 100
IMPORT = 1_000  # rows in one transaction


def run(count: int) -> list[tuple[str, str]]:
    """Measure ``count`` actions of each side in rounds of a hundred, so that a change of pace meets both."""
    spent = {"node": 0.0, "plain": 0.0}
    with workbench.folder() as path, workbench.plain_table(path / "plain.db") as plain:
        node = workbench.open_node(path, "s001", "http://127.0.0.1:1")
        rows = workbench.plain_rows(count)
        for start in range(0, count, ROUND):
            spent["node"] += workbench.seconds(lambda first=start: _act(node, first))  # type: ignore[misc]
            batch = rows[start : start + ROUND]
            spent["plain"] += workbench.seconds(
                lambda batch=batch: [workbench.insert(plain, [row]) for row in batch]  # type: ignore[misc]
            )
        imported = workbench.seconds(lambda: _import(node, count))
        plain_s = workbench.seconds(lambda: workbench.insert(plain, [(f"i{row[0]}", *row[1:]) for row in rows]))
        node.database.close()
    return [
        ("actions per second in the node (check, record, log, hash, timer; FULL)", f"{count / spent['node']:,.0f}"),
        ("plain one-row transactions per second (FULL)", f"{count / spent['plain']:,.0f}"),
        ("ratio", f"{spent['plain'] / spent['node']:.1%}"),
        (f"rows imported per second, an action each, {IMPORT:,} in a transaction", f"{count / imported:,.0f}"),
        ("plain executemany of the same rows per second", f"{count / plain_s:,.0f}"),
        ("ratio", f"{plain_s / imported:.1%}"),
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
