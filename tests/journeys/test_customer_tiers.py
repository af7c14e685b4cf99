"""Two units and headquarters, each a process of its own: contracts whose yearly total nobody knows alone (CT-S5, CT-S6)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.demo.client import Answered, Person
from tests.journeys.conftest import NOWHERE, RealNode, switch_off

pytestmark = pytest.mark.journey
PLUGIN = Path(__file__).parents[2] / "plugins" / "customer_tiers"


STORES = ("east", "west")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of headquarters and two units that have joined it. Made once; each test works on a copy."""
    folder = tmp_path_factory.mktemp("units")
    hq = _node(folder, "hq", "hq")
    for store in STORES:
        unit = _node(folder, f"{store}-1", store, NOWHERE)
        unit.join(hq)
        unit.hire({"head": "unit_head unit_staff"})
    hq.hire({"wu": "hq_admin marketing"})
    return folder


@pytest.fixture
def folder(founded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(founded, tmp_path / "chain"))


@pytest.fixture
def hq(folder: Path) -> Iterator[RealNode]:
    """Headquarters with somebody of marketing; it is switched on."""
    node = _node(folder, "hq", "hq")
    node.switch_on()
    yield node
    switch_off([node])


@pytest.fixture
def unit(folder: Path, hq: RealNode) -> Iterator[Callable[[str], RealNode]]:
    """Switch on a unit whose head sells himself."""
    on: list[RealNode] = []

    def switch_on(store: str) -> RealNode:
        on.append(_node(folder, f"{store}-1", store, hq.address))
        on[-1].switch_on()
        return on[-1]

    yield switch_on
    switch_off(on)


def _node(folder: Path, name: str, store: str, upstream: str | None = None) -> RealNode:
    plugins = folder / name / "plugins"
    if not plugins.exists():
        shutil.copytree(PLUGIN, plugins / PLUGIN.name)
    node = RealNode(folder / name, name, store, plugins, upstream=upstream)
    node.write_settings()
    return node


def drafted(seller: Person, customer: str, amount: str) -> str:
    """Draft a contract and return its id."""
    made = seller.act("customer_tiers.contract", "note_intent", {"customer": customer, "amount": amount})
    seller.act("customer_tiers.contract", "draft", {}, made["id"])
    return str(made["id"])


def contract(reader: Person, id: str) -> Any:
    return reader.read(f"customer_tiers/contract/{id}")


def test_ct_s5_the_contract_that_reaches_the_limit_is_signed_after_marketing_at_headquarters_agreed(
    hq: Any, unit: Any, eventually: Any
) -> None:
    marketing, head = hq.person("wu"), unit("east").person("head")
    customer = head.act("customer_tiers.customer", "register", {"name": "江南机械"})["id"]
    for amount in ("1500", "2499.98"):
        head.act("customer_tiers.contract", "sign", {}, drafted(head, customer, amount))
    below = drafted(head, customer, "0.01")
    assert (contract(head, below)["cumulative"], contract(head, below)["needs_approval"]) == ("3999.99", False)
    head.act("customer_tiers.contract", "sign", {}, below)

    last = drafted(head, customer, "0.01")

    assert (contract(head, last)["cumulative"], contract(head, last)["needs_approval"]) == ("4000.00", True)
    with pytest.raises(Answered) as refused:
        head.act("customer_tiers.contract", "sign", {}, last)
    assert "approval comes first" in str(refused.value)
    head.act("customer_tiers.contract", "submit", {}, last)
    first, second = sorted(head.read("customer_tiers/approval")["rows"], key=lambda step: step["step"])
    head.act("customer_tiers.approval", "give", {}, first["id"])
    eventually(lambda: _state(marketing, "approval", first["id"]) == "given", "the head's approval at headquarters")
    assert marketing.act("customer_tiers.approval", "give", {}, second["id"])["provisional"] is True
    eventually(lambda: contract(head, last)["state"] == "approved", "marketing's word in the unit")
    head.act("customer_tiers.contract", "sign", {}, last)
    eventually(lambda: _state(marketing, "contract", last) == "signed", "the signature at headquarters")


def test_ct_s6_two_units_sign_offline_and_the_later_contract_is_flagged(hq: Any, unit: Any, eventually: Any) -> None:
    marketing, east, head = hq.person("wu"), unit("east").person("head"), unit("west").person("head")
    customer = east.act("customer_tiers.customer", "register", {"name": "江南机械"})["id"]
    eventually(lambda: head.read("customer_tiers/customer")["rows"], "the customer in the other unit")
    hq.kill()  # no unit hears of the other
    first, later = drafted(east, customer, "2000"), drafted(head, customer, "2000")
    east.act("customer_tiers.contract", "sign", {}, first)
    head.act("customer_tiers.contract", "sign", {}, later)
    hq.switch_on()

    eventually(lambda: contract(head, later)["flagged"], "the later contract to be flagged at home")
    eventually(lambda: contract(marketing, later)["flagged"], "the flag at headquarters")

    assert contract(head, later)["state"] == "signed"
    assert contract(marketing, first)["flagged"] is False
    eventually(lambda: len(marketing.read("customer_tiers/approval")["rows"]) == 2, "the approval at headquarters")
    steps = marketing.read("customer_tiers/approval")["rows"]
    assert {step["contract"] for step in steps} == {later}
    assert {step["state"] for step in steps} == {"open"}
    assert head.read("core/conflict")["rows"] == []  # both are facts; what is missing is an approval, not a decision


def _state(reader: Person, record: str, id: str) -> str | None:
    rows = reader.read(f"customer_tiers/{record}")["rows"]
    return next((row["state"] for row in rows if row["id"] == id), None)
