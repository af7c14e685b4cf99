"""Settings in layers: default, chain, store; locks and limits; what does not count and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.model.errors import ActionRefused
from stores.actor import Actor
from stores.reads.settings import deviations, standing_of
from tests.stores.shop import Shop

PLUGIN = """
settings:
  hold:  {type: duration, default: 20m, min: 10m, max: 45m, label: {en: Hold, zh: 保留}}
  until: {type: time, default: "21:00", label: {en: Until, zh: 至}}
  fine:  {type: money, default: 500, label: {en: Fine, zh: 罚款}}
  goal:  {type: int, default: null, label: {en: Goal, zh: 目标}}
"""
ADMIN = Actor("ad", "0755", frozenset({"store_admin"}), "Ad")
CHIEF = Actor("qin", "hq", frozenset({"hq_admin"}), "Qin")


@pytest.fixture
def shop(a_shop: Callable[..., Shop], database_url: str) -> Shop:
    made: Shop = a_shop(PLUGIN, database_url)
    return made


def chain(shop: Shop, name: str, value: str | None, **more: Any) -> None:
    shop.put("setting", f"c-{name}-{value}", store="hq", plugin="club", name=name, value=value, **more)


def own(shop: Shop, name: str, value: str | None, store: str = "0755") -> None:
    shop.put("setting", f"{store}-{name}-{value}", store=store, plugin="club", name=name, value=value)


def stands(shop: Shop, name: str, store: str = "0755") -> tuple[str, str, list[str]]:
    with shop.node.database.read() as connection:
        setting = shop.node.catalog.plugin("club").settings[name]
        found = standing_of(connection, shop.node, "club", setting, store)
        assert shop.node.settings(connection, "club", store)[name] == found.value, "rules read the same"
        return str(found.value), found.layer, [reason.en for reason in found.passed.values()]


def test_the_value_nearest_to_the_store_stands(shop: Shop) -> None:
    assert stands(shop, "hold") == ("20m", "default", [])
    chain(shop, "hold", '"30m"')
    assert stands(shop, "hold") == ("30m", "chain", [])
    own(shop, "hold", '"15m"')
    assert (stands(shop, "hold"), stands(shop, "hold", "0020")) == (("15m", "store", []), ("30m", "chain", []))


def test_what_headquarters_has_locked_a_store_may_not_set_and_what_it_had_set_is_passed_over(shop: Shop) -> None:
    own(shop, "until", '"22:00"')
    chain(shop, "until", '"21:30"', locked=True)

    assert stands(shop, "until") == ("21:30:00", "chain", ["headquarters has set it for the whole chain"])
    with pytest.raises(ActionRefused, match="for the whole chain"):
        shop.do("setting.set", ADMIN, plugin="club", name="until", value='"22:30"')


@pytest.mark.parametrize(
    ("name", "least", "most", "good", "bad", "named"),
    [
        ("hold", '"15m"', '"30m"', '"30m"', '"31m"', "30m"),
        ("hold", '"15m"', None, '"15m"', '"14m"', "15m"),
        ("until", '"20:30"', '"21:30"', '"20:30"', '"21:31"', "21:30"),
        ("fine", "200", "800.50", "800.50", "800.51", "800.50"),
        ("goal", None, "7", "7", "8", "7"),
    ],
)
def test_headquarters_narrows_what_a_store_may_choose(
    shop: Shop, name: str, least: str | None, most: str | None, good: str, bad: str, named: str
) -> None:
    chain(shop, name, good, least=least, most=most)
    shop.do("setting.set", ADMIN, plugin="club", name=name, value=good)

    with pytest.raises(ActionRefused) as refusal:
        shop.do("setting.set", ADMIN, plugin="club", name=name, value=bad)

    (problem,) = refusal.value.problems
    assert named in f"{problem.what.en} {problem.fix.en if problem.fix else ''}", "the limit is named"
    own(shop, name, bad, store="0020")  # as an edited database would say
    assert stands(shop, name, "0020")[1] == "chain"


def test_the_plugins_own_limits_hold_however_far_headquarters_lets_a_store_go(shop: Shop) -> None:
    chain(shop, "hold", '"20m"', most='"3h"')

    with pytest.raises(ActionRefused, match="45m"):
        shop.do("setting.set", ADMIN, plugin="club", name="hold", value='"50m"')
    own(shop, "hold", '"50m"')
    assert stands(shop, "hold")[1] == "chain"


def test_locks_and_limits_are_headquarters_to_set_and_fit_the_setting(shop: Shop, a_shop: Callable[..., Shop]) -> None:
    for more in ({"locked": True}, {"least": '"11m"'}, {"most": '"11m"'}):
        with pytest.raises(ActionRefused, match="headquarters' to set"):
            shop.do("setting.set", ADMIN, plugin="club", name="hold", value='"20m"', **more)

    office = a_shop(PLUGIN, store="hq")
    with pytest.raises(ActionRefused) as refusal:
        office.do("setting.set", CHIEF, plugin="club", name="hold", value='"20m"', most='"soon"')
    assert refusal.value.problems[0].field == "most"
    office.do("setting.set", CHIEF, plugin="club", name="hold", value='"20m"', most='"30m"')


def test_what_is_given_up_leaves_what_holds_above_and_is_not_changed_any_more(shop: Shop) -> None:
    chain(shop, "hold", '"30m"')
    set_ = shop.do("setting.set", ADMIN, plugin="club", name="hold", value='"15m"').id
    assert stands(shop, "hold")[:2] == ("15m", "store")

    shop.do("setting.drop", ADMIN, set_)

    assert stands(shop, "hold") == ("30m", "chain", [])
    with pytest.raises(ActionRefused, match="given up"):
        shop.do("setting.change", ADMIN, set_, value='"16m"')


def test_headquarters_finds_where_stores_differ(shop: Shop) -> None:
    chain(shop, "hold", '"30m"', most='"40m"')
    chain(shop, "fine", "700")
    own(shop, "hold", '"15m"')
    own(shop, "hold", '"45m"', store="0020")
    own(shop, "fine", "700", store="0020")

    with shop.node.database.read() as connection:
        found = [
            (
                one.standing.setting.name,
                one.store,
                str(one.standing.value),
                str(one.chain.value),
                bool(one.standing.passed),
            )
            for one in deviations(connection, shop.node)
        ]

    assert found == [
        ("hold", "0020", "30m", "30m", True),
        ("hold", "0755", "15m", "30m", False),
        ("fine", "0020", "700.00", "700.00", False),
    ]
