"""A piece of a log by column says exactly what its entries say one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model.change import GENESIS, Entry, chain
from core.model.lines import Lines, Same, bodies_of, chained, is_same, lines_of
from core.model.values import canonical_json

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6) | st.sampled_from(
    ['say "x",', "a\\", "100%", "%s", "\n\t", "\x7f\u2028", "酒水", "null", ""]
)
CELL = st.none() | st.integers(-(2**63), 2**63 - 1) | TEXT
NAME = st.sampled_from(["name", "note", "a", "_life", 'odd"%name'])
BODY = st.dictionaries(NAME, st.tuples(CELL, CELL), max_size=3)
FACTS = st.none() | st.dictionaries(TEXT, CELL | st.lists(CELL, max_size=2), min_size=1, max_size=2)
LINE = st.fixed_dictionaries(
    {
        "tx": st.sampled_from(["t1", "t2", 'odd"tx']),
        "action": st.sampled_from(["club.booking.book", "预订"]),
        "hlc": st.integers(0, 2**63 - 1),
        "at": TEXT,
        "actor": TEXT,
        "store": st.sampled_from(["s1", "s2"]),
        "type": st.sampled_from(["club.booking", "club.table"]),
        "pk": TEXT,
        "kind": st.sampled_from(["create", "update"]),
        "base_hs": st.integers(0, 3),
        "body": BODY,
        "facts": FACTS,
    }
)


def entries_of(told: list[dict[str, Any]], first: int = 5) -> list[Entry]:
    entries, previous = [], GENESIS
    for seq, line in enumerate(told, start=first):
        entry = Entry(origin="s1.1", seq=seq, nth=1, of=1, received="r", mono=7, boot="b", **line)
        previous = chain(previous, entry)
        entries.append(entry._replace(hash=previous))
    return entries


@given(told=st.lists(LINE, min_size=1, max_size=6))
def test_lines_are_hashed_and_written_as_entries_are_one_by_one(told: list[dict[str, Any]]) -> None:
    entries = entries_of(told)
    lines = lines_of(entries)

    assert chained(GENESIS, lines.origin, lines.first, lines.columns) == [entry.hash for entry in entries]
    assert bodies_of(lines.blocks(), len(lines)) == [canonical_json(entry.body) for entry in entries]


@given(line=LINE, count=st.integers(1, 4))
def test_a_column_known_to_say_one_thing_is_hashed_like_any_other(line: dict[str, Any], count: int) -> None:
    entries = entries_of([line] * count)
    lines = lines_of(entries)
    known = {name: Same(column) for name, column in lines.columns.items()}

    assert chained(GENESIS, lines.origin, lines.first, known) == [entry.hash for entry in entries]
    assert all(is_same(column) for column in lines.columns.values())
    assert not any(is_same([*column, object()]) for column in lines.columns.values())


@pytest.mark.parametrize(
    ("column", "same"),
    [([], True), ([1, 1], True), (Same([1]), True), ([1, True], False), ([1, 2, 1], False), (["a", None], False)],
)
def test_what_is_the_same_all_the_way_is_so_in_value_and_type(column: list[object], same: bool) -> None:
    assert is_same(column) == same


@pytest.mark.parametrize(
    "body", ['{"a":[1,2]},{"a":[1,2]}', "", '{"a":[1]}', '{"a":[1,2,3]}', '{"a":1}', "[1]", "1", '{"a":[1,2]', "null"]
)
def test_a_body_that_was_edited_behind_the_nodes_back_is_noticed(body: str) -> None:
    lines = lines_of(entries_of([_LINE | {"tx": "t"}] * 2))
    columns = {**lines.columns, "body": [body, "{}"]}

    with pytest.raises((ValueError, TypeError, AttributeError)):
        Lines(lines.origin, lines.first, columns, lines.hashes).blocks()


@given(told=st.lists(LINE, min_size=1, max_size=6), cut=st.integers(0, 6))
def test_lines_are_a_sequence_of_their_entries(told: list[dict[str, Any]], cut: int) -> None:
    entries = entries_of(told)
    lines = lines_of(entries)

    assert list(lines) == entries
    assert lines == tuple(entries)
    assert lines != [*entries, entries[0]]
    assert list(lines[cut:]) == entries[cut:]
    assert (lines[-1], lines.last) == (entries[-1], entries[-1].seq)
    with pytest.raises(IndexError):
        lines[len(entries)]


@given(told=st.lists(LINE, min_size=1, max_size=8))
def test_blocks_hold_every_line_once_with_its_cells(told: list[dict[str, Any]]) -> None:
    entries = entries_of(told)

    found = {}
    for block in lines_of(entries).blocks():
        for row, place in enumerate(block.places):
            pairs = zip(block.cells[::2], block.cells[1::2], strict=True)
            body = {name: (old[row], new[row]) for name, (old, new) in zip(block.fields, pairs, strict=True)}
            found[place] = (block.type, block.kind, body)
            assert all(block.new(name)[row] == new for name, (_, new) in body.items())

    assert found == {n: (entry.type, entry.kind, entry.body) for n, entry in enumerate(entries)}


def test_transactions_are_numbered_as_they_come() -> None:
    lines = lines_of(entries_of([{**_LINE, "tx": tx} for tx in ("a", "a", "b", "c", "c")]))

    assert lines.transactions() == [0, 0, 1, 2, 2]
    assert lines[:0].transactions() == []


_LINE: dict[str, Any] = {
    "action": "a", "hlc": 1, "at": "", "actor": "", "store": "", "type": "", "pk": "", "kind": "create", "base_hs": 0,
    "body": {}, "facts": None,
}  # fmt: skip
