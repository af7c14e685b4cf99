"""Columns of lists, boards and cards: which fields, what they are called, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.pages.frame.desk import Desk, list_url, record_url
from app.pages.showing.values import NOTHING, NUMERIC, Shown, shown, shown_field, shown_moment, shown_state
from core.language.definition import Field, RecordType
from core.model.errors import Forbidden
from core.model.fields import FieldSpec
from core.model.scope import HEADQUARTERS
from stores.reads import records
from stores.reads.sight import Sight

DEFAULT_MAX = 8  # columns of a list nobody has chosen columns for
NOTICE = "core.notice"
BUILT_IN = ("number", "state", "store", "updated_at")
_UNSORTED = frozenset({"list", "map", "geo", "images", "image", "file", "signature", "duration"})
_WIDE = frozenset({"list", "map", "geo", "images", "image", "file", "signature"})

_TELLING = frozenset({"text", "ref", "enum", "date", "phone"})
BRIEF_MAX = 3

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``name`` is a field, one of ``BUILT_IN``, or a path through references: ``project.customer``."""

    name: str
    label: str
    field: Field | None = None
    sortable: bool = False
    rest: str = ""

    @property
    def numeric(self) -> bool:
        """Whether figures stand in it, under one another."""
        return self.field is not None and not self.rest and self.field.spec.type in NUMERIC

    @property
    def first(self) -> str:
        """The field of the record itself with which the path begins."""
        return self.name.partition(".")[0]


def column(desk: Desk, record: RecordType, sight: Sight, name: str) -> Column | None:
    """Return a column by name, None for a field this person does not see."""
    if name in BUILT_IN:
        return _built_in(desk, record, name)
    first, _, rest = name.partition(".")
    visible = {each.name: each for each in sight.fields()}
    if first not in visible:
        return None
    one = visible[first]
    label = _path_label(desk, one, rest)
    sortable = not rest and one.stored and one.spec.type not in _UNSORTED and sight.is_open(first)
    return Column(name, label, one, sortable, rest)


def chosen(desk: Desk, record: RecordType, sight: Sight, names: Sequence[str]) -> list[Column]:
    """Return the columns asked for, or the usual ones when none are."""
    wanted = list(names) or usual(desk, record, sight)
    return [found for name in dict.fromkeys(wanted) if (found := column(desk, record, sight, name))]


def usual(desk: Desk, record: RecordType, sight: Sight) -> list[str]:
    """Return the columns of a list nobody has chosen columns for: what names a record first, long things never."""
    fields = [each for each in sight.fields() if each.spec.type not in _WIDE and each.stored]
    fields = [each for each in fields if each.name not in said_twice(desk, record)]
    names = [each.name for each in fields][:DEFAULT_MAX]
    head = ["number"] if record.number else []
    tail = ["state"] if record.states else []
    tail += ["store"] if desk.actor.store == HEADQUARTERS else []
    return [*head, *names, *tail, "updated_at"]


def said_twice(desk: Desk, record: RecordType) -> set[str]:
    """Return the fields that say again in the other language, or in a word of the rules, what another one says."""
    if record.key == NOTICE:
        return {"name", "zh", "en"} - {desk.language}
    if record.origin == "ledger":
        return {"why_zh", "why_en"} - {f"why_{desk.language}"}
    return set()


def offered(desk: Desk, record: RecordType, sight: Sight) -> list[Column]:
    """Return every column the person can choose."""
    names = [*BUILT_IN, *(each.name for each in sight.fields())]
    return [found for name in names if (found := column(desk, record, sight, name))]


def cell(desk: Desk, record: RecordType, each: Column, row: Row, beyond: Mapping[str, Row]) -> Shown:
    """Return what stands in a column of a row. ``beyond`` are the records that paths lead to, by id."""
    match each.name:
        case "number":
            return Shown("text", str(row["number"])) if row["number"] else NOTHING
        case "state":
            return shown_state(desk, record, row["state"])
        case "store":
            return Shown("text", str(row["store"]))
        case "updated_at":
            return shown_moment(desk, row["updated_at"])
    assert each.field is not None
    return _through(desk, each.field, each.rest, row, beyond) if each.rest else shown_field(desk, each.field, row)


def leaf(desk: Desk, each: Column, row: Row, beyond: Mapping[str, Row]) -> tuple[Field, Row] | None:
    """Return the field that a column ends in and the record it stands in; None where the path leads nowhere.

    A path that ends in a number leads to no field: ``cell`` shows it.
    """
    one, rest, here = each.field, each.rest, row
    while rest and one is not None:
        name, _, rest = rest.partition(".")
        there = beyond.get(f"{name}@{here.get(one.name)}")
        if there is None or one.spec.to is None:
            return None
        one, here = desk.catalog.records[one.spec.to].fields.get(name), there
    return None if one is None else (one, here)


