"""Taking in what was done elsewhere, up and down, and through a power cut at any statement."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from core.language.definition import RecordType
from stores.changes import log
from stores.changes.commit import Edit
from stores.storage import bulk, checkpoints, counters
from tests.stores.chain import BOOKING, MEMBER, TYPES, Chain, FakeHost, Stand, quarantined


def test_what_a_store_did_arrives_at_headquarters_with_its_log(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen", "state": "held", "number": "E-1", "deposit": 50_000})
    shops.east.update(BOOKING, booking, state="seated")

    report = shops.push(shops.east)

    row = shops.hub.row(BOOKING, booking)
    assert (report.merged, report.seq, report.expected) == (2, 2, None)
    assert (row["guest"], row["state"], row["number"], row["deposit"]) == ("Chen", "seated", "E-1", 50_000)
    assert row["_hs"] == 2  # two transactions, two places
    assert shops.hub.log("east-01.1") == shops.east.log()
    assert report.touched == (("club.booking", booking),)


class PowerCut(Exception):
    """The program ends here."""


class Cutter:
    """Cuts the power before the nth statement of a node's writer, then the node is started again."""

    def __init__(self, stand: Stand, nth: int) -> None:
        self.stand, self.left = stand, nth
        event.listen(stand.database._writer, "before_cursor_execute", self._count)

    def _count(self, *_: Any) -> None:
        self.left -= 1
        if self.left == 0:
            raise PowerCut

    def restart(self) -> None:
        self.stand.close()
        self.stand.open()


def every_cut(work: Callable[[int], bool]) -> int:
    """Run ``work`` with the power cut before its 1st, 2nd, … statement, until it gets through; return how many cuts."""
    for nth in range(1, 80):
        if work(nth):
            return nth - 1
    raise AssertionError("it never gets through")


def is_whole(stand: Stand) -> None:
    """Nothing is half written: logs chain up to their heads, and each record is what its lines made of it."""
    with stand.database.read() as connection:
        for origin, (seq, _) in checkpoints.heads(connection).items():
            assert log.verify(connection, origin) is None
            lines = bulk.run(connection, "SELECT count(*) FROM log WHERE origin = ?", origin)
            assert lines == [(seq,)]
        made = bulk.run(
            connection, "SELECT count(DISTINCT pk) FROM log WHERE type = 'club.booking' AND kind = 'create'"
        )
        if stand.store == "hq":
            waiting = bulk.run(connection, "SELECT count(*) FROM quarantine WHERE type = 'club.booking'")
            places = {hs for record in (BOOKING, MEMBER) for hs in _places(stand, record)}
            assert max(places, default=0) <= counters.hub_sequence(connection)
            assert len(stand.rows(BOOKING)) == made[0][0] - waiting[0][0]
        else:
            assert len(stand.rows(BOOKING)) == made[0][0]


def _places(stand: Stand, record: RecordType) -> list[int]:
    return [row["_hs"] for row in stand.rows(record)]


@pytest.mark.parametrize("store", ["east", "hq"])
def test_a_power_cut_at_any_statement_of_a_commit_leaves_all_of_it_or_nothing(tmp_path: Path, store: str) -> None:
    stand = Stand(f"sqlite:///{tmp_path}/node.db", store)
    old = stand.create(BOOKING, {"guest": "Chen"})

    def attempt(nth: int) -> bool:
        before = len(stand.log())
        cutter = Cutter(stand, nth)
        try:
            stand.do(
                Edit(BOOKING, f"b{nth}", store, "create", {"guest": "Lin", "phone": "13800001111"}),
                Edit(BOOKING, old, store, "update", {"room": f"V{nth}"}),
            )
        except PowerCut:
            cutter.restart()
            assert (len(stand.log()), stand.row(BOOKING, f"b{nth}")) == (before, {})
            assert stand.row(BOOKING, old)["room"] is None
            is_whole(stand)
            return False
        is_whole(stand)
        return len(stand.log()) == before + 2

    assert every_cut(attempt) >= 6
    stand.close()


def test_a_power_cut_at_any_statement_of_a_merge_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    shops = Chain(f"sqlite:///{tmp_path}/hub.db")
    member = shops.east.create(MEMBER, {"points": 10, "tier": "basic", "badge": "S1"})
    shops.settle()
    shops.west.update(MEMBER, member, points=13, tier="gold")
    shops.push(shops.west)
    shops.east.update(MEMBER, member, points=15, tier="silver")  # a conflict,
    shops.east.create(MEMBER, {"badge": "S1"})  # a clash,
    shops.east.create(BOOKING, {"guest": "stolen"}, store="west")  # one for quarantine,
    shops.east.create(BOOKING, {"guest": "Lin"})  # and one that just flows

    def attempt(nth: int) -> bool:
        cutter = Cutter(shops.hub, nth)
        try:
            shops.push(shops.east)
        except PowerCut:
            cutter.restart()
            is_whole(shops.hub)
            row = shops.hub.row(MEMBER, member)
            assert (row["points"], row["tier"], shops.hub.conflicts()) == (13, "gold", [])
            return False
        return True

    assert every_cut(attempt) >= 15
    is_whole(shops.hub)
    assert shops.hub.row(MEMBER, member)["points"] == 18
    assert sorted(c["kind"] for c in shops.hub.conflicts()) == ["field", "unique"]
    assert len(quarantined(shops.hub)) == 1
    shops.close()


def test_a_power_cut_at_any_statement_of_a_pull_repeats_the_page_and_counts_nothing_twice(tmp_path: Path) -> None:
    shops = Chain("sqlite:///:memory:")
    shops.west.close()
    shops.west = Stand(f"sqlite:///{tmp_path}/west.db", "west", host=FakeHost(*TYPES[1:]))
    member = shops.east.create(MEMBER, {"points": 10})
    shops.settle()
    shops.west.update(MEMBER, member, points=13)
    shops.east.update(MEMBER, member, points=15, name="Chen Yi")
    shops.hub.do(Edit(BOOKING, "b1", "west", "create", {"guest": "of a type unknown here"}))
    shops.push(shops.east)

    def attempt(nth: int) -> bool:
        cutter = Cutter(shops.west, nth)
        try:
            shops.pull(shops.west)
        except PowerCut:
            cutter.restart()
            with shops.west.database.read() as connection:
                assert checkpoints.pulled(connection) == 1
            row = shops.west.row(MEMBER, member)
            assert (row["points"], row["name"], row["_hs"]) == (13, None, 1)
            return False
        return True

    assert every_cut(attempt) >= 8
    row = shops.west.row(MEMBER, member)
    assert (row["points"], row["name"], row["_hs"]) == (18, "Chen Yi", 3)
    assert [line.code for line in quarantined(shops.west)] == ["unknown-type"]
    shops.close()
