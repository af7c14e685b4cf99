"""Many actions in one transaction come to what they come to one by one, refusals and numbers and timers included."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, text

from core.model.errors import NodeError
from stores.actor import SYSTEM_ACTOR, Actor
from stores.acts import many
from stores.acts.act import decide, perform
from stores.acts.calls import Call, Receipt
from stores.acts.many import Batch
from stores.acts.waiting import Waiting
from stores.changes import commit, log, making
from stores.changes.commit import Edit
from stores.node import Node
from stores.storage import bulk
from tests.stores.shop import Shop

PLUGIN = """
ledgers:
  credit: {account: staff, unit: CNY, label: {en: Credit, zh: 业绩}}
records:
  bill:
    label: {en: Bill, zh: 账单}
    number: "B{yy}-{seq:1}"
    fields: {about: {type: ref, to: booking, label: {en: About, zh: 关于}}}
    by: desk
    actions: {add: {from: new, ask: [about], label: {en: Add, zh: 新增}}}
  room:
    label: {en: Room, zh: 房间}
    fields: {name: {type: text, label: {en: Name, zh: 名称}}, seen: {type: int, label: {en: Seen, zh: 次数}}}
    by: desk
    states: {open: {en: Open, zh: 开放}}
    actions: {add: {from: new, to: open, ask: [name], label: {en: Add, zh: 新增}}}
  booking:
    label: {en: Booking, zh: 订房}
    number: "{store}-{seq:1}"
    fields:
      guest: {type: text, required: true, label: {en: Guest, zh: 客人}}
      card: {type: text, unique: true, label: {en: Card, zh: 卡号}}
      room: {type: ref, to: room, label: {en: Room, zh: 房间}}
      amount: {type: money, label: {en: Amount, zh: 金额}}
      night: {type: int, label: {en: Night, zh: 第几晚}}
      seen: {type: int, label: {en: Seen, zh: 次数}}
      again: {type: int, value: {count: booking, where: booking.guest == self.guest}, label: {en: Again, zh: 次数}}
    states: {held: {en: Held, zh: 保留}, seated: {en: Seated, zh: 到房}, void: {en: Void, zh: 作废}}
    by: desk
    exclusive: {taken: {key: [room, night], while: self.state == "seated", message: {en: Taken, zh: 已占用}}}
    actions:
      book:
        from: new
        ask: [guest, card, room, amount, night]
        outcomes:
          - {when: self.amount > 900, refuse: {en: Too dear, zh: 太贵}}
          - when: self.amount > 500
            to: seated
            post: {credit: {account: =me, amount: =self.amount, why: {en: Booked, zh: 订房}}}
            create: {bill: {with: {about: =self}}}
            notice: dear
            update:
              room: {where: room == self.room, set: {seen: '=coalesce(room.seen, 0) + 1'}}
              booking: {where: booking.night == 5, set: {card: =self.guest}}
          - {when: self.amount > 400, to: held, set: {seen: =self.room.seen}}
          - {to: held}
        label: {en: Book, zh: 订房}
      rebook:
        from: new
        ask: [guest, card, room, amount, night]
        to: held
        checks: {thrice: {rule: self.again < 3, message: {en: Thrice, zh: 已三次}}}
        label: {en: Book again, zh: 再订}
      grand: {by: boss, from: new, ask: [guest], to: held, label: {en: Grand, zh: 大单}}
      seat: {from: held, to: seated, label: {en: Seat, zh: 入座}}
      drop: {by: system, from: held, to: void, label: {en: Drop, zh: 取消}}
    timers:
      hold: {while: self.state == "held", due: '=end_of(today + 1d * coalesce(self.night, 1))', then: drop}
notices:
  dear: {to: [boss], text: {en: "{self.guest}", zh: "{self.guest}"}}
