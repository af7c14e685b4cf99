"""What a batch of actions has decided and not yet written: whether a key that somebody asks for may be among it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from core.model.values import Cell
from stores.changes.commit import Edit

Names = tuple[str, ...]


@dataclass(slots=True)
class Waiting:
    """The edits that wait, and the database as it is without them (``below``)."""

    below: Connection
    edits: list[Edit] = field(default_factory=list)
    _changed: set[str] = field(default_factory=set)  # types of which a record that is there changes
    _keys: dict[tuple[str, Names], set[tuple[Cell, ...]]] = field(default_factory=dict)  # by type and fields asked for

    def add(self, edits: Sequence[Edit]) -> None:
        """Take note of edits that are to be written."""
        self.edits += edits
        for edit in edits:
            if edit.kind != "create":
                self._changed.add(edit.record.key)
            for (type_, names), keys in self._keys.items():
                if type_ == edit.record.key:
                    keys.add(_key(edit, names))

    def clear(self) -> None:
        """Everything has been written."""
        self.edits.clear()
        self._changed.clear()
        self._keys.clear()

    def may_hold(self, type_: str, cells: Mapping[str, Cell]) -> bool:
        """Say whether a record of a type that waits may hold these cells, or come to hold them."""
        if type_ in self._changed:
            return True
        names = tuple(cells)
        if (type_, names) not in self._keys:
            self._keys[type_, names] = {_key(edit, names) for edit in self.edits if edit.record.key == type_}
        return tuple(cells.values()) in self._keys[type_, names]


def _key(edit: Edit, names: Names) -> tuple[Cell, ...]:
    return tuple(edit.values.get(name) for name in names)
