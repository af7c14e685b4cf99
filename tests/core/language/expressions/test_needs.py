"""A blank setting makes a rule inactive (C-11), unless the rule tests the setting itself."""

from __future__ import annotations

import pytest

from core.language.expressions import NameScope
from core.language.expressions.compile import compile_expression
from core.model.kinds import INT, Kind

SCOPE = NameScope({"settings": Kind("map", parts=(("cap", INT), ("fine", INT))), "n": INT})


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("n > 3", set()),
        ("n > settings.cap", {"cap"}),
        ("n > settings.cap and n < settings.fine", {"cap", "fine"}),
        ("has(settings.cap) and n > settings.cap", set()),
        ("n > coalesce(settings.cap, settings.fine)", set()),
        ("has(settings.cap) and n > settings.fine", {"fine"}),
    ],
)
def test_which_settings_a_rule_cannot_do_without(text: str, needed: set[str]) -> None:
    assert compile_expression(text, None, SCOPE).settings == needed
