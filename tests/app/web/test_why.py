"""Why: refusals name the broken rule in words, and a record is explained under its reader's filter and masks."""

from __future__ import annotations

from typing import Any

import pytest

from stores.acts import firing

RULES = """
rules:
  BR-1: {mark: S, en: One rider at a time., zh: 一车同时只租一人。}
  BR-2: {mark: S, en: Note a phone., zh: 须登记电话。}
  BR-3: {mark: S, en: "Two hours, then it is late.", zh: 两小时后为超时。}
  BR-4: {mark: S, en: Only the counter hands out., zh: 只有前台可以租出。}
"""


@pytest.fixture
def ruled(shop: Any) -> Any:
    """The shop, with a rule book that its plugin cites."""
    folder = shop.plugins / "bicycle_rental"
    text = (folder / "plugin.yaml").read_text(encoding="utf-8")
    for was, now in [
        ("one_rider: {key", "one_rider: {cite: BR-1, key"),
        ("phone: {rule: has(self.phone)", "phone: {cite: BR-2, rule: has(self.phone)"),
        ("loan: {while", "loan: {cite: BR-3, while"),
        ("        from: new\n        to: out\n", "        from: new\n        to: out\n        cite: BR-4\n"),
        ("account: =me, amount: =settings.late_fee", "account: =me, cite: BR-3, amount: =settings.late_fee"),
    ]:
        assert was in text
        text = text.replace(was, now, 1)
    (folder / "plugin.yaml").write_text(text, encoding="utf-8")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    report = shop.service.node.host.reload()
    assert not report.faults, report
    return shop


def bicycle(client: Any) -> str:
    return str(client.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}}).json()["id"])


def hand_out(client: Any, bicycle: str, **ask: Any) -> Any:
    asked = {"bicycle": bicycle, "guest": "陈先生", "phone": "13800001111"} | ask
    return client.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": asked})


def broken(answer: Any) -> list[Any]:
    return [rule for problem in answer.json()["error"]["problems"] for rule in problem["rules"]]


def test_a_refusal_says_which_rule_was_broken_in_the_callers_language(ruled: Any) -> None:
    li, chinese = ruled.as_("li"), ruled.as_("li", **{"Accept-Language": "zh"})
    bike = bicycle(li)
    assert broken(hand_out(li, bike, phone=None)) == [{"number": "BR-2", "mark": "S", "text": "Note a phone."}]
    assert hand_out(li, bike).status_code == 200

    assert broken(hand_out(chinese, bike)) == [{"number": "BR-1", "mark": "S", "text": "一车同时只租一人。"}]
    forbidden = hand_out(ruled.as_("an"), bike)
    assert (forbidden.status_code, [rule["number"] for rule in broken(forbidden)]) == (403, ["BR-4"])


def test_a_lapse_and_its_fine_are_explained_with_their_rules(ruled: Any) -> None:
    li = ruled.as_("li")
    rental = hand_out(li, bicycle(li)).json()["id"]
    (timer,) = li.get(f"/api/bicycle_rental/rental/{rental}/explain").json()["timers"]
    assert [rule["text"] for rule in timer["rules"]] == ["Two hours, then it is late."]
    assert timer["inputs"]["settings.loan"] == "2h"

    ruled.clock.pass_(hours=2, minutes=1)
    firing.fire_due(ruled.service.node)
    assert li.post(f"/api/bicycle_rental/rental/{rental}/actions/take_back", json={}).status_code == 200

    told = li.get(f"/api/bicycle_rental/rental/{rental}/explain").json()
    _, lapsed, back = told["steps"]
    assert (lapsed["by_name"], [each["name"] for each in lapsed["timers"]], lapsed["cite"]) == (
        "the system",
        ["loan"],
        ["BR-3"],
    )
    assert (back["by_name"], back["when"], back["version"]) == ("Li", 'self.state == "late"', "1.0.0")
    assert (told["plugin"], told["version"]) == ("bicycle_rental", "1.0.0")
    (fine,) = told["ledger"]
    assert (fine["amount"], [rule["number"] for rule in fine["rules"]]) == ("20.00", ["BR-3"])


def test_who_sees_a_field_masked_learns_nothing_of_it_from_a_deadline(ruled: Any) -> None:
    folder = ruled.plugins / "bicycle_rental" / "plugin.yaml"
    text = folder.read_text(encoding="utf-8").replace("viewer: {mask: [phone]", "viewer: {mask: [phone, taken_at]")
    folder.write_text(text, encoding="utf-8")
    assert not ruled.service.node.host.reload().faults
    li = ruled.as_("li")
    rental = hand_out(li, bicycle(li)).json()["id"]
    ruled.clock.pass_(hours=3)
    firing.fire_due(ruled.service.node)

    auditor = ruled.as_("an").get(f"/api/bicycle_rental/rental/{rental}/explain").json()
    (timer,) = auditor["steps"][1]["timers"]
    assert timer["inputs"] == {"settings.loan": "2h"}
    assert (timer["path"], timer["skipped"]) == ([], [])
    assert ruled.as_("no").get(f"/api/bicycle_rental/rental/{rental}/explain").status_code in (403, 404)
