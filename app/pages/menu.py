"""The menu: everything the person may open, by business. It is made from the catalog, so a new business is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.overseeing import keeps, oversees
from app.pages.desk import Desk, list_url
from core.host.catalog import Catalog
from core.language.definition import Plugin, RecordType
from core.model.errors import Text
from stores.acts.permission import acting_roles
from stores.reads.reading import Reading
from stores.reads.subjects import assigners

CORE = "core"
# What core keeps for itself and shows elsewhere: settings have pages of their own, notices stand on the first page.
_QUIET = frozenset({"core.setting"})
_CONSOLE = {  # address -> word
    "/chain": "chain", "/conflicts": "conflicts", "/quarantine": "held_back", "/duplicates": "duplicates",
    "/closings": "closings",
    "/compare": "compare", "/console/drift": "drift", "/console/plugins": "plugins",
    "/console/people": "people_and_roles", "/console/joining": "joining", "/console/audit": "audit",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu."""

    label: str
    url: str
    kind: str = "record"

    def is_open(self, path: str) -> bool:
        """Return whether the page at ``path`` belongs to this line."""
        own = self.url.partition("?")[0]
        return path == own or path.startswith(f"{own}/")


@dataclass(frozen=True, slots=True)
class Group:
    """One business, or core."""

    label: str
    name: str
    entries: list[Entry] = field(default_factory=list)


def menu_of(desk: Desk) -> list[Group]:
    """Return the menu of the person at the desk; what he has no role for is not in it."""
    with desk.node.database.read() as connection:
        reading = Reading(connection, desk.node, desk.actor)
        groups = [_group(desk, reading, plugin) for plugin in _in_order(desk.catalog)]
    return [group for group in (_whole_chain(desk), *groups) if group.entries]


def roles_of(desk: Desk) -> list[str]:
    """Return the names of the posts that the person holds, as the plugins call them."""
    names = {name: role.label for plugin in desk.catalog.plugins.values() for name, role in plugin.roles.items()}
    return [desk.say(names[role]) if role in names else role for role in sorted(desk.actor.roles)]


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
    if oversees(desk.actor) and desk.node.is_hub:
        group.entries.extend(Entry(w[word], url, "console") for url, word in _CONSOLE.items())
    return group


def _in_order(catalog: Catalog) -> list[Plugin]:
    return sorted(catalog.plugins.values(), key=lambda plugin: plugin.name == CORE)


def _group(desk: Desk, reading: Reading, plugin: Plugin) -> Group:
    label = desk.words.people_and_system if plugin.name == CORE else desk.say(plugin.label)
    group = Group(label, plugin.name)
    seen = list(readable(desk, reading, plugin))
    keys = {record.key for record in seen}
    group.entries.extend(
        Entry(_view_label(desk, name, view), f"/views/{plugin.name}/{name}", "view")
        for name, view in plugin.views.items()
        if view.get("kind") not in {"form", "print"} and (view.get("of") is None or view["of"] in keys)
    )
    group.entries.extend(Entry(desk.say(r.label), list_url(r)) for r in seen if r.origin == "record")
    group.entries.extend(_further(desk, reading, plugin, seen))
    if plugin.name == CORE:
        group.entries.append(Entry(desk.words.settings, "/settings", "settings"))
        if not desk.node.is_hub:
            group.entries.append(Entry(desk.words.closings, "/closings", "closings"))
        if keeps(desk.actor) and desk.actor.store == desk.node.store:
            group.entries.append(Entry(desk.words.backups, "/backups", "backups"))
    return group


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
