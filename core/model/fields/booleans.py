"""``bool``: yes or no."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from core.model.errors import Text
from core.model.fields.base import ORDERED_MERGES, FieldType, shown
from core.model.kinds import BOOL, Kind
from core.model.values import BadValue, Cell

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec

_YES = {"true", "yes", "on", "1", "是", "有", "√"}
_NO = {"false", "no", "off", "0", "否", "无", "×"}


class BoolField(FieldType):
    """Yes or no; kept as 1 or 0. ``on`` is what a ticked box in a form sends."""

    name = "bool"
    column = "integer"
    merges = ORDERED_MERGES

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> bool:
        word = str(raw).strip().lower() if isinstance(raw, str | bool | int) else ""
        if word in _YES or word in _NO:
            return word in _YES
        raise BadValue(
            Text(f"`{shown(raw)}` is neither yes nor no", f"“{shown(raw)}”不是“是”或“否”"),
            Text("write true or false", "请填写“是”或“否”"),
            code="bad-bool",
        )

    def static(self, spec: FieldSpec) -> Kind:
        return BOOL

    def to_cell(self, value: object, spec: FieldSpec) -> Cell:
        return 1 if value else 0

    def from_cell(self, cell: Cell, spec: FieldSpec) -> bool:
        return bool(cell)

    def plain(self, value: object, spec: FieldSpec) -> bool:
        return bool(value)
