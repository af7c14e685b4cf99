"""The chain at a glance: every branch on its line, what waits, what is wrong; and one branch in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from app.chain.branches import TONES, Branch, Station, Version, branch_of, branches_of
from app.chain.overseeing import directs
from app.pages.console import closings
from app.pages.console.activity import deeds_of
from app.pages.console.kept import subject_of
from app.pages.console.overseer import OverseerDesk
from app.pages.console.quarantine import held_lines
from app.pages.frame.desk import Desk, action_url, list_url, record_url, with_query
from app.pages.frame.drawing import page
from app.pages.frame.line import clock_text, line_words
from app.pages.frame.menu import readable
from app.pages.showing.speaking import spoken
from app.pages.showing.values import shown_moment
from stores.reads import oversight, records
from stores.reads.matches import open_matches
from stores.reads.reading import Reading
from stores.reads.settings import deviations

router = APIRouter(include_in_schema=False)
FEW = 6
LIVE = "core.conflict core.branch core.setting"  # what redraws the page; a call of a branch does too, with the line


@dataclass(frozen=True, slots=True)
class Row:
    """One branch of the picture, ready for the template."""

    branch: Branch
    name: str
    url: str
    business: list[str]
    tone: str
    line: str
    waiting: str
    versions: str
    worries: list[str]  # in words, for the map


@dataclass(frozen=True, slots=True)
class Overview:
    """The picture: the rows by region, and the figures above it (words, count, address, colour)."""

    regions: list[tuple[str, list[Row]]]
    tiles: list[tuple[str, int, str, str]]
    total: int
    well: bool


@router.get("/chain")
def chain(request: Request, desk: OverseerDesk) -> Response:
    """Show every branch of the chain; ``care`` only those that need some, ``business`` and ``region`` a part."""
    asked = request.query_params
    kept = {name: asked.get(name, "") for name in ("care", "business", "region")}
    found = branches_of(desk.service, desk.catalog)
    business = sorted({name for each in found for name in each.business})
    return page(
        desk,
        "console/chain.html",
        title=desk.words.chain,
        overview=overview(desk, found, **kept),
        care=kept["care"],
        all_url="/chain" + with_query({**kept, "care": ""}),
        care_url="/chain" + with_query({**kept, "care": "1"}),
        businesses=[(name, _plugin(desk, name)) for name in business],
        regions=sorted({each.placard.region for each in found if each.placard.region}),
        kept=kept,
        types=LIVE,
    )


@router.get("/chain/{store}")
def branch_page(store: str, desk: OverseerDesk) -> Response:
    """Show one branch: its nodes, versions, open conflicts, what is held back, its own settings, what was done."""
    branch = branch_of(desk.service, desk.catalog, store)
    placard = oversight.BRANCH
    record = desk.catalog.records[placard]
    known = branch.placard.id
    return page(
        desk,
        "console/branch.html",
        title=desk.say(branch.placard.name),
        row=_row(desk, branch),
        stations=[_station(desk, each) for each in branch.stations],
        conflicts=list(_conflicts(desk, store)),
        held=held_lines(desk, store, FEW),
        settings=list(_settings(desk, store)),
        kinds=list(_kinds(desk, branch)),
        closed=closings.last_day(desk, store),
        deeds=deeds_of(desk, [each.node for each in branch.stations]),
        file_url=record_url(record, known) if known else None,
        name_url=action_url(record, "add", code=store) if directs(desk.actor) and not known else None,
        shut=_shut(desk, branch),
        types=" ".join(sorted(desk.catalog.records)),
    )


def _shut(desk: Desk, branch: Branch) -> dict[str, Any] | None:
    """Return what is to be done about a branch whose last node was shut out; None for every other."""
    if branch.state != "shut":
        return None
    record, known = desk.catalog.records[oversight.BRANCH], branch.placard.id
    return {
        "lost": desk.words.of("lost_there", branch.missing) if branch.missing else "",
        "invite_url": "/console/joining" + with_query({"store": branch.placard.code}) if directs(desk.actor) else None,
        "close_url": action_url(record, "edit", known) if known and directs(desk.actor) else None,
    }


def overview(desk: Desk, found: Sequence[Branch], care: str = "", business: str = "", region: str = "") -> Overview:
    """Return the picture of some branches; the figures are always of all."""
    wanted = [
        each
        for each in found
        if (not care or each.needs_care)
        and (not business or business in each.business)
        and (not region or region == each.placard.region)
    ]
    regions: dict[str, list[Row]] = {}
    for each in wanted:
        regions.setdefault(each.placard.region, []).append(_row(desk, each))
    named = [(name or (desk.words.no_region if len(regions) > 1 else ""), rows) for name, rows in regions.items()]
    return Overview(named, _tiles(desk, found), len(found), _is_well(found))


def _is_well(found: Sequence[Branch]) -> bool:
    """Whether there is something to be glad of: a branch on the line, and none that needs care."""
    return any(each.state == "online" for each in found) and not any(each.needs_care for each in found)


def _tiles(desk: Desk, found: Sequence[Branch]) -> list[tuple[str, int, str, str]]:
    w = desk.words
    silent = sum(each.state in {"silent", "long"} for each in found)
    told = [
        (w.is_online, sum(each.state == "online" for each in found), "/chain", "good"),
        (w.is_silent, silent, "/chain?care=1", "bad"),
        (w.to_send, sum(each.missing for each in found), "/chain", "warn"),
        (w.conflicts, sum(each.conflicts for each in found), "/conflicts", "bad"),
        (w.held_back, sum(each.quarantined for each in found), "/quarantine", "bad"),
        (w.alike_open, _alike(desk), "/duplicates", "warn"),
        (w.other_versions, sum(bool(each.differing) for each in found), "/chain?care=1", "warn"),
    ]
    return [(word, count, url, tone if count else "plain") for word, count, url, tone in told]


def _alike(desk: Desk) -> int:
    with desk.node.database.read() as connection:
        return open_matches(connection, desk.node)


def _row(desk: Desk, branch: Branch) -> Row:
    return Row(
        branch,
        desk.say(branch.placard.name),
        f"/chain/{branch.placard.code}",
        [_plugin(desk, name) for name in branch.business],
        TONES[branch.state],
        line_words(desk, branch),
        _waiting(desk, branch.missing, branch.oldest),
        _versions(desk, branch),
        list(_worries(desk, branch)),
    )


def _versions(desk: Desk, branch: Branch) -> str:
    """Return how the plugins of a branch compare with headquarters', faults first: such a one runs as it was before."""
    w = desk.words
    told = [w.of("faults_there", branch.faults)] if branch.faults else []
    told += [w.of("other_version", len(branch.differing))] if branch.differing else []
    return w.between.join(told) or (w.same_version if branch.business else "")


