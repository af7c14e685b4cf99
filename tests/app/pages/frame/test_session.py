"""The door: who comes in, who does not, and whose form is believed."""

from __future__ import annotations

from typing import Any

import pytest

PASSWORD = "a long enough password"


def test_who_is_not_signed_in_is_shown_the_door_and_comes_back_to_where_he_was_going(browse: Any) -> None:
    browser = browse(None)

    door = browser.open("/?from=door")

    assert door.url.path == "/sign-in"
    assert 'name="next" value="/?from=door"' in door.text
    inside = browser.client.post(
        "/sign-in", data={"login": "li", "password": PASSWORD, "next": "/?from=door"}, follow_redirects=False
    )
    assert (inside.status_code, inside.headers["location"]) == (303, "/?from=door")


def test_a_badge_opens_the_door_like_a_login(browse: Any, shop: Any) -> None:
    wu = shop.as_("wu")
    wu.post(f"/api/core/staff/{shop.staff['li']}/actions/edit", json={"ask": {"badge": "D01"}})
    browser = browse(None)

    browser.client.post("/sign-in", data={"login": "d01", "password": PASSWORD})

    assert "Li" in browser.texts("/")


def test_a_wrong_password_is_told_on_the_door_itself(browse: Any) -> None:
    browser = browse(None)

    refused = browser.client.post("/sign-in", data={"login": "li", "password": "not this one"})

    assert refused.status_code == 401
    assert "login or password is wrong" in refused.text
    assert 'value="li"' in refused.text
    assert "not this one" not in refused.text


@pytest.mark.parametrize(
    "elsewhere", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "x"]
)
def test_the_door_leads_nowhere_else(browse: Any, elsewhere: str) -> None:
    entered = {"login": "li", "password": PASSWORD, "next": elsewhere}

    answer = browse(None).client.post("/sign-in", data=entered, follow_redirects=False)

    assert answer.headers["location"] == "/"


def test_signing_out_and_changing_the_person(browse: Any) -> None:
    browser = browse("li")

    door = browser.send("/sign-out", next="/?still=here")

    assert door.url.path == "/sign-in"
    assert 'name="next" value="/?still=here"' in door.text
    assert browser.open("/").url.path == "/sign-in"


def test_a_form_without_its_word_is_refused_and_so_is_one_from_elsewhere(browse: Any) -> None:
    browser = browse("li")

    bare = browser.client.post("/sign-out", data={})
    foreign = browser.client.post(
        "/sign-out", data={"_form": browser.proof()}, headers={"Origin": "https://elsewhere.example"}
    )
    other = browser.client.post("/sign-out", data={"_form": browse("wu").proof()})

    assert [bare.status_code, foreign.status_code, other.status_code] == [403, 403, 403]
    assert browser.open("/").url.path == "/"


def test_another_site_cannot_sign_a_browser_in(browse: Any) -> None:
    answer = browse(None).client.post(
        "/sign-in", data={"login": "li", "password": PASSWORD}, headers={"Origin": "https://elsewhere.example"}
    )

    assert answer.status_code == 403


def test_chinese_comes_first_whatever_the_browser_claims_and_the_switch_is_on_every_page(browse: Any) -> None:
    browser = browse("li", "zh")
    browser.client.cookies.delete("branchline_language")

    page = browser.open("/", headers={"Accept-Language": "en-GB"})
    assert '<html lang="zh-CN"' in page.text
    assert "/language/en?next=" in page.text

    switched = browser.open("/language/en?next=/")
    assert '<html lang="en"' in switched.text


def test_colours_are_chosen_for_the_browser(browse: Any) -> None:
    browser = browse("li")

    assert 'data-theme="auto"' in browser.open("/").text
    assert 'data-theme="dark"' in browser.open("/theme/dark").text
    assert 'data-theme="auto"' in browser.open("/theme/rubbish").text


def test_an_error_is_a_page_for_a_browser_and_json_for_a_program(browse: Any) -> None:
    browser = browse("li")

    page = browser.open("/nowhere")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "there is nothing at this address" in page.text
    assert browser.open("/nowhere", headers={"Accept": "*/*"}).json()["error"]["code"] == "no-such-address"
    assert browser.open("/api/nowhere/thing").json()["error"]


def test_no_page_has_script_or_style_of_its_own_and_nothing_comes_from_elsewhere(browse: Any) -> None:
    page = browse("li").open("/")

    assert "default-src 'self'" in page.headers["content-security-policy"]
    for banned in ("<style", " style=", " onclick=", "<script>", "http://", "https://"):
        assert banned not in page.text, banned


def test_an_address_does_not_say_who_was_at_a_desk_that_locked_itself(browse: Any) -> None:
    browser = browse("li")

    door = browser.send("/sign-out", locked="1", next="/settings", login="li")

    assert str(door.url).endswith("/sign-in?next=%2Fsettings&locked=1")
    assert "locked" in door.text
    assert 'id="lately" hidden data-forget="Forget" data-locked' in door.text
