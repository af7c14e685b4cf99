"""Values in SQL: exact figures, lists, references, what is worked out in place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func

from core.language.expressions import FUNCTIONS, Function, Param, compile_condition
from core.model.errors import Text
from core.model.kinds import TEXT
from stores.lowering import lower_value


def test_a_limit_finer_than_a_fen_is_still_kept_exactly(club: Any) -> None:
    found = [club.booking(name, amount=Decimal(name)) for name in ("2.50", "2.51")]

    assert club.picks("self.amount < 2.505", found) == ["2.50"]
    assert club.picks("self.amount <= 2.505", found) == ["2.50"]
    assert club.picks("self.amount > 2.505", found) == ["2.51"]
    assert club.picks("self.amount >= 2.505", found) == ["2.51"]
    assert club.picks("self.amount == 2.505", found) == []
    assert club.picks("self.amount != 2.505", found) == ["2.50", "2.51"]
    assert club.picks("2.505 > self.amount", found) == ["2.50"]


def test_figures_with_different_digits_meet_exactly(club: Any) -> None:
    found = [
        club.booking("b1", amount=Decimal("0.50"), rate=Decimal("0.500")),
        club.booking("b2", amount=Decimal("0.50"), rate=Decimal("0.501")),
    ]

    assert club.picks("self.amount == self.rate", found) == ["b1"]
    assert club.picks("self.amount < self.rate", found) == ["b2"]
    assert club.picks("self.amount * self.rate == 0.25", found) == ["b1"]


def test_a_product_beyond_64_bits_is_no_error(club: Any) -> None:
    most = Decimal("92233720368547758.07")
    found = [
        club.booking("b1", amount=most, rate=Decimal("99.999")),
        club.booking("b2", amount=Decimal(1), rate=Decimal(1)),
    ]

    assert club.picks("self.amount * self.rate > 1000", found) == ["b1"]
    assert club.picks("self.amount + self.amount > self.amount", found) == ["b1", "b2"]


def test_a_figure_that_no_column_can_hold_is_simply_larger(club: Any) -> None:
    found = [club.booking("b1", count=5)]

    assert club.picks("self.count < settings.limit", found, settings={"limit": 10**30}) == ["b1"]
    assert club.picks("self.count == settings.limit", found, settings={"limit": 10**30}) == []


@pytest.mark.parametrize(("index", "picked"), [("0", ["b1"]), ("-1", ["b2"]), ("1", ["b2"]), ("7", [])])
def test_an_item_of_a_list_is_counted_from_either_end(club: Any, index: str, picked: list[str]) -> None:
    found = [club.booking("b1", tags=["vip", "new"]), club.booking("b2", tags=["new", "vip"]), club.booking("b3")]

    assert club.picks(f'self.tags[{index}] == "vip"', found) == picked


def test_the_size_of_text_is_counted_in_characters(club: Any) -> None:
    found = [club.booking("b1", name="陈小姐"), club.booking("b2", name="Li"), club.booking("b3")]

    assert club.picks("size(self.name) == 3", found) == ["b1"]
    assert club.picks("size(self.name) == 0", found) == ["b3"]


def test_a_reference_is_followed_to_fields_that_are_counted_there(club: Any) -> None:
    found = [
        club.staff("s1", name="Li"),
        club.staff("s2"),
        club.booking("b1", host="s1", amount=Decimal("10.00")),
        club.booking("b2", host="s1", amount=Decimal("5.00"), state="lapsed"),
        club.booking("b3", host="s2"),
    ]

    assert club.picks("self.host.bookings == 1", found) == ["b1", "b2", "b3"]
    assert club.picks("self.host.taken == 10", found) == ["b1", "b2"]
    assert club.picks('self.host.name == "Li" and self.state != "lapsed"', found) == ["b1"]


def test_a_computed_field_can_be_sorted_by(club: Any) -> None:
    env = club.env([])
    term = lower_value(club.computed["club.booking", "double"], env, club.tables["club.booking"], club.database.dialect)

    assert "count" in str(term.sql)
    assert term.scale == 0


def test_the_id_a_reference_holds_is_known_without_the_record_it_leads_to(club: Any) -> None:
    found = [club.staff("s1"), club.booking("b1", host="s1"), club.booking("b2", host="s9"), club.booking("b3")]

    assert club.picks('self.host.id == "s1"', found) == ["b1"]
    club.put(found)
    assert club.by_sql(club.condition('self.host.id == "s9"'), club.env(found)) == ["b2"]


def test_a_plugin_s_own_function_that_says_how_it_is_said_to_a_database_is_asked_there(club: Any) -> None:
    stripped = Function(
        "stripped",
        (Param("value", ("text",)), Param("part", ("text",))),
        TEXT,
        Text("The text stripped a part of it.", "去掉部分内容的文本。"),
        'stripped(self.name, " ")',
        lambda value, part: value.replace(part, ""),
        nulls="pass",
        empty="any",
        sql=lambda value, part: func.replace(value, part, ""),
    )
    rule = compile_condition('stripped(self.name, " ") == "LiMing"', None, club.scope, FUNCTIONS.with_(stripped))
    found = [club.booking("b1", name="Li Ming"), club.booking("b2", name="Li-Ming"), club.booking("b3")]
    club.put(found)

    assert club.by_sql(rule, club.env(found)) == club.by_closure(rule, club.env(found), found) == ["b1"]
