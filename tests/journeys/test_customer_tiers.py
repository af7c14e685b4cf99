"""Two units and headquarters, each a process of its own: contracts whose yearly total nobody knows alone (CT-S5, CT-S6)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.demo.client import Answered, Person

pytestmark = pytest.mark.journey
PLUGIN = Path(__file__).parents[2] / "plugins" / "customer_tiers"


@pytest.fixture
def company(new_node: Callable[..., Any]) -> Any:
    """Headquarters with marketing, and two units, each with a head and a salesman."""
    hq = _with_plugin(new_node("hq", "hq"))
    hq.hire("wu", "hq_admin", "marketing")
    hq.switch_on()
    units = [_unit(new_node, hq, store) for store in ("east", "west")]
    return hq, *units


def _unit(new_node: Callable[..., Any], hq: Any, store: str) -> Any:
    unit = _with_plugin(new_node(f"{store}-1", store, hq.address))
    code = hq.run("invite", store).stdout.strip()
    enrolled = unit.run("enrol", hq.address, code)
    assert enrolled.returncode == 0, enrolled.stderr
    unit.hire(f"{store}-head", "unit_head", "store_admin")
    unit.hire(f"{store}-sales", "unit_staff")
    unit.switch_on()
    return unit


def _with_plugin(node: Any) -> Any:
    shutil.copytree(PLUGIN, node.plugins / "customer_tiers")
    return node


def drafted(seller: Person, customer: str, amount: str) -> str:
    """Draft a contract and return its id."""
    made = seller.act("customer_tiers.contract", "note_intent", {"customer": customer, "amount": amount})
    seller.act("customer_tiers.contract", "draft", {}, made["id"])
    return str(made["id"])


def contract(reader: Person, id: str) -> Any:
    return reader.read(f"customer_tiers/contract/{id}")


def test_ct_s5_the_contract_that_reaches_the_limit_is_signed_after_marketing_at_headquarters_agreed(
    company: Any, eventually: Any
) -> None:
    hq, east, _ = company
    marketing, head, sales = hq.person("wu"), east.person("east-head"), east.person("east-sales")
    customer = sales.act("customer_tiers.customer", "register", {"name": "江南机械"})["id"]
    for amount in ("1500", "2499.98"):
        head.act("customer_tiers.contract", "sign", {}, drafted(sales, customer, amount))
    below = drafted(sales, customer, "0.01")
    assert (contract(head, below)["cumulative"], contract(head, below)["needs_approval"]) == ("3999.99", False)
    head.act("customer_tiers.contract", "sign", {}, below)

    last = drafted(sales, customer, "0.01")

    assert (contract(head, last)["cumulative"], contract(head, last)["needs_approval"]) == ("4000.00", True)
    with pytest.raises(Answered) as refused:
        head.act("customer_tiers.contract", "sign", {}, last)
    assert "approval comes first" in str(refused.value)
    sales.act("customer_tiers.contract", "submit", {}, last)
    first, second = sorted(head.read("customer_tiers/approval")["rows"], key=lambda step: step["step"])
    head.act("customer_tiers.approval", "give", {}, first["id"])
    eventually(lambda: _state(marketing, "approval", first["id"]) == "given", "the head's approval at headquarters")
    assert marketing.act("customer_tiers.approval", "give", {}, second["id"])["provisional"] is True
    eventually(lambda: contract(head, last)["state"] == "approved", "marketing's word in the unit")
    head.act("customer_tiers.contract", "sign", {}, last)
    eventually(lambda: _state(marketing, "contract", last) == "signed", "the signature at headquarters")


def test_ct_s6_two_units_sign_offline_and_the_later_contract_is_flagged(company: Any, eventually: Any) -> None:
    hq, east, west = company
    marketing, customer = hq.person("wu"), _shared_customer(east, west, eventually)
    hq.kill()  # no unit hears of the other
    ids = []
    for unit, name in ((east, "east"), (west, "west")):
        id = drafted(unit.person(f"{name}-sales"), customer, "2000")
        unit.person(f"{name}-head").act("customer_tiers.contract", "sign", {}, id)
        ids.append(id)
    first, later = ids
    hq.switch_on()

    head = west.person("west-head")
    eventually(lambda: contract(head, later)["flagged"], "the later contract to be flagged at home")
    eventually(lambda: contract(marketing, later)["flagged"], "the flag at headquarters")

    assert contract(head, later)["state"] == "signed"
    assert contract(marketing, first)["flagged"] is False
    eventually(lambda: len(marketing.read("customer_tiers/approval")["rows"]) == 2, "the approval at headquarters")
    steps = marketing.read("customer_tiers/approval")["rows"]
    assert {step["contract"] for step in steps} == {later}
    assert {step["state"] for step in steps} == {"open"}
    assert head.read("core/conflict")["rows"] == []  # both are facts; what is missing is an approval, not a decision


def _shared_customer(east: Any, west: Any, eventually: Any) -> str:
    """Register a customer in the east whom the west knows too."""
    made = east.person("east-sales").act("customer_tiers.customer", "register", {"name": "江南机械"})
    known = west.person("west-sales")
    eventually(lambda: known.read("customer_tiers/customer")["rows"], "the customer in the other unit")
    return str(made["id"])


def _state(reader: Person, record: str, id: str) -> str | None:
    rows = reader.read(f"customer_tiers/{record}")["rows"]
    return next((row["state"] for row in rows if row["id"] == id), None)
