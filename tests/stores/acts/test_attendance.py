"""Roster, register and leave: who is expected, who came, who is away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.model.errors import ActionRefused, NotFound
from stores.actor import Actor
from stores.acts.permission import acting_roles
from stores.world import NodeWorld
from tests.stores.shop import Shop, local

SHIFT = {"day": "2026-03-09", "starts_at": "2026-03-09T18:00", "ends_at": "2026-03-10T02:00"}


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop("")
    made.hire("li", "desk")
    made.hire("he", "boss")
    return made


@pytest.fixture
def admin(shop: Shop) -> Actor:
    return shop.hire("ma", "store_admin")


def looked(shop: Shop, id: str) -> tuple[object, object, object]:
    """Return state, late, early of a duty as rules see it."""
    row = shop.row("duty", id)
    with shop.node.database.read() as connection:
        world = NodeWorld(connection, shop.node, "core", shop.store)
        found = world.row("core.duty", id)
        assert found is not None
        env = world.env(found, shop.now, Actor("ma", "0755", frozenset(), "Ma"))
        return row["state"], world.field(found, "late", env), world.field(found, "early", env)


@pytest.mark.parametrize(
    ("came", "left", "late", "early"),
    [("18:00", "02:00", False, False), ("18:00:01", "02:10", True, False), ("17:50", "01:59:59", False, True)],
)
def test_late_is_after_the_beginning_and_early_before_the_end(
    shop: Shop, admin: Actor, came: str, left: str, late: bool, early: bool
) -> None:
    planned = shop.do("duty.plan", admin, staff="li", **SHIFT).id

    shop.go(f"2026-03-09 {came}")
    shop.do("duty.arrive", admin, planned)
    shop.go(f"2026-03-10 {left}")
    assert looked(shop, planned)[0] == "present", "the shift is over, but who has come is not missed"
    shop.do("duty.sign_out", admin, planned)

    assert looked(shop, planned) == ("left", late, early)


def test_who_does_not_come_is_absent_and_who_has_leave_is_excused(shop: Shop, admin: Actor) -> None:
    absent = shop.do("duty.plan", admin, staff="li", **SHIFT).id
    excused = shop.do("duty.plan", admin, staff="he", **SHIFT).id
    asked = shop.do("time_off.enter", admin, staff="he", kind="sick", from_at="2026-03-09T12:00").id
    shop.do("time_off.grant", admin, asked)

    shop.go("2026-03-10 02:00")
    assert (looked(shop, absent)[0], looked(shop, excused)[0]) == ("planned", "planned")
    shop.go("2026-03-10 02:01")

    assert (looked(shop, absent)[0], looked(shop, excused)[0]) == ("absent", "excused")


def test_a_shift_is_planned_once_and_has_a_beginning_and_an_end(shop: Shop, admin: Actor) -> None:
    shop.do("duty.plan", admin, staff="li", **SHIFT)

    with pytest.raises(ActionRefused, match="planned already"):
        shop.do("duty.plan", admin, staff="li", **SHIFT)
    with pytest.raises(ActionRefused, match="a beginning and an end"):
        shop.do("duty.plan", admin, staff="li", **(SHIFT | {"ends_at": SHIFT["starts_at"]}))
    with pytest.raises(ActionRefused, match="a beginning and an end"):
        shop.do("duty.plan", admin, staff="li", day="2026-03-09")


def test_working_times_come_from_the_settings_and_may_end_after_midnight(shop: Shop, admin: Actor) -> None:
    shop.put("setting", "s1", plugin="core", name="work_starts", value='"18:00"')
    shop.put("setting", "s2", plugin="core", name="work_ends", value='"02:00"')

    shop.go("2026-03-09 18:07")
    signed = shop.do("duty.sign_in", admin, staff="li", day="2026-03-09").id

    row = shop.row("duty", signed)
    assert (row["starts_at"], row["ends_at"]) == (local("2026-03-09 18:00"), local("2026-03-10 02:00"))
    assert looked(shop, signed) == ("present", True, False)


def test_nobody_is_late_while_no_working_times_are_set(shop: Shop, admin: Actor) -> None:
    signed = shop.do("duty.sign_in", admin, staff="li").id

    assert looked(shop, signed) == ("present", False, False)


def test_leave_is_granted_by_somebody_else_and_withdrawn_by_who_asked(shop: Shop, admin: Actor) -> None:
    li, he = (Actor(who, "0755", frozenset({"desk"}), who) for who in ("li", "he"))
    own = shop.do("time_off.ask", admin, kind="personal", from_at="2026-03-08T09:00").id
    with pytest.raises(ActionRefused, match="own leave"):
        shop.do("time_off.grant", admin, own)

    asked = shop.do("time_off.ask", li, kind="annual", from_at="2026-03-08T09:00", to_at="2026-03-09T09:00").id
    shop.do("time_off.grant", admin, asked, answer="fine")
    with pytest.raises(NotFound):
        shop.do("time_off.withdraw", he, asked)
    shop.do("time_off.withdraw", li, asked)

    assert shop.row("time_off", asked)["state"] == "withdrawn"
    assert shop.row("time_off", asked)["decided_by"] == "ma"


def test_while_the_manager_is_on_leave_his_deputy_acts(shop: Shop, admin: Actor) -> None:
    li = Actor("li", "0755", frozenset({"desk"}), "Li")
    asked = shop.do(
        "time_off.enter", admin, staff="he", kind="annual", from_at="2026-03-08T09:00", to_at="2026-03-10T09:00"
    ).id

    def acts(moment: str) -> bool:
        shop.now = local(moment)
        with shop.node.database.read() as connection:
            return "boss" in acting_roles(NodeWorld(connection, shop.node, "club", "0755"), li)

    assert not acts("2026-03-08 10:00"), "asked for is not granted"
    shop.do("time_off.grant", admin, asked)
    assert [acts(f"2026-03-{t}") for t in ("08 08:59", "08 09:00", "10 08:59", "10 09:00")] == [
        False,
        True,
        True,
        False,
    ]

    shop.now = local("2026-03-09 09:00")
    shop.do("time_off.back", admin, asked)
    assert not acts("2026-03-09 09:00"), "back before the end"
    assert acts("2026-03-08 12:00")
