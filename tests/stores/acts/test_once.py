"""An action tried out leaves nothing; one carried out under a key is carried out once, whatever is cut in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.model.errors import ActionRefused
from stores.actor import Actor
from stores.acts.calls import Call
from stores.acts.once import act_once, rehearse, standing_of
from tests.stores.acts.club import BOOKING, PLUGIN, PowerCut, codes, configure, cut_at, picture
from tests.stores.shop import Shop


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made = a_shop(PLUGIN)
    configure(made, cap="1000")
    return made


def booking(shop: Shop, **more: Any) -> Call:
    if not any(row.id == "li" for row in shop.rows("staff")):
        shop.hire("li", "desk")
    li = Actor("li", shop.store, frozenset({"desk"}), "Li")
    return Call(shop.node.catalog.record("club", "booking"), "book", li, ask={**BOOKING, **more})


def test_what_is_tried_out_is_checked_like_the_real_thing_and_leaves_nothing(shop: Shop) -> None:
    call = booking(shop)
    before = picture(shop)

    receipt = rehearse(shop.node, call)

    assert (receipt.number, receipt.state) == ("0755-001", "held")
    assert picture(shop) == before
    with pytest.raises(ActionRefused) as refusal:
        rehearse(shop.node, booking(shop, guest=""))
    assert codes(refusal) == ["required"]


def test_after_trying_out_the_real_thing_gets_the_same_number_and_the_log_has_no_gap(shop: Shop) -> None:
    call = booking(shop)
    rehearse(shop.node, call)

    receipt, id = act_once(shop.node, call, "row 1")

    assert receipt is not None
    assert receipt.number == "0755-001"
    assert [seq for (seq,) in shop.sql("SELECT seq FROM log ORDER BY seq")] == list(
        range(1, len(shop.sql("SELECT seq FROM log")) + 1)
    )
    assert standing_of(shop.node, ["row 1", "row 2"]) == {"row 1": id}


def test_the_same_key_does_nothing_twice_and_another_key_does(shop: Shop) -> None:
    call = booking(shop)
    _, first = act_once(shop.node, call, "row 1")

    assert act_once(shop.node, call, "row 1") == (None, first)
    assert act_once(shop.node, call, "row 2")[1] != first
    assert len(shop.rows("booking")) == 2


def test_what_was_deleted_since_may_be_made_again(shop: Shop) -> None:
    call = booking(shop)
    _, first = act_once(shop.node, call, "row 1")
    shop.do("booking.drop", call.actor, first)

    receipt, second = act_once(shop.node, call, "row 1")

    assert receipt is not None
    assert second != first


def test_a_refusal_keeps_no_key(shop: Shop) -> None:
    with pytest.raises(ActionRefused):
        act_once(shop.node, booking(shop, guest=""), "row 1")

    assert standing_of(shop.node, ["row 1"]) == {}


def test_wherever_the_power_is_cut_both_are_there_or_neither(tmp_path: Path) -> None:
    shop = Shop(PLUGIN, f"sqlite:///{tmp_path}/club.db")
    configure(shop, cap="1000")
    call = booking(shop)
    for nth in range(1, 60):
        mend = cut_at(shop, nth)
        try:
            act_once(shop.node, call, f"cut {nth}")
        except PowerCut:
            shop.close()
            shop.open()
        else:
            mend()
            assert nth > 5
            break
        assert standing_of(shop.node, [f"cut {nth}"]) == {}
        assert shop.rows("booking") == []
    assert len(shop.rows("booking")) == 1
    shop.close()
