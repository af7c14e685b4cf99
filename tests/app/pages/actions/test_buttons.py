"""The first button is the step that is next."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.pages.actions.buttons import buttons

STATES = ("asked", "held", "arrived", "cancelled")


def record(**actions: tuple[list[str], str | None]) -> Any:
    """A record type with these actions: (states they begin in, state they lead to)."""
    made = {
        name: SimpleNamespace(
            name=name,
            sources=frozenset(sources),
            by=("desk",),
            outcomes=(SimpleNamespace(to=to),),
            ask=(),
            backdate=None,
            deletes=None,
        )
        for name, (sources, to) in actions.items()
    }
    return SimpleNamespace(plugin="club", name="booking", origin="record", states=dict.fromkeys(STATES), actions=made)


MOVE, CANCEL, ARRIVE = (["held", "arrived"], None), (["asked", "held", "arrived"], "cancelled"), (["held"], "arrived")


@pytest.mark.parametrize(
    ("actions", "order"),
    [
        ({"move": MOVE, "cancel": CANCEL, "arrive": ARRIVE}, ["arrive", "move", "cancel"]),
        ({"cancel": CANCEL, "arrive": ARRIVE}, ["cancel", "arrive"]),  # the plugin begins with what moves it
    ],
)
def test_the_step_to_the_next_state_comes_first(actions: Any, order: list[str]) -> None:
    told = [{"action": name, "allowed": True, "label": name, "cite": ()} for name in actions]

    assert [each.name for each in buttons(record(**actions), "1", told, "held")] == order


def test_what_is_not_allowed_comes_last_and_says_why() -> None:
    told = [
        {"action": "arrive", "allowed": False, "why": "not for your role", "label": "arrive", "cite": ()},
        {"action": "move", "allowed": True, "label": "move", "cite": ()},
    ]

    found = buttons(record(arrive=ARRIVE, move=MOVE), "1", told, "held")

    assert [(each.name, each.why) for each in found] == [("move", None), ("arrive", "not for your role")]
