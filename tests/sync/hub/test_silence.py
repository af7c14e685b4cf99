"""A node that is silent for too long is told of once; another silence is another alarm."""

from __future__ import annotations

from datetime import timedelta

from stores.node import Node
from stores.storage import credentials
from sync.branch.round import sync_round
from sync.hub import silence
from tests.sync.nodes import DirectLink, World

DAY = 86_400


def alarms(hub: Node) -> list[str]:
    table = hub.tables["core.notice"]
    with hub.database.read() as connection:
        rows = connection.execute(table.select().where(table.c.name == silence.ALARM).order_by(table.c.sent_at))
        return [row["zh"] for row in rows.mappings()]


def test_one_silence_is_one_alarm(world: World, hub: Node, bund: Node, link: DirectLink) -> None:
    with hub.database.write() as connection:
        credentials.add_credential(connection, "t", "bund", "bund", world.time)
    sync_round(bund, link)
    after = timedelta(days=1)

    assert silence.watch(hub, after) == []
    world.wait(DAY + 60)
    assert silence.watch(hub, after) == ["bund"]
    world.wait(DAY)
    assert silence.watch(hub, after) == []
    sync_round(bund, link)
    assert silence.watch(hub, after) == []
    world.wait(2 * DAY)
    assert silence.watch(hub, after) == ["bund"]

    told = alarms(hub)
    assert len(told) == 2
    assert "2026-03-14 20:00" in told[0]


def test_a_node_that_was_shut_out_may_be_silent(world: World, hub: Node) -> None:
    with hub.database.write() as connection:
        credentials.add_credential(connection, "t", "bund", "bund", world.time)
        credentials.revoke_node(connection, "bund", world.time)
    world.wait(10 * DAY)

    assert silence.watch(hub, timedelta(days=1)) == []
