"""``decimal``: an exact number with a fixed count of digits after the point, kept as a scaled whole number."""

from __future__ import annotations

import re
import unicodedata
from datetime import tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from core.model.errors import Text
from core.model.fields.base import NUMBER_MERGES, FieldType, shown
from core.model.kinds import Kind
from core.model.values import INT_MAX, BadValue, Cell

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec

DIGITS = 2  # when a plugin does not say how many
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_NUMBER = re.compile(r"[+-]?(\d{1,40}|\d{1,3}(,\d{3}){1,12})(\.\d{1,40})?")
_FLOAT_DIGITS_MAX = 15  # a float of up to 15 digits is exactly the number a person wrote


class DecimalField(FieldType):
    """A number rounded half up to ``digits`` (C-8); -1.005 becomes -1.01. Out as text, so that it stays exact."""

    name = "decimal"
    column = "integer"
    merges = NUMBER_MERGES

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> Decimal:
        return quantized(read_number(raw), scale(spec))

    def static(self, spec: FieldSpec) -> Kind:
        return Kind("decimal", digits=scale(spec))

    def to_cell(self, value: object, spec: FieldSpec) -> Cell:
        assert isinstance(value, Decimal | int)
        digits = scale(spec)
        return int(quantized(Decimal(value), digits).scaleb(digits, _EXACT))

    def from_cell(self, cell: Cell, spec: FieldSpec) -> Decimal:
        assert isinstance(cell, int)
        return Decimal(cell).scaleb(-scale(spec), _EXACT)

    def to_json(self, value: object, spec: FieldSpec, zone: tzinfo) -> str:
        assert isinstance(value, Decimal | int)
        return format(quantized(Decimal(value), scale(spec)), "f")

    def plain(self, value: object, spec: FieldSpec) -> str:
        assert isinstance(value, Decimal | int)
        return format(quantized(Decimal(value), scale(spec)), "f")

    def from_plain(self, plain: object, spec: FieldSpec) -> Decimal:
        return quantized(Decimal(str(plain)), scale(spec))


def scale(spec: FieldSpec) -> int:
    """Return the digits after the point of a field."""
    return DIGITS if spec.digits is None else spec.digits


def quantized(number: Decimal, digits: int) -> Decimal:
    """Return the number rounded half up to ``digits``; -0.00 becomes 0.00; ``BadValue`` if no column holds it."""
    size = number.adjusted() + digits
    if size <= 19:
        rounded = number.quantize(_step(digits), context=_EXACT)
        if size < 18 or abs(rounded.scaleb(digits, _EXACT)) <= INT_MAX:
            return rounded or rounded.copy_abs()
    raise BadValue(
        Text("the number is too large", "数字过大"), Text("enter a smaller number", "请填写较小的数字"), code="too-big"
    )


@lru_cache
def _step(digits: int) -> Decimal:
    return Decimal(1).scaleb(-digits)


def read_number(raw: object) -> Decimal:
    """Return the exact number in ``raw``: text, also with 1,000s and full-width digits, or a Python number."""
    if isinstance(raw, bool):
        raise _not_a_number(raw)
    if isinstance(raw, int):
        return Decimal(raw)
    if isinstance(raw, Decimal) and raw.is_finite():
        return raw
    if isinstance(raw, float):
        number = Decimal(repr(raw))
        if number.is_finite() and len(number.as_tuple().digits) <= _FLOAT_DIGITS_MAX:
            return number
    if isinstance(raw, str):
        written = unicodedata.normalize("NFKC", raw[:200]).strip()
        if _NUMBER.fullmatch(written):
            return Decimal(written.replace(",", ""))
    raise _not_a_number(raw)


def _not_a_number(raw: object) -> BadValue:
    return BadValue(
        Text(f"`{shown(raw)}` is not a number", f"“{shown(raw)}”不是数字"),
        Text("write digits and at most one point, for example 500 or 12.50", "请填写数字，例如 500 或 12.50"),
        code="bad-number",
    )
