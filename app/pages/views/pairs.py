"""Two records side by side: what may be the same customer twice, field by field, and the decision, an ordinary action.

A view of ``kind: pairs`` says which records these are (a proposal), which other record each is set against, and which
fields stand beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from app.pages.actions import inputs
from app.pages.actions.buttons import Button, allowed_now, said_of
from app.pages.actions.inputs import Input
from app.pages.frame.desk import CurrentDesk, Desk, list_url, record_url, with_query
from app.pages.frame.drawing import page
from app.pages.frame.forms import Form
from app.pages.showing import columns as cols
from app.pages.showing.places import places_of
from app.pages.showing.values import NOTHING, Shown, shown_field, shown_state
from app.pages.views.lists import Source, sight_of, source_of_view
from core.language.definition import RecordType
from core.model.errors import Forbidden, NotFound, Problem, Text
from stores.reads import records

router = APIRouter(include_in_schema=False)
ROWS = 25
KIND = "pairs"


@dataclass(frozen=True, slots=True)
class Line:
    """One field of both: ``take`` is what a tick beside it says to the action, empty where it cannot be taken over."""

    label: str
    known: Shown
    given: Shown
    differs: bool
    take: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records side by side, ready for the template. ``about`` is what else is known of the pair."""

    id: str
    title: str
    url: str
    decide_url: str
    state: Shown
    store: str
    about: list[tuple[str, Shown]]
    known_name: str
    known_url: str | None
    given_name: str
    given_url: str | None
    lines: list[Line]
    known_word: str = ""  # over its column, in place of "known"
    given_word: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """The pairs of one view: its records, what they are set against, and what stands side by side."""

    source: Source
    view: Mapping[str, Any]
    other: RecordType

    @property
    def record(self) -> RecordType:
        """The record type of the proposals."""
        return self.source.record


def draw_pairs(desk: Desk, source: Source, view: Mapping[str, Any], request: Request) -> Response:
    """Return the page of a view: its pairs, one below the other."""
    kind = _kind(desk, source, view)
    asked = request.query_params
    found = _found(desk, kind, asked.get("cursor"))
    return page(
        desk,
        "pairs.html",
        title=source.label,
        pairs=_pairs(desk, kind, found.rows),
        total=found.total,
        all_url=list_url(kind.record),
        said=said_of(desk, kind.record, asked.get("done"), asked.get("sent")),
        types=kind.record.key,
        next_url=source.url + with_query({"cursor": found.next}) if found.next else None,
    )


@router.get("/pairs/{plugin}/{view}/{record_id}")
def one_pair(plugin: str, view: str, record_id: str, desk: CurrentDesk) -> Response:
    """Show one pair with what the person may decide about it."""
    found = desk.catalog.plugin(plugin).views.get(view)
    if found is None or found["kind"] != KIND:
        raise NotFound((Problem("no-such-view", Text(f"there is no view `{view}`", f"没有视图 `{view}`")),))
    kind = _kind(desk, source_of_view(desk, plugin, view, found), found)
    row = records.fetch(desk.node, desk.actor, kind.record, record_id)
    can = [each for each in allowed_now(desk, kind.record, record_id) if _takes_part(kind, each)]
    (pair,) = _pairs(desk, kind, [row])
    return page(
        desk,
        "pair.html",
        title=pair.title,
        label=kind.source.label,
        back=kind.source.url,
        pair=pair,
        can=can,
        take=view_take(kind) if any(_asks(kind, each.name, view_take(kind)) for each in can) else "",
        inputs=_inputs(desk, kind, can),
        seen=str(row["updated_at"] or ""),
    )


def proposals(desk: Desk) -> Iterator[tuple[Kind, list[Pair], int]]:
    """Yield the pairs of every view that the person sees, a page of each, with how many there are."""
    for plugin in desk.catalog.plugins.values():
        for name, view in plugin.views.items():
            if view["kind"] == KIND:
                kind = _kind(desk, source_of_view(desk, plugin.name, name, view), view)
                try:
                    found = _found(desk, kind, None)
                except Forbidden:  # not this person's business: the inbox has the others
                    continue
                yield kind, _pairs(desk, kind, found.rows), found.total or 0


def view_take(kind: Kind) -> str:
    """Return the name of the list of fields that the deciding action takes over; empty when there is none."""
    return str(kind.view.get("take") or "")


