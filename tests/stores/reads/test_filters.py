"""What a list can be filtered and sorted by, and what it says of what it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from core.model.errors import NodeError
from stores.actor import Actor
from stores.reads import records

LI = Actor("li", "0755", frozenset({"hostess"}), "Li")


def listed(club: Any, record: str = "booking", **how: Any) -> list[str]:
    return [row["id"] for row in records.query(club.node, LI, club.record(record), **how).rows]


@pytest.mark.parametrize(
    "how", [{"where": [("roles", "lt", "b")]}, {"where": [("roles", "ge", "b")]}, {"sort": ["-roles"]}]
)
def test_a_list_of_posts_has_no_order_to_filter_or_sort_by(club: Any, how: dict[str, Any]) -> None:
    with pytest.raises(NodeError, match="`roles` has no order") as refusal:
        listed(club, "staff", **how)

    assert (refusal.value.problems[0].code, refusal.value.problems[0].field) == ("no-order", "roles")


@pytest.mark.parametrize("nothing", ["", None])
def test_to_be_equal_to_nothing_is_to_be_empty(club: Any, nothing: str | None) -> None:
    club.put("booking", "b1", guest_name="Chen", private=False)
    club.put("booking", "b2", private=False)

    assert listed(club, where=[("guest_name", "eq", nothing)]) == ["b2"]
    assert listed(club, where=[("guest_name", "ne", nothing)]) == ["b1"]
