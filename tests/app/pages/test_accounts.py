"""People are let in, get another password and are shut out on pages: by who looks after the node, and by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from stores.storage import people
from tests.app.pages.conftest import PASSWORD, opened, words

NEW = "another long password"


def account(shop: Any, who: str) -> people.Account | None:
    with shop.service.node.database.read() as connection:
        return people.account_of(connection, who)


def hired(browser: Any, name: str, **more: str) -> str:
    return str(browser.send("/records/core/staff/actions/hire", name=name, **more).url.path.rpartition("/")[2])


def test_a_new_person_gets_a_login_and_is_told(shop: Any, browse: Any) -> None:
    wu = browse("wu")
    ma = hired(wu, "Ma", badge="M1", roles="counter")
    assert "Ma M1 Counter does not sign in here" in wu.texts("/accounts")
    assert 'name="login" value="M1"' in wu.open(f"/accounts/{ma}").text

    page = wu.send(f"/accounts/{ma}", login="ma", password=NEW)

    assert "hand the password over in person" in page.text
    assert "Ma M1 Counter ma may sign in" in wu.texts("/accounts")
    mine = opened(shop, None)
    assert mine.client.post("/sign-in", data={"login": "ma", "password": NEW}).url.path == "/"
    assert "Wu has set how you sign in here" in words(mine.open("/").text)


def test_what_will_not_do_as_login_or_password_is_said_and_changes_nothing(shop: Any, browse: Any) -> None:
    wu, li = browse("wu"), shop.staff["li"]
    before = account(shop, li)

    for login, password, said in (
        ("li", "short", "at least 10 characters"), (" ", NEW, "enter a login"),
        ("wu", NEW, "somebody else signs in as"), ("li", "aaaaaaaaaaaa", "too easy to guess"),
    ):  # fmt: skip
        answer = wu.send(f"/accounts/{li}", login=login, password=password)
        assert answer.status_code in {409, 422}
        assert said in words(answer.text)
        assert password not in answer.text

    assert account(shop, li) == before
    assert wu.send("/accounts/nobody", login="x", password=NEW).status_code == 404


def test_a_new_password_and_a_shut_account_end_what_is_open_at_once(shop: Any, browse: Any) -> None:
    wu, li, url = browse("wu"), browse("li"), f"/accounts/{shop.staff['li']}"
    assert li.open("/").url.path == "/"

    wu.send(url, login="li", password=NEW)
    assert li.open("/").url.path == "/sign-in"
    assert li.client.post("/sign-in", data={"login": "li", "password": PASSWORD}).status_code == 401
    assert li.client.post("/sign-in", data={"login": "li", "password": NEW}).url.path == "/"
    assert "账户已停用" in words(browse("wu", "zh").send(f"{url}/shut").text)
    assert li.open("/").url.path == "/sign-in"
    assert li.client.post("/sign-in", data={"login": "li", "password": NEW}).status_code == 401
    assert "Li li" in wu.texts("/accounts")
    wu.send(url, login="li", password=PASSWORD)
    assert li.client.post("/sign-in", data={"login": "li", "password": PASSWORD}).url.path == "/"


def test_a_person_who_has_left_or_lost_a_post_is_without_it_at_once(shop: Any, browse: Any) -> None:
    wu, li, staff = browse("wu"), browse("li"), f"/records/core/staff/{shop.staff['li']}/actions"
    assert li.open("/records/bicycle_rental/rental").status_code == 200

    wu.send(f"{staff}/assign", roles="")
    assert li.open("/records/bicycle_rental/rental").status_code == 403
    wu.send(f"{staff}/leave")
    assert li.open("/").url.path == "/sign-in"
    assert wu.send(f"/accounts/{shop.staff['li']}", login="li", password=NEW).status_code == 404


def test_one_changes_ones_own_password_by_the_old_one(shop: Any, browse: Any) -> None:
    li, elsewhere = browse("li"), browse("li")
    assert 'href="/account"' in li.open("/").text
    assert li.open("/account").text.partition("<tbody>")[2].count("<tr>") == 2, "both places"

    wrong = li.send("/account", old="not this one", password=NEW)
    assert wrong.status_code == 422
    assert "the present password is wrong" in words(wrong.text)
    done = li.send("/account", old=PASSWORD, password=NEW)

    assert done.url.path == "/sign-in"
    assert elsewhere.open("/").url.path == "/sign-in"
    assert li.client.post("/sign-in", data={"login": "li", "password": NEW}).url.path == "/"


def test_guessing_the_old_password_is_slowed_down(browse: Any) -> None:
    li = browse("li")

    answers = {li.send("/account", old=f"guess {n}", password=NEW).status_code for n in range(30)}

    assert 429 in answers


def test_one_signs_out_everywhere(browse: Any) -> None:
    li, elsewhere = browse("li"), browse("li")

    assert li.send("/account/sign-out").url.path == "/sign-in"

    assert elsewhere.open("/").url.path == "/sign-in"


@pytest.mark.parametrize("deed", ["", "/shut", "/sign-out"])
def test_it_is_for_those_who_look_after_the_node(shop: Any, browse: Any, deed: str) -> None:
    li, wu = browse("li"), shop.staff["wu"]

    assert li.open("/accounts").status_code == 403
    assert 'href="/accounts"' not in li.open("/").text
    assert li.open(f"/accounts/{wu}").status_code == 403
    assert li.send(f"/accounts/{wu}{deed}", login="wu", password=NEW).status_code == 403
    assert browse("wu").client.post(f"/accounts/{wu}{deed}", data={"login": "x"}).status_code == 403, "no proof"
