"""What is merged set-wise is what merging line by line makes of it, whatever else stands in the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from core.model.change import Entry
from core.model.clock import iso
from core.model.lines import lines_of
from stores.changes import apply, log, plain
from stores.changes.apply import MergeReport
from stores.changes.batch import Batch
from stores.storage import bulk, counters
from tests.stores.chain import BOOKING, GUEST, MEMBER, MEMO, START, TARIFF, Stand, _hire, rechained

ORIGIN = "east-01.1"
PAGE = 25
HOUR = timedelta(hours=1)


class Log:
    """What a store may have written, or a thief in its name: mostly plain, and now and then nothing of the kind."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.ids: list[tuple[str, str]] = []
        self.lines: list[Entry] = []

    def written(self, transactions: int) -> list[Entry]:
        """Return the log of some transactions, well chained."""
        for tx in range(transactions):
            count = self.dice.choice([1, 1, 1, 2, 3])
            for nth in range(1, count + 1):
                self.lines.append(self._line(f"tx{tx:04}", nth, count))
        return rechained(self.lines)

    def _line(self, tx: str, nth: int, of: int) -> Entry:
        type_, pk, kind, body = self._create() if self.dice.random() < 0.7 or not self.ids else self._change()
        odd = self.dice.random() < 0.1
        return Entry(
            origin=ORIGIN,
            seq=len(self.lines) + 1,
            tx=tx,
            nth=nth,
            of=of,
            action=f"{type_}.edit",
            hlc=(len(self.lines) + (10**9 if self.dice.random() < 0.02 else 0)) << 16,
            at="yesterday"
            if odd and self.dice.random() < 0.3
            else iso(START + self.dice.choice([0, 0, 0, 1, 2]) * HOUR),
            received=iso(START),
            mono=1,
            boot="b",
            actor=self.dice.choice(["wang", "nobody", "zhao"]) if odd else self.dice.choice(["li", "system"]),
            store=self.dice.choice(["west", "hq"]) if odd and self.dice.random() < 0.3 else "east",
            type=type_,
            pk=pk,
            kind=kind,
            base_hs=self.dice.choice([0, 3, 10**6, 10**6]),
            body=body,
            facts=self.dice.choice([None, {"version": "1.0.0"}]),
        )

    def _create(self) -> tuple[str, str, Any, dict[str, Any]]:
        record = self.dice.choice([BOOKING, BOOKING, BOOKING, GUEST, MEMBER, MEMO, TARIFF])
        key, pk = record.key, f"id{len(self.ids):05}"
        if self.ids and self.dice.random() < 0.05:
            pk = self.dice.choice(self.ids)[1]  # said before
        if self.dice.random() < 0.03:
            key = "other.thing"
        self.ids.append((key, pk))
        return key, pk, "create", self._values(key)

    def _change(self) -> tuple[str, str, Any, dict[str, Any]]:
        key, pk = self.dice.choice(self.ids)
        if self.dice.random() < 0.2:
            return key, pk, "delete", {"_life": (1, 2)}
        return key, pk, "update", self._values(key)

    def _values(self, key: str) -> dict[str, Any]:
        pick = self.dice.choice
        if key == BOOKING.key:
            cells: dict[str, Any] = {"guest": pick(["陈", 'O"Neill', "a\\"]), "deposit": pick([0, 50_000, None])}
            cells |= {"night": pick(["2026-03-07", "2026-03-07", "soon"])} if self.dice.random() < 0.3 else {}
            cells |= {"state": pick(["held", "seated"])} if self.dice.random() < 0.5 else {}
        else:
            cells = {"text" if key == MEMO.key else "name": pick(["Chen", "%s", "林"])}
        if self.dice.random() < 0.04:
            cells[pick(["guest", "deposit", "unheard_of", "_life"])] = pick([7, "seven", 2**63 - 1])
        return {name: (None, cells[name]) for name in sorted(cells)}  # of two faults the first in this order is told


