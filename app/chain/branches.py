"""The branches of the chain as people look at them: on the line or silent since when, what waits, what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from app.service import Service
from core import __version__
from core.host.catalog import Catalog
from core.model.clock import from_iso
from core.model.errors import NotFound, Problem, Text, suggest
from stores.reads import oversight
from stores.reads.oversight import Line, Outlook, Placard

SILENT_AFTER = timedelta(minutes=2)  # a branch calls every quarter of a minute, and after failures every minute
LONG_SILENT_AFTER = timedelta(days=1)  # where the settings sound no alarm
CLOCK_OFF_MS = 30_000  # a clock that is off by less is nobody's worry
CORE = "core"

State = Literal["online", "silent", "long", "shut", "never", "none", "closed"]
TONES: Mapping[State, str] = {
    "online": "good", "silent": "warn", "long": "bad", "shut": "bad", "never": "plain", "none": "plain",
    "closed": "plain",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Version:
    """A plugin of a node (an empty name: the program) and the version headquarters runs, None where it runs none."""

    plugin: str
    there: str
    here: str | None

    @property
    def differs(self) -> bool:
        """Whether the two are not of one version."""
        return self.there != self.here


@dataclass(frozen=True, slots=True)
class Station:
    """One node of a branch. ``missing``: changes headquarters lacks; ``oldest``: since when, both as it said last."""

    node: str
    since: datetime
    state: State
    heard_at: datetime | None = None
    ended: datetime | None = None  # when it was shut out
    missing: int = 0
    oldest: datetime | None = None
    behind: int = 0
    ahead_ms: int = 0
    stuck: int = 0
    faults: int = 0  # in the files of its plugins
    versions: tuple[Version, ...] = ()

    @property
    def clock_off(self) -> bool:
        """Whether its clock is off by more than anybody should put up with."""
        return abs(self.ahead_ms) >= CLOCK_OFF_MS


@dataclass(frozen=True, slots=True)
class Branch:
    """One store, with its nodes; ``quarantined`` counts what of it is held back at headquarters.

    ``closed``: it was given up on a day that has come.
    """

    placard: Placard
    stations: tuple[Station, ...]
    conflicts: int
    quarantined: int
    closed: bool = False

    @property
    def state(self) -> State:
        """How its line stands: of several nodes the one that is best off speaks for the store."""
        order: tuple[State, ...] = ("online", "silent", "long", "never", "shut")
        found = {each.state for each in self.stations}
        best: State = next((state for state in order if state in found), "none")
        return "closed" if self.closed and best != "online" else best

    @property
    def heard_at(self) -> datetime | None:
        """When it was last heard of."""
        return max((each.heard_at for each in self.stations if each.heard_at), default=None)

    @property
    def ended(self) -> datetime | None:
        """When the last of its nodes was shut out."""
        return max((each.ended for each in self.stations if each.ended), default=None)

    @property
    def missing(self) -> int:
        """How many of its changes headquarters does not have, as it said last."""
        return sum(each.missing for each in self.stations)

    @property
    def oldest(self) -> datetime | None:
        """Since when its oldest change waits."""
        return min((each.oldest for each in self.stations if each.oldest), default=None)

    @property
    def business(self) -> tuple[str, ...]:
        """The plugins that its nodes run."""
        return tuple(sorted({v.plugin for each in self.stations for v in each.versions} - {CORE, ""}))

    @property
    def differing(self) -> tuple[Version, ...]:
        """The versions that are not those of headquarters, as far as anything still runs there."""
        if self.state in {"shut", "closed"}:
            return ()
        return tuple(dict.fromkeys(v for each in self.stations for v in each.versions if v.differs))

    @property
    def faults(self) -> int:
        """How much is wrong in the plugins of its nodes, as far as anything still runs there."""
        return 0 if self.state in {"shut", "closed"} else sum(each.faults for each in self.stations)

    @property
    def needs_care(self) -> bool:
        """Whether somebody at headquarters should look at it."""
        wrong = self.conflicts or self.quarantined or self.differing
        if self.state == "closed":
            return bool(wrong)
        off = any(each.clock_off or each.stuck for each in self.stations)
        return bool(wrong or off or self.faults or self.state in {"silent", "long", "shut"})


def branches_of(service: Service, catalog: Catalog) -> list[Branch]:
    """Return every branch of the chain, by region and code."""
    node = service.node
    with node.database.read() as connection:
        found = oversight.outlooks(connection, node)
    long = timedelta(seconds=service.settings.sync.silent) or LONG_SILENT_AFTER
    return [_branch(each, catalog, node.now(), long, node.now().astimezone(node.zone).date()) for each in found]


def branch_of(service: Service, catalog: Catalog, store: str) -> Branch:
    """Return one branch; NotFound with the nearest code."""
    found = {each.placard.code: each for each in branches_of(service, catalog)}
    if store not in found:
        what = Text(f"there is no branch `{store}`", f"没有门店 `{store}`")
        raise NotFound((Problem("no-such-branch", what, fix=suggest(store, found)),))
    return found[store]


def _branch(seen: Outlook, catalog: Catalog, now: datetime, long: timedelta, today: date) -> Branch:
    stations = tuple(_station(line, catalog, now, long) for line in seen.lines)
    over = seen.placard.closed_on
    return Branch(seen.placard, stations, seen.conflicts, seen.quarantined, over is not None and over <= today)


def _station(line: Line, catalog: Catalog, now: datetime, long: timedelta) -> Station:
    name, since, peer, ended = line.admission.node, line.admission.since, line.peer, line.admission.revoked_at
    if peer is None:
        return Station(name, since, "shut" if ended else "never", ended=ended)
    silence = now - peer.heard_at
    state: State = "long" if silence >= long else "silent" if silence >= SILENT_AFTER else "online"
    if ended:
        state = "shut"
    oldest = str(peer.report.get("oldest") or "")
    return Station(
        name,
        since,
        state,
        peer.heard_at,
        ended,
        line.missing,
        from_iso(oldest) if oldest and line.missing else None,
        line.behind,
        peer.ahead_ms,
        int(peer.report.get("quarantined") or 0),
        int(peer.report.get("faults") or 0),
        _versions(peer.report, catalog),
    )


def _versions(report: Mapping[str, object], catalog: Catalog) -> tuple[Version, ...]:
    plugins = report.get("plugins")
    told = dict(plugins) if isinstance(plugins, Mapping) else {}
    here = {name: plugin.version for name, plugin in catalog.plugins.items()}
    program = Version("", str(report.get("software") or ""), __version__)
    return (program, *(Version(name, str(told[name]), here.get(name)) for name in sorted(told)))
