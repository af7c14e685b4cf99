"""Which kinds go together: the same answer from both sides."""

from __future__ import annotations

from itertools import product

import pytest

from core.language.expressions.fit import comparable, describe, fits, orderable, unify
from core.model.kinds import ANY, BOOL, DATE, DATETIME, INT, LIST, MONEY, NULL, TEXT, Kind, record_kind

KINDS = [
    TEXT, INT, MONEY, Kind("decimal"), BOOL, DATE, DATETIME, LIST, NULL, ANY, record_kind("a.b"), record_kind("a.c"),
    Kind("list", item=TEXT), Kind("list", item=INT), Kind("text", options=("a", "b")),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), list(product(KINDS, KINDS)))
def test_comparing_has_no_direction(left: Kind, right: Kind) -> None:
    assert comparable(left, right) == comparable(right, left)
    assert orderable(left, right) == orderable(right, left)
    assert (unify(left, right) is None) == (unify(right, left) is None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_fits_itself_and_can_be_named(kind: Kind) -> None:
    assert fits(kind, kind)
    assert unify(kind, kind) == kind
    assert describe(kind).en
    assert describe(kind).zh


def test_options_must_be_known_to_where_they_are_written() -> None:
    tier = Kind("text", options=("key", "general"))

    assert fits(Kind("text", options=("key",)), tier)
    assert not fits(Kind("text", options=("kye",)), tier)
    assert fits(TEXT, tier)
    assert fits(tier, TEXT)


def test_whole_numbers_become_decimals_but_not_back() -> None:
    assert fits(INT, MONEY)
    assert not fits(MONEY, INT)
    assert unify(INT, MONEY) == MONEY
