"""The menu: everything the person may open, by business. It is made from the catalog, so a new business is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.chain.overseeing import keeps, oversees
from app.pages.frame.desk import Desk, list_url
from app.pages.frame.posts import posts_of
from core.host.catalog import Catalog
from core.language.definition import Plugin, RecordType
from core.model.errors import Text
from stores.acts.permission import acting_roles
from stores.reads.reading import Reading
from stores.reads.subjects import assigners

CORE = "core"
OPEN_MAX = 45  # entries of a menu that is shown whole
# What core keeps for itself and shows elsewhere: settings have pages of their own, notices stand on the first page.
_QUIET = frozenset({"core.setting", "core.match"})
_CONSOLE = {  # address -> word
    "/chain": "chain", "/conflicts": "conflicts", "/quarantine": "held_back", "/duplicates": "duplicates",
    "/closings": "closings",
    "/compare": "compare", "/console/drift": "drift", "/console/plugins": "plugins",
    "/console/people": "people_and_roles", "/console/joining": "joining", "/console/audit": "audit",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu; ``also`` is another address whose pages belong to it."""

    label: str
    url: str
    kind: str = "record"
    also: str = ""

    def is_open(self, path: str) -> bool:
        """Return whether the page at ``path`` belongs to this line."""
        own = [url.partition("?")[0] for url in (self.url, self.also) if url]
        return any(path == each or path.startswith(f"{each}/") for each in own)


@dataclass(frozen=True, slots=True)
class Group:
    """One business, or core. ``open``: its entries are shown without being asked for."""

    label: str
    name: str
    entries: list[Entry] = field(default_factory=list)
    open: bool = True


def menu_of(desk: Desk) -> list[Group]:
    """Return the menu of the person at the desk; what he has no role for is not in it."""
    with desk.node.database.read() as connection:
        reading = Reading(connection, desk.node, desk.actor)
        groups = [_group(desk, reading, plugin) for plugin in _in_order(desk.catalog)]
    return _folded([group for group in (_whole_chain(desk), *groups) if group.entries], desk.request.url.path)


def _folded(groups: list[Group], path: str) -> list[Group]:
    """Return the groups, of a long menu only that of the page at ``path`` open, or the first one."""
    if sum(len(group.entries) for group in groups) <= OPEN_MAX:
        return groups
    here = [
        group.name
        for group in groups
        if f"/{group.name}/" in path or any(entry.is_open(path) for entry in group.entries)
    ]
    shown = here or [group.name for group in groups[:1]]
    return [replace(group, open=group.name in shown) for group in groups]


def roles_of(desk: Desk) -> list[str]:
    """Return the names of the posts that the person holds, as the plugins call them."""
    return posts_of(desk).listed(sorted(desk.actor.roles), desk.actor.store)


def readable(desk: Desk, reading: Reading, plugin: Plugin) -> Iterator[RecordType]:
    """Yield the plugin's own record types that the person may read."""
    for record in plugin.records.values():
        current = desk.catalog.records.get(record.key)
        if current is not None and current.key not in _QUIET and not reading.sight_of(current).blind:
            yield current


def _whole_chain(desk: Desk) -> Group:
    """Return what those who look after the whole chain have besides; empty for everybody else."""
    w = desk.words
    group = Group(w.whole_chain, "chain")
    if _keeps_console(desk):
        group.entries.extend(Entry(w[word], url, "console") for url, word in _CONSOLE.items())
    return group


def _keeps_console(desk: Desk) -> bool:
    return oversees(desk.actor) and desk.node.is_hub


def _in_order(catalog: Catalog) -> list[Plugin]:
    return sorted(catalog.plugins.values(), key=lambda plugin: plugin.name == CORE)


def _group(desk: Desk, reading: Reading, plugin: Plugin) -> Group:
    label = desk.words.people_and_system if plugin.name == CORE else desk.say(plugin.label)
    group = Group(label, plugin.name)
    seen = list(readable(desk, reading, plugin))
    keys = {record.key for record in seen}
    for name, view in plugin.views.items():
        if view.get("kind") not in {"form", "print"} and (view.get("of") is None or view["of"] in keys):
            whole = desk.catalog.records[str(view["of"])] if _shows_all(view) else None
            label = _view_label(desk, name, view)
            also = list_url(whole) if whole is not None and label == desk.say(whole.label) else ""
            group.entries.append(Entry(label, f"/views/{plugin.name}/{name}", "view", also))
    there = {entry.also for entry in group.entries}  # a view of the same name shows those records already
    if plugin.name == CORE and _keeps_console(desk):
        there.update(_CONSOLE)  # the inbox of conflicts stands with headquarters' pages
    group.entries.extend(
        Entry(desk.say(r.label), list_url(r)) for r in seen if r.origin == "record" and list_url(r) not in there
    )
    group.entries.extend(_further(desk, reading, plugin, seen))
    if plugin.name == CORE:
        if f"{CORE}.duty" in keys:
            group.entries.append(Entry(desk.words.roster, "/roster", "view"))
        group.entries.append(Entry(desk.words.settings, "/settings", "settings"))
        if not desk.node.is_hub:
            group.entries.append(Entry(desk.words.closings, "/closings", "closings"))
        if keeps(desk.actor) and desk.actor.store == desk.node.store:
            group.entries.append(Entry(desk.words.accounts, "/accounts", "accounts"))
            group.entries.append(Entry(desk.words.backups, "/backups", "backups"))
    return group


def _shows_all(view: Mapping[str, Any]) -> bool:
    """Whether a view lists all records of its type."""
    return view["kind"] in {"list", "table"} and view.get("where") is None


def _further(desk: Desk, reading: Reading, plugin: Plugin, seen: list[RecordType]) -> Iterator[Entry]:
    """Yield what is made from records: ledgers, scorecards, dispatch orders, reports."""
    for record in seen:
        if record.origin == "ledger":
            yield Entry(desk.say(record.label), f"/ledgers/{plugin.name}/{record.name}", "ledger")
    for record in seen:
        if record.origin == "scorecard":
            yield Entry(desk.say(record.label), f"/scores/{plugin.name}/{record.name}", "scorecard")
    roles = acting_roles(reading.world(plugin.name, desk.actor.store), desk.actor)
    for policy in plugin.dispatch.values():
        if assigners(plugin, policy.name) & roles:
            yield Entry(desk.say(policy.label), f"/turns/{plugin.name}/{policy.name}", "dispatch")
    if any(report.read is None or roles & report.read.keys() for report in plugin.reports.values()):
        yield Entry(desk.words.reports, f"/reports/{plugin.name}", "report")


def _view_label(desk: Desk, name: str, view: Mapping[str, object]) -> str:
    label = view.get("label")
    return desk.say(label) if isinstance(label, Text) else name
