"""One durable action through the HTTP API of a real process: sign-in, JSON, checks, transaction, answer."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

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
        with served.serving(served.write_settings(path, "hq")) as url, httpx.Client(base_url=url) as client:
            signed = client.post("/api/session", json={"login": "clerk", "password": served.PASSWORD, "token": True})
            signed.raise_for_status()
            client.headers["Authorization"] = f"Bearer {signed.json()['token']}"
            for n in range(count):
                entered = {"ask": workbench.parcel(n)}
                start = time.perf_counter()
                answer = client.post("/api/parcels/parcel/actions/receive", json=entered)
                spent.append(time.perf_counter() - start)
                assert answer.status_code < 300, answer.text
                plain_spent.append(workbench.seconds(lambda row=rows[n]: workbench.insert(plain, [row])))  # type: ignore[misc]
                time.sleep(max(0.0, PAUSE_S - spent[-1]))
    half, late = workbench.percentile(spent, 0.5), workbench.percentile(spent, 0.99)
    plain_half = workbench.percentile(plain_spent, 0.5)
    return [
        ("one durable action over HTTP at 50 a second, median", f"{half * 1000:.1f} ms"),
        ("the same, 99 of 100", f"{late * 1000:.1f} ms"),
        ("plain one-row transaction (FULL), median", f"{plain_half * 1000:.2f} ms"),
        ("ratio of the medians", f"{plain_half / half:.1%}"),
    ]


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
