"""A day is closed when all of it is at headquarters, which counts it in its own log and signs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stores.changes import log, quarantine
from stores.node import Node
from stores.storage import closings
from stores.storage.closings import Closing
from stores.storage.credentials import Credential
from sync import closing, keys, receipts
from sync.branch.round import sync_round
from sync.closing import ClosingFault, close_day, close_due, is_signed
from sync.keys import Upstream
from sync.protocol import Close, Head, NotYours
from tests.sync.nodes import GUEST, DirectLink, World, write

ENDS = timedelta(hours=6)
HOUR = 3600


@pytest.fixture
def evening(world: World, hub: Node, bund: Node, link: DirectLink) -> list[str]:
    """An evening on the Bund, from 20:00 on the 14th into the small hours; two guests, three changes."""
    with hub.database.read() as connection:
        key = receipts.public_of(keys.hub(connection).key)
    with bund.database.write() as connection:
        keys.keep_upstream(connection, Upstream("https://hq", "t", key))
    guests = [world.id(), world.id()]
    write(bund, guests[0], "create", name="李")
    world.wait(5 * HOUR)  # 01:00
    write(bund, guests[1], "create", name="赵")
    write(bund, guests[0], visits=1)
    sync_round(bund, link)
    return guests


def kept(node: Node) -> list[Closing]:
    with node.database.read() as connection:
        return closings.latest(connection)


def test_a_day_that_has_ended_is_closed_and_counter_signed(
    world: World, hub: Node, bund: Node, link: DirectLink, evening: list[str]
) -> None:
    assert close_due(bund, link, ENDS) == [], "the night is not over at one o'clock"
    world.wait(6 * HOUR)

    (done,) = close_due(bund, link, ENDS)

    assert (done.day, done.changes, done.records, done.waiting) == ("2026-03-14", 3, 2, 0)
    with bund.database.read() as connection:
        upstream = keys.upstream(connection)
    assert upstream is not None
    assert is_signed(upstream.key, done)
    assert not is_signed(upstream.key, replace(done, records=3))
    assert kept(bund) == kept(hub) == [done]
    assert close_due(bund, link, ENDS) == [], "once"


def test_a_day_is_not_closed_before_all_of_it_is_at_headquarters(
    world: World, bund: Node, link: DirectLink, evening: list[str]
) -> None:
    write(bund, evening[0], visits=2)
    world.wait(6 * HOUR)

    assert close_due(bund, link, ENDS) == []
    sync_round(bund, link)
    assert [each.changes for each in close_due(bund, link, ENDS)] == [4]


def test_days_that_were_missed_are_closed_in_turn_and_empty_ones_left_out(
    world: World, bund: Node, link: DirectLink, evening: list[str]
) -> None:
    world.wait(30 * HOUR)  # the 16th, 07:00
    write(bund, evening[0], visits=2)
    world.wait(2 * 24 * HOUR)
    sync_round(bund, link)

    done = close_due(bund, link, ENDS)

    assert [(each.day, each.changes) for each in done] == [("2026-03-14", 3), ("2026-03-16", 1), ("2026-03-17", 0)]
    assert [each.after for each in done[1:]] == [done[0].seq, done[1].seq]


def test_what_waits_in_quarantine_is_in_the_closing(
    world: World, hub: Node, bund: Node, link: DirectLink, evening: list[str]
) -> None:
    with hub.database.write() as connection:
        lines = log.of_records(connection, GUEST, [evening[1]])
        quarantine.keep(connection, hub, lines, "bund", quarantine.WAITING)
    world.wait(6 * HOUR)

    assert [each.waiting for each in close_due(bund, link, ENDS)] == [1]


def test_a_signature_that_is_not_headquarters_is_not_believed(
    world: World, bund: Node, link: DirectLink, evening: list[str]
) -> None:
    world.wait(6 * HOUR)
    link.after = lambda call, answer: replace(answer, signature="ab" * 64) if call == "close" else answer

    with pytest.raises(ClosingFault):
        close_due(bund, link, ENDS)
    assert kept(bund) == []


def test_headquarters_signs_only_what_it_holds_and_for_whom_it_is(hub: Node, evening: list[str]) -> None:
    bund = Credential("bund", "bund")
    lies: list[Any] = [
        Close("bund.1", "2026-03-14", 0, Head(3, "0" * 32)),
        Close("bund.1", "2026-03-14", 0, Head(9, "0" * 32)),
        Close("bund.1", "2026-03-14", 4, Head(0)),
    ]
    for lie in lies:
        with pytest.raises(ClosingFault):
            close_day(hub, bund, lie)
    with pytest.raises(NotYours):
        close_day(hub, Credential("jingan", "jingan"), lies[0])
    assert kept(hub) == []


def test_a_night_belongs_to_the_day_on_which_it_began(world: World, hub: Node) -> None:
    assert closing.business_day(hub, world.time, ENDS).isoformat() == "2026-03-14"
    assert closing.business_day(hub, world.time + timedelta(hours=9), ENDS).isoformat() == "2026-03-14"
    assert closing.business_day(hub, world.time + timedelta(hours=10), ENDS).isoformat() == "2026-03-15"
