"""A renovation store on real nodes: whose turn it is, who may confirm, and the general manager at headquarters."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.demo.client import Answered, Person
from tests.journeys.conftest import HOUSE, NOWHERE, PATIENCE_S, RealNode, eventually

pytestmark = pytest.mark.journey

PLUGIN = HOUSE / "plugins" / "home_renovation"
HELD = {"A": 2, "B": 3, "C": 0, "D": 4, "E": 1}  # deposit-paid orders in hand
RANKS = {"A": 3, "B": 1, "C": 2, "D": 4, "E": 5}


@dataclass
class Store:
    """A renovation store and its headquarters, both switched on, and the people who work there."""

    hq: RealNode
    branch: RealNode
    ke: Person  # customer manager
    zhou: Person  # store manager
    fei: Person  # finance
    gao: Person  # general manager, at headquarters

    def designer(self, name: str) -> str:
        """Return the id of a person of the store or of headquarters, as the store knows them."""
        (found,) = [id for id, known in self.names().items() if known == name]
        return found

    def names(self) -> dict[str, str]:
        """Return everybody's name by id."""
        return {row["id"]: row["name"] for row in self.ke.read("core/staff", limit="200")["rows"]}

    def customer(self, phone: str) -> str:
        """Register a customer whose source is decided; return the id."""
        given = {"name": "林先生", "phone": phone, "community": "湖滨花园", "budget": 180000}
        id = do(self.ke, "customer.register", given)["id"]
        do(self.ke, "customer.decide_source", {"source": "walk_in", "note": "自行到店"}, id)
        return str(id)

    def briefed(self, customer: str) -> str:
        """Draft a dispatch and have the candidates listed; return its id."""
        id = do(self.ke, "dispatch.open", {"customer": customer, "summary": "三口之家，喜欢安静"})["id"]
        do(self.ke, "dispatch.brief", {}, id)
        return str(id)

    def order(self, dispatch: str) -> list[str]:
        """Return the names of the frozen candidates of a dispatch, first to last."""
        rows = self.ke.read("home_renovation/candidate", dispatch=dispatch, limit="50")["rows"]
        names = self.names()
        return [names[row["designer"]] for row in sorted(rows, key=lambda row: row["position"])]

    def dispatch(self, id: str) -> Any:
        return self.ke.read(f"home_renovation/dispatch/{id}")

    def hold(self, name: str, phone: str) -> None:
        """Let a designer hold one more order whose deposit has been received."""
        customer = self.customer(phone)
        dispatch = self.briefed(customer)
        do(self.ke, "dispatch.propose", {"proposed": self.designer(name), "deviation_reason": "客户点名"}, dispatch)
        do(self.zhou, "dispatch.confirm", {}, dispatch)
        do(self.ke, "dispatch.send", {}, dispatch)
        designer = self.branch.person(name.lower())
        do(designer, "dispatch.accept", {}, dispatch)
        eventually(lambda: self.stage(customer) == "dispatched", "the customer to be handed over")
        do(designer, "customer.first_contact", {}, customer)
        do(self.fei, "payment.receive", {"customer": customer, "kind": "deposit", "amount": 5000, "receipt_no": phone})
        eventually(lambda: self.stage(customer) == "deposit_paid", "the deposit to be noted")

    def stage(self, customer: str) -> Any:
        return self.ke.read(f"home_renovation/customer/{customer}")["state"]


def do(person: Person, what: str, ask: dict[str, Any], id: str | None = None, **more: object) -> Any:
    record, _, action = what.partition(".")
    return person.act(f"home_renovation.{record}", action, ask, id, **more)


