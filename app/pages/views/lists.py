"""Lists: search, filter, order, columns, pages by key: of every record type, and as the plugins' views say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from fastapi import APIRouter, Request, Response
from starlette.datastructures import QueryParams

from app.pages.actions.buttons import beginnings, editings, may_export, said_of
from app.pages.frame.desk import CurrentDesk, Desk, list_url, with_query
from app.pages.frame.drawing import page
from app.pages.showing import columns as cols
from app.pages.showing.columns import Column
from app.pages.showing.coming import comes_about
from app.pages.showing.places import places_of
from app.pages.showing.speaking import spoken
from app.pages.showing.values import Shown, tone_of
from app.pages.views.saved import at_hand, links, may_share, views_of, with_usual
from app.web.guidance import guidance_for
from core.language.definition import RecordType
from core.language.expressions import Formula
from core.model.scope import HEADQUARTERS
from stores.reads import records
from stores.reads.reading import Reading
from stores.reads.records import Page
from stores.reads.sight import Sight

router = APIRouter(include_in_schema=False)
ROWS = 50
ENUMS_MAX = 4  # filters of one list; the rest is found by searching
_OWN = frozenset({"q", "sort", "cursor", "cols", "lang", "done", "sent", "deleted"})
_OF_A_MOMENT = frozenset({"cursor", "lang", "done", "sent"})  # what no other address of the list repeats


@dataclass(frozen=True, slots=True)
class Source:
    """What a list is of: a record type, and what a view has to say about it."""

    record: RecordType
    url: str
    label: str
    columns: Sequence[str] = ()
    sort: Sequence[str] = ()
    only: Formula | None = None
    view: str | None = None
    excel: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What an address asks a list for."""

    columns: list[Column]
    where: list[tuple[str, str, object]]
    search: str | None
    sort: list[str]
    only: Formula | None

    def answer(self, desk: Desk, record: RecordType, limit: int, cursor: str | None, *, total: bool = False) -> Page:
        """Return one page of the records that this person may see."""
        return records.query(
            desk.node,
            desk.actor,
            record,
            where=self.where,
            search=self.search,
            sort=self.sort,
            limit=limit,
            cursor=cursor,
            fields=[each.first for each in self.columns],
            total=total,
            only=self.only,
        )


@dataclass(frozen=True, slots=True)
class FilterBox:
    """One filter: a choice of words, or a span of days."""

    name: str
    label: str
    options: list[tuple[str, str]] = field(default_factory=list)  # value, words
    chosen: str = ""
    low: str = ""
    high: str = ""


@router.get("/records/{plugin}/{record}")
def record_list(plugin: str, record: str, request: Request, desk: CurrentDesk) -> Response:
    """Show one page of a record type's list."""
    return draw_list(desk, source_of_record(desk, desk.record(plugin, record)), request)


def draw_list(desk: Desk, source: Source, request: Request) -> Response:
    """Return the page of a list, as the address asks for it."""
    record = source.record
    sight = sight_of(desk, record)
    views = views_of(desk, source.url)
    asked = with_usual(desk, request.query_params, views)
    asking = question(desk, source, asked, sight)
    columns, sort = asking.columns, asking.sort
    found = asking.answer(desk, record, ROWS, asked.get("cursor"), total=not asked.get("cursor"))
    beyond = cols.beyond(desk, columns, found.rows)
    kept = {key: value for key, value in asked.multi_items() if key not in _OF_A_MOMENT and value}
    actions, offers = beginnings(desk, record), boxes(desk, sight, kept)
    return page(
        desk,
        "list.html",
        source=source,
        record=record,
        columns=columns,
        offered=cols.offered(desk, record, sight),
        rows=_with_names(
            desk,
            columns,
            [(cols.link(record, r), [cell_of(desk, record, c, r, beyond) for c in columns]) for r in found.rows],
        ),
        comes="" if found.rows else comes_about(desk, record),
        total=found.total,
        more_than_total=found.more,
        sorts={each.name: _sorted(source, kept, sort, each) for each in columns if each.sortable},
        next_url=source.url + with_query({**kept, "cursor": found.next}) if found.next else None,
        first_url=source.url + with_query(kept) if asked.get("cursor") else None,
        asked=kept,
        boxes=offers,
        filtered=sum(bool(each.chosen or each.low or each.high) for each in offers),
        states=_state_tabs(desk, source, kept),
        narrowed=bool(asked.get("q") or filters(asked.multi_items())),
        layouts=cols.layouts(record, sight),
        saved=at_hand(links(desk, views, source.url + with_query(kept))),
        query=with_query(kept),
        may_share=may_share(desk),
        said=said_of(desk, record, asked.get("done"), asked.get("sent")),
        print_url=f"{source.url}/print{with_query(kept)}",
        usual=asked is not request.query_params,
        query_names_columns=bool(request.query_params.get("cols")),
        actions=actions,
        export_url=f"{source.url}/excel{with_query(kept)}" if may_export(desk, record, source.excel) else None,
        imports=[each for each in actions if record.actions[each.name].ask],
        edits=editings(desk, record),
        guidance=guidance_for(desk, desk.catalog.plugin(record.plugin), _place(source)),
    )


def cell_of(desk: Desk, record: RecordType, each: Column, row: cols.Row, beyond: Mapping[str, cols.Row]) -> Shown:
    """Return what stands in a column of a row."""
    return spoken(desk, record, each.name, row) or cols.cell(desk, record, each, row, beyond)


