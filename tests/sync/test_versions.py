"""Nodes are updated one after the other: what an older plugin version wrote arrives, and means what it meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from core.host.host import Host
from stores.actor import Actor
from stores.acts.act import act
from stores.acts.calls import Call
from stores.changes import digest, log, quarantine
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage import checkpoints, counters
from stores.storage.credentials import Credential
from stores.storage.migrate import migrate
from sync import arrival
from sync.branch.round import sync_round
from tests.stores.shop import host_of
from tests.sync.nodes import DirectLink, World, waiter_of

RECORD = """
records:
  booking:
    label: {{en: Booking, zh: 订房}}
    fields:
      {guest}: {{type: text, label: {{en: Guest, zh: 客人}}}}
      note: {{type: text, label: {{en: Note, zh: 备注}}}}{more}
    states: {{held: {{en: Held, zh: 保留}}, {gone}: {{en: Gone, zh: 离开}}}}
    by: desk
    actions:
      book: {{from: new, to: held, ask: [{guest}, note], label: {{en: Book, zh: 订房}}}}
      edit: {{ask: [{guest}, note], label: {{en: Edit, zh: 修改}}}}
      go: {{from: held, to: {gone}, ask: [{guest}], label: {{en: Go, zh: 离开}}}}
    timers:
      stay: {{while: 'self.state == "{gone}"', due: '=after(now, 1h)', then: tidy}}
    sync: {{scope: all, home: store}}
"""
TIDY = "      tidy: {{from: {gone}, by: system, set: {{note: tidied}}, label: {{en: Tidy, zh: 整理}}}}\n    timers:"
OLD = RECORD.replace("    timers:", TIDY).format(guest="guest", gone="no_show", more="")
NEW = (
    RECORD.replace("    timers:", TIDY).format(
        guest="guest_name", gone="lapsed", more="\n      dept: {type: text, label: {en: Department, zh: 部门}}"
    )
    + """
migrations:
  1.1.0:
    - {rename: booking.guest, to: guest_name}
    - {map: booking.state, with: {no_show: lapsed}}
    - {fill: booking.dept, value: sales}
