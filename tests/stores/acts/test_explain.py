"""Why: deadlines with their inputs and skipped days, what happened by which rule, and what one may do next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.model.errors import ActionRefused
from stores import rows
from stores.actor import Actor
from stores.acts import explain
from stores.world import NodeWorld
from tests.stores.shop import Shop, local

PLUGIN = """
settings:
  within: {type: duration, default: 2bd, label: {en: Within, zh: 期限}}
  within_all: {type: duration, default: 9d, label: {en: Within all, zh: 总期限}}
  fee: {type: money, default: null, label: {en: Fee, zh: 费用}}
calendar: {holidays: CN}
ledgers:
  fines: {account: staff, unit: CNY, label: {en: Fines, zh: 罚款}}
rules:
  KA-1: {mark: S, en: Questions are answered., zh: 有问必答。}
  KA-2: {mark: S, en: Good answers end it., zh: 答复合格即结束。}
  KA-3: {mark: S, en: Slow answers cost five yuan., zh: 答复迟缓罚五元。}
  KA-4: {mark: D, en: Whose turn it is., zh: 轮到谁。}
  KA-9: {mark: S, en: Two working days., zh: 两个工作日。}
scorecards:
  month:
    label: {en: Month, zh: 月度考核}
    every: {month: {for: staff}}
    items: {asked: {weight: 100, target: 2, cite: KA-1, value: {count: question, where: question.asked_at in period}, label: {en: Asked, zh: 问询数}}}
    bands: {good: 60, poor: 0}
dispatch:
  next: {cite: KA-4, of: staff, label: {en: Next, zh: 下一位}, eligible: {here: {rule: staff.active, message: {en: Away, zh: 不在}}}, prefer: [{cite: KA-4, key: '=size(staff.name)', label: {en: Name, zh: 姓名}}]}
records:
  question:
    label: {en: Question, zh: 问询}
    fields:
      asked_at: {type: datetime, default: =now, required: true, label: {en: Asked at, zh: 问询时间}}
      also: {type: datetime, label: {en: Also, zh: 另}}
      who: {type: ref, to: staff, label: {en: Who, zh: 谁}}
      ok: {type: bool, default: false, label: {en: OK, zh: 好}}
    states: {open: {en: Open, zh: 待答}, late: {en: Late, zh: 超期}, done: {en: Done, zh: 已答}}
    by: desk
    actions:
      ask: {from: new, to: open, pick: {who: next}, cite: [KA-1], label: {en: Ask, zh: 问询}}
      reply:
        from: [open, late]
        outcomes:
          - {when: self.ok, to: done, cite: [KA-2]}
          - {to: done, post: {fines: {account: =me, amount: -5, why: {en: slow, zh: 慢}, cite: KA-3}}, cite: [KA-3]}
        cite: [KA-1]
        label: {en: Reply, zh: 答复}
      breach: {from: open, to: late, by: system, checks: {ok: {rule: self.ok, message: {en: Not OK, zh: 不好}}}, label: {en: Breach, zh: 超期}}
      end: {checks: {well: {rule: self.ok == true, message: {en: "not answered well, asked by {self.who}", zh: "答复不合格，{self.who}"}}}, label: {en: End, zh: 结束}}
      mark: {ask: [ok], checks: {well: {rule: self.ok == true, message: {en: No, zh: 否}}}, label: {en: Mark, zh: 标记}}
      hurry: {checks: {late: {rule: self.asked_at < now - 1h, message: {en: No, zh: 否}}}, label: {en: Hurry, zh: 催办}}
      boss_only: {by: boss, ask: [ok], label: {en: Approve, zh: 批准}}
      drop: {delete: true, label: {en: Drop, zh: 删除}}
      restore: {undelete: true, label: {en: Restore, zh: 恢复}}
    timers:
      reply:
        while: self.state == "open"
        due:
          - {when: has(self.also), is: '=after(self.also + duration("1h"), settings.within) if has(settings.fee) else after(self.also, settings.within)'}
          - {is: '=after(self.asked_at, settings.within)'}
        then: breach
        cite: [KA-9]
    read: {desk: {where: self.who == me}, boss: {}}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN, now="2026-09-30 16:00")
    return made


def why(shop: Shop, id: str, language: Any = "en") -> dict[str, Any]:
    record = shop.record("question")
    with shop.node.database.read() as connection:
        row = rows.get(connection, shop.node, record, id)
        return explain.explain(connection, shop.node, record, row, language)