def _with_names(
    desk: Desk, columns: Sequence[Column], rows: list[tuple[str, list[Shown]]]
) -> list[tuple[str, list[Shown]]]:
    """Return the rows with the names of stores in place of their codes."""
    at = next((n for n, each in enumerate(columns) if each.name == "store"), None)
    if at is None:
        return rows
    places = places_of(desk)
    for _, cells in rows:
        code = cells[at].text
        cells[at] = Shown("text", places.name(code), title="" if places.name(code) == code else code)
    return rows


def sight_of(desk: Desk, record: RecordType) -> Sight:
    """Return what the person may see of a record type; raises Forbidden when that is nothing at all."""
    with desk.node.database.read() as connection:
        reading = Reading(connection, desk.node, desk.actor)
        reading.check_role(record)
        return reading.sight_of(record)


def question(desk: Desk, source: Source, asked: QueryParams, sight: Sight) -> Question:
    """Return what an address asks a list for; where it says nothing, what the view says."""
    columns = cols.chosen(desk, source.record, sight, _words(asked.get("cols")) or source.columns)
    sort = _words(asked.get("sort")) or list(source.sort)
    return Question(columns, filters(asked.multi_items()), asked.get("q"), sort, source.only)


def filters(asked: Sequence[tuple[str, str]]) -> list[tuple[str, str, object]]:
    """Return the filters of an address: ``state=held``, ``night.ge=2026-03-07``. Empty ones filter nothing."""
    found: list[tuple[str, str, object]] = []
    for name, value in asked:
        if name not in _OWN and value != "":
            field_name, _, operator = name.partition(".")
            found.append((field_name, operator or "eq", value))
    return found


def boxes(desk: Desk, sight: Sight, kept: Mapping[str, str]) -> list[FilterBox]:
    """Return the filters a list offers: branch and region, its enums and switches, the days of its first date."""
    fields = [each for each in sight.fields() if each.stored and sight.is_open(each.name)]
    w = desk.words
    found = [
        FilterBox(each.name, desk.say(each.label), [(k, desk.say(t)) for k, t in each.spec.options.items()])
        for each in fields
        if each.spec.type == "enum" and each.spec.options
    ]
    found += [
        FilterBox(each.name, desk.say(each.label), [("true", w.yes), ("false", w.no)])
        for each in fields
        if each.spec.type == "bool"
    ]
    found = [_with_choice(box, kept) for box in found[:ENUMS_MAX]]
    dated = next((each for each in fields if each.spec.type == "date"), None)
    if dated is not None:
        low, high = kept.get(f"{dated.name}.ge", ""), kept.get(f"{dated.name}.le", "")
        found.append(FilterBox(dated.name, desk.say(dated.label), low=low, high=high))
    return [*_chain_boxes(desk, kept), *found]


def _chain_boxes(desk: Desk, kept: Mapping[str, str]) -> list[FilterBox]:
    """Return the filters by branch and by region, for who sees more than one store's records."""
    if desk.actor.store != HEADQUARTERS:
        return []
    places, w = places_of(desk), desk.words
    stores = [(code, places.name(code)) for code in (*places.codes, HEADQUARTERS)] if places.codes else []
    boxes = (FilterBox("store", w.store, stores), FilterBox("store.in", w.region, places.by_region()))
    return [_with_choice(box, kept) for box in boxes if box.options]


def _with_choice(box: FilterBox, kept: Mapping[str, str]) -> FilterBox:
    return FilterBox(box.name, box.label, box.options, kept.get(box.name, ""))


def _state_tabs(desk: Desk, source: Source, kept: Mapping[str, str]) -> list[tuple[str, str, str, bool]]:
    """Return (address, words, colour, whether chosen) for each state, the whole list first."""
    states = source.record.states
    if not states:
        return []
    rest = {key: value for key, value in kept.items() if key != "state"}
    now = kept.get("state", "")
    tabs = [(source.url + with_query(rest), desk.words.all_states, "", not now)]
    for name, label in states.items():
        address = source.url + with_query({**rest, "state": name})
        tabs.append((address, desk.say(label), tone_of(source.record, name), now == name))
    return tabs


def _sorted(source: Source, kept: Mapping[str, str], sort: Sequence[str], each: Column) -> tuple[str, str]:
    """Return the address that orders by a column, or turns its order round, and how it is ordered by it now."""
    first = sort[0] if sort else ""
    now = "ascending" if first == each.name else "descending" if first == f"-{each.name}" else ""
    wanted = f"-{each.name}" if now == "ascending" else each.name
    return source.url + with_query({**kept, "sort": wanted}), now


def _place(source: Source) -> str:
    return f"view:{source.view}" if source.view else source.record.name


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def source_of_record(desk: Desk, record: RecordType) -> Source:
    """Return what the list of a record type shows: all of it, newest first."""
    return Source(record, list_url(record), desk.say(record.label))


def source_of_view(desk: Desk, plugin: str, name: str, view: Mapping[str, Any]) -> Source:
    """Return what a view of kind list or table shows."""
    record = desk.catalog.records[str(view["of"])]
    return Source(
        record,
        f"/views/{plugin}/{name}",
        desk.say(view["label"]),
        cast("Sequence[str]", view.get("columns", ())),
        cast("Sequence[str]", view.get("sort", ())),
        view.get("where"),
        name,
        cast("Mapping[str, Any]", view.get("excel", {})),
    )