@pytest.fixture
def hubs() -> Iterator[tuple[Stand, Stand]]:
    """Two headquarters that know the same people and records."""
    made = (Stand("sqlite:///:memory:", "hq"), Stand("sqlite:///:memory:", "hq"))
    for hub in made:
        _hire(hub)
    yield made
    for hub in made:
        hub.close()


def merge(hub: Stand, entries: Any) -> MergeReport:
    with hub.database.write() as connection:
        return apply.merge_entries(connection, hub.node, entries, sender="east")


def everything(hub: Stand) -> dict[str, Any]:
    """Return all rows of all records, the log, the quarantine and the counters."""
    with hub.database.read() as connection:
        found = {
            record.key: sorted(
                tuple(row) for row in connection.execute(table.select()) if record.key != "core.conflict"
            )
            for record, table in hub.node.tables
        }
        found["log"] = list(log.entries_after(connection, ORIGIN, 0, 10_000))
        found["quarantine"] = bulk.run(connection, "SELECT origin, seq, type, pk, why FROM quarantine ORDER BY seq")
        found["conflicts"] = bulk.run(connection, _CONFLICTS)
        found["place"] = counters.hub_sequence(connection)
    return found


_CONFLICTS = (
    "SELECT kind, record_type, record_id, field, mine, theirs, theirs_by, policy, outcome, detail FROM core_conflict "
    "ORDER BY kind, record_type, record_id, field, theirs, detail"
)


@pytest.mark.parametrize("seed", range(6))
def test_set_wise_and_line_by_line_come_to_the_same(hubs: tuple[Stand, Stand], seed: int) -> None:
    entries = Log(seed).written(120)
    by_line, set_wise = hubs

    for start in range(0, len(entries), PAGE):
        page = entries[start : start + PAGE]
        one, other = merge(by_line, list(page)), merge(set_wise, lines_of(page))
        assert (one.merged, one.seq, one.hash, one.waiting, one.ahead_ms) == (
            other.merged, other.seq, other.hash, other.waiting, other.ahead_ms,
        )  # fmt: skip
        assert {key for key in one.touched if key[0] != "core.conflict"} == {
            key for key in other.touched if key[0] != "core.conflict"
        }
        assert everything(by_line) == everything(set_wise)


def test_what_is_plain_is_put_down_set_wise_and_nothing_else(
    hubs: tuple[Stand, Stand], monkeypatch: pytest.MonkeyPatch
) -> None:
    merged: list[str] = []
    step = Batch._merge
    monkeypatch.setattr(Batch, "_merge", lambda *call: (merged.extend(e.pk for e in call[1]), step(*call))[1])
    made = Log(1)
    made._create = lambda: (BOOKING.key, f"b{len(made.lines)}", "create", {"guest": (None, "陈")})  # type: ignore[method-assign]
    made._change = made._create  # type: ignore[method-assign]
    entries = [line._replace(at=iso(START), actor="li", store="east") for line in made.written(30)]
    entries[7] = entries[7]._replace(kind="update", pk="b2")  # of a record of this very page

    merge(hubs[0], lines_of(rechained(entries)))

    deed = [line.pk for line in entries if line.tx == entries[7].tx]
    assert merged == deed
    assert len(deed) < len(entries)


def test_who_is_not_plain_is_told_from_who_is(hubs: tuple[Stand, Stand]) -> None:
    """Each of these is refused or merged with care when it is met line by line; set-wise none may slip through."""
    line = Log(0)._line("t", 1, 1)._replace(
        type=BOOKING.key, pk="x", kind="create", body={"guest": (None, "陈")}, actor="li", store="east", at=iso(START), hlc=1
    )  # fmt: skip
    odd = {
        "plain": {},
        "another's": {"store": "west"},
        "in another's name": {"actor": "wang"},
        "at no moment": {"at": "then"},
        "an update": {"kind": "update"},
        "of headquarters": {"type": TARIFF.key, "body": {"name": (None, "x")}},
        "unique": {"type": MEMBER.key, "body": {"name": (None, "x")}},
        "unknown": {"type": "other.thing"},
        "of core": {"type": "core.staff", "body": {"name": (None, "x")}},
        "no such field": {"body": {"unheard_of": (None, "x")}},
        "no number": {"body": {"deposit": (None, "x")}},
        "no date": {"body": {"night": (None, "soon")}},
        "dead": {"body": {"_life": (None, 2)}},
    }
    hub = hubs[0]
    for name, changes in odd.items():
        (entry,) = rechained([line._replace(seq=1, **changes)])
        with hub.database.write() as connection:
            batch = Batch(connection, hub.node, counters.load(connection, hub.node), "east", 1)
            terms = plain.Terms("east", 0, 2**62)
            made = plain.merge_plain(connection, hub.node, lines_of([entry]), batch.people, set(), terms)
            connection.rollback()
        assert list(made.done) == [int(name == "plain")], name


