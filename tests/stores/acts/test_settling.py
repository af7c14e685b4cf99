"""Requests: asked away from home or for others to sign, decided once by the home, with every guard asked again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from core.model.errors import ActionRefused, Forbidden, NodeError, NotFound
from stores.actor import SYSTEM_ACTOR, Actor
from stores.acts import settling
from tests.stores.shop import Shop, local

PLUGIN = """
records:
  contract:
    label: {en: Contract, zh: 合同}
    fields:
      name: {type: text, label: {en: Name, zh: 名称}}
      amount: {type: money, label: {en: Amount, zh: 金额}}
      note: {type: text, label: {en: Note, zh: 备注}}
      ends: {type: datetime, label: {en: Ends, zh: 截止}}
    states: {draft: {en: Draft, zh: 草稿}, signed: {en: Signed, zh: 已签}, void: {en: Void, zh: 作废}}
    by: [desk, boss, audit]
    actions:
      draft: {from: new, to: draft, ask: [name, amount, note, ends], label: {en: Draft, zh: 起草}}
      sign:
        from: draft
        to: signed
        ask: [note]
        checks: {rich: {rule: self.amount > 0, message: {en: No amount, zh: 无金额}}, noted: {rule: has(self.note), level: warn, message: {en: No note, zh: 无备注}}}
        outcomes:
          - {when: self.amount < 100}
          - {when: self.amount < 1000, confirm: [boss]}
          - {when: self.amount < 9000, confirm: [boss, audit]}
          - {confirm: [boss, boss]}
        label: {en: Sign, zh: 签订}
      cancel: {from: draft, to: void, at: 3h, label: {en: Cancel, zh: 取消}}
      expire: {from: draft, to: void, by: system, label: {en: Expire, zh: 过期}}
    timers:
      end: {while: self.state == "draft", due: [{when: has(self.ends), is: =self.ends}, {is: null}], then: expire}
    sync: {scope: store, home: HOME}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop], database_url: str) -> Shop:
    """A store that decides about its own contracts."""
    made: Shop = a_shop(PLUGIN.replace("HOME", "store"), database_url)
    made.hire("hu", "boss")
    return made


def boss(shop: Shop, id: str = "hu") -> Actor:
    return Actor(id, shop.store, frozenset({"boss"}), id)


@pytest.fixture
def branch(a_shop: Callable[..., Shop]) -> Shop:
    """A store whose contracts headquarters decides about."""
    made: Shop = a_shop(PLUGIN.replace("HOME", "hq"), upstream="https://hq")
    return made


@pytest.fixture
def hub(a_shop: Callable[..., Shop]) -> Shop:
    """Headquarters, which decides about the contracts of all stores."""
    made: Shop = a_shop(PLUGIN.replace("HOME", "hq"), store="hq")
    return made


def contract(shop: Shop, amount: int, **values: object) -> str:
    return shop.put("contract", f"c{amount}", store="0755", amount=Decimal(amount), **{"note": "ok", **values})


def request(shop: Shop, id: str = "q1", **values: object) -> str:
    """Put a request there as it arrives from a store."""
    about: dict[str, object] = {
        "record_type": "club.contract", "record_id": "c50", "action": "sign", "ask": {}, "actor": "li", "needs": [],
        "signed": [], "made_at": shop.now, "base_hs": 0, "state": "waiting",
    }  # fmt: skip
    return shop.put("request", id, store="0755", **about | values)


def why(shop: Shop, id: str) -> list[str]:
    return [problem["code"] for problem in shop.row("request", id)["problems"]]


# --- signatures


def test_a_small_contract_needs_nobody_else(shop: Shop) -> None:
    receipt = shop.do("contract.sign", shop.hire("li", "desk"), contract(shop, 50))

    assert (receipt.state, receipt.provisional) == ("signed", False)


def test_one_signature_carries_the_action_out_as_of_when_it_was_asked(shop: Shop) -> None:
    li, hu, qin = shop.hire("li", "desk"), boss(shop), shop.hire("qin", "audit")
    receipt = shop.do("contract.sign", li, contract(shop, 500))
    assert (receipt.provisional, receipt.state, shop.row("contract", "c500")["state"]) == (True, "draft", "draft")
    assert receipt.request

    with pytest.raises(Forbidden, match="not asked for"):
        settling.sign(shop.node, receipt.request, qin)
    shop.now += timedelta(hours=1)
    row = settling.sign(shop.node, receipt.request, hu, "agreed")

    assert (row.values["state"], shop.row("contract", "c500")["state"]) == ("confirmed", "signed")
    line = shop.log("contract", "c500")[-1]
    assert (line.actor, line.at, line.received) == ("li", "2026-03-07T12:30:00.000Z", "2026-03-07T13:30:00.000Z")
    assert row.values["signed"] == [{"role": "boss", "by": "hu", "at": "2026-03-07T13:30:00.000Z", "reason": "agreed"}]


