"""Many records made at once are, line for line and cell for cell, what they would be if each was made by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model.values import Cell
from stores.changes import log
from stores.changes.commit import Deed, Edit, TooLarge, commit_on
from stores.changes.making import make_on
from stores.storage import counters
from tests.stores.chain import BOOKING, TYPES, FakeHost, Stand

texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8))
cells = st.fixed_dictionaries(
    {"guest": texts, "deposit": st.one_of(st.none(), st.integers(-9, 9))},
    optional={"room": st.sampled_from(["V8", "V%s", 'a"b', None]), "state": st.just("held"), "number": texts},
)


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Stand, Stand]]:
    """Two nodes of one name and one clock: one makes records one by one, the other at once."""
    stands = Stand("sqlite:///:memory:", "hq"), Stand("sqlite:///:memory:", "hq")
    yield stands
    for stand in stands:
        stand.close()


@given(made=st.lists(cells, max_size=12), facts=st.sampled_from([None, {"reason": "移交 100%"}]))
@settings(deadline=None, max_examples=60)
def test_they_are_what_commit_would_write(pair: tuple[Stand, Stand], made: Sequence[Any], facts: Any) -> None:
    one_by_one, at_once = pair
    base = len(one_by_one.log())
    edits = [Edit(BOOKING, f"id{base}-{n}", f"s{n % 2}", "create", values) for n, values in enumerate(made)]
    deed = Deed(f"tx{base}", "club.booking.edit", "boss", one_by_one.clock.now(), facts)

    for stand, write in ((one_by_one, commit_on), (at_once, _make)):
        if edits:
            _write(stand, write, deed, edits)

    assert one_by_one.rows(BOOKING) == at_once.rows(BOOKING)
    assert one_by_one.log() == at_once.log()
    with at_once.database.read() as connection:
        assert log.verify(connection, "hq-01.1") is None


def test_a_field_that_stays_here_or_is_withheld_is_kept_back_all_the_same() -> None:
    stand = Stand("sqlite:///:memory:", "hq", host=FakeHost(*TYPES, entry_outgoing=lambda **_: ["room"]))
    plain = Stand("sqlite:///:memory:", "hq")
    edit = Edit(BOOKING, "b1", "east", "create", {"guest": "Chen", "room": "V8", "phone": "13800000000"})

    for here, kept in ((stand, {"room", "phone"}), (plain, {"phone"})):
        _write(here, _make, Deed("tx", "club.booking.edit", "boss", here.clock.now()), [edit])

        assert set(edit.values) - here.log()[0].body.keys() == kept
        assert here.row(BOOKING, "b1")["phone"] == "13800000000"
        here.close()


def test_a_line_that_could_never_be_sent_is_refused(pair: tuple[Stand, Stand]) -> None:
    stand, huge = pair[1], "长" * (1 << 20)
    before = len(stand.log())
    deed = Deed("tx-large", "club.booking.edit", "boss", stand.clock.now())

    with pytest.raises(TooLarge):
        _write(stand, _make, deed, [Edit(BOOKING, "large", "east", "create", {"guest": huge, "room": "V8"})])

    assert len(stand.log()) == before


def _make(connection: Any, node: Any, standing: Any, deed: Deed, edits: Sequence[Edit]) -> None:
    make_on(connection, node, standing, deed, edits[0].record, edits)


def _write(stand: Stand, write: Any, deed: Deed, edits: Sequence[Edit]) -> dict[str, Cell] | None:
    with stand.database.write() as connection:
        standing = counters.load(connection, stand.node)
        write(connection, stand.node, standing, deed, edits)
        counters.save(connection, standing)
    return None
