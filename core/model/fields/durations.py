"""``duration``: a length of time as the rule books write it: ``20m``, ``15d``, ``2bd``."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from core.model.duration import Duration
from core.model.errors import Text
from core.model.fields.base import FieldType, shown
from core.model.kinds import DURATION, Kind
from core.model.values import BadValue, Cell

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec


class DurationField(FieldType):
    """A duration, kept as its text. It has no ``max`` or ``min`` merge: ``1mo`` and ``30d`` have no order."""

    name = "duration"

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> Duration:
        if isinstance(raw, Duration):
            return raw
        if isinstance(raw, str):
            return Duration.parse(raw)
        raise BadValue(
            Text(f"`{shown(raw)}` is not a duration", f"“{shown(raw)}”不是时长"),
            Text("write a number and a unit, for example 20m or 15d", "请填写数字加单位，例如 20m 或 15d"),
            code="bad-duration",
        )

    def static(self, spec: FieldSpec) -> Kind:
        return DURATION

    def to_cell(self, value: object, spec: FieldSpec) -> Cell:
        return str(value)

    def from_cell(self, cell: Cell, spec: FieldSpec) -> Duration:
        return Duration.parse(str(cell))

    def to_json(self, value: object, spec: FieldSpec, zone: tzinfo) -> str:
        return str(value)
