"""Text as people write it."""

from datetime import UTC

import pytest

from core.model.fields import BadValue, FieldSpec

TEXT = FieldSpec("text")


def test_blanks_around_a_text_are_dropped_and_those_inside_stay() -> None:
    assert TEXT.parse(" \u3000 陈 大文\n", UTC) == "陈 大文"


def test_one_name_from_two_keyboards_is_one_value() -> None:
    assert TEXT.parse("e\u0301", UTC) == TEXT.parse("\u00e9", UTC)


def test_a_number_where_text_belongs_is_its_digits() -> None:
    assert TEXT.parse(208, UTC) == "208"


@pytest.mark.parametrize("raw", ["a\0b", "\ud83d", True, ["a"], {"a": 1}])
def test_what_is_not_text_is_refused(raw: object) -> None:
    with pytest.raises(BadValue):
        TEXT.parse(raw, UTC)


def test_a_novel_does_not_fit_into_a_field() -> None:
    with pytest.raises(BadValue, match="100000"):
        TEXT.parse("字" * 100_001, UTC)
