"""Lists and maps without declared parts: any JSON, with what JSON does not know written as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal

from core.model.clock import iso
from core.model.duration import Duration
from core.model.errors import Text
from core.model.fields.base import too_long
from core.model.fields.decimals import read_number
from core.model.values import INT_MAX, TEXT_CHARS_MAX, BadValue, canonical_json, clean_text

_DEPTH_MAX = 20
DIGITS_MAX = 400  # no number of a double's range is longer, written out


def free_json(raw: object, depth: int = 0) -> object:
    """Return ``raw`` as plain JSON: numbers with a point become text, so that they stay exact.

    Only text, whole numbers, yes/no, null, lists and maps are left, and so the value survives the way
    into a cell and back unchanged. A record stands for its id.
    """
    if raw is None or isinstance(raw, bool):
        return raw
    if isinstance(raw, str):
        return clean_text(raw)
    if isinstance(raw, int) and abs(raw) <= INT_MAX:
        return raw
    if isinstance(raw, float | Decimal):
        return _written(read_number(raw))
    if isinstance(raw, datetime):
        return iso(raw)
    if isinstance(raw, date | time):
        return raw.isoformat()
    if isinstance(raw, Duration):
        return str(raw)
    if depth < _DEPTH_MAX and isinstance(raw, Mapping):
        return {clean_text(str(key)): free_json(value, depth + 1) for key, value in raw.items()}
    if depth < _DEPTH_MAX and isinstance(raw, list | tuple):
        return [free_json(value, depth + 1) for value in raw]
    if isinstance(known := getattr(raw, "id", None), str):
        return known
    raise BadValue(
        Text("holds something that is neither text, number, list nor map", "包含无法保存的内容"),
        Text(
            "use text, numbers, lists and maps, nested 20 deep at most", "请使用文字、数字、列表和映射，最多嵌套 20 层"
        ),
        code="bad-json",
    )


def _written(number: Decimal) -> str:
    """Return the digits of a number; ``BadValue`` for one whose noughts alone would fill the memory (1e999999999)."""
    if abs(number.adjusted()) + len(number.as_tuple().digits) > DIGITS_MAX:
        raise BadValue(
            Text(f"holds a number of more than {DIGITS_MAX} digits", f"包含超过 {DIGITS_MAX} 位的数字"),
            Text("write it as text, or shorter", "请写成文本，或缩短该数字"),
            code="bad-number",
        )
    return format(number, "f")


def json_cell(plain: object) -> str:
    """Return the canonical JSON text of a list or map; ``BadValue`` if it is longer than a text may be."""
    text = canonical_json(plain)
    if len(text) > TEXT_CHARS_MAX:
        raise too_long(TEXT_CHARS_MAX)
    return text


def without_doubles(values: Iterable[object]) -> list[object]:
    """Return the values in their order, each once."""
    seen: dict[str, object] = {}
    for value in values:
        seen.setdefault(repr(value), value)
    return list(seen.values())
