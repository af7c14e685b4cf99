"""Blank figures: which rules they switch off, and which stand for themselves (C-11)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.language.expressions import Aggregate, Case, Cases, Formula, Literal, NameScope, RecordShape
from core.language.expressions.compile import compile_condition, compile_expression
from core.model.kinds import BOOL, INT, Kind, record_kind
from stores.actor import SYSTEM_ACTOR
from stores.acts.figures import inactive, inactive_below
from stores.world import NodeWorld
from tests.stores.shop import Shop

PLUGIN = """
settings:
  cap: {type: int, default: null, label: {en: Cap, zh: 上限}}
  set: {type: int, default: 5, label: {en: Set, zh: 已设}}
records:
  thing:
    label: {en: Thing, zh: 物}
    fields:
      n: {type: int, label: {en: N, zh: 数}}
      above: {type: bool, value: self.n > settings.cap, label: {en: Above, zh: 超过}}
      tier: {type: text, value: [{when: self.above, is: high}, {is: low}], label: {en: Tier, zh: 级}}
      others: {type: int, value: {count: thing, where: thing.n > settings.set}, label: {en: Others, zh: 其他}}
    by: desk
    actions: {add: {from: new, ask: [n], label: {en: Add, zh: 新增}}}
""".replace("value: self.n", "value: =self.n")
NAMES = {"above": BOOL, "tier": Kind("text"), "others": INT}
SHAPE = RecordShape("club.thing", {"n": INT, **NAMES}, frozenset(NAMES))
SCOPE = NameScope(
    {"self": record_kind("club.thing"), "settings": Kind("map", parts=(("cap", INT), ("set", INT)))},
    {"thing": SHAPE},
    "self",
)


def rule(text: str) -> Formula:
    return compile_condition(text, None, SCOPE)


def value(text: str) -> Formula:
    return compile_expression(text, None, SCOPE)


CAPPED = Case(rule("self.n > settings.cap"), Literal(1, INT))
SMALL = Case(rule("self.n < 3"), value("settings.set"))
LARGE = Case(rule("self.n > 3"), value("settings.cap"))
EMPTY = Case(rule("self.above"), Literal(2, INT))
LAST = Case(None, Literal(3, INT))


@pytest.mark.parametrize(
    ("formula", "off"),
    [
        (rule("self.n > settings.cap"), True),
        (rule("self.n > settings.set"), False),
        (rule("has(settings.cap) and self.n > settings.cap"), False),
        (Literal(1, INT), False),
        (Cases((CAPPED, LAST), INT), True),
        (Cases((SMALL, LARGE, LAST), INT), False),
        (Cases((LARGE, LAST), INT), False),
        (Cases((LARGE,), INT), False),
        (Cases((Case(rule("self.n == 2"), value("settings.cap")), LAST), INT), True),
        (Cases((EMPTY, LAST), INT), False),
        (Aggregate("count", "club.thing", "thing", where=rule("self.n > settings.cap")), True),  # type: ignore[arg-type]
        (Aggregate("count", "club.thing", "thing"), False),
    ],
)
def test_a_rule_is_off_when_the_figure_it_comes_to_is_blank(
    a_shop: Callable[..., Shop], formula: Formula, off: bool
) -> None:
    shop = a_shop(PLUGIN)
    shop.put("thing", "t1", n=2)
    with shop.node.database.read() as connection:
        world = NodeWorld(connection, shop.node, "club", "0755")
        assert inactive(formula, world.env(world.row("club.thing", "t1"), shop.now, SYSTEM_ACTOR)) is off


@pytest.mark.parametrize(
    ("formula", "off"),
    [
        (rule("self.above"), True),
        (rule('self.tier == "high" and self.tier == "low"'), True),
        (rule("self.others > 1"), False),
        (rule("self.n > 1"), False),
        (Cases((Case(rule("self.above"), Literal(1, INT)),), INT), True),
        (Aggregate("count", "club.thing", "thing", where=rule("self.above")), True),  # type: ignore[arg-type]
        (Literal(1, INT), False),
    ],
)
def test_a_blank_figure_below_a_computed_field_is_found(
    a_shop: Callable[..., Shop], formula: Formula, off: bool
) -> None:
    shop = a_shop(PLUGIN)
    with shop.node.database.read() as connection:
        assert inactive_below(NodeWorld(connection, shop.node, "club", "0755"), formula) is off
