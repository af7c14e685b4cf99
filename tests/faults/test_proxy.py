"""Real nodes, real HTTP, and between them a proxy with moods: whatever it does, the nodes agree afterwards."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import bootstrap
from app.bootstrap import Surroundings
from app.service import Service, open_service
from app.settings import read_settings
from app.web.server import create_app, server_for
from stores.acts.act import act
from stores.acts.calls import Call
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from sync import enrolment
from sync.wire.link import HttpLink
from tests.faults.proxy import MOODS, Proxy
from tests.killing.ordeal import GUEST, PEOPLE
from tests.simulation.chain import PLUGINS, host
from tests.simulation.disk import disk_of, log_of, number_of, table

pytestmark = pytest.mark.journey


@pytest.fixture
def wired(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Service, Service, Proxy]]:
    """Headquarters that serves, a branch that has joined it, and the proxy between them."""
    monkeypatch.setattr(bootstrap, "open_host", lambda _settings, _watchdog: host())
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        proxy = Proxy(port)
        hub = _opened(tmp_path, "hq", database_url)
        branch = _opened(tmp_path, "bund", f"sqlite:///{tmp_path}/bund.db", f"upstream: {proxy.address}\n")
        server = server_for(create_app(hub, run_service=False), "127.0.0.1", port)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        _hire(hub.node)
        code = enrolment.invite(hub.node, "bund", dice=hub.world.dice).code
        enrolment.enrol(branch.node, proxy.address, code, dice=branch.world.dice, connect=HttpLink)
        yield hub, branch, proxy
        server.should_exit = True
        thread.join()
    branch.stop()
    hub.node.database.close()
    proxy.close()


def _opened(folder: Path, name: str, url: str, upstream: str = "") -> Service:
    text = f"node: {name}\nstore: {name}\ndatabase: {url}\n{upstream}plugins: {{folders: [{PLUGINS}], watch: false}}\n"
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return open_service(read_settings(folder / f"{name}.yaml"), Surroundings())


def _hire(node: Node) -> None:
    record = node.catalog.records["core.staff"]
    cells = {"name": "小陈", "roles": '["waiter"]', "active": 1}
    hired = [Edit(record, who.id, store, "create", cells) for store, who in PEOPLE.items()]
    with node.database.write() as connection:
        commit(connection, node, Deed(node.new_id(), "core.staff.hire", "system", node.now()), hired)


def enter(node: Node, name: str) -> None:
    """Somebody enters a guest and counts a visit of every guest there is."""
    record, actor = node.catalog.records[GUEST], PEOPLE[node.store]
    made = act(node, Call(record, "add", actor, ask={"name": name, "visits": 1}))
    act(node, Call(record, "edit", actor, made.id, ask={"visits": 2}))


def test_nodes_behind_a_proxy_that_cuts_delays_truncates_doubles_and_lies_agree_in_the_end(
    wired: tuple[Service, Service, Proxy], tmp_path: Path, database_url: str
) -> None:
    hub, branch, proxy = wired
    worker = branch.worker
    assert worker is not None
    names, failed = set(), set()
    for mood in MOODS:
        proxy.mood = mood
        for service in (hub, branch):
            names.add(f"{service.node.store} {mood}")
            enter(service.node, f"{service.node.store} {mood}")
        if not worker.work():
            failed.add(mood)
            error = worker.status().error
            assert error is not None
            assert error.code.startswith(("link-", "frame-")), f"{mood}: {error.code}"

    proxy.mood = "honest"
    for _ in range(4):
        assert worker.work(), worker.status().error

    assert failed == MOODS.keys() - {"honest", "delays", "doubles"}
    assert proxy.served.keys() == MOODS.keys()
    here, there = disk_of("bund", tmp_path), disk_of("hq", tmp_path, database_url)
    guests = table(there, "tea_house_guest")
    assert table(here, "tea_house_guest") == guests
    assert {row["name"]: row["visits"] for row in guests.values()} == dict.fromkeys(names, 2)
    assert log_of(here, "bund") == log_of(there, "bund")
    assert number_of(there, "SELECT count(*) FROM quarantine") == 0
    assert number_of(there, "SELECT count(*) FROM core_conflict") == 0
    for disk in (here, there):
        disk.close()
