"""``datetime``: a moment. In rules and cells it is UTC; people see and enter it in the branch's own time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from core.model.clock import from_iso, iso, naive
from core.model.errors import Text
from core.model.fields.base import ORDERED_MERGES, FieldType, shown
from core.model.kinds import DATETIME, Kind
from core.model.values import BadValue, Cell

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec

_MOMENT = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?"
    r" ?(Z|[+-]\d{2}:?\d{2}(?::\d{2})?)?"
)


class DatetimeField(FieldType):
    """A moment to the millisecond. Text without an offset is branch time; a Python datetime without one is refused."""

    name = "datetime"
    merges = ORDERED_MERGES

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> datetime:
        if isinstance(raw, datetime):
            if raw.tzinfo is None:
                raise naive()
            return _to_utc(raw, raw)
        if isinstance(raw, str) and (match := _MOMENT.fullmatch(raw.strip())):
            return _to_utc(_read(match, zone, raw), raw)
        raise _not_a_moment(raw)

    def static(self, spec: FieldSpec) -> Kind:
        return DATETIME

    def to_cell(self, value: object, spec: FieldSpec) -> Cell:
        assert isinstance(value, datetime)
        return iso(value)

    def from_cell(self, cell: Cell, spec: FieldSpec) -> datetime:
        return from_iso(str(cell))

    def to_json(self, value: object, spec: FieldSpec, zone: tzinfo) -> str:
        assert isinstance(value, datetime)
        return value.astimezone(zone).isoformat(timespec="milliseconds" if value.microsecond else "seconds")

    def show_bound(self, bound: object, spec: FieldSpec) -> str:
        return iso(bound) if isinstance(bound, datetime) else str(bound)


def _read(match: re.Match[str], zone: tzinfo, raw: object) -> datetime:
    year, month, day, hour, minute, second = (int(match[i] or 0) for i in range(1, 7))
    micros = int((match[7] or "0").ljust(6, "0"))
    try:
        offset = datetime.strptime(match[8], "%z").tzinfo if match[8] else None
        moment = datetime(year, month, day, hour, minute, second, micros, tzinfo=offset or zone)
    except ValueError:
        raise _not_a_moment(raw) from None
    there = _to_utc(moment, raw).astimezone(zone)
    if offset is None and (there.hour, there.minute) != (hour, minute):
        raise BadValue(
            Text(f"`{shown(raw)}` is skipped by daylight saving time", f"“{shown(raw)}”因夏令时不存在"),
            Text("write a time one hour later", "请填写晚一小时的时间"),
            code="bad-datetime",
        )
    return moment


EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)  # also in every other zone


def _to_utc(moment: datetime, raw: object) -> datetime:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        raise _not_a_moment(raw) from None
    if not EARLIEST <= utc <= LATEST:
        raise _not_a_moment(raw)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _not_a_moment(raw: object) -> BadValue:
    return BadValue(
        Text(f"`{shown(raw)}` is not a date and time", f"“{shown(raw)}”不是日期时间"),
        Text("write it like 2026-03-07 20:45", "请按 2026-03-07 20:45 的格式填写"),
        code="bad-datetime",
    )
