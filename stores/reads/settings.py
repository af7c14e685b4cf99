"""How settings stand: in a store, layer by layer, and across the chain, where stores differ and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.language.definition import Plugin, Setting
from core.model.scope import HEADQUARTERS
from stores.layers import IN_FORCE, Layer, Standing, layer_of, stand
from stores.node import Node
from stores.storage import bulk


@dataclass(frozen=True, slots=True)
class Deviation:
    """A store that has set something itself: what it set, what holds there, and what holds in the chain.

    ``standing`` is the store's; ``chain`` what it would be without its own layer. They may be equal: a store that has
    set what the chain has too will not follow when the chain changes.
    """

    plugin: Plugin
    store: str
    layer: Layer
    standing: Standing
    chain: Standing


def standing_of(connection: Connection, node: Node, plugin: str, setting: Setting, store: str) -> Standing:
    """Return how one setting stands in a store."""
    layers = _layers(connection, plugin, store).get(setting.name, [])
    return stand(setting, layers, node.zone)


def standings(connection: Connection, node: Node, plugin: Plugin, store: str) -> list[Standing]:
    """Return how all settings of a plugin stand in a store, in the order declared."""
    layers = _layers(connection, plugin.name, store)
    return [stand(setting, layers.get(name, []), node.zone) for name, setting in plugin.settings.items()]


def deviations(connection: Connection, node: Node) -> Iterator[Deviation]:
    """Yield what stores have set for themselves: by plugin, setting and store, the newest where one set it twice."""
    for plugin in node.catalog.plugins.values():
        layers = _layers(connection, plugin.name, None)
        for name, setting in plugin.settings.items():
            chain = [each for each in layers.get(name, []) if each.owner == HEADQUARTERS]
            own: dict[str, list[Layer]] = {}
            for each in layers.get(name, []):
                if each.owner != HEADQUARTERS:
                    own.setdefault(each.owner, []).append(each)
            for store, mine in sorted(own.items()):
                newest = max(mine, key=lambda each: (each.at, each.id))
                here = stand(setting, [*chain, *mine], node.zone)
                yield Deviation(plugin, store, newest, here, stand(setting, chain, node.zone))


def _layers(connection: Connection, plugin: str, store: str | None) -> Mapping[str, Sequence[Layer]]:
    """Return what headquarters and a store (None: every store) have set of a plugin, by the setting's name."""
    found: dict[str, list[Layer]] = {}
    for row in bulk.run(connection, IN_FORCE, plugin):
        layer = layer_of(row)
        if store is None or layer.owner in {HEADQUARTERS, store}:
            found.setdefault(layer.name, []).append(layer)
    return found
