"""Whatever is put through the door: a clear answer in both languages, never an incident, and nothing kept of it."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from app.web.server import create_app
from stores.storage import credentials
from sync import keys

BICYCLE = "/api/bicycle_rental/bicycle/actions/add"
RENTAL = "/api/bicycle_rental/rental"
HALF = "\\ud800"  # half of a surrogate pair, as JSON writes it; ½ stands for it below

BODIES = {
    "half a character in a field": '{"ask":{"frame":"½"}}',
    "in a name of a field": '{"ask":{"½":1}}',
    "in a key": '{"½":1}',
    "in the reason": '{"ask":{"frame":"F"},"reason":"½"}',
    "in the time": '{"ask":{"frame":"F"},"at":"½"}',
    "in the store": '{"ask":{"frame":"F"},"store":"½"}',
    "NUL in the reason": '{"ask":{"frame":"F"},"reason":"a\\u0000b"}',
    "NUL in the store": '{"ask":{"frame":"F"},"store":"a\\u0000b"}',
    "a store nobody knows": '{"ask":{"frame":"F"},"store":"../../nowhere"}',
    "the end of time": '{"ask":{"frame":"F"},"at":"9999-12-31T23:59:59+00:00"}',
    "the beginning of time": '{"ask":{"frame":"F"},"at":"0001-01-01T00:00:00+14:00"}',
    "a number without end": '{"ask":{"frame":1e999999999}}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_body_that_cannot_be_kept_is_refused_in_words_and_leaves_nothing(shop: Any, body: str, language: str) -> None:
    wu = shop.as_("wu", **{"Accept-Language": language, "Content-Type": "application/json"})

    answer = wu.post(BICYCLE, content=body.replace("½", HALF))

    assert 400 <= answer.status_code < 500, answer.text
    assert all(problem["what"] for problem in answer.json()["error"]["problems"])
    assert wu.get("/api/bicycle_rental/bicycle").json()["rows"] == []


@pytest.mark.parametrize("field", ["login", "password"])
def test_signing_in_with_half_a_character_is_refused_in_words(shop: Any, field: str) -> None:
    body = json.dumps({"login": "li", "password": "x", "token": True} | {field: "\ud800"})

    answer = shop.client().post("/api/session", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("value", ["[" * 1000, '"\\ud800"', "1e999999999", "9" * 4000, "NaN", "soon"])
def test_a_setting_that_does_not_read_stops_nobodys_work(shop: Any, value: str) -> None:
    wu = shop.as_("wu")
    ask = {"plugin": "bicycle_rental", "name": "deposit", "value": value}

    assert wu.post("/api/core/setting/actions/set", json={"ask": ask}).status_code == 422

    assert wu.get("/api/plugins").status_code == 200
    assert wu.post(BICYCLE, json={"ask": {"frame": "F"}}).status_code == 200


@pytest.mark.parametrize("query", ["sort=" + ",".join(["number"] * 2000), "number.contains=" + "a" * 60_000])
def test_a_question_too_long_for_the_database_is_refused_in_words(shop: Any, query: str) -> None:
    answer = shop.as_("li").get(f"{RENTAL}?{query}")

    assert answer.status_code == 422, answer.text


def test_a_look_at_personal_data_cannot_be_kept_out_of_headquarters_by_a_strange_reason(shop: Any) -> None:
    """A NUL in it would have put the line about the look into quarantine there."""
    li, an = shop.as_("li"), shop.as_("an")
    bicycle = shop.as_("wu").post(BICYCLE, json={"ask": {"frame": "F"}}).json()["id"]
    ask = {"bicycle": bicycle, "guest": "Chen", "phone": "13800001111"}
    rental = li.post(f"{RENTAL}/actions/hand_out", json={"ask": ask}).json()["id"]

    answer = an.post(f"{RENTAL}/{rental}/reveal", json={"field": "phone", "reason": "a\0b"})

    assert answer.status_code == 422
    assert "13800001111" not in answer.text


@pytest.mark.parametrize("address", ["/sync/v1/push", "/api/session", "/sign-in"])
def test_a_line_that_is_cut_while_a_body_is_on_its_way_is_no_fault_of_ours(
    shop: Any, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"100"), (b"authorization", b"Bearer t")]
    if address == "/sign-in":
        headers[0] = (b"content-type", b"application/x-www-form-urlencoded")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": address,
        "raw_path": address.encode(), "root_path": "", "scheme": "http", "query_string": b"", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
    }  # fmt: skip
    coming = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    with shop.service.node.database.write() as connection:
        keys.found_hub(connection, bytes)
        credentials.add_credential(connection, keys.hashed("t"), "lake-1", "lake", shop.service.node.now())

    async def receive() -> Any:
        return coming.pop(0)

    async def send(_: Any) -> None: ...

    with caplog.at_level("INFO"):
        anyio.run(create_app(shop.service), scope, receive, send)

    assert "the caller hung up" in caplog.messages
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []
