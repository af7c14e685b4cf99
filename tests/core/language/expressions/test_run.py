"""What rules give: with values, with empty ones, through references."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core.language.expressions import EmptyValue, Env, Expression, Records, Row, RuleError, holds
from core.model.duration import Duration

Value = Callable[..., object]


@pytest.mark.parametrize(
    ("text", "fields", "expected"),
    [
        ("self.people + 1", {"people": 2}, 3),
        ("self.amount * 2", {"amount": Decimal("0.10")}, Decimal("0.20")),
        ("self.people / 4", {"people": 1}, Decimal("0.25")),
        ("0.1 + 0.2 == 0.3", {}, True),
        ("self.people < 3 <= self.class", {"people": 2, "class": 3}, True),
        ("self.people < 3 < self.class", {"people": 2, "class": 3}, False),
        ('self.state in ["held", "seated"]', {}, True),
        ('self.state not in ["held", "seated"]', {}, False),
        ('"vip" in self.tags', {"tags": ["new", "vip"]}, True),
        ("self.tags[1]", {"tags": ["new", "vip"]}, "vip"),
        ("self.tags[-1]", {"tags": ["new", "vip"]}, "vip"),
        ("self.tags[7]", {"tags": ["new", "vip"]}, None),
        ('settings.cadence["key"]', {}, 2),
        ("settings.cadence[self.guest_name]", {"guest_name": "general"}, 1),
        ("settings.cadence[self.guest_name]", {"guest_name": "nobody"}, None),
        ('"key" in settings.cadence', {}, True),
        ("settings.follow_ups[0].opens", {}, Duration(days=15)),
        ("self.room.name", {"room": "v8"}, "V8"),
        ("self.room.keeper.name", {"room": "v8"}, "Wang"),
        ('"booker" in self.room.keeper.roles', {"room": "v8"}, True),
        ("self.booker == me", {"booker": "wang"}, True),
        ("self.booker.id", {"booker": "wang"}, "wang"),
        ("self.id", {}, "b1"),
        ("me.name", {}, "Wang"),
        ("self == self", {}, True),
        ("now if has(self.room) else null", {"room": "v8"}, datetime(2026, 3, 7, 12, 30, tzinfo=UTC)),
        ("now if has(self.room) else null", {}, None),
        ("self.night in period", {"night": date(2026, 3, 31)}, True),
        ("self.night not in period", {"night": date(2026, 4, 1)}, True),
        ("period.end", {}, date(2026, 3, 31)),
        ("self.night + 3d", {"night": date(2026, 2, 27)}, date(2026, 3, 2)),
        ("20m", {}, Duration(seconds=1200)),
        ("self.class", {"class": 7}, 7),
        ("-self.people", {"people": 2}, -2),
    ],
)
def test_a_rule_with_values(value: Value, text: str, fields: dict[str, object], expected: object) -> None:
    found = value(text, fields)

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("self.people == null", True),
        ("self.people != 3", True),
        ("self.people == self.class", True),
        ("has(self.people)", False),
        ("self.room.keeper.name", None),
        ("self.tags[0]", None),
        ("item.anything", None),
        ("not self.vip", True),
        ("self.vip == false", False),
        ("self.vip or true", True),
        ("self.vip and true", False),
        ("1 if self.vip else 2", 2),
        ('"vip" in self.tags', False),
        ('"vip" not in self.tags', True),
        ("year(self.night)", None),
        ("size(self.tags)", 0),
        ("coalesce(self.people, 4)", 4),
    ],
)
def test_reading_an_empty_field_gives_nothing_and_does_no_harm(value: Value, text: str, expected: object) -> None:
    assert value(text, item=None) == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("self.people + 1", "self.people"),
        ("self.people > 3", "self.people"),
        ("3 < self.people", "self.people"),
        ("self.class <= self.people", "self.class"),
        ("not self.people > 3", "self.people"),
        ("self.people > 3 or true", "self.people"),
        ("-self.people", "self.people"),
        ("self.night in period", "self.night"),
        ("self.night not in period", "self.night"),
        ("start_of(self.night)", "self.night"),
        ("abs(self.people)", "self.people"),
        ("min(self.people, 3)", "self.people"),
    ],
)
def test_calculating_with_an_empty_field_is_an_error_that_names_it(value: Value, text: str, named: str) -> None:
    with pytest.raises(EmptyValue) as caught:
        value(text)

    assert caught.value.problems[0].what.en == f"`{named}` is empty"
    assert caught.value.problems[0].what.zh == f"`{named}` 为空"


def test_an_answer_that_is_already_known_asks_no_further(value: Value) -> None:
    assert value("true or self.people > 3") is True
    assert value("false and self.people > 3") is False
    assert value("self.vip and self.vip and self.people > 3") is False


def test_a_where_that_fails_for_want_of_a_value_is_false(
    compiled: Callable[[str], Expression], env: Callable[..., Env]
) -> None:
    assert not holds(compiled("self.people > 3"), env())
    assert not holds(compiled("not self.people > 3"), env())
    assert not holds(compiled("self.people > 3 or true"), env())
    assert holds(compiled("self.people > 3"), env({"people": 4}))
    assert holds(None, env())


def test_dividing_by_nothing_is_like_an_empty_field(value: Value) -> None:
    with pytest.raises(EmptyValue):
        value("1 / self.people", {"people": 0})


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("item < 3", "two"),
        ("item < 3", True),
        ("item + 1", "two"),
        ("-item", "two"),
        ("item.opens", 3),
        ("item[0]", 3),
        ("3 in item", "two"),
        ("item * item", Duration(days=1)),
        ("item < 30d", Duration(months=1)),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_and_not_taken_for_something_else(
    value: Value, text: str, item: object
) -> None:
    with pytest.raises(RuleError) as caught:
        value(text, item=item)

    assert not isinstance(caught.value, EmptyValue)
    assert caught.value.problems[0].what.zh


def test_records_of_a_scenario_are_found_by_position_and_by_name(value: Value) -> None:
    wang = Row("core.staff", "wang", {"name": "Wang"})
    staff = Records([wang], {"wang": wang})

    assert value("item[0].name", item=staff) == "Wang"
    assert value("item.wang == me", item=staff) is True
    assert value("size(item)", item=staff) == 1
    assert value("item == [me]", item=staff) is True


def test_a_record_this_node_does_not_have_reads_as_empty(value: Value) -> None:
    assert value("self.room.name", {"room": "elsewhere"}) is None
