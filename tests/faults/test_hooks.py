"""Hooks that hang: in an action, in a merge, in a timer. What they were part of is refused, the neighbours go on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import pytest

from core.host.host import Host
from core.host.watchdog import Watchdog
from stores.acts import firing
from stores.storage.credentials import Credential
from sync.branch.round import sync_round
from tests.app.conftest import RENTAL, Shop, opened_shop
from tests.simulation.chain import PLUGINS
from tests.sync.nodes import DirectLink, World, read, write

LIMIT_S = 0.15

STUCK = """\
from time import sleep
from core.host.hookspecs import hookimpl

@hookimpl
def check_action(ctx):
    if ctx.action.name == "overdue" and ctx.record.values["guest"] == "Stuck":
        while True:
            pass
    while ctx.ask.get("frame") == "spins":
        pass
    if ctx.ask.get("frame") == "sleeps":
        sleep(1.5)
"""

NEVER_AGREES = """\
from core.host.hookspecs import hookimpl

@hookimpl
def merge_field(record, field, base, ours, theirs):
    while True:
        pass
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A bicycle rental whose plugin hangs with some frames and guests, and a watchdog at work."""
    business = tmp_path / "business" / "bicycle_rental"
    shutil.copytree(Path(__file__).parents[1] / "journeys" / "bicycle_rental", business)
    (business / "hooks.py").write_text(STUCK, encoding="utf-8")
    stop = Event()
    with opened_shop(tmp_path / "node", business, RENTAL, hook_limit=LIMIT_S) as made:
        watchdog = made.service.node.host.watchdog
        assert watchdog is not None
        watchdog.start(stop)
        yield made
        stop.set()


def add(client: Any, frame: str) -> Any:
    return client.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": frame}})


def frames(client: Any) -> list[str]:
    return [row["frame"] for row in client.get("/api/bicycle_rental/bicycle").json()["rows"]]


def told(client: Any) -> str:
    return "\n".join(client.get("/api/status").json()["faults"])


def wait_for(holds: Callable[[], object]) -> None:
    until = monotonic() + 5
    while not holds():
        assert monotonic() < until, "waited in vain"
        sleep(0.02)


def test_an_action_whose_hook_spins_is_refused_in_words_and_the_next_one_goes_on(shop: Shop) -> None:
    li = shop.as_("li", **{"Accept-Language": "zh"})

    refused = add(li, "spins")

    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "hook-hangs"
    assert "没有响应" in refused.text
    assert add(li, "F-1").status_code == 200
    assert frames(li) == ["F-1"]
    assert "check_action" in told(li)


def test_an_action_whose_hook_blocks_outside_python_loses_the_database_to_the_next_one(shop: Shop) -> None:
    li, wu, answers = shop.as_("li"), shop.as_("wu"), list[Any]()
    stuck = Thread(target=lambda: answers.append(add(li, "sleeps")))
    stuck.start()
    wait_for(lambda: "not called any more" in told(wu))

    with shop.service.node.database.write():
        assert answers == []  # it still sleeps, and holds nothing

    refused = add(wu, "F-1")
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "hook-barred")
    stuck.join(10)
    assert answers[0].status_code == 503
    assert frames(li) == []


def test_a_timer_whose_hook_hangs_is_told_and_the_others_fire(shop: Shop) -> None:
    li, rentals = shop.as_("li"), list[str]()
    for frame, guest in (("F-1", "Stuck"), ("F-2", "Chen")):
        bicycle = add(li, frame).json()["id"]
        ask = {"bicycle": bicycle, "guest": guest, "phone": "13800001111"}
        rentals.append(li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask}).json()["id"])
    shop.clock.pass_(hours=3)

    firing.fire_due(shop.service.node)

    states = [li.get(f"/api/bicycle_rental/rental/{each}").json()["state"] for each in rentals]
    assert states == ["out", "late"]
    assert li.get("/api/status").json()["timers"]["faults"] == 1
    assert "check_action" in told(li)


def test_a_merge_whose_hook_hangs_goes_on_without_its_word(tmp_path: Path, world: World) -> None:
    folder = tmp_path / "tea_house"
    shutil.copytree(PLUGINS / "tea_house", folder)
    text = (folder / "plugin.yaml").read_text(encoding="utf-8")
    (folder / "plugin.yaml").write_text(text.replace("{type: text, merge: ask,", "{type: text, merge: hook,"), "utf-8")
    (folder / "hooks.py").write_text(NEVER_AGREES, encoding="utf-8")
    watchdog, stop = Watchdog(monotonic, LIMIT_S), Event()
    hub = world.hub(plugins=Host([folder], entry_points=False, environment={}, watchdog=watchdog))
    watchdog.start(stop)
    bund, jingan = world.node("bund"), world.node("jingan")
    guest, other = world.id(), world.id()
    write(bund, guest, "create", table="1")
    for node in (bund, jingan):
        sync_round(node, DirectLink(hub, Credential(node.store, node.store)))
    world.wait(1)
    write(bund, guest, table="2")
    world.wait(1)
    write(jingan, guest, table="3")
    write(jingan, other, "create", name="王")

    for node in (bund, jingan):
        sync_round(node, DirectLink(hub, Credential(node.store, node.store)))

    stop.set()
    assert (read(hub, guest)["table"], read(hub, other)["name"]) == ("3", "王")
    assert "merge_field" in watchdog.problems()[0].what.en
