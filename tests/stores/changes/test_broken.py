"""Rules about one record that two nodes broke together: both values stay, and a person is told which rule it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.language.definition import RecordType
from core.model.values import Cell
from stores.changes.commit import Edit
from tests.stores.chain import Chain, Stand
from tests.stores.shop import host_of

PLUGIN = """
settings:
  longest: {type: int, default: null, label: {en: Longest stay, zh: 最长天数}}
records:
  stay:
    label: {en: Stay, zh: 入住}
    by: [everyone]
    fields:
      first: {type: int, label: {en: First day, zh: 首日}}
      last: {type: int, label: {en: Last day, zh: 末日}}
      guest: {type: text, label: {en: Guest, zh: 客人}}
      beds: {type: int, merge: sum, max: 4, label: {en: Beds, zh: 床位}}
      extras: {type: list, of: {type: text}, max: 2, label: {en: Extras, zh: 附加}}
      closed: {type: bool, label: {en: Closed, zh: 已关闭}}
      days: {type: int, value: =self.last - self.first, label: {en: Days, zh: 天数}}
    actions:
      add: {from: new, ask: [first, last, guest, beds, extras], label: {en: Add, zh: 新增}}
      plan:
        ask: [first, last, guest, beds, extras]
        checks:
          in_order: {rule: self.first <= self.last, message: {en: It ends before it begins, zh: 末日早于首日}}
          not_closed: {rule: not self.closed, message: {en: It is closed, zh: 已关闭}}
          not_too_long: {rule: self.days <= settings.longest, message: {en: Too long, zh: 天数过多}}
          not_by_night: {rule: 'now < at(today, time("23:00"))', message: {en: Too late, zh: 太晚}}
        label: {en: Plan, zh: 安排}
      correct: {ask: [first, last, guest], label: {en: Correct, zh: 更正}}
      close: {set: {closed: true}, label: {en: Close, zh: 关闭}}
    sync: {scope: all, home: store, deletes: delete_wins}
