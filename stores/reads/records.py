"""Reading records: lists and single ones, under the reader's filters and masks. Nothing here writes but ``reveal``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select

from core.host.contexts import AccessEntry
from core.language.definition import Field, RecordType
from core.language.expressions import Formula, Row
from core.model.errors import Forbidden, NodeError, Text
from stores import rows
from stores.actor import Actor
from stores.node import Node
from stores.reads import accesses
from stores.reads.filters import Columns, Filter, words_of
from stores.reads.paging import SortKey, after, from_cursor, in_order, position, to_cursor
from stores.reads.reading import Reading
from stores.reads.showing import Json, show
from stores.storage import words

LIMIT_MAX = 500
TOTAL_MAX = 10_000  # counting further would read the whole table for a figure that nobody uses


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. ``next`` is the cursor of the page after it, None on the last one.

    ``total`` is only counted when asked for, and never beyond ``TOTAL_MAX``: then it is that, and ``more`` than that.
    """

    rows: list[Json]
    next: str | None = None
    total: int | None = None
    more: bool = False


def query(  # noqa: PLR0913 - each is one thing a list can be asked for
    node: Node,
    actor: Actor,
    record: RecordType,
    *,
    where: Sequence[Filter] = (),
    search: str | None = None,
    sort: Sequence[str] = (),
    limit: int = 50,
    cursor: str | None = None,
    fields: Collection[str] | None = None,
    total: bool = False,
    deleted: bool = False,
    only: Formula | None = None,
    also: Callable[[Reading], Sequence[ColumnElement[bool]]] | None = None,
) -> Page:
    """Return one page of the records that ``actor`` may see, newest first unless ``sort`` says otherwise.

    ``where`` are (field, operator, value) and all must hold; ``search`` finds words in text fields; ``fields``
    names what to show, by default everything that needs no counting. ``deleted`` lists the tombstones instead;
    ``only`` is the compiled ``where`` of a view, ``also`` gives further conditions on the record's table.
    Raises Forbidden when the actor has no role for this record type, or filters or sorts by what he sees masked.
    """
    with node.database.read() as connection:
        reading = Reading(connection, node, actor)
        columns = Columns(node.table(record), reading.sight_of(record), node.zone)
        reading.check_role(record)
        conditions = [columns.condition(each) for each in where]
        narrowing: words.Narrowing | None = None
        if search and not search.isspace():
            conditions.append(columns.search(search))
            narrowing = words.narrowed(connection, record, columns.table, words_of(search))
        if only is not None:
            conditions.append(reading.lowered(record, only))
        conditions += also(reading) if also is not None else []
        conditions += [*reading.conditions(record), columns.table.c._life % 2 == (0 if deleted else 1)]
        keys = columns.sort_keys(sort)
        few = [narrowing.condition] if narrowing is not None else []
        quick = few if narrowing is not None and narrowing.whole else []
        stores = _by_store(reading, columns, where, keys)
        found = _page(reading, columns, stores, [*quick, *conditions], keys, _limit(limit), cursor)
        shown = show(reading, record, found[:limit], fields, alone=False)
        count = _count(connection, columns, stores, [*few, *conditions]) if total else None
        more = (count or 0) > TOTAL_MAX or (few != quick)
    following = to_cursor(keys, position(found[limit - 1], keys)) if len(found) > limit else None
    return Page(shown, following, count if count is None else min(count, TOTAL_MAX), more)


def fetch(node: Node, actor: Actor, record: RecordType, id: str, *, fields: Collection[str] | None = None) -> Json:
    """Return one record with all its fields, computed ones too, or only ``fields``.

    Raises NotFound as well when the record is there but not for this actor to know of.
    """
    with node.database.read() as connection:
        reading = Reading(connection, node, actor)
        return show(reading, record, [_one(reading, record, id)], fields, alone=True)[0]


def points_here(connection: Connection, node: Node, record: RecordType, field: Field, id: str) -> bool:
    """Say whether a living record of a type points to a record by ``field``, be it the reader's to know of or not."""
    table = node.table(record)
    query_ = select(table.c.id).where(table.c[field.name] == id, table.c._life % 2 == 1).limit(1)
    return connection.execute(query_).first() is not None


