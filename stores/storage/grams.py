"""Texts as grams: every run of up to three letters that begins anywhere in a word. What an index of words holds.

Chinese has no spaces between words, and a desk looks for two characters of a name or four digits of a telephone: an
index of whole words finds neither. A gram begins at every letter, so any part of a text is found by the grams in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from string import ascii_uppercase

LENGTH = 3
CODE = 5  # digits that stand for a letter
ASKED_MAX = 12  # grams of one word that is looked for; more narrow it no further
_LOWER = {ord(letter): letter.lower() for letter in ascii_uppercase}


def grams_of(texts: Iterable[str | None]) -> set[str]:
    """Return the grams of all these texts together, written as ``coded`` does."""
    found: set[str] = set()
    for text in texts:
        for word in folded(text).split() if text else ():
            whole = coded(word)
            found.update([whole[start : start + LENGTH * CODE] for start in range(0, len(whole), CODE)])
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
    return text.translate(_LOWER)


def coded(gram: str) -> str:
    """Return letters and digits that stand for a gram, ``CODE`` per letter: its beginning stands for its beginning."""
    return "".join(map(_CODES.__getitem__, gram))


class _Codes(dict[str, str]):
    """What stands for each letter, worked out when it is first met: every record has the same few thousand."""

    def __missing__(self, letter: str) -> str:
        code = self[letter] = f"{ord(letter):05x}"
        return code


_CODES = _Codes()
