"""What is durable is told at least once, whatever fails: a hook, a channel, or the power right after the commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.host.contexts import ActionEvent, NoticeToSend
from core.host.hookspecs import hookimpl
from core.host.host import Host
from core.model.errors import Forbidden
from stores.acts import outbox
from stores.storage import outbox as parcels
from tests.stores.shop import HEAD, Shop

PLUGIN = """
records:
  booking:
    label: {en: Booking, zh: 订房}
    fields:
      room: {type: text, label: {en: Room, zh: 房间}}
      deposit: {type: money, label: {en: Deposit, zh: 定金}}
    states: {held: {en: Held, zh: 保留}, seated: {en: Seated, zh: 已到}, lapsed: {en: Lapsed, zh: 失效}}
    by: desk
    actions:
      book: {from: new, to: held, ask: [room, deposit], notice: booked, label: {en: Book, zh: 订房}}
      arrive: {from: held, to: seated, at: 1h, label: {en: Arrive, zh: 到店}}
      lapse: {from: held, to: lapsed, by: system, notice: lapsed, label: {en: Lapse, zh: 失效}}
    timers:
      hold: {while: 'self.state == "held"', due: '=after(now, 20m)', then: lapse}
    sync: {scope: store, home: store}
notices:
  booked: {to: [boss], text: {en: "Room {self.room} is booked", zh: "{self.room} 已订"}}
  lapsed: {to: [boss], text: {en: "Room {self.room} is free", zh: "{self.room} 已释放"}}
