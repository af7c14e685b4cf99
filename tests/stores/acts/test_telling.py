"""A refusal does not spell out what its reader sees masked elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.model.errors import ActionRefused
from stores.actor import SYSTEM_ACTOR
from tests.stores.shop import Shop

MESSAGE = '{en: "{self.phone} {self.name} {self.card} {self.friend.phone} {self.state}", zh: "{self.phone}"}'
PLUGIN = """
records:
  guest:
    label: {en: Guest, zh: 客人}
    fields: {phone: {type: phone, mask: last4, label: {en: Phone, zh: 电话}}}
    by: boss
    actions: {add: {from: new, ask: [phone], label: {en: Add, zh: 新增}}}
    read: {boss: {}}
  booking:
    label: {en: Booking, zh: 订房}
    fields:
      name: {type: text, label: {en: Name, zh: 姓名}}
      phone: {type: phone, mask: last4, label: {en: Phone, zh: 电话}}
      card: {type: text, value: '="card " + self.phone', label: {en: Card, zh: 名片}}
      friend: {type: ref, to: guest, label: {en: Friend, zh: 友人}}
    states: {held: {en: Held, zh: 保留}}
    by: [desk, boss]
    actions:
      book: {from: new, to: held, ask: [name, phone], checks: {no: {rule: self.name != "x", message: MESSAGE}}, label: {en: Book, zh: 订房}}
      check: {by: [desk, boss, system], checks: {no: {rule: self.name != "x", message: MESSAGE}}, label: {en: Check, zh: 核对}}
      plain: {checks: {no: {rule: self.name != "x", message: {en: No, zh: 否}}}, label: {en: Plain, zh: 一般}}
      refuse: {outcomes: [{when: self.name == "x", refuse: MESSAGE}, {}], label: {en: Refuse, zh: 拒绝}}
    read: {desk: {mask: [phone]}, boss: {}}
""".replace("MESSAGE", MESSAGE)


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN)
    made.hire("chief", "boss")
    made.put("guest", "g1", phone="13900002222")
    made.put("booking", "b1", name="x", phone="13800001111", friend="g1")
    return made


def refusal(shop: Shop, what: str, actor: object, id: str | None = "b1", **entered: object) -> str:
    with pytest.raises(ActionRefused) as refused:
        shop.do(what, actor, id, **entered)  # type: ignore[arg-type]
    return refused.value.problems[0].what.en


@pytest.mark.parametrize("what", ["booking.check", "booking.refuse"])
def test_who_sees_a_field_masked_reads_stars_in_the_refusal_too(shop: Shop, what: str) -> None:
    assert refusal(shop, what, shop.hire("li", "desk")) == "*** x *** *** Held"
    assert refusal(shop, what, shop.hire("hu", "boss")) == "13800001111 x card 13800001111 13900002222 Held"


def test_the_system_is_told_everything(shop: Shop) -> None:
    assert "13800001111" in refusal(shop, "booking.check", SYSTEM_ACTOR)


def test_who_enters_a_record_knows_what_he_entered(shop: Shop) -> None:
    told = refusal(shop, "booking.book", shop.hire("li", "desk"), None, name="x", phone="13700003333")

    assert told == "13700003333 x card 13700003333 *** —"


def test_a_message_that_names_nothing_is_told_to_all(shop: Shop) -> None:
    assert refusal(shop, "booking.plain", shop.hire("li", "desk")) == "No"
