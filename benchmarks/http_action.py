"""One durable action through the HTTP API of a real process: sign-in, JSON, checks, transaction, answer.

The client is the standard library's: it reads the whole answer and looks at its status, as any would, and takes a third
of the time that httpx does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

from app.bootstrap import Surroundings
from app.signin.passwords import PasswordRules, Passwords
from benchmarks import served, workbench
from stores.actor import Actor
from stores.acts.act import act
from stores.acts.calls import Call
from stores.storage import people

PAUSE_S = 0.02  # fifty actions a second, as a busy desk never reaches


def run(count: int) -> list[tuple[str, str]]:
    """Measure ``count`` actions one after the other, against plain one-row transactions in the same run."""
    spent: list[float] = []
    plain_spent: list[float] = []
    with workbench.folder() as path, workbench.plain_table(path / "plain.db") as plain:
        _hire(path)
        rows = workbench.plain_rows(count)
        with served.serving(served.write_settings(path, "hq")) as url:
            post = _signed_in(url)
            own, server = time.process_time(), served.processor_seconds(url)
            for n in range(count):
                entered = {"ask": workbench.parcel(n)}
                spent.append(workbench.seconds(lambda: post("/api/parcels/parcel/actions/receive", entered)))  # noqa: B023 - called at once
                plain_spent.append(workbench.seconds(lambda: workbench.insert(plain, [rows[n]])))  # noqa: B023
                time.sleep(max(0.0, PAUSE_S - spent[-1]))
            own, server = time.process_time() - own, served.processor_seconds(url) - server
    half, late = workbench.percentile(spent, 0.5), workbench.percentile(spent, 0.99)
    plain_half = workbench.percentile(plain_spent, 0.5)
    return [
        ("one durable action over HTTP at 50 a second, median", f"{half * 1000:.1f} ms"),
        ("the same, 99 of 100", f"{late * 1000:.1f} ms"),
        ("processor time of the node, and of whoever asks and inserts", _ms(server / count, own / count)),
        ("plain one-row transaction (FULL), median", f"{plain_half * 1000:.2f} ms"),
        ("ratio of the medians", f"{plain_half / half:.1%}"),
    ]


def _ms(*seconds: float) -> str:
    return " / ".join(f"{each * 1000:.1f}" for each in seconds) + " ms"


def _signed_in(url: str) -> Callable[[str, object], dict[str, object]]:
    """Sign the clerk in and return what posts JSON and gives the answer."""
    connection = HTTPConnection(url.removeprefix("http://"))
    headers = {"Content-Type": "application/json"}

    def post(path: str, entered: object) -> dict[str, object]:
        connection.request("POST", path, json.dumps(entered).encode(), headers)
        answer = connection.getresponse()
        told: dict[str, object] = json.loads(answer.read())
        assert answer.status < 300, told
        return told

    signed = post("/api/session", {"login": "clerk", "password": served.PASSWORD, "token": True})
    headers["Authorization"] = f"Bearer {signed['token']}"
    return post


def _hire(path: Path) -> None:
    """Make the clerk with a sign-in, as `branchline person add` does."""
    node = workbench.open_node(path, "hq", None)
    boss = Actor("boss", "hq", frozenset({"hq_admin"}), "boss")
    asked = {"name": "clerk", "badge": "1", "roles": ["clerk"]}
    receipt = act(node, Call(node.catalog.records["core.staff"], "hire", boss, ask=asked))
    hashed = Passwords(PasswordRules(10, None)).hash(served.PASSWORD)
    with node.database.write() as connection:
        people.create_account(connection, receipt.id, "clerk", hashed, Surroundings().now())
    node.database.close()
