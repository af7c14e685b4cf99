"""An aggregate that has been asked before gives what it gives when it is asked for the first time."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.language.expressions import Aggregate, Row
from stores.lowering import aggregate, prepared
from stores.lowering.aggregates import aggregate_again
from stores.lowering.prepared import MISSES_MAX, Memories, memory_of
from stores.storage.database import Database
from tests.stores.lowering.test_lowerer import AGGREGATES, clubs, found_bookings

ABOUT = (
    "", "booking.host == self.host", "booking.count >= self.count", "booking.amount >= self.count", "booking.name == self.name",
    "booking.night == self.night", "booking.made_at > self.made_at", "booking.amount > self.amount", "booking.tags == self.tags",
    "booking.night in period and booking.host == self.host", "booking.host.rank > self.host.rank", "contains(booking.name, self.name)",
    "booking.double > self.double", "booking.level in settings.tiers or booking.count == self.count", "booking.night == today",
)  # fmt: skip


@pytest.fixture
def database() -> Iterator[Database]:
    """SQLite: it is its wording that is remembered, PostgreSQL is asked anew each time."""
    made = Database("sqlite:///:memory:")
    yield made
    made.close()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(found=clubs(), wanted=AGGREGATES, about=st.sampled_from(ABOUT))
def test_the_second_answer_is_worth_the_first(
    club: Any, found: list[Row], wanted: tuple[Any, str | None], about: str
) -> None:
    """Given any rows and whoever asks, then what is remembered and what is worded anew agree."""
    club.put(found)
    query = asked(wanted, about, club)
    with club.database.read() as connection:
        for row in 2 * found_bookings(found):
            env = club.env(found).having(self=row)
            expected = _tried(lambda env=env: aggregate(connection, query, env, "sqlite"))  # type: ignore[misc]
            again = _tried(lambda env=env: aggregate_again(connection, query, env, remembered(club)))  # type: ignore[misc]
            assert again == expected


def asked(wanted: tuple[Any, str | None], about: str, club: Any) -> Aggregate:
    """The same aggregate each time, as a plugin has it."""
    queries = vars(club).setdefault("queries", {})
    return queries.setdefault((wanted, about), club.count(*wanted, about or None))  # type: ignore[no-any-return]


def remembered(club: Any) -> Memories:
    """What is remembered of a club's aggregates, through all examples."""
    return vars(club).setdefault("memories", {})  # type: ignore[no-any-return]


def _tried(work: Any) -> object:
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - both must fail alike
        return type(error)


def test_a_question_with_other_figures_of_the_same_sort_is_not_worded_again(club: Any) -> None:
    found = [club.booking(f"b{n}", name=f"Li {n % 3}", count=n) for n in range(9)]
    club.put(found)
    query, memories = club.count("count", None, "booking.name == self.name and booking.count < self.count"), {}

    with club.database.read() as connection:
        counts = [aggregate_again(connection, query, club.env(found).having(self=row), memories) for row in found]

    assert counts == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert memories[id(query)].worded == 1


def test_an_empty_figure_is_another_question(club: Any) -> None:
    found = [club.booking("b1", name="Li"), club.booking("b2"), club.booking("b3")]
    club.put(found)
    query, memories = club.count("count", None, "booking.name == self.name"), {}

    with club.database.read() as connection:
        counts = [
            aggregate_again(connection, query, club.env(found).having(self=row), memories) for row in [*found, *found]
        ]

    assert counts == [1, 2, 2, 1, 2, 2]


def test_an_aggregate_whose_wording_is_another_each_time_is_given_up(club: Any) -> None:
    found = [club.booking(f"b{n:03}", amount=Decimal(n) / 100) for n in range(2 * MISSES_MAX)]
    club.put(found)
    query, memories = club.count("count", None, "booking.amount < self.amount"), {}

    with club.database.read() as connection:
        counts = [aggregate_again(connection, query, club.env(found).having(self=row), memories) for row in found]

    assert counts == list(range(2 * MISSES_MAX))
    assert memory_of(memories, query) is None


def test_what_cannot_be_said_with_stand_ins_is_answered_all_the_same(
    club: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    club.put([club.booking("b1", name="Li"), club.booking("b2", name="Li")])
    query, memories = club.count("count", None, "booking.name == self.name"), dict[int, Any]()
    monkeypatch.setattr(prepared, "_stand_in", lambda sort, number: 1 / 0)

    with club.database.read() as connection:
        env = club.env([]).having(self=club.booking("b9", name="Li"))
        counts = [aggregate_again(connection, query, env, memories) for _ in range(3)]

    assert counts == [2, 2, 2]
    assert not memories[id(query)].plans
