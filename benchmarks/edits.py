"""Edits of records that both sides hold: field by field, the same fields on both sides, and a round with no news."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from statistics import median

from benchmarks import floor, joined, workbench
from stores.node import Node
from stores.storage import bulk
from sync.branch.round import sync_round

ROUNDS = 100


def run(count: int) -> list[tuple[str, str]]:
    """Let a branch edit ``count`` records that headquarters knows, first alone, then while headquarters does too."""
    with workbench.folder() as path, workbench.plain_table(path / "plain.db") as plain:
        branch = workbench.open_node(path, joined.STORE, joined.NOWHERE)
        joined.fill(branch, 0, count)
        workbench.insert(plain, workbench.plain_rows(count))
        with joined.serving(path, [branch]) as url:
            joined.send(branch)
            joined.fetch(branch)
            known = joined.ids(branch)
            joined.update(branch, known, "更正")
            unaware = floor.before(path / "hq.db")
            plain_s = workbench.seconds(lambda: _plain_updates(plain, count))
            alone = joined.send(branch, url)
            plain_cpu = workbench.processor_seconds(lambda: _plain_updates(plain, count))
            least = floor.row_by_row(path / "hq.db", unaware)
            joined.fetch(branch)
            quiet = _quiet_rounds(branch)
        hub = workbench.open_node(path, "hq", None)
        joined.update(hub, known, "总部", 1_000_000)
        hub.database.close()
        unaware = floor.before(path / "hq.db")
        joined.update(branch, known, "门店", 2_000_000)
        with joined.serving_again(path, url) as same:
            both_plain_s = workbench.seconds(lambda: _plain_updates(plain, count))
            both = joined.send(branch, same)
        fields = count + count // 2
        conflicts = _count(path, "core_conflict")
        assert conflicts == fields, f"{conflicts} conflicts of {fields} fields"
        both_least = floor.row_by_row(path / "hq.db", unaware)
        branch.database.close()
    updates = "plain updates of the same fields by key per second"
    return [
        (f"updates per second, {count:,} of one or two fields, over HTTP", f"{count / alone.seconds:,.0f}"),
        (updates, f"{count / plain_s:,.0f}"),
        ("ratio", f"{plain_s / alone.seconds:.1%}"),
        alone.told(count, plain_cpu),
        ("ratio of the processor time of headquarters", f"{plain_cpu / alone.hub:.1%}"),
        *least.told("hash, log and records", plain_s, plain_cpu),
        ("bytes on the wire per update", f"{alone.bytes / count:.1f}"),
        (f"a round with no news, {count:,} records on file, median", f"{quiet * 1000:.1f} ms"),
        (f"updates per second of {count:,} records edited on both sides", f"{count / both.seconds:,.0f}"),
        (updates, f"{count / both_plain_s:,.0f}"),
        ("ratio, a conflict record for each field included", f"{both_plain_s / both.seconds:.1%}"),
        both.told(count, plain_cpu),
        ("ratio of the processor time of headquarters", f"{plain_cpu / both.hub:.1%}"),
        *both_least.told("hash, log, records and conflicts", both_plain_s, plain_cpu),
    ]


def _plain_updates(plain: sqlite3.Connection, count: int) -> None:
    """Update the same fields of the same rows: by key, one executemany for each set of fields, one transaction."""
    keys = [f"{n:032x}" for n in range(count)]
    plain.execute("BEGIN IMMEDIATE")
    plain.executemany("UPDATE parcel SET note = ? WHERE id = ?", [(f"更正 {n}", keys[n]) for n in range(0, count, 2)])
    two = [(f"更正 {n}", n, keys[n]) for n in range(1, count, 2)]
    plain.executemany("UPDATE parcel SET note = ?, weight = ? WHERE id = ?", two)
    plain.execute("COMMIT")


def _quiet_rounds(node: Node) -> float:
    spent = []
    with joined.link_of(node) as link:
        for _ in range(ROUNDS):
            start = time.perf_counter()
            done = sync_round(node, link)
            spent.append(time.perf_counter() - start)
            assert (done.pushed, done.pulled) == (0, 0), "there was news"
    return median(spent)


def _count(path: Path, table: str) -> int:
    hub = workbench.open_node(path, "hq", None)
    with hub.database.read() as connection:
        ((count,),) = bulk.run(connection, f"SELECT count(*) FROM {table}")
    hub.database.close()
    return int(count)
