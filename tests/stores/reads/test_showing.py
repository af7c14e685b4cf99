"""How a record is shown: figures that are not there yet, figures too dear for a list, and what references are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stores.actor import Actor
from stores.reads import records
from tests.stores.shop import Shop

PLUGIN = """
records:
  guest:
    label: {en: Guest, zh: 客人}
    number: "G{seq:3}"
    fields:
      name: {type: text, label: {en: Name, zh: 姓名}}
      card: {type: text, label: {en: Card, zh: 卡号}}
      vip: {type: bool, default: false, label: {en: VIP, zh: 贵宾}}
      visits: {type: int, value: {count: party, where: party.host == self}, label: {en: Visits, zh: 到访}}
    by: boss
    actions: {add: {from: new, ask: [name, card, vip], label: {en: Add, zh: 新增}}}
    read: {boss: {}, desk: {mask: {name: self.vip}}, audit: {hide: [name]}}
    sync: {scope: store, home: store}
  locker:
    label: {en: Locker, zh: 寄存柜}
    fields:
      place: {type: text, label: {en: Place, zh: 位置}}
    by: boss
    actions: {add: {from: new, ask: [place], label: {en: Add, zh: 新增}}}
    read: {boss: {}}
    sync: {scope: store, home: store}
  party:
    label: {en: Party, zh: 聚会}
    fields:
      night: {type: date, default: =today, label: {en: Night, zh: 营业日}}
      host: {type: ref, to: guest, label: {en: Host, zh: 主人}}
      guests: {type: list, of: {type: ref, to: guest}, label: {en: Guests, zh: 客人}}
      locker: {type: ref, to: locker, label: {en: Locker, zh: 寄存柜}}
      deposit: {type: money, label: {en: Deposit, zh: 定金}}
      spent: {type: money, label: {en: Spent, zh: 消费}}
      due: {type: money, value: =self.spent - self.deposit, label: {en: Due, zh: 应付}}
      due_twice: {type: money, value: =self.due * 2, label: {en: Twice, zh: 两倍}}
      others: {type: int, value: {count: party, where: party.night == self.night}, label: {en: Others, zh: 当晚}}
      crowded: {type: bool, value: =self.others > 1, label: {en: Crowded, zh: 拥挤}}
      mood: {type: text, value: [{when: self.others > 1, is: lively}, {is: calm}], label: {en: Mood, zh: 气氛}}
      seller: {type: ref, to: staff, label: {en: Seller, zh: 销售}}
      by_boss: {type: bool, value: '=holds_role(self.seller, "boss")', label: {en: By a manager, zh: 经理销售}}
      of_regular: {type: bool, value: =self.host.visits > 1, label: {en: Of a regular, zh: 熟客}}
      size: {type: text, value: [{when: has(self.deposit), is: large}, {is: small}], label: {en: Size, zh: 规模}}
    by: boss
    actions: {add: {from: new, ask: [host, guests, locker, deposit, spent], label: {en: Add, zh: 新增}}}
    read: {boss: {}, desk: {}, audit: {}}
    sync: {scope: store, home: store}
"""
BOSS = Actor("hu", "0755", frozenset({"boss"}), "Hu")
DESK = Actor("li", "0755", frozenset({"desk"}), "Li")
AUDIT = Actor("qin", "0755", frozenset({"audit"}), "Qin")


@pytest.fixture
def party(a_shop: Callable[..., Shop], database_url: str) -> Shop:
    """One party of Mrs Wang, a VIP, with Chen and somebody who gave no name, and with a locker."""
    shop = a_shop(PLUGIN, database_url)
    shop.put("staff", "hu", name="Hu", roles=["boss"])
    shop.put("guest", "wang", number="G001", name="Wang", card="C1", vip=True)
    shop.put("guest", "chen", number="G002", name="Chen", card="C2", vip=False)
    shop.put("guest", "shy", number="G003", card="C3", vip=False)
    shop.put("locker", "l1", place="Stairs")
    shop.put("locker", "l2")
    shop.put("party", "p1", host="wang", guests=["chen", "shy"], locker="l1", seller="hu", spent=300)
    return shop


def seen(shop: Shop, actor: Actor, id: str = "p1") -> dict[str, Any]:
    return records.fetch(shop.node, actor, shop.record("party"), id)


def listed(shop: Shop, **how: Any) -> dict[str, Any]:
    (shown,) = records.query(shop.node, BOSS, shop.record("party"), **how).rows
    return shown


def test_a_figure_whose_parts_are_not_all_there_is_shown_as_not_there_yet(party: Shop) -> None:
    party.put("party", "p2", spent=300, deposit=100)

    assert (seen(party, BOSS)["due"], seen(party, BOSS)["due_twice"]) == (None, None)
    assert (seen(party, BOSS, "p2")["due"], seen(party, BOSS, "p2")["due_twice"]) == ("200.00", "400.00")


def test_a_list_leaves_out_what_rests_on_a_count_however_indirectly(party: Shop) -> None:
    # Given a count, a comparison of it, cases on it, and what is asked of a guest and of a seller
    counted = {"others": 1, "crowded": False, "mood": "calm", "of_regular": False, "by_boss": True}

    assert not counted.keys() & listed(party).keys()
    assert counted.items() <= listed(party, fields=sorted(counted)).items()
    assert counted.items() <= seen(party, BOSS).items()


def test_a_list_shows_what_is_worked_out_from_the_record_alone(party: Shop) -> None:
    shown = listed(party)

    assert shown["size"] == "small"
    assert {"due", "due_twice"} <= shown.keys()


def test_everybody_in_a_list_of_references_is_named(party: Shop) -> None:
    assert seen(party, BOSS)["_refs"] == {"wang": "Wang", "chen": "Chen", "shy": "G003", "l1": "Stairs", "hu": "Hu"}


def test_a_record_without_name_number_or_text_is_called_by_its_id(party: Shop) -> None:
    party.put("party", "p2", locker="l2")

    assert seen(party, BOSS, "p2")["_refs"] == {"l2": "l2"}


def test_a_reference_to_what_the_reader_knows_nothing_of_stays_without_a_name(party: Shop) -> None:
    shown = seen(party, DESK)

    assert shown["locker"] == "l1"
    assert "l1" not in shown["_refs"]


def test_a_name_that_is_masked_on_the_record_is_masked_where_the_record_is_referred_to(party: Shop) -> None:
    names = seen(party, DESK)["_refs"]

    assert (names["wang"], names["chen"]) == ("***", "Chen")


def test_a_record_whose_name_is_hidden_is_called_by_its_number(party: Shop) -> None:
    names = seen(party, AUDIT)["_refs"]

    assert (names["wang"], names["chen"]) == ("G001", "G002")
