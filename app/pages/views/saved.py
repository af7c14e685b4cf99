"""Saved views: a list with its words, filters, order and columns under a name, for oneself or for the whole store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import QueryParams

from app.pages.frame.desk import Desk, FormDesk, with_query
from app.pages.frame.forms import Form, FormBody
from core.model.errors import Forbidden, NodeError, NotFound, Text
from stores.storage import saved
from stores.storage.saved import Saved

router = APIRouter(include_in_schema=False)
SHARERS = frozenset({"store_admin", "hq_admin"})
NAME_MAX = 40
QUERY_MAX = 2_000
FIRST = 4  # views that stand as tabs; where there are many, the others are a menu
_NOT_KEPT = frozenset({"cursor", "lang", "done", "sent"})
_USUAL = ("cols", "sort")  # what a person's usual way of seeing a list is made of


@dataclass(frozen=True, slots=True)
class SavedLink:
    """One saved view as a tab: where it leads, whether it is what is on the page, and whether one may drop it."""

    id: str
    name: str
    url: str
    now: bool
    shared: bool
    mine: bool


@router.post("/lists/save")
def save(form: FormBody, desk: FormDesk) -> Response:
    """Keep what is on the page under a name; shared only by those who look after the store."""
    list, name, query = _list_of(desk, form), form.text("name"), _query_of(form.text("query"))
    shared = bool(form.text("shared"))
    if not name or len(name) > NAME_MAX:
        raise NodeError.of(
            "view-name", f"a name has 1 to {NAME_MAX} characters", f"名称须为 1 至 {NAME_MAX} 个字", field="name"
        )
    if shared and not may_share(desk):
        raise Forbidden.of("share-refused", "only administrators share views", "仅管理员可共享视图")
    _keep(desk, Saved(desk.node.new_id(), desk.actor.id, desk.actor.store, list, name, query, shared))
    return RedirectResponse(list + query, status_code=303)


@router.post("/lists/usual")
def save_usual(form: FormBody, desk: FormDesk) -> Response:
    """Keep the columns and order on the page as the person's usual ones for this list, or go back to the plugin's."""
    list = _list_of(desk, form)
    kept = dict(parse_qsl(form.text("query").lstrip("?")))
    usual = {key: kept.get(key, "") for key in _USUAL}
    query = with_query(usual) if usual["cols"] and not form.text("reset") else ""
    _keep(desk, Saved(desk.node.new_id(), desk.actor.id, desk.actor.store, list, "", query))
    rest = {key: value for key, value in kept.items() if key not in {*_USUAL, *_NOT_KEPT}}
    return RedirectResponse(list + with_query(rest), status_code=303)


@router.post("/lists/drop")
def drop(form: FormBody, desk: FormDesk) -> Response:
    """Forget a view of one's own, or, for those who look after the store, one that is shared."""
    with desk.node.database.write() as connection:
        found = saved.get(connection, form.text("id"))
        if found is None or found.store != desk.actor.store or not _may_drop(desk, found):
            raise NotFound.of("no-such-view", "there is no such view", "没有该视图")
        saved.drop(connection, found.id)
    return RedirectResponse(found.list, status_code=303)


def views_of(desk: Desk, list: str) -> list[Saved]:
    """Return the views of a list for the person at the desk, his usual one among them."""
    with desk.node.database.read() as connection:
        return saved.of_list(connection, desk.actor.id, desk.actor.store, list)


def links(desk: Desk, views: Sequence[Saved], here: str) -> list[SavedLink]:
    """Return the named views as tabs; ``here`` is the address of the page with its query."""
    return [
        SavedLink(
            each.id,
            each.name,
            each.list + each.query,
            each.list + each.query == here,
            each.shared,
            _may_drop(desk, each),
        )
        for each in views
        if not each.usual
    ]


def at_hand(views: Sequence[SavedLink]) -> tuple[list[SavedLink], list[SavedLink]]:
    """Return the views that stand as tabs and those in the menu behind them; the one on the page is always a tab."""
    if len(views) <= FIRST + 1:
        return list(views), []
    now = next((each for each in views[FIRST:] if each.now), None)
    first = [*views[: FIRST - 1], now] if now else list(views[:FIRST])
    return first, [each for each in views if each not in first]


def with_usual(desk: Desk, asked: QueryParams, views: Sequence[Saved]) -> QueryParams:
    """Return what an address asks for; where it names neither columns nor order, as the person usually has them."""
    own = next((each for each in views if each.usual and each.staff_id == desk.actor.id), None)
    if own is None or any(asked.get(name) for name in _USUAL):
        return asked
    usual = [pair for pair in parse_qsl(own.query.lstrip("?")) if pair[0] in _USUAL]
    return QueryParams([*asked.multi_items(), *usual])


def may_share(desk: Desk) -> bool:
    """Return whether the person may share a view with everybody of the store."""
    return bool(SHARERS & desk.actor.roles)


def _may_drop(desk: Desk, view: Saved) -> bool:
    return view.staff_id == desk.actor.id or (view.shared and may_share(desk))


def _keep(desk: Desk, view: Saved) -> None:
    with desk.node.database.write() as connection:
        if view.usual and not view.query:
            own = saved.of_list(connection, view.staff_id, view.store, view.list)
            for each in own:
                if each.usual and each.staff_id == view.staff_id:
                    saved.drop(connection, each.id)
        elif not saved.keep(connection, view):
            fix = Text("drop one first", "请先删除一个")
            most = saved.MINE_MAX
            raise NodeError.of("too-many-views", f"more than {most} views", f"视图超过 {most} 个", fix=fix)


def _list_of(desk: Desk, form: Form) -> str:
    """Return the address of a list there is: of a record type or of a view."""
    parts = form.text("list").split("/")
    if len(parts) == 4 and parts[0] == "" and parts[1] == "records":
        desk.record(parts[2], parts[3])
    elif len(parts) == 4 and parts[0] == "" and parts[1] == "views" and parts[3] in desk.catalog.plugin(parts[2]).views:
        pass
    else:
        raise NotFound.of("no-such-list", "there is no such list", "没有该列表")
    return "/".join(parts)


def _query_of(text: str) -> str:
    pairs = {key: value for key, value in parse_qsl(text.lstrip("?")) if key not in _NOT_KEPT}
    query = with_query(pairs)
    if len(query) > QUERY_MAX:
        raise NodeError.of("too-long", "this view asks for too much", "该视图的条件过多")
    return query
