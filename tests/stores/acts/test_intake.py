"""What was entered: parsed, completed, or every problem with it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from core.model.errors import ActionRefused
from tests.stores.shop import Shop, local

PLUGIN = """
settings:
  fee: {type: money, default: null, label: {en: Fee, zh: 费用}}
records:
  room: {label: {en: Room, zh: 房间}, fields: {name: {type: text, label: {en: Name, zh: 名称}}}, by: desk, actions: {add: {from: new, ask: [name], label: {en: Add, zh: 新增}}}}
  booking:
    label: {en: Booking, zh: 订房}
    fields:
      guest: {type: text, required: true, label: {en: Guest, zh: 客人}}
      phone: {type: phone, mask: last4, required: true, default: "13800001111", label: {en: Phone, zh: 电话}}
      night: {type: date, default: =today, label: {en: Night, zh: 营业日}}
      next: {type: date, default: '=self.night', label: {en: Next, zh: 次日}}
      fee: {type: money, default: =settings.fee + 1, label: {en: Fee, zh: 费用}}
      room: {type: ref, to: room, label: {en: Room, zh: 房间}}
      comes: {type: datetime, label: {en: Comes, zh: 到店}}
      all: {type: text, value: '=join([self.guest, self.phone], " ")', label: {en: All, zh: 全部}}
    states: {held: {en: Held, zh: 保留}}
    by: desk
    actions:
      book: {from: new, to: held, ask: [guest, phone, night, room, comes], label: {en: Book, zh: 订房}}
      edit: {from: held, ask: [guest, comes, room], label: {en: Edit, zh: 修改}}
      call: {from: held, ask: [{said: {type: text, required: true, label: {en: Said, zh: 内容}}}], label: {en: Call, zh: 致电}}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN)
    return made


def refused(shop: Shop, what: str, id: str | None = None, **entered: object) -> list[tuple[str, str | None]]:
    with pytest.raises(ActionRefused) as refusal:
        shop.do(what, shop.hire("li", "desk"), id, **entered)
    return [(problem.code, problem.field) for problem in refusal.value.problems]


def test_defaults_are_given_in_the_order_of_the_fields_and_an_empty_one_stays_empty(shop: Shop) -> None:
    row = shop.row("booking", shop.do("booking.book", shop.hire("li", "desk"), guest="Chen").id)

    assert (row["phone"], str(row["night"]), str(row["next"]), row["fee"]) == (
        "13800001111", "2026-03-07", "2026-03-07", None,
    )  # fmt: skip


def test_what_was_entered_stands_before_the_default(shop: Shop) -> None:
    row = shop.row("booking", shop.do("booking.book", shop.hire("li", "desk"), guest="Chen", night="2026-03-09").id)

    assert (str(row["night"]), str(row["next"])) == ("2026-03-09", "2026-03-09")


def test_a_time_without_an_offset_is_the_shop_s_own(shop: Shop) -> None:
    row = shop.row(
        "booking", shop.do("booking.book", shop.hire("li", "desk"), guest="Chen", comes="2026-03-07 21:00").id
    )

    assert row["comes"] == local("2026-03-07 21:00")


def test_a_required_field_cannot_be_emptied_but_need_not_be_entered_again(shop: Shop) -> None:
    booking = shop.do("booking.book", shop.hire("wu", "desk"), guest="Chen").id
    assert refused(shop, "booking.edit", booking, guest="") == [("required", "guest")]

    shop.do("booking.edit", shop.hire("he", "desk"), booking, comes="2026-03-07 21:00")

    assert shop.row("booking", booking)["guest"] == "Chen"


def test_a_required_question_must_be_answered_each_time(shop: Shop) -> None:
    booking = shop.do("booking.book", shop.hire("wu", "desk"), guest="Chen").id

    assert refused(shop, "booking.call", booking) == [("required", "said")]


def test_a_bad_value_is_told_once_not_also_as_missing(shop: Shop) -> None:
    assert refused(shop, "booking.book", guest="Chen\0", phone="12") == [("bad-value", "guest"), ("bad-value", "phone")]


def test_an_unknown_input_names_the_nearest_or_says_to_leave_it_out(shop: Shop) -> None:
    with pytest.raises(ActionRefused) as refusal:
        shop.do("booking.book", shop.hire("li", "desk"), guest="Chen", gest="x", whatever=1, all="x")

    fixes = {problem.field: problem.fix and problem.fix.en for problem in refusal.value.problems}
    assert fixes == {"gest": "did you mean `guest`?", "whatever": "leave it out", "all": "leave it out"}


def test_a_reference_leads_to_a_record_that_is_there(shop: Shop) -> None:
    shop.put("room", "v8", name="V8")
    assert refused(shop, "booking.book", guest="Chen", room="v9") == [("no-such-record", "room")]

    booking = shop.do("booking.book", shop.hire("wu", "desk"), guest="Chen", room="v8").id
    shop.do("booking.edit", shop.hire("he", "desk"), booking, room=None)

    assert shop.row("booking", booking)["room"] is None


def test_a_figure_is_filled_in_once_it_is_configured(shop: Shop) -> None:
    shop.do("setting.set", shop.hire("ad", "store_admin"), plugin="club", name="fee", value="9")

    row = shop.row("booking", shop.do("booking.book", shop.hire("li", "desk"), guest="Chen").id)

    assert row["fee"] == Decimal("10.00")
