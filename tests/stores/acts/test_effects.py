"""What an action does: in which order, on which value, and to which records."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from core.model.errors import ActionRefused
from stores.actor import Actor
from tests.stores.shop import Shop

PLUGIN = """
settings:
  bonus: {type: money, default: null, label: {en: Bonus, zh: 奖金}}
  days: {type: list, of: int, default: [1, 3], label: {en: Days, zh: 天数}}
ledgers:
  credit: {account: staff, unit: CNY, label: {en: Credit, zh: 业绩}}
records:
  task:
    label: {en: Task, zh: 任务}
    number: "T-{seq:2}"
    fields:
      day: {type: int, label: {en: Day, zh: 天}}
      nth: {type: int, label: {en: Nth, zh: 序}}
      of: {type: ref, to: deal, label: {en: Of, zh: 所属}}
      due: {type: int, default: =self.day + 10, label: {en: Due, zh: 到期}}
    states: {todo: {en: To do, zh: 待办}, urgent: {en: Urgent, zh: 紧急}}
    by: desk
    actions: {add: {from: new, to: todo, ask: [day], label: {en: Add, zh: 新增}}}
  deal:
    label: {en: Deal, zh: 成交}
    fields:
      price: {type: money, label: {en: Price, zh: 价格}}
      bonus: {type: money, value: =self.price + settings.bonus, label: {en: Bonus, zh: 奖金}}
      vat: {type: money, label: {en: VAT, zh: 税}}
      total: {type: money, label: {en: Total, zh: 合计}}
      owner: {type: ref, to: staff, label: {en: Owner, zh: 负责人}}
    states: {open: {en: Open, zh: 未定}, done: {en: Done, zh: 已定}}
    by: desk
    actions:
      open: {from: new, to: open, ask: [price, owner], label: {en: Open, zh: 新建}}
      close:
        from: open
        to: done
        set: {vat: =self.price / 7, total: =self.price + self.vat, owner: '=self.owner if has(self.owner) else me'}
        post: {credit: {account: =self.owner, amount: =self.total, why: {en: "{self.state} {self.total}", zh: "{self.total}"}, cite: [KA-1, KA-2]}}
        create:
          task:
            - {each: settings.days, with: {day: =item, nth: =index, of: =self}}
            - {with: {nth: 9}, state: urgent}
        notice: closed
        label: {en: Close, zh: 定案}
      spread: {from: open, create: {task: {each: =settings.days, when: item > 1, with: {day: =item, nth: =index}}}, label: {en: Spread, zh: 分摊}}
      pay: {from: done, post: {credit: {account: =self.owner, amount: 1}}, set: {owner: null}, label: {en: Pay, zh: 付款}}
      reward: {from: [open, done], post: {credit: {account: =me, amount: =self.bonus}}, label: {en: Reward, zh: 奖励}}
      tip: {from: [open, done], post: {credit: {account: =me, amount: =self.price * 2}}, label: {en: Tip, zh: 小费}}
notices:
  closed: {to: [desk, =self.owner, =me], text: {en: "{self.total}", zh: "{self.total}"}}
""".replace("each: settings.days", "each: =settings.days")
LI = Actor("li", "0755", frozenset({"desk"}), "Li")


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN)
    made.hire("li", "desk")
    return made


def test_each_set_sees_the_one_before_and_entries_see_the_record_as_it_will_be(shop: Shop) -> None:
    deal = shop.do("deal.open", LI, price="100").id

    shop.do("deal.close", LI, deal)

    row = shop.row("deal", deal)
    assert (row["vat"], row["total"], row["owner"]) == (Decimal("14.29"), Decimal("114.29"), "li")
    (entry,) = shop.rows("credit")
    values = {name: entry.values[name] for name in ("account", "amount", "why_en", "why_zh", "rule", "source_id")}
    assert values == {
        "account": "li", "amount": Decimal("114.29"), "why_en": "Done 114.29", "why_zh": "114.29", "rule": "KA-1 KA-2",
        "source_id": deal,
    }  # fmt: skip


def test_one_record_for_each_item_and_one_on_its_own_each_complete(shop: Shop) -> None:
    deal = shop.do("deal.open", LI, price="100").id

    shop.do("deal.close", LI, deal)

    tasks = [tuple(t.values[n] for n in ("number", "day", "nth", "of", "due", "state")) for t in shop.rows("task")]
    assert tasks == [
        ("T-01", 1, 0, deal, 11, "todo"), ("T-02", 3, 1, deal, 13, "todo"), ("T-03", None, 9, None, None, "urgent"),
    ]  # fmt: skip


def test_each_item_is_asked_whether_it_makes_a_record(shop: Shop) -> None:
    deal = shop.do("deal.open", LI, price="100").id

    shop.do("deal.spread", LI, deal)

    assert [(task.values["day"], task.values["nth"]) for task in shop.rows("task")] == [(3, 1)]


def test_a_list_without_items_makes_nothing(shop: Shop) -> None:
    shop.do(
        "setting.set", Actor("ad", "0755", frozenset({"store_admin"}), "Ad"), plugin="club", name="days", value="[]"
    )
    deal = shop.do("deal.open", LI, price="100").id

    shop.do("deal.close", LI, deal)

    assert [task.values["nth"] for task in shop.rows("task")] == [9]


def test_a_notice_names_its_posts_and_people_as_they_are_now(shop: Shop) -> None:
    deal = shop.do("deal.open", LI, price="100", owner="li").id

    shop.do("deal.close", LI, deal)

    (notice,) = shop.notices("closed")
    assert (notice.values["roles"], notice.values["to"], notice.values["about_id"]) == (["desk"], ["li", "li"], deal)


def test_an_entry_for_nobody_or_of_nothing_refuses_the_action(shop: Shop) -> None:
    deal = shop.do("deal.open", LI, price="100").id
    shop.do("deal.close", LI, deal)
    empty = shop.do("deal.open", LI).id

    for what, id in (("deal.pay", deal), ("deal.tip", empty)):
        with pytest.raises(ActionRefused) as refusal:
            shop.do(what, LI, id)
        assert refusal.value.problems[0].code == "ledger-incomplete"


def test_an_entry_that_needs_a_blank_figure_below_is_not_made_until_it_is_configured(shop: Shop) -> None:
    deal = shop.do("deal.open", LI, price="100").id
    shop.do("deal.reward", LI, deal)
    assert shop.rows("credit") == []

    shop.do(
        "setting.set", Actor("ad", "0755", frozenset({"store_admin"}), "Ad"), plugin="club", name="bonus", value="7"
    )
    shop.do("deal.reward", LI, deal)

    assert [entry.values["amount"] for entry in shop.rows("credit")] == [Decimal(107)]


def test_only_what_changed_is_logged(shop: Shop) -> None:
    deal = shop.do("deal.open", LI, price="100", owner="li").id

    shop.do("deal.close", LI, deal)

    assert shop.log("deal", deal)[-1].body == {"vat": (None, 1429), "total": (None, 11429), "state": ("open", "done")}
