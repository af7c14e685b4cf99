"""What no cell may hold, and that equal values are equal bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model.values import INT_MAX, BadValue, canonical_json, clean_text


def test_one_name_from_two_keyboards_is_one_text() -> None:
    assert clean_text("Caf\u0065\u0301") == clean_text("Caf\u00e9") == "Caf\u00e9"


def test_line_ends_of_a_windows_form_are_those_of_every_other_form() -> None:
    assert clean_text("一\r\n二\r三") == "一\n二\n三"


@pytest.mark.parametrize("broken", ["a\0b", "\ud800", "x\udfff", "bell\a"])
def test_what_a_database_cannot_keep_is_refused_in_both_languages(broken: str) -> None:
    with pytest.raises(BadValue) as refused:
        clean_text(broken)

    assert refused.value.fix is not None
    assert f"U+{ord(next(c for c in broken if c not in 'abxel')):04X}" in refused.value.what.zh


@pytest.mark.parametrize("unheld", [2**64, "\ud800", {1: 2}, {1, 2}])
def test_what_no_cell_holds_has_no_canonical_form(unheld: object) -> None:
    with pytest.raises(TypeError):
        canonical_json([unheld])


@given(
    st.dictionaries(st.text(max_size=3), st.integers(-INT_MAX, INT_MAX) | st.text(max_size=5) | st.none(), max_size=5)
)
def test_equal_maps_have_equal_text_in_whatever_order_they_were_filled(filled: dict[str, object]) -> None:
    turned = dict(reversed(filled.items()))

    assert canonical_json(filled) == canonical_json(turned)


def test_a_refusal_becomes_a_problem_with_its_field() -> None:
    with pytest.raises(BadValue) as refused:
        clean_text("\0")

    problem = refused.value.problem("guest_name")

    assert problem.field == "guest_name"
    assert "改法" in problem.render("zh")
