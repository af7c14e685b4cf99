"""Given any weather, when the links heal, then all nodes agree, nothing is lost and nothing is doubled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulation.chain import Chain
from tests.simulation.fate import FatefulChain

SEEDS = range(8)
FAILED_ONCE: list[int] = []  # a seed that once failed stays here for good
FATEFUL = [
    ("branch", 4),
    ("hub", 2),
    ("hub", 3),
    ("hub", 209),
    ("both", 0),
    ("unnoticed", 5),
]  # and seeds that failed once


@pytest.mark.parametrize("seed", [*SEEDS, *FAILED_ONCE])
def test_every_branch_ends_up_like_headquarters(seed: int, tmp_path: Path, database_url: str) -> None:
    chain = Chain(seed, tmp_path, hub_url=database_url)

    chain.storm(steps=120)
    chain.calm()

    chain.check()
    chain.close()


@pytest.mark.parametrize(("fate", "seed"), FATEFUL)
def test_machines_that_are_put_back_or_copied_cost_nothing_that_anybody_still_has(
    fate: str, seed: int, tmp_path: Path
) -> None:
    chain = FatefulChain(seed, tmp_path, fate=fate)

    chain.storm(steps=50)
    chain.calm()

    chain.check()
    assert chain.set_backs
    chain.close()


@pytest.mark.parametrize("fresh_url", ["postgresql"], indirect=True)
def test_headquarters_on_postgresql_that_is_put_back_costs_nothing_that_anybody_still_has(
    tmp_path: Path, fresh_url: Callable[[], str]
) -> None:
    chain = FatefulChain(1, tmp_path, branches=2, hub_url=fresh_url(), fate="unnoticed")

    chain.storm(steps=14)
    chain.calm()

    chain.check()
    assert chain.set_backs
    chain.close()
