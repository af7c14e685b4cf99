"""Who knew what when they wrote: causal histories kept beside the chain, sharing no code with it.

The witness is told of every committed edit and which edits its author could see, and reads the nodes' databases
as an outsider does. From that alone it works out what every field at headquarters must be and which conflict records
there must be, and compares. Where the product decides by hub sequences, the witness has sets of edits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.simulation.disk import Cell, Disk, Row, log_of, table

Key = tuple[str, str]  # transaction and record: one edit
Known = dict[str, set[Key]]  # record -> the edits of it that somebody has seen

POLICIES = {
    "name": "latest", "tea": "latest", "cups": "latest", "table": "ask", "credit": "home", "visits": "sum",
    "record": "max", "note": "append", "card": "latest",
}  # fmt: skip


@dataclass
class Edit:
    """One edit of one record: who made it, what it changed, and the edits of that record its author could see."""

    tx: str
    author: str
    at_home: bool
    record: str
    body: dict[str, tuple[Cell, Cell]]
    past: frozenset[Key]
    rank: tuple[int, str] = (0, "")
    deletes: bool = False

    @property
    def key(self) -> Key:
        return self.tx, self.record


class Decided(NamedTuple):
    """An action that only the record's home decides: carried out by ``author`` at once, or asked for as ``request``."""

    author: str
    tx: str
    record: str
    request: str | None


@dataclass
class Field:
    """A field as headquarters must hold it, and the edit that put it there."""

    value: Cell = None
    writer: Edit | None = None