def test_who_asks_signs_for_one_post_and_others_for_the_rest(shop: Shop) -> None:
    both = shop.hire("bo", "boss", "audit")
    receipt = shop.do("contract.sign", both, contract(shop, 5000), reason="urgent")
    assert receipt.request

    assert [s["role"] for s in shop.row("request", receipt.request)["signed"]] == ["boss"]
    with pytest.raises(Forbidden, match="signed already"):
        settling.sign(shop.node, receipt.request, both)
    settling.sign(shop.node, receipt.request, shop.hire("qin", "audit"))

    assert shop.row("contract", "c5000")["state"] == "signed"


def test_a_post_named_twice_is_signed_for_by_two_people(shop: Shop) -> None:
    first, second = boss(shop), shop.hire("bo", "boss")
    receipt = shop.do("contract.sign", first, contract(shop, 9999))
    assert receipt.request
    assert shop.row("contract", "c9999")["state"] == "draft"

    with pytest.raises(Forbidden, match="signed already"):
        settling.sign(shop.node, receipt.request, first)
    settling.sign(shop.node, receipt.request, second)

    assert shop.row("contract", "c9999")["state"] == "signed"


def test_two_signatures_asked_for_are_both_awaited(shop: Shop) -> None:
    receipt = shop.do("contract.sign", shop.hire("li", "desk"), contract(shop, 5000))
    assert receipt.request

    half = settling.sign(shop.node, receipt.request, boss(shop))
    assert (half.values["state"], settling.settle(shop.node)) == ("waiting", [])
    settling.sign(shop.node, receipt.request, shop.hire("qin", "audit"))

    assert shop.row("contract", "c5000")["state"] == "signed"


def test_a_deputy_signs_while_the_boss_is_away(shop: Shop) -> None:
    receipt = shop.do("contract.sign", shop.hire("li", "desk"), contract(shop, 500))
    deputy = shop.hire("wu", "desk")
    assert receipt.request
    with pytest.raises(Forbidden):
        settling.sign(shop.node, receipt.request, deputy)

    shop.do("absence.report", SYSTEM_ACTOR, staff="hu")
    settling.sign(shop.node, receipt.request, deputy)

    assert shop.row("contract", "c500")["state"] == "signed"


def test_nothing_more_is_signed_once_it_is_decided(shop: Shop) -> None:
    receipt = shop.do("contract.sign", shop.hire("li", "desk"), contract(shop, 500))
    assert receipt.request
    settling.sign(shop.node, receipt.request, boss(shop))

    with pytest.raises(ActionRefused, match="has been decided"):
        settling.sign(shop.node, receipt.request, shop.hire("bo", "boss"))


def test_somebody_of_another_store_hears_of_no_request(shop: Shop) -> None:
    receipt = shop.do("contract.sign", shop.hire("li", "desk"), contract(shop, 500))
    assert receipt.request

    stranger = shop.hire("wu", "boss", store="0756")
    for deed in (settling.sign, settling.withdraw):
        with pytest.raises(NotFound):
            deed(shop.node, receipt.request, stranger)


# --- withdrawing


