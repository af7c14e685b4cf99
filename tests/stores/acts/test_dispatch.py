"""Whose turn it is: who may be chosen, in which order, and the evidence that stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.host.hookspecs import hookimpl
from core.host.host import Host
from core.model.errors import ActionRefused
from stores.actor import SYSTEM_ACTOR
from stores.acts import dispatch
from stores.world import NodeWorld
from tests.stores.shop import HEAD, Shop

PLUGIN = """
settings:
  rested: {type: int, default: null, label: {en: Rest, zh: 休息}}
  turn_order: {type: list, of: text, default: null, label: {en: Order, zh: 顺序}}
  bonus: {type: int, default: null, label: {en: Bonus, zh: 加分}}
dispatch:
  any: {of: room, label: {en: Any room, zh: 任意房}, prefer: [{key: =room.size, label: {en: Size, zh: 大小}}]}
  next:
    of: designer
    label: {en: Next designer, zh: 下一位设计师}
    eligible:
      sober: {rule: designer.rank < 9, message: {en: "{designer.name} is not sober", zh: "{designer.name} 未醒"}}
      rested: {rule: designer.rank > settings.rested, message: {en: Tired, zh: 疲劳}}
    order: =settings.turn_order
    prefer:
      - {key: =designer.best, label: {en: Best, zh: 优先}}
      - {key: =designer.rank, label: {en: Rank, zh: 名次}, first: least}
      - {key: =designer.rank * settings.bonus, label: {en: Bonus, zh: 加分}}
      - {key: '=waiting_since(designer, "next")', label: {en: Turn, zh: 等候}}
records:
  room:
    label: {en: Room, zh: 房间}
    fields: {size: {type: int, label: {en: Size, zh: 大小}}}
    by: desk
    actions: {add: {from: new, ask: [size], label: {en: Add, zh: 新增}}}
  designer:
    label: {en: Designer, zh: 设计师}
    fields:
      name: {type: text, required: true, label: {en: Name, zh: 姓名}}
      rank: {type: int, label: {en: Rank, zh: 名次}}
      best: {type: bool, label: {en: Best, zh: 优先}}
      active: {type: bool, default: true, label: {en: Active, zh: 在岗}}
    by: desk
    actions: {add: {from: new, ask: [name], label: {en: Add, zh: 新增}}}
  job:
    label: {en: Job, zh: 派单}
    fields: {who: {type: ref, to: designer, label: {en: Who, zh: 谁}}}
    states: {open: {en: Open, zh: 待派}, given: {en: Given, zh: 已派}}
    by: desk
    actions:
      open: {from: new, to: open, label: {en: Open, zh: 开单}}
      give: {from: open, to: given, pick: {who: next}, label: {en: Give, zh: 派单}}
      first: {from: open, ask: [], checks: {is_first: {rule: 'size(ranking("next", self)) > 0', message: {en: Nobody, zh: 无人}}}, label: {en: First, zh: 首位}}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN)
    return made


def designer(shop: Shop, id: str, rank: int | None = 1, best: bool | None = None, **more: object) -> None:
    shop.put("designer", id, name=id.capitalize(), rank=rank, best=best, **more)


def ranking(shop: Shop, name: str = "next", store: str = "0755") -> list[dispatch.Candidate]:
    policy = shop.node.catalog.plugin("club").dispatch[name]
    with shop.node.database.read() as connection:
        world = NodeWorld(connection, shop.node, "club", store)
        return dispatch.rank(world, policy, None, world.env(None, shop.now, SYSTEM_ACTOR))


def order(shop: Shop) -> list[str]:
    return [candidate.id for candidate in ranking(shop) if candidate.eligible]


def test_true_comes_before_false_and_empty_last(shop: Shop) -> None:
    for id, best in (("a", None), ("b", False), ("c", True)):
        designer(shop, id, best=best)

    assert order(shop) == ["c", "b", "a"]


def test_the_next_key_decides_between_equals_and_may_put_the_least_first(shop: Shop) -> None:
    for id, rank in (("a", 3), ("b", 1), ("c", 2)):
        designer(shop, id, rank)

    assert order(shop) == ["b", "c", "a"]


def test_a_setting_may_say_in_which_order_the_keys_are_compared(shop: Shop) -> None:
    for id, rank, best in (("a", 3, True), ("b", 1, False), ("c", 2, True)):
        designer(shop, id, rank, best)
    assert order(shop) == ["c", "a", "b"]

    said = {"rank,best": ["b", "c", "a"], "turn": ["a", "b", "c"], "gone": ["a", "b", "c"]}
    for step, (names, expected) in enumerate(said.items()):
        shop.put("setting", f"s{step}", plugin="club", name="turn_order", value=json.dumps(names.split(",")))
        assert order(shop) == expected, names
    assert [list(c.keys) for c in ranking(shop)] == [[], [], []]


