"""Which names an expression may use, and what each of them is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.model.kinds import ANY, BOOL, DATE, DATETIME, INT, TEXT, Kind, record_kind

PERIOD = Kind("period", parts=(("start", DATE), ("end", DATE), ("name", TEXT)))

# What every rule may use, besides self, old, ask and settings, whose kinds differ from rule to rule.
STANDARD_NAMES: Mapping[str, Kind] = {
    "me": record_kind("core.staff"),
    "my_roles": Kind("list", item=TEXT),
    "my_store": TEXT,  # where the person works; `me` may be somebody of another store, whom this node does not know
    "now": DATETIME,
    "today": DATE,
    "period": PERIOD,
    "store": TEXT,
}

# What every record has, whatever its fields are.
COMMON_FIELDS: Mapping[str, Kind] = {
    "id": TEXT,
    "store": TEXT,
    "number": TEXT,
    "state": TEXT,
    "written_at": DATETIME,
}
_ALWAYS_PRESENT = frozenset({"id", "store"})


@dataclass(frozen=True, slots=True)
class RecordShape:
    """What an expression needs to know of a record type.

    ``fields`` may say more of ``state`` (its options) than COMMON_FIELDS does. ``present`` names the
    fields that are never empty (required ones, counts, the state of a record that has states).
    """

    key: str  # qualified: plugin.record
    fields: Mapping[str, Kind]
    computed: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()

    def kind_of(self, name: str) -> Kind | None:
        """Return the kind of a field, or None when there is no such field."""
        return self.fields.get(name) or COMMON_FIELDS.get(name)

    def may_be_empty(self, name: str) -> bool:
        """Return whether the field can be without a value."""
        return name not in self.present and name not in _ALWAYS_PRESENT

    @property
    def name(self) -> str:
        """The local name: what follows the last dot."""
        return self.key.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class NameScope:
    """The names of one rule.

    ``records`` has every record type a rule can reach, under any key (the shape knows its own name).
    ``own`` is the name whose columns a ``where`` reads: the iterated record's local name, or ``self``
    in a read rule; None where no SQL is made of the rule. ``empty`` lists dotted names that may be
    empty although they are no record fields: ``settings.fine``, ``ask.room``, ``me``. ``known`` has the
    words some function arguments must be: ``{"ledger": {"credit"}, "role": {"hostess"}}``.
    """

    names: Mapping[str, Kind]
    records: Mapping[str, RecordShape] = field(default_factory=dict)
    own: str | None = None
    empty: frozenset[str] = frozenset()
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def shape(self, key: str | None) -> RecordShape | None:
        """Return the record type with this qualified name."""
        found = self.records.get(key or "")
        if found is not None and found.key == key:
            return found
        for shape in self.records.values():
            if shape.key == key:
                return shape
        return None

    def having(self, /, **names: Kind) -> NameScope:
        """Return the scope with more names."""
        return NameScope({**self.names, **names}, self.records, self.own, self.empty, self.known)


ITEM_NAMES: Mapping[str, Kind] = {"item": ANY, "index": INT}  # inside `each`
CONDITION = BOOL  # what `when`, `where`, `while` and `rule` must give