"""
LI = Actor("li", "0755", frozenset({"desk"}), "Li")
HERE = ("booking", "bill", "room", "credit")


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    made = Shop(PLUGIN)
    made.hire("li", "desk")
    for name in ("v8", "v9"):
        made.put("room", name, name=name)
    for name in ("b1", "b2"):
        made.put("booking", name, guest="Old", night=5 if name == "b1" else 1, room="v8")
    made.hire("zhao", "boss")
    made.sql("UPDATE club_booking SET number = '0755-12' WHERE id = 'b2'")
    yield made
    made.close()


books = st.fixed_dictionaries(
    {
        "guest": st.sampled_from(["Chen", "Wu", "Old", "长" * 400, ""]),
        "amount": st.sampled_from(["300", "450", "700", "950"]),
    },
    optional={
        "card": st.sampled_from(["A", "Wu"]),
        "room": st.sampled_from(["v8", "v9", "v10"]),
        "night": st.sampled_from([1, 2, 10**7]),
    },
)
wishes = st.lists(
    st.one_of(
        *[books] * 4,
        books.map(lambda made: ["rebook", made]),
        st.sampled_from(["b1", "b2", "away", ["grand", {"guest": "Li"}]]),
    ),
    max_size=14,
)
PLAIN = {"guest": "Chen", "amount": "300"}
SEEN = {"guest": "Chen", "amount": "450", "room": "v8"}
SEATED = {"guest": "Wu", "amount": "700", "room": "v8", "night": 1}


@given(wishes=wishes)
@example([PLAIN, "away", ["grand", {"guest": "Li"}], PLAIN])  # who stands in for whom has changed
@example([SEEN, SEATED, SEEN, {**PLAIN, "card": "Wu"}])  # a record that was looked at has changed, and holds a key
@example([PLAIN, PLAIN, {**PLAIN, "night": 10**7}, PLAIN])  # one whose timer lies beyond the calendar
@example([PLAIN, {**PLAIN, "guest": "长" * 400}, {"guest": "Wu", "amount": "700"}])  # one that is too long for a line
@example([{"guest": f"G{n}", "amount": "300"} for n in range(12)])  # a number gets longer
@example(
    [{**PLAIN, "card": "A"}, {**PLAIN, "card": "A"}, PLAIN, {"guest": "", "amount": "1"}, PLAIN]
)  # a number goes back
@example(
    [SEATED, SEATED, PLAIN, {**PLAIN, "card": "A"}, "b1", ["rebook", PLAIN], {**PLAIN, "card": "A"}, SEATED, PLAIN]
)
@example([{**PLAIN, "card": "A"}, {**PLAIN, "card": "A"}, "b1", {"guest": "Wu", "amount": "700", "room": "v8"}, "b2"])
@settings(deadline=None, max_examples=30)
def test_they_come_to_what_they_come_to_one_by_one(shop: Shop, wishes: Sequence[Any]) -> None:
    calls = [_call(shop, wish) for wish in wishes]

    one_by_one = _taken_back(shop, lambda connection: [_alone(connection, shop, call) for call in calls])
    together = _taken_back(shop, lambda connection: _batch(connection, shop, calls))

    assert together == one_by_one


@given(wishes=wishes)
@settings(deadline=None, max_examples=15)
def test_what_is_tried_out_apart_is_told_as_if_it_were_the_only_one_and_leaves_nothing(
    shop: Shop, wishes: Sequence[Any]
) -> None:
    calls = [_call(shop, wish) for wish in wishes]
    before = _taken_back(shop, lambda _: [])

    apart = [told for call in calls for told in _taken_back(shop, lambda c, call=call: [_alone(c, shop, call)])[0]]
    told, left = _taken_back(shop, lambda connection: _batch(connection, shop, calls, apart=True))

    assert [_without_ids(text) for text in told] == [_without_ids(text) for text in apart]
    assert left == before[1]


def test_what_was_being_decided_when_the_others_parted_is_decided_anew(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the first look at the database is one whose failures are passed over."""
    alone: list[str] = []
    write = many._write

    def looks_first(connection: Connection, *rest: Any) -> Any:
        with suppress(Exception):
            connection.execute(text("SELECT 1"))
        return decide(connection, *rest)

    def refused_once(*_: Any) -> None:
        monkeypatch.setattr(many, "_write", write)
        raise NodeError(())

    def performed(connection: Connection, node: Node, call: Call) -> Any:
        alone.append(str(call.ask["guest"]))
        return perform(connection, node, call)

    for name, instead in (("decide", looks_first), ("_write", refused_once), ("perform", performed)):
        monkeypatch.setattr(many, name, instead)
    calls = [Call(shop.record("booking"), "book", SYSTEM_ACTOR, ask={"guest": guest}) for guest in ("Chen", "Wu")]
    with shop.node.database.write() as connection, connection.begin_nested() as back:
        _batch(connection, shop, calls)
        back.rollback()

    assert alone == ["Chen", "Wu"]


def test_a_record_that_changes_may_come_to_hold_any_key(shop: Shop) -> None:
    booking = shop.record("booking")
    with shop.node.database.write() as connection:
        waiting = Waiting(connection)
        waiting.add([Edit(booking, "b3", "0755", "create", {"card": "A"})])
        assert waiting.may_hold(booking.key, {"card": "A"})
        assert not waiting.may_hold(booking.key, {"card": "B"})
        waiting.add([Edit(booking, "b1", "0755", "update", {"guest": "Wu"})])
        assert waiting.may_hold(booking.key, {"card": "B"})


WITH_SETTING = """
settings: {fee: {type: money, default: 1, label: {en: Fee, zh: 费用}}}
records:
  bill:
    label: {en: Bill, zh: 账单}
    fields: {fee: {type: money, label: {en: Fee, zh: 费用}}}
    by: desk
    actions: {add: {from: new, set: {fee: =settings.fee}, label: {en: Add, zh: 新增}}}
"""


@pytest.mark.parametrize("apart", [False, True])
def test_a_setting_holds_for_what_comes_after_it(a_shop: Callable[..., Shop], apart: bool) -> None:
    shop = a_shop(WITH_SETTING)
    bill = Call(shop.record("bill"), "add", LI)
    fee = Call(shop.record("setting"), "set", SYSTEM_ACTOR, ask={"plugin": "club", "name": "fee", "value": "2"})

    with shop.node.database.write() as connection:
        batch = Batch(connection, shop.node, apart=apart)
        for call in (bill, fee, bill):
            batch.add(call)
        assert not [result for result in batch.results() if isinstance(result, NodeError)]

    assert [row.values["fee"] for row in shop.rows("bill")] == ([] if apart else [1, 2])