"""


@pytest.fixture(scope="module")
def hotel() -> Iterator[Chain]:
    """A chain that all tests share: each takes a stay of its own."""
    host = host_of(PLUGIN)
    made = Chain("sqlite:///:memory:", hub=host, east=host, west=host)
    yield made
    made.close()


def stay(hotel: Chain) -> RecordType:
    return hotel.hub.node.catalog.records["club.stay"]


def a_stay(hotel: Chain, **values: Cell) -> str:
    id_ = hotel.east.create(stay(hotel), {"first": 3, "last": 5, "guest": "Chen", **values})
    hotel.settle()
    return id_


def done(place: Stand, action: str, id_: str, **values: Cell) -> None:
    record = place.node.catalog.records["club.stay"]
    place.do(Edit(record, id_, "", "update", values), action=action)


def told(hotel: Chain, id_: str) -> list[dict[str, Any]]:
    return [each for each in hotel.hub.conflicts() if each["record_id"] == id_ and each["kind"] == "broken"]


def test_two_edits_that_keep_a_check_each_and_break_it_together_both_stay_and_open_a_conflict(hotel: Chain) -> None:
    id_ = a_stay(hotel)
    done(hotel.east, "plan", id_, first=5)
    done(hotel.west, "plan", id_, last=4)

    hotel.settle()

    rows = [place.row(stay(hotel), id_) for place in hotel.places]
    assert [(row["first"], row["last"]) for row in rows] == [(5, 4)] * 3
    (conflict,) = told(hotel, id_)
    assert (conflict["field"], conflict["policy"], conflict["detail"]) == (None, "check", "plan.in_order")
    assert (conflict["mine_by"], conflict["theirs_by"], conflict["state"]) == ("li", "wang", "open")
    assert conflict["outcome"] == "both"


@pytest.mark.parametrize("asks_first", [True, False])
def test_it_is_told_whichever_of_the_two_sides_asks_the_check_and_arrives_first(hotel: Chain, asks_first: bool) -> None:
    id_ = a_stay(hotel)
    one, other = ("plan", "correct") if asks_first else ("correct", "plan")
    done(hotel.east, one, id_, first=5)
    done(hotel.west, other, id_, last=4)

    hotel.settle()

    assert [each["detail"] for each in told(hotel, id_)] == ["plan.in_order"]


def test_what_was_decided_meanwhile_counts_also_where_another_action_decided_it(hotel: Chain) -> None:
    id_ = a_stay(hotel)
    done(hotel.hub, "close", id_, closed=1)
    done(hotel.east, "plan", id_, last=9)

    hotel.settle()

    assert [each["detail"] for each in told(hotel, id_)] == ["plan.not_closed"]


def test_nothing_is_told_of_a_rule_that_holds_or_waits_for_a_figure_that_nobody_has_set(hotel: Chain) -> None:
    id_ = a_stay(hotel)
    done(hotel.east, "plan", id_, first=4)
    done(hotel.west, "plan", id_, last=99)

    hotel.settle()

    assert told(hotel, id_) == []


def test_a_rule_is_not_asked_again_where_neither_side_has_touched_what_it_reads(hotel: Chain) -> None:
    id_ = a_stay(hotel, first=9)  # it breaks the rule, and everybody knows
    done(hotel.east, "plan", id_, guest="Lin")
    done(hotel.west, "plan", id_, guest="Wu")

    hotel.settle()

    assert told(hotel, id_) == []


def test_what_an_author_knew_is_not_asked_again(hotel: Chain) -> None:
    id_ = a_stay(hotel)
    done(hotel.east, "correct", id_, first=9)
    hotel.settle()
    done(hotel.west, "plan", id_, last=8)

    hotel.settle()

    assert told(hotel, id_) == []


def test_a_record_that_stays_broken_is_one_open_conflict_and_another_once_that_is_decided(hotel: Chain) -> None:
    id_ = a_stay(hotel)
    done(hotel.east, "plan", id_, first=5)
    done(hotel.west, "plan", id_, last=4)
    done(hotel.west, "plan", id_, last=3)
    hotel.settle()
    (first,) = told(hotel, id_)
    done(hotel.hub, "correct", id_, last=2)
    done(hotel.east, "plan", id_, first=7)
    hotel.settle()
    assert [each["id"] for each in told(hotel, id_)] == [first["id"]]

    hotel.hub.update(hotel.hub.node.catalog.records["core.conflict"], first["id"], state="resolved")
    done(hotel.hub, "correct", id_, last=1)
    done(hotel.east, "plan", id_, first=8)
    hotel.settle()

    assert [each["state"] for each in told(hotel, id_)] == ["resolved", "open"]


@pytest.mark.parametrize(
    ("field", "before", "one", "other", "sum_"),
    [("beds", 2, 4, 3, 5), ("extras", '["a"]', '["a","b"]', '["a","c"]', '["a","b","c"]')],
)
def test_what_two_stores_added_beyond_the_limit_of_a_field_stays_and_opens_a_conflict(
    hotel: Chain, field: str, before: Cell, one: Cell, other: Cell, sum_: Cell
) -> None:
    id_ = a_stay(hotel, **{field: before})
    done(hotel.east, "correct", id_, **{field: one})
    done(hotel.west, "plan", id_, **{field: other})

    hotel.settle()

    assert hotel.hub.row(stay(hotel), id_)[field] == sum_
    (conflict,) = told(hotel, id_)
    assert (conflict["field"], conflict["policy"], conflict["detail"]) == (field, "limit", None)
    assert [conflict[name] for name in ("base", "mine", "theirs")] == [str(each) for each in (before, one, other)]


def test_a_deleted_record_breaks_no_rule(hotel: Chain) -> None:
    id_ = a_stay(hotel)
    done(hotel.east, "plan", id_, first=5)
    hotel.east.change_life(stay(hotel), id_, "delete")
    done(hotel.west, "plan", id_, last=4)

    hotel.settle()

    assert told(hotel, id_) == []
