"""Who may say what about a record: its store, the stores that hold a copy, its home."""

from __future__ import annotations

from typing import Any

import pytest

from core.language.definition import RecordType
from stores.changes import apply
from stores.changes.commit import Deed, Edit, commit
from tests.stores.chain import (
    BOOKING,
    MEMBER,
    TARIFF,
    Chain,
    a_shared_member,
    new_id,
    quarantined,
)


def test_a_state_told_by_a_node_that_is_not_the_home_becomes_a_conflict(shops: Chain) -> None:
    member = shops.east.create(MEMBER, {"name": "Chen", "state": "held"})
    shops.settle()
    shops.west.update(MEMBER, member, state="seated", tier="gold")

    shops.settle()

    for stand in shops.places:
        row = stand.row(MEMBER, member)
        assert (row["state"], row["tier"]) == ("held", "gold")
    (conflict,) = shops.hub.conflicts()
    assert (conflict["kind"], conflict["field"], conflict["theirs"]) == ("refused", "state", "seated")


def test_the_home_moves_the_state_though_headquarters_edited_meanwhile(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen", "state": "held"})
    shops.settle()
    shops.hub.update(BOOKING, booking, guest="Chen Yi")
    shops.east.update(BOOKING, booking, state="seated")

    shops.settle()

    row = shops.hub.row(BOOKING, booking)
    assert (row["state"], row["guest"]) == ("seated", "Chen Yi")
    assert shops.hub.conflicts() == []


def test_a_store_may_edit_fields_of_headquarters_records_that_it_holds(shops: Chain) -> None:
    tariff = shops.hub.create(TARIFF, {"name": "room", "state": "held"})
    shops.settle()
    shops.west.update(TARIFF, tariff, price=100)

    shops.settle()

    assert shops.hub.row(TARIFF, tariff)["price"] == 100


@pytest.mark.parametrize("store", ["west", "hq"])
def test_a_store_may_not_create_a_record_of_another(shops: Chain, store: str) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen"}, store=store)

    shops.push(shops.east)

    assert shops.hub.row(BOOKING, booking) == {}
    assert [line.code for line in quarantined(shops.hub)] == ["not-yours"]


def test_a_store_may_not_touch_a_record_that_it_does_not_hold(shops: Chain) -> None:
    booking = shops.west.create(BOOKING, {"guest": "Chen"})
    shops.push(shops.west)
    shops.east.create(BOOKING, {"guest": "mine"}, id_=booking)
    shops.east.update(BOOKING, booking, guest="stolen")

    shops.push(shops.east)

    assert shops.hub.row(BOOKING, booking)["guest"] == "Chen"
    assert [line.code for line in quarantined(shops.hub)] == ["not-yours", "waits-behind"]


def test_anybody_may_ask_the_home_of_a_record_by_a_request(shops: Chain) -> None:
    records = shops.hub.node.catalog.records
    request = records["core.request"]
    wang = shops.west.create(records["core.staff"], {"name": "Wang"})
    values = {"record_type": "club.member", "action": "retier", "state": "waiting", "actor": wang, "asked_in": "west"}

    id_ = shops.west.create(request, values, store="east")
    shops.settle()

    assert shops.east.row(request, id_)["state"] == "waiting"


def test_only_the_owner_deletes(shops: Chain) -> None:
    member = a_shared_member(shops)
    shops.west.change_life(MEMBER, member, "delete")

    shops.push(shops.west)

    assert shops.hub.row(MEMBER, member)["_life"] == 1
    assert [line.code for line in quarantined(shops.hub)] == ["not-yours"]


# --- what a stolen PC, or somebody with an editor for databases, might send -----------------------------------------


def core(shops: Chain, name: str) -> RecordType:
    return shops.hub.node.catalog.records[f"core.{name}"]


@pytest.fixture
def people(shops: Chain) -> dict[str, str]:
    """Somebody at headquarters, in the east and in the west, known wherever they should be."""
    staff = core(shops, "staff")
    known = {
        stand.store: stand.create(staff, {"name": stand.store, "roles": '["waiter"]', "active": 1})
        for stand in shops.places
    }
    shops.settle()
    return known


@pytest.mark.parametrize("name", ["system", "hq", "east", "nobody"])
def test_a_store_asks_for_nobody_but_its_own_people(shops: Chain, people: dict[str, str], name: str) -> None:
    forged = {
        "record_type": "core.staff",
        "action": "hire",
        "state": "waiting",
        "actor": people.get(name, name),
        "asked_in": "west",
    }
    id_ = shops.west.create(core(shops, "request"), forged, store="hq")

    shops.push(shops.west)

    assert shops.hub.row(core(shops, "request"), id_) == {}
    assert [line.code for line in quarantined(shops.hub)] == ["not-in-this-name"]


def test_a_store_signs_for_nobody_but_its_own_people(shops: Chain, people: dict[str, str]) -> None:
    request = core(shops, "request")
    asked = {
        "record_type": "club.booking",
        "action": "seat",
        "state": "waiting",
        "actor": people["west"],
        "asked_in": "west",
    }
    made = [shops.west.create(request, asked, store="east") for _ in range(2)]
    shops.push(shops.west)
    for id_, name in zip(made, ("west", "hq"), strict=True):
        shops.west.update(request, id_, signed=f'[{{"by":"{people[name]}","role":"boss"}}]')

    shops.push(shops.west)

    own, forged = (shops.hub.row(request, id_)["signed"] for id_ in made)
    assert own is not None
    assert forged is None


@pytest.mark.parametrize("change", [{"actor": "system"}, {"ask": "{}"}, {"record_id": "other"}, {"_life": 2}])
def test_what_was_asked_stays_as_it_was_asked(shops: Chain, people: dict[str, str], change: dict[str, Any]) -> None:
    request = core(shops, "request")
    asked = {
        "record_type": "club.booking",
        "action": "seat",
        "state": "waiting",
        "actor": people["west"],
        "asked_in": "west",
    }
    id_ = shops.west.create(request, asked, store="west")
    shops.push(shops.west)
    before = shops.hub.row(request, id_)
    if "_life" in change:
        shops.west.change_life(request, id_, "delete")
    else:
        shops.west.do(Edit(request, id_, "", "update", change))

    shops.push(shops.west)

    assert shops.hub.row(request, id_) == before


def test_a_store_edits_neither_headquarters_people_nor_its_settings(shops: Chain, people: dict[str, str]) -> None:
    setting = core(shops, "setting")
    deposit = shops.hub.create(setting, {"plugin": "club", "name": "deposit", "value": "300"})
    shops.settle()
    shops.west.update(core(shops, "staff"), people["hq"], roles='["hq_admin"]')
    shops.west.update(setting, deposit, value="0")

    shops.push(shops.west)

    assert shops.hub.row(core(shops, "staff"), people["hq"])["roles"] == '["waiter"]'
    assert shops.hub.row(setting, deposit)["value"] == "300"
    assert [line.code for line in quarantined(shops.hub)] == ["not-yours", "not-yours"]


@pytest.mark.parametrize("how", ["edit", "delete"])
def test_nobody_takes_back_that_he_looked_at_personal_data(shops: Chain, how: str) -> None:
    access = core(shops, "access")
    look = shops.west.create(access, {"who": "li", "field": "phone", "reason": "curious"})
    shops.push(shops.west)
    if how == "edit":
        shops.west.update(access, look, reason="asked by the guest")
    else:
        shops.west.change_life(access, look, "delete")

    shops.push(shops.west)

    row = shops.hub.row(access, look)
    assert (row["reason"], row["_life"]) == ("curious", 1)
    assert [line.code for line in quarantined(shops.hub)] == ["record-fixed"]


def test_a_store_opens_a_conflict_only_about_what_is_its_own(shops: Chain, people: dict[str, str]) -> None:
    conflict, own = core(shops, "conflict"), shops.west.create(BOOKING, {"guest": "Chen"})
    about = {"kind": "field", "state": "open", "outcome": "current"}
    roles = {"record_type": "core.staff", "record_id": people["hq"], "field": "roles", "theirs": '["hq_admin"]'}
    shops.west.create(conflict, {**about, **roles})
    shops.west.create(conflict, {**about, "record_type": "club.booking", "record_id": own, "field": "guest"})
    shops.west.create(conflict, {"kind": "refused", "state": "open", "record_type": "club.booking"})

    shops.push(shops.west)

    assert sorted(row["kind"] for row in shops.hub.conflicts()) == ["field", "refused"]
    assert [line.code for line in quarantined(shops.hub)] == ["not-yours"]


@pytest.mark.parametrize("signed", ['["boss"]', '[["boss","hu"]]', "[5]"])
def test_a_signature_that_names_nobody_is_not_taken(shops: Chain, people: dict[str, str], signed: str) -> None:
    request = core(shops, "request")
    asked = {"record_type": "club.booking", "action": "seat", "state": "waiting", "asked_in": "west"}
    id_ = shops.west.create(request, {**asked, "actor": people["west"]}, store="east")
    shops.push(shops.west)
    shops.west.update(request, id_, signed=signed)

    shops.push(shops.west)

    assert shops.hub.row(request, id_)["signed"] is None
    assert [line.code for line in quarantined(shops.hub)] == ["not-in-this-name"]


def hostile(shops: Chain, *edits: Edit, action: str = "club.member.edit", actor: str = "wang") -> str | None:
    """Let the west send edits as an edited database would; return why headquarters does not believe them."""
    west = shops.west
    with west.database.write() as connection:
        commit(connection, west.node, Deed(new_id(), action, actor, west.clock.now()), list(edits))
    before = len(quarantined(shops.hub))
    shops.push(west)
    kept = quarantined(shops.hub)[before:]
    return kept[0].code if kept else None


def test_an_edit_of_anothers_record_is_one_that_an_action_makes(shops: Chain) -> None:
    member = a_shared_member(shops)
    edit = Edit(MEMBER, member, "", "update", {"tier": "gold"})

    assert hostile(shops, edit) is None
    assert hostile(shops, edit._replace(values={"tier": "free"}), action="club.member.forge") == "not-yours"
    assert shops.hub.row(MEMBER, member)["tier"] == "gold"


@pytest.mark.parametrize("action", ["club.booking.edit", "", "core.undo", "club.member.close"])
def test_an_action_of_another_type_or_one_that_decides_edits_nothing_elsewhere(shops: Chain, action: str) -> None:
    member = a_shared_member(shops)

    assert hostile(shops, Edit(MEMBER, member, "", "update", {"tier": "gold"}), action=action) == "not-yours"
    assert shops.hub.row(MEMBER, member)["tier"] is None


def test_only_what_the_action_asks_for_is_edited(shops: Chain) -> None:
    member = a_shared_member(shops)

    assert (
        hostile(shops, Edit(MEMBER, member, "", "update", {"tier": "gold"}), action="club.member.rename")
        == "field-not-asked"
    )
    assert (
        hostile(shops, Edit(MEMBER, member, "", "update", {"name": "Wu"}), action="club.member.rename")
        == "waits-behind"
    )


def test_the_post_that_the_action_asks_for_is_looked_up_at_headquarters(shops: Chain) -> None:
    tariff = shops.hub.create(TARIFF, {"name": "room"})
    shops.settle()
    edit = Edit(TARIFF, tariff, "", "update", {"price": 1})

    assert hostile(shops, edit, action="club.tariff.price") == "not-his-post"
    with shops.hub.database.write() as connection:
        staff = shops.hub.node.tables["core.staff"]
        connection.execute(staff.update().where(staff.c.id == "wang").values(roles='["deputy"]'))
        apply.retry_all(connection, shops.hub.node)

    assert quarantined(shops.hub) == []  # he stands in for the boss: what waited has come through
    assert shops.hub.row(TARIFF, tariff)["price"] == 1


@pytest.mark.parametrize("actor", ["li", "zhao", "nobody", "system"])
def test_anothers_record_is_edited_only_in_the_name_of_ones_own_people(shops: Chain, actor: str) -> None:
    member = a_shared_member(shops)

    why = hostile(shops, Edit(MEMBER, member, "", "update", {"tier": "gold"}), actor=actor)

    assert why == ("not-in-this-name" if actor in ("li", "zhao") else "not-his-post")


def test_a_store_does_not_put_its_deeds_on_people_of_others(shops: Chain) -> None:
    def book(actor: str) -> str | None:
        return hostile(
            shops, Edit(BOOKING, new_id(), "west", "create", {"guest": "Lin"}), action="club.booking.edit", actor=actor
        )

    assert [book(actor) for actor in ("wang", "system", "nobody")] == [None, None, None]
    assert [book(actor) for actor in ("li", "zhao")] == ["not-in-this-name"] * 2


def test_whoever_has_asked_a_store_stands_in_its_log(shops: Chain) -> None:
    request = shops.hub.node.catalog.records["core.request"]
    asked = {"actor": "zhao", "asked_in": "hq", "record_store": "west", "record_type": BOOKING.key, "state": "waiting"}
    shops.hub.create(request, asked, store="west")

    booked = Edit(BOOKING, new_id(), "west", "create", {"guest": "Lin"})

    assert hostile(shops, booked, action="club.booking.edit", actor="zhao") is None
    assert hostile(shops, booked._replace(id=new_id()), action="club.booking.edit", actor="li") == "not-in-this-name"


def test_people_hired_and_given_posts_in_the_same_push_are_known(shops: Chain) -> None:
    tariff = shops.hub.create(TARIFF, {"name": "room"})
    shops.settle()
    staff = shops.west.node.catalog.records["core.staff"]
    hired = Edit(staff, "chen", "west", "create", {"name": "Chen", "roles": '["boss"]', "active": 1})
    with shops.west.database.write() as connection:
        deed = Deed(new_id(), "core.staff.hire", "wang", shops.west.clock.now())
        commit(connection, shops.west.node, deed, [hired])

    assert (
        hostile(shops, Edit(TARIFF, tariff, "", "update", {"price": 2}), action="club.tariff.price", actor="chen")
        is None
    )
    assert shops.hub.row(TARIFF, tariff)["price"] == 2
