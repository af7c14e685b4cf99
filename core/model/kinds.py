"""The static types of the rules language: what a field or an expression yields."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a value in a rule.

    ``name`` is one of text int decimal bool date time datetime duration list map record null any.
    ``record`` is the qualified record type (``plugin.record``) of a ``record`` kind: a reference and
    the record it points to are one kind, because ``self.booker.name`` simply follows it.
    ``digits`` is the scale of a decimal (money has 2); ``options`` the keys of an enum (kind text);
    ``item`` the kind of a list's items; ``parts`` the named parts of a map.
    """

    name: str
    record: str | None = None
    digits: int | None = None
    options: tuple[str, ...] | None = None
    item: Kind | None = None
    parts: tuple[tuple[str, Kind], ...] | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.record}" if self.record else self.name


TEXT = Kind("text")
INT = Kind("int")
DECIMAL = Kind("decimal")
MONEY = Kind("decimal", digits=2)
BOOL = Kind("bool")
DATE = Kind("date")
TIME = Kind("time")
DATETIME = Kind("datetime")
DURATION = Kind("duration")
LIST = Kind("list")
MAP = Kind("map")
NULL = Kind("null")
ANY = Kind("any")


def record_kind(record: str) -> Kind:
    """Return the kind of a record, or of a reference to it."""
    return Kind("record", record=record)
