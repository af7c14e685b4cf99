"""What the log proves about a record: the value that the author of a field has written, by the stamp of the field.

A row can be edited by anybody who can open the database; the log cannot, because every line is hashed onto the one
before. Where the two contradict each other, the log is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.language.definition import RecordType
from core.model.change import Entry
from core.model.merge import FieldStamp, MergePolicy
from core.model.stamps import RowStamps
from core.model.values import Cell
from stores.changes.held import LIFE
from stores.changes.merging import DECIDED

AGAIN = "stamps"  # facts of a line that enters again what was lost: the clock stamps its values had, and have again
_AS_WRITTEN = frozenset({MergePolicy.LATEST, MergePolicy.HOME, MergePolicy.IMMUTABLE, MergePolicy.ASK})


def contradictions(
    record: RecordType, cells: Mapping[str, Cell], stamps: RowStamps, lines: Iterable[Entry]
) -> dict[str, Cell]:
    """Return what the log says instead of ``cells``, for the fields about which it says something else.

    ``cells`` may hold the life counter under its name. A field that is put together from several edits proves nothing,
    nor does one whose line is not here.
    """
    wrote: dict[tuple[str, FieldStamp], Cell] = {}
    for line in lines:
        again = (line.facts or {}).get(AGAIN)
        first = again if isinstance(again, dict) else {}
        for name, (_, new) in line.body.items():
            wrote[name, FieldStamp(0, first.get(name, line.hlc), line.origin)] = new
    found = {}
    for name, cell in cells.items():
        key = (name, stamps.of(name)._replace(hs=0))
        if _as_written(record, name) and key in wrote and wrote[key] != cell:
            found[name] = wrote[key]
    return found


def _as_written(record: RecordType, name: str) -> bool:
    field = record.fields.get(name)
    return name in DECIDED or name == LIFE or (field is not None and field.merge in _AS_WRITTEN)
