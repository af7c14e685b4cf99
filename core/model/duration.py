"""Durations as the rule books write them: ``20m``, ``48h``, ``15d``, ``3mo``, ``2bd``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from core.model.errors import Text
from core.model.values import BadValue

_UNITS: dict[str, tuple[str, int]] = {  # unit -> (part of a duration, how much of it)
    "y": ("months", 12),
    "mo": ("months", 1),
    "w": ("days", 7),
    "d": ("days", 1),
    "bd": ("workdays", 1),
    "h": ("seconds", 3600),
    "m": ("seconds", 60),
    "s": ("seconds", 1),
}
_WRITTEN = (  # how a duration is written out: part, then its units from large to small
    ("months", (("y", 12), ("mo", 1))),
    ("days", (("d", 1),)),
    ("workdays", (("bd", 1),)),
    ("seconds", (("h", 3600), ("m", 60), ("s", 1))),
)
_SAID = {
    "y": Text("years", "年"), "mo": Text("months", "个月"), "d": Text("days", "天"),
    "bd": Text("working days", "个工作日"), "h": Text("hours", "小时"), "m": Text("minutes", "分钟"),
    "s": Text("seconds", "秒"),
}  # fmt: skip
_PART = re.compile(r"([+-]?)(\d{1,9})(bd|mo|[ywdhms])")
_LIMITS = {"months": 12_000, "days": 366_000, "workdays": 366_000, "seconds": 366_000 * 86_400}  # a thousand years


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in up to four parts that do not convert into one another.

    A month has no fixed number of days, a working day depends on the calendar, and a day ends at 24:00
    (C-6) while 24 hours run from the exact moment (C-7). So ``1d`` is not ``24h``, and the parts are
    kept apart until ``BusinessCalendar.after`` puts them on a calendar.
    """

    months: int = 0
    days: int = 0
    workdays: int = 0
    seconds: int = 0

    def __post_init__(self) -> None:
        if any(abs(getattr(self, part)) > limit for part, limit in _LIMITS.items()):
            raise BadValue(
                Text("a duration may not be longer than a thousand years", "时长不能超过一千年"),
                Text("enter a shorter duration", "请填写更短的时长"),
                code="bad-duration",
            )

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read ``1h30m``, ``3mo``, ``-15d``; a sign holds until the next one. Raises ``BadValue``."""
        written = "".join(text.split())
        parts = dict.fromkeys(_LIMITS, 0)
        end, sign = 0, 1
        for match in _PART.finditer(written):
            if match.start() != end:
                break
            end = match.end()
            sign = {"-": -1, "+": 1, "": sign}[match[1]]
            part, size = _UNITS[match[3]]
            parts[part] += sign * int(match[2]) * size
        if not written or end != len(written):
            raise _unreadable(text)
        return cls(**parts)

    def __str__(self) -> str:
        """Write it so that ``parse`` reads the same duration back."""
        pieces, negative = [], False
        for part, units in _WRITTEN:
            amount = getattr(self, part)
            left = abs(amount)
            for unit, size in units:
                count, left = divmod(left, size)
                if count:
                    sign = "" if (amount < 0) == negative else "-" if amount < 0 else "+"
                    negative = amount < 0
                    pieces.append(f"{sign}{count}{unit}")
        return "".join(pieces) or "0s"

    @property
    def words(self) -> Text:
        """Say it as people do: ``1h30m`` is 1 hour 30 minutes, 1 小时 30 分钟."""
        found = []
        for part, units in _WRITTEN:
            left = abs(getattr(self, part))
            for unit, size in units:
                count, left = divmod(left, size)
                found += [(count, _SAID[unit])] if count else []
        found = found or [(0, _SAID["m"])]
        sign = "−" if str(self).startswith("-") else ""
        en = " ".join(f"{count} {word.en.removesuffix('s') if count == 1 else word.en}" for count, word in found)
        return Text(sign + en, sign + " ".join(f"{count} {word.zh}" for count, word in found))

    @property
    def timed(self) -> bool:
        """Whether it has hours, minutes and seconds only, and so runs from the exact moment (C-7)."""
        return not (self.months or self.days or self.workdays)

    @property
    def exact(self) -> bool:
        """Whether it has one length whatever the calendar says: days and seconds only."""
        return not (self.months or self.workdays)

    @property
    def timedelta(self) -> timedelta:
        """The length of an exact duration."""
        assert self.exact, f"{self} has no length without a calendar"
        return timedelta(days=self.days, seconds=self.seconds)

    def __bool__(self) -> bool:
        return bool(self.months or self.days or self.workdays or self.seconds)

    def __neg__(self) -> Duration:
        return Duration(-self.months, -self.days, -self.workdays, -self.seconds)

    def __add__(self, other: Duration) -> Duration:
        if not isinstance(other, Duration):
            return NotImplemented
        return Duration(
            self.months + other.months,
            self.days + other.days,
            self.workdays + other.workdays,
            self.seconds + other.seconds,
        )

    def __sub__(self, other: Duration) -> Duration:
        return self + -other if isinstance(other, Duration) else NotImplemented

    def __mul__(self, times: int) -> Duration:
        if not isinstance(times, int):
            return NotImplemented
        return Duration(self.months * times, self.days * times, self.workdays * times, self.seconds * times)

    __rmul__ = __mul__

    def __lt__(self, other: Duration) -> bool:
        return self._compared(other) < 0

    def __le__(self, other: Duration) -> bool:
        return self._compared(other) <= 0

    def __gt__(self, other: Duration) -> bool:
        return self._compared(other) > 0

    def __ge__(self, other: Duration) -> bool:
        return self._compared(other) >= 0

    def _compared(self, other: Duration) -> int:
        """Return -1, 0 or 1, or raise ``BadValue`` where only a calendar could tell (``1mo`` and ``30d``)."""
        differences = (
            self.months - other.months,
            self.workdays - other.workdays,
            (self.days - other.days) * 86_400 + self.seconds - other.seconds,
        )
        more, less = any(d > 0 for d in differences), any(d < 0 for d in differences)
        if more and less:
            raise BadValue(
                Text(f"{self} and {other} cannot be compared", f"{self} 与 {other} 无法比较"),
                Text("use the same unit for both", "请使用相同的单位"),
                code="bad-duration",
            )
        return more - less


def _unreadable(text: str) -> BadValue:
    return BadValue(
        Text(f"`{text}` is not a duration", f"“{text}”不是时长"),
        Text(
            "write a number and a unit: 20m, 48h, 15d, 2w, 3mo, 1y, or 2bd for working days",
            "请写数字加单位：20m（分钟）、48h（小时）、15d（天）、2w（周）、3mo（月）、1y（年）、2bd（工作日）",
        ),
        code="bad-duration",
    )
