"""``time``: a time of day on the branch's own clock, without a date."""

from __future__ import annotations

import re
from datetime import time, tzinfo
from typing import TYPE_CHECKING

from core.model.errors import Text
from core.model.fields.base import ORDERED_MERGES, FieldType, shown
from core.model.kinds import TIME, Kind
from core.model.values import BadValue, Cell

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec

_TIME = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)([:：]([0-5]\d))?")


def time_text(value: object) -> str:
    """Return a time of day, a value or a cell, as people write it: whole minutes have no seconds."""
    text = str(value)
    return text.removesuffix(":00") if text.count(":") > 1 else text


class TimeField(FieldType):
    """A time of day, kept as ``HH:MM:SS``."""

    name = "time"
    merges = ORDERED_MERGES

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> time:
        if isinstance(raw, time) and raw.tzinfo is None:
            return raw.replace(microsecond=0)
        if isinstance(raw, str) and (match := _TIME.fullmatch(raw.strip())):
            return time(int(match[1]), int(match[2]), int(match[4] or 0))
        raise BadValue(
            Text(f"`{shown(raw)}` is not a time of day", f"“{shown(raw)}”不是时间"),
            Text("write hours:minutes from 00:00 to 23:59, for example 20:45", "请填写 00:00 至 23:59，例如 20:45"),
            code="bad-time",
        )

    def static(self, spec: FieldSpec) -> Kind:
        return TIME

    def to_cell(self, value: object, spec: FieldSpec) -> Cell:
        assert isinstance(value, time)
        return value.isoformat(timespec="seconds")

    def from_cell(self, cell: Cell, spec: FieldSpec) -> time:
        return time.fromisoformat(str(cell))

    def to_json(self, value: object, spec: FieldSpec, zone: tzinfo) -> object:
        return self.to_cell(value, spec)

    def show_bound(self, bound: object, spec: FieldSpec) -> str:
        return time_text(bound)
