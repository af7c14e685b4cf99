"""What an older version wrote means, after the declared steps, what it meant then."""

from __future__ import annotations

import pytest

from core.language.definition import Plugin
from core.language.lifting import filled, lifted, name_now, steps_since
from tests.core.language.bench import Load

SHOP = """
plugin: shop
version: 1.3.0
label: {en: Shop, zh: 门店}
records:
  guest:
    label: {en: Guest, zh: 客人}
    fields: {name: {type: text, label: {en: Name, zh: 姓名}}, tier: {type: text, label: {en: Tier, zh: 等级}}}
    states: {here: {en: Here, zh: 在}}
migrations:
  1.1.0: [{rename: guest.called, to: full_name}, {map: guest.state, with: {gone: here}}]
  1.2.0: [{rename: guest.full_name, to: name}, {fill: guest.rank, value: c}]
  1.3.0: [{rename: guest.rank, to: tier}, {map: guest.tier, with: {c: general}}, {drop: guest.fax, accept: data_loss}]
"""


@pytest.fixture
def shop(load: Load) -> Plugin:
    return load(SHOP)


def now(shop: Plugin, version: str | None, **cells: int | str | None) -> dict[str, int | str | None]:
    return lifted(steps_since(shop, version), "guest", cells, lambda change, cell: change(cell))


def test_every_step_since_the_version_is_taken_in_order(shop: Plugin) -> None:
    assert now(shop, "1.0.0", called="Li", state="gone", rank="c", fax="1") == {
        "name": "Li", "state": "here", "tier": "general",
    }  # fmt: skip
    assert now(shop, "1.1.0", full_name="Li", state="gone") == {"name": "Li", "state": "gone"}


def test_what_this_version_or_an_unknown_one_wrote_stays_as_it_is(shop: Plugin) -> None:
    for version in ("1.3.0", "1.4.0", None, "soon"):
        assert now(shop, version, called="Li", fax="1") == {"called": "Li", "fax": "1"}


def test_another_record_type_is_left_alone(shop: Plugin) -> None:
    assert lifted(steps_since(shop, "1.0.0"), "room", {"called": 1}, lambda change, cell: change(cell)) == {"called": 1}


def test_the_newer_name_wins_where_both_came(shop: Plugin) -> None:
    assert now(shop, "1.1.0", full_name="old", name="new") == {"name": "new"}


def test_what_is_filled_in_goes_by_its_name_of_today(shop: Plugin) -> None:
    assert filled(steps_since(shop, "1.0.0"), "guest") == {"tier": "general"}
    assert filled(steps_since(shop, "1.2.0"), "guest") == {}


def test_a_name_of_long_ago_leads_to_the_field_of_today(shop: Plugin) -> None:
    assert [name_now(shop, "guest", name) for name in ("called", "full_name", "name", "unheard_of")] == [
        "name", "name", "name", "unheard_of",
    ]  # fmt: skip
