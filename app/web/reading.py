"""Reading: lists, single records, their history, why they stand as they do, and masked fields in clear (logged).

These addresses come last: every other two-part address under /api is a fixed word.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request

from app.web.body import JsonBody, JsonMap, only
from app.web.caller import CurrentCaller
from app.web.history import history_of
from app.web.why import explained
from core.model.errors import NodeError
from stores.reads import records
from stores.reads.filters import Filter

router = APIRouter(prefix="/api")
RESERVED = frozenset({"q", "sort", "limit", "cursor", "fields", "total", "deleted", "lang"})


@router.get("/{plugin}/{record}")
def list_records(plugin: str, record: str, request: Request, caller: CurrentCaller) -> JsonMap:
    """Return one page of the records the caller may see.

    ``field=value`` and ``field.operator=value`` filter (a field named like one of the words below is written
    ``field.eq=value``); ``q`` searches words; ``sort=-night,number`` orders; ``fields=a,b`` chooses; ``limit`` and
    ``cursor`` (the ``next`` of the page before) page; ``total=1`` counts; ``deleted=1`` lists tombstones.
    """
    asked = request.query_params
    page = records.query(
        caller.node,
        caller.actor,
        caller.record(plugin, record),
        where=filters_of(asked.multi_items()),
        search=asked.get("q"),
        sort=_words(asked.get("sort")),
        limit=number("limit", asked.get("limit"), 50),
        cursor=asked.get("cursor"),
        fields=_words(asked["fields"]) if asked.get("fields") else None,
        total=flag(asked.get("total")),
        deleted=flag(asked.get("deleted")),
    )
    answer: JsonMap = {"rows": page.rows, "next": page.next}
    if page.total is not None:
        answer |= {"total": page.total, "more_than_total": page.more}
    return answer


@router.get("/{plugin}/{record}/{record_id}")
def read_record(plugin: str, record: str, record_id: str, request: Request, caller: CurrentCaller) -> JsonMap:
    """Return one record with its computed fields; masked fields are named in ``_masked``."""
    fields = _words(request.query_params.get("fields"))
    return records.fetch(caller.node, caller.actor, caller.record(plugin, record), record_id, fields=fields or None)


@router.get("/{plugin}/{record}/{record_id}/history")
def history(plugin: str, record: str, record_id: str, caller: CurrentCaller) -> JsonMap:
    """Return everything that happened to a record, oldest first: who, when, where, what was and what is."""
    return {"steps": history_of(caller, caller.record(plugin, record), record_id)}


@router.get("/{plugin}/{record}/{record_id}/explain")
def explain(plugin: str, record: str, record_id: str, caller: CurrentCaller) -> JsonMap:
    """Say why a record stands as it does: deadlines, rules, dispatch; and which actions are open to the caller."""
    return explained(caller, caller.record(plugin, record), record_id)


@router.post("/{plugin}/{record}/{record_id}/reveal")
def reveal(plugin: str, record: str, record_id: str, body: JsonBody, caller: CurrentCaller) -> JsonMap:
    """Return one masked field in clear. Who looked, at what and why is logged, and the store learns of it."""
    entered = only(body, {"field": str, "reason": str})
    kind = caller.record(plugin, record)
    field, reason = str(entered.get("field", "")), str(entered.get("reason", ""))
    if field not in kind.fields:
        names = ", ".join(kind.fields)
        raise NodeError.of(
            "no-such-field", f"`field` must be one of {names}", f"`field` 须为 {names} 之一", field="field"
        )
    return {"field": field, "value": records.reveal(caller.node, caller.actor, kind, record_id, field, reason)}


def filters_of(asked: Sequence[tuple[str, str]]) -> list[Filter]:
    """Return the filters in a query string: ``night.ge=2026-03-07`` is (night, ge, 2026-03-07)."""
    found: list[Filter] = []
    for name, value in asked:
        if name in RESERVED:
            continue
        field, _, operator = name.partition(".")
        found.append((field, operator or "eq", value))
    return found


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def flag(text: str | None) -> bool:
    """Return whether a query parameter says yes."""
    return (text or "").lower() in {"1", "true", "yes"}


def number(name: str, text: str | None, default: int) -> int:
    """Return a query parameter as a whole number; raise NodeError for anything else."""
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        raise NodeError.of(
            "bad-parameter", f"`{name}` must be a whole number", f"`{name}` 须为整数", field=name
        ) from None
