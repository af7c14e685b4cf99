"""What a conflict, a request, a notice or a dispatch decision repeats of a record is masked like the record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.host.host import Host
from core.language.definition import RecordType
from core.model.errors import Forbidden
from stores import rows
from stores.actor import Actor
from stores.changes.commit import Deed, Edit, commit
from stores.reads import records
from stores.storage.database import Database
from tests.stores.conftest import Club

PHONE = "13800001111"
LI = Actor("li", "0755", frozenset({"counter", "store_admin"}), "Li")  # sees telephone numbers
AN = Actor("an", "0755", frozenset({"viewer", "store_admin"}), "An")  # sees them masked


@pytest.fixture(scope="module")
def bicycles() -> Host:
    return Host([Path(__file__).parents[2] / "journeys"], only=["bicycle_rental"], entry_points=False)


class Counter(Club):
    """A bicycle rental with one rental to Chen."""

    def kind(self, key: str) -> RecordType:
        return self.node.catalog.records[key]

    def write(self, key: str, **values: object) -> str:
        record = self.kind(key)
        id_ = self.node.new_id()
        edit = Edit(record, id_, "0755", "create", rows.to_cells(record, values))
        with self.node.database.write() as connection:
            commit(connection, self.node, Deed(self.node.new_id(), f"{key}.log", "li", self.now), [edit])
        return id_

    def told(self, actor: Actor, key: str) -> dict[str, Any]:
        (shown,) = records.query(self.node, actor, self.kind(key)).rows
        return shown


@pytest.fixture
def counter(database: Database, bicycles: Host) -> Counter:
    return Counter(database, bicycles)


@pytest.fixture
def rental(counter: Counter) -> str:
    return counter.write("bicycle_rental.rental", guest="Chen", phone=PHONE, state="out")


def test_a_conflict_tells_a_masked_value_to_nobody_who_sees_it_masked(counter: Counter, rental: str) -> None:
    about = {"record_type": "bicycle_rental.rental", "record_id": rental, "kind": "field", "state": "open"}
    counter.write("core.conflict", **about, field="phone", base=PHONE, mine=PHONE, theirs=PHONE)

    told = counter.told(AN, "core.conflict")

    assert PHONE not in str(told)
    assert set(told["_masked"]) == {"base", "mine", "theirs"}
    assert counter.told(LI, "core.conflict")["theirs"] == PHONE


def test_a_conflict_about_an_open_field_stays_open_to_who_may_see_the_record(counter: Counter, rental: str) -> None:
    about = {"record_type": "bicycle_rental.rental", "record_id": rental, "kind": "field", "state": "open"}
    counter.write("core.conflict", **about, field="guest", mine="Chen", theirs="Lin")

    assert counter.told(AN, "core.conflict")["theirs"] == "Lin"


def test_masked_values_are_not_found_out_by_filter_or_search(counter: Counter, rental: str) -> None:
    about = {"record_type": "bicycle_rental.rental", "record_id": rental, "kind": "field", "state": "open"}
    counter.write("core.conflict", **about, field="phone", theirs=PHONE)
    conflict = counter.kind("core.conflict")

    assert records.query(counter.node, AN, conflict, search=PHONE).rows == []
    with pytest.raises(Forbidden):
        records.query(counter.node, AN, conflict, where=[("theirs", "startswith", "138")])


def test_what_was_asked_is_told_to_who_asked_and_to_who_sees_the_fields(counter: Counter, rental: str) -> None:
    asked = {"record_type": "bicycle_rental.rental", "record_id": rental, "action": "remark", "state": "waiting"}
    counter.write("core.request", **asked, actor="an", ask={"phone": PHONE})

    assert counter.told(LI, "core.request")["ask"] == {"phone": PHONE}
    assert counter.told(AN, "core.request")["ask"] == {"phone": PHONE}  # entered it
    assert PHONE not in str(counter.told(replace(AN, id="ou"), "core.request"))


def test_what_was_asked_and_done_is_masked_like_the_record_to_who_asked_as_well(counter: Counter, rental: str) -> None:
    asked = {"record_type": "bicycle_rental.rental", "record_id": rental, "action": "hand_out", "state": "confirmed"}
    counter.write("core.request", **asked, actor="an", ask={"phone": PHONE})

    assert PHONE not in str(counter.told(AN, "core.request"))
    assert counter.told(LI, "core.request")["ask"] == {"phone": PHONE}


def test_a_notice_is_read_by_whom_it_is_for(counter: Counter, rental: str) -> None:
    about = {"about_type": "bicycle_rental.rental", "about_id": rental}
    counter.write(
        "core.notice", **about, name="late", to=["bo"], roles=["boss"], en=f"call {PHONE}", zh=f"致电 {PHONE}"
    )

    for reader in (replace(AN, roles=frozenset({"boss"})), replace(AN, id="bo")):
        assert PHONE in counter.told(reader, "core.notice")["en"]
    audit = replace(AN, roles=frozenset({"viewer", "hq_audit"}))
    assert PHONE not in str(counter.told(audit, "core.notice"))


def test_why_colleagues_were_not_chosen_is_not_told_to_who_was(counter: Counter, rental: str) -> None:
    ranking = [{"id": "li", "out": ["away"]}]
    counter.write("core.pick", policy="bicycle_rental.turn", record_id=rental, chosen="an", ranking=ranking)

    assert counter.told(replace(AN, roles=frozenset({"viewer"})), "core.pick")["ranking"] == "***"
    assert counter.told(LI, "core.pick")["ranking"] == ranking


def test_a_conflict_about_a_record_of_another_store_does_not_tell_its_values(counter: Counter, rental: str) -> None:
    # Given a rental of the store next door, and Li, who sees the telephone numbers of her own store
    record = counter.kind("bicycle_rental.rental")
    cells = rows.to_cells(record, {"guest": "Zhao", "phone": PHONE, "state": "out"})
    with counter.node.database.write() as connection:
        deed = Deed(counter.node.new_id(), "bicycle_rental.rental.log", "zhao", counter.now)
        commit(connection, counter.node, deed, [Edit(record, "next-door", "0756", "create", cells)])

    def told_of(id: str) -> str:
        about = {"record_type": "bicycle_rental.rental", "record_id": id, "kind": "field", "state": "open"}
        written = counter.write("core.conflict", **about, field="phone", base=PHONE, mine=PHONE, theirs=PHONE)
        return str(records.fetch(counter.node, LI, counter.kind("core.conflict"), written))

    # Then a conflict tells her the number of her own, and not the other one
    assert PHONE in told_of(rental)
    assert PHONE not in told_of("next-door")


def test_whose_edit_did_not_come_through_reads_what_stands_as_far_as_the_record_shows_it(
    counter: Counter, rental: str
) -> None:
    clerk = replace(LI, roles=frozenset({"counter"}))
    about = {"record_type": "bicycle_rental.rental", "record_id": rental, "state": "open", "theirs_by": clerk.id}
    written = counter.write("core.conflict", **about, kind="field", field="guest", base="Chen", mine="Lin", theirs="Wu")
    viewer = replace(AN, roles=frozenset({"viewer"}))  # does not see all of a rental in clear
    whole = {**about, "theirs_by": viewer.id, "kind": "deleted", "base": "Chen", "mine": "Lin", "theirs": "Wu"}
    hidden = counter.write("core.conflict", **whole)
    conflict = counter.kind("core.conflict")

    told = records.fetch(counter.node, clerk, conflict, written)
    assert [told[name] for name in ("base", "mine", "theirs")] == ["Chen", "Lin", "Wu"]
    told = records.fetch(counter.node, viewer, conflict, hidden)
    assert told["theirs"] == "Wu", "it is what he wrote"
    assert "Lin" not in str(told)
    assert "Chen" not in str(told)
    for kind in ("differs", "refilled"):  # a whole row, of which he may have written one field
        kept = counter.write("core.conflict", **{**whole, "kind": kind, "theirs": '{"phone":"13800001111"}'})
        assert "13800001111" not in str(records.fetch(counter.node, viewer, conflict, kept))
