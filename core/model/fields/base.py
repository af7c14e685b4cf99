"""What every field type can do: read what a person entered, keep it in a cell, show it, hide it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import date, tzinfo
from typing import TYPE_CHECKING, ClassVar, Literal, cast

from core.model.errors import Text
from core.model.kinds import Kind
from core.model.merge import MergePolicy
from core.model.values import BadValue, Cell

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec

__all__ = ["MASKS", "NUMBER_MERGES", "ORDERED_MERGES", "SCALAR_MERGES", "BadValue", "FieldType", "masked"]

SCALAR_MERGES = frozenset(
    {MergePolicy.LATEST, MergePolicy.HOME, MergePolicy.IMMUTABLE, MergePolicy.ASK, MergePolicy.HOOK}
)
ORDERED_MERGES = SCALAR_MERGES | {MergePolicy.MAX, MergePolicy.MIN}
NUMBER_MERGES = ORDERED_MERGES | {MergePolicy.SUM}
MASKS = ("last4", "first1", "year", "all", "none")


class FieldType(ABC):
    """One type a field may have. A value is what rules see; a cell is what is kept; neither is ever a float.

    Empty never gets here: ``FieldSpec`` answers for it. Stateless: one instance serves all threads.

    Example:
        A colour, kept as ``#rrggbb``::

            class Colour(FieldType):
                name = "colour"

                def parse(self, raw, spec, zone):
                    if not re.fullmatch("#[0-9a-f]{6}", str(raw).lower()):
                        raise BadValue(Text(f"`{raw}` is not a colour", f"“{raw}”不是颜色"))
                    return str(raw).lower()

                def static(self, spec):
                    return TEXT
    """

    name: ClassVar[str]
    column: ClassVar[Literal["text", "integer"]] = "text"
    merges: ClassVar[frozenset[MergePolicy]] = SCALAR_MERGES
    default_merge: ClassVar[MergePolicy] = MergePolicy.LATEST

    @abstractmethod
    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> object:
        """Return the value in what a person, a file or a rule gave; raise ``BadValue`` for anything else.

        A value parses to itself. None means that ``raw`` turned out to be empty.
        """

    @abstractmethod
    def static(self, spec: FieldSpec) -> Kind:
        """Return the type the rules language gives to the field."""

    def to_cell(self, value: object, spec: FieldSpec) -> Cell:
        """Return the form kept in the database, in the log and on the wire."""
        return cast(Cell, value)

    def from_cell(self, cell: Cell, spec: FieldSpec) -> object:
        """Return the value in a cell. Lenient: what was once saved can be read though the rules grew stricter."""
        return cell

    def to_json(self, value: object, spec: FieldSpec, zone: tzinfo) -> object:
        """Return the form the API answers with."""
        return value

    def plain(self, value: object, spec: FieldSpec) -> object:
        """Return the form inside the JSON text of a list or map."""
        return self.to_cell(value, spec)

    def from_plain(self, plain: object, spec: FieldSpec) -> object:
        """Return the value in the form that ``plain`` gave."""
        return self.from_cell(cast(Cell, plain), spec)

    def check(self, value: object, spec: FieldSpec) -> None:
        """Raise ``BadValue`` if the value is outside ``min`` and ``max``, which both are allowed themselves (C-1)."""
        size = self.measure(value)
        if spec.min is not None and size < spec.min:  # type: ignore[operator]
            raise too_small(self.show_bound(spec.min, spec))
        if spec.max is not None and size > spec.max:  # type: ignore[operator]
            raise too_big(self.show_bound(spec.max, spec))

    def measure(self, value: object) -> object:
        """Return what ``min`` and ``max`` are compared with: the value itself, or its length."""
        return value

    def bound(self, raw: object, spec: FieldSpec, zone: tzinfo) -> object:
        """Return ``min`` or ``max`` as written in a plugin in the form ``measure`` gives."""
        return self.parse(raw, spec, zone)

    def show_bound(self, bound: object, spec: FieldSpec) -> str:
        """Return a bound as a person reads it."""
        return str(bound)

    def mask(self, value: object, manner: str) -> object:
        """Return what a reader sees who may not see all of the value."""
        return masked(value, manner)


def masked(value: object, manner: str) -> object:
    """Hide a value: ``last4`` •••••••1111, ``first1`` 陈*, ``year`` 1985, ``all`` ***, ``none`` hides nothing.

    A manner that does not fit the value hides all of it.
    """
    if value is None or manner == "none":
        return value
    if manner == "last4" and isinstance(value, str):
        shown = value[-4:] if len(value) > 4 else ""
        return "•" * (len(value) - len(shown)) + shown
    if manner == "first1" and isinstance(value, str) and len(value) > 1:
        return value[0] + "*"
    if manner == "year" and isinstance(value, date):
        return f"{value.year:04d}"
    return "***"


def too_small(bound: str) -> BadValue:
    """Return the refusal of a value under ``min``."""
    return BadValue(
        Text(f"less than {bound}", f"小于 {bound}"),
        Text(f"enter {bound} or more", f"请填写 {bound} 或以上"),
        code="too-small",
    )


def too_big(bound: str) -> BadValue:
    """Return the refusal of a value over ``max``."""
    return BadValue(
        Text(f"more than {bound}", f"大于 {bound}"),
        Text(f"enter {bound} or less", f"请填写 {bound} 或以下"),
        code="too-big",
    )


def too_short(count: int) -> BadValue:
    """Return the refusal of a text or list with fewer than ``count`` characters or items."""
    return BadValue(
        Text(f"shorter than {count}", f"少于 {count} 个"),
        Text(f"enter at least {count}", f"请至少填写 {count} 个"),
        code="too-short",
    )


def too_long(count: int) -> BadValue:
    """Return the refusal of a text or list with more than ``count`` characters or items."""
    return BadValue(
        Text(f"longer than {count}", f"超过 {count} 个"),
        Text(f"enter at most {count}", f"请最多填写 {count} 个"),
        code="too-long",
    )


def shown(raw: object, characters_max: int = 60) -> str:
    """Return what a person entered, short enough for a message."""
    text = str(raw)
    return text if len(text) <= characters_max else text[:characters_max] + "…"