def buttons(shop: Shop, id: str, actor: Actor) -> dict[str, str | None]:
    record = shop.record("question")
    with shop.node.database.read() as connection:
        row = rows.get(connection, shop.node, record, id)
        world = NodeWorld(connection, shop.node, "club", str(row.values["store"]))
        found = explain.available(world, record, row, actor, "en")
    return {str(button["action"]): None if button["allowed"] else str(button["why"]) for button in found}


def test_a_deadline_tells_its_rule_its_inputs_and_the_days_it_walked_past(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    question = shop.do("question.ask", li).id

    (timer,) = why(shop, question)["timers"]

    assert (timer["name"], timer["due"], timer["fired"]) == ("reply", "2026-10-09T16:00:00.000Z", False)
    assert (timer["then"], timer["cite"], timer["while"]) == ("Breach", ["KA-9"], 'self.state == "open"')
    assert timer["inputs"] == {
        "self.also": "—", "self.asked_at": "2026-09-30 08:00:00+00:00", "settings.fee": "—", "settings.within": "2bd",
    }  # fmt: skip
    days = {step["day"]: step["why"] for step in timer["skipped"]}
    assert list(days) == [f"2026-10-0{n}" for n in range(1, 8)]
    assert "National Day" in days["2026-10-01"]
    chinese = why(shop, question, "zh")["timers"][0]
    assert (chinese["then"], "国庆节" in chinese["skipped"][0]["why"]) == ("超期", True)


def test_a_path_in_hours_skips_no_day_and_an_empty_one_has_none(shop: Shop) -> None:
    shop.put("question", "q1", also=local("2026-09-30 10:00"))

    assert why(shop, "q1")["timers"][0]["skipped"][-1]["day"] == "2026-10-07"


def test_the_steps_tell_who_when_by_which_rule_and_in_which_version(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    question = shop.do("question.ask", li).id
    shop.do("question.reply", li, question)

    asked, replied = why(shop, question)["steps"]

    assert (asked["label"], asked["by"], asked["cite"], asked["version"]) == ("Ask", "li", ["KA-1"], "1.0.0")
    assert (replied["outcome"], replied["cite"]) == (1, ["KA-1", "KA-3"])


def test_ledger_entries_and_dispatch_decisions_stand_beside_the_record(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    question = shop.do("question.ask", li).id
    shop.do("question.reply", li, question)

    told = why(shop, question)

    (entry,) = told["ledger"]
    assert {name: entry[name] for name in ("ledger", "account", "amount", "why", "rule", "action")} == {
        "ledger": "fines", "account": "li", "amount": "-5.00", "why": "slow", "rule": "KA-3", "action": "reply",
    }  # fmt: skip
    (pick,) = told["dispatch"]
    assert (pick["policy"], pick["chosen"], pick["label"]) == ("club.next", "li", "Next")
    assert [(key["label"], key["cite"]) for key in pick["keys"]] == [("Name", ["KA-4"])]
    assert [rule["text"] for rule in pick["rules"]] == ["Whose turn it is."]
    assert [rule["text"] for rule in entry["rules"]] == ["Slow answers cost five yuan."]


def test_a_refused_timer_tells_why(shop: Shop) -> None:
    question = shop.do("question.ask", shop.hire("li", "desk")).id

    shop.go("2026-10-12 00:00")

    (timer,) = why(shop, question)["timers"]
    assert timer["fired"] is True
    assert "Not OK" in timer["fault"]


def test_a_timer_that_the_plugin_no_longer_has_is_told_plainly(shop: Shop) -> None:
    question = shop.do("question.ask", shop.hire("li", "desk")).id
    shop.sql("UPDATE timer SET name = 'gone'")

    assert why(shop, question)["timers"] == [{"name": "gone", "due": "2026-10-09T16:00:00.000Z", "fired": False}]


def test_each_action_is_a_button_that_says_why_it_is_not_for_now(shop: Shop) -> None:
    li, wu, hu = shop.hire("li", "desk"), shop.hire("wuu", "cleaner"), shop.hire("hu", "boss")
    question = shop.do("question.ask", li).id
    shop.sql("UPDATE club_question SET who = 'li'")

    assert buttons(shop, question, li) == {
        "reply": None, "end": "not answered well, asked by Li", "mark": None, "hurry": None, "boss_only": "not for your role", "drop": None
    }  # fmt: skip
    assert set(buttons(shop, question, wu).values()) == {"not for your role"}
    assert buttons(shop, question, hu)["boss_only"] is None
    shop.do("question.reply", li, question)
    assert buttons(shop, question, li)["reply"] == "not while `Done`"


def test_an_action_that_is_refused_whatever_is_entered_says_so_at_once(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    question = shop.do("question.ask", li).id
    shop.sql("UPDATE club_question SET who = 'li'")
    assert buttons(shop, question, li)["end"] == "not answered well, asked by Li"
    assert buttons(shop, question, li)["mark"] is None, "what it asks for may make it hold"
    assert buttons(shop, question, li)["hurry"] is None, "the moment may"

    shop.sql("UPDATE club_question SET ok = 1")

    assert buttons(shop, question, li)["end"] is None


def test_who_does_not_see_the_record_by_the_post_that_acts_has_no_button(shop: Shop) -> None:
    question = shop.do("question.ask", shop.hire("li", "desk")).id
    shop.hire("chief", "boss")
    shop.sql("UPDATE club_question SET who = 'li'")

    assert set(buttons(shop, question, shop.hire("wu", "desk")).values()) == {"not for your role"}


def test_a_deleted_record_can_only_be_restored(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    question = shop.do("question.ask", li).id
    shop.sql("UPDATE club_question SET who = 'li'")

    shop.do("question.drop", li, question)

    assert buttons(shop, question, li) == {"restore": None}
    with pytest.raises(ActionRefused):
        shop.do("question.restore", li, question, nothing="to enter")


def test_a_score_tells_its_items_with_their_rules(shop: Shop) -> None:
    record = shop.record("month")
    shop.hire("li", "desk")
    shop.put("month", "m1", subject="li", period=local("2026-09-01 00:00").date())
    with shop.node.database.read() as connection:
        row = rows.get(connection, shop.node, record, "m1")
        score = explain.explain(connection, shop.node, record, row, "zh")["score"]

    assert score == {
        "label": "月度考核",
        "bands": {"good": 60, "poor": 0},
        "cite": [],
        "rules": [],
        "items": {
            "asked": {
                "label": "问询数",
                "weight": "100",
                "value": "count question where question.asked_at in period",
                "target": "2",
                "by": None,
                "cite": ["KA-1"],
                "rules": [{"number": "KA-1", "mark": "S", "text": "有问必答。"}],
            }
        },
    }


def test_what_a_timer_did_meanwhile_leaves_the_button_of_a_late_entry(a_shop: Callable[..., Shop]) -> None:
    shop: Shop = a_shop(
        """
settings: {entry: {type: duration, default: 30m, label: {en: Entry, zh: 补录时限}}}
records:
  table:
    label: {en: Table, zh: 台}
    fields: {until: {type: datetime, default: =now + 20m, label: {en: Until, zh: 至}}}
    states: {held: {en: Held, zh: 保留}, gone: {en: Gone, zh: 取消}, came: {en: Came, zh: 到店}}
    by: desk
    actions:
      hold: {from: new, to: held, label: {en: Hold, zh: 保留}}
      come: {from: held, to: came, at: =settings.entry, label: {en: Come, zh: 到店}}
      move: {from: held, label: {en: Move, zh: 转台}}
      lapse: {from: held, to: gone, by: system, label: {en: Lapse, zh: 取消}}
      note: {label: {en: Note, zh: 备注}}
    timers: {hold: {while: self.state == "held", due: =self.until, then: lapse}}
    sync: {scope: store, home: store}
""",
        now="2026-03-07 20:30",
    )
    li = shop.hire("li", "desk")
    table = shop.do("table.hold", li).id

    def shown() -> dict[str, Any]:
        with shop.node.database.read() as connection:
            record = shop.record("table")
            world, row = (
                NodeWorld(connection, shop.node, "club", "0755"),
                rows.get(connection, shop.node, record, table),
            )
            found = explain.available(world, record, row, li, "en")
        return {str(each["action"]): (each["label"], each["why"]) for each in found}

    shop.go("2026-03-07 20:51")
    assert shown()["come"] == ("Come (entered late)", None)
    assert shown()["move"] == ("Move", "not while `Gone`"), "it counts from when it is entered"
    shop.go("2026-03-07 21:20")
    assert shown()["come"] == ("Come (entered late)", None)
    shop.go("2026-03-07 21:20:01")
    assert shown()["come"] == ("Come", "not while `Gone`"), "nothing before the timer is within the window any more"
    shop.go("2026-03-07 21:20:02")
    shop.now = local("2026-03-07 20:55")
    shop.do("table.note", li, table)
    assert shown()["come"] == ("Come", "not while `Gone`"), "somebody has acted since"
