"""The cell: the one form of a value that the database, the log and the wire share; and what no cell may hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence, Set
from typing import Any, TypeVar, cast

import orjson

from core.model.errors import Problem, Text

T = TypeVar("T")
Cell = int | str | None
INT_MAX = 2**63 - 1  # what a database column and the wire hold; the minimum is its negative
TEXT_CHARS_MAX = 100_000
LINE_CHARS_MAX = 1 << 20  # of all texts of one change, old and new; of the longest letters still less than half a frame


class BadValue(ValueError):
    """A value that does not fit its field: what is wrong, and the way out, in both languages."""

    def __init__(self, what: Text, fix: Text | None = None, code: str = "bad-value") -> None:
        super().__init__(what.en if fix is None else f"{what.en}; {fix.en}")
        self.what = what
        self.fix = fix
        self.code = code

    def problem(self, field: str | None = None) -> Problem:
        """Return it as one line of an answer to a person, about ``field``."""
        return Problem(self.code, self.what, fix=self.fix, field=field)


def canonical_json(value: object) -> str:
    """Return the one JSON text of ``value``: sorted keys, no spaces, so that equal values are equal bytes."""
    return canonical_bytes(value).decode()


def canonical_bytes(value: object) -> bytes:
    """Return ``canonical_json`` as UTF-8. Raises TypeError for what no cell holds: beyond 64 bits, half a surrogate."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def read_json(text: str | bytes) -> Any:
    """Return what a JSON text that this program wrote says. Raises ValueError when it is none."""
    return orjson.loads(text)


def read_aside(text: str) -> dict[str, Any]:
    """Return the fields that a row keeps aside for a newer plugin; none of a text that a failing disk has altered.

    What they held still stands in the log; that they do not read must not hold up the row, nor its neighbours.
    """
    try:
        found = orjson.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def clean_text(raw: str) -> str:
    """Return ``raw`` in NFC with ``\\n`` line ends, or raise ``BadValue`` for what no database keeps safely.

    NFC, because two keyboards may write one name in two ways, and nodes would call that a difference.
    NUL ends a text early in some databases; half of a surrogate pair cannot be written as UTF-8 at all.
    """
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isprintable():
        _refuse_broken(text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _refuse_broken(text: str) -> None:
    for character in text:
        code = ord(character)
        if 0xD800 <= code <= 0xDFFF or (code < 32 and character not in "\n\t"):
            raise BadValue(
                Text(
                    f"the text contains a character that cannot be kept (U+{code:04X})",
                    f"文字中含有无法保存的字符（U+{code:04X}）",
                ),
                Text("delete that character and enter the text again", "请删除该字符后重新输入"),
                code="bad-text",
            )


def of_kind(kind: type[T], column: Sequence[object], kinds: Set[type]) -> Sequence[T]:
    """Return the values of one type in a column; ``kinds`` are all types in it, and mostly there is no other."""
    return cast(Sequence[T], column if kinds == {kind} else [value for value in column if type(value) is kind])
