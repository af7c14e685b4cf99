"""What arrives arms its timers and settles its requests; a rule that fails keeps nobody else from theirs."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from stores.node import Node
from stores.storage.database import Connection
from sync import arrival

GUESTS = [("tea_house.guest", "1"), ("tea_house.guest", "2"), ("tea_house.guest", "3")]


def test_one_rule_that_fails_costs_one_record_its_timer_and_its_neighbours_none(
    bund: Node, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def rearm(connection: Connection, _node: Node, touched: Iterable[tuple[str, str]], **_more: object) -> None:
        for _, id_ in touched:
            connection.exec_driver_sql("INSERT INTO node_state VALUES (?, 'armed')", (id_,))
            if id_ == "2":
                raise RuntimeError("13812345678")

    monkeypatch.setattr(arrival.timers, "rearm", rearm)
    with bund.database.write() as connection:
        arrival.arm(connection, bund, [*GUESTS, GUESTS[0]])

    with bund.database.read() as connection:
        armed = connection.exec_driver_sql("SELECT key FROM node_state WHERE value = 'armed' ORDER BY key")
        assert list(armed.scalars()) == ["1", "3"]
    assert "13812345678" not in caplog.text


def test_when_nothing_has_arrived_nobody_is_woken(bund: Node) -> None:
    woken: list[int] = []
    bund.on_commit(lambda: woken.append(1))

    arrival.settle(bund, [])
    assert not woken

    arrival.settle(bund, GUESTS)
    assert woken
