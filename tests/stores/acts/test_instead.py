"""An outcome with `instead`: the form of one record that becomes another, or a ranking whose order is a setting."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stores.acts.act import act
from stores.acts.calls import Call
from tests.stores.shop import Shop

PLUGIN = """
records:
  guest:
    label: {en: Guest, zh: 客人}
    number: "{store}-G{seq:3}"
    fields:
      name:  {type: text, required: true, label: {en: Name, zh: 姓名}}
      phone: {type: phone, required: true, mask: last4, label: {en: Phone, zh: 电话}}
      known: {type: ref, to: guest, value: {one: guest, where: guest.phone == self.phone and guest.id != self.id}, label: {en: Known as, zh: 已有客人}}
    exclusive: {one_live: {key: [phone], message: {en: This phone is taken, zh: 该电话已登记}}}
    states: {live: {en: Live, zh: 有效}}
    by: desk
    actions:
      register:
        from: new
        ask: [name, phone]
        outcomes:
          - {when: has(self.known), instead: {doubt: {with: {phone: =self.phone, guest: =self.known, claimed: =self.name}}}, notice: twice}
          - {to: live}
        label: {en: Register, zh: 登记}
  doubt:
    label: {en: Doubt, zh: 疑似重复}
    number: "{store}-M{seq:3}"
    fields:
      phone:   {type: phone, mask: last4, label: {en: Phone, zh: 电话}}
      guest:   {type: ref, to: guest, required: true, label: {en: Guest, zh: 客人}}
      claimed: {type: text, label: {en: Claimed name, zh: 自报姓名}}
    states: {open: {en: Open, zh: 待处理}, closed: {en: Closed, zh: 已处理}}
    by: boss
    actions: {close: {from: open, to: closed, label: {en: Close, zh: 处理}}}
notices:
  twice: {to: [boss], text: {en: "{self.name} again", zh: "{self.name} 重复"}}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN)
    return made


def test_the_second_registration_becomes_a_doubt_and_no_guest(shop: Shop) -> None:
    li, phone = shop.hire("li", "desk"), "13800001111"
    first = shop.do("guest.register", li, name="Chen", phone=phone)

    second = shop.do("guest.register", li, name="Cheng", phone=phone)

    assert (second.record.key, second.number, second.state) == ("club.doubt", "0755-M001", "open")
    (doubt,) = shop.rows("doubt")
    assert doubt.id == second.id
    assert (doubt.values["guest"], doubt.values["claimed"]) == (first.id, "Cheng")
    assert [guest.id for guest in shop.rows("guest")] == [first.id]
    assert shop.do("guest.register", li, name="Wu", phone="13800002222").number == "0755-G002"


def test_the_notice_is_about_what_was_made(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    for name in ("Chen", "Cheng"):
        shop.do("guest.register", li, name=name, phone="13800001111")

    (notice,) = shop.notices("twice")
    assert (notice.values["en"], notice.values["about_type"], notice.values["about_id"]) == (
        "Cheng again",
        "club.doubt",
        shop.rows("doubt")[0].id,
    )


def test_the_log_has_no_line_of_the_record_that_was_not_made(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    shop.do("guest.register", li, name="Chen", phone="13800001111")
    before = len(shop.log())

    act(shop.node, Call(shop.record("guest"), "register", li, ask={"name": "Cheng", "phone": "13800001111"}))

    assert sorted({line.type for line in shop.log()[before:]}) == ["club.doubt", "core.notice"]