def _kind(desk: Desk, source: Source, view: Mapping[str, Any]) -> Kind:
    to = source.record.fields[str(view["against"])].spec.to
    assert to is not None, "the loader has seen that it is a ref"
    return Kind(source, view, desk.catalog.records[to])


def _found(desk: Desk, kind: Kind, cursor: str | None) -> records.Page:
    only, sort = kind.source.only, list(kind.source.sort)
    return records.query(
        desk.node, desk.actor, kind.record, only=only, sort=sort, limit=ROWS, cursor=cursor, total=True
    )


def _pairs(desk: Desk, kind: Kind, rows: Sequence[cols.Row]) -> list[Pair]:
    against, compare = str(kind.view["against"]), kind.view["compare"]
    others = by_id(desk, kind.other, [row.get(against) for row in rows], compare.values())
    sight, places = sight_of(desk, kind.record), places_of(desk)
    columns = [found for name in kind.source.columns if (found := cols.column(desk, kind.record, sight, name))]
    beyond = cols.beyond(desk, columns, rows)
    takes = _takes(kind)
    told = []
    for row in rows:
        other = others.get(str(row.get(against)), {})
        lines = [_line(desk, kind, row, other, name, there, takes) for name, there in compare.items()]
        about = [(each.label, cols.cell(desk, kind.record, each, row, beyond)) for each in columns]
        told.append(
            Pair(
                str(row["id"]),
                str(row.get("number") or "") or cols.title_of(desk, kind.record, row),
                record_url(kind.record, str(row["id"])),
                kind.source.url.replace("/views/", "/pairs/", 1) + f"/{row['id']}",
                shown_state(desk, kind.record, row["state"]),
                places.name(str(row["store"])) if places.is_chain else "",
                [(label, value) for label, value in about if value.kind != "none"],
                f"{desk.say(kind.other.label)} {row.get('_refs', {}).get(row.get(against)) or ''}".strip(),
                record_url(kind.other, str(other["id"])) if other else None,
                "",
                None,
                lines,
            )
        )
    return told


def _line(
    desk: Desk, kind: Kind, row: cols.Row, other: cols.Row, name: str, there: str, takes: Mapping[str, str]
) -> Line:
    ours, theirs = kind.record.fields[name], kind.other.fields[there]
    known = shown_field(desk, theirs, other) if other else NOTHING
    given = shown_field(desk, ours, row)
    open_ = "mask" not in (known.kind, given.kind)  # what is masked is not told apart either
    differs = open_ and bool(other) and given.kind != "none" and row.get(name) != other.get(there)
    return Line(desk.say(theirs.label), known, given, differs, takes.get(name, "") if given.kind != "none" else "")


def _takes(kind: Kind) -> dict[str, str]:
    """Return the compared fields that can be taken over, each with the word that the action knows it by."""
    spec = kind.record.fields[take].spec if (take := view_take(kind)) else None
    return {name: name for name in (spec.item.options or {})} if spec is not None and spec.item is not None else {}


def _takes_part(kind: Kind, button: Button) -> bool:
    """Whether an action decides about the pair: it moves the proposal on."""
    return any(outcome.to is not None for outcome in kind.record.actions[button.name].outcomes)


def _asks(kind: Kind, action: str, name: str) -> bool:
    return any(ask.name == name for ask in kind.record.actions[action].ask)


def _inputs(desk: Desk, kind: Kind, can: Sequence[Button]) -> list[Input]:
    """Return what the possible decisions ask for, each input once; the ticks stand beside the values."""
    asks = {ask.name: ask for each in can for ask in kind.record.actions[each.name].ask}
    asks.pop(view_take(kind), None)
    return [inputs.draw(desk, ask.name, desk.say(ask.label), ask.spec, Form()) for ask in asks.values()]


def by_id(desk: Desk, record: RecordType, ids: Sequence[object], fields: Any) -> dict[str, cols.Row]:
    """Return some records as far as the person reads them, by id; none of a type that he does not read."""
    wanted = sorted({str(each) for each in ids if each})
    if not wanted:
        return {}
    try:
        found = records.query(
            desk.node, desk.actor, record, where=[("id", "in", wanted)], limit=len(wanted), fields=list(fields)
        )
    except Forbidden:  # he sees the proposal and not what it is set against
        return {}
    return {str(row["id"]): row for row in found.rows}
