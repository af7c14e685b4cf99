"""Clocks that are wrong by hours or decades, at shops and at headquarters: they mis-rank at worst, and lose nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stores.node import Node
from stores.storage.credentials import Credential
from sync.branch.round import sync_round
from tests.simulation.chain import Chain
from tests.sync.nodes import DirectLink, World, read, write

WRONG = {
    "an hour ahead": timedelta(hours=1),
    "an hour behind": timedelta(hours=-1),
    "a year ahead": timedelta(days=365),
    "in 1970": datetime(1970, 1, 1, 0, 5, tzinfo=UTC) - datetime(2026, 3, 14, 10, tzinfo=UTC),
    "in 2099": datetime(2099, 6, 1, tzinfo=UTC) - datetime(2026, 3, 14, 10, tzinfo=UTC),
}
WHOSE = ["hq", "bund"]


@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize("off", WRONG.values(), ids=WRONG.keys())
def test_a_clock_that_is_wrong_stops_nobody_and_loses_nothing(tmp_path: Path, whose: str, off: timedelta) -> None:
    chain = Chain(3, tmp_path, branches=2, power=0)
    chain.skew[whose] = off

    chain.storm(steps=25)
    chain.calm()

    chain.check()
    chain.close()


@pytest.mark.parametrize("whose", WHOSE)
def test_a_clock_that_jumps_to_and_fro_in_a_shift_stops_nobody_and_loses_nothing(tmp_path: Path, whose: str) -> None:
    chain = Chain(4, tmp_path, branches=2, power=0)

    for off in (0, 86_400, -86_400, 3_600, -7_200, 0):  # seconds; the last but one is a change of daylight saving
        chain.skew[whose] = timedelta(seconds=off)
        chain.storm(steps=8)
    chain.calm()

    chain.check()
    chain.close()


def test_a_pc_that_is_suspended_in_the_middle_of_a_round_goes_on_where_it_was(
    hub: Node, bund: Node, world: World
) -> None:
    guest = world.id()
    write(bund, guest, "create", visits=1)

    def closes_the_lid(_call: str, question: object) -> object:
        world.wait(9 * 3600)
        return question

    link = DirectLink(hub, Credential("bund", "bund"), before=closes_the_lid)
    first = sync_round(bund, link)
    write(bund, guest, visits=2)
    sync_round(bund, link)

    assert first.pushed == 1
    assert read(hub, guest)["visits"] == read(bund, guest)["visits"] == 2


def test_two_nodes_that_write_one_field_in_one_millisecond_end_alike(hub: Node, bund: Node, world: World) -> None:
    jingan = world.node("jingan")
    links = {node.store: DirectLink(hub, Credential(node.store, node.store)) for node in (bund, jingan)}
    guest = world.id()
    write(bund, guest, "create", name="李")
    sync_round(bund, links["bund"])
    sync_round(jingan, links["jingan"])

    for node, name in ((bund, "王"), (jingan, "赵")):  # time stands still
        write(node, guest, store="bund", name=name)
    for node in (jingan, bund, jingan):
        sync_round(node, links[node.store])

    shown = {read(node, guest)["name"] for node in (hub, bund, jingan)}
    assert len(shown) == 1
