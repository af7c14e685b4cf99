"""Cases, literals and aggregates: everything that is not an expression but computes all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.language.expressions import Aggregate, Case, Cases, EmptyValue, Env, Expression, Literal, Row, expressions_in
from core.language.expressions.memory import MemoryWorld, aggregate_rows
from core.model.kinds import INT, TEXT


def test_the_first_case_that_matches_gives_the_value(
    compiled: Callable[[str], Expression], env: Callable[..., Env]
) -> None:
    tiers = Cases(
        (
            Case(compiled("self.people >= 8"), Literal("large", TEXT)),
            Case(compiled("self.people >= 4"), Literal("medium", TEXT)),
        ),
        TEXT,
    )

    assert [tiers(env({"people": people})) for people in (9, 8, 4, 3)] == ["large", "large", "medium", None]
    assert tiers.may_be_empty
    assert not Cases((*tiers.rows, Case(None, Literal("small", TEXT))), TEXT).may_be_empty
    assert tiers.text == "self.people >= 8 -> large; self.people >= 4 -> medium"


def test_a_case_that_cannot_be_told_does_not_fall_through_to_the_next(
    compiled: Callable[[str], Expression], env: Callable[..., Env]
) -> None:
    tiers = Cases(
        (Case(compiled("self.people >= 8"), Literal("large", TEXT)), Case(None, Literal("small", TEXT))), TEXT
    )

    with pytest.raises(EmptyValue):
        tiers(env())


def test_an_aggregate_asks_the_world(env: Callable[..., Env]) -> None:
    around = env()
    found = [
        Row("club.room", "v8", {"floor": 2}),
        Row("club.room", "v9", {"floor": None}),
        Row("club.bar", "b", {"floor": 7}),
    ]
    around.world = MemoryWorld(found)

    def asked(how: object, field: str | None = "floor") -> object:
        return Aggregate(how, "club.room", "room", field, None, INT)(around)  # type: ignore[arg-type]

    assert [asked("count", None), asked("count"), asked("sum"), asked("avg"), asked("min"), asked("max")] == [
        2,
        1,
        2,
        2,
        2,
        2,
    ]
    assert asked("one") is None
    assert aggregate_rows(Aggregate("one", "club.room", "room", "floor"), found[:1], around) == 2
    assert Aggregate("count", "club.room", "room").text == "count room"
    assert not Aggregate("count", "club.room", "room").may_be_empty
    assert Aggregate("max", "club.room", "room", "floor").may_be_empty


def test_the_expressions_of_a_formula_are_all_that_it_is_made_of(compiled: Callable[[str], Expression]) -> None:
    tiers = Cases((Case(compiled("self.people >= 8"), compiled("self.people * 2")), Case(None, Literal(3, INT))), INT)

    assert [each.text for each in expressions_in(tiers)] == ["self.people >= 8", "self.people * 2"]
    assert list(expressions_in(None)) == list(expressions_in(Literal(1, INT))) == []
