"""A proxy between a branch and its headquarters that does what proxies, guest networks and bad lines do."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import closing, suppress
from threading import Thread

PAGE = b"<html><body>Welcome to our guest network. Please sign in.</body></html>"
DELAY_S = 0.15
Answer = Callable[["Proxy", bytes], bytes]


class Proxy:
    """Takes one request per connection and treats it as ``mood`` says; ``served`` counts what each mood has done."""

    def __init__(self, hub_port: int) -> None:
        self.hub_port = hub_port
        self.mood = "honest"
        self.served: dict[str, int] = {}
        self._door = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._door.getsockname()[1]}"

    def close(self) -> None:
        self._door.close()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while True:
            try:
                caller, _ = self._door.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        with closing(caller), suppress(OSError):
            caller.settimeout(20)
            request = _whole(caller)
            if not request:
                return
            self.served[self.mood] = self.served.get(self.mood, 0) + 1
            caller.sendall(MOODS[self.mood](self, request))

    def ask(self, request: bytes) -> bytes:
        """Put a request to headquarters and return its whole answer."""
        with socket.create_connection(("127.0.0.1", self.hub_port), timeout=20) as line:
            head, _, body = request.partition(b"\r\n\r\n")
            lines = [each for each in head.split(b"\r\n") if not each.lower().startswith(b"connection:")]
            line.sendall(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
            answer = b""
            while part := line.recv(1 << 16):
                answer += part
        return answer


def _whole(caller: socket.socket) -> bytes:
    """Read one request with its body."""
    request = b""
    while b"\r\n\r\n" not in request:
        part = caller.recv(1 << 16)
        if not part:
            return b""
        request += part
    head, _, body = request.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += caller.recv(1 << 16)
    return head + b"\r\n\r\n" + body


def _cuts(proxy: Proxy, request: bytes) -> bytes:
    """Headquarters has done the work; the connection ends before a word of the answer."""
    proxy.ask(request)
    return b""


def _truncates(proxy: Proxy, request: bytes) -> bytes:
    answer = proxy.ask(request)
    return answer[: len(answer) * 2 // 3]


def _shortens(proxy: Proxy, request: bytes) -> bytes:
    """Like a truncation, but with a length that fits: only the message itself shows it."""
    head, _, body = proxy.ask(request).partition(b"\r\n\r\n")
    return _with_length(head, body[: len(body) // 2])


def _delays(proxy: Proxy, request: bytes) -> bytes:
    time.sleep(DELAY_S)
    answer = proxy.ask(request)
    time.sleep(DELAY_S)
    return answer


def _doubles(proxy: Proxy, request: bytes) -> bytes:
    proxy.ask(request)
    return proxy.ask(request)


def _lies_down(proxy: Proxy, request: bytes) -> bytes:
    """A byte of the answer is another."""
    head, _, body = proxy.ask(request).partition(b"\r\n\r\n")
    middle = len(body) // 2
    return _with_length(head, body[:middle] + bytes([body[middle] ^ 0x20]) + body[middle + 1 :]) if body else head


def _lies_up(proxy: Proxy, request: bytes) -> bytes:
    """A byte of the question is another."""
    head, _, body = request.partition(b"\r\n\r\n")
    middle = len(body) // 2
    return proxy.ask(head + b"\r\n\r\n" + body[:middle] + bytes([body[middle] ^ 0x01]) + body[middle + 1 :])


def _answers_itself(_proxy: Proxy, _request: bytes) -> bytes:
    return _with_length(b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8", PAGE)


def _pretends(_proxy: Proxy, _request: bytes) -> bytes:
    """A page under the name of our own media type."""
    return _with_length(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-branchline", PAGE)


def _redirects(_proxy: Proxy, _request: bytes) -> bytes:
    return _with_length(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/sign-in", b"")


def _is_overloaded(_proxy: Proxy, _request: bytes) -> bytes:
    return _with_length(b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html", PAGE)


def _with_length(head: bytes, body: bytes) -> bytes:
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"content-length", b"connection"))]
    return b"\r\n".join([*lines, f"Content-Length: {len(body)}".encode(), b"Connection: close"]) + b"\r\n\r\n" + body


MOODS: dict[str, Answer] = {
    "honest": lambda proxy, request: proxy.ask(request),
    "cuts": _cuts,
    "truncates": _truncates,
    "shortens": _shortens,
    "delays": _delays,
    "doubles": _doubles,
    "lies down": _lies_down,
    "lies up": _lies_up,
    "answers itself": _answers_itself,
    "pretends": _pretends,
    "redirects": _redirects,
    "is overloaded": _is_overloaded,
}