"""
)
BOOKING = "club.booking"
LI = "0190a0a0-0000-7000-8000-000000000001"
WANG = "0190a0a0-0000-7000-8000-000000000002"
DESK = Actor(waiter_of("hq"), "hq", frozenset({"desk"}), "小陈")


@pytest.fixture(scope="module")
def old() -> Host:
    return host_of(OLD)


@pytest.fixture(scope="module")
def new() -> Host:
    return host_of(NEW, "1.1.0")


@pytest.fixture
def start(world: World, database_url: str, old: Host) -> Iterator[Callable[[], tuple[Node, Node]]]:
    """Headquarters and the branch on the Bund, both on the old version."""
    opened: list[Node] = []

    def make() -> tuple[Node, Node]:
        opened.extend([world.hub(database_url, old), world.node("bund", plugins=old)])
        return opened[0], opened[1]

    yield make
    for node in opened:
        node.database.close()


def write(node: Node, id: str, kind: str = "update", store: str = "bund", **cells: int | str | None) -> None:
    record = node.catalog.records[BOOKING]
    with node.database.write() as connection:
        deed = Deed(node.new_id(), f"{BOOKING}.edit", waiter_of(node.store), node.now())
        commit(connection, node, deed, [Edit(record, id, store, kind, cells)])  # type: ignore[arg-type]
    node.committed()


def update(node: Node, host: Host) -> None:
    """Install another version, as a reload does."""
    migrate(node.database, host.catalog)
    node.host = host
    arrival.catch_up(node)


def sync(hub: Node, branch: Node) -> None:
    sync_round(branch, DirectLink(hub, Credential("bund", "bund")))


def read(node: Node, id: str) -> dict[str, Any]:
    table = node.table(node.catalog.records[BOOKING])
    with node.database.read() as connection:
        return dict(connection.execute(select(table).where(table.c.id == id)).mappings().one())


def agree(hub: Node, branch: Node) -> None:
    for id in (LI, WANG):
        assert read(hub, id) == read(branch, id)
    with hub.database.read() as one, branch.database.read() as other:
        assert quarantine.count(one) == quarantine.count(other) == 0
        assert log.verify(one, "bund.1") is None
        assert digest.digests(one, hub, "bund") == digest.digests(other, branch, "bund")


def test_a_branch_that_was_offline_with_the_old_version_is_read_as_the_new_one(
    start: Callable[[], tuple[Node, Node]], new: Host
) -> None:
    # Given a booking known everywhere, and headquarters on the new version while the branch works on with the old
    hub, bund = start()
    write(bund, LI, "create", guest="李", state="held")
    sync(hub, bund)
    update(hub, new)
    write(bund, LI, guest="李先生", state="no_show")
    write(bund, WANG, "create", guest="王", state="held")

    # When it comes back, first with the old version and then with the new
    sync(hub, bund)

    # Then headquarters has it under the names of today, and nothing waits
    assert [read(hub, LI)[name] for name in ("guest_name", "state", "dept")] == ["李先生", "lapsed", "sales"]
    assert [read(hub, WANG)[name] for name in ("guest_name", "state", "dept")] == ["王", "held", "sales"]
    assert read(bund, LI)["guest"] == "李先生"
    update(bund, new)
    sync(hub, bund)
    agree(hub, bund)


def test_what_was_not_sent_before_the_update_is_sent_and_read_after_it(
    start: Callable[[], tuple[Node, Node]], new: Host
) -> None:
    hub, bund = start()
    write(bund, LI, "create", guest="李", state="held")
    write(bund, WANG, "create", guest="王", state="held")
    sync(hub, bund)
    write(bund, LI, guest="李先生", state="no_show")
    write(hub, LI, note="VIP")

    update(bund, new)
    assert [read(bund, LI)[name] for name in ("guest_name", "state")] == ["李先生", "lapsed"]
    sync(hub, bund)  # headquarters still has the old version: what it does not know it keeps aside
    assert [read(bund, LI)[name] for name in ("guest_name", "note", "state")] == ["李先生", "VIP", "lapsed"]
    write(bund, WANG, guest_name="王女士")
    sync(hub, bund)
    update(hub, new)
    sync(hub, bund)

    agree(hub, bund)
    assert read(hub, WANG)["guest_name"] == "王女士"


def test_a_row_from_a_headquarters_of_the_old_version_is_read_as_the_new_one(
    start: Callable[[], tuple[Node, Node]], new: Host
) -> None:
    hub, bund = start()
    update(bund, new)
    write(hub, LI, "create", guest="李", state="no_show")
    write(hub, WANG, "create", guest="王", state="held")

    sync(hub, bund)
    assert [read(bund, LI)[name] for name in ("guest_name", "state", "dept")] == ["李", "lapsed", "sales"]
    update(hub, new)

    agree(hub, bund)


def test_filling_in_a_default_after_an_update_is_local_and_sends_nothing(
    start: Callable[[], tuple[Node, Node]], new: Host
) -> None:
    # Given a chain at rest, and a new version that fills a field of every record
    hub, bund = start()
    for n in range(20):
        write(bund, bund.new_id(), "create", guest=f"客人{n}", state="no_show")
    write(bund, LI, "create", guest="李", state="held")
    write(hub, WANG, "create", guest="王", state="held", store="hq")
    sync(hub, bund)
    before = [standing_of(node) for node in (hub, bund)]

    # When all take it
    for node in (hub, bund):
        update(node, new)

    # Then every record has the value, and nothing has been written that would be sent: no line, no place in the order
    assert read(hub, LI)["dept"] == read(bund, LI)["dept"] == read(hub, WANG)["dept"] == "sales"
    assert [standing_of(node) for node in (hub, bund)] == before
    link = DirectLink(hub, Credential("bund", "bund"))
    done = sync_round(bund, link)
    assert (done.pushed, done.pulled, link.calls) == (0, 0, ["hello", "pull"])
    agree(hub, bund)


def standing_of(node: Node) -> tuple[object, ...]:
    """Return what would have to move for anything to be sent: the log, the order, places, stamps and moments."""
    table = node.table(node.catalog.records[BOOKING])
    columns = [table.c[name] for name in ("id", "_hs", "_m", "_at", "_by", "_life")]
    with node.database.read() as connection:
        rows = sorted(tuple(row) for row in connection.execute(select(*columns)))
        return checkpoints.heads(connection), counters.hub_sequence(connection), checkpoints.pulled(connection), rows


def test_an_edit_of_both_sides_across_the_rename_is_a_conflict_under_the_new_name(
    start: Callable[[], tuple[Node, Node]], new: Host
) -> None:
    hub, bund = start()
    write(bund, LI, "create", guest="李", state="held")
    write(bund, WANG, "create", guest="王", state="held")
    sync(hub, bund)
    update(hub, new)
    write(hub, LI, guest_name="李小姐")
    write(bund, LI, guest="李先生")

    sync(hub, bund)
    update(bund, new)
    sync(hub, bund)

    agree(hub, bund)
    conflicts = hub.table(hub.catalog.records["core.conflict"])
    with hub.database.read() as connection:
        (found,) = connection.execute(select(conflicts.c.field, conflicts.c.mine, conflicts.c.theirs)).all()
    assert tuple(found) == ("guest_name", "李小姐", "李先生")


def test_a_request_of_the_old_version_is_decided_under_the_new_one(
    start: Callable[[], tuple[Node, Node]], new: Host
) -> None:
    hub, bund = start()
    write(bund, LI, "create", guest="李", state="held")
    write(bund, WANG, "create", guest="王", state="held")
    sync(hub, bund)
    act(hub, Call(hub.catalog.records[BOOKING], "go", DESK, LI, ask={"guest": "李先生"}))

    update(bund, new)
    sync(hub, bund)
    assert [read(bund, LI)[name] for name in ("guest_name", "state")] == ["李先生", "lapsed"]
    sync(hub, bund)
    update(hub, new)

    agree(hub, bund)


def test_timers_follow_what_an_update_changed(start: Callable[[], tuple[Node, Node]], new: Host, world: World) -> None:
    _, bund = start()
    write(bund, LI, "create", guest="李", state="no_show")

    update(bund, new)

    with bund.database.read() as connection:
        armed = connection.exec_driver_sql("SELECT type, pk, name FROM timer").all()
    assert [tuple(each) for each in armed] == [(BOOKING, LI, "stay")]


@pytest.mark.parametrize("hub_first", [True, False])
def test_two_branches_of_different_versions_come_to_agree(
    start: Callable[[], tuple[Node, Node]], world: World, old: Host, new: Host, hub_first: bool
) -> None:
    # Given two branches that see each other's bookings; one has the new version, the other works on with the old
    hub, bund = start()
    pudong = world.node("pudong", plugins=old)
    update(bund, new)
    if hub_first:
        update(hub, new)

    # When both write, and what they wrote goes round twice
    write(bund, LI, "create", guest_name="李", dept="events", state="lapsed")
    write(pudong, WANG, "create", store="pudong", guest="王", state="no_show")
    for _ in range(2):
        sync(hub, bund)
        sync_round(pudong, DirectLink(hub, Credential("pudong", "pudong")))

    # Then the newer one reads the other's as its own, each still has what it wrote, and nothing is lost
    assert [read(bund, WANG)[name] for name in ("guest_name", "state", "dept")] == ["王", "lapsed", "sales"]
    assert [read(bund, LI)[name] for name in ("guest_name", "state", "dept")] == ["李", "lapsed", "events"]
    assert [read(pudong, WANG)[name] for name in ("guest", "state")] == ["王", "no_show"]
    with pudong.database.read() as connection:
        assert quarantine.counts(connection) == (0, 2 if hub_first else 1), "it waits, and nothing is wrong with it"

    # And once all have the same version, all agree
    for node in [pudong] if hub_first else [hub, pudong]:
        update(node, new)
    for _ in range(2):
        sync(hub, bund)
        sync_round(pudong, DirectLink(hub, Credential("pudong", "pudong")))
    agree(hub, bund)
    for id in (LI, WANG):
        assert read(pudong, id) == read(hub, id)
    with pudong.database.read() as connection:
        assert quarantine.count(connection) == 0
    pudong.database.close()