def test_a_tie_goes_by_id_and_never_wavers(shop: Shop) -> None:
    for id in ("c", "a", "b"):
        designer(shop, id)

    assert order(shop) == ["a", "b", "c"] == order(shop)


def test_who_was_chosen_last_waits_longest(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    for id in ("a", "b", "c"):
        designer(shop, id)
    chosen = []
    for _ in range(4):
        job = shop.do("job.open", li).id
        shop.do("job.give", li, job)
        chosen.append(shop.row("job", job)["who"])
        shop.now += timedelta(minutes=1)

    assert chosen == ["a", "b", "c", "a"]


def test_who_is_out_is_listed_last_with_the_reasons(shop: Shop) -> None:
    designer(shop, "drunk", 9)
    designer(shop, "empty", None)
    designer(shop, "fit", 2)

    found = ranking(shop)

    assert [(c.id, c.position, [p.what.en for p in c.out]) for c in found] == [
        ("fit", 1, []), ("drunk", None, ["Drunk is not sober"]), ("empty", None, ["Empty is not sober"]),
    ]  # fmt: skip
    assert found[1].keys == {}


def test_a_rule_or_key_that_needs_a_blank_figure_counts_for_nobody_until_it_is_set(shop: Shop) -> None:
    for id, rank in (("a", 1), ("b", 2)):
        designer(shop, id, rank)
    assert ([c.keys["bonus"] for c in ranking(shop)], order(shop)) == ([None, None], ["a", "b"])

    for name, value in (("rested", "1"), ("bonus", "2")):
        shop.do("setting.set", SYSTEM_ACTOR, plugin="club", name=name, value=value)

    assert (order(shop), ranking(shop)[0].keys["bonus"]) == (["b"], 4)


def test_only_who_works_here_now_is_a_candidate(shop: Shop) -> None:
    designer(shop, "a")
    designer(shop, "gone", active=False)
    designer(shop, "far", store="0756")
    designer(shop, "dead")
    shop.sql("UPDATE club_designer SET _life = 2 WHERE id = 'dead'")

    assert [candidate.id for candidate in ranking(shop)] == ["a"]


def test_things_are_ranked_like_people_and_go_by_their_id_without_a_name(shop: Shop) -> None:
    shop.put("room", "v8", size=4)
    shop.put("room", "v9", size=8)

    assert [(candidate.id, candidate.name) for candidate in ranking(shop, "any")] == [("v9", "v9"), ("v8", "v8")]


def test_nobody_can_be_chosen_says_why_of_each(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    job = shop.do("job.open", li).id
    with pytest.raises(ActionRefused, match="there are no candidates"):
        shop.do("job.give", li, job)

    designer(shop, "drunk", 9)
    with pytest.raises(ActionRefused, match="Drunk: Drunk is not sober"):
        shop.do("job.give", li, job)
    with pytest.raises(ActionRefused, match="Nobody"):
        shop.do("job.first", li, job)

    designer(shop, "fit")
    shop.do("job.first", li, job)


def test_the_list_as_it_stood_is_kept_though_people_change_later(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    designer(shop, "a", 1, best=True)
    designer(shop, "drunk", 9)
    shop.do("job.give", li, shop.do("job.open", li).id)
    shop.sql("UPDATE club_designer SET rank = 5")

    (pick,) = shop.rows("pick")

    assert (pick.values["policy"], pick.values["chosen"], pick.values["record_type"]) == ("club.next", "a", "club.job")
    first, second = pick.values["ranking"]  # type: ignore[misc]
    assert first["keys"] == {"best": True, "rank": 1, "bonus": None, "turn": 100 * 366 * 86_400}
    assert second["out"] == [{"rule": "sober", "en": "Drunk is not sober", "zh": "Drunk 未醒"}]


class Facts:
    @hookimpl
    def dispatch_facts(self, policy: Any, item: Any, candidates: Any) -> dict[str, dict[str, object]]:
        return {"a": {"kpi": Decimal("1.5"), "idle": timedelta(minutes=2)}, "nobody": {"kpi": 1}}


def test_what_a_plugin_knows_of_a_candidate_is_shown_beside_it(a_shop: Callable[..., Shop], tmp_path: Path) -> None:
    (tmp_path / "club").mkdir()
    (tmp_path / "club" / "plugin.yaml").write_text(HEAD + PLUGIN, encoding="utf-8")
    host = Host([tmp_path], entry_points=False)
    host.register(Facts(), "facts")
    shop = a_shop(PLUGIN, host=host)
    designer(shop, "a")
    designer(shop, "b")

    assert [dispatch.describe(c)["facts"] for c in ranking(shop)] == [{"kpi": "1.5", "idle": 120}, {}]
