"""A person at a counter: signs in at a node and acts over HTTP, as a page or a program would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode

Json = dict[str, Any]


class Answered(Exception):
    """The node said no: ``code`` and ``problems`` as it told them."""

    def __init__(self, status: int, body: Json) -> None:
        error = body.get("error", {})
        self.status = status
        self.code = str(error.get("code", status))
        self.problems: list[Json] = error.get("problems", [])
        super().__init__("; ".join(str(each.get("what")) for each in self.problems) or self.code)


class Person:
    """One person with a login at the node that listens on ``port`` of this machine."""

    def __init__(self, port: int, login: str, password: str, language: str) -> None:
        self.login = login
        self._port = port
        self._password = password
        self._language = language
        self._token: str | None = None

    def act(
        self, record: str, action: str, ask: Mapping[str, object], record_id: str | None = None, **more: object
    ) -> Json:
        """Carry out an action; ``record`` is ``plugin.record``; ``more`` are reason, at, seen and store."""
        plugin, _, name = record.partition(".")
        middle = f"/{quote(record_id, safe='')}" if record_id else ""
        body = {"ask": dict(ask), **{key: value for key, value in more.items() if value is not None}}
        return self.call("POST", f"/api/{plugin}/{name}{middle}/actions/{action}", body)

    def read(self, address: str, **query: str) -> Json:
        """Return what a GET under /api answers."""
        return self.call("GET", f"/api/{address}" + (f"?{urlencode(query)}" if query else ""))

    def call(self, method: str, address: str, body: Json | None = None) -> Json:
        """Call the node, signing in first when needed; raise Answered when it says no."""
        if self._token is None:
            self._sign_in()
        status, answer = self._send(method, address, body)
        if status == 401:
            self._sign_in()
            status, answer = self._send(method, address, body)
        if status >= 400:
            raise Answered(status, answer)
        return answer

    def _sign_in(self) -> None:
        self._token = None
        entered = {"login": self.login, "password": self._password, "token": True}
        status, answer = self._send("POST", "/api/session", entered)
        if status != 200:
            raise Answered(status, answer)
        self._token = answer["token"]

    def _send(self, method: str, address: str, body: Json | None) -> tuple[int, Json]:
        headers = {"Content-Type": "application/json", "Accept-Language": self._language}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request(method, address, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"{}")
        finally:
            connection.close()
