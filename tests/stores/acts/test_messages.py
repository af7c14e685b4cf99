"""Messages: filled in both languages, in one pass, with what the reader may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest

from core.language.expressions import NameScope, RecordShape
from core.language.expressions.compile import compile_expression
from core.model.errors import ActionRefused, Text
from core.model.kinds import ANY, record_kind
from stores.actor import SYSTEM_ACTOR
from stores.acts.messages import filled, value_or_none
from stores.world import NodeWorld
from tests.stores.shop import Shop, local

SHAPE = RecordShape(
    "club.thing", dict.fromkeys(("name", "tags", "due", "opens", "empty"), ANY) | {"who": record_kind("core.staff")}
)
SCOPE = NameScope({"self": record_kind("club.thing"), "now": ANY}, {"thing": SHAPE})
PLUGIN = """
records:
  thing:
    label: {en: Thing, zh: 物}
    fields:
      name: {type: text, label: {en: Name, zh: 名}}
      tags: {type: list, of: text, label: {en: Tags, zh: 标签}}
      due: {type: datetime, label: {en: Due, zh: 时}}
      opens: {type: time, label: {en: Opens, zh: 开门}}
      empty: {type: int, label: {en: Empty, zh: 空}}
      who: {type: ref, to: staff, label: {en: Who, zh: 谁}}
    by: desk
    actions: {add: {from: new, ask: [name], label: {en: Add, zh: 新增}}}
"""


@pytest.fixture
def say(a_shop: Callable[..., Shop]) -> Callable[..., str]:
    shop = a_shop(PLUGIN)
    shop.hire("li", "desk")
    shop.put("thing", "t1", name="{self.due}", tags=["a", "b"], due=local("2026-03-07 21:00"), opens=time(18), who="li")
    shop.put("thing", "t2", who="nobody")

    def make(text: str, id: str = "t1", **more: Any) -> str:
        with shop.node.database.read() as connection:
            world = NodeWorld(connection, shop.node, "club", "0755")
            env = world.env(world.row("club.thing", id), shop.now, SYSTEM_ACTOR)
            places = [part.partition("}")[0] for part in text.split("{")[1:]]
            fills = {place: compile_expression(place, None, SCOPE) for place in places}
            both = filled(Text(text, text), fills, env, **more)
            assert both.en == both.zh
            return both.en

    return make


def test_values_stand_in_their_places_in_the_shop_s_words(say: Callable[..., str]) -> None:
    assert say("{self.opens}") == "18:00"
    assert say("{self.due} {self.tags} {self.empty} {self.empty + 1}") == "2026-03-07 21:00 a, b — —"


def test_a_person_is_called_by_name_and_one_who_is_not_here_by_id(say: Callable[..., str]) -> None:
    assert (say("{self.who}"), say("{self.who}", "t2"), say("{self}")) == ("Li", "nobody", "{self.due}")


def test_what_was_entered_fills_nothing_itself(say: Callable[..., str]) -> None:
    assert say("{self.name} at {self.due}") == "{self.due} at 2026-03-07 21:00"


def test_what_is_not_for_the_reader_is_starred(say: Callable[..., str]) -> None:
    assert say("{self.due}: {self.tags}", secret={"self.tags"}) == "2026-03-07 21:00: ***"


def test_a_message_without_places_is_taken_as_it_is() -> None:
    text = Text("{nothing}", "{无}")

    assert filled(text, {}, None) is text  # type: ignore[arg-type]


def test_a_record_without_name_goes_by_its_id(say: Callable[..., str]) -> None:
    assert say("{self}", "t2") == "t2"


def test_what_needs_an_empty_value_is_empty(a_shop: Callable[..., Shop]) -> None:
    shop = a_shop(PLUGIN)
    shop.put("thing", "t1")
    with shop.node.database.read() as connection:
        world = NodeWorld(connection, shop.node, "club", "0755")
        env = world.env(world.row("club.thing", "t1"), shop.now, SYSTEM_ACTOR)
        assert value_or_none(compile_expression("self.empty + 1", None, SCOPE), env) is None


def test_keys_are_told_by_their_labels_and_empty_fields_by_their_names(a_shop: Callable[..., Shop]) -> None:
    shop = a_shop("""
records:
  thing:
    label: {en: Thing, zh: 物}
    fields:
      name: {type: text, label: {en: Name, zh: 姓名}}
      phone: {type: phone, mask: none, label: {en: Phone, zh: 电话}}
      size: {type: enum, of: {big: {en: Big, zh: 大}, small: {en: Small, zh: 小}}, default: big, label: {en: Size, zh: 大小}}
      missing: {type: list, value: '=blank(self, ["name", "phone"])', label: {en: Missing, zh: 缺少}}
    states: {open: {en: Open, zh: 待办}}
    by: desk
    actions:
      add:
        from: new
        to: open
        ask: [name, phone]
        checks: {whole: {rule: size(self.missing) == 0, message: {en: "{self.missing}: {self.size}", zh: "{self.missing}：{self.size}"}}}
        label: {en: Add, zh: 新增}
""")

    with pytest.raises(ActionRefused) as refused:
        shop.do("thing.add", shop.hire("li", "desk"))

    assert refused.value.problems[0].what == Text("Name, Phone: Big", "姓名、电话：大")
