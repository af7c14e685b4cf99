"""A value beyond the limits of its field that comes from another node stands, and a person is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.language.definition import RecordType
from core.model.values import Cell
from stores.changes.commit import Edit
from stores.changes.limits import all_within, within
from stores.changes.merging import shape_of
from tests.stores.chain import Chain, Stand
from tests.stores.shop import host_of

PLUGIN = """
records:
  stay:
    label: {en: Stay, zh: 入住}
    by: [everyone]
    fields:
      nights: {type: int, min: 1, max: 30, label: {en: Nights, zh: 晚数}}
      price: {type: money, min: 0, label: {en: Price, zh: 价格}}
      note: {type: text, min: 2, max: 5, label: {en: Note, zh: 备注}}
      day: {type: date, min: 2026-01-01, label: {en: Day, zh: 日期}}
      guest: {type: text, label: {en: Guest, zh: 客人}}
    actions:
      add: {from: new, ask: [nights, price, note, day, guest], label: {en: Add, zh: 新增}}
      plan: {ask: [nights, price, note, day, guest], label: {en: Plan, zh: 安排}}
      stretch: {ask: [guest], set: {nights: =self.nights + 1}, label: {en: Stretch, zh: 延住}}
    sync: {scope: all, home: store}
"""
BEYOND: list[tuple[str, Cell]] = [
    ("nights", 31), ("nights", 0), ("price", -1), ("note", "一"), ("note", "一二三四五六"), ("day", "2025-12-31"),
]  # fmt: skip
JUST: list[tuple[str, Cell]] = [
    ("nights", 30), ("nights", 1), ("price", 0), ("note", "一二"), ("note", "一二三四五"), ("day", "2026-01-01"), ("day", None),
]  # fmt: skip


@pytest.fixture(scope="module")
def hotel() -> Iterator[Chain]:
    """A chain that all tests share: each takes a stay of its own."""
    host = host_of(PLUGIN)
    made = Chain("sqlite:///:memory:", hub=host, east=host, west=host)
    yield made
    made.close()


def stay(hotel: Chain) -> RecordType:
    return hotel.hub.node.catalog.records["club.stay"]


def done(place: Stand, action: str, id_: str, **values: Cell) -> None:
    """Write past all checks of the node, as a thief in its database or an older plugin would."""
    place.do(Edit(place.node.catalog.records["club.stay"], id_, "", "update", values), action=action)


def told(hotel: Chain, id_: str) -> list[dict[str, Any]]:
    return [each for each in hotel.hub.conflicts() if each["record_id"] == id_]


@pytest.mark.parametrize(("field", "value"), BEYOND)
def test_one_line_that_brings_a_value_nobody_could_enter_is_merged_and_told(
    hotel: Chain, field: str, value: Cell
) -> None:
    record = stay(hotel)
    id_ = hotel.east.create(record, {"guest": "Chen"})
    hotel.settle()
    done(hotel.east, "plan", id_, **{field: value})

    hotel.settle()

    assert hotel.hub.row(record, id_)[field] == value
    (conflict,) = told(hotel, id_)
    assert (conflict["kind"], conflict["field"], conflict["policy"]) == ("broken", field, "limit")
    assert (conflict["theirs"], conflict["mine"], conflict["outcome"]) == (str(value), None, "both")
    assert (conflict["detail"], conflict["state"]) == (None, "open")


def test_a_new_record_beyond_a_limit_is_told_of_and_others_of_its_frame_are_not(hotel: Chain) -> None:
    record = stay(hotel)
    edits = [Edit(record, f"stay-{nights}", "east", "create", {"nights": nights}) for nights in (30, 31, 1)]
    for edit in edits:
        hotel.east.do(edit, action="add")

    hotel.settle()

    assert [len(told(hotel, edit.id)) for edit in edits] == [0, 1, 0]
    assert hotel.hub.row(record, "stay-31")["nights"] == 31


def test_what_a_rule_has_worked_out_is_held_to_no_limit(hotel: Chain) -> None:
    id_ = hotel.east.create(stay(hotel), {"nights": 30})
    done(hotel.east, "stretch", id_, nights=31)

    hotel.settle()

    assert told(hotel, id_) == []


def test_a_column_is_within_its_limits_when_each_of_its_cells_is(hotel: Chain) -> None:
    limited = shape_of(stay(hotel)).limited

    assert limited.keys() == {"nights", "price", "note", "day"}
    for field, value in BEYOND:
        assert not within(limited[field], value)
        assert not all_within(limited[field], [*(just for name, just in JUST if name == field), value])
    for name in limited:
        assert all_within(limited[name], [just for field, just in JUST if field == name])
        assert all_within(limited[name], [None])
