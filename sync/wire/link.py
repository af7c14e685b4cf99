"""The way to headquarters: HTTPS, with every answer that is not headquarters' own recognised as such.

Between a shop and its headquarters stand guest Wi-Fi sign-in pages, proxies that cut or cache, and certificates
that expire. Whatever they answer, the caller gets either the message it asked for or a ``LinkDown`` that says in
plain words what is in the way.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import cache, partial
from types import TracebackType
from typing import Protocol, TypeVar

import httpx

from core.model.errors import NodeError, Problem, Text
from sync.protocol import (
    BODY_BYTES_MAX,
    Answer,
    Close,
    CloseAnswer,
    Compare,
    CompareAnswer,
    Deliver,
    DeliverAnswer,
    Enrol,
    EnrolAnswer,
    Fetch,
    FetchAnswer,
    FrameError,
    Hello,
    HelloAnswer,
    Offer,
    OfferAnswer,
    Pull,
    PullAnswer,
    Push,
    PushAnswer,
    Question,
    Refill,
    RefillAnswer,
    Refusal,
    Repair,
    RepairAnswer,
    Snapshot,
    SnapshotAnswer,
)
from sync.wire import codec

A = TypeVar("A", bound=Answer)

PREFIX = "/sync/v1"
TIMEOUT = httpx.Timeout(
    connect=5.0, read=60.0, write=60.0, pool=5.0
)  # seconds; a hub may merge a large frame for a while
RETRY_AFTER_S_MAX = 3_600
TOO_MANY = 429
UNAVAILABLE = 503


class LinkDown(NodeError):
    """Headquarters could not be reached, or not this time. Nothing is lost; the worker tries again."""

    status = 503


class AskedToWait(LinkDown):
    """Headquarters is busy and says when to come back."""

    retry_after_s: int = 0


class LinkRefused(NodeError):
    """Headquarters answered and said no. Trying again the same way would not help."""

    status = 502


class Link(Protocol):
    """What a branch can ask its upstream: over HTTP in a shop, through a function call in a simulation."""

    def hello(self, question: Hello) -> HelloAnswer:
        """Compare where both stand."""

    def prepare(self, question: Push) -> Callable[[], PushAnswer]:
        """Make a piece of the log ready, and return what sends it, in whatever thread calls that."""

    def push(self, question: Push) -> PushAnswer:
        """Send a piece of the log."""

    def pull(self, question: Pull) -> PullAnswer:
        """Fetch a page of the down-feed."""

    def enrol(self, question: Enrol) -> EnrolAnswer:
        """Redeem an invitation."""

    def compare(self, question: Compare) -> CompareAnswer:
        """Ask for sums of what this node holds."""

    def repair(self, question: Repair) -> RepairAnswer:
        """Have records put right that differ."""

    def offer(self, question: Offer) -> OfferAnswer:
        """Ask which contents headquarters needs."""

    def deliver(self, question: Deliver) -> DeliverAnswer:
        """Send pieces of a content."""

    def fetch(self, question: Fetch) -> FetchAnswer:
        """Get pieces of a content."""

    def snapshot(self, question: Snapshot) -> SnapshotAnswer:
        """Fetch a piece of a snapshot."""

    def refill(self, question: Refill) -> RefillAnswer:
        """Offer what a restored headquarters had changed itself."""

    def close_day(self, question: Close) -> CloseAnswer:
        """Have a day signed for."""

    def close(self) -> None:
        """Hang up; a call that is under way fails with LinkDown."""


class HttpLink:
    """A ``Link`` over HTTP. ``token`` is the node's credential; only ``enrol`` goes without one."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        form: codec.Form = "packed",
        trust: ssl.SSLContext | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._base = url.rstrip("/") + PREFIX
        self._form = form
        media = codec.MEDIA_TYPES[form]
        headers = {"Content-Type": media, "Accept": media, "Accept-Encoding": "identity", "User-Agent": "branchline"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        trust = trust or _trust(tls=url.lower().startswith("https:"))
        self._client = httpx.Client(
            headers=headers, timeout=TIMEOUT, verify=trust, transport=transport, follow_redirects=False
        )

    def hello(self, question: Hello) -> HelloAnswer:
        """Compare where both stand."""
        return self._ask("hello", question, HelloAnswer)

    def prepare(self, question: Push) -> Callable[[], PushAnswer]:
        """Pack a piece of the log, and return what sends it, in whatever thread calls that."""
        return partial(self.hand_over, "push", codec.encode(question, self._form), PushAnswer)

    def push(self, question: Push) -> PushAnswer:
        """Send a piece of the log."""
        return self.prepare(question)()

    def pull(self, question: Pull) -> PullAnswer:
        """Fetch a page of the down-feed."""
        return self._ask("pull", question, PullAnswer)

    def enrol(self, question: Enrol) -> EnrolAnswer:
        """Redeem an invitation."""
        return self._ask("enrol", question, EnrolAnswer)

    def compare(self, question: Compare) -> CompareAnswer:
        """Ask for sums of what this node holds."""
        return self._ask("compare", question, CompareAnswer)

    def repair(self, question: Repair) -> RepairAnswer:
        """Have records put right that differ."""
        return self._ask("repair", question, RepairAnswer)

    def offer(self, question: Offer) -> OfferAnswer:
        """Ask which contents headquarters needs."""
        return self._ask("offer", question, OfferAnswer)

    def deliver(self, question: Deliver) -> DeliverAnswer:
        """Send pieces of a content."""
        return self._ask("deliver", question, DeliverAnswer)

    def fetch(self, question: Fetch) -> FetchAnswer:
        """Get pieces of a content."""
        return self._ask("fetch", question, FetchAnswer)

    def snapshot(self, question: Snapshot) -> SnapshotAnswer:
        """Fetch a piece of a snapshot."""
        return self._ask("snapshot", question, SnapshotAnswer)

    def refill(self, question: Refill) -> RefillAnswer:
        """Offer what a restored headquarters had changed itself."""
        return self._ask("refill", question, RefillAnswer)

    def close_day(self, question: Close) -> CloseAnswer:
        """Have a day signed for."""
        return self._ask("close", question, CloseAnswer)

    def close(self) -> None:
        """Hang up; a call that is under way fails with LinkDown."""
        self._client.close()

    def __enter__(self) -> HttpLink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, call: str, question: Question, kind: type[A]) -> A:
        return self.hand_over(call, codec.encode(question, self._form), kind)

    def hand_over(self, call: str, body: bytes, kind: type[A]) -> A:
        """Send a question that is packed already, and return the answer of ``kind``."""
        try:
            with self._client.stream("POST", f"{self._base}/{call}", content=body) as response:
                return _understand(response, _read(response), kind)
        except httpx.TimeoutException as error:
            raise _down("link-timeout", "headquarters did not answer in time", "总部未在时限内应答") from error
        except httpx.ConnectError as error:
            raise _unreachable(error) from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise _down("link-cut", "the connection was cut", "连接中断") from error
        except (RuntimeError, OSError) as error:  # the client was closed under us: the node is stopping
            raise _down("link-closed", "the connection was closed", "连接已关闭") from error


