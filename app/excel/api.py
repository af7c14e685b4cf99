"""Excel for programs: the same lists, templates and imports as the pages have, as plain addresses."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.excel import intake, turns
from app.excel.export import export
from app.excel.files import excel_bytes, excel_file
from app.excel.intake import Row
from app.excel.plan import plan_of, template
from app.excel.upload import RawFile
from app.pages.frame.desk import Desk
from app.pages.views.lists import source_of_record
from app.web.caller import CurrentCaller
from app.web.reading import flag

router = APIRouter(prefix="/api")


def program_desk(request: Request, caller: CurrentCaller) -> Desk:
    """Return a program's request as the pages know theirs: labels and values in its language."""
    return Desk(
        caller.service, caller.catalog, caller.language, caller.address, caller.token, caller.actor, request
    )  # fmt: skip


ProgramDesk = Annotated[Desk, Depends(program_desk)]


@router.get("/{plugin}/{record}/export.xlsx")
def export_list(plugin: str, record: str, request: Request, desk: ProgramDesk) -> Response:
    """Return a list as an Excel file: filters, ``q`` and ``sort`` as in the list itself, ``cols`` names its columns."""
    source = source_of_record(desk, desk.record(plugin, record))
    return excel_file(desk, source.label, export(desk, source, request.query_params))


@router.get("/{plugin}/{record}/actions/{action}/template.xlsx")
def template_of(plugin: str, record: str, action: str, desk: ProgramDesk) -> Response:
    """Return the empty file of an import: a column per input of the action, and a sheet that explains them."""
    plan = plan_of(desk, desk.record(plugin, record), action)
    return excel_bytes(desk, plan.action.name, template(desk, plan))


@router.post("/{plugin}/{record}/actions/{action}/import")
def import_file(
    plugin: str, record: str, action: str, request: Request, raw: RawFile, desk: ProgramDesk
) -> dict[str, Any]:
    """Carry out an action per row of an Excel file (the body). Without ``commit=1`` all rows are only tried out.

    Each row is answered: ``state`` is good (it would be done), bad (``said`` says why not), made, or there (an earlier
    import made it), or same (nothing to change); ``id`` names the record, ``changes`` what a row changes in one that is
    there. A row is done whole or not at all; the same file again does nothing twice.
    """
    plan = plan_of(desk, desk.record(plugin, record), action)
    found = intake.understood(desk, plan, raw)
    rows = turns.try_out(desk, plan, found.rows, lambda: False)
    if flag(request.query_params.get("commit")):
        rows = turns.carry_out(desk, plan, rows, lambda: False)
    return {"rows": [_told(desk, row) for row in rows], "unused": found.unused}


def _told(desk: Desk, row: Row) -> dict[str, Any]:
    said = [
        {
            "column": each.column,
            "what": each.zh if desk.language == "zh" else each.en,
            "level": "warn" if each.warn else "error",
        }
        for each in row.said
    ]
    changes = [{"column": label, "was": old, "is": new} for label, old, new in row.changes]
    return {"row": row.row, "state": row.state, "id": row.id, "said": said, "changes": changes}
