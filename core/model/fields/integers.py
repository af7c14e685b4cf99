"""``int``: a whole number."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from core.model.errors import Text
from core.model.fields.base import NUMBER_MERGES, FieldType
from core.model.fields.decimals import read_number
from core.model.kinds import INT, Kind
from core.model.values import INT_MAX, BadValue

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec


class IntField(FieldType):
    """A whole number that fits a database column."""

    name = "int"
    column = "integer"
    merges = NUMBER_MERGES

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> int:
        if type(raw) is int and -INT_MAX <= raw <= INT_MAX:
            return raw
        number = read_number(raw)
        if number.adjusted() > 18 or number != number.to_integral_value() or abs(number) > INT_MAX:
            raise BadValue(
                Text(f"`{number}` is not a whole number in range", f"“{number}”不是有效范围内的整数"),
                Text("enter a whole number", "请填写整数"),
                code="bad-int",
            )
        return int(number)

    def static(self, spec: FieldSpec) -> Kind:
        return INT
