"""A headquarters, the branch on the Bund, and the line between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stores.node import Node
from stores.storage.credentials import Credential
from tests.sync.nodes import DirectLink, World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def hub(world: World, database_url: str) -> Iterator[Node]:
    """Headquarters, once on each of the databases it can use; a branch is always on SQLite."""
    node = world.hub(database_url)
    yield node
    node.database.close()


@pytest.fixture
def bund(world: World) -> Iterator[Node]:
    node = world.node("bund")
    yield node
    node.database.close()


@pytest.fixture
def link(hub: Node) -> DirectLink:
    return DirectLink(hub, Credential("bund", "bund"))
