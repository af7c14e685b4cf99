"""Ledgers: what each account comes to, and the entries behind every sum."""

from __future__ import annotations

from decimal import Decimal

from fastapi import APIRouter, Response

from app.pages.frame.desk import CurrentDesk, Desk, list_url
from app.pages.frame.drawing import page
from app.pages.showing.coming import comes_about
from app.pages.showing.names import name_of
from app.pages.showing.values import money_text, shown_state
from core.language.definition import Ledger, RecordType
from core.model.errors import NotFound, Problem, Text, suggest
from stores.reads.totals import totals
from stores.world import COUNTED

router = APIRouter(include_in_schema=False)


@router.get("/ledgers/{plugin}/{ledger}")
def balances(plugin: str, ledger: str, desk: CurrentDesk) -> Response:
    """Show what counts on each account of a ledger, and what is only proposed."""
    known = desk.catalog.plugin(plugin).ledgers
    if ledger not in known:
        what = Text(f"there is no ledger `{ledger}`", f"没有账目 `{ledger}`")
        raise NotFound((Problem("not-found", what, fix=suggest(ledger, known)),))
    rule, record = known[ledger], desk.catalog.record(plugin, ledger)
    states = [state for state in record.states if state != "rejected"]
    by_state = {state: _sums(desk, record, state) for state in states}
    accounts = sorted({account for sums in by_state.values() for account in sums})
    rows = []
    for account in accounts:
        counted = sum((by_state[state].get(account, Decimal(0)) for state in states if state in COUNTED), Decimal(0))
        figures = [(_url(record, account, state), _said(rule, by_state[state].get(account))) for state in states]
        rows.append(
            (name_of(desk, rule.account, account) or account[-6:], _said(rule, counted), figures, _url(record, account))
        )
    return page(
        desk,
        "ledger.html",
        title=desk.say(rule.label),
        record=record,
        unit=rule.unit,
        states=[shown_state(desk, record, state) for state in states],
        rows=rows,
        comes="" if rows else comes_about(desk, record),
        entries=list_url(record),
    )


def _sums(desk: Desk, record: RecordType, state: str) -> dict[str, Decimal]:
    found = totals(desk.node, desk.actor, record, "sum", "amount", by="account", where=[("state", "eq", state)])
    return {
        str(account): Decimal(str(amount)) for account, amount in found if account is not None and amount is not None
    }


def _url(record: RecordType, account: str, state: str | None = None) -> str:
    return list_url(record, account=account, state=state)


def _said(rule: Ledger, amount: Decimal | None) -> str:
    if amount is None:
        return "—"
    return money_text(amount.quantize(Decimal("0.01"))) if rule.unit == "CNY" else f"{amount.normalize():f}"