def _worries(desk: Desk, branch: Branch) -> Iterator[str]:
    """Yield what is to be said of a branch on the map, where there is room for what is wrong and for nothing else."""
    w = desk.words
    if branch.state != "online":
        yield line_words(desk, branch)
    if branch.missing:
        yield f"{w.to_send} {branch.missing}"
    if branch.conflicts:
        yield f"{w.conflicts} {branch.conflicts}"
    if branch.quarantined:
        yield f"{w.held_back} {branch.quarantined}"
    if branch.faults:
        yield w.of("faults_there", branch.faults)
    if branch.differing:
        yield w.other_versions


def _waiting(desk: Desk, missing: int, oldest: datetime | None) -> str:
    if not missing:
        return ""
    return desk.words.of("to_send_since", missing, clock_text(desk, oldest.isoformat())) if oldest else str(missing)


def _plugin(desk: Desk, name: str) -> str:
    found = desk.catalog.plugins.get(name)
    return desk.say(found.label) if found else name


def _station(desk: Desk, station: Station) -> dict[str, Any]:
    """Return one node of a branch, in words."""
    w, off = desk.words, off_text(desk, station.ahead_ms)
    clock = w.of("clock_ahead" if station.ahead_ms > 0 else "clock_behind", off) if station.clock_off else ""
    return {
        "node": station.node,
        "tone": TONES[station.state],
        "line": line_words(desk, Branch(oversight.unnamed(""), (station,), 0, 0)),
        "since": shown_moment(desk, station.since.isoformat()),
        "heard": shown_moment(desk, station.heard_at.isoformat()) if station.heard_at else None,
        "waiting": _waiting(desk, station.missing, station.oldest) or w.all_sent,
        "behind": w.of("behind", station.behind) if station.behind else w.up_to_date,
        "clock": clock,
        "stuck": w.of("stuck_there", station.stuck) if station.stuck else "",
        "faults": w.of("faults_there", station.faults) if station.faults else "",
        "versions": [_version(desk, each) for each in station.versions],
    }


