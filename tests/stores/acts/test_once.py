"""An action tried out leaves nothing; one carried out under a key is carried out once, whatever is cut in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from core.model.errors import ActionRefused
from stores.actor import Actor
from stores.acts.calls import Call, Receipt
from stores.acts.once import TURN_MS, act_once, act_unless_done, rehearse, standing_of
from stores.storage.once import FORM, FORM_KEPT
from tests.stores.acts.club import BOOKING, PLUGIN, PowerCut, configure, cut_at, picture
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


def never() -> bool:
    return False


def test_what_is_tried_out_is_checked_like_the_real_thing_and_leaves_nothing(shop: Shop) -> None:
    call = booking(shop)
    before = picture(shop)

    receipt, refusal, other = rehearse(shop.node, [call, booking(shop, guest=""), booking(shop, guest="Wu")], never)

    assert isinstance(receipt, Receipt)
    assert isinstance(other, Receipt)
    assert (receipt.number, receipt.state, other.number) == ("0755-001", "held", "0755-001")  # each as if the only one
    assert isinstance(refusal, ActionRefused)
    assert [problem.code for problem in refusal.problems] == ["required"]
    assert picture(shop) == before


def test_after_trying_out_the_real_thing_gets_the_same_number_and_the_log_has_no_gap(shop: Shop) -> None:
    call = booking(shop)
    rehearse(shop.node, [call], never)

    receipt, id = once(shop, call, "row 1")

    assert receipt is not None
    assert receipt.number == "0755-001"
    assert [seq for (seq,) in shop.sql("SELECT seq FROM log ORDER BY seq")] == list(
        range(1, len(shop.sql("SELECT seq FROM log")) + 1)
    )
    assert standing_of(shop.node, ["row 1", "row 2"]) == {"row 1": id}


def test_the_same_key_does_nothing_twice_and_another_key_does(shop: Shop) -> None:
    call = booking(shop)
    _, first = once(shop, call, "row 1")

    again, other = act_once(shop.node, [(call, "row 1"), (call, "row 2")], never)

    assert again == (None, first)
    assert isinstance(other, tuple)
    assert other[1] != first
    assert len(shop.rows("booking")) == 2


def test_one_that_is_refused_keeps_no_key_and_holds_up_no_other(shop: Shop) -> None:
    calls = [(booking(shop, guest=guest), f"row {n}") for n, guest in enumerate(["Chen", "", "Wu"])]

    first, refusal, last = act_once(shop.node, calls, never)

    assert isinstance(refusal, ActionRefused)
    assert isinstance(first, tuple)
    assert isinstance(last, tuple)
    assert standing_of(shop.node, ["row 0", "row 1", "row 2"]) == {"row 0": first[1], "row 2": last[1]}
    assert [row.values["number"] for row in shop.rows("booking")] == ["0755-001", "0755-002"]


def test_a_turn_ends_when_it_has_taken_long_enough_and_the_rest_is_told_of_later(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A desk that books in the meantime waits for the row that is under way, not for the file."""
    calls = [(booking(shop, guest=guest), guest) for guest in ("Chen", "Wu", "Li")]
    clock = count(0, TURN_MS)
    monkeypatch.setattr(shop.node, "mono", lambda: next(clock))

    assert len(act_once(shop.node, calls, never)) == 2
    assert len(rehearse(shop.node, [call for call, _ in calls], lambda: True)) == 1
    assert [row.values["guest"] for row in shop.rows("booking")] == ["Chen", "Wu"]


def test_what_was_deleted_since_may_be_made_again(shop: Shop) -> None:
    call = booking(shop)
    _, first = once(shop, call, "row 1")
    shop.do("booking.drop", call.actor, first)

    receipt, second = once(shop, call, "row 1")

    assert receipt is not None
    assert second != first


def test_wherever_the_power_is_cut_both_are_there_or_neither(tmp_path: Path) -> None:
    shop = Shop(PLUGIN, f"sqlite:///{tmp_path}/club.db")
    configure(shop, cap="1000")
    calls = [booking(shop), booking(shop, guest="Wu")]
    for nth in range(1, 60):
        mend = cut_at(shop, nth)
        keys = [f"cut {nth}", f"cut {nth}, too"]
        try:
            act_once(shop.node, list(zip(calls, keys, strict=True)), never)
        except PowerCut:
            shop.close()
            shop.open()
        else:
            mend()
            assert nth > 5
            break
        assert standing_of(shop.node, keys) == {}
        assert shop.rows("booking") == []
    assert len(shop.rows("booking")) == 2
    shop.close()


def once(shop: Shop, call: Call, key: str) -> tuple[Receipt | None, str]:
    (outcome,) = act_once(shop.node, [(call, key)], never)
    assert isinstance(outcome, tuple)
    return outcome


def test_a_form_that_comes_again_finds_what_it_made(shop: Shop) -> None:
    call, key = booking(shop), f"{FORM}{shop.node.new_id()}:same"
    made = act_unless_done(shop.node, call, key)
    assert isinstance(made, Receipt)

    assert act_unless_done(shop.node, call, key) == ("club.booking", made.id)
    assert len(shop.rows("booking")) == 1


def test_wherever_the_power_is_cut_a_form_that_is_sent_again_makes_one_record(tmp_path: Path) -> None:
    shop = Shop(PLUGIN, f"sqlite:///{tmp_path}/club.db")
    configure(shop, cap="1000")
    call, key = booking(shop), f"{FORM}{shop.node.new_id()}:same"
    for nth in range(1, 60):
        mend = cut_at(shop, nth)
        try:
            act_unless_done(shop.node, call, key)
        except PowerCut:
            shop.close()
            shop.open()
            assert (shop.rows("booking"), shop.sql("SELECT key FROM once")) == ([], [])
        else:
            mend()
            assert nth > 5
            break
    assert act_unless_done(shop.node, call, key) == ("club.booking", shop.rows("booking")[0].id)
    assert len(shop.rows("booking")) == 1
    shop.close()


def test_forms_opened_long_ago_are_forgotten_and_rows_of_imports_are_not(shop: Shop) -> None:
    early, late = (f"{FORM}{_id_at(shop.now - ago)}:x" for ago in (2 * FORM_KEPT, FORM_KEPT / 2))
    act_unless_done(shop.node, booking(shop), early)
    once(shop, booking(shop), "row 1")
    assert shop.sql("SELECT key FROM once WHERE key = 'row 1' OR key > 'form:' ORDER BY key") == [(early,), ("row 1",)]

    act_unless_done(shop.node, booking(shop), late)
    act_unless_done(shop.node, booking(shop), f"{FORM}{_id_at(shop.now)}:x")

    kept = {key for (key,) in shop.sql("SELECT key FROM once")}
    assert late in kept
    assert "row 1" in kept
    assert early not in kept


def _id_at(moment: datetime) -> str:
    """Return an id as a node would make it then."""
    ms = int(moment.timestamp() * 1000)
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-000000000001"
