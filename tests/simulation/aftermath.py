"""What must hold when machines were put back or copied (docs/decisions/0013, 0015, 0018).

Everybody agrees. What was acknowledged by a machine that was not put back later is at headquarters, once. Of what
nobody has replaced, nothing is gone without a conflict record that names it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tests.simulation.disk import Cell, Disk, Row, log_of, table
from tests.simulation.witness import POLICIES, Edit, Key, Witness, records_of, sorted_lines

SCOPES = {
    "tea_house_guest": True, "tea_house_order": False, "tea_house_seat": True, "core_conflict": False,
    "core_staff": False, "core_request": False,
}  # fmt: skip


class Aftermath:
    """``fate`` is what may have happened (see ``fate``). ``exact``: headquarters has forgotten nothing."""

    def __init__(self, witness: Witness, fate: str, disks: dict[str, Disk]) -> None:
        self.witness = witness
        self.disks = disks
        self.exact = fate == "branch"
        self.may_miss = fate in ("both", "unnoticed")
        self.limbo: set[Key] = set()  # what may be lost with a disk
        self.limbo_tx: set[str] = set()  # the same of actions and requests
        self.owed: list[Edit] = []  # what headquarters has forgotten and a branch can still tell

    def put_back(self, author: str, made: Sequence[Key], decided: Sequence[str]) -> None:
        """``author`` is about to be put back to when he had made these edits and decided these actions."""
        witness = self.witness
        held = {str(row["tx"]) for row in witness.hub.rows("SELECT DISTINCT tx FROM log")} if self.exact else set()
        gone = [key for key in witness.made[author] if key not in set(made)]
        witness.made[author] = list(made)
        self.limbo = self.limbo.union(key for key in gone if key[0] not in held).difference(made)
        undone = [tx for tx in witness.decided_by[author] if tx not in set(decided)]
        witness.decided_by[author] = list(decided)
        self.limbo_tx = self.limbo_tx.union(set(undone) - held).difference(decided)
        if author == "hq":
            self.owed += [edit for key in gone if (edit := self._remembered(witness.edits[key])).body]

    def _remembered(self, edit: Edit) -> Edit:
        """Return what of an edit that headquarters is about to forget stands at a branch whose word counts.

        Where a branch has just entered a value of its own, it has laid that over what came down.
        """
        store = self._store(edit.record)
        holders = [store] if store != "hq" else [name for name in self.witness.knows if name != "hq"]
        knowing = [name for name in holders if edit.key in self.witness.knows[name][edit.record]]
        rows = [row for name in knowing if (row := records_of(self.disks[name]).get(edit.record))]
        body = {name: (old, new) for name, (old, new) in edit.body.items() if any(row.get(name) == new for row in rows)}
        return replace(edit, body=body)

    def reckon(self) -> None:
        """A branch has just been put back: what it alone remembered is gone for good."""
        self.owed = [left for edit in self.owed if (left := self._remembered(edit)).body]

    def _store(self, record: str) -> str:
        found = (records_of(disk).get(record) for disk in self.disks.values())
        return next((str(row["_store"]) for row in found if row is not None), "")

    # --- after it ----------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Compare every database with headquarters', and headquarters' with what was done."""
        disks = self.disks
        hub = disks["hq"]
        for name, disk in disks.items():
            if name != "hq":
                self._check_records(disk, hub)
                self._check_log(disk, hub)
        present = self._check_presence(hub)
        found = records_of(hub)
        told = list(table(hub, "core_conflict").values())
        waiting = self._check_quarantine(hub, present)
        for (record, field), writers in _writers(present).items():
            if record not in waiting:
                self._check_field(field, found[record].get(field), writers, told, record)
        dead = {id_ for id_, row in found.items() if _number(row["_life"]) % 2 == 0} - waiting
        deleted = {edit.record for edit in present if edit.deletes} - waiting
        forgotten = {edit.record for edit in self._lost_edits() if edit.deletes}  # a row may still tell of it
        assert deleted <= dead <= deleted | forgotten, f"dead {dead}, must be {deleted}"
        self._check_requests(hub, disks)

    def _check_quarantine(self, hub: Disk, present: list[Edit]) -> set[str]:
        """Return the records about which something waits: what does not fit; when nobody can tell any more what was
        lost, also what was changed in records that were lost, and what came behind it."""
        rows = hub.rows("SELECT pk, why FROM quarantine")
        waiting = Counter(str(row["pk"]) for row in rows)
        unfit = {edit.record for edit in present if edit.record in self.witness.unfit}
        if self.may_miss:
            codes = {str(json.loads(str(row["why"]))["code"]) for row in rows if row["pk"] not in unfit}
            assert codes <= {"record-missing", "waits-behind", "not-in-this-name"}, f"in quarantine: {codes}"
        else:
            assert waiting == Counter(unfit), f"in quarantine {waiting}, must be {unfit}"
        return set(waiting)

    def _check_records(self, disk: Disk, hub: Disk) -> None:
        waiting = {row["pk"] for row in hub.rows("SELECT pk FROM quarantine")} | self.witness.unfit.keys()
        name = disk.node.rstrip("'")
        for kind, everywhere in SCOPES.items():
            theirs = {i: row for i, row in table(disk, kind).items() if i not in waiting}
            ours = {i: row for i, row in table(hub, kind).items() if i not in waiting}
            ours = {i: row for i, row in ours.items() if everywhere or row["_store"] in (name, "hq")}
            if kind == "core_request":
                theirs = {i: row for i, row in theirs.items() if row["_store"] in (name, "hq")}
            if self.may_miss:  # a tombstone of what nobody else remembers is in nobody's way
                theirs = {i: row for i, row in theirs.items() if i in ours or _number(row["_life"]) % 2 == 1}
            assert theirs == ours, f"{kind} differs at {disk.node}: {_difference(theirs, ours)}"

    def _check_log(self, disk: Disk, hub: Disk) -> None:
        """Every line that a branch has is at headquarters, the same line."""
        name = disk.node.rstrip("'")
        held = {(row["origin"], row["seq"]): row for row in log_of(hub, name)}
        for row in log_of(disk, name):
            assert held.get((row["origin"], row["seq"])) == row, f"{row['origin']}:{row['seq']} is not at headquarters"

    def _check_presence(self, hub: Disk) -> list[Edit]:
        """Return the edits that are at headquarters: each once, in its author's order, and nothing missing.

        A line that was moved when its node was reborn may stand beside the one that it was, which a copy has sent.
        """
        lines = hub.rows("SELECT origin, seq, tx, pk, facts FROM log ORDER BY origin, seq")
        for origin, seqs in _grouped(lines).items():
            assert seqs == list(range(1, len(seqs) + 1)), f"the log of {origin} has gaps"
        keys = [(str(line["tx"]), str(line["pk"])) for line in lines]
        edits = self.witness.edits
        written = ((str(line["tx"]), str(line["pk"])) for line in lines if '"was"' not in str(line["facts"]))
        twice = {key for key, count in Counter(written).items() if count > 1 and key in edits}
        assert not twice, (
            f"written twice: {[(line['origin'], line['seq']) for line in lines if (line['tx'], line['pk']) in twice]}"
        )
        present = {key for key in keys if key in edits}
        missing = edits.keys() - present - self.limbo
        assert not missing, f"lost: {sorted((edits[key].author, key) for key in missing)}"
        return [edits[key] for key in present]

    def _check_field(self, field: str, value: Cell, writers: list[Edit], told: list[Row], record: str) -> None:
        policy = POLICIES[field]
        forgotten = [edit for edit in self._lost_edits() if edit.record == record and field in edit.body]
        if policy == "sum":
            sure = sum(_number(e.body[field][1]) - _number(e.body[field][0]) for e in writers)
            most = sure + sum(_number(e.body[field][1]) - _number(e.body[field][0]) for e in forgotten)
            assert sure <= _number(value) <= most, f"{field} of {record} is {value}, must be {sure} to {most}"
        elif policy == "append":
            lines = set(str(value or "").split("\n")) - {""}
            assert sorted_lines(str(value)) == "\n".join(sorted(lines)), f"a line of {record} stands twice"
            sure_lines = {_last_line(e.body[field][1]) for e in writers}
            most_lines = sure_lines | {_last_line(e.body[field][1]) for e in forgotten}
            assert sure_lines <= lines <= most_lines, f"{field} of {record}: {lines}, must be {sure_lines}"
        else:
            entered = {edit.body[field][1] for edit in (*writers, *forgotten)}
            entered.add(None)  # reborn or merged anew, an edit may count as one that had not seen its own record
            assert value in entered, f"{field} of {record} is {value!r}, which nobody wrote"
            owed = [e for e in self.owed if e.record == record and field in e.body]
            named = _named(told, record, field)
            _check_told(field, value, [*writers, *owed], forgotten, named)

    def _check_requests(self, hub: Disk, disks: dict[str, Disk]) -> None:
        held = {str(row["tx"]) for row in hub.rows("SELECT DISTINCT tx FROM log")}
        requests = table(hub, "core_request")
        for each in self.witness.decisions:
            assert each.tx in held or each.tx in self.limbo_tx, f"what {each.author} did in {each.tx} is lost"
            if each.request is not None and each.tx in held:
                assert each.request in requests, f"request {each.request} is lost"
        for request, row in requests.items():
            for disk in disks.values():
                if disk.node.rstrip("'") in ("hq", row["_store"]):
                    state = table(disk, "core_request")[request]["state"]
                    assert state in ("confirmed", "refused"), f"{request} is {state} at {disk.node}"

    def _lost_edits(self) -> Iterator[Edit]:
        if not self.exact:
            yield from (self.witness.edits[key] for key in self.limbo)


