"""Who sees which fields: masks, hidden fields, and what is made from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from core.host.host import Host
from core.language.definition import ReadRule, RecordType
from core.language.expressions import Env, NameScope, RecordShape, Row, World, compile_condition
from core.model.errors import Forbidden
from core.model.kinds import MONEY, record_kind
from stores.reads.sight import Sight, sight, sources

NOW = datetime(2026, 3, 7, 12, 30, tzinfo=UTC)


def seen_by(host: Host, *roles: str, record: str = "club.booking") -> Sight:
    return sight(host.catalog, host.catalog.records[record], roles)


def env(me: str) -> Env:
    return Env(cast(World, Stored()), NOW, ZoneInfo("Asia/Shanghai"), {"me": me})


class Stored:
    """A world that only knows what is in the row itself."""

    def field(self, row: Row, name: str, _env: Env) -> object:
        return row.values[name]


def booking(booker: str = "wang", private: bool | None = False) -> Row:
    return Row("club.booking", "b1", {"booker": booker, "private": private, "guest_phone": "13800001111"})


def test_a_role_that_is_not_listed_sees_nothing(club_host: Host) -> None:
    assert seen_by(club_host, "store_admin").blind
    assert seen_by(club_host).blind
    assert not seen_by(club_host, "hostess").blind


def test_without_read_rules_every_role_of_the_plugin_reads_all(club_host: Host) -> None:
    for role in ("hostess", "auditor", "store_admin"):
        assert seen_by(club_host, role, record="club.room").wheres is None
    assert seen_by(club_host, "designer", record="club.room").blind


def test_everybody_knows_the_staff_whatever_his_role(club_host: Host) -> None:
    assert not seen_by(club_host, "hostess", record="core.staff").blind
    assert not seen_by(club_host, "designer", record="core.staff").blind


def test_a_mask_of_one_role_gives_way_to_another_role_that_sees_more(club_host: Host) -> None:
    only_booker, both = seen_by(club_host, "booker"), seen_by(club_host, "booker", "hostess")

    assert "guest_phone" in only_booker.shown(booking(), env("wang")).masked
    assert not both.shown(booking(), env("wang")).masked


def test_a_role_that_sees_more_helps_only_on_records_it_shows(club_host: Host) -> None:
    # Wang books, and audits: as a booker he sees the guest's name, but only of his own bookings
    wang = seen_by(club_host, "booker", "auditor")

    assert "guest_name" not in wang.shown(booking("wang"), env("wang")).masked
    assert "guest_name" in wang.shown(booking("chen"), env("wang")).masked
    assert "guest_phone" in wang.shown(booking("wang"), env("wang")).masked


def test_a_hidden_field_is_absent_not_masked(club_host: Host) -> None:
    shown = seen_by(club_host, "booker").shown(booking(), env("wang"))

    assert "deposit" in shown.absent
    assert "deposit" not in shown.masked
    assert "deposit" not in {field.name for field in seen_by(club_host, "booker").fields()}


@pytest.mark.parametrize(("private", "masked"), [(False, False), (True, True), (None, True)])
def test_a_mask_can_depend_on_the_record_and_in_doubt_it_masks(
    club_host: Host, private: bool | None, masked: bool
) -> None:
    shown = seen_by(club_host, "manager").shown(booking(private=private), env("hu"))

    assert ("guest_phone" in shown.masked) is masked


def test_what_is_made_from_a_masked_field_is_masked_but_not_whether_it_is_there(club_host: Host) -> None:
    shown = seen_by(club_host, "booker").shown(booking(), env("wang"))

    assert shown.masked == {
        "guest_phone",
        "card",
    }  # the card has the phone in it; `complete` only says that there is one


def test_a_list_cannot_be_searched_by_what_is_masked_on_some_record(club_host: Host) -> None:
    for role in ("booker", "manager", "auditor"):
        known = seen_by(club_host, role)
        assert not known.is_open("guest_phone")
        with pytest.raises(Forbidden, match="Guest phone is masked"):
            known.check_open("guest_phone")
    assert not seen_by(club_host, "booker", "auditor").is_open("guest_name")
    assert seen_by(club_host, "hostess").is_open("guest_phone")
    assert seen_by(club_host, "hostess", "booker").is_open("guest_phone")


def test_the_node_itself_sees_everything(club_host: Host) -> None:
    system = seen_by(club_host, "system")

    assert system.wheres is None
    assert system.is_open("guest_phone")


def test_sources_follow_computed_fields_to_the_stored_ones(club_host: Host) -> None:
    record: RecordType = club_host.catalog.records["club.booking"]

    assert sources(record, "card") == {"card", "guest_name", "guest_phone"}
    assert sources(record, "others") == {"others"}


def test_core_records_without_read_rules_are_read_by_every_role_of_any_plugin(club_host: Host) -> None:
    staff = replace(club_host.catalog.records["core.staff"], read=None)

    assert not sight(club_host.catalog, staff, ["hostess"]).blind
    assert not sight(club_host.catalog, staff, ["store_admin"]).blind
    assert sight(club_host.catalog, staff, ["designer"]).blind


def test_a_mask_that_needs_an_empty_value_to_be_worked_out_masks(club_host: Host) -> None:
    # Given a telephone number masked from a deposit of 1000 on
    scope = NameScope(
        {"self": record_kind("club.booking")},
        {"club.booking": RecordShape("club.booking", {"deposit": MONEY})},
        "self",
    )
    rule = ReadRule(mask={"guest_phone": compile_condition("self.deposit >= 1000", None, scope)})
    seen = Sight(club_host.catalog.records["club.booking"], (rule,))

    def masked(deposit: Decimal | None) -> bool:
        row = Row("club.booking", "b1", {"deposit": deposit, "guest_phone": "13800001111"})
        return "guest_phone" in seen.shown(row, env("wang")).masked

    # Then it is in clear only where the deposit is known to be less
    assert [masked(each) for each in (Decimal(999), Decimal(1000), None)] == [False, True, True]