def test_a_setting_that_is_changed_holds_for_what_comes_after_it(a_shop: Callable[..., Shop]) -> None:
    shop = a_shop(WITH_SETTING)
    set_ = shop.do("setting.set", SYSTEM_ACTOR, plugin="club", name="fee", value="2").id
    bill = Call(shop.record("bill"), "add", LI)
    change = Call(shop.record("setting"), "change", SYSTEM_ACTOR, set_, ask={"value": "3"})

    with shop.node.database.write() as connection:
        batch = Batch(connection, shop.node)
        for call in (bill, change, bill):
            batch.add(call)
        batch.results()

    assert [row.values["fee"] for row in shop.rows("bill")] == [2, 3]


def test_rows_are_not_late_because_those_before_them_took_their_time(a_shop: Callable[..., Shop]) -> None:
    """Only what happened at another moment than it was carried out is."""
    shop = a_shop(WITH_SETTING)
    with shop.node.database.write() as connection:
        batch = Batch(connection, shop.node)
        shop.now += timedelta(minutes=5)
        batch.add(Call(shop.record("bill"), "add", LI))
        batch.results()

    (line,) = shop.log()
    assert line.facts == {"version": "1.0.0"}


def test_plain_ones_are_written_with_a_handful_of_statements(shop: Shop) -> None:
    """Not some for each: that is what the batch is for."""
    statements: list[str] = []
    calls = [Call(shop.record("room"), "add", LI, ask={"name": f"R{n}"}) for n in range(60)]
    listener: Any = lambda _c, _cursor, sql, *_: statements.append(sql)  # noqa: E731
    event.listen(shop.node.database._writer, "before_cursor_execute", listener)
    try:
        told, _ = _taken_back(shop, lambda connection: _batch(connection, shop, calls))
    finally:
        event.remove(shop.node.database._writer, "before_cursor_execute", listener)
    assert len(told) == 60
    assert len(statements) < 60


def _call(shop: Shop, wish: Any) -> Call:
    if wish == "away":
        told = {"staff": "zhao", "from_at": shop.now.isoformat()}
        return Call(shop.node.catalog.records["core.absence"], "report", SYSTEM_ACTOR, ask=told)
    if isinstance(wish, str):
        return Call(shop.record("booking"), "seat", LI, wish)
    action, asked = wish if isinstance(wish, list) else ("book", wish)
    return Call(shop.record("booking"), action, LI, ask=asked)


def _alone(connection: Connection, shop: Shop, call: Call) -> Receipt | NodeError:
    try:
        with connection.begin_nested():
            return perform(connection, shop.node, call)[0]
    except NodeError as error:
        return error


def _batch(connection: Connection, shop: Shop, calls: Sequence[Call], *, apart: bool = False) -> list[Any]:
    batch = Batch(connection, shop.node, apart=apart)
    for call in calls:
        batch.add(call)
    return [result if isinstance(result, NodeError) else result[0] for result in batch.results()]


def _taken_back(shop: Shop, work: Callable[[Connection], list[Any]]) -> tuple[list[Any], list[Any]]:
    """Return what was told of the actions and everything in the database after them, ids and stamps by their order."""
    with pytest.MonkeyPatch.context() as patch, shop.node.database.write() as connection:
        for module in (commit, making):
            patch.setattr(module, "LINE_CHARS_MAX", 300)
        with connection.begin_nested() as back:
            told = [_told(result) for result in work(connection)]
            assert log.verify(connection, shop.node.identity.origin) is None
            found = _everything(connection, shop)
            back.rollback()
    return _by_order(told), _by_order(found)


def _told(result: Receipt | NodeError) -> object:
    return (
        result.problems if isinstance(result, NodeError) else (result.id, result.number, result.state, result.touched)
    )


def _everything(connection: Connection, shop: Shop) -> list[Any]:
    """Return the log without its hashes, all records with their stamps, the timers and the numbers given out."""
    lines = [line._replace(hash="") for line in log.entries_after(connection, shop.node.identity.origin, 0, 10_000)]
    records = [shop.record(name).table for name in HERE] + [shop.node.catalog.records["core.notice"].table]
    tables = [
        bulk.run(connection, f'SELECT * FROM "{name}" ORDER BY 1, 2, 3') for name in (*records, "timer", "sequence")
    ]
    return [lines, *tables]


def _by_order(things: list[Any]) -> list[str]:
    """Return things as texts in which ids and stamps are numbered by their order: more are drawn than used."""
    texts = [repr(thing) for thing in things]
    drawn = sorted(set(re.findall(r"id-\d{5,}|\b\d{17,}\b", " ".join(texts))))
    place = {word: f"<{n}>" for n, word in enumerate(drawn)}
    return [re.sub(r"id-\d{5,}|\b\d{17,}\b", lambda word: place[word[0]], text) for text in texts]


def _without_ids(text: str) -> str:
    return re.sub("<[0-9]+>", "<>", text)