def refused(person: Person, what: str, ask: dict[str, Any], id: str | None = None) -> set[str]:
    """Act and return the codes of the refusal."""
    with pytest.raises(Answered) as caught:
        do(person, what, ask, id)
    return {problem["code"] for problem in caught.value.problems}


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a headquarters and a renovation store that has joined it. Made once; each test works on a copy."""
    folder = tmp_path_factory.mktemp("renovation")
    hq = _node(folder, "hq", "hq")
    branch = _node(folder, "lakeside-1", "lakeside", NOWHERE)
    branch.join(hq)
    hq.hire({"wu": "hq_admin", "gao": "gm"})
    own = {"ke": "customer_manager store_admin", "zhou": "store_manager store_admin", "fei": "finance"}
    branch.hire(own | {name.lower(): "designer" for name in HELD})
    return folder


@pytest.fixture
def store(founded: Path, tmp_path: Path) -> Iterator[Store]:
    """The store and its headquarters, switched on, the general manager known in the store."""
    shutil.copytree(founded, tmp_path / "chain")
    hq = _node(tmp_path / "chain", "hq", "hq")
    branch = _node(tmp_path / "chain", "lakeside-1", "lakeside", NOWHERE)
    try:
        hq.switch_on()
        branch.follow(hq)
        branch.switch_on()
        made = Store(hq, branch, *(branch.person(login) for login in ("ke", "zhou", "fei")), hq.person("gao"))
        eventually(lambda: _knows(made, "Gao"), "the general manager to be known in the store")
        yield made
    finally:
        for node in (branch, hq):
            if node.process is not None and node.process.poll() is None:
                node.process.kill()
                node.process.wait(PATIENCE_S)


def _knows(store: Store, name: str) -> bool:
    with suppress(ValueError):
        return bool(store.designer(name))
    return False


def _node(folder: Path, name: str, place: str, upstream: str | None = None) -> RealNode:
    plugins = folder / name / "plugins"
    if not plugins.exists():
        shutil.copytree(PLUGIN, plugins / PLUGIN.name)
    node = RealNode(folder / name, name, place, plugins, upstream=upstream)
    node.write_settings()
    return node


def _away(store: Store) -> str:
    """Let the store manager be out at a meeting."""
    asked = {"staff": store.designer("Zhou"), "why": "外出开会"}
    return str(store.ke.act("core.absence", "go_out", asked)["id"])


def _waiting(store: Store, phone: str) -> tuple[str, str]:
    """Return a customer and a dispatch of his that waits for confirmation."""
    customer = store.customer(phone)
    dispatch = store.briefed(customer)
    do(store.ke, "dispatch.propose", {}, dispatch)
    return customer, dispatch


def test_the_order_of_designers_on_a_running_node(store: Store) -> None:
    """HR-S1 to HR-S4: the default order, another limit, a blocked designer, leaving the order."""
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    for name, rank in RANKS.items():
        sales = 40000 if name == "E" else 50000
        entered = {"designer": store.designer(name), "month": last_month.isoformat(), "department_rank": rank}
        month = do(store.zhou, "designer_month.enter", entered | {"sales": sales, "standard": 50000})["id"]
        do(store.zhou, "designer_month.close", {}, month)
        for order in range(HELD[name]):
            store.hold(name, f"137{rank}{order:07}")
    for name in "ABDE":
        store.ke.act("core.duty", "sign_in", {"staff": store.designer(name)})

    first = store.briefed(store.customer("13600000001"))
    assert store.order(first) == ["B", "A", "E", "D", "C"]

    limit = {"plugin": "home_renovation", "name": "orders_limit", "value": "2"}
    setting = store.zhou.act("core.setting", "set", limit)["id"]
    assert store.order(store.briefed(store.customer("13600000002"))) == ["A", "E", "B", "D", "C"]
    store.zhou.act("core.setting", "change", {"value": "3"}, setting)

    until = (today + timedelta(days=20)).isoformat()
    blocked = {"blocked_until": until, "blocked_reason": "unregistered_outing"}
    store.zhou.act("core.staff", "block", blocked, store.designer("B"))
    third = store.briefed(store.customer("13600000003"))
    assert store.order(third) == ["A", "E", "D", "C"]

    wish = {"proposed": store.designer("E")}
    assert refused(store.ke, "dispatch.propose", wish, third) == {"reason"}
    assert do(store.ke, "dispatch.propose", wish | {"deviation_reason": "客户点名 E"}, third)["state"] == "awaiting"
    do(store.zhou, "dispatch.confirm", {}, third)
    do(store.ke, "dispatch.send", {}, third)
    deviations = store.zhou.read("home_renovation/reports/fairness/deviations", limit="200")["rows"]
    assert third in {row["id"] for row in deviations}
    assert first not in {row["id"] for row in deviations}


def test_the_general_manager_at_headquarters_confirms_while_the_store_manager_is_out(store: Store) -> None:
    """HR-S5: refused before, and through headquarters at once when the line is there."""
    customer, dispatch = _waiting(store, "13700000001")
    eventually(lambda: _seen(store, dispatch), "the dispatch at headquarters")
    assert refused(store.gao, "dispatch.confirm", {"absence_reason": "out_at_meeting"}, dispatch) == {"role"}
    absence = _away(store)
    assert refused(store.ke, "dispatch.confirm", {}, dispatch) == {"role"}
    assert refused(store.ke, "dispatch.send", {}, dispatch) == {"state"}
    eventually(lambda: _told(store, absence), "the absence at headquarters")

    asked = do(store.gao, "dispatch.confirm", {"absence_reason": "out_at_meeting"}, dispatch)

    assert asked["provisional"] is True
    eventually(lambda: store.dispatch(dispatch)["state"] == "confirmed", "the store to take it over")
    confirmed = store.dispatch(dispatch)
    assert (confirmed["confirmer"], confirmed["absence_reason"]) == (store.designer("Gao"), "out_at_meeting")
    assert do(store.ke, "dispatch.send", {}, dispatch)["state"] == "dispatched"
    eventually(lambda: store.stage(customer) == "dispatched", "the customer to be handed over")
    (granted,) = store.ke.read("home_renovation/delegation", dispatch=dispatch)["rows"]
    assert (granted["scope"], granted["reason"], granted["state"]) == ("single_dispatch", "out_at_meeting", "granted")


def test_a_store_that_is_switched_off_takes_the_confirmation_over_when_it_is_back(store: Store) -> None:
    _, dispatch = _waiting(store, "13700000001")
    absence = _away(store)
    eventually(lambda: _seen(store, dispatch) and _told(store, absence), "all of it at headquarters")
    store.branch.switch_off()

    asked = do(store.gao, "dispatch.confirm", {"absence_reason": "out_at_meeting"}, dispatch)
    assert asked["provisional"] is True
    assert store.gao.read(f"home_renovation/dispatch/{dispatch}")["state"] == "awaiting"

    store.branch.switch_on()
    eventually(lambda: _state(store, dispatch) == "confirmed", "the store to take it over")
    eventually(
        lambda: store.gao.read(f"home_renovation/dispatch/{dispatch}")["state"] == "confirmed",
        "the state at headquarters",
    )


def test_without_a_line_the_general_manager_agrees_by_telephone_and_signs_later(store: Store) -> None:
    """HR-S6: provisional until the signature comes by sync; overruled, it goes back and both entries stay."""
    kept, signed = _waiting(store, "13700000001")
    returned, overruled = _waiting(store, "13700000002")
    note = {"absence_reason": "unreachable", "call_note": "call.txt", "authoriser": store.designer("Gao")}
    store.hq.kill()
    for dispatch in (signed, overruled):
        assert do(store.ke, "dispatch.agreed_by_phone", note, dispatch)["state"] == "confirmed"
        do(store.ke, "dispatch.send", {}, dispatch)
        assert store.dispatch(dispatch)["provisional"] is True
    assert store.ke.read("status")["sync"]["safe_to_switch_off"] is False

    store.hq.switch_on()
    eventually(
        lambda: _seen(store, signed, "dispatched") and _seen(store, overruled, "dispatched"), "both at headquarters"
    )
    do(store.gao, "dispatch.sign", {}, signed)
    do(store.gao, "dispatch.overrule", {"why": "未曾同意"}, overruled)

    eventually(lambda: store.dispatch(signed)["provisional"] is False, "the signature to arrive")
    assert store.dispatch(signed)["state"] == "dispatched"
    eventually(lambda: store.dispatch(overruled)["state"] == "briefed", "the refusal to arrive")
    eventually(lambda: store.stage(returned) == "source_decided", "the customer to be taken back")
    assert store.stage(kept) == "dispatched"
    entries = {
        dispatch: sorted(row["state"] for row in store.ke.read("home_renovation/delegation", dispatch=dispatch)["rows"])
        for dispatch in (signed, overruled)
    }
    assert entries == {signed: ["by_phone", "signed"], overruled: ["by_phone", "rejected"]}


def _seen(store: Store, dispatch: str, state: str = "awaiting") -> bool:
    """Whether headquarters has the dispatch, in this state."""
    with suppress(Answered, OSError):
        return bool(store.gao.read(f"home_renovation/dispatch/{dispatch}")["state"] == state)
    return False


def _told(store: Store, absence: str) -> bool:
    """Whether headquarters has the absence."""
    with suppress(Answered, OSError):
        return bool(store.gao.read(f"core/absence/{absence}"))
    return False


def _state(store: Store, dispatch: str) -> str | None:
    with suppress(Answered, OSError):
        return str(store.dispatch(dispatch)["state"])
    return None
