"""The conflict inbox: both values with who, when and where, in the store concerned, exact to the last edit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.changes import conflicts
from tests.stores.chain import (
    MEMBER,
    TARIFF,
    Chain,
)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.sampled_from(["east", "west", "hub"]), st.sampled_from("ABCD")),
        st.tuples(
            st.sampled_from(["push", "pull", "lose", "fetch", "arrive"]), st.sampled_from(["east", "west"]), st.just("")
        ),
    ),
    max_size=14,
)


def test_who_wrote_what_stood_is_told_though_it_is_another_field_that_was_edited_last(shops: Chain) -> None:
    member = shops.east.create(MEMBER, {"name": "Chen", "tier": "basic"})
    shops.settle()
    shops.east.update(MEMBER, member, actor="li", tier="silver")
    shops.east.update(MEMBER, member, actor="an", name="Chen Yi")
    shops.push(shops.east)
    shops.west.clock.pass_(10)
    shops.west.update(MEMBER, member, actor="wang", tier="gold")

    shops.push(shops.west)

    (conflict,) = shops.hub.conflicts()
    assert (conflict["mine_by"], conflict["mine_origin"]) == ("li", "east-01.1")
    assert (conflict["theirs_by"], conflict["theirs_origin"]) == ("wang", "west-01.1")
    assert conflict["mine_at"] == shops.east.log()[1].at


def test_who_wrote_what_stood_is_told_though_his_clock_claimed_the_future_and_was_not_believed(shops: Chain) -> None:
    member = shops.east.create(MEMBER, {"name": "Chen", "tier": "basic"})
    shops.settle()
    shops.east.clock.pass_(10**7)
    shops.east.update(MEMBER, member, actor="li", tier="silver")
    shops.east.update(MEMBER, member, actor="an", name="Chen Yi")
    shops.push(shops.east)
    shops.west.update(MEMBER, member, actor="wang", tier="gold")

    shops.push(shops.west)

    (conflict,) = shops.hub.conflicts()
    line = shops.east.log()[1]
    assert (conflict["mine_by"], conflict["mine_at"], conflict["mine_origin"]) == ("li", line.at, "east-01.1")


def test_a_conflict_about_headquarters_record_goes_to_the_store_whose_edit_it_was(shops: Chain) -> None:
    tariff = shops.hub.create(TARIFF, {"name": "room"})
    shops.settle()
    shops.hub.update(TARIFF, tariff, actor="boss", price=200)
    shops.west.update(TARIFF, tariff, price=100)

    shops.settle()

    assert [c["_store"] for c in shops.hub.conflicts()] == ["west"]
    assert len(shops.west.conflicts()) == 1
    assert shops.east.conflicts() == []


def test_each_losing_edit_has_its_own_record_and_a_seen_one_has_none(shops: Chain) -> None:
    member = shops.east.create(MEMBER, {"level": "A"})
    shops.settle()
    shops.east.update(MEMBER, member, level="B")
    shops.push(shops.east)
    shops.west.update(MEMBER, member, level="C")
    shops.west.update(MEMBER, member, level="D")
    shops.settle()
    shops.west.update(MEMBER, member, level="E")

    shops.settle()

    assert [(c["mine"], c["theirs"]) for c in shops.hub.conflicts()] == [("B", "C"), ("B", "D")]
    assert shops.hub.row(MEMBER, member)["level"] == "E"


@pytest.mark.parametrize(("cell", "integer"), [(None, True), (5, True), ("5", False), ("", False), (-3, True)])
def test_the_text_of_a_cell_can_be_taken_back(cell: int | str | None, integer: bool) -> None:
    assert conflicts.cell_of(conflicts.text_of(cell), integer=integer) == cell


@settings(max_examples=25, deadline=None)
@given(steps=steps)
def test_there_is_a_conflict_for_every_truly_concurrent_edit_and_none_without(
    steps: list[tuple[str, str, str]],
) -> None:
    """Compared with full causal histories: each value knows the set of edits that its author had seen."""
    shops = Chain("sqlite:///:memory:")
    member = shops.east.create(MEMBER, {"tier": "-", "points": 0})
    shops.settle()
    reference = Reference()
    for step in steps:
        walk(shops, reference, member, *step)
    for branch in ("east", "west"):
        shops.push(getattr(shops, branch))
        reference.push(branch)

    shops.settle()

    rows = [stand.row(MEMBER, member) for stand in shops.places]
    assert sorted((str(c["mine"]), str(c["theirs"])) for c in shops.hub.conflicts()) == sorted(reference.conflicts)
    assert {row["tier"] for row in rows} == {reference.value}
    assert {row["points"] for row in rows} == {len(reference.edits)}  # every edit adds one, and is counted once
    shops.close()


def walk(shops: Chain, reference: Reference, member: str, verb: str, where: str, letter: str) -> None:
    """Take one step in the chain and in the reference. A page that was fetched may arrive much later."""
    stand = getattr(shops, where)
    if verb == "edit":
        value = f"{letter}{len(reference.edits)}"  # no two edits write the same
        shops.pass_()
        stand.update(MEMBER, member, tier=value, points=stand.row(MEMBER, member)["points"] + 1)
        reference.edit(where, value, stand.log()[-1].hlc, stand.node.identity.origin)
    elif verb in ("pull", "fetch"):
        page = reference.pages[where] = (shops.pulled(stand), shops.page(stand), frozenset(reference.seen["hub"]))
        if verb == "pull":
            shops.put_down(stand, page[1])
            reference.seen[where] |= page[2]
    elif verb == "arrive":
        after, page, seen = reference.pages.get(where, (-1, None, frozenset()))
        if page is not None and after == shops.pulled(stand):
            shops.put_down(stand, page)
            reference.seen[where] |= seen
    else:
        shops.push(stand, lose_answer=verb == "lose")
        reference.push(where)


class Reference:
    """The same chain with nothing but sets of edits: slow, and plainly right."""

    def __init__(self) -> None:
        self.edits: dict[str, frozenset[str]] = {}  # value -> every edit its author had seen
        self.rank: dict[str, tuple[int, str]] = {"-": (0, "")}
        self.seen: dict[str, set[str]] = {"east": {"-"}, "west": {"-"}, "hub": {"-"}}
        self.unsent: dict[str, list[str]] = {"east": [], "west": []}
        self.value = "-"
        self.conflicts: list[tuple[str, str]] = []
        self.pages: dict[str, Any] = {}  # the last page fetched: from where, what, and what was known at headquarters

    def edit(self, where: str, value: str, hlc: int, origin: str) -> None:
        self.edits[value] = frozenset(self.seen[where])
        self.rank[value] = (hlc, origin)
        self.seen[where].add(value)
        if where == "hub":
            self.value = value
        else:
            self.unsent[where].append(value)

    def push(self, where: str) -> None:
        for value in self.unsent[where]:
            if self.value not in self.edits[value]:
                self.conflicts.append((self.value, value))
                if self.rank[value] > self.rank[self.value]:
                    self.value = value
            else:
                self.value = value
            self.seen["hub"].add(value)
        self.unsent[where] = []


def test_a_conflict_with_a_value_nobody_is_known_to_have_written_names_no_author(shops: Chain) -> None:
    member = shops.east.create(MEMBER, {"name": "Chen", "state": "held"})
    shops.settle()
    table = shops.hub.node.tables[MEMBER.key]
    with shops.hub.database.write() as connection:
        connection.execute(table.update().values(_m=""))
    shops.west.update(MEMBER, member, actor="wang", state="seated")

    shops.push(shops.west)

    (conflict,) = shops.hub.conflicts()
    assert (conflict["mine"], conflict["theirs"], conflict["theirs_by"]) == ("held", "seated", "wang")
    assert [conflict[name] for name in ("mine_by", "mine_at", "mine_origin")] == [None] * 3