@dataclass
class Witness:
    """``latest`` gives the highest stamp that headquarters ranks a change by now, whatever the change claims."""

    hub: Disk
    latest: Callable[[], int]
    edits: dict[Key, Edit] = field(default_factory=dict)
    made: dict[str, list[Key]] = field(default_factory=lambda: defaultdict(list))  # author -> edits in order
    knows: dict[str, Known] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    fields: dict[tuple[str, str], Field] = field(default_factory=lambda: defaultdict(Field))
    conflicts: Counter[tuple[str, str, Cell, Cell]] = field(default_factory=Counter)
    decisions: list[Decided] = field(default_factory=list)
    decided_by: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # author -> transactions
    deleted: dict[str, Key] = field(default_factory=dict)  # record -> the edit that deleted it, merged
    graves: Counter[str] = field(default_factory=Counter)  # record -> conflicts about its being deleted
    unfit: dict[str, str] = field(default_factory=dict)  # record that headquarters cannot keep -> who wrote it
    place: int = 0

    def committed(self, edits: list[Edit]) -> None:
        """One transaction was carried out."""
        for edit in edits:
            self.edits[edit.key] = edit
            self.made[edit.author].append(edit.key)
            self.knows[edit.author][edit.record].add(edit.key)

    def look_at_the_log(self) -> None:
        """Merge what headquarters has taken in since the last look, in its order."""
        for line in self.hub.log_since(self.place):
            self.place = _number(line["place"])
            if edit := self.edits.get((str(line["tx"]), str(line["pk"]))):
                hlc = _number(line["hlc"])
                edit.rank = (hlc if edit.author == "hq" else min(hlc, self.latest()), str(line["origin"]))
                self._merge(edit)

    def seen_at_headquarters(self, records: list[str]) -> Known:
        return {record: set(self.knows["hq"][record]) for record in records}

    def received(self, node: str, news: Known) -> None:
        """A page has been put down at ``node``: it now knows what headquarters knew when it read the page."""
        for record, edits in news.items():
            self.knows[node][record] |= edits

    def _merge(self, edit: Edit) -> None:
        if edit.deletes:
            writers = {here.writer.key for (id_, _), here in self.fields.items() if id_ == edit.record and here.writer}
            self.graves[edit.record] += bool(writers - edit.past)  # somebody's value that still stands goes unseen
            self.deleted[edit.record] = edit.key
        elif edit.record in self.deleted and self.deleted[edit.record] not in edit.past:
            self.graves[edit.record] += 1
        self.knows["hq"][edit.record].add(edit.key)
        for name, (old, new) in edit.body.items():
            self._merge_field(edit, name, old, new)

    def _merge_field(self, edit: Edit, name: str, old: Cell, new: Cell) -> None:
        here, policy = self.fields[edit.record, name], POLICIES[name]
        if policy == "sum":
            here.value = _number(here.value) + _number(new) - _number(old)
        elif policy == "append":
            here.value = sorted_lines(f"{here.value or ''}\n{str(new).rpartition(chr(10))[2]}")
        elif here.writer is None or here.writer.key in edit.past:
            here.value, here.writer = new, edit
        elif here.value == new:
            here.writer = max(here.writer, edit, key=lambda each: each.rank)
        else:
            self.conflicts[edit.record, name, here.value, new] += 1
            if _wins(edit, here, here.writer, policy, new):
                here.value, here.writer = new, edit

    def decided(self, decision: Decided) -> None:
        """An action was carried out, or became a request for the record's home."""
        self.decisions.append(decision)
        self.decided_by[decision.author].append(decision.tx)

    def check_decisions(self, disks: list[Disk]) -> None:
        """Every request is decided, at its home and at headquarters, and was carried out once if it was confirmed."""
        asked = {each.request: each.record for each in self.decisions if each.request is not None}
        done = Counter(each.record for each in self.decisions if each.request is None)
        for disk in disks:
            for request, row in table(disk, "core_request").items():
                assert request in asked, f"nobody asked for {request}"
                if disk.node in ("hq", row["_store"]):
                    assert row["state"] in ("confirmed", "refused"), f"{request} is {row['state']} at {disk.node}"
        requests = table(self.hub, "core_request")
        confirmed = Counter(asked[request] for request, row in requests.items() if row["state"] == "confirmed")
        assert set(requests) == set(asked), "a request was lost"
        counted = {id_: row["stamps"] for id_, row in table(self.hub, "tea_house_guest").items()}
        counted |= {id_: row["refills"] for id_, row in table(self.hub, "tea_house_order").items()}
        for record, count in counted.items():
            assert (count or 0) == done[record] + confirmed[record], f"{record} counted {count}"

    def check_own_work(self, disk: Disk) -> None:
        """What was entered at a branch is on its page until headquarters has decided, whatever came down meanwhile."""
        waiting = [self.edits[key] for key in self.made[disk.node] if key not in self.knows["hq"][key[1]]]
        last = {(edit.record, name): new for edit in waiting for name, (_, new) in edit.body.items()}
        shown = records_of(disk)
        for (record, name), value in last.items():
            if POLICIES[name] in ("latest", "ask", "home"):
                assert shown[record][name] == value, f"{name} of {record} vanished from {disk.node}"

    def check_fields(self) -> None:
        """Every field at headquarters is what the histories say it must be."""
        found = records_of(self.hub)
        for (record, name), expected in self.fields.items():
            value = found[record][name]
            value = sorted_lines(str(value)) if POLICIES[name] == "append" else value
            assert value == expected.value, f"{name} of {record} is {value!r}, must be {expected.value!r}"

    def check_lives(self) -> None:
        """What was deleted is dead, everything else is alive."""
        rows = records_of(self.hub)
        dead = {id_ for id_, row in rows.items() if _number(row["_life"]) % 2 == 0}
        assert dead == set(self.deleted), f"dead {dead}, must be {set(self.deleted)}"

    def check_cards(self) -> None:
        """No card is held by two guests without a conflict that names them both, and no conflict tells of others."""
        holders: dict[Cell, list[str]] = defaultdict(list)
        for id_, row in table(self.hub, "tea_house_guest").items():
            if row["card"] is not None:
                holders[row["card"]].append(id_)
        told = [row for row in table(self.hub, "core_conflict").values() if row["kind"] == "unique"]
        pairs = {frozenset((str(row["record_id"]), str(row["detail"]))) for row in told}
        for card, guests in holders.items():
            for guest in guests[1:]:
                assert any(frozenset((guest, other)) in pairs for other in guests if other != guest), (
                    f"{card} is held twice"
                )
        wrote = {(edit.record, edit.body["card"][1]) for edit in self.edits.values() if "card" in edit.body}
        for row in told:
            assert {(row["record_id"], row["mine"]), (row["detail"], row["mine"])} <= wrote, "a clash that never was"

    def check_rule(self) -> None:
        """No guest has more credit than the rule allows without a conflict that says so; it is said once, and only of
        guests of whom two people who did not know of each other's work have changed what the rule looks at."""
        guests = table(self.hub, "tea_house_guest")
        told = [row for row in table(self.hub, "core_conflict").values() if row["kind"] == "broken"]
        broken = {id_ for id_, row in guests.items() if row["_life"] == 1 and breaks_the_rule(row)}
        named = Counter(str(row["record_id"]) for row in told)
        assert broken <= named.keys(), f"the rule is broken and nobody is told: {broken - named.keys()}"
        assert not named or max(named.values()) == 1, f"told more than once: {named}"
        assert {row["detail"] for row in told} <= {"edit.drinks_enough"}, "another rule is told of"
        for guest in named:
            edits = [each for each in self.edits.values() if each.record == guest]
            assert any(_unaware(one, other) for one in edits for other in edits), f"nobody met at {guest}"

    def check_quarantine(self) -> None:
        """What does not fit waits, nothing else does."""
        waiting = Counter(str(row["pk"]) for row in self.hub.rows("SELECT pk FROM quarantine"))
        assert waiting == Counter(list(self.unfit)), f"in quarantine: {waiting}, must be {set(self.unfit)}"

    def check_conflicts(self) -> None:
        """A conflict record for every truly concurrent write of another value, and none beside."""
        rows = list(table(self.hub, "core_conflict").values())
        kept = [row for row in rows if row["kind"] == "field"]
        graves = Counter(str(row["record_id"]) for row in rows if row["kind"] == "deleted")
        assert graves == +self.graves, f"about the dead: {graves}, must be {+self.graves}"
        refused = [row for row in table(self.hub, "core_request").values() if row["state"] == "refused"]
        told = [row for row in rows if row["kind"] == "refused"]
        assert len(told) == len(refused), f"{len(refused)} requests were refused, {len(told)} conflicts tell of it"
        others = {str(row["kind"]) for row in rows} - {"field", "deleted", "refused", "unique", "broken"}
        assert not others, f"conflicts of another kind: {others}"
        found = Counter((str(r["record_id"]), str(r["field"]), str(r["mine"]), str(r["theirs"])) for r in kept)
        expected = Counter({(r, f, str(m), str(t)): n for (r, f, m, t), n in self.conflicts.items()})
        assert found == expected, f"missing {expected - found}, too many {found - expected}"

    def check_log(self, author: str, disk: Disk) -> None:
        """The log holds exactly what was committed, in order, once, without a gap."""
        lines = [(line["seq"], (line["tx"], line["pk"])) for line in log_of(disk, author)]
        assert [seq for seq, _ in lines] == list(range(1, len(lines) + 1)), f"{author}'s log has gaps"
        lines = [line for line in lines if line[1] in self.edits]  # the others are actions, requests and conflicts
        assert [key for _, key in lines] == self.made[author], f"{author}'s log is not what was committed"


