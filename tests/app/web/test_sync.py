"""The routes of sync: who it is comes before what it says, bodies are bounded, every no is said in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread
from time import sleep

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.web import sync as routes
from app.web.sync import add_sync
from stores.node import Node
from stores.storage import credentials
from stores.storage.credentials import Credential
from sync import enrolment, keys
from sync.branch.frames import Limits, next_frame
from sync.branch.round import hello_of
from sync.hub import server
from sync.protocol import (
    Enrol,
    EnrolAnswer,
    Head,
    Hello,
    HelloAnswer,
    Message,
    Pull,
    PullAnswer,
    Push,
    PushAnswer,
    Refusal,
)
from sync.wire import codec
from sync.wire.codec import Form, decode, encode
from tests.app.conftest import wait_for
from tests.sync.nodes import World, read, write

LI = "0190a0a0-0000-7000-8000-000000000001"
TOKEN = "t" * 64


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def hub(world: World) -> Iterator[Node]:
    node = world.hub()
    yield node
    node.database.close()


@pytest.fixture
def bund(world: World) -> Iterator[Node]:
    node = world.node("bund")
    yield node
    node.database.close()


@pytest.fixture
def web(hub: Node) -> TestClient:
    app = FastAPI()
    add_sync(app, hub)
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def enrolled(hub: Node, web: TestClient, world: World) -> None:
    code = enrolment.invite(hub, "bund", dice=world.dice.randbytes).code
    answer = send(web, "enrol", Enrol(code, "bund", "bund", TOKEN), token=None)
    assert answer.status_code == 200
    assert decode(answer.content, EnrolAnswer).store == "bund"


def send(
    web: TestClient, call: str, message: Message | bytes, *, token: str | None = TOKEN, form: Form = "packed"
) -> httpx.Response:
    headers = {"Content-Type": codec.MEDIA_TYPES[form]}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = message if isinstance(message, bytes) else encode(message, form)
    return web.post(f"/sync/v1/{call}", content=body, headers=headers)  # type: ignore[return-value]


def refusal(answer: httpx.Response, form: Form = "packed") -> Refusal:
    return decode(answer.content, Refusal, form)


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize("form", ["packed", "json"])
def test_a_whole_exchange_in_either_form(hub: Node, bund: Node, web: TestClient, form: Form) -> None:
    write(bund, LI, "create", name="李")
    hello = decode(send(web, "hello", hello_of(bund), form=form).content, HelloAnswer, form)
    with bund.database.read() as connection:
        entries = next_frame(connection, "bund.1", hello.head.seq, Limits())
    pushed = decode(send(web, "push", Push("bund.1", hello.head, tuple(entries)), form=form).content, PushAnswer, form)
    page = send(web, "pull", Pull("bund.1", hello.checkpoint, hello.epoch), form=form)

    assert pushed.head.seq == 1
    assert read(hub, LI)["name"] == "李"
    assert [row.id for row in decode(page.content, PullAnswer, form).rows] == [LI]
    assert page.headers["content-type"] == codec.MEDIA_TYPES[form]


@pytest.mark.parametrize("authorization", [None, "Bearer ", "Bearer unknown", f"Basic {TOKEN}", TOKEN])
@pytest.mark.parametrize("call", ["hello", "push", "pull"])
@pytest.mark.usefixtures("enrolled")
def test_a_stranger_is_turned_away_before_a_word_is_read(web: TestClient, call: str, authorization: str | None) -> None:
    headers = {"Content-Type": codec.PACKED, **({"Authorization": authorization} if authorization else {})}

    answer = web.post(f"/sync/v1/{call}", content=b"no message at all", headers=headers)

    assert answer.status_code == 401
    assert refusal(answer).code == "not-enrolled"  # type: ignore[arg-type]
    assert "注册" in refusal(answer).zh  # type: ignore[arg-type]


@pytest.mark.usefixtures("enrolled")
def test_rubbish_is_answered_with_a_code_and_a_reason(web: TestClient, bund: Node) -> None:
    for body, form, status, code in (
        (b"", "packed", 400, "frame-broken"),
        (b"\xff" * 100, "packed", 400, "frame-broken"),
        (b"{", "json", 400, "frame-malformed"),
        (encode(hello_of(bund), "json"), "json", 400, "frame-malformed"),
    ):
        answer = send(web, "pull", body, form=form)  # type: ignore[arg-type]
        assert (answer.status_code, refusal(answer, form).code) == (status, code)  # type: ignore[arg-type]


@pytest.mark.usefixtures("enrolled")
def test_a_body_beyond_the_bound_is_not_kept(web: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BODY_BYTES_MAX", 20_000)

    assert send(web, "push", b"x" * 20_001).status_code == 413
    assert send(web, "enrol", b"x" * (routes.SMALL_BYTES_MAX + 1), token=None).status_code == 413


@pytest.mark.usefixtures("enrolled")
def test_another_media_type_is_refused_in_json(web: TestClient) -> None:
    answer = web.post(
        "/sync/v1/pull", content=b"a=1", headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "text/plain"}
    )

    assert answer.status_code == 400
    assert refusal(answer, "json").code == "frame-form"  # type: ignore[arg-type]


@pytest.mark.usefixtures("enrolled")
def test_a_node_that_speaks_for_another_is_refused(web: TestClient) -> None:
    answer = send(web, "pull", Pull("jingan.1", 0, ""))

    assert answer.status_code == 403
    assert refusal(answer).code == "not-yours"


@pytest.mark.usefixtures("enrolled")
def test_a_second_call_of_the_same_node_at_once_is_told_when_to_come_back(
    hub: Node, bund: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, go_on = Event(), Event()
    real = server.hello

    def slow(node: Node, caller: object, question: Hello) -> HelloAnswer:
        inside.set()
        go_on.wait(5)
        return real(node, caller, question)  # type: ignore[arg-type]

    monkeypatch.setattr(routes, "CALLS", (("hello", Hello, slow), *routes.CALLS[1:]))
    app = FastAPI()
    add_sync(app, hub)
    slow_web = TestClient(app)
    first = Thread(target=lambda: send(slow_web, "hello", hello_of(bund)))
    first.start()
    assert inside.wait(5)

    second = send(slow_web, "pull", Pull("bund.1", 0, ""))
    go_on.set()
    first.join(5)

    assert second.status_code == 429
    assert second.headers["retry-after"] == "2"
    assert refusal(second).retry_after_s == 2
    assert send(slow_web, "pull", Pull("bund.1", 0, "")).status_code == 200


def test_frames_that_come_at_once_stand_in_line_and_only_who_finds_no_place_is_told_to_come_back(
    hub: Node, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = ["bund", "jingan", "xuhui", "pudong", "hongkou"]
    with hub.database.write() as connection:
        keys.found_hub(connection, world.dice.randbytes)
        for store in stores:
            credentials.add_credential(connection, keys.hashed(store * 10), store, store, world.time)
    two_inside, go_on, inside = Barrier(3), Event(), list[int]()

    def slow(node: Node, caller: Credential, question: Push) -> PushAnswer:
        inside.append(len(inside))
        if len(inside) <= 2:
            two_inside.wait(5)
        go_on.wait(5)
        return server.push(node, caller, question)

    monkeypatch.setattr(routes, "CALLS", (("hello", Hello, server.hello), ("push", Push, slow)))
    monkeypatch.setattr(routes, "MERGES_MAX", 4)
    app = FastAPI()
    add_sync(app, hub)

    def sent(store: str) -> int:
        return send(web, "push", Push(f"{store}.1", Head(), ()), token=store * 10).status_code

    with TestClient(app) as web, ThreadPoolExecutor(4) as pool:
        standing = [pool.submit(sent, store) for store in stores[:4]]
        two_inside.wait(5)
        wait_for(lambda: len(app.state.merging) == 4)  # the other two stand in line
        assert len(inside) == 2, "more than two are worked on"
        assert sent("hongkou") == 429
        go_on.set()
        assert [each.result() for each in standing] == [200] * 4
        assert sent("hongkou") == 200


@pytest.mark.usefixtures("enrolled")
def test_whoever_comes_while_another_writes_for_too_long_is_told_when_to_come_back(
    hub: Node, bund: Node, web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub.database, "_wait_s_max", 0.0)
    write(bund, "g1", "create", name="李")
    with bund.database.read() as connection:
        frame = next_frame(connection, "bund.1", 0, Limits())

    with ThreadPoolExecutor(1) as pool:
        written, go_on = Event(), Event()

        def writes() -> None:
            with hub.database.write():
                written.set()
                go_on.wait(5)

        done = pool.submit(writes)
        assert written.wait(5)
        answer = send(web, "push", Push("bund.1", Head(), frame))
        go_on.set()
        done.result()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (refusal(answer).code, refusal(answer).retry_after_s) == ("node-busy", 5)
    assert send(web, "push", Push("bund.1", Head(), frame)).status_code == 200


def test_two_frames_of_a_node_are_merged_in_the_order_in_which_they_came(
    hub: Node, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is read first, and no third is let in."""
    with hub.database.write() as connection:
        keys.found_hub(connection, world.dice.randbytes)
        credentials.add_credential(connection, keys.hashed(TOKEN), "bund", "bund", world.time)
    second_read, merged = Event(), list[str]()
    decode = codec.decode

    def slow(body: bytes, kind: type[Push], form: codec.Form) -> Push:
        question = decode(body, kind, form)
        if question.origin == "bund.1":
            assert second_read.wait(5)
        second_read.set()
        return question

    def noted(node: Node, caller: Credential, question: Push) -> PushAnswer:
        sleep(0.05 if question.origin == "bund.1" else 0)
        merged.append(question.origin)
        return server.push(node, caller, question)

    monkeypatch.setattr(routes, "CALLS", (("push", Push, noted),))
    app = FastAPI()
    add_sync(app, hub)
    with TestClient(app) as web, ThreadPoolExecutor(2) as pool:
        monkeypatch.setattr(routes.codec, "decode", slow)
        first = pool.submit(send, web, "push", Push("bund.1", Head(), ()))
        wait_for(lambda: len(app.state.merging) == 1)
        second = pool.submit(send, web, "push", Push("bund.2", Head(), ()))
        wait_for(lambda: len(app.state.merging) == 2 or second.done())
        assert send(web, "push", Push("bund.3", Head(), ())).status_code == 429
        assert [each.result(5).status_code for each in (first, second)] == [200, 200]
    assert merged == ["bund.1", "bund.2"]


def test_a_bad_code_lets_nobody_in(hub: Node, web: TestClient) -> None:
    answer = send(web, "enrol", Enrol("WRONG-CODE", "bund", "bund", TOKEN), token=None)

    assert answer.status_code == 403
    assert refusal(answer).code == "invitation-refused"


def test_the_calls_of_sync_are_not_in_the_pages_for_programmers(web: TestClient) -> None:
    assert not [path for path in web.get("/openapi.json").json()["paths"] if path.startswith("/sync")]
