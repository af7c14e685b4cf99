"""Grams: whatever part of a text is looked for is among what the text is kept as."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stores.storage.grams import asked, coded, folded, grams_of

texts = st.text(alphabet="ab1张三士 A-'\"*\N{GRINNING FACE}", max_size=12)


def matches(word: str, grams: set[str]) -> bool:
    return all(
        any(g.startswith(gram) for g in grams) if beginning else gram in grams for gram, beginning in asked(word)
    )


@given(texts, texts, st.data())
def test_every_part_of_a_text_is_found(text: str, other: str, data: st.DataObject) -> None:
    grams = grams_of([other, None, text])
    for word in text.split():
        start = data.draw(st.integers(0, len(word) - 1))
        end = data.draw(st.integers(start + 1, len(word)))
        assert matches(word[start:end], grams)


def test_little_else_is_found() -> None:
    grams = grams_of(["张三丰", "13800001111"])

    assert not matches("三张", grams)
    assert not matches("1381", grams)
    assert matches("丰", grams)
    assert matches("1111", grams)


def test_a_word_of_any_length_asks_for_a_bounded_number_of_grams() -> None:
    assert len(asked("x" * 1000)) == 12
    assert asked("张三") == [(coded("张三"), True)]
    assert folded("ABCÄ") == "abcÄ"