@cache
def _trust(*, tls: bool) -> ssl.SSLContext:
    """Return whom a connection believes.

    To read the certificates takes 25 ms, so it is done once, and not for an address without TLS: such a connection
    believes nobody.
    """
    return httpx.create_ssl_context() if tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _read(response: httpx.Response) -> bytes:
    """Return the body, never more than a node reads: whoever answers may not be headquarters."""
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise _down(
                "link-answer-too-large", "the answer is larger than headquarters sends", "应答超过总部会发送的大小"
            )
    return bytes(body)


def _understand(response: httpx.Response, body: bytes, kind: type[A]) -> A:
    form = codec.form_of(response.headers.get("Content-Type"))
    if response.status_code == httpx.codes.OK and form is not None:
        try:
            return codec.decode(body, kind, form)
        except FrameError as error:
            raise LinkDown(error.problems) from error
    refusal = _refusal(body, form)
    wait_s = refusal.retry_after_s if refusal else _seconds(response.headers.get("Retry-After"))
    if response.status_code in {TOO_MANY, UNAVAILABLE}:
        raise _asked_to_wait(wait_s or 0)
    if refusal is not None:
        raise _refused(refusal, response.status_code)
    if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise _down("link-hub-fault", "headquarters is in trouble", "总部服务异常")
    raise _strange(response.status_code, response.headers.get("Content-Type", ""))


def _refusal(body: bytes, form: codec.Form | None) -> Refusal | None:
    if form is None:
        return None
    try:
        return codec.decode(body, Refusal, form)
    except FrameError:
        return None


def _refused(refusal: Refusal, status: int) -> NodeError:
    """Return the hub's own words. A hub in trouble (5xx) is waited for; a hub that says no is obeyed."""
    error = LinkDown if status >= httpx.codes.INTERNAL_SERVER_ERROR else LinkRefused
    return error((Problem(refusal.code, Text(refusal.en, refusal.zh)),))


def _asked_to_wait(wait_s: int) -> AskedToWait:
    what = Text("headquarters is busy", "总部繁忙")
    error = AskedToWait(
        (Problem("hub-busy", what, fix=Text("nothing to do: the node tries again", "无需处理：节点会自动重试")),)
    )
    error.retry_after_s = min(wait_s, RETRY_AFTER_S_MAX)
    return error


def _seconds(header: str | None) -> int:
    return min(int(header), RETRY_AFTER_S_MAX) if header and header.isascii() and header.isdigit() else 0


def _strange(status: int, media_type: str) -> LinkDown:
    if "html" in media_type.lower() or 300 <= status < 400:
        return _down(
            "link-captive",
            "a web page answered instead of headquarters, as sign-in pages of guest networks and proxies do",
            "应答的是网页而非总部，常见于访客网络登录页或代理",
            fix=Text(
                "open a browser on this machine, sign in to the network, check the address",
                "请在本机浏览器中登录网络并检查地址",
            ),
        )
    return _down(
        "link-not-a-hub",
        f"what answers at this address is no Branchline headquarters (HTTP {status})",
        f"该地址应答的不是支线总部（HTTP {status}）",
        fix=Text("check the address of headquarters in the settings", "请检查设置中的总部地址"),
    )


def _unreachable(error: httpx.ConnectError) -> LinkDown:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return _down(
                "link-certificate",
                "headquarters shows a certificate this machine does not trust",
                "总部出示的证书不受本机信任",
                fix=Text(
                    "check this machine's date first, then the certificate of headquarters",
                    "请先检查本机日期，再检查总部证书",
                ),
            )
        cause = cause.__cause__ or cause.__context__
    return _down("link-unreachable", "headquarters cannot be reached", "无法连接总部")


def _down(code: str, en: str, zh: str, fix: Text | None = None) -> LinkDown:
    waits = Text("nothing is lost; the node tries again by itself", "数据不会丢失；节点会自动重试")
    return LinkDown((Problem(code, Text(en, zh), fix=fix or waits),))
