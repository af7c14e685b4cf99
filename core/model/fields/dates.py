"""``date``: a calendar day or business day, without a time."""

from __future__ import annotations

import re
from datetime import date, datetime, time, tzinfo
from typing import TYPE_CHECKING

from core.model.errors import Text
from core.model.fields.base import ORDERED_MERGES, FieldType, shown
from core.model.kinds import DATE, Kind
from core.model.values import BadValue, Cell

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec

_DATE = re.compile(r"(\d{4})([-/.]|年)(\d{1,2})([-/.]|月)(\d{1,2})日?")


class DateField(FieldType):
    """A day, kept as ``YYYY-MM-DD``."""

    name = "date"
    merges = ORDERED_MERGES

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> date:
        if isinstance(raw, datetime):
            if raw.tzinfo is None and raw.time() == time(0):  # how a spreadsheet hands over a day
                return raw.date()
        elif isinstance(raw, date):
            return raw
        elif isinstance(raw, str) and (match := _DATE.fullmatch(raw.strip())):
            try:
                return date(int(match[1]), int(match[3]), int(match[5]))
            except ValueError:
                pass
        raise BadValue(
            Text(f"`{shown(raw)}` is not a date", f"“{shown(raw)}”不是日期"),
            Text("write year-month-day, for example 2026-03-07", "请填写年-月-日，例如 2026-03-07"),
            code="bad-date",
        )

    def static(self, spec: FieldSpec) -> Kind:
        return DATE

    def to_cell(self, value: object, spec: FieldSpec) -> Cell:
        assert type(value) is date, f"not a day: {value!r}"
        return value.isoformat()

    def from_cell(self, cell: Cell, spec: FieldSpec) -> date:
        return date.fromisoformat(str(cell))

    def to_json(self, value: object, spec: FieldSpec, zone: tzinfo) -> object:
        return self.to_cell(value, spec)
