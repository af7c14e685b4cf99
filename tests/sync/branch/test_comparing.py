"""A branch and headquarters that should be equal are found out when they are not, and put right record by record."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from stores.changes import digest, log, quarantine
from stores.node import Node
from sync.branch import comparing
from sync.branch.comparing import Compared, compare
from sync.branch.round import sync_round
from tests.sync.nodes import GUEST, DirectLink, World, read, write


def settle(node: Node, link: DirectLink) -> None:
    while (done := sync_round(node, link)).pushed or done.pulled:
        pass


def tamper(node: Node, sql: str) -> None:
    with node.database.write() as connection:
        connection.execute(text(sql))


def look(node: Node, link: DirectLink) -> Compared:
    """Read all rows again, then compare."""
    comparing.reread(node)
    found = compare(node, link)
    assert found is not None
    return found


def incidents(node: Node) -> list[dict[str, Any]]:
    table = node.tables["core.conflict"]
    with node.database.read() as connection:
        rows = [dict(row) for row in connection.execute(table.select().order_by(table.c.field)).mappings()]
    return [row for row in rows if row["kind"] == "differs"]


def agree(one: Node, other: Node) -> bool:
    with one.database.read() as here, other.database.read() as there:
        return digest.digests(here, one, "bund") == digest.digests(there, other, "bund")


@pytest.fixture
def guests(world: World, hub: Node, bund: Node, link: DirectLink) -> list[str]:
    """Five guests of the Bund, seen by both, and compared once."""
    for node in (hub, bund):
        tamper(node, "UPDATE core_staff SET _hs = 1")  # as if headquarters had hired them
    made = []
    for n in range(5):
        guest = world.id()
        write(bund, guest, "create", name=f"客 {n}", tea="龙井", visits=n)
        world.wait(60)
        made.append(guest)
    settle(bund, link)
    assert look(bund, link).same
    return made


def test_equal_nodes_need_one_question(bund: Node, link: DirectLink, guests: list[str]) -> None:
    link.calls.clear()

    assert compare(bund, link) == Compared(at="2026-03-14T12:05:00.000Z", same=True)
    assert link.calls == ["compare"]


def test_an_edit_at_the_branch_behind_its_back_is_undone_and_told(
    hub: Node, bund: Node, link: DirectLink, guests: list[str]
) -> None:
    tamper(bund, f"UPDATE tea_house_guest SET name = '改', visits = 70 WHERE id = '{guests[2]}'")
    link.calls.clear()

    found = look(bund, link)

    assert (found.same, found.repaired) == (False, 1)
    assert link.calls == ["compare"] * 4 + ["repair"]
    assert read(bund, guests[2])["name"] == "客 2"
    told = [(each["field"], each["mine"], each["theirs"], each["theirs_origin"]) for each in incidents(hub)]
    assert told == [("name", "客 2", "改", "bund.1"), ("visits", "2", "70", "bund.1")]
    settle(bund, link)
    assert incidents(bund) == incidents(hub)
    assert look(bund, link).same
    assert agree(hub, bund)


def test_an_edit_at_headquarters_is_undone_by_its_own_log(
    hub: Node, bund: Node, link: DirectLink, guests: list[str]
) -> None:
    tamper(hub, f"UPDATE tea_house_guest SET name = '改' WHERE id = '{guests[1]}'")
    comparing.reread(hub)

    found = look(bund, link)

    assert not found.same
    assert read(hub, guests[1])["name"] == read(bund, guests[1])["name"] == "客 1"
    assert [(each["mine"], each["theirs"], each["theirs_origin"]) for each in incidents(hub)] == [
        ("客 1", "改", "hq.1")
    ]
    settle(bund, link)
    assert agree(hub, bund)


def test_a_record_removed_at_the_branch_comes_back(hub: Node, bund: Node, link: DirectLink, guests: list[str]) -> None:
    before = read(bund, guests[0])
    tamper(bund, f"DELETE FROM tea_house_guest WHERE id = '{guests[0]}'")

    assert look(bund, link).repaired == 1

    assert read(bund, guests[0])["name"] == before["name"]
    assert [each["detail"] for each in incidents(hub)] == ["missing"]


def test_a_record_removed_at_headquarters_comes_back_too(
    hub: Node, bund: Node, link: DirectLink, guests: list[str]
) -> None:
    tamper(hub, f"DELETE FROM tea_house_guest WHERE id = '{guests[0]}'")
    comparing.reread(hub)

    assert not look(bund, link).same

    assert read(hub, guests[0])["name"] == "客 0"
    settle(bund, link)
    assert agree(hub, bund)


def test_a_record_that_nobody_entered_goes(hub: Node, bund: Node, link: DirectLink, guests: list[str]) -> None:
    tamper(
        bund,
        "INSERT INTO tea_house_guest (id, _store, name, _hs, _life, _at, _by, _m) "
        "SELECT '01951234-aaaa', _store, '黑单', 0, 1, _at, _by, _m FROM tea_house_guest LIMIT 1",
    )

    assert look(bund, link).removed == 1

    assert read(bund, "01951234-aaaa") == {}
    (told,) = incidents(hub)
    assert "黑单" in told["theirs"]
    assert told["_store"] == "bund"


def test_nothing_is_compared_while_something_is_on_its_way(
    world: World, hub: Node, bund: Node, link: DirectLink, guests: list[str]
) -> None:
    write(bund, guests[0], tea="普洱")
    assert compare(bund, link) is None
    settle(bund, link)
    write(hub, world.id(), "create", store="hq", name="王")
    assert compare(bund, link) is None
    settle(bund, link)
    assert look(bund, link).same


def test_what_waits_in_quarantine_is_left_alone(
    world: World, hub: Node, bund: Node, link: DirectLink, guests: list[str]
) -> None:
    write(bund, guests[3], name="客三")
    settle(bund, link)
    with hub.database.write() as connection:
        line = log.of_records(connection, GUEST, [guests[3]])[-1]
        quarantine.keep(connection, hub, [line], "bund", quarantine.WAITING)
    tamper(bund, f"UPDATE tea_house_guest SET name = '改' WHERE id = '{guests[3]}'")

    found = look(bund, link)

    assert (found.same, found.repaired, found.waiting) == (False, 0, 1)
    assert read(bund, guests[3])["name"] == "改"


def test_a_store_cannot_ask_about_another(
    world: World, hub: Node, bund: Node, link: DirectLink, guests: list[str]
) -> None:
    write(hub, world.id(), "create", store="jingan", name="静安客")
    settle(bund, link)
    asked: list[Any] = []
    link.after = lambda call, answer: asked.append(answer) or answer

    assert look(bund, link).same
    assert "jingan" not in str(asked)
