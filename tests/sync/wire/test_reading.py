"""A getter gives the type it promises, or an error that names the place and never the content."""

from __future__ import annotations

from typing import Any

import pytest

from core.model.lines import Same
from sync.protocol import FrameError
from sync.wire import reading


@pytest.mark.parametrize(
    ("getter", "value"),
    [
        (reading.text, 1), (reading.text, None), (reading.text, "a\0b"), (reading.name, ""), (reading.name, "n" * 201),
        (reading.integer, "1"), (reading.integer, 1.0), (reading.integer, True), (reading.integer, -1), (reading.integer, 2**63),
        (reading.flag, 1), (reading.flag, None), (reading.listing, "ab"), (reading.listing, (1,)), (reading.mapping, [1]),
    ],
)  # fmt: skip
def test_what_is_not_of_the_type_is_refused(getter: object, value: object) -> None:
    with pytest.raises(FrameError, match="part"):
        getter(value, "part")  # type: ignore[operator]


def test_what_is_of_the_type_comes_back_as_it_is() -> None:
    assert reading.text("", "part") == ""
    assert reading.name("茶", "part") == "茶"
    assert reading.integer(-3, "part", -3, -3) == -3
    assert reading.flag(False, "part") is False
    assert reading.hexadecimal("0f", "part", 2) == "0f"
    assert reading.cells([None, -(2**63), 2**63 - 1, "茶"], "part") == [None, -(2**63), 2**63 - 1, "茶"]
    assert reading.texts([], "part") == []
    assert reading.integers([], "part") == []


@pytest.mark.parametrize("form", [list, Same])
@pytest.mark.parametrize(
    ("getter", "value"),
    [
        (reading.texts, 1), (reading.texts, None), (reading.texts, "a\0b"), (reading.integers, "1"), (reading.integers, -1),
        (reading.integers, True), (reading.integers, 2**63), (reading.cells, True), (reading.cells, 1.0),
        (reading.cells, "a\0b"), (reading.cells, 2**63), (reading.cells, -(2**63) - 1), (reading.cells, b"a"),
    ],
)  # fmt: skip
def test_a_column_is_looked_at_whole_though_it_says_one_thing_all_the_way(
    getter: Any, value: object, form: type[list[object]]
) -> None:
    with pytest.raises(FrameError, match="part"):
        getter(form([value, value]), "part")
    assert getter(form(), "part") == []


@pytest.mark.parametrize("value", ["0F", "0", "0ff", "0g", "０f"])
def test_digits_are_counted_and_lower_case(value: str) -> None:
    with pytest.raises(FrameError):
        reading.hexadecimal(value, "part", 2)


def test_an_error_never_quotes_what_was_sent() -> None:
    with pytest.raises(FrameError) as caught:
        reading.integer("13812345678", "phone")

    assert "13812345678" not in str(caught.value)
