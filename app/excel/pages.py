"""The pages of Excel: take a list away, fetch a template, bring a file in: look at it first, then do it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.excel import intake, turns
from app.excel.export import export
from app.excel.figures import report_file
from app.excel.files import excel_bytes, excel_file
from app.excel.intake import Row, row_of
from app.excel.plan import Plan, heads_of, plan_of, template
from app.excel.upload import SentFile, UploadDesk
from app.excel.workbook import Head, write
from app.pages.frame.desk import CurrentDesk, Desk, FormDesk, list_url, record_url
from app.pages.frame.drawing import page
from app.pages.views.lists import Source, source_of_record, source_of_view
from core.model.errors import NodeError, NotFound
from stores.storage import drafts

router = APIRouter(include_in_schema=False)
STEP_MS = 1_200  # of one request; the page goes on by itself and shows how far it is
REPORT_MAX = 200  # rows that the page lists; the file of what was refused has them all


@dataclass
class Under:
    """An import under way, kept like a form that is being filled in: it outlives a restart of the node."""

    plan: Plan
    name: str = ""
    going: bool = False  # somebody has said: do it
    unused: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """How many rows stand how."""
        return Counter(row.state for row in self.rows)

    @property
    def left(self) -> int:
        """How many rows are still to be looked at, or carried out."""
        return self.counts["new"] + (self.counts["good"] if self.going else 0)


@router.get("/records/{plugin}/{record}/excel")
def list_file(plugin: str, record: str, request: Request, desk: CurrentDesk) -> Response:
    """Send a record type's list as an Excel file, as the address asks for it."""
    return _exported(desk, source_of_record(desk, desk.record(plugin, record)), request)


@router.get("/views/{plugin}/{view}/excel")
def view_file(plugin: str, view: str, request: Request, desk: CurrentDesk) -> Response:
    """Send a list of a plugin as an Excel file."""
    found = desk.catalog.plugin(plugin).views.get(view)
    if found is None or found["kind"] not in {"list", "table"}:
        raise NotFound.of("no-such-view", f"there is no list `{view}`", f"没有列表 `{view}`")
    return _exported(desk, source_of_view(desk, plugin, view, found), request)


@router.get("/reports/{plugin}/{report}/excel")
def figures_file(plugin: str, report: str, request: Request, desk: CurrentDesk) -> Response:
    """Send a report as an Excel file."""
    return excel_file(desk, *report_file(desk, plugin, report, request))


@router.get("/records/{plugin}/{record}/import/{action}")
def import_page(plugin: str, record: str, action: str, desk: CurrentDesk) -> Response:
    """Show how far an import is; before a file was chosen: how to begin."""
    plan = plan_of(desk, desk.record(plugin, record), action)
    return _draw(desk, _load(desk, plan) or Under(plan))


@router.get("/records/{plugin}/{record}/import/{action}/template")
def template_file(plugin: str, record: str, action: str, desk: CurrentDesk) -> Response:
    """Send the empty file to fill in."""
    plan = plan_of(desk, desk.record(plugin, record), action)
    return excel_bytes(desk, _title(desk, plan), template(desk, plan))


@router.get("/records/{plugin}/{record}/import/{action}/refused")
def refused_file(plugin: str, record: str, action: str, desk: CurrentDesk) -> Response:
    """Send the rows that were refused, each with its reasons, as a file."""
    plan = plan_of(desk, desk.record(plugin, record), action)
    under = _load(desk, plan) or Under(plan)
    heads = [Head(desk.words.excel_row, 8), Head(desk.words.reason, 60), *heads_of(desk, plan)]
    rows = [
        [row.row, _reasons(desk, row), *(cell or None for cell in row.cells)]
        for row in under.rows
        if row.state == "bad"
    ]
    out = BytesIO()
    write(out, _title(desk, plan), heads, rows)
    return excel_file(desk, f"{_title(desk, plan)} {desk.words.excel_refused}", out)


@router.post("/records/{plugin}/{record}/import/{action}")
def take_file(plugin: str, record: str, action: str, sent: SentFile, desk: UploadDesk) -> Response:
    """Take a file and begin to look at it."""
    plan = plan_of(desk, desk.record(plugin, record), action)
    try:
        found = intake.understood(desk, plan, sent.content)
    except NodeError as error:
        return _draw(desk, Under(plan), error)
    _keep(desk, Under(plan, sent.name, False, found.unused, found.rows))
    return _back(plan)