def off_text(desk: Desk, ms: int) -> str:
    """Return how far a clock is off in the largest unit that says enough: 40 seconds, 12 minutes, 5 hours, 3 days."""
    w, seconds = desk.words, abs(round(ms / 1000))
    for word, size in ((w.days, 86_400), (w.hours, 3_600), (w.minutes, 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {word}"
    return f"{seconds} {w.seconds}"


def _version(desk: Desk, version: Version) -> tuple[str, str, str, bool]:
    label = _plugin(desk, version.plugin) if version.plugin else desk.words.program
    return label, version.there, version.here or desk.words.not_here, version.differs


def _conflicts(desk: Desk, store: str) -> Iterator[dict[str, Any]]:
    kind = desk.catalog.records[oversight.CONFLICT]
    where: list[tuple[str, str, object]] = [("store", "eq", store), ("state", "eq", "open")]
    for row in records.query(desk.node, desk.actor, kind, where=where, limit=FEW).rows:
        told = {name: spoken(desk, kind, name, row) for name in ("record_type", "field")}
        yield {
            **told,
            "record": subject_of(desk, kind, row)[0].text,
            "url": f"/conflicts/{row['id']}",
            "at": shown_moment(desk, row["theirs_at"]),
        }


def _settings(desk: Desk, store: str) -> Iterator[tuple[str, str, str]]:
    """Yield (business, setting, value) of what the store has set for itself."""
    with desk.node.database.read() as connection:
        for each in deviations(connection, desk.node):
            if each.store == store:
                setting = each.standing.setting
                value = (
                    setting.spec.json(each.standing.value, desk.node.zone) if each.standing.value is not None else None
                )
                yield (
                    desk.say(each.plugin.label),
                    desk.say(setting.label),
                    desk.words.not_configured if value is None else str(value),
                )


def _kinds(desk: Desk, branch: Branch) -> Iterator[tuple[str, str, int, bool]]:
    """Yield (address, words, how many, more than that) of the record types of its business that the person reads."""
    store = branch.placard.code
    plugins = [desk.catalog.plugins[name] for name in branch.business if name in desk.catalog.plugins]
    with desk.node.database.read() as connection:
        reading = Reading(connection, desk.node, desk.actor)
        kinds = [kind for plugin in plugins for kind in readable(desk, reading, plugin) if kind.origin == "record"]
    for kind in kinds:
        where: list[tuple[str, str, object]] = [("store", "eq", store)]
        found = records.query(desk.node, desk.actor, kind, where=where, limit=1, total=True)
        if found.total:
            yield list_url(kind, store=store), desk.say(kind.label), found.total, found.more


def names_of(desk: Desk, stores: Iterable[str]) -> dict[str, str]:
    """Return what some stores are called, by code."""
    with desk.node.database.read() as connection:
        known = oversight.names(connection, desk.node)
    return {code: desk.say((known.get(code) or oversight.unnamed(code)).name) for code in stores}
