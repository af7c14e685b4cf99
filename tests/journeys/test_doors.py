"""A real process: what it leaves on the disk, in its log and in a browser, and what a stranger gets of it."""

from __future__ import annotations

import os
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.journeys.conftest import PASSWORD

pytestmark = pytest.mark.journey
PHONE = "13800001111"
ROUTES = ["me", "plugins", "core/staff", "core/access", "bicycle_rental/rental", "bicycle_rental/rental/x/history"]


def ask(port: int, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, str, dict[str, str]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body.encode() if body else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def test_nothing_secret_is_left_behind_and_strangers_get_nothing(new_node: Any) -> None:
    hq = new_node("hq", "hq")
    hq.hire({"li": "counter boss"})
    hq.switch_on()
    counter = hq.person("li")
    bicycle = counter.act("bicycle_rental.bicycle", "add", {"frame": "F-1"})["id"]
    counter.act("bicycle_rental.rental", "hand_out", {"bicycle": bicycle, "guest": "Chen", "phone": PHONE})
    counter.read("bicycle_rental/rental", phone=PHONE)
    form = {"Content-Type": "application/json", "X-Branchline": "1"}
    _, _, headers = ask(hq.port, "POST", "/api/session", f'{{"login":"li","password":"{PASSWORD}"}}', **form)
    cookie = headers["set-cookie"]
    ask(hq.port, "POST", "/api/session", '{"login":"li","password":"a wrong secret"}', **form)

    for route in ROUTES:
        assert ask(hq.port, "GET", f"/api/{route}")[0] == 401
        assert ask(hq.port, "GET", f"/api/{route}", Authorization="Bearer x")[0] == 401
    assert set(ask(hq.port, "GET", "/api/status")[1][1:].split('"')[1::2]) >= {"node", "store"}
    assert '"log"' not in ask(hq.port, "GET", "/api/status")[1]
    for call in ("hello", "push", "pull"):
        assert ask(hq.port, "POST", f"/sync/v1/{call}", "{}", **{"Content-Type": "application/json"})[0] in {401, 403}
    foreign = {"Content-Type": "application/json", "Origin": "https://evil.example", "Cookie": cookie.split(";")[0]}
    status, said, _ = ask(
        hq.port, "POST", "/api/bicycle_rental/bicycle/actions/add", '{"ask":{"frame":"F"}}', **foreign
    )
    assert (status, "cross-site" in said) == (403, True)

    assert {"httponly", "samesite=strict"} <= {part.strip().lower() for part in cookie.split(";")}
    hq.switch_off()
    log = hq.output.read_text(encoding="utf-8")
    for secret in (PASSWORD, "a wrong secret", PHONE, "Chen", cookie.split("=")[1].split(";")[0]):
        assert secret not in log
    if os.name != "nt":
        assert (hq.folder / "data" / "hq.db").stat().st_mode & 0o077 == 0
