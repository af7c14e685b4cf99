"""The first load of a new node: a snapshot over HTTP into a store's database, against plain executemany."""

from __future__ import annotations

from app.bootstrap import Surroundings
from benchmarks import floor, joined, served, workbench
from stores.node import Node
from sync.branch.first_load import finish, first_load
from sync.branch.round import greet, sync_round
from sync.enrolment import enrol, invite


def run(count: int) -> list[tuple[str, str]]:
    """Fill a headquarters with ``count`` records of one store and let a new node of that store take them over."""
    with workbench.folder() as path, workbench.plain_table(path / "plain.db") as plain:
        rows = workbench.plain_rows(count)
        hub = workbench.open_node(path, "hq", None)
        joined.fill(hub, 0, count)
        dice = Surroundings().dice
        code = invite(hub, "s001", dice=dice).code
        hub.database.close()
        branch = workbench.open_node(path, "s001", "http://127.0.0.1:1")
        with served.serving(served.write_settings(path, "hq")) as url:
            enrol(branch, url, code, dice=dice)
            half = count // 2 // joined.BATCH * joined.BATCH or count
            unloaded = floor.before(path / "s001.db")
            plain_s, plain_cpu = workbench.both_seconds(lambda: workbench.insert(plain, rows[:half]))
            told: list[int] = []
            hub_s = served.processor_seconds(url)
            spent, own_s = workbench.both_seconds(lambda: told.append(_load(branch)))
            hub_s = served.processor_seconds(url) - hub_s
            more = workbench.both_seconds(lambda: workbench.insert(plain, rows[half:]))
            plain_s, plain_cpu = plain_s + more[0], plain_cpu + more[1]
            least = floor.set_wise(path / "s001.db", unloaded, ["parcels_parcel"], with_log=False)
            timers = workbench.seconds(lambda: finish(branch))
            rest = workbench.seconds(lambda: sync_round(branch, joined.link_of(branch)))
        assert told[0] >= count, f"{told[0]} rows were taken over"
        branch.database.close()
    return [
        (f"records per second, first load of {count:,} as a snapshot over HTTP, timers apart", f"{count / spent:,.0f}"),
        ("plain executemany of the same rows per second", f"{count / plain_s:,.0f}"),
        ("ratio", f"{plain_s / spent:.1%}"),
        ("milliseconds of processor: branch, headquarters, plain table", _ms(own_s, hub_s, plain_cpu)),
        *least.told("the rows out of a file that is there already, with their indexes", plain_s, plain_cpu),
        ("seconds to arm a timer for each of them afterwards", f"{timers:.1f}"),
        ("seconds of the round behind it", f"{rest:.2f}"),
    ]


def _ms(*seconds: float) -> str:
    return " / ".join(f"{each * 1000:.0f}" for each in seconds)


def _load(node: Node) -> int:
    link = joined.link_of(node)
    greet(node, link)
    loaded = first_load(node, link)
    link.close()
    assert loaded is not None
    return loaded.rows
