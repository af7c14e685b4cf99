"""Whatever answers in place of headquarters, the branch hears what is in the way, and nothing else goes wrong."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator

import httpx
import pytest

from sync.protocol import (
    BODY_BYTES_MAX,
    Enrol,
    EnrolAnswer,
    Message,
    Pull,
    PullAnswer,
    Push,
    PushAnswer,
    Refusal,
    Standing,
)
from sync.wire import codec, link
from sync.wire.codec import encode
from sync.wire.link import AskedToWait, HttpLink, LinkDown, LinkRefused
from tests.sync.samples import ORIGIN, a_page, a_push

QUESTION = Pull(ORIGIN, 7, "e1")
ANSWER = PullAnswer(a_page(3), 102, False, "e1", 5, 1, 1_760_000_000_000)

Handler = Callable[[httpx.Request], httpx.Response]


def answers(status: int, content: bytes, headers: dict[str, str]) -> httpx.Response:
    """Answer with a stream, as a network does; ``content=`` would come as one piece that was read already."""
    return httpx.Response(status, stream=httpx.ByteStream(content), headers=headers)


def ask(handler: Handler, form: codec.Form = "packed") -> PullAnswer:
    with HttpLink(
        "https://hq.example.com/chain/", "secret-token", form=form, transport=httpx.MockTransport(handler)
    ) as to_hub:
        return to_hub.pull(QUESTION)


def page(status: int, message: Message | bytes, media_type: str = codec.PACKED, **headers: str) -> Handler:
    content = message if isinstance(message, bytes) else encode(message)
    return lambda _: answers(status, content, headers={"Content-Type": media_type, **headers})


@pytest.mark.parametrize("form", ["packed", "json"])
def test_a_question_goes_out_with_the_credential_and_the_answer_comes_back(form: codec.Form) -> None:
    seen: list[httpx.Request] = []

    def headquarters(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        assert codec.decode(request.read(), Pull, form) == QUESTION
        return answers(200, encode(ANSWER, form), headers={"Content-Type": codec.MEDIA_TYPES[form]})

    assert ask(headquarters, form) == ANSWER
    assert str(seen[0].url) == "https://hq.example.com/chain/sync/v1/pull"
    assert seen[0].headers["Authorization"] == "Bearer secret-token"


@pytest.mark.parametrize(
    ("url", "trusts"),
    [("https://hq.example.com", True), ("HTTPS://hq.example.com", True), ("http://10.0.0.2:8800", False)],
)
def test_certificates_are_read_once_and_only_for_tls(monkeypatch: pytest.MonkeyPatch, url: str, trusts: bool) -> None:
    """Without TLS there is nobody to believe: a connection that came to need a certificate would believe none."""
    seen: list[ssl.SSLContext] = []
    client = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda verify, **more: (seen.append(verify), client(verify=verify, **more))[1])

    for _ in range(2):
        HttpLink(url, "secret-token").close()

    assert seen[0] is seen[1]
    assert seen[0].verify_mode is ssl.CERT_REQUIRED
    assert (seen[0].cert_store_stats()["x509_ca"] > 0) is trusts


def test_enrolling_shows_no_credential() -> None:
    answer = EnrolAnswer("osaka-road", "osaka-road", "hq", "e1", "ab" * 32, 1)

    def headquarters(request: httpx.Request) -> httpx.Response:
        assert "Authorization" not in request.headers
        return answers(200, encode(answer), headers={"Content-Type": codec.PACKED})

    with HttpLink("https://hq.example.com", transport=httpx.MockTransport(headquarters)) as to_hub:
        assert to_hub.enrol(Enrol("CODE", "osaka-road", "osaka-road", "t" * 64)) == answer


def test_a_busy_headquarters_says_when_to_come_back() -> None:
    for handler in (
        page(429, Refusal("hub-busy", "busy", "繁忙", 7)),
        page(503, b"later", "text/plain", **{"Retry-After": "7"}),
    ):
        with pytest.raises(AskedToWait) as caught:
            ask(handler)
        assert caught.value.retry_after_s == 7


@pytest.mark.parametrize("advice", ["Wed, 21 Oct 2099 07:28:00 GMT", "-5", "１２", "99999999"])
def test_strange_advice_is_bounded(advice: str) -> None:
    with pytest.raises(AskedToWait) as caught:
        ask(lambda _: httpx.Response(429, stream=httpx.ByteStream(b""), headers=[(b"Retry-After", advice.encode())]))

    assert 0 <= caught.value.retry_after_s <= link.RETRY_AFTER_S_MAX


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (page(200, b"<html>Sign in to Cafe Wi-Fi</html>", "text/html"), "link-captive"),
        (page(302, b"", "text/plain", Location="https://login.example.com"), "link-captive"),
        (page(200, b"<html>", codec.PACKED), "frame-broken"),
        (page(200, encode(ANSWER)[:-9]), "frame-broken"),
        (page(200, encode(QUESTION)), "frame-malformed"),
        (page(404, b"nothing here", "text/plain"), "link-not-a-hub"),
        (page(500, b'{"detail": "?"}', "application/json"), "link-hub-fault"),
        (page(200, b"0" * (BODY_BYTES_MAX + 1)), "link-answer-too-large"),
    ],
)
def test_an_answer_that_is_not_headquarters_own_is_recognised(handler: Handler, code: str) -> None:
    with pytest.raises(LinkDown) as caught:
        ask(handler)

    problem = caught.value.problems[0]
    assert problem.code == code
    assert problem.what.zh
    assert problem.fix


def test_a_refusal_comes_in_headquarters_own_words_and_is_not_a_broken_line() -> None:
    with pytest.raises(LinkRefused) as caught:
        ask(page(401, Refusal("not-enrolled", "who are you", "不认识")))

    assert caught.value.problems[0].code == "not-enrolled"
    assert caught.value.problems[0].what.zh == "不认识"


class CutInTheMiddle(httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        yield encode(ANSWER)[:20]
        raise httpx.RemoteProtocolError("peer closed connection")


def raises(error: Exception) -> Handler:
    def handler(_: httpx.Request) -> httpx.Response:
        raise error

    return handler


def an_expired_certificate() -> httpx.ConnectError:
    error = httpx.ConnectError("failed")
    error.__cause__ = ssl.SSLCertVerificationError("certificate has expired")
    return error


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (raises(httpx.ConnectError("refused")), "link-unreachable"),
        (raises(httpx.ReadTimeout("slow")), "link-timeout"),
        (raises(httpx.ReadError("reset")), "link-cut"),
        (raises(RuntimeError("client has been closed")), "link-closed"),
        (raises(an_expired_certificate()), "link-certificate"),
        (lambda _: httpx.Response(200, stream=CutInTheMiddle(), headers={"Content-Type": codec.PACKED}), "link-cut"),
    ],
)
def test_a_broken_line_says_how_it_is_broken(handler: Handler, code: str) -> None:
    with pytest.raises(LinkDown) as caught:
        ask(handler)

    assert caught.value.problems[0].code == code


def test_neither_the_credential_nor_a_code_shows_up_where_an_error_is_printed() -> None:
    question = Enrol("MY-CODE", "osaka-road", "osaka-road", "my-token")

    assert "MY-CODE" not in repr(question)
    assert "my-token" not in repr(question)
    with pytest.raises(LinkDown) as caught:
        ask(raises(httpx.ConnectError("refused")))
    assert "secret-token" not in str(caught.value)


def test_a_piece_of_the_log_goes_out_and_the_place_headquarters_has_reached_comes_back() -> None:
    question = a_push(3)
    answer = PushAnswer(Standing.OK, question.head)

    def headquarters(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/sync/v1/push"
        assert codec.decode(request.read(), Push) == question
        return answers(200, encode(answer), headers={"Content-Type": codec.PACKED})

    with HttpLink("https://hq.example.com", "secret", transport=httpx.MockTransport(headquarters)) as to_hub:
        assert to_hub.push(question) == answer


def test_a_piece_is_packed_when_it_is_made_ready_and_not_again_when_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = a_push(4), a_push(3)
    packed: list[Message] = []
    monkeypatch.setattr(codec, "encode", lambda message, *form: (packed.append(message), encode(message, *form))[1])

    def headquarters(request: httpx.Request) -> httpx.Response:
        piece = codec.decode(request.read(), Push)
        return answers(200, encode(PushAnswer(Standing.OK, piece.head)), headers={"Content-Type": codec.PACKED})

    with HttpLink("https://hq.example.com", transport=httpx.MockTransport(headquarters)) as to_hub:
        sends = [to_hub.prepare(each) for each in (first, second)]
        assert [id(each) for each in packed] == [id(first), id(second)]
        assert [send().head for send in reversed(sends)] == [second.head, first.head]

    assert len(packed) == 2
