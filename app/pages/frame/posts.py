"""What posts are called. A record keeps the word of the rules; two businesses may use one word, or one name, each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.pages.frame.desk import Desk
from app.pages.frame.words import Words
from core.host.discovery import CORE
from core.language.definition import Plugin, Role
from core.model.scope import HEADQUARTERS
from stores.reads.stores import plugins_told


@dataclass(frozen=True, slots=True)
class Post:
    """One post of one business."""

    name: str
    label: str
    plugin: str
    business: str
    role: Role


@dataclass(frozen=True, slots=True)
class Posts:
    """Every post that a plugin here knows. ``running``: the plugins of each store, as far as its nodes have said so."""

    all: tuple[Post, ...]
    words: Words
    running: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def knows(self, name: str) -> bool:
        """Whether a plugin here has a post of that name."""
        return any(each.name == name for each in self.all)

    def is_shared(self, name: str, store: str = "") -> bool:
        """Whether several businesses of a store, or of the chain, have a post of that name."""
        return sum(each.name == name and self.runs(each.plugin, store) for each in self.all) > 1

    def called(self, name: str, store: str = "") -> str:
        """Return what a post is called in a store (empty: nowhere in particular), with its business where needed.

        One that no plugin here knows belongs to a business that does not run here: its people are known all the same.
        """
        known = [each for each in self.all if each.name == name]
        there = [each for each in known if self.runs(each.plugin, store)] or known
        others = {each.label for each in self.all if each.name != name and self.runs(each.plugin, store)}
        said = [
            self.words.of("post_of", each.label, each.business) if each.label in others else each.label
            for each in there
        ]
        return " / ".join(dict.fromkeys(said)) or self.words.other_post

    def listed(self, names: Iterable[str], store: str = "") -> list[str]:
        """Return what some posts are called, each once."""
        return list(dict.fromkeys(self.called(name, store) for name in names))

    def of_plugin(self, plugin: str, name: str) -> str:
        """Return what a business calls one of its posts; empty where it has none of that name."""
        return next((each.label for each in self.all if (each.plugin, each.name) == (plugin, name)), "")

    def by_business(self, store: str = "") -> list[tuple[str, list[Post]]]:
        """Return the posts of each business that runs in a store, or of all."""
        found: dict[str, list[Post]] = {}
        for each in self.all:
            if self.runs(each.plugin, store):
                found.setdefault(each.business, []).append(each)
        return list(found.items())

    def runs(self, plugin: str, store: str) -> bool:
        """Whether a business runs in a store. One whose nodes have said nothing may run any; headquarters runs all."""
        return store not in self.running or store == HEADQUARTERS or plugin in self.running[store]


def posts_of(desk: Desk, running: Mapping[str, frozenset[str]] | None = None) -> Posts:
    """Return the posts that this node knows, by business in the order of the catalog.

    With ``running`` (of ``running_in``) one word that two businesses use is called as the store's business calls it.
    """
    found = tuple(
        Post(name, desk.say(role.label), plugin.name, _business(desk, plugin), role)
        for plugin in desk.catalog.plugins.values()
        for name, role in plugin.roles.items()
    )
    return Posts(found, desk.words, running or {})


def _business(desk: Desk, plugin: Plugin) -> str:
    return desk.words.every_business if plugin.name == CORE else desk.say(plugin.label)


def running_in(desk: Desk, store: str = "") -> Mapping[str, frozenset[str]]:
    """Return the plugins that run in a store, or in each store of the chain; nothing at a branch, which has its own."""
    if not desk.node.is_hub:
        return {}
    with desk.node.database.read() as connection:
        return plugins_told(connection, store)
