"""Notices: who was told reads them and says so, each for himself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.model.errors import ActionRefused, NotFound
from stores.actor import Actor
from stores.acts.notices import acknowledge
from stores.reads import records
from tests.stores.shop import Shop


@pytest.fixture
def office(a_shop: Callable[..., Shop], database_url: str) -> Shop:
    made: Shop = a_shop("", database_url)
    made.hire("chief", "boss")  # there is a boss, so nobody stands in for one
    return made


def seen(shop: Shop, actor: Actor) -> list[str]:
    return sorted(row["id"] for row in records.query(shop.node, actor, shop.record("notice")).rows)


def test_a_notice_is_read_by_those_it_was_sent_to_by_name_or_by_post(office: Shop) -> None:
    office.put("notice", "n1", to=["li"], roles=[], en="for Li", zh="给李")
    office.put("notice", "n2", to=[], roles=["boss", "audit"], en="for the boss", zh="给经理")
    office.put("notice", "n3", to=[], roles=["desk"], store="0756", en="elsewhere", zh="别店")

    li, hu, wu = office.hire("li", "desk"), office.hire("hu", "boss"), office.hire("wu", "desk")

    assert [seen(office, actor) for actor in (li, hu, wu)] == [["n1"], ["n2"], []]


def test_a_notice_is_acknowledged_by_whom_it_is_for_once_and_only_for_himself(office: Shop) -> None:
    office.put("notice", "n1", to=["li"], roles=["boss"], en="hello", zh="你好")
    li, hu, wu = office.hire("li", "desk"), office.hire("hu", "boss"), office.hire("wu", "desk")

    for person in (li, hu, li):
        acknowledge(office.node, "n1", person)

    assert office.row("notice", "n1")["seen_by"] == ["li", "hu"]
    assert [line.actor for line in office.log("notice", "n1")] == ["system", "li", "hu"]
    with pytest.raises(NotFound):
        acknowledge(office.node, "n1", wu)
    office.put("notice", "n2", to=["li", "wu"], en="hello", zh="你好")
    for others in (["wu"], ["li", "wu"]):
        with pytest.raises(ActionRefused, match="for himself"):
            office.do("notice.acknowledge", li, "n2", seen_by=others)
