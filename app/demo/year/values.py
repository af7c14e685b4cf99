"""What a plan writes for a value, drawn: names, numbers, somebody of a post, something that is there, a day from now.

| written | drawn |
|---|---|
| `$person` `$guest` `$phone` `$community` `$address` `$company` | a word that belongs to nobody |
| `$words.styles` | one of the plan's own words |
| `$staff.desk` `$badge.desk` | the id, or the badge, of somebody who holds a post |
| `$any.unit` | the id of a record of that type |
| `$self.field` `$id` `$me` | a field of the record acted on, its id, who acts |
| `$up.field` | a field of the record from whose steps this one was made |
| `{from: 800, to: 2000, step: 50}` | a number |
| `{day: [1, 30]}` `{in: [1h, 3h]}` | a date, a moment, from now |
| `{on: $self.day, at: "18:00"}` | a moment of the day that a field names |
| `{month: 1}` `{month: 1, day: [1, 28]}` | the first day, or some day, of next month |
| `{count: 101}` | a number of its own for each: 101, 102, … |
| `{one: [a, b]}` `{maybe: 0.3, is: …}` | one of these; or, otherwise, nothing |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from app.demo.year import words
from core.model.duration import Duration

_DRAWN: Mapping[str, Callable[[Random], str]] = {
    "person": words.full_name,
    "guest": words.guest_name,
    "phone": words.phone,
    "community": words.community,
    "address": words.address,
    "company": words.company,
}


class Surroundings(Protocol):
    """What values are drawn from."""

    def staff(self, role: str, /) -> tuple[str, str]:
        """Return id and badge of somebody who holds a post."""

    def any_of(self, record: str, /) -> str | None:
        """Return the id of some record of a type, or None while there is none."""

    def own(self, field: str, /) -> object:
        """Return a field of the record acted on, as JSON."""

    def above(self, field: str, /) -> object:
        """Return a field of the record from whose steps the one acted on was made, as JSON."""

    def count(self, first: int, /) -> str:
        """Return the next number of a row that begins with ``first``."""

    def word(self, key: str, dice: Random, /) -> object:
        """Return one of the plan's words."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One drawing of the values of a step."""

    dice: Random
    around: Surroundings
    now: datetime
    zone: ZoneInfo
    me: str
    id: str | None

    def all(self, written: Mapping[str, Any]) -> dict[str, object]:
        """Return what is entered; what came out as nothing is left out."""
        drawn = {name: self.value(each) for name, each in written.items()}
        return {name: each for name, each in drawn.items() if each is not None}

    def value(self, written: Any) -> Any:
        """Return one value."""
        if isinstance(written, str):
            return self._named(written[1:]) if written.startswith("$") else written
        if isinstance(written, list):
            return [self.value(each) for each in written]
        if isinstance(written, dict):
            return self._made(written)
        return written

    def _named(self, text: str) -> object:
        first, _, rest = text.partition(".")
        match first:
            case "staff":
                return self.around.staff(rest)[0]
            case "badge":
                return self.around.staff(rest)[1]
            case "any":
                return self.around.any_of(rest)
            case "self":
                return self.around.own(rest)
            case "up":
                return self.around.above(rest)
            case "words":
                return self.value(self.around.word(rest, self.dice))
            case "me":
                return self.me
            case "id":
                return self.id
            case _:
                return _DRAWN[first](self.dice)

    def _made(self, written: dict[str, Any]) -> Any:
        local = self.now.astimezone(self.zone)
        if written.keys() <= {"from", "to", "step"} and "from" in written:
            return self._number(written)
        if written.keys() == {"day"}:
            return (local.date() + timedelta(days=self.dice.randint(*written["day"]))).isoformat()
        if "month" in written and written.keys() <= {"month", "day"}:
            return self._in_month(local.date(), **written).isoformat()
        if written.keys() == {"on", "at"}:
            return f"{self.value(written['on'])}T{written['at']}"
        if written.keys() == {"in"}:
            least, most = (Duration.parse(text).timedelta.total_seconds() for text in written["in"])
            return (local + timedelta(seconds=self.dice.uniform(least, most))).replace(microsecond=0).isoformat()
        if written.keys() == {"count"}:
            return self.around.count(written["count"])
        if written.keys() == {"one"}:
            return self.value(self.dice.choice(written["one"]))
        if written.keys() == {"maybe", "is"}:
            return self.value(written["is"]) if self.dice.random() < written["maybe"] else None
        return {name: self.value(each) for name, each in written.items()}

    def _in_month(self, today: date, month: int, day: Sequence[int] = (1, 1)) -> date:
        """Return a day of the month that comes ``month`` months after this one."""
        years, index = divmod(today.month - 1 + month, 12)
        return date(today.year + years, index + 1, self.dice.randint(*day))

    def _number(self, written: dict[str, Any]) -> object:
        least, most = Decimal(str(written["from"])), Decimal(str(written["to"]))
        step = Decimal(str(written.get("step", 1)))
        value = least + step * self.dice.randint(0, int((most - least) / step))
        return int(value) if value == value.to_integral() and step == step.to_integral() else str(value)
