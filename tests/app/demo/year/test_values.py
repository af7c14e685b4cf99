"""What a plan writes for a value, drawn."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from app.demo.year.values import Draw
from tests.stores.shop import ZONE

NOW = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)


class Around:
    def staff(self, role: str) -> tuple[str, str]:
        return f"id-of-{role}", f"badge-of-{role}"

    def any_of(self, record: str) -> str | None:
        return f"some-{record}" if record == "room" else None

    def count(self, first: int) -> str:
        return str(first)

    def above(self, field: str) -> object:
        return f"above {field}"

    def own(self, field: str) -> object:
        return f"own-{field}"

    def word(self, key: str, _dice: Random) -> object:
        return {"style": "现代简约", "price": {"from": 5, "to": 5}}[key]


def drawn(written: Any, seed: int = 1) -> Any:
    return Draw(Random(seed), Around(), NOW, ZONE, "li", "b1").value(written)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("纯文本", "纯文本"), (12, 12), ("$staff.desk", "id-of-desk"), ("$badge.desk", "badge-of-desk"),
        ("$any.room", "some-room"), ("$any.unit", None), ("$self.guest", "own-guest"), ("$up.designer", "above designer"), ("$me", "li"), ("$id", "b1"),
        ("$words.style", "现代简约"), ("$words.price", 5), ({"one": ["a"]}, "a"), ({"count": 201}, "201"),
        ({"maybe": 0, "is": "x"}, None), ({"maybe": 1, "is": "$me"}, "li"), (["$me", "$id"], ["li", "b1"]),
        ({"name": "$me"}, {"name": "li"}), ({"day": [3, 3]}, "2026-03-10"),
        ({"month": 1}, "2026-04-01"), ({"month": 10, "day": [9, 9]}, "2027-01-09"), ({"month": 0}, "2026-03-01"),
        ({"on": "2026-06-20", "at": "18:00"}, "2026-06-20T18:00"), ({"from": 0.5, "to": 0.5, "step": 0.1}, "0.5"),
    ],
)  # fmt: skip
def test_a_value_is_drawn_from_what_it_says(written: Any, value: Any) -> None:
    assert drawn(written) == value


def test_numbers_days_and_moments_stay_between_their_ends() -> None:
    numbers = {drawn({"from": 800, "to": 1000, "step": 50}, seed) for seed in range(60)}
    days = {drawn({"day": [-1, 1]}, seed) for seed in range(60)}
    moments = [datetime.fromisoformat(drawn({"in": ["1h", "1d"]}, seed)) for seed in range(60)]

    assert numbers == {800, 850, 900, 950, 1000}
    assert days == {(date(2026, 3, 7) + timedelta(days=n)).isoformat() for n in (-1, 0, 1)}
    assert NOW + timedelta(hours=1) - timedelta(seconds=1) <= min(moments)
    assert max(moments) <= NOW + timedelta(days=1)


def test_what_comes_out_as_nothing_is_not_entered() -> None:
    draw = Draw(Random(1), Around(), NOW, ZONE, "li", None)

    assert draw.all({"a": "$any.unit", "b": 1}) == {"b": 1}
