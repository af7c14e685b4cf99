"""Forms of actions: what they ask, what is wrong beside each input, drafts, and two people on one record."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.app.pages.conftest import words

HAND_OUT = "/records/bicycle_rental/rental/actions/hand_out"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}&lt;'


def bicycle(shop: Any, frame: str = "F-1") -> str:
    made = shop.as_("li").post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": frame}})
    return str(made.json()["id"])


def rental(shop: Any, **more: Any) -> str:
    ask = {"bicycle": bicycle(shop), "guest": "Chen", "phone": "13800001111", **more}
    made = shop.as_("li").post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask})
    return str(made.json()["id"])


def test_a_form_asks_what_the_action_asks_and_makes_the_record(shop: Any, browse: Any) -> None:
    wheel, browser = bicycle(shop), browse("li")

    form = browser.open(HAND_OUT).text
    for name, label in (("bicycle", "Bicycle"), ("guest", "Guest"), ("phone", "Phone"), ("note", "Note")):
        assert re.search(rf'<label for="in-{name}">{label}', form), name
    assert f'<option value="{wheel}">F-1' in form
    page = browser.send(HAND_OUT, bicycle=wheel, guest="Chen", phone="138 0000 1111", note="")

    assert page.url.path.startswith("/records/bicycle_rental/rental/")
    assert "Done: Hand out" in page.text
    assert "13800001111" in page.text


def test_a_form_that_is_sent_again_after_a_lost_answer_makes_nothing_twice(shop: Any, browse: Any) -> None:
    browser, add = browse("li"), "/records/bicycle_rental/bicycle/actions/add"
    once = re.search(r'name="_once" value="([0-9a-f-]{36})"', browser.open(add).text)
    assert once is not None

    first = browser.send(add, frame="F-1", _once=once[1])
    again = browser.send(add, frame="F-1", _once=once[1])
    other = browser.send(add, frame="F-2", _once=once[1])  # a step back, and something else typed: another bicycle

    assert "Done: " in again.text
    assert again.url == first.url
    assert other.url != first.url
    rows = shop.as_("li").get("/api/bicycle_rental/bicycle").json()["rows"]
    assert sorted(row["frame"] for row in rows) == ["F-1", "F-2"]


def test_a_draft_that_comes_back_is_still_the_form_that_was_sent(shop: Any, browse: Any) -> None:
    """The node died after it had saved, and before it could say so: what was typed is offered again."""
    browser, add = browse("li"), "/records/bicycle_rental/bicycle/actions/add"
    once = re.search(r'name="_once" value="([^"]+)"', browser.open(add).text)
    assert once is not None
    typed = {"frame": "F-1", "_once": once[1]}
    first = browser.send(add, **typed)
    browser.send("/drafts", _key="bicycle_rental.bicycle::add", **typed)

    offered = browser.open(add).text

    assert f'name="_once" value="{once[1]}"' in offered
    assert 'name="frame" value="F-1"' in offered
    assert browser.send(add, **typed).url.path == first.url.path
    assert f'name="_once" value="{once[1]}"' not in browser.open(add).text, "the next form is another one"


def test_what_is_wrong_stands_beside_the_input_and_what_was_typed_stays(shop: Any, browse: Any) -> None:
    page = browse("li").send(HAND_OUT, bicycle="", guest="Chen", phone="12", note="by the door")

    assert page.status_code == 422
    assert re.search(r'id="in-phone"[^>]*aria-invalid="true"', page.text)
    assert 'id="err-phone"' in page.text
    assert re.search(r'<a href="#in-phone">Phone: [^<]+</a>', page.text), "above, it says of which input"
    assert re.search(r'name="note" value="by the door"', page.text)
    assert shop.as_("li").get("/api/bicycle_rental/rental").json()["rows"] == []


def test_a_warning_asks_a_reason_and_then_lets_the_person_go_on(shop: Any, browse: Any) -> None:
    wheel, browser = bicycle(shop), browse("li")

    warned = browser.send(HAND_OUT, bicycle=wheel, guest="Chen", phone="")
    assert warned.status_code == 422
    assert "No phone number was taken" in warned.text
    assert 'name="_reason"' in warned.text
    done = browser.send(HAND_OUT, bicycle=wheel, guest="Chen", phone="", _reason="a regular guest")

    assert done.status_code == 200
    assert "a regular guest" in done.text


def test_a_form_on_a_record_holds_what_stands_there_but_nothing_masked(shop: Any, browse: Any) -> None:
    made = rental(shop, note="left pedal squeaks")

    form = browse("li").open(f"/records/bicycle_rental/rental/{made}/actions/remark").text
    assert 'value="left pedal squeaks"' in form
    assert 'value="13800001111"' in form
    as_auditor = browse("an").open(f"/records/bicycle_rental/rental/{made}/actions/remark").text
    assert "13800001111" not in as_auditor
    assert 'name="phone.kept"' in as_auditor


def test_an_input_whose_value_was_masked_stays_as_it_is_when_left_empty(shop: Any, browse: Any) -> None:
    made, browser = rental(shop), browse("li")

    browser.send(
        f"/records/bicycle_rental/rental/{made}/actions/remark", **{"note": "new", "phone": "", "phone.kept": "1"}
    )

    row = shop.as_("li").get(f"/api/bicycle_rental/rental/{made}").json()
    assert (row["note"], row["phone"]) == ("new", "13800001111")


def test_nobody_overwrites_what_he_has_not_seen(shop: Any, browse: Any) -> None:
    made, browser = rental(shop), browse("li")
    address = f"/records/bicycle_rental/rental/{made}/actions/remark"
    seen = re.search(r'name="_seen" value="([^"]+)"', browser.open(address).text)
    assert seen is not None
    shop.as_("li").post(f"/api/bicycle_rental/rental/{made}/actions/remark", json={"ask": {"note": "theirs"}})

    clash = browser.send(address, _seen=seen[1], note="mine")

    assert clash.status_code == 409
    assert "has changed it since you opened it" in clash.text
    assert 'value="mine"' in clash.text
    assert "stands now: theirs" in clash.text


def test_a_draft_comes_back_after_a_closed_tab_and_goes_when_it_is_sent(shop: Any, browse: Any) -> None:
    wheel, browser = bicycle(shop), browse("li")
    key = "bicycle_rental.rental::hand_out"

    assert browser.send("/drafts", _key=key, bicycle=wheel, guest="Half a na").json() == []
    again = browser.open(HAND_OUT).text
    assert 'value="Half a na"' in again
    assert "is here again" in again
    assert "Half a na" not in browse("wu").open("/").text
    browser.send(HAND_OUT, bicycle=wheel, guest="Half a name", phone="13800001111")

    assert "is here again" not in browser.open(HAND_OUT).text


def test_what_was_sent_does_not_come_back_though_its_page_says_it_again(shop: Any, browse: Any) -> None:
    wheel, browser = bicycle(shop), browse("li")
    opened = re.search(r'name="_opened" value="([^"]+)"', browser.open(HAND_OUT).text)
    assert opened is not None
    typed = {"bicycle": wheel, "guest": "Sun", "phone": "13800001111", "_opened": opened[1]}
    shop.clock.pass_(minutes=1)
    browser.send(HAND_OUT, **typed)

    browser.send("/drafts", _key="bicycle_rental.rental::hand_out", **typed)

    assert "is here again" not in browser.open(HAND_OUT).text


def test_a_draft_can_be_given_up(browse: Any) -> None:
    browser, key = browse("li"), "bicycle_rental.rental::hand_out"
    browser.send("/drafts", _key=key, guest="Nobody")

    fresh = browser.send("/drafts/drop", _key=key)

    assert fresh.url.path == HAND_OUT
    assert "Nobody" not in fresh.text


def test_two_people_on_one_record_see_each_other(shop: Any, browse: Any) -> None:
    made = rental(shop)
    wu = shop.as_("wu")
    wu.post(f"/api/core/staff/{shop.staff['wu']}/actions/assign", json={"ask": {"roles": ["counter"]}})
    key, form = f"bicycle_rental.rental:{made}:remark", f"/records/bicycle_rental/rental/{made}/actions/remark"
    browse("wu").send("/drafts", _key=key, note="…")
    li = browse("li")

    page = li.open(form).text
    assert "Wu has this form open" in words(page)
    seen = re.search(r'name="_seen" value="([^"]+)"', page)
    assert seen is not None
    assert [told[:21] for told in li.send("/drafts", _key=key, _seen=seen[1], note="x").json()] == [
        "Wu has this form open"
    ]
    browse("wu").send(form, note="by wu", _seen=seen[1])
    assert len(li.send("/drafts/others", _key=key, _seen=seen[1]).json()) == 1, "asking keeps nothing"
    (told,) = li.send("/drafts", _key=key, _seen=seen[1], note="xy").json()
    assert told.startswith("Wu changed this record at ")
    assert li.send("/drafts", _key="bicycle_rental.rental:nobody:remark", _seen=seen[1]).status_code == 404
    for address in ("/drafts", "/drafts/others"):
        assert browse("no").send(address, _key=key).status_code in (403, 404), "who may not see it hears of nobody"


def test_who_may_not_is_told_so(shop: Any, browse: Any) -> None:
    assert browse("an").open(HAND_OUT).status_code == 403
    assert browse("li").open("/records/bicycle_rental/rental/actions/nothing").status_code == 404
    assert browse("li").open(f"/records/bicycle_rental/rental/{rental(shop)}/actions/overdue").status_code == 404


@pytest.mark.parametrize("where", ["", "/actions/remark", "list"])
def test_hostile_names_are_only_ever_text(shop: Any, browse: Any, where: str) -> None:
    made = rental(shop, guest=HOSTILE, note=HOSTILE)
    address = "/records/bicycle_rental/rental" + ("" if where == "list" else f"/{made}{where}")

    page = browse("li").open(address).text

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "49" not in re.findall(r"alert\(1\).{0,40}", page)
    assert "&lt;script&gt;alert(1)" in page


def test_a_record_for_a_store_is_made_with_the_word_of_the_page_only(shop: Any, browse: Any) -> None:
    answer = browse("li").client.post(HAND_OUT, data={"guest": "Chen"})

    assert answer.status_code == 403


def test_a_moment_that_is_now_is_the_moment_the_form_is_sent(shop: Any, browse: Any) -> None:
    browser, address = browse("wu"), "/records/core/absence/actions/report"
    form = browser.open(address).text

    assert re.search(r'id="in-from_at" name="from_at" value=""', form)
    assert "empty: the moment it is sent" in words(form)
    people = shop.as_("wu").get("/api/core/staff").json()["rows"]
    page = browser.send(address, staff=people[0]["id"], from_at="", to_at="", why="")

    assert page.status_code == 200
    (made,) = shop.as_("wu").get("/api/core/absence").json()["rows"]
    assert made["from_at"] is not None


def test_posts_are_ticked_by_what_they_are_called_and_none_is_lost_by_not_being_offered(shop: Any, browse: Any) -> None:
    li, form = shop.staff["li"], f"/records/core/staff/{shop.staff['li']}/actions/assign"
    with shop.service.node.database.write() as connection:
        held = '["counter","gm_meeting"]'  # the second of a business that does not run here
        connection.exec_driver_sql("UPDATE core_staff SET roles = ? WHERE id = ?", (held, li))
    wu = browse("wu")

    page = wu.open(form).text

    assert re.search(r"<legend>Bicycle rental</legend><label><input [^>]*value=\"counter\" checked> Counter", page)
    assert re.search(r'<legend>Every business</legend>.*value="hq_admin"> Headquarters administrator', page)
    assert re.search(r'value="gm_meeting" checked> a post of another business', page)
    assert "其他业务岗位" in browse("wu", "zh").open(form).text
    wu.send(form, roles=["", "counter", "store_admin", "gm_meeting"])
    told = words(wu.open(f"/records/core/staff/{li}").text)
    assert "Counter, Store administrator, a post of another business" in told
    assert "gm_meeting" not in told


def test_posts_that_headquarters_gives_are_offered_to_its_administrators_only(shop: Any, browse: Any) -> None:
    give = "/records/core/assignment/actions/give"
    wu = browse("wu")
    wu.send(f"/records/core/staff/{shop.staff['li']}/actions/assign", roles=["", "store_admin"])

    assert '<option value="hq_audit">Headquarters audit' in wu.open(give).text
    assert '<option value="hq_audit">' not in browse("li").open(give).text
    assert '<option value="counter">Counter' in browse("li").open(give).text