def beyond(desk: Desk, columns: Iterable[Column], rows: Sequence[Row]) -> dict[str, Row]:
    """Return the records that paths lead to, one query per reference, as far as the person may see them."""
    found: dict[str, Row] = {}
    for each in columns:
        here, one, rest = list(rows), each.field, each.rest
        while rest and one is not None and one.spec.to:
            target = desk.catalog.records[one.spec.to]
            ids = sorted({str(row[one.name]) for row in here if row.get(one.name)})
            name, _, rest = rest.partition(".")
            here = _by_ids(desk, target, ids, name)
            found |= {f"{name}@{row['id']}": row for row in here}
            one = target.fields.get(name)
    return found


def title_of(desk: Desk, record: RecordType, row: Row) -> str:
    """Return what a person calls a record that is on the page: its name, else its number, else its first text."""
    for each in record.fields.values():
        if each.name == "name" and row.get("name"):
            return str(row["name"])
    if row.get("number"):
        return str(row["number"])
    for each in record.fields.values():
        if each.spec.type in {"text", "ref", "date"} and row.get(each.name):
            return shown_field(desk, each, row).text
    return f"{desk.say(record.label)} {str(row['id'])[-6:]}"


def brief_of(desk: Desk, record: RecordType, row: Row) -> str:
    """Return what tells a record from others besides its title: who and where, as the cards of the plugin have it."""
    views = desk.catalog.plugin(record.plugin).views.values()
    card: Any = next((each["card"] for each in views if each.get("of") == record.key and each.get("card")), ())
    fields = [record.fields[name] for name in card if name in record.fields]
    said = [shown_field(desk, each, row).text for each in fields if each.spec.type in _TELLING]
    title = title_of(desk, record, row)
    return " · ".join([text for text in said if text and text != title][:BRIEF_MAX])


def first_date(sight: Sight) -> str | None:
    """Return the field by which a calendar is laid out: the first date in clear, else the first moment."""
    for wanted in ("date", "datetime"):
        for one in sight.fields():
            if one.stored and one.spec.type == wanted and sight.is_open(one.name):
                return one.name
    return None


def layouts(record: RecordType, sight: Sight) -> list[tuple[str, str]]:
    """Return (word, address) of the ways in which a record type can be laid out for this person."""
    found = [("list", list_url(record))]
    if record.states:
        found.append(("board", f"/board/{record.plugin}/{record.name}"))
    if first_date(sight):
        found.append(("calendar", f"/calendar/{record.plugin}/{record.name}"))
    return found


def link(record: RecordType, row: Row) -> str:
    """Return the address of a row's record."""
    return record_url(record, str(row["id"]))


def _built_in(desk: Desk, record: RecordType, name: str) -> Column | None:
    w = desk.words
    if (name == "number" and not record.number) or (name == "state" and not record.states):
        return None
    if name == "store" and desk.actor.store != HEADQUARTERS:
        return None
    labels = {"number": w.number, "state": w.state, "store": w.store, "updated_at": w.updated}
    return Column(name, labels[name], sortable=True)


def _path_label(desk: Desk, one: Field, rest: str) -> str:
    label = desk.say(one.label)
    target = desk.catalog.records.get(one.spec.to or "")
    if not rest or target is None:
        return label
    name, _, further = rest.partition(".")
    inner = target.fields.get(name)
    return (
        f"{label} · {_path_label(desk, inner, further) if inner else desk.words.number if name == 'number' else name}"
    )


def _by_ids(desk: Desk, target: RecordType, ids: Sequence[str], name: str) -> list[Row]:
    if not ids:
        return []
    fields = [name] if name in target.fields else ["id"]
    where = [("id", "in", list(ids[:200]))]
    try:
        return list(records.query(desk.node, desk.actor, target, where=where, limit=200, fields=fields).rows)
    except Forbidden:  # the path leads through what this person does not read: the column stays empty for him
        return []


def _through(desk: Desk, one: Field, rest: str, row: Row, beyond: Mapping[str, Row]) -> Shown:
    name, _, further = rest.partition(".")
    target = desk.catalog.records.get(one.spec.to or "")
    there = beyond.get(f"{name}@{row.get(one.name)}")
    if there is None or target is None:
        return NOTHING
    inner = target.fields.get(name)
    if inner is None:
        return shown(desk, FieldSpec("text"), there.get(name), {})
    return _through(desk, inner, further, there, beyond) if further else shown_field(desk, inner, there)