def test_who_asked_takes_it_back_and_nobody_signs_it_any_more(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    receipt = shop.do("contract.sign", li, contract(shop, 500))
    assert receipt.request
    with pytest.raises(Forbidden, match="only who asked"):
        settling.withdraw(shop.node, receipt.request, boss(shop))

    row = settling.withdraw(shop.node, receipt.request, li, "changed my mind")

    assert row.values["state"] == "withdrawn"
    assert shop.log("request", receipt.request)[-1].facts == {"reason": "changed my mind"}
    with pytest.raises(ActionRefused):
        settling.sign(shop.node, receipt.request, shop.hire("bo", "boss"))
    assert settling.settle(shop.node) == []


def test_an_administrator_takes_back_what_nobody_will_sign(shop: Shop) -> None:
    receipt = shop.do("contract.sign", shop.hire("li", "desk"), contract(shop, 500))
    assert receipt.request

    row = settling.withdraw(shop.node, receipt.request, shop.hire("ad", "store_admin"))

    assert (row.values["state"], shop.log("request", receipt.request)[-1].facts) == ("withdrawn", None)


# --- away from home


def test_what_headquarters_decides_is_asked_at_the_store(branch: Shop) -> None:
    receipt = branch.do("contract.sign", branch.hire("li", "desk"), contract(branch, 50), note="seen")

    assert receipt.request
    assert (receipt.provisional, branch.row("contract", "c50")["note"]) == (True, "ok")
    row = branch.row("request", receipt.request)
    assert {name: row[name] for name in ("record_type", "record_id", "action", "ask", "actor", "state", "needs")} == {
        "record_type": "club.contract", "record_id": "c50", "action": "sign", "ask": {"note": "seen"}, "actor": "li",
        "state": "waiting", "needs": [],
    }  # fmt: skip
    assert settling.settle(branch.node) == []


def test_a_warning_is_told_where_somebody_can_still_give_a_reason(branch: Shop) -> None:
    li = branch.hire("li", "desk")
    contract(branch, 50, note=None)

    with pytest.raises(ActionRefused, match="No note"):
        branch.do("contract.sign", li, "c50")

    assert branch.do("contract.sign", li, "c50", reason="later").provisional


def test_a_late_fact_is_taken_back_at_home_not_where_it_is_asked(branch: Shop) -> None:
    li = branch.hire("li", "desk")
    contract(branch, 50, state="void")  # it expired, says headquarters

    receipt = branch.do("contract.cancel", li, "c50", at="2026-03-07 20:00")

    assert receipt.provisional
    assert [line.action for line in branch.log("contract", "c50")] == [""]


def test_the_home_carries_a_request_out_once_however_often_it_is_asked_to(hub: Shop) -> None:
    hub.hire("li", "desk", store="0755")
    contract(hub, 50)
    request(hub)

    assert (settling.settle(hub.node), settling.settle(hub.node)) == (["q1"], [])

    assert [line.action for line in hub.log("contract", "c50")] == ["", "club.contract.sign"]
    assert hub.row("request", "q1")["state"] == "confirmed"


def test_a_request_decided_between_the_look_and_the_turn_is_not_done_again(hub: Shop) -> None:
    hub.hire("li", "desk", store="0755")
    contract(hub, 50)
    request(hub)
    settling.settle(hub.node)
    hub.sql("UPDATE club_contract SET state = 'draft'")

    assert settling._decided(hub.node, "q1") is False
    assert hub.row("contract", "c50")["state"] == "draft"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"record_id": "gone"}, "no-such-record"),
        ({"action": "void"}, "no-such-action"),
        ({"actor": "nobody"}, "no-such-person"),
        ({"actor": "hu"}, "role"),
        ({"ask": {"bad": 1}}, "unknown-input"),
        ({"needs": ["desk"], "signed": [{"role": "desk", "by": "wu"}], "record_id": "c500"}, "still-unsigned"),
        ({"record_id": "c0"}, "rich"),
    ],
)
def test_a_request_that_does_not_fit_is_refused_with_the_reasons_and_shown(
    hub: Shop, values: dict[str, Any], code: str
) -> None:
    hub.hire("li", "desk", store="0755")
    hub.hire("hu", "cleaner", store="0755")
    hub.hire("wu", "desk", store="0755")
    for amount in (0, 50, 500):
        contract(hub, amount)
    request(hub, **values)

    assert settling.settle(hub.node) == ["q1"]

    assert (hub.row("request", "q1")["state"], why(hub, "q1")) == ("refused", [code])
    (conflict,) = hub.rows("conflict")
    assert (conflict.values["kind"], conflict.values["theirs_by"]) == ("refused", values.get("actor", "li"))
    assert conflict.values["record_id"] == values.get("record_id", "c50")


def test_a_refused_request_leaves_nothing_half_done_and_the_next_is_decided(hub: Shop) -> None:
    hub.hire("li", "desk", store="0755")
    contract(hub, 0)
    contract(hub, 50)
    request(hub, "q1", record_id="c0")
    request(hub, "q2")

    assert settling.settle(hub.node) == ["q1", "q2"]
    assert (hub.row("contract", "c0")["state"], hub.row("contract", "c50")["state"]) == ("draft", "signed")


def test_a_request_of_a_plugin_that_is_not_here_waits(hub: Shop) -> None:
    request(hub, record_type="gone.thing", needs=["boss"])

    assert settling.settle(hub.node) == []
    assert hub.row("request", "q1")["state"] == "waiting"
    with pytest.raises(NotFound, match="plugin of this request"):
        settling.sign(hub.node, "q1", hub.hire("hu", "boss"))


def test_a_clock_that_ran_ahead_does_not_act_in_the_future(hub: Shop) -> None:
    hub.hire("li", "desk", store="0755")
    contract(hub, 50)
    request(hub, made_at=hub.now + timedelta(days=365))

    settling.settle(hub.node)

    assert hub.log("contract", "c50")[-1].at == "2026-03-07T12:30:00.000Z"


