"""Texts as grams: every run of up to three letters that begins anywhere in a word. What an index of words holds.

Chinese has no spaces between words, and a desk looks for two characters of a name or four digits of a telephone: an
index of whole words finds neither. A gram begins at every letter, so any part of a text is found by the grams in it.
"""

from __future__ import annotations

from collections.abc import Iterable

LENGTH = 3
ASKED_MAX = 12  # grams of one word that is looked for; more narrow it no further


def grams_of(texts: Iterable[str | None]) -> set[str]:
    """Return the grams of all these texts together, written as ``coded`` does."""
    found: set[str] = set()
    for text in texts:
        for word in folded(text).split() if text else ():
            found.update(coded(word[start : start + LENGTH]) for start in range(len(word)))
    return found


def asked(word: str) -> list[tuple[str, bool]]:
    """Return what must be in the index for ``word`` to stand in a text: grams, and whether only their beginning."""
    text = folded(word)
    if len(text) < LENGTH:
        return [(coded(text), True)]
    starts = range(len(text) - LENGTH + 1)
    return [(coded(text[start : start + LENGTH]), False) for start in starts][:ASKED_MAX]


def folded(text: str) -> str:
    """Lower A to Z only, as a search does."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def coded(gram: str) -> str:
    """Return letters and digits that stand for a gram, five per letter: its beginning stands for its beginning."""
    return "".join(f"{ord(letter):05x}" for letter in gram)