@router.post("/records/{plugin}/{record}/import/{action}/check")
def check(plugin: str, record: str, action: str, desk: FormDesk) -> Response:
    """Try out more rows, for about a second."""
    return _further(desk, plan_of(desk, desk.record(plugin, record), action), going=False)


@router.post("/records/{plugin}/{record}/import/{action}/go")
def go(plugin: str, record: str, action: str, desk: FormDesk) -> Response:
    """Carry out more of the rows that hold, for about a second."""
    return _further(desk, plan_of(desk, desk.record(plugin, record), action), going=True)


@router.post("/records/{plugin}/{record}/import/{action}/drop")
def drop(plugin: str, record: str, action: str, desk: FormDesk) -> Response:
    """Forget the file."""
    plan = plan_of(desk, desk.record(plugin, record), action)
    with desk.node.database.write() as connection:
        drafts.drop(connection, desk.actor.id, plan.key)
    return _back(plan)


def import_url(plan: Plan, step: str = "") -> str:
    """Return the address of an import, or of one of its steps."""
    return f"{list_url(plan.record)}/import/{plan.action.name}{f'/{step}' if step else ''}"


def _exported(desk: Desk, source: Source, request: Request) -> Response:
    return excel_file(desk, source.label, export(desk, source, request.query_params))


def _further(desk: Desk, plan: Plan, *, going: bool) -> Response:
    under = _load(desk, plan)
    if under is None:
        return _back(plan)
    enough = _enough(desk)
    if going and not under.counts["new"]:
        under.going, under.rows = True, turns.carry_out(desk, plan, under.rows, enough)
    else:
        under.rows = turns.try_out(desk, plan, under.rows, enough)
    _keep(desk, under)
    return _back(plan)


def _enough(desk: Desk) -> Callable[[], bool]:
    """Return what says whether this request has taken long enough; never before its first row."""
    end = desk.node.mono() + STEP_MS
    return lambda: desk.node.mono() > end


def _draw(desk: Desk, under: Under, error: NodeError | None = None) -> Response:
    plan, counts = under.plan, under.counts
    told = [row for row in under.rows if row.state == "bad" or row.said]
    rest = [row for row in under.rows if not (row.state == "bad" or row.said)]
    return page(
        desk,
        "import.html",
        status=error.status if error else 200,
        problems=error.problems if error else (),
        plan=plan,
        record=plan.record,
        title=f"{desk.say(plan.action.label)} · Excel",
        heads=[each.label for each in plan.entries],
        under=under,
        counts=counts,
        done=len(under.rows) - under.left,
        rows=[(row, _link(plan, row), _lines(desk, row)) for row in (told + rest)[:REPORT_MAX]],
        more=max(0, len(under.rows) - REPORT_MAX),
        address=lambda step="": import_url(plan, step),
    )


def _lines(desk: Desk, row: Row) -> list[tuple[str, str, bool]]:
    return [(each.column, each.zh if desk.language == "zh" else each.en, each.warn) for each in row.said]


def _reasons(desk: Desk, row: Row) -> str:
    colon = desk.words.colon
    return "\n".join(f"{column}{colon if column else ''}{text}" for column, text, _ in _lines(desk, row))


def _link(plan: Plan, row: Row) -> str | None:
    return record_url(plan.record, row.id) if row.id is not None else None


def _title(desk: Desk, plan: Plan) -> str:
    return f"{desk.say(plan.record.label)} {desk.say(plan.action.label)}"


def _back(plan: Plan) -> Response:
    return RedirectResponse(import_url(plan), status_code=303)


def _load(desk: Desk, plan: Plan) -> Under | None:
    with desk.node.database.read() as connection:
        draft = drafts.load(connection, desk.actor.id, plan.key)
    if draft is None:
        return None
    under = Under(plan)
    for name, text in draft.pairs:
        told: Any = json.loads(text)
        if name == "row":
            under.rows.append(row_of(told))
        else:
            under.name, under.going, under.unused = told["name"], told["going"], told["unused"]
    return under


def _keep(desk: Desk, under: Under) -> None:
    head = {"name": under.name, "going": under.going, "unused": under.unused}
    pairs = [
        ("file", json.dumps(head)),
        *(("row", json.dumps(row.to_json(), ensure_ascii=False)) for row in under.rows),
    ]
    with desk.node.database.write() as connection:
        drafts.keep(connection, desk.actor.id, under.plan.key, pairs, desk.node.now())