def reveal(node: Node, actor: Actor, record: RecordType, id: str, field: str, reason: str) -> object:
    """Return a masked field in clear and log that the actor looked, and why: both or neither.

    Raises Forbidden unless a read rule of the actor's says ``reveal: logged``; NodeError without a reason.
    """
    with node.database.write() as connection:
        reading = Reading(connection, node, actor)
        row = rows.from_cells(record, _one(reading, record, id))
        _check_reveal(reading, record, row, field, reason)
        entry = AccessEntry(actor.id, record.key, id, field, reason.strip(), node.now())
        accesses.log(connection, node, str(row.values["store"]), entry)
        spec = record.fields[field].spec
        value = spec.json(reading.value(record, row, field), node.zone)
    node.committed()
    node.host.tell("read_logged", entry=entry)
    return value


def _by_store(
    reading: Reading, columns: Columns, where: Sequence[Filter], keys: Sequence[SortKey]
) -> list[list[ColumnElement[bool]]]:
    """Return the condition on the store of each query that a page is put together from.

    One query per store that the reader sees and that has any: each comes out of its index in order, up to the end of
    the page, while one query for both would read and sort everything. Where a field that is asked for comes in the
    order wanted by an index of its own, one query for all is the one that stops at the end of the page.
    """
    record, wanted = columns.sight.record, keys[0].column.name
    named = {columns.column(name)[0].name for name, operator, _ in where if operator == "eq"}
    orders = (tuple(column.name for column in index.columns) for index in columns.table.indexes)
    if any(order[0] in named and order[1:2] == (wanted,) for order in orders):
        return [reading.within(record)]
    return [mine for mine in reading.owned(record) if not mine or _any(reading, columns, mine)]


def _any(reading: Reading, columns: Columns, mine: Sequence[ColumnElement[bool]]) -> bool:
    return reading.connection.execute(select(columns.table.c.id).where(*mine).limit(1)).first() is not None


def _page(
    reading: Reading,
    columns: Columns,
    stores: list[list[ColumnElement[bool]]],
    conditions: list[ColumnElement[bool]],
    keys: list[SortKey],
    limit: int,
    cursor: str | None,
) -> list[Mapping[str, object]]:
    """Return the rows of a page and one more, which tells whether there is a next one. One query for each store."""
    beyond = [] if cursor is None else [after(keys, from_cursor(keys, cursor))]
    order = [key.order() for key in keys]
    found: list[Mapping[str, object]] = []
    for mine in stores:
        statement = select(columns.table).where(*mine, *conditions, *beyond).order_by(*order).limit(limit + 1)
        found += [dict(row) for row in reading.connection.execute(statement).mappings()]
    return in_order(found, keys)[: limit + 1]


def _count(
    connection: Connection,
    columns: Columns,
    stores: list[list[ColumnElement[bool]]],
    conditions: list[ColumnElement[bool]],
) -> int:
    total = 0
    for mine in stores:
        some = select(columns.table.c.id).where(*mine, *conditions).limit(TOTAL_MAX + 1 - total)
        total += connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()
    return total


def _one(reading: Reading, record: RecordType, id: str) -> dict[str, object]:
    if not id.isprintable():  # PostgreSQL would not even be asked: it has no text with such characters
        raise rows.missing(record, id)
    table = reading.node.table(record)
    statement = select(table).where(table.c.id == id, *reading.within(record), *reading.conditions(record))
    found = reading.connection.execute(statement).mappings().first()
    if found is None:
        raise rows.missing(record, id)
    return dict(found)


def _limit(limit: int) -> int:
    if not 1 <= limit <= LIMIT_MAX:
        raise NodeError.of("bad-limit", f"a page has 1 to {LIMIT_MAX} rows", f"每页 1 至 {LIMIT_MAX} 行", field="limit")
    return limit


def _check_reveal(reading: Reading, record: RecordType, row: Row, field: str, reason: str) -> None:
    sight, env = reading.sight_of(record), reading.env_of(record, row)
    known = {each.name for each in sight.fields()} - reading.shown(record, row).absent
    if field not in known or not any(rule.reveal and field not in rule.hide for rule in sight.through(row, env)):
        raise Forbidden.of(
            "reveal-refused", "you may not see this field in clear", "您无权查看该字段的完整内容", field=field
        )
    if not reason.strip():
        raise NodeError.of(
            "reason-missing",
            "say why you need to see this; the reason is logged",
            "请填写查看原因，系统将予以记录",
            fix=Text("enter a reason", "请填写原因"),
            field="reason",
        )
