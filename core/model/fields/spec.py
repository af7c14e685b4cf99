"""One field as a plugin declares it: its type and what the type needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from core.model.errors import Text
from core.model.fields.base import FieldType
from core.model.fields.registry import FIELD_TYPES
from core.model.kinds import Kind
from core.model.values import BadValue, Cell

UNREADABLE_CHARS = 200  # as many are told of what is no value
_MAY_BE_NOTHING = (str, list, tuple, dict)
_LISTS, _MAPS = frozenset({"list", "images"}), frozenset({"map", "geo"})
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, AssertionError, ArithmeticError, RecursionError)


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What a field may hold. ``min`` and ``max`` may be given as written in YAML; ``BadValue`` if they do not fit.

    ``to`` is the qualified record type of a ref, ``options`` the keys of an enum, ``digits`` the scale of
    a decimal, ``item`` the spec of a list's items, ``parts`` the named parts of a map or of a list's maps,
    ``label`` what people call such a part (a field has its own label).
    ``kind`` is the type's code: ``handler``, or for the built-in types what goes by the name.
    """

    type: str
    required: bool = False
    min: object = None
    max: object = None
    to: str | None = None
    options: Mapping[str, Text] | None = field(default=None, hash=False)
    digits: int | None = None
    item: FieldSpec | None = None
    parts: Mapping[str, FieldSpec] | None = field(default=None, hash=False)
    label: Text | None = field(default=None, compare=False, repr=False)
    handler: FieldType | None = field(default=None, compare=False, repr=False)
    kind: FieldType = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        assert self.handler or self.type in FIELD_TYPES, f"unknown field type {self.type!r}"
        object.__setattr__(self, "kind", self.handler or FIELD_TYPES[self.type])
        for name in ("min", "max"):
            if (raw := getattr(self, name)) is not None:
                object.__setattr__(self, name, self.kind.bound(raw, self, UTC))

    @property
    def static(self) -> Kind:
        """The type the rules language gives to the field."""
        return self.kind.static(self)

    def parse(self, raw: object, zone: tzinfo) -> object:
        """Return the value in what was entered, None for nothing at all; raise ``BadValue``.

        Whether a required field may stay empty depends on the action, so an empty one is no fault here.
        """
        if raw is None or (isinstance(raw, _MAY_BE_NOTHING) and not raw):
            return None
        if isinstance(raw, str) and raw.isspace():
            return None
        value = self.kind.parse(raw, self, zone)
        if value is not None and (self.min is not None or self.max is not None):
            self.kind.check(value, self)
        return value

    def filled(self, raw: object, zone: tzinfo) -> object:
        """Return the value like ``parse``, and refuse an empty one if the field is required."""
        value = self.parse(raw, zone)
        if value is None and self.required:
            raise missing()
        return value

    def cell(self, value: object) -> Cell:
        """Return the form kept in the database, in the log and on the wire."""
        return None if value is None else self.kind.to_cell(value, self)

    def value(self, cell: Cell) -> object:
        """Return the value in a cell."""
        return None if cell is None else self.kind.from_cell(cell, self)

    def reads(self, cell: Cell) -> bool:
        """Say whether a cell reads as a value of this field; one from another node, or of another version, may not."""
        if cell is None:
            return True
        if type(cell) is not (int if self.kind.column == "integer" else str):
            return False
        try:
            value = self.kind.from_cell(cell, self)
        except _UNREADABLE:
            return False
        return isinstance(value, dict) is (self.type in _MAPS) and isinstance(value, list) is (self.type in _LISTS)

    def told(self, cell: Cell, zone: tzinfo) -> object:
        """Return what ``json`` does for a cell, and one that does not read as a value as the text that it is."""
        return self.json(self.value(cell), zone) if self.reads(cell) else str(cell)[:UNREADABLE_CHARS]

    def json(self, value: object, zone: tzinfo) -> object:
        """Return the form the API answers with; moments are shown in ``zone``."""
        return None if value is None else self.kind.to_json(value, self, zone)


def missing() -> BadValue:
    """Return the refusal of an empty required field."""
    return BadValue(Text("is required", "必填"), Text("fill it in", "请填写"), code="required")
