"""One action: who may, what is checked, what it does; all of it or nothing, whatever breaks in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from core.model.errors import ActionRefused, Clash, Forbidden, NotFound, Text
from stores import rows
from stores.actor import SYSTEM_ACTOR
from stores.acts.act import Decided, decide, made
from stores.acts.calls import Call
from stores.changes import log
from stores.changes.commit import commit
from tests.stores.acts.club import BOOKING, PLUGIN, PowerCut, codes, configure, cut_at, picture
from tests.stores.shop import Shop, local


def test_a_booking_is_made_numbered_logged_and_told_as_one(shop: Shop) -> None:
    li = shop.hire("li", "desk")

    receipt = shop.do("booking.book", li, **BOOKING)

    row = shop.row("booking", receipt.id)
    assert (receipt.number, receipt.state, receipt.provisional, receipt.warnings) == ("0755-001", "held", False, ())
    assert (row["guest"], row["amount"], row["third"]) == ("Chen", Decimal("300.00"), Decimal("100.00"))
    (line,) = shop.log("booking", receipt.id)
    assert (line.action, line.actor, line.facts) == ("club.booking.book", "li", {"version": "1.0.0"})


def test_what_follows_is_written_with_it(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    booking = shop.do("booking.book", li, **BOOKING).id

    shop.do("booking.arrive", li, booking, tip="20")

    (task,) = shop.rows("task")
    (notice,) = shop.notices("arrived")
    assert (task.values["what"], task.values["about"]) == ("clean V8", booking)
    assert (notice.values["to"], notice.values["roles"]) == (["li"], ["desk"])
    assert notice.values["en"] == "Chen came at 2026-03-07 20:30"
    assert shop.row("booking", booking)["by"] == "li"
    lines = [line for line in shop.log() if line.action == "club.booking.arrive"]
    assert [line.type for line in lines] == ["club.booking", "club.credit", "club.task", "core.notice"]
    assert len({line.tx for line in lines}) == 1
    assert (lines[0].facts or {})["ask"] == {"tip": "20.00"}


def test_a_third_of_a_sum_is_kept_to_the_fen_as_the_next_rule_sees_it(quick: Shop) -> None:
    li = quick.hire("li", "desk")

    booking = quick.do("booking.book", li, guest="Chen", room="V8", amount="100").id

    assert quick.row("booking", booking)["third"] == Decimal("33.33")


def test_an_unknown_action_names_the_nearest(quick: Shop) -> None:
    li = quick.hire("li", "desk")

    with pytest.raises(NotFound, match="did you mean `book`"):
        quick.do("booking.bok", li)


@pytest.mark.parametrize(("what", "id"), [("booking.arrive", None), ("booking.book", "b1")])
def test_an_action_is_sent_to_the_record_or_to_the_list_never_to_the_other(
    quick: Shop, what: str, id: str | None
) -> None:
    with pytest.raises(NotFound) as refusal:
        quick.do(what, quick.hire("li", "desk"), id)

    assert codes(refusal) == ["wrong-address"]


def test_an_action_that_the_state_does_not_allow_says_what_the_state_is(quick: Shop) -> None:
    li = quick.hire("li", "desk")
    booking = quick.do("booking.book", li, **BOOKING).id

    with pytest.raises(Clash, match="the Booking is `Held`") as refusal:
        quick.do("booking.pay", li, booking)

    assert refusal.value.problems[0].fix == Text("possible in: Seated", "可执行的状态：到房")


def test_somebody_of_another_store_is_told_there_is_no_such_record(quick: Shop) -> None:
    li, stranger = quick.hire("li", "desk"), quick.hire("wu", "desk", store="0756")
    booking = quick.do("booking.book", li, **BOOKING).id

    with pytest.raises(NotFound) as refusal:
        quick.do("booking.arrive", stranger, booking)
    with pytest.raises(NotFound) as unknown:
        quick.do("booking.arrive", stranger, "nothing")

    assert str(refusal.value).replace(booking, "nothing") == str(unknown.value)
    with pytest.raises(NotFound, match="do not work in store"):
        quick.do("booking.book", stranger, store="0755", **BOOKING)


def test_headquarters_people_work_in_every_store_with_their_own_posts(quick: Shop) -> None:
    chief = quick.hire("qin", "desk", store="hq")
    auditor = quick.hire("bo", "audit", store="hq")

    booking = quick.do("booking.book", chief, store="0755", **BOOKING).id

    assert quick.row("booking", booking)["store"] == "0755"
    with pytest.raises(Forbidden):
        quick.do("booking.arrive", auditor, booking)


def test_every_wrong_input_is_told_at_once(quick: Shop) -> None:
    with pytest.raises(ActionRefused) as refusal:
        quick.do("booking.book", quick.hire("li", "desk"), amount="much", rom="V8")

    assert {(p.code, p.field) for p in refusal.value.problems} == {
        ("unknown-input", "rom"), ("bad-value", "amount"), ("required", "guest"),
    }  # fmt: skip
    assert quick.rows("booking") == []


def test_a_blank_figure_writes_nothing_posts_nothing_and_picks_no_outcome(quick: Shop) -> None:
    li = quick.hire("li", "desk")
    booking, other = (quick.do("booking.book", li, **BOOKING).id for _ in range(2))

    quick.do("booking.arrive", li, booking)
    sorted_ = quick.do("booking.sort", li, other)

    assert quick.row("booking", booking)["amount"] == Decimal("300.00")
    assert [row.values["amount"] for row in quick.rows("credit")] == [Decimal("1.00")]
    assert sorted_.state == "seated"


def test_a_configured_figure_writes_posts_and_picks(quick: Shop) -> None:
    configure(quick, share="0.5", fine="50", cap="300")
    li = quick.hire("li", "desk")
    booking = quick.do("booking.book", li, **BOOKING).id

    quick.do("booking.arrive", li, booking)

    assert quick.row("booking", booking)["amount"] == Decimal("150.00")
    assert sorted(row.values["amount"] for row in quick.rows("credit")) == [Decimal(1), Decimal(50)]


def test_the_first_outcome_that_fits_is_taken_and_its_place_is_logged(quick: Shop) -> None:
    li = quick.hire("li", "desk")
    small, large, none = (
        quick.do("booking.book", li, guest="Chen", room="V8", amount=amount).id for amount in ("1", "6000", "0")
    )

    quick.do("booking.sort", li, small)

    assert (quick.log("booking", small)[-1].facts or {})["outcome"] == 2
    with pytest.raises(ActionRefused, match="Chen owes too much"):
        quick.do("booking.sort", li, large)
    with pytest.raises(ActionRefused) as refusal:
        quick.do("booking.sort", li, none)
    assert codes(refusal) == ["no-outcome"]


def test_an_empty_field_takes_no_outcome(quick: Shop) -> None:
    li = quick.hire("li", "desk")
    booking = quick.put("booking", "b1", guest="Chen")

    with pytest.raises(ActionRefused) as refusal:
        quick.do("booking.sort", li, booking)

    assert codes(refusal) == ["no-outcome"]


def test_a_deleted_record_is_gone_until_it_is_restored(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    booking = shop.do("booking.book", li, **BOOKING).id
    with pytest.raises(Clash, match="is not deleted"):
        shop.do("booking.restore", li, booking)

    shop.do("booking.drop", li, booking)

    for again in ("booking.drop", "booking.arrive"):
        with pytest.raises(NotFound):
            shop.do(again, li, booking)
    with pytest.raises(ActionRefused) as refusal:
        shop.do("task.add", li, what="clean", about=booking)
    assert codes(refusal) == ["no-such-record"]

    shop.do("booking.restore", li, booking)
    assert shop.do("booking.arrive", li, booking).state == "seated"


def test_a_result_that_the_field_cannot_hold_refuses_the_action(quick: Shop) -> None:
    li = quick.hire("li", "desk")
    booking = quick.do("booking.book", li, **BOOKING).id

    with pytest.raises(ActionRefused) as refusal:
        quick.do("booking.blow", li, booking)

    assert refusal.value.problems[0].field == "amount"
    assert quick.row("booking", booking)["amount"] == Decimal(300)


def test_what_an_action_creates_must_not_take_a_key_that_is_held(quick: Shop) -> None:
    li = quick.hire("li", "desk")
    booking = quick.do("booking.book", li, **BOOKING).id
    quick.do("booking.tag", li, booking)

    with pytest.raises(ActionRefused, match="Tag is already taken"):
        quick.do("booking.tag", li, booking)


def test_a_deed_that_comes_late_says_so_in_the_log(quick: Shop) -> None:
    booking = quick.do("booking.book", quick.hire("li", "desk"), **BOOKING).id
    quick.now = local("2026-03-07 21:00")

    quick.do("booking.sweep", SYSTEM_ACTOR, booking, at="2026-03-07 20:58")

    assert (quick.log("booking", booking)[-1].facts or {})["late_s"] == 120


# --- power cuts


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(PLUGIN, f"sqlite:///{tmp_path}/club.db")
    yield made
    made.close()


def test_a_power_cut_before_any_statement_leaves_all_of_an_action_or_nothing(on_disk: Shop) -> None:
    li = on_disk.hire("li", "desk")
    booking = on_disk.do("booking.book", li, **BOOKING).id
    before = picture(on_disk)
    for nth in range(1, 200):
        mend = cut_at(on_disk, nth)
        try:
            on_disk.do("booking.arrive", li, booking, tip="20")
        except PowerCut:
            on_disk.close()
            on_disk.open()
            assert picture(on_disk) == before, f"half of it was written before statement {nth}"
            continue
        mend()
        break
    else:
        pytest.fail("an action should not take 200 statements")

    assert nth > 10
    assert len(on_disk.rows("task")) == len(on_disk.rows("credit")) == len(on_disk.notices("arrived")) == 1
    with on_disk.node.database.read() as connection:
        assert log.verify(connection, on_disk.node.identity.origin) is None


ALL_SORTS = """
records:
  part:
    label: {en: Part, zh: 部件}
    fields: {price: {type: money, default: '=10 / 3', label: {en: Price, zh: 价}}}
    states: {there: {en: There, zh: 在}}
    timers: {soon: {while: self.price > 0, due: =now + 1h, then: drop}}
    actions: {drop: {by: system, delete: true, label: {en: Drop, zh: 删除}}}
  thing:
    label: {en: Thing, zh: 物}
    number: "T{seq:3}"
    fields:
      at: {type: datetime, default: =now, label: {en: At, zh: 时刻}}
      third: {type: decimal, digits: 3, default: '=1 / 3', label: {en: Third, zh: 三分之一}}
      name: {type: text, label: {en: Name, zh: 名}}
      phone: {type: phone, mask: none, label: {en: Phone, zh: 电话}}
      price: {type: money, label: {en: Price, zh: 价}}
      count: {type: int, label: {en: Count, zh: 数}}
      lasts: {type: duration, label: {en: Lasts, zh: 时长}}
      from_at: {type: datetime, label: {en: From, zh: 自}}
      day: {type: date, label: {en: Day, zh: 日}}
      clock: {type: time, label: {en: Clock, zh: 钟点}}
      ok: {type: bool, label: {en: OK, zh: 好}}
      tags: {type: list, label: {en: Tags, zh: 标签}}
      more: {type: map, label: {en: More, zh: 其他}}
      about: {type: ref, to: thing, label: {en: About, zh: 关于}}
      left: {type: text, label: {en: Left, zh: 空}}
      shared: {type: money, label: {en: Shared, zh: 分摊}}
    states: {fresh: {en: New, zh: 新}, gone: {en: Gone, zh: 无}}
    by: desk
    actions:
      add:
        from: new
        to: fresh
        ask: [name, phone, price, count, lasts, from_at, day, clock, ok, tags, more, about]
        set: {shared: =self.price / 3}
        create: {part: {}}
        label: {en: Add, zh: 新增}
      drop: {by: system, from: fresh, to: gone, label: {en: Drop, zh: 删除}}
    timers: {soon: {while: self.state == "fresh", due: =now + 1h, then: drop}}
