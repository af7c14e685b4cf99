"""Setting a setting: by its name, in its type, inside its limits, and only by who may."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.model.errors import ActionRefused
from stores.actor import Actor
from stores.world import NodeWorld
from tests.stores.shop import Shop

PLUGIN = """
settings:
  hold: {type: duration, default: 20m, min: 10m, max: 45m, label: {en: Hold, zh: 保留}}
  fine: {type: money, default: 500, lock: hq, label: {en: Fine, zh: 罚款}}
  until: {type: time, default: "21:00", label: {en: Until, zh: 至}}
  early: {type: bool, default: true, label: {en: Early, zh: 提前}}
  paid: {type: bool, default: false, excludes: early, label: {en: Paid, zh: 先付}}
records:
  note: {label: {en: Note, zh: 记录}, fields: {text: {type: text, label: {en: Text, zh: 内容}}}, by: desk, actions: {add: {from: new, ask: [text], label: {en: Add, zh: 新增}}}}
"""
ADMIN = Actor("ad", "0755", frozenset({"store_admin"}), "Ad")
CHIEF = Actor("qin", "hq", frozenset({"hq_admin"}), "Qin")


def value(shop: Shop, name: str, store: str = "0755") -> str:
    with shop.node.database.read() as connection:
        world = NodeWorld(connection, shop.node, "club", store)
        return str(world.env(None, shop.now, ADMIN).names["settings"][name])  # type: ignore[index]


def set_(shop: Shop, actor: Actor, name: str, value: str | None, **more: str) -> str:
    return shop.do("setting.set", actor, plugin="club", name=name, value=value, **more).id


@pytest.mark.parametrize(
    ("entered", "code", "fix"),
    [
        ({"plugin": "clob", "name": "hold", "value": '"20m"'}, "no-such-plugin", "did you mean `club`?"),
        ({"plugin": "club", "name": "holt", "value": '"20m"'}, "no-such-setting", "did you mean `hold`?"),
        ({"plugin": "club", "name": "fine", "value": "1"}, "locked", "ask headquarters to change it for the chain"),
        ({"plugin": "club", "name": "hold", "value": '"50m"'}, "too-big", "enter 45m or less"),
        ({"plugin": "club", "name": "hold", "value": '"soon"'}, "bad-duration", None),
        ({"plugin": "club", "name": "until", "value": "21:00"}, "bad-json", 'write "21:00", 500 or true'),
        ({"plugin": "club", "name": "until", "value": '"25:00"'}, "bad-time", None),
    ],
)
def test_what_does_not_fit_is_refused_when_it_is_set(
    shop: Shop, entered: dict[str, str], code: str, fix: str | None
) -> None:
    with pytest.raises(ActionRefused) as refusal:
        shop.do("setting.set", ADMIN, **entered)

    (problem,) = refusal.value.problems
    assert problem.code == code
    assert fix is None or (problem.fix and problem.fix.en == fix)
    assert shop.rows("setting") == []


def test_a_change_is_asked_as_strictly_as_a_first_value(shop: Shop) -> None:
    setting = set_(shop, ADMIN, "hold", '"30m"')

    with pytest.raises(ActionRefused):
        shop.do("setting.change", ADMIN, setting, value='"9m"')

    assert value(shop, "hold") == "30m"


def test_a_store_stands_over_the_chain_except_where_the_chain_has_locked_it(shop: Shop) -> None:
    shop.put("setting", "s1", store="hq", plugin="club", name="hold", value='"40m"')
    shop.put("setting", "s2", store="hq", plugin="club", name="fine", value="800")
    assert value(shop, "hold") == "40m"

    set_(shop, ADMIN, "hold", '"15m"')

    assert (value(shop, "hold"), value(shop, "hold", "0756"), value(shop, "fine")) == ("15m", "40m", "800.00")


def test_headquarters_sets_the_chain_s_figure_and_cannot_set_a_locked_one_for_one_store_only(
    a_shop: Callable[..., Shop],
) -> None:
    headquarters = a_shop(PLUGIN, store="hq")
    set_(headquarters, CHIEF, "fine", "800")
    assert value(headquarters, "fine") == "800.00"

    with pytest.raises(ActionRefused, match="for the whole chain"):
        set_(headquarters, CHIEF, "fine", "900", store="0755")
    receipt = headquarters.do("setting.set", CHIEF, plugin="club", name="hold", value='"30m"', store="0755")

    assert receipt.provisional  # the store's own figure is the store's to write


def test_an_empty_value_means_not_configured(shop: Shop) -> None:
    set_(shop, ADMIN, "hold", None)

    assert value(shop, "hold") == "None"


def test_the_last_word_counts(shop: Shop) -> None:
    first = set_(shop, ADMIN, "hold", '"11m"')
    shop.go("2026-03-07 20:31")
    set_(shop, ADMIN, "hold", '"12m"')
    assert value(shop, "hold") == "12m"

    shop.go("2026-03-07 20:32")
    shop.do("setting.change", ADMIN, first, value='"13m"')

    assert value(shop, "hold") == "13m"


def test_switches_that_exclude_one_another_are_never_on_together(shop: Shop) -> None:
    with pytest.raises(ActionRefused, match="cannot be on together with: Early"):
        set_(shop, ADMIN, "paid", "true")
    early = set_(shop, ADMIN, "early", "false")
    set_(shop, ADMIN, "paid", "true")
    with pytest.raises(ActionRefused, match="cannot be on together with: Paid"):
        shop.do("setting.change", ADMIN, early, value="true")


def test_headquarters_does_not_turn_on_what_a_store_has_excluded_for_itself(shop: Shop) -> None:
    set_(shop, ADMIN, "early", "false")
    set_(shop, ADMIN, "paid", "true")
    with pytest.raises(ActionRefused, match="cannot be on together with: Paid"):
        set_(shop, CHIEF, "early", "true", store="hq")