def test_a_new_record_is_made_by_its_home(branch: Shop, hub: Shop) -> None:
    receipt = branch.do("contract.draft", branch.hire("li", "desk"), name="Hall", amount="10")
    assert receipt.request
    assert branch.rows("contract") == []
    asked = branch.row("request", receipt.request)
    hub.hire("li", "desk", store="0755")

    request(hub, **{name: asked[name] for name in ("record_id", "action", "ask", "actor", "made_at", "base_hs")})
    settling.settle(hub.node)

    (made,) = hub.rows("contract")
    assert (made.values["name"], made.values["store"]) == ("Hall", "0755")


def test_a_request_made_before_a_timer_fired_takes_the_firing_back(hub: Shop) -> None:
    hub.hire("li", "desk", store="0755")
    contract(hub, 50, ends=local("2026-03-07 21:00"))
    hub.go("2026-03-07 21:00:01")
    assert hub.row("contract", "c50")["state"] == "void"
    request(hub, "q1", made_at=local("2026-03-07 20:59"))  # signing may not be entered late
    request(hub, "q2", action="cancel", made_at=local("2026-03-07 20:59"))

    settling.settle(hub.node)

    assert (hub.row("request", "q1")["state"], hub.row("request", "q2")["state"]) == ("refused", "confirmed")
    assert [line.action for line in hub.log("contract", "c50")][1:] == [
        "club.contract.expire", "core.undo", "club.contract.cancel",
    ]  # fmt: skip


def test_a_late_request_meets_the_record_as_it_stands_when_somebody_has_acted_since(hub: Shop) -> None:
    hub.hire("li", "desk", store="0755")
    contract(hub, 50)
    hub.now += timedelta(minutes=5)
    hub.do("contract.cancel", Actor("qin", "hq", frozenset({"boss"}), "Qin"), "c50")
    request(hub, action="cancel", made_at=hub.now - timedelta(minutes=2))

    settling.settle(hub.node)

    assert why(hub, "q1") == ["state"]


def test_a_plugin_that_breaks_holds_up_its_own_request_only(hub: Shop, monkeypatch: Any) -> None:
    hub.hire("li", "desk", store="0755")
    contract(hub, 50)
    contract(hub, 60)
    request(hub, "q1")
    request(hub, "q2", record_id="c60")
    perform = settling.perform

    def break_once(connection: Any, node: Any, call: Any) -> Any:
        if call.id == "c50":
            raise ZeroDivisionError
        return perform(connection, node, call)

    with monkeypatch.context() as patch:
        patch.setattr(settling, "perform", break_once)
        assert settling.settle(hub.node) == ["q2"]
    assert hub.row("request", "q1")["state"] == "waiting"

    assert settling.settle(hub.node) == ["q1"]


def test_a_busy_database_refuses_no_request(hub: Shop, monkeypatch: Any) -> None:
    hub.hire("li", "desk", store="0755")
    contract(hub, 50)
    request(hub)

    def lock(*_: Any) -> None:
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    with monkeypatch.context() as patch:
        patch.setattr(settling, "perform", lock)
        with pytest.raises(NodeError, match="still being written"):
            settling.settle(hub.node)

    assert hub.row("request", "q1")["state"] == "waiting"


def test_a_signature_that_names_a_post_its_signer_does_not_hold_signs_nothing(hub: Shop) -> None:
    """It came with the request from a store, whose database anybody there may have edited."""
    for id_, role in (("li", "desk"), ("an", "audit"), ("hu", "boss")):
        hub.hire(id_, role, store="0755")
    contract(hub, 500)
    request(
        hub, record_id="c500", needs=["boss"], signed=[{"role": "boss", "by": "an"}, {"role": "boss", "by": "ghost"}]
    )
    assert settling.settle(hub.node) == []

    request(hub, "q2", record_id="c500", needs=["boss"], signed=[{"role": "boss", "by": "hu"}])
    assert settling.settle(hub.node) == ["q2"]


def test_who_asked_another_store_cannot_take_the_request_back_from_here(a_shop: Callable[..., Shop]) -> None:
    headquarters = a_shop(PLUGIN.replace("HOME", "store"), store="hq")
    qin = headquarters.hire("qin", "boss")
    request(headquarters, actor="qin", asked_in="hq")

    with pytest.raises(Forbidden, match="with the other store"):
        settling.withdraw(headquarters.node, "q1", qin)

    assert headquarters.row("request", "q1")["state"] == "waiting"


def test_a_request_whose_plugin_went_between_the_look_and_the_turn_waits_with_its_signatures(hub: Shop) -> None:
    signed = [{"role": "boss", "by": "hu"}]
    request(hub, record_type="gone.thing", needs=["boss"], signed=signed)

    assert settling._decided(hub.node, "q1") is False
    assert (hub.row("request", "q1")["state"], hub.row("request", "q1")["signed"]) == ("waiting", signed)