"""
ENTERED = {
    "name": "  门\r\n二 ", "phone": "+86 138-1234-5678", "price": "¥1,000.005", "count": "7", "lasts": "90m", "ok": "yes",
    "from_at": "2026-03-07T20:30:00.123456+08:00", "day": "2026-3-7", "clock": "8:05", "tags": ["a", 1], "more": {"b": 2},
}  # fmt: skip


def test_a_record_just_made_stands_for_its_timers_as_it_is_read_again(a_shop: Callable[..., Shop]) -> None:
    """Nothing is read again for them, so what they see must be to the digit what the database gives back."""
    shop = a_shop(ALL_SORTS, upstream="https://hq")
    shop.now = local("2026-03-07 20:30:00.123456")
    li, thing = shop.hire("li", "desk"), shop.record("thing")
    ask = {**ENTERED, "about": shop.do("thing.add", li, **ENTERED).id}

    with shop.node.database.write() as connection:
        decided = decide(connection, shop.node, Call(thing, "add", li, ask=ask))
        assert isinstance(decided, Decided)
        commit(connection, shop.node, decided.deed, decided.edits)
        new = made([decided])
        read = {
            key: rows.load_all(connection, shop.node, shop.record(key[5:]), list(some)) for key, some in new.items()
        }

    assert new == read
    assert {key: len(some) for key, some in new.items()} == {"club.thing": 1, "club.part": 1}
