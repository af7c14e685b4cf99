"""The event stream: a commit is told to every browser that listens, as the types that changed, and nothing else."""

from __future__ import annotations

import asyncio
import json
from typing import Any


def heard(shop: Any, act: Any, count: int = 1) -> list[dict[str, Any]]:
    """Return the first messages with data that a listening browser gets after ``act``."""
    live = shop.client().app.state.live

    async def listen() -> list[dict[str, Any]]:
        found, stream = [], live.listen()
        assert await anext(stream) == "retry: 2000\n\n"
        await asyncio.to_thread(act)
        while len(found) < count:
            text = await asyncio.wait_for(anext(stream), 10)
            if text.startswith("data: "):
                found.append(json.loads(text.removeprefix("data: ")))
        await stream.aclose()
        return found

    return asyncio.run(listen())


def test_a_commit_is_told_by_its_types_only(shop: Any) -> None:
    li = shop.as_("li")

    (told,) = heard(shop, lambda: li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}}))

    assert told == {"types": ["bicycle_rental.bicycle"]}


def test_a_reload_of_plugins_is_told_to_all(shop: Any) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("version: 1.0.0", "version: 1.0.1"), encoding="utf-8")

    (told,) = heard(shop, shop.service.node.host.reload)

    assert "*" in told["types"]


def test_nobody_listens_who_is_not_signed_in(browse: Any) -> None:
    answer = browse(None).client.get("/live", headers={"Accept": "text/event-stream"})

    assert answer.status_code == 401
