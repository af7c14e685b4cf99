"""A record as the API gives it: values in JSON form, masked where the reader may not see them, names for references."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from core.language.definition import Field, RecordType
from core.language.expressions import Aggregate, Case, Cases, EmptyValue, Expression, Row
from core.language.expressions.tree import Call, FieldOf, walk
from core.model.clock import from_iso
from core.model.errors import NodeError
from stores import rows
from stores.reads.filters import BUILT_IN, no_field
from stores.reads.reading import Reading
from stores.reads.sight import NOTHING_MASKED, Shown

Json = dict[str, Any]

STAFF = "core.staff"


def show(
    reading: Reading,
    record: RecordType,
    cells: Sequence[Mapping[str, object]],
    asked: Collection[str] | None,
    *,
    alone: bool,
) -> list[Json]:
    """Return rows as JSON objects.

    Besides the fields every object has id, store, number, state, version, updated_at and updated_by, and
    ``_masked`` (names of masked fields), ``_refs`` (id -> name, for what the reader may know) and, on a tombstone,
    ``_deleted``. Without ``asked`` a single record shows everything and a list what needs no counting.
    """
    fields = _wanted(reading, record, asked, alone=alone)
    shown = [_object(reading, record, each, fields) for each in cells]
    _add_names(reading, fields, shown)
    return shown


def _wanted(reading: Reading, record: RecordType, asked: Collection[str] | None, *, alone: bool) -> list[Field]:
    visible = list(reading.sight_of(record).fields())
    if asked is None:
        return [field for field in visible if alone or not _counts(record, field)]
    names = {field.name for field in visible}
    unknown = [name for name in asked if name not in names and name not in BUILT_IN]
    if unknown:
        raise NodeError(tuple(no_field(record, name, names) for name in unknown))
    return [field for field in visible if field.name in asked]


def _object(reading: Reading, record: RecordType, cells: Mapping[str, object], fields: list[Field]) -> Json:
    row = rows.from_cells(record, cells)
    how = reading.shown(record, row)
    shown: Json = {
        "id": row.id,
        "store": row.values["store"],
        "number": row.values["number"],
        "state": row.values["state"],
        "version": cells["_hs"],
        "updated_at": _moment(reading, cells["_at"]),
        "updated_by": cells["_by"],
    }
    for field in fields:
        if field.name not in how.absent:
            shown[field.name] = _value(reading, record, row, field, masked=field.name in how.masked)
    masked = [field.name for field in fields if field.name in how.masked and shown.get(field.name) is not None]
    if masked:
        shown["_masked"] = masked
    if int(str(cells["_life"])) % 2 == 0:
        shown["_deleted"] = True
    return shown


def _value(reading: Reading, record: RecordType, row: Row, field: Field, *, masked: bool) -> object:
    try:
        value = reading.value(record, row, field.name)
    except EmptyValue:  # a figure whose parts are not all there yet is not there yet
        return None
    if masked:
        return field.spec.kind.mask(value, field.mask or "all")
    return field.spec.json(value.id if isinstance(value, Row) else value, reading.node.zone)


def _moment(reading: Reading, cell: object) -> str | None:
    return from_iso(str(cell)).astimezone(reading.node.zone).isoformat() if cell else None


def _counts(record: RecordType, field: Field, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a computed field asks the database for every row it is shown on."""
    if field.value is None or field.name in seen:
        return False
    return any(_part_counts(record, part, seen | {field.name}) for part in _parts(field.value))


def _part_counts(record: RecordType, part: object, seen: frozenset[str]) -> bool:
    if isinstance(part, Aggregate):
        return True
    if not isinstance(part, Expression):
        return False
    for node in walk(part.tree):
        if isinstance(node, Call) and node.function is not None and node.function.needs_world:
            return True
        if isinstance(node, FieldOf) and node.computed:
            other = record.fields.get(node.name)
            if node.record != record.key or other is None or _counts(record, other, seen):
                return True
    return False


def _parts(formula: object) -> list[object]:
    if not isinstance(formula, Cases):
        return [formula]
    cases: list[Case] = list(formula.rows)
    return [part for case in cases for each in (case.when, case.is_) if each is not None for part in _parts(each)]


def _add_names(reading: Reading, fields: list[Field], shown: list[Json]) -> None:
    """Add ``_refs``: one query per referenced type for the whole page."""
    ids: dict[str, set[str]] = {}
    for each in shown:
        for target, id_ in _references(fields, each):
            ids.setdefault(target, set()).add(id_)
    names = {target: display_names(reading, target, wanted) for target, wanted in ids.items()}
    for each in shown:
        named = {id_: names[target][id_] for target, id_ in _references(fields, each) if id_ in names[target]}
        if named:
            each["_refs"] = named


def _references(fields: list[Field], shown: Json) -> list[tuple[str, str]]:
    """Return (record type, id) of everything a shown record points to, and who changed it last."""
    found = [(STAFF, shown["updated_by"])] if shown["updated_by"] else []
    masked = shown.get("_masked", ())
    for field in fields:
        value = shown.get(field.name)
        if value is None or field.name in masked:
            continue
        item = field.spec.item
        if field.spec.type == "ref" and field.spec.to:
            found.append((field.spec.to, value))
        elif item is not None and item.type == "ref" and item.to:
            found += [(item.to, id_) for id_ in value if id_]
    return found


def display_names(reading: Reading, target: str, ids: set[str]) -> dict[str, str]:
    """Return the display names of those records that the reader may know of."""
    record = reading.node.catalog.records.get(target)
    if record is None or reading.sight_of(record).blind:
        return {}
    table = reading.node.table(record)
    plain = reading.sight_of(record).unmasked
    columns = [table.c[name] for name in ("id", "number", *_naming(record))] if plain else [*table.c]
    where = [table.c.id.in_(sorted(ids)), *reading.within(record), *reading.conditions(record)]
    names = {}
    for found in reading.connection.execute(select(*columns).where(*where)).mappings():
        cells = dict(found)
        how = NOTHING_MASKED
        if not plain:
            row = rows.from_cells(record, cells)
            how = reading.shown(record, row)
        names[str(cells["id"])] = _name(record, cells, how)
    return names


def _name(record: RecordType, cells: Mapping[str, Any], how: Shown) -> str:
    """Return what a person calls a record: its name, or its number, or its first text or date; else its id."""
    for name in _naming(record):
        if name != "name" and cells["number"]:
            break
        if cells[name] is not None and name not in how.absent:
            field = record.fields[name]
            return str(field.spec.kind.mask(cells[name], field.mask or "all") if name in how.masked else cells[name])
    return str(cells["number"] or cells["id"])


def name_fields(record: RecordType) -> list[str]:
    """Return the text fields that can name a record, best first: by these it can also be looked for."""
    texts = [name for name, field in record.fields.items() if field.stored and field.spec.type == "text"]
    return sorted(texts, key=lambda name: (name != "name", not record.fields[name].spec.required))[:3]


def _naming(record: RecordType) -> list[str]:
    """Return the fields a record is called by: those that name it, and where they are empty its first date."""
    dates = [name for name, field in record.fields.items() if field.stored and field.spec.type == "date"]
    return [*name_fields(record), *dates[:1]]
