"""What may be there twice: proposals to merge, records alike in two stores, values that may stand once; one inbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from app.pages.actions.buttons import allowed_now, said_of
from app.pages.actions.inputs import draw
from app.pages.frame.desk import CurrentDesk, Desk, list_url, record_url, with_query
from app.pages.frame.drawing import page
from app.pages.frame.forms import Form
from app.pages.showing import columns as cols
from app.pages.showing.places import Places, places_of
from app.pages.showing.values import NOTHING, shown_field, shown_moment, shown_state
from app.pages.views.lists import sight_of
from app.pages.views.pairs import Line, Pair, by_id, proposals
from core.language.definition import RecordType
from core.model.errors import Forbidden
from stores.reads import records
from stores.reads.matches import MATCH
from stores.reads.oversight import CONFLICT
from stores.reads.subjects import TWICE

router = APIRouter(include_in_schema=False)
ROWS = 25


@router.get("/duplicates")
def inbox(request: Request, desk: CurrentDesk) -> Response:
    """Show what may be there twice in every business that the person sees, and what stands twice and may stand once."""
    groups, clashes = list(proposals(desk)), _clashes(desk)
    asked, kind = request.query_params, desk.catalog.records[MATCH]
    found = _found(desk, kind, asked.get("cursor"))
    places = places_of(desk)
    return page(
        desk,
        "duplicates.html",
        title=desk.words.duplicates,
        groups=groups,
        clashes=clashes,
        matches=[_match(desk, kind, row, places) for row in found.rows] if found else [],
        matches_total=found.total if found else 0,
        decided_url=list_url(kind, state="same") if found else None,
        next_url="/duplicates" + with_query({"cursor": found.next}) if found and found.next else None,
        said=said_of(desk, kind, asked.get("done"), asked.get("sent")),
        types=" ".join([CONFLICT, MATCH, *(each.record.key for each, _, _ in groups)]),
    )


@router.get("/duplicates/{match_id}")
def one_match(match_id: str, desk: CurrentDesk) -> Response:
    """Show two records of different stores that may be the same one, with what the person may decide about them."""
    kind = desk.catalog.records[MATCH]
    row = records.fetch(desk.node, desk.actor, kind, match_id)
    pair = _match(desk, kind, row, places_of(desk))
    can = allowed_now(desk, kind, match_id)
    asks = {ask.name: ask for each in can for ask in kind.actions[each.name].ask}
    return page(
        desk,
        "pair.html",
        title=pair.title,
        label=desk.words.duplicates,
        back="/duplicates",
        pair=pair,
        can=can,
        take="",
        hint=desk.words.match_hint,
        inputs=[draw(desk, ask.name, desk.say(ask.label), ask.spec, Form()) for ask in asks.values()],
        seen=str(row["updated_at"] or ""),
    )


def _found(desk: Desk, kind: RecordType, cursor: str | None) -> records.Page | None:
    """Return a page of what nobody has decided; None for who is not told of it."""
    where: list[tuple[str, str, object]] = [("state", "eq", "open")]
    try:
        return records.query(desk.node, desk.actor, kind, where=where, limit=ROWS, cursor=cursor, total=True)
    except Forbidden:
        return None


def _match(desk: Desk, kind: RecordType, row: cols.Row, places: Places) -> Pair:
    about, w = desk.catalog.records.get(str(row["record_type"])), desk.words
    rule = about.alike.get(str(row["rule"])) if about else None
    ids = [str(row["first"]), str(row["second"])]
    lines, names, urls = _beside(desk, about, ids, rule.key if rule else ())
    stores = [places.name(str(row[name])) for name in ("store", "second_store")]
    numbers = [str(row[name] or "") for name in ("first_number", "second_number")]
    called = [" ".join(filter(None, both)) for both in zip(names, numbers, strict=True)]
    url = f"/duplicates/{row['id']}"
    about_it = [(w.found_at, shown_moment(desk, row["found_at"]))]
    if row.get("reason"):
        about_it.append((desk.say(kind.fields["reason"].label), shown_field(desk, kind.fields["reason"], row)))
    return Pair(
        str(row["id"]),
        desk.say(rule.label) if rule else desk.say(kind.label),
        url,
        url,
        shown_state(desk, kind, row["state"]),
        desk.say(about.label) if about else "",
        about_it,
        called[0],
        urls[0],
        called[1],
        urls[1],
        lines,
        *stores,
    )


def _clashes(desk: Desk) -> list[Pair]:
    """Return the open conflicts about a value that stands in two records and may stand in one."""
    kind = desk.catalog.records[CONFLICT]
    where: list[tuple[str, str, object]] = [("state", "eq", "open"), ("kind", "in", sorted(TWICE))]
    try:
        found = records.query(desk.node, desk.actor, kind, where=where, limit=ROWS).rows
    except Forbidden:
        return []
    places = places_of(desk)
    return [pair for row in found if (pair := _clash(desk, kind, row, places)) is not None]


def _clash(desk: Desk, kind: RecordType, row: cols.Row, places: Places) -> Pair | None:
    about = desk.catalog.records.get(str(row.get("record_type")))
    if about is None:
        return None
    lines, names, urls = _beside(desk, about, [str(row.get("detail")), str(row.get("record_id"))])
    if not lines:
        return None
    at = shown_moment(desk, row["theirs_at"]) if row.get("theirs_at") else NOTHING
    return Pair(
        str(row["id"]),
        desk.say(about.label),
        f"/conflicts/{row['id']}",
        f"/conflicts/{row['id']}",
        shown_field(desk, kind.fields["kind"], row),
        places.name(str(row["store"])) if places.is_chain else "",
        [(desk.words.came_in, at)],
        names[0],
        urls[0],
        names[1],
        urls[1],
        lines,
    )


def _beside(
    desk: Desk, about: RecordType | None, ids: Sequence[str], first: Sequence[str] = ()
) -> tuple[list[Line], list[str], list[str | None]]:
    """Return two records of one type line by line, their names and addresses; ``first`` are fields to begin with.

    What the person does not read of them is masked as everywhere; of a type he does not read there is no line.
    """
    unnamed: list[str] = [desk.words.somebody] * len(ids)
    if about is None:
        return [], unnamed, [None] * len(ids)
    try:
        sight = sight_of(desk, about)
    except Forbidden:
        return [], unnamed, [None] * len(ids)
    wanted = [*first, *cols.usual(desk, about, sight)]
    columns = [each for each in cols.chosen(desk, about, sight, wanted) if each.field is not None]
    both = by_id(desk, about, ids, [each.name for each in columns])
    rows = [both.get(id_, {}) for id_ in ids]
    lines = [line for each in columns if (line := _line(desk, about, each, rows)) is not None]
    names = [cols.title_of(desk, about, one) if one else desk.words.somebody for one in rows]
    return lines, names, [record_url(about, id_) if one else None for id_, one in zip(ids, rows, strict=True)]


def _line(desk: Desk, about: RecordType, column: cols.Column, rows: Sequence[Any]) -> Line | None:
    """Return a field of both; None where neither has anything. What is masked, or empty in one, is not told apart."""
    here, there = (cols.cell(desk, about, column, one, {}) if one else NOTHING for one in rows)
    kinds = {here.kind, there.kind}
    if kinds == {"none"}:
        return None
    return Line(column.label, here, there, differs=kinds.isdisjoint({"mask", "none"}) and here != there)
