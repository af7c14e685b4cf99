"""Figures of a node for a monitoring system, in Prometheus' form: how it stands, never whose records they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from app.chain.standing import count
from app.service import Service
from core import __version__
from core.model.clock import from_iso
from stores.acts import firing
from stores.changes import log, quarantine
from stores.node import Node
from stores.storage import checkpoints, closings, counters, outbox, peers
from stores.storage.database import Connection
from sync.leases import leases

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Refused = Sequence[tuple[str, str, int]]  # node, code, how many
Rows = Sequence[tuple[Sequence[str], float]]  # values of the labels, and the figure


def text_of(service: Service, refused: Refused = ()) -> bytes:
    """Return every figure as text for Prometheus to read; ``refused`` counts the calls of nodes that were refused."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(service, refused))
    return generate_latest(registry)


class _Figures(Collector):
    """What is read anew each time somebody asks: the node itself keeps no counters for it."""

    def __init__(self, service: Service, refused: Refused) -> None:
        self._service, self._refused = service, refused

    def collect(self) -> Iterable[Metric]:
        """Yield the families of figures, all of the database read in one picture."""
        service, node = self._service, self._service.node
        yield _family("info", "What runs here.", ("version", "node", "store"), [(_who(node), 1)])
        with node.database.read() as connection:
            yield from _kept(connection, node)
            yield from _of_headquarters(connection, service) if node.is_hub else _of_branch(connection, service)
        yield _one("conflicts_open", "Conflicts nobody has decided.", count(node, "core.conflict", "open"))
        yield _one("requests_waiting", "Requests nobody has decided.", count(node, "core.request", "waiting"))
        yield _one("plugin_faults", "Faults in plugin files.", sum(len(each.problems) for each in node.catalog.faults))
        yield _refusals(self._refused)


def _kept(connection: Connection, node: Node) -> Iterator[GaugeMetricFamily]:
    heads = checkpoints.heads(connection)
    rows = [((origin,), float(seq)) for origin, (seq, _) in heads.items()]
    yield _family("log_lines", "Lines of each log held here.", ("origin",), rows)
    stuck, parked = quarantine.counts(connection)
    yield _one("quarantined_changes", "Changes that could not be merged.", stuck)
    yield _one("parked_records", "Records that wait for a plugin.", parked)
    yield _one("timer_faults", "Timers whose action was refused.", len(firing.faults(connection)))
    waiting, aside = outbox.counts(connection)
    yield _one("outbox_waiting", "Messages on their way out.", waiting)
    yield _one("outbox_set_aside", "Messages given up.", aside)
    if node.database.folder is not None:
        file = Path(str(node.database.url.database))
        size = sum(each.stat().st_size for each in file.parent.glob(f"{file.name}*"))
        yield _one("database_bytes", "Size of the database file and its journal.", size)


def _of_branch(connection: Connection, service: Service) -> Iterator[GaugeMetricFamily]:
    node = service.node
    waiting, oldest = log.unsent(connection)
    yield _one("unsent_changes", "Changes headquarters does not have.", waiting)
    yield _one(
        "unsent_oldest_seconds",
        "Age of the oldest change that headquarters does not have; 0 when there is none.",
        _age(node, oldest),
    )
    days = closings.last_day(connection, node.store)
    if days:
        yield _one("closed_changes", "Changes of the last closed day.", sum(day.changes for day in days))
        yield _one("closed_seconds", "Seconds since the last closing of a day was signed.", _since(node, days[-1].time))
    if service.worker is None:
        return
    seen = service.worker.status()
    yield _one("files_unsent", "Files and photos headquarters does not have.", seen.files_up)
    yield _one("files_missing", "Files and photos on their way here.", seen.files_down)
    yield _one("day_unclosed", "1 if the last day could not be closed.", seen.unclosed is not None)
    yield _one("sync_online", "1 while headquarters can be reached.", seen.online)
    if seen.last_sync:
        yield _one("sync_seconds", "Seconds since the last round of sync.", _age(node, seen.last_sync))
    if seen.clock_offset_ms is not None:
        yield _one(
            "clock_offset_seconds", "How far headquarters' clock is ahead of this node's.", seen.clock_offset_ms / 1000
        )
    if seen.compared is not None:
        yield _one("compared_same", "1 if the last comparison found no difference.", seen.compared.same)
        yield _one(
            "compared_seconds", "Seconds since the last comparison with headquarters.", _age(node, seen.compared.at)
        )


def _of_headquarters(connection: Connection, service: Service) -> Iterator[GaugeMetricFamily]:
    node, now = service.node, service.node.now()
    lasts = timedelta(seconds=service.settings.sync.lease)
    found = leases(connection, node, lasts)
    labels = ("node", "store")
    silent = [((each.node, each.store), (now - each.heard_at).total_seconds()) for each in found]
    yield _family("node_silent_seconds", "Seconds since a node was last heard of.", labels, silent)
    lapsed = [((each.node, each.store), float(each.lapsed)) for each in found]
    yield _family("node_lapsed", "1 if a node is silent beyond its lease.", labels, lapsed)
    place = counters.hub_sequence(connection)
    behind = [((each.node, each.store), float(max(0, place - each.position))) for each in found]
    yield _family("node_places_behind", "Places of the hub's order a node has not read.", labels, behind)
    told = peers.peers(connection)
    wrong = [((each.node, each.store), float(each.report.get("faults", 0))) for each in told]
    yield _family("node_plugin_faults", "Faults in plugin files that a node told of.", labels, wrong)
    waiting = [((each.node, each.store), float(each.report.get("waiting", 0))) for each in told]
    yield _family("node_unsent_changes", "Changes a node said it had still to send.", labels, waiting)
    ahead = [((each.node, each.store), each.ahead_ms / 1000) for each in told]
    yield _family("node_clock_ahead_seconds", "How far a node's clock is ahead of headquarters'.", labels, ahead)


def _refusals(refused: Refused) -> CounterMetricFamily:
    told = "Calls of sync that were refused since the node was started."
    family = CounterMetricFamily("branchline_refused_calls", told, labels=("node", "code"))
    for name, code, times in refused:
        family.add_metric([name, code], times)
    return family


def _who(node: Node) -> tuple[str, str, str]:
    return __version__, node.identity.node, node.store


def _age(node: Node, cell: str | None) -> float:
    return 0.0 if cell is None else (node.now() - from_iso(cell)).total_seconds()


def _since(node: Node, milliseconds: int) -> float:
    return (node.now() - datetime.fromtimestamp(milliseconds / 1000, UTC)).total_seconds()


def _one(name: str, told: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"branchline_{name}", told, value=float(value))


def _family(name: str, told: str, labels: Sequence[str], rows: Rows) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"branchline_{name}", told, labels=labels)
    for values, figure in rows:
        family.add_metric(list(values), figure)
    return family