"""


class Neighbour:
    """A plugin in Python that listens, and carries notices out by text message."""

    def __init__(self) -> None:
        self.events: list[ActionEvent] = []
        self.sent: list[tuple[str, NoticeToSend]] = []
        self.broken = False

    @hookimpl
    def action_committed(self, event: ActionEvent) -> None:
        self.events.append(event)
        if self.broken:
            raise ConnectionError("13800001111 is not reachable")

    @hookimpl
    def channels(self) -> list[str]:
        return ["sms", "screen"]

    @hookimpl
    def deliver(self, notice: NoticeToSend, channel: str) -> str | None:
        if self.broken:
            raise ConnectionError("13800001111 is not reachable")
        self.sent.append((channel, notice))
        return "message 7" if channel == "sms" else None


@pytest.fixture
def neighbour() -> Neighbour:
    return Neighbour()


@pytest.fixture
def shop(tmp_path: Path, neighbour: Neighbour, database_url: str) -> Iterator[Shop]:
    folder = tmp_path / "plugins" / "club"
    folder.mkdir(parents=True)
    (folder / "plugin.yaml").write_text(HEAD + PLUGIN, encoding="utf-8")
    host = Host([folder.parent], entry_points=False)
    host.register(neighbour, "neighbour")
    made = Shop(PLUGIN, database_url, host=host)
    yield made
    made.close()


def book(shop: Shop) -> Any:
    return shop.do("booking.book", shop.hire("li", "desk"), room="V8", deposit="500")


def counts(shop: Shop) -> tuple[int, int]:
    with shop.node.database.read() as connection:
        return parcels.counts(connection)


def test_an_action_and_its_notice_are_told_once_each_and_the_receipt_is_kept(shop: Shop, neighbour: Neighbour) -> None:
    receipt = book(shop)
    assert (neighbour.events, counts(shop)) == ([], (3, 0))

    assert outbox.deliver_due(shop.node) == 3
    assert outbox.deliver_due(shop.node) == 0

    (event,) = neighbour.events
    assert (event.id, event.action, event.actor, event.state, event.store) == (receipt.tx, "book", "li", "held", "0755")
    assert (event.values["room"], event.values["deposit"], event.values["state"]) == ("V8", 500, "held")
    assert [(channel, notice.roles, notice.zh) for channel, notice in neighbour.sent] == [
        ("screen", ("boss",), "V8 已订"), ("sms", ("boss",), "V8 已订"),
    ]  # fmt: skip
    assert shop.sql("SELECT channel, receipt FROM outbox") == [("sms", "message 7")]
    assert (counts(shop), outbox.next_due(shop.node)) == ((0, 0), None)


def test_a_power_cut_right_after_the_commit_loses_nothing(
    shop: Shop, neighbour: Neighbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCut(BaseException):
        """Nothing may catch it and go on."""

    def cut() -> None:
        raise PowerCut

    shop.node.on_commit(cut)
    with pytest.raises(PowerCut):
        book(shop)
    assert neighbour.events == []

    shop.node._listeners.clear()  # the machine is on again
    outbox.deliver_due(shop.node)

    assert [event.action for event in neighbour.events] == ["book"]


def test_an_action_that_is_refused_tells_nothing(shop: Shop) -> None:
    booking = book(shop).id
    outbox.deliver_due(shop.node)
    with pytest.raises(Forbidden):
        shop.do("booking.arrive", shop.hire("wu", "audit"), booking)

    assert counts(shop) == (0, 0)


def test_what_fails_is_told_again_with_the_same_id_at_growing_intervals(shop: Shop, neighbour: Neighbour) -> None:
    book(shop)
    neighbour.broken = True
    assert outbox.deliver_due(shop.node) == 0
    assert outbox.next_due(shop.node) == shop.now + timedelta(seconds=30)
    shop.now += timedelta(seconds=30)
    outbox.deliver_due(shop.node)
    assert outbox.next_due(shop.node) == shop.now + timedelta(seconds=60)
    faults = {fault for (fault,) in shop.sql("SELECT fault FROM outbox")}
    assert faults == {"neighbour: ConnectionError"}, "the text may hold what people entered"

    neighbour.broken = False
    shop.now += timedelta(seconds=60)
    assert outbox.deliver_due(shop.node) == 3

    assert len({event.id for event in neighbour.events}) == 1
    assert (len(neighbour.events), len(neighbour.sent), counts(shop)) == (3, 2, (0, 0))


def test_a_notice_that_nobody_could_be_told_for_a_day_is_set_aside_an_event_never(
    shop: Shop, neighbour: Neighbour
) -> None:
    book(shop)
    neighbour.broken = True
    for _ in range(40):
        outbox.deliver_due(shop.node)
        shop.now += timedelta(hours=1)

    assert counts(shop) == (1, 2)
    neighbour.broken = False
    assert outbox.deliver_due(shop.node) == 1
    shop.now += timedelta(days=31)
    book_again = shop.do("booking.book", shop.hire("wang", "desk"), room="V9")
    outbox.deliver_due(shop.node)
    assert (neighbour.events[-1].id, counts(shop)) == (book_again.tx, (0, 0))


def test_without_anybody_who_listens_nothing_is_kept(a_shop: Callable[..., Shop]) -> None:
    shop = a_shop(PLUGIN)

    book(shop)

    assert counts(shop) == (0, 0)


def test_an_event_of_a_plugin_that_is_gone_waits_for_it(shop: Shop, neighbour: Neighbour) -> None:
    book(shop)
    club, shop.node.host = shop.node.host, Host([], entry_points=False)
    assert outbox.deliver_due(shop.node) == 2  # nobody carries notices any more
    shop.node.host = club
    shop.now += timedelta(minutes=1)

    assert outbox.deliver_due(shop.node) == 1
    assert [event.action for event in neighbour.events] == ["book"]


def test_a_late_fact_withdraws_the_notice_of_the_step_it_takes_back(shop: Shop, neighbour: Neighbour) -> None:
    booking = book(shop).id
    outbox.deliver_due(shop.node)
    shop.now += timedelta(minutes=21)
    shop.go(shop.now.strftime("%Y-%m-%d %H:%M"))
    shop.do("booking.arrive", shop.hire("wang", "desk"), booking, at=shop.now - timedelta(minutes=5))
    outbox.deliver_due(shop.node)

    (told,) = [row for row in shop.rows("notice") if row.values["name"] == "club.lapsed"]
    assert told.values["withdrawn_at"] == shop.now
    assert shop.row("booking", booking)["state"] == "seated"
    assert [line.action for line in shop.log("notice", told.id)] == ["club.booking.lapse", "core.undo"]
    assert "club.lapsed" not in [notice.name for _, notice in neighbour.sent], "nobody is told any more"