def _named(told: list[Row], record: str, field: str) -> set[str]:
    """Return the values that conflict records tell of."""
    rows = [row for row in told if row["record_id"] == record and row["field"] in (field, None)]
    return {str(row[side]) for row in rows for side in ("mine", "theirs")}


def _check_told(field: str, value: Cell, writers: list[Edit], forgotten: list[Edit], named: set[str]) -> None:
    """Nobody's value that no other has replaced is gone without a word; who replaced it may be forgotten himself."""
    for edit in writers:
        new = edit.body[field][1]
        alike = [each.key for each in writers if each.body[field][1] == new]  # the same value twice is no conflict
        replaced = any(not other.past.isdisjoint(alike) for other in (*writers, *forgotten))
        known = new == value or str(new) in named or any(f'"{field}":' in each for each in named)
        assert replaced or known, (
            f"{field} of {edit.record}: {new!r} of {edit.author} ({edit.tx}) is gone, {value!r} stands"
        )


def _writers(edits: Iterable[Edit]) -> dict[tuple[str, str], list[Edit]]:
    found: dict[tuple[str, str], list[Edit]] = defaultdict(list)
    for edit in edits:
        for field in edit.body:
            found[edit.record, field].append(edit)
    return found


def _grouped(lines: list[Row]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for line in lines:
        found[str(line["origin"])].append(_number(line["seq"]))
    return found


def _difference(theirs: dict[str, Row], ours: dict[str, Row]) -> str:
    ids = [id_ for id_ in theirs.keys() | ours.keys() if theirs.get(id_) != ours.get(id_)]
    return "; ".join(
        f"{id_}: " + ", ".join(
            f"{name} {theirs.get(id_, {}).get(name)!r} / {ours.get(id_, {}).get(name)!r}"
            for name in (theirs.get(id_) or ours.get(id_) or {})
            if theirs.get(id_, {}).get(name) != ours.get(id_, {}).get(name)
        )
        for id_ in ids[:3]
    )  # fmt: skip


def _last_line(cell: Cell) -> str:
    return str(cell).rpartition("\n")[2]


def _number(cell: Cell) -> int:
    assert not isinstance(cell, str)
    return cell or 0
