"""The limits of fields, ``min`` and ``max``, asked of what another node has written.

Where a value is entered they are kept. One that comes from elsewhere may be beyond them all the same: of a node whose
plugin has other limits, or whose database somebody has edited; or two stores have added up to it. Nothing is refused
for it: a conflict says so (``broken``), and work goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.model.change import Entry
from core.model.fields import BadValue, FieldSpec
from core.model.values import Cell
from stores.changes.merging import Shape


def within(spec: FieldSpec, cell: Cell) -> bool:
    """Say whether a cell is within the limits of its field, as nothing is."""
    if cell is None:
        return True
    try:
        spec.kind.check(spec.value(cell), spec)
    except BadValue:
        return False
    return True


def all_within(spec: FieldSpec, column: Sequence[Cell]) -> bool:
    """Say whether many cells of one field are within its limits; of numbers and free texts only two are looked at."""
    cells: Collection[Cell] = {cell for cell in column if cell is not None}
    if not cells:
        return True
    if spec.kind.column == "integer":
        cells = (min(cells), max(cells))  # type: ignore[type-var]  # they are numbers
    elif spec.type == "text":
        cells = (min(cells, key=len), max(cells, key=len))  # type: ignore[arg-type]  # they are texts
    return all(within(spec, cell) for cell in cells)


def is_asked(shape: Shape, entry: Entry, name: str) -> bool:
    """Say whether a line was written by an action that asks for a field: what is entered is held to its limits, what a
    rule works out is not."""
    key, _, own = entry.action.rpartition(".")
    action = shape.record.actions.get(own) if key == shape.record.key else None
    return action is not None and any(ask.field == name for ask in action.ask)


def exceeded(shape: Shape, entry: Entry) -> bool:
    """Say whether a line brings a value that nobody could have entered here."""
    return any(
        not within(shape.limited[name], entry.body[name][1]) and is_asked(shape, entry, name)
        for name in shape.limited.keys() & entry.body.keys()
    )