def test_an_edit_is_plain_when_it_saw_the_record_as_it_stands(hubs: tuple[Stand, Stand]) -> None:
    hub, line = hubs[0], Log(0)._line("t1", 1, 1)
    line = line._replace(actor="li", store="east", at=iso(START), hlc=1, kind="create", type=BOOKING.key)
    first = [line._replace(pk=pk, tx=pk, seq=n, body={"guest": (None, "陈")}) for n, pk in enumerate("xyz", start=1)]
    gone = line._replace(pk="z", tx="gone", seq=4, kind="delete", body={"_life": (1, 2)}, base_hs=9)
    merge(hub, lines_of(rechained([*first, gone])))
    edit = line._replace(pk="x", tx="t2", kind="update", body={"guest": ("陈", "林")}, base_hs=1)
    odd = {
        "plain": {},
        "of what was decided": {"body": {"state": (None, "held")}},
        "changed since": {"base_hs": 0},
        "changed since, another": {"pk": "y"},
        "before what it shows": {"at": iso(START - HOUR)},
        "dead": {"pk": "z", "base_hs": 9},
        "not there": {"pk": "w"},
        "adds": {"body": {"visits": (None, 1)}},
        "once and for all": {"body": {"origin": (None, "street")}},
        "another's": {"store": "hq"},
        "deletes": {"kind": "delete", "body": {"_life": (1, 2)}},
        "unique": {"type": MEMBER.key, "body": {"badge": (None, "7")}},
    }
    for name, changes in odd.items():
        with hub.database.write() as connection:
            batch = Batch(connection, hub.node, counters.load(connection, hub.node), "east", 1)
            one, terms = lines_of([edit._replace(**changes)]), plain.Terms("east", 9, 2**62)
            found = plain.merge_plain(connection, hub.node, one, batch.people, set(), terms)
            connection.rollback()
        assert list(found.done) == [int(name in {"plain", "of what was decided"})], name


def test_new_records_are_looked_up_only_when_a_key_says_that_one_is_there(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, tries = Stand(database_url, "hq"), list[tuple[bool, int]]()
    _hire(hub)
    line = Log(0)._line("t", 1, 1)._replace(actor="li", store="east", at=iso(START), hlc=1, kind="create")
    ids = [f"b{n:03}" for n in range(60)]
    entries = rechained(
        [
            line._replace(seq=seq, tx=f"t{seq}", type=BOOKING.key, pk=pk, body={"guest": (None, f"陈{seq}")})
            for seq, pk in enumerate([*ids, *(f"c{id_}" for id_ in ids), ids[3]], start=1)
        ]
    )
    real = plain.merge_plain

    def spy(*given: Any) -> plain.Merged:
        tries.append((given[-1].looking, 0))
        found = real(*given)
        tries[-1] = (given[-1].looking, sum(found.done))
        return found

    monkeypatch.setattr("stores.changes.batch.plain.merge_plain", spy)
    merge(hub, lines_of(entries[:60]))
    report = merge(hub, lines_of(entries[60:]))

    assert tries == [(False, 60), (False, 0), (True, 60)]  # the key has refused all; then one is left for later
    assert report.merged == 61
    with hub.database.read() as connection:
        assert bulk.run(connection, "SELECT guest FROM club_booking WHERE id = ?", ids[3]) == [("陈121",)]
        assert log.verify(connection, ORIGIN) is None
    hub.close()
