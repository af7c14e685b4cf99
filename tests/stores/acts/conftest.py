"""The shop of a test module: its own ``PLUGIN``, on each database or in memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.stores.shop import Shop


@pytest.fixture
def shop(request: pytest.FixtureRequest, a_shop: Callable[..., Shop], database_url: str) -> Shop:
    """A club on each database."""
    made: Shop = a_shop(request.module.PLUGIN, database_url)
    return made


@pytest.fixture
def quick(request: pytest.FixtureRequest, a_shop: Callable[..., Shop]) -> Shop:
    """A club in memory."""
    made: Shop = a_shop(request.module.PLUGIN)
    return made
