from __future__ import annotations

from typing import Any

from app.signin.throttle import LOGIN_LIMITS

PASSWORD = "a long enough password"
OURS = {"X-Branchline": "1"}


def enter(client: Any, login: str = "li", password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/api/session", json={"login": login, "password": password, **more}, headers=OURS)


def test_a_browser_gets_a_cookie_no_script_and_no_other_site_can_use(shop: Any) -> None:
    client = shop.client()
    answer = enter(client)

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("branchline_hq=")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "token" not in answer.json()
    assert client.get("/api/me").json() == {"id": shop.staff["li"], "name": "Li", "store": "hq", "roles": ["counter"]}


def test_a_program_gets_a_token_and_no_cookie(shop: Any) -> None:
    answer = enter(shop.client(), token=True)

    assert "set-cookie" not in answer.headers
    token = answer.json()["token"]
    assert len(token) == 64
    assert shop.client().get("/api/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_no_token_stands_in_the_database(shop: Any, tmp_path: Any) -> None:
    token = enter(shop.client(), token=True).json()["token"]

    kept = b"".join(file.read_bytes() for file in tmp_path.glob("hq.db*"))
    assert token.encode() not in kept
    assert PASSWORD.encode() not in kept


def test_signing_out_ends_the_session(shop: Any) -> None:
    client = shop.client()
    enter(client)

    assert client.delete("/api/session", headers=OURS).status_code == 200
    assert client.get("/api/me").status_code == 401


def test_a_session_ends_when_it_is_not_used(shop: Any) -> None:
    client = shop.client()
    enter(client)
    shop.clock.pass_(hours=11)
    assert client.get("/api/me").status_code == 200  # and lasts twelve more hours from here
    shop.clock.pass_(hours=11)
    assert client.get("/api/me").status_code == 200
    shop.clock.pass_(hours=13)

    answer = client.get("/api/me")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "session-ended")


def test_a_wrong_password_and_an_unknown_login_are_answered_alike(shop: Any) -> None:
    wrong, unknown = enter(shop.client(), password="something else"), enter(shop.client(), login="nobody")

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_guessing_is_slowed_down_for_known_and_unknown_logins_alike(shop: Any) -> None:
    for login in ("li", "nobody"):
        client = shop.client()
        told = [
            enter(client, login=login, password=f"guess number {n}").status_code for n in range(LOGIN_LIMITS.free + 1)
        ]
        assert told == [401] * LOGIN_LIMITS.free + [429]
    answer = enter(shop.client())
    assert answer.status_code == 429  # the right password, too late
    assert int(answer.headers["retry-after"]) > 60


def test_who_has_left_is_signed_out_at_once(shop: Any) -> None:
    li, wu = shop.as_("li"), shop.as_("wu")

    assert wu.post(f"/api/core/staff/{shop.staff['li']}/actions/leave", json={}).status_code == 200

    assert li.get("/api/me").status_code == 401
    assert enter(shop.client()).status_code == 401


def test_new_roles_count_from_the_next_call(shop: Any) -> None:
    nobody, wu = shop.as_("no"), shop.as_("wu")
    assert nobody.get("/api/bicycle_rental/rental").status_code == 403

    wu.post(f"/api/core/staff/{shop.staff['no']}/actions/assign", json={"ask": {"roles": ["counter"]}})

    assert nobody.get("/api/bicycle_rental/rental").status_code == 200


def test_another_sites_page_cannot_act_with_the_cookie(shop: Any) -> None:
    client = shop.client()
    enter(client)
    address, body = "/api/bicycle_rental/bicycle/actions/add", {"ask": {"frame": "F-9"}}

    bare = client.post(address, json=body)
    foreign = client.post(address, json=body, headers={"Origin": "https://elsewhere.example"})
    ours = client.post(address, json=body, headers={"Origin": "http://testserver"})

    assert [each.status_code for each in (bare, foreign, ours)] == [403, 403, 200]
    assert bare.json()["error"]["code"] == "cross-site"


def test_another_sites_page_cannot_sign_a_browser_in(shop: Any) -> None:
    entered = {"login": "li", "password": PASSWORD}

    assert (
        shop.client().post("/api/session", json=entered, headers={"Origin": "https://elsewhere.example"}).status_code
        == 403
    )


def test_what_is_missing_is_told_for_each_field(shop: Any) -> None:
    answer = shop.client().post("/api/session", json={}, headers=OURS)

    assert {each["field"] for each in answer.json()["error"]["problems"]} == {"login", "password"}


def test_without_a_session_nothing_but_the_outside_is_shown(shop: Any) -> None:
    client = shop.client()

    assert client.get("/api/bicycle_rental/rental").status_code == 401
    assert client.get("/api/plugins").status_code == 401
    assert client.get("/api/status").json().keys() == {"node", "store", "hub", "now"}