def records_of(disk: Disk) -> dict[str, Row]:
    """Return the records that people edit, by id."""
    return {id_: row for kind in ("guest", "order", "seat") for id_, row in table(disk, f"tea_house_{kind}").items()}


def breaks_the_rule(row: Mapping[str, Cell]) -> bool:
    """Say whether a guest has more credit than the rule of the plugin allows."""
    credit, record = row.get("credit"), row.get("record")
    return credit is not None and record is not None and _number(credit) > _number(record)


def _unaware(one: Edit, other: Edit) -> bool:
    """Say whether two edits of what the rule looks at were made by people who did not know of each other's."""
    return (
        one.key not in other.past
        and other.key not in one.past
        and one.author != other.author
        and not one.body.keys().isdisjoint({"credit", "record"})
        and not other.body.keys().isdisjoint({"credit", "record"})
    )


def _wins(edit: Edit, here: Field, writer: Edit, policy: str, new: Cell) -> bool:
    if policy == "latest":
        return edit.rank > writer.rank
    if policy == "max":
        return here.value is None or _number(new) > _number(here.value)
    return policy == "home" and edit.at_home


def _number(cell: Cell) -> int:
    assert not isinstance(cell, str)
    return cell or 0


def sorted_lines(text: str) -> str:
    return "\n".join(sorted(line for line in text.split("\n") if line))
