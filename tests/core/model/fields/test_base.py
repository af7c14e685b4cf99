"""Masks: what a reader sees who may not see all of a value."""

from datetime import date

import pytest

from core.model.fields import FIELD_TYPES, MASKS, masked


@pytest.mark.parametrize(
    ("value", "manner", "seen"),
    [
        ("13800001111", "last4", "•••••••1111"),
        ("1111", "last4", "••••"),  # four characters or fewer would show all of it
        ("陈大文", "first1", "陈*"),
        ("陈", "first1", "***"),
        (date(1985, 3, 7), "year", "1985"),
        ("secret", "all", "***"),
        (500, "last4", "***"),
        (["a.png"], "first1", "***"),
        ("open", "none", "open"),
        (None, "all", None),
    ],
)
def test_a_mask_shows_what_it_says_and_no_more(value: object, manner: str, seen: object) -> None:
    assert masked(value, manner) == seen
    assert FIELD_TYPES["text"].mask(value, manner) == seen


def test_a_manner_that_does_not_fit_hides_everything() -> None:
    for manner in MASKS:
        if manner != "none":
            assert "secret" not in str(masked({"name": "secret"}, manner))
