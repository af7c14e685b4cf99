"""The headquarters, the branch and the line of the tests of sync, and the three shops of the tests of the merge."""

from tests.stores.conftest import shops
from tests.sync.conftest import bund, hub, link, world

__all__ = ["bund", "hub", "link", "shops", "world"]
