"""Twenty branches that come to headquarters at once, each in a process of its own."""

from __future__ import annotations

from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median

from benchmarks import joined, workbench

BRANCHES = 20


def run(count: int) -> list[tuple[str, str]]:
    """Let twenty branches send ``count`` records between them, all at the same moment."""
    each = count // BRANCHES
    with workbench.folder() as path, workbench.plain_table(path / "plain.db") as plain:
        rows = workbench.plain_rows(count)
        stores = [f"s{n:03}" for n in range(1, BRANCHES + 1)]
        branches = [workbench.open_node(path, store, joined.NOWHERE) for store in stores]
        for branch in branches:
            joined.fill(branch, 0, each)
        with joined.serving(path, branches):
            for branch in branches:
                branch.database.close()
            plain_s = workbench.seconds(lambda: workbench.insert(plain, rows))
            whole, spent = _all_at_once(path, stores)
    return [
        (f"records per second, {BRANCHES} branches with {each:,} each at once", f"{count / whole:,.0f}"),
        ("plain executemany of the same rows per second", f"{count / plain_s:,.0f}"),
        ("ratio", f"{plain_s / whole:.1%}"),
        ("the slowest branch against the median", f"{max(spent) / median(spent):.1f} x"),
    ]


def _all_at_once(path: Path, stores: list[str]) -> tuple[float, list[float]]:
    """Return how long it took until all had sent everything, and how long each of them took."""
    context = get_context("fork")
    ready, told = context.Barrier(len(stores) + 1), context.Queue()
    senders = [context.Process(target=_send, args=(path, store, ready, told)) for store in stores]
    for sender in senders:
        sender.start()
    ready.wait()
    spent: list[float] = []
    whole = workbench.seconds(lambda: spent.extend(told.get() for _ in senders))
    for sender in senders:
        sender.join()
    return whole, spent


def _send(path: Path, store: str, ready: Barrier, told: Queue[float]) -> None:
    branch = workbench.open_node(path, store, joined.NOWHERE)
    ready.wait()
    told.put(joined.send(branch).seconds)
    branch.database.close()
