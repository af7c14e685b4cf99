"""Functions on values."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from core.language.expressions import EmptyValue, RuleError

Value = Callable[..., object]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("round(self.amount)", 3),
        ("round(-self.amount)", -3),
        ("round(self.amount / 3, 2)", Decimal("0.83")),
        ("round(1.005, 2)", Decimal("1.01")),
        ("abs(-self.amount)", Decimal("2.50")),
        ("min(self.people, self.amount)", Decimal("2.50")),
        ("max(self.people, 2, 9)", 9),
        ("max([1, 3, 2])", 3),
        ("sum([1, 2, 3])", 6),
        ("size(self.guest_name)", 3),
        ("size(self.tags)", 2),
        ("lower(self.guest_name)", "陈li"),
        ("upper(self.guest_name)", "陈LI"),
        ('contains(self.guest_name, "Li")', True),
        ('startswith(self.guest_name, "陈")', True),
        ('startswith(self.guest_name, "Li")', False),
        ('contains(self.guest_phone, "1")', False),
        ('overlap(self.tags, ["nobody", "vip"])', True),
        ('overlap(self.tags, ["nobody"])', False),
        ("overlap(self.tags, [])", False),
        ("overlap(null, self.tags)", False),
        ('mentions("New wine", self.tags)', True),
        ('mentions("old wine", self.tags)', False),
        ("mentions(null, self.tags)", False),
        ("mentions(self.guest_name, null)", False),
        ("text(self.amount)", "2.50"),
        ("text(self.vip)", "true"),
        ("text(self.people) + self.guest_name", "5陈Li"),
        ("int(self.amount)", 2),
        ('int("12")', 12),
        ('decimal("1.50")', Decimal("1.50")),
        ('join(self.tags, "、")', "new、vip"),
        ("join(self.tags)", "new, vip"),
        ("coalesce(self.class, self.people)", 5),
        ('blank(self, ["guest_name", "guest_phone", "class"])', ["guest_phone", "class"]),
        ('size(blank(self, ["guest_name"])) == 0', True),
        ("has(self.tags)", True),
    ],
)
def test_what_they_give(value: Value, text: str, expected: object) -> None:
    fields = {"amount": Decimal("2.50"), "people": 5, "guest_name": "陈Li", "tags": ["new", "vip"], "vip": True}
    found = value(text, fields)

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "text", ["lower(self.guest_name)", "text(self.people)", "int(self.amount)", "year(self.night)"]
)
def test_reading_nothing_gives_nothing(value: Value, text: str) -> None:
    assert value(text) is None


@pytest.mark.parametrize("text", ["round(self.amount)", "sum(self.notes)", "join(self.tags)", "max(self.people, 1)"])
def test_calculating_with_nothing_fails(value: Value, text: str) -> None:
    with pytest.raises(EmptyValue):
        value(text)


@pytest.mark.parametrize(
    "text", ['int("a few")', 'decimal("NaN")', 'decimal("1e99")', "round(1.5, 99)", 'max(item, "a")', "size(item)"]
)
def test_what_makes_no_sense_is_told(value: Value, text: str) -> None:
    with pytest.raises(RuleError):
        value(text, item=3)


def test_an_empty_list_or_text_counts_as_nothing(value: Value) -> None:
    assert value("has(item)", item=[]) is False
    assert value("has(item)", item="") is False
    assert value("has(item)", item=0) is True
    assert value("has(item)", item=False) is True
