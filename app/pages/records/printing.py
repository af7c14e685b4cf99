"""Lists and records on paper: plain sheets with a head, page numbers and lines to sign, seen with the reader's eyes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from fastapi import APIRouter, Request, Response

from app.pages.actions.sections import Section, arranged, holding, sections_of
from app.pages.frame.desk import CurrentDesk, Desk, record_url, with_query
from app.pages.frame.drawing import page
from app.pages.records.papers import fits
from app.pages.records.record import Fact, facts_of
from app.pages.showing import columns as cols
from app.pages.showing.speaking import title
from app.pages.showing.values import shown_moment, shown_state
from app.pages.views.lists import Source, boxes, cell_of, question, sight_of, source_of_record, source_of_view
from app.pages.views.saved import views_of, with_usual
from core.language.definition import RecordType
from core.model.errors import NotFound, Text
from stores.reads import records

router = APIRouter(include_in_schema=False)
ROWS_MAX = 1_000  # of one printed list; the rest is told of on the paper, and is what Excel is for


@router.get("/records/{plugin}/{record}/print")
def print_list(plugin: str, record: str, request: Request, desk: CurrentDesk) -> Response:
    """Show a record type's list as it goes on paper, as the address asks for it."""
    return draw_list(desk, source_of_record(desk, desk.record(plugin, record)), request)


@router.get("/views/{plugin}/{view}/print")
def print_view(plugin: str, view: str, request: Request, desk: CurrentDesk) -> Response:
    """Show a list of a plugin as it goes on paper."""
    return draw_list(desk, source_of_view(desk, plugin, view, _view(desk, plugin, view, {"list", "table"})), request)


@router.get("/records/{plugin}/{record}/{record_id}/print")
def print_record(plugin: str, record: str, record_id: str, desk: CurrentDesk) -> Response:
    """Show a record with all its fields as it goes on paper."""
    kind = desk.record(plugin, record)
    return draw_record(desk, kind, record_id, desk.say(kind.label), sections_of(desk, kind), (), everything=True)


@router.get("/views/{plugin}/{view}/print/{record_id}")
def print_sheet(plugin: str, view: str, record_id: str, desk: CurrentDesk) -> Response:
    """Show a record on a sheet that the plugin describes: its sections, and who signs."""
    found = _view(desk, plugin, view, {"print"})
    kind = desk.catalog.records[str(found["of"])]
    records.fetch(desk.node, desk.actor, kind, record_id, fields=())  # who may not know of it is told so first
    if not fits(desk, kind, record_id, found):
        raise NotFound.of(
            "no-such-paper", "this sheet is not for this record as it stands", "该单据不适用于此记录当前状态"
        )
    label = cast("Text", found["label"])
    signing = cast("Sequence[Text]", found.get("sign", ()))
    sections = sections_of(desk, kind, found)
    return draw_record(desk, kind, record_id, desk.say(label), sections, [desk.say(each) for each in signing])


def draw_list(desk: Desk, source: Source, request: Request) -> Response:
    """Return a list on paper: whole, as far as paper goes, with what it was filtered by."""
    record = source.record
    sight = sight_of(desk, record)
    asked = with_usual(desk, request.query_params, views_of(desk, source.url))
    asking = question(desk, source, asked, sight)
    rows: list[cols.Row] = []
    cursor: str | None = None
    while len(rows) < ROWS_MAX:
        found = asking.answer(desk, record, min(records.LIMIT_MAX, ROWS_MAX - len(rows)), cursor)
        rows += found.rows
        cursor = found.next
        if cursor is None:
            break
    beyond = cols.beyond(desk, asking.columns, rows)
    kept = {key: value for key, value in asked.multi_items() if value}
    return page(
        desk,
        "paper_list.html",
        label=source.label,
        columns=asking.columns,
        rows=[[cell_of(desk, record, each, row, beyond) for each in asking.columns] for row in rows],
        cut=cursor is not None,
        told=list(_told(desk, source, sight, kept)),
        back=source.url + with_query(kept),
        printed=_printed(desk),
    )


def draw_record(
    desk: Desk,
    kind: RecordType,
    record_id: str,
    label: str,
    sections: Sequence[Section],
    sign: Sequence[str],
    *,
    everything: bool = False,
) -> Response:
    """Return a record on paper: what the sections name, with room to write; or ``everything`` that is filled in."""
    row = records.fetch(desk.node, desk.actor, kind, record_id)
    facts = {each.name: each for each in facts_of(desk, sight_of(desk, kind), row, {})}
    now = holding(desk, kind, sections, record_id)
    named = {name for section in sections for name in section.fields}
    filled = {name for name, fact in facts.items() if fact.value.kind != "none"}
    wanted = {name: fact for name, fact in facts.items() if name in (filled if everything else named)}
    parts: list[tuple[str, list[Fact]]] = [
        (section.label, inside) for section, inside in arranged(sections, wanted) if now.get(id(section), True)
    ]
    return page(
        desk,
        "paper_record.html",
        label=label,
        title=title(desk, kind, row) or cols.title_of(desk, kind, row),
        number=row["number"],
        state=shown_state(desk, kind, row["state"]),
        parts=parts,
        sign=sign,
        back=record_url(kind, record_id),
        printed=_printed(desk),
    )


def _view(desk: Desk, plugin: str, view: str, kinds: set[str]) -> Mapping[str, Any]:
    found = desk.catalog.plugin(plugin).views.get(view)
    if found is None or found["kind"] not in kinds:
        raise NotFound.of("no-such-view", f"there is no view `{view}`", f"没有视图 `{view}`")
    return found


def _printed(desk: Desk) -> str:
    return desk.words.of("paper_by", desk.actor.name, shown_moment(desk, desk.node.now().isoformat()).title[:16])


def _told(desk: Desk, source: Source, sight: Any, kept: Mapping[str, str]) -> Any:
    """Yield what the list was narrowed by, in words."""
    if kept.get("q"):
        yield f"{desk.words.search}{desk.words.colon}{kept['q']}"
    if kept.get("state") and kept["state"] in source.record.states:
        yield f"{desk.words.state}{desk.words.colon}{desk.say(source.record.states[kept['state']])}"
    for box in boxes(desk, sight, kept):
        chosen = dict(box.options).get(box.chosen) or (f"{box.low} – {box.high}" if box.low or box.high else "")
        if chosen:
            yield f"{box.label}{desk.words.colon}{chosen}"
