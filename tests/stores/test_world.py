"""What a rule may ask of the node: other records, totals, balances, who is here, whose turn it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.host.hookspecs import hookimpl
from core.host.host import Host
from core.language.expressions import Row
from stores.actor import SYSTEM_ACTOR
from stores.world import NEVER_S, NodeWorld, holders
from tests.stores.shop import HEAD, Shop

PLUGIN = """
settings:
  rate: {type: decimal, digits: 2, default: "0.5", label: {en: Rate, zh: 比例}}
calendar: {day_starts: "08:00"}
ledgers:
  credit: {account: staff, unit: CNY, confirm: boss, label: {en: Credit, zh: 业绩}}
records:
  deal:
    label: {en: Deal, zh: 成交}
    fields:
      price: {type: money, label: {en: Price, zh: 价格}}
      half: {type: money, value: =self.price * settings.rate, label: {en: Half, zh: 一半}}
      made: {type: date, value: =today, label: {en: Made, zh: 日期}}
    by: desk
    actions: {open: {from: new, ask: [price], label: {en: Open, zh: 新建}}}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop], database_url: str) -> Shop:
    made: Shop = a_shop(PLUGIN, database_url)
    return made


@contextmanager
def world_of(shop: Shop, plugin: str = "club", store: str = "0755") -> Iterator[Any]:
    with shop.node.database.read() as connection:
        yield NodeWorld(connection, shop.node, plugin, store)


def ask(shop: Shop, function: str, *args: object, store: str = "0755") -> Any:
    with world_of(shop, store=store) as world:
        return world.call(function, list(args), world.env(None, shop.now, SYSTEM_ACTOR))


def test_a_record_is_read_once_and_what_was_put_is_seen(shop: Shop) -> None:
    shop.put("deal", "d1", price=Decimal(10))
    with world_of(shop) as world:
        row = world.row("club.deal", "d1")
        assert row is world.row("club.deal", "d1")
        assert (world.row("club.deal", "d2"), world.row("gone.deal", "d1")) == (None, None)
        world.put(Row("club.deal", "d2", {"price": Decimal(1)}))
        assert world.seen_from("core").row("club.deal", "d2").values["price"] == 1
        assert world.seen_from("club") is world


def test_a_computed_field_is_worked_out_under_its_own_plugin_s_settings_and_day(shop: Shop) -> None:
    shop.put("deal", "d1", price=Decimal(10))
    with world_of(shop, "core") as world:  # whose day starts at midnight, and which has no settings
        row = world.row("club.deal", "d1")
        env = world.env(row, shop.now - timedelta(hours=15), SYSTEM_ACTOR)
        assert env.names["today"] == date(2026, 3, 7)
        assert (world.field(row, "price", env), world.field(row, "half", env)) == (Decimal(10), Decimal(5))
        assert world.field(row, "made", env) == date(2026, 3, 6)  # half past five in the morning


def test_the_names_of_a_rule(shop: Shop) -> None:
    li = shop.hire("li", "desk", "boss")
    with world_of(shop) as world:
        names, system = world.env(None, shop.now, li, period="p").names, world.env(None, shop.now, SYSTEM_ACTOR).names

    assert {name: names[name] for name in ("me", "my_roles", "my_store", "store", "ask", "self", "period")} == {
        "me": "li", "my_roles": ["boss", "desk"], "my_store": "0755", "store": "0755", "ask": {}, "self": None, "period": "p",
    }  # fmt: skip
    assert system["me"] is None


def test_a_balance_is_the_sum_of_what_counts(shop: Shop) -> None:
    for n, (state, amount) in enumerate([("proposed", 1), ("confirmed", 20), ("rejected", 300), ("countered", 4000)]):
        shop.put("credit", f"e{n}", account="li", amount=Decimal(amount), state=state)
    shop.put("credit", "e9", account="wu", amount=Decimal(7), state="confirmed")

    assert ask(shop, "balance", "credit", "li") == Decimal(4020)
    assert ask(shop, "balance", "credit", Row("core.staff", "li", {}), "proposed") == Decimal(1)
    assert (ask(shop, "balance", "credit", "nobody"), ask(shop, "balance", "credit", None)) == (Decimal(0), 0)


def test_who_is_away_is_away_from_then_until_then(shop: Shop) -> None:
    shop.put("absence", "a1", staff="li", from_at=shop.now, to_at=shop.now + timedelta(hours=1))
    shop.put("absence", "a2", staff="wu", from_at=shop.now)
    hour, ms = timedelta(hours=1), timedelta(milliseconds=1)

    asked = [ask(shop, "is_away", "li", shop.now + after) for after in (-ms, 0 * ms, hour - ms, hour)]

    assert asked == [False, True, True, False]
    assert (ask(shop, "is_away", "li"), ask(shop, "is_away", "wu", shop.now + 99 * hour)) == (True, True)
    assert ask(shop, "is_away", "he") is False


def test_who_has_signed_in_is_on_duty_for_the_business_day_until_signing_out(shop: Shop) -> None:
    shop.put("duty", "d1", staff="li", day=date(2026, 3, 7), in_at=shop.now)
    shop.put("duty", "d2", staff="wu", day=date(2026, 3, 7), in_at=shop.now, out_at=shop.now)
    shop.put("duty", "d3", staff="xu", day=date(2026, 3, 7), state="planned")  # has not come yet

    asked = [ask(shop, "on_duty", who) for who in ("li", "wu", "xu", "he")]

    assert asked == [True, False, False, False]
    assert ask(shop, "on_duty", "li", date(2026, 3, 8)) is False


def test_who_was_never_chosen_has_waited_longest(shop: Shop) -> None:
    shop.put("pick", "p1", policy="club.next", chosen="li", picked_at=shop.now - timedelta(minutes=9))
    shop.put("pick", "p2", policy="club.next", chosen="li", picked_at=shop.now - timedelta(minutes=2))

    assert (ask(shop, "waiting_since", "li", "next"), ask(shop, "waiting_since", "wu", "next")) == (120, NEVER_S)


def test_posts_and_their_holders(shop: Shop) -> None:
    shop.hire("li", "desk")
    shop.hire("wu", "desk_clerk")
    shop.hire("he", "desk", active=False)
    shop.hire("qin", "desk", store="0756")

    assert [ask(shop, "holds_role", who, "desk") for who in ("li", "wu", "nobody")] == [True, False, False]
    with world_of(shop) as world:
        assert holders(world, "desk") == ["li"]


def test_notices_are_counted_for_the_own_store(shop: Shop) -> None:
    shop.put("notice", "n1", name="club.late")
    shop.put("notice", "n2", name="club.late", store="0756")
    shop.put("notice", "n3", name="core.late")

    assert (ask(shop, "sent", "late"), ask(shop, "sent", "soon")) == (1, 0)


class Roster:
    @hookimpl
    def is_away(self, person: str) -> bool | None:
        return person == "li" or None

    @hookimpl
    def on_duty(self, person: str) -> bool | None:
        return True if person == "li" else None


def test_a_plugin_s_roster_answers_first(a_shop: Callable[..., Shop], tmp_path: Path) -> None:
    (tmp_path / "club").mkdir()
    (tmp_path / "club" / "plugin.yaml").write_text(HEAD + PLUGIN, encoding="utf-8")
    host = Host([tmp_path], entry_points=False)
    host.register(Roster(), "roster")
    shop = a_shop(PLUGIN, host=host)

    assert [ask(shop, "is_away", who) for who in ("li", "wu")] == [True, False]
    assert [ask(shop, "on_duty", who) for who in ("li", "wu")] == [True, False]
