"""The first merge of a full branch into headquarters: log, frames, HTTP, checks, merge, against plain executemany."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks import floor, joined, served, workbench


def run(count: int) -> list[tuple[str, str]]:
    """Fill a branch with ``count`` records, one transaction each, and let a headquarters process take them over."""
    with workbench.folder() as path, workbench.plain_table(path / "plain.db") as plain:
        rows = workbench.plain_rows(count)
        branch = workbench.open_node(path, joined.STORE, joined.NOWHERE)
        joined.fill(branch, 0, count)
        with joined.serving(path, [branch]) as url:
            half = count // 2
            for_rows, for_sets = (floor.before(path / "hq.db", name) for name in ("rows", "sets"))
            plain_s = workbench.seconds(lambda: workbench.insert(plain, rows[:half]))
            before = served.memory_peak(url)
            sent = joined.send(branch, url)
            memory = served.memory_peak(url)
            plain_s += workbench.seconds(lambda: workbench.insert(plain, rows[half:]))
            plain_cpu = workbench.processor_seconds(
                lambda: workbench.insert(plain, [(f"x{r[0]}", *r[1:]) for r in rows])
            )
        plain.execute("DELETE FROM parcel WHERE id LIKE 'x%'")
        plain.execute("VACUUM")
        plain_bytes = workbench.database_bytes(path / "plain.db")
        whole, records = workbench.database_bytes(path / "hq.db"), _bytes_of(path / "hq.db", "parcels_parcel")
        row_bytes = floor.row_bytes(path / "hq.db", "parcels_parcel")
        least = floor.row_by_row(path / "hq.db", for_rows)
        set_wise = floor.set_wise(path / "hq.db", for_sets, ["parcels_parcel"])
        branch.database.close()
    return [
        (f"records per second, first merge of {count:,} over HTTP", f"{count / sent.seconds:,.0f}"),
        ("plain executemany of the same rows per second", f"{count / plain_s:,.0f}"),
        ("ratio", f"{plain_s / sent.seconds:.1%}"),
        sent.told(count, plain_cpu),
        ("ratio of the processor time of headquarters", f"{plain_cpu / sent.hub:.1%}"),
        *least.told("hash, log and records row by row", plain_s, plain_cpu),
        *set_wise.told("the same set-wise out of a file", plain_s, plain_cpu),
        ("bytes on the wire per record", f"{sent.bytes / count:.1f}"),
        ("the records at headquarters with their indexes against the plain table", f"{records / plain_bytes:.1f} x"),
        ("the same without any index but the key: the least", f"{row_bytes / plain_bytes:.1f} x"),
        ("headquarters' whole database, the log in it, against the plain table", f"{whole / plain_bytes:.1f} x"),
        ("memory of headquarters' process before, and at its highest", f"{before >> 20} / {memory >> 20} MiB"),
    ]


def _bytes_of(path: Path, table: str) -> int:
    """Return how many bytes a table takes with its indexes."""
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = ?)"
        return int(connection.execute(sql, (table,)).fetchone()[0])
