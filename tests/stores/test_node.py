"""A node: settings in layers, read afresh by each transaction, and listeners that hear of every commit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from core.host.catalog import Catalog
from stores.actor import Actor
from stores.storage.database import Database
from tests.stores.shop import Shop, host_of

PLUGIN = """
settings:
  hold: {type: duration, default: 20m, label: {en: Hold, zh: 保留}}
  fine: {type: money, default: 500, lock: hq, label: {en: Fine, zh: 罚款}}
calendar: {day_starts: "08:00"}
records:
  note: {label: {en: Note, zh: 记录}, fields: {text: {type: text, label: {en: Text, zh: 内容}}}, by: desk, actions: {add: {from: new, ask: [text], label: {en: Add, zh: 新增}}}}
  price: {label: {en: Price, zh: 价格}, fields: {text: {type: text, label: {en: Text, zh: 内容}}}, by: desk, actions: {add: {from: new, ask: [text], label: {en: Add, zh: 新增}}}, sync: {scope: store, home: hq}}
"""
ADMIN = Actor("ad", "0755", frozenset({"store_admin"}), "Ad")


@pytest.fixture
def shop(a_shop: Callable[..., Shop], tmp_path: object) -> Shop:
    made: Shop = a_shop(PLUGIN, f"sqlite:///{tmp_path}/club.db")
    return made


def test_a_transaction_sees_one_picture_and_the_next_one_the_change(shop: Shop) -> None:
    with shop.node.database.read() as before:
        assert str(shop.node.settings(before, "club", "0755")["hold"]) == "20m"
        shop.do("setting.set", ADMIN, plugin="club", name="hold", value='"30m"')
        assert str(shop.node.settings(before, "club", "0755")["hold"]) == "20m"
    with shop.node.database.read() as after:
        assert str(shop.node.settings(after, "club", "0755")["hold"]) == "30m"


def test_a_write_sees_what_another_process_has_set_since_the_write_before(shop: Shop) -> None:
    setting = shop.do("setting.set", ADMIN, plugin="club", name="hold", value='"30m"').id
    with shop.node.database.write() as before:
        assert str(shop.node.settings(before, "club", "0755")["hold"]) == "30m"
    with Database(str(shop.node.database.url)).write() as elsewhere:  # nobody tells this node
        elsewhere.exec_driver_sql("UPDATE core_setting SET value = '\"40m\"' WHERE id = ?", (setting,))

    with shop.node.database.write() as after:
        assert str(shop.node.settings(after, "club", "0755")["hold"]) == "40m"


def test_what_a_transaction_wrote_and_did_not_keep_shows_nowhere(shop: Shop) -> None:
    setting = shop.do("setting.set", ADMIN, plugin="club", name="hold", value='"30m"').id
    with suppress(RuntimeError), shop.node.database.write() as connection:
        assert str(shop.node.settings(connection, "club", "0755")["hold"]) == "30m"
        connection.exec_driver_sql("UPDATE core_setting SET value = '\"40m\"' WHERE id = ?", (setting,))
        shop.node.touched([("core.setting", setting)])
        assert str(shop.node.settings(connection, "club", "0755")["hold"]) == "40m"
        raise RuntimeError

    with shop.node.database.read() as after:
        assert str(shop.node.settings(after, "club", "0755")["hold"]) == "30m"


def test_a_value_that_fits_no_more_is_passed_over_and_so_are_unknown_locked_and_deleted_ones(shop: Shop) -> None:
    for id, name, value in (
        ("s1", "hold", '"soon"'), ("s2", "gone", "1"), ("s3", "fine", "1"), ("s4", "hold", "not json"), ("s5", "hold", '"9m"'),
    ):  # fmt: skip
        shop.put("setting", id, plugin="club", name=name, value=value)
    shop.sql("UPDATE core_setting SET _life = 2 WHERE id = 's5'")

    with shop.node.database.read() as connection:
        settings = shop.node.settings(connection, "club", "0755")
        assert {name: str(value) for name, value in settings.items()} == {"hold": "20m", "fine": "500.00"}
        assert set(shop.node.settings(connection, "core", "0755").values()) == {None}


def test_the_home_of_a_record_is_its_store_or_headquarters(shop: Shop) -> None:
    note, price = shop.record("note"), shop.record("price")

    assert (shop.node.is_home(note, "0755"), shop.node.is_home(note, "0756")) == (True, False)
    assert (shop.node.is_home(price, "0755"), shop.node.is_hub) == (False, True)


def test_a_calendar_is_made_once_and_starts_its_day_when_the_business_does(shop: Shop) -> None:
    calendar = shop.node.calendar("club")

    assert calendar is shop.node.calendar("club")
    assert str(calendar.rules.day_starts) == "08:00:00"


def test_what_is_made_of_the_snapshot_is_made_once_and_anew_of_the_next(shop: Shop) -> None:
    node, asked = shop.node, list[Catalog]()

    def made(catalog: Catalog) -> int:
        asked.append(catalog)
        return len(asked)

    assert [node.of_catalog(made), node.of_catalog(made)] == [1, 1]

    before = node.catalog
    node.host = host_of(PLUGIN, "1.0.1")
    assert [node.of_catalog(made), node.of_catalog(made)] == [2, 2]
    assert asked == [before, node.catalog]


def test_every_listener_hears_of_a_commit_and_none_of_a_refusal(shop: Shop) -> None:
    heard: list[str] = []
    shop.node.on_commit(lambda: heard.append("timers"))
    shop.node.on_commit(lambda: heard.append("sync"))
    shop.do("note.add", Actor("li", "0755", frozenset({"desk"}), "Li"), text="x")

    with pytest.raises(Exception, match="role"):
        shop.do("note.add", ADMIN, text="x")

    assert heard == ["timers", "sync"]
