"""``text``: what a person writes. ``min`` and ``max`` count characters."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from core.model.errors import Text
from core.model.fields.base import SCALAR_MERGES, FieldType, too_long, too_short
from core.model.kinds import TEXT, Kind
from core.model.merge import MergePolicy
from core.model.values import TEXT_CHARS_MAX, BadValue, clean_text

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec


class TextField(FieldType):
    """Text without blanks around it, in NFC."""

    name = "text"
    merges = SCALAR_MERGES | {MergePolicy.APPEND}

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> str | None:
        if isinstance(raw, bool) or not isinstance(raw, str | int):
            raise BadValue(Text("is not text", "不是文字"), Text("enter text", "请填写文字"), code="bad-text")
        text = clean_text(str(raw)).strip()
        if len(text) > TEXT_CHARS_MAX:
            raise too_long(TEXT_CHARS_MAX)
        return text or None

    def static(self, spec: FieldSpec) -> Kind:
        return TEXT

    def bound(self, raw: object, spec: FieldSpec, zone: tzinfo) -> int:
        return count_bound(raw)

    def check(self, value: object, spec: FieldSpec) -> None:
        assert isinstance(value, str)
        check_count(len(value), spec)


def count_bound(raw: object) -> int:
    """Return ``min`` or ``max`` of a length."""
    if isinstance(raw, bool) or not isinstance(raw, int | str) or not str(raw).isdecimal():
        raise BadValue(
            Text(f"`{raw}` is not a length", f"“{raw}”不是长度"),
            Text("write a whole number", "请填写整数"),
            code="bad-bound",
        )
    return int(raw)


def check_count(count: int, spec: FieldSpec) -> None:
    """Raise ``BadValue`` if there are fewer than ``min`` or more than ``max`` characters or items."""
    if isinstance(spec.min, int) and count < spec.min:
        raise too_short(spec.min)
    if isinstance(spec.max, int) and count > spec.max:
        raise too_long(spec.max)
