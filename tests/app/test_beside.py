"""Processes that only answer branches, beside the one that runs headquarters: what they merge is heard of there."""

from __future__ import annotations

import logging
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from sqlalchemy import make_url

from app.background.upstream import open_link
from app.service import Service, open_service
from app.settings import Settings
from app.signin.passwords import Passwords
from app.web.server import create_app, create_sync_app, server_for
from stores.actor import Actor
from stores.acts.act import act
from stores.acts.calls import Call
from stores.storage import bell as bells
from sync.branch.round import sync_round
from sync.enrolment import enrol, invite
from sync.wire import codec
from tests.app.conftest import BICYCLES, wait_for
from tests.conftest import schemas

LI = Actor("0190a0a0-0000-7000-8000-000000000001", "lakeside", frozenset({"counter"}), "Li")
LISTENING = "FROM pg_stat_activity WHERE query ^@ 'LISTEN' AND position(current_schema() IN query) > 0"


@contextmanager
def opened(folder: Path, **said: object) -> Iterator[Service]:
    plugins = folder / "plugins"
    shutil.copytree(BICYCLES, plugins / BICYCLES.name, dirs_exist_ok=True)
    given = {"data": folder, "plugins": {"folders": [plugins], "installed": False, "watch": False}, **said}
    service = open_service(Settings.model_validate(given), passwords=Passwords.quick())
    yield service
    service.stop()


@contextmanager
def served(app: object) -> Iterator[str]:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = server_for(app, "127.0.0.1", bound.getsockname()[1])  # type: ignore[arg-type]
    thread = Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with schemas(postgres_url) as make:
        yield make()


def test_what_is_merged_beside_headquarters_wakes_its_pages_and_timers(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "branchline.web")
    heard: list[frozenset[str]] = []
    with (
        opened(tmp_path / "hq", node="hq", database=url) as main,
        opened(tmp_path / "hq", node="hq", database=url) as beside,
        served(create_app(main)) as console,
        served(create_sync_app(beside)) as door,
        opened(tmp_path / "shop", node="lakeside-1", store="lakeside", upstream=door) as shop,
    ):
        main.node.on_change(heard.append)
        enrol(shop.node, door, invite(main.node, "lakeside", dice=main.world.dice).code, dice=shop.world.dice)
        record = shop.node.catalog.records["bicycle_rental.bicycle"]
        made = act(shop.node, Call(record, "add", LI, ask={"frame": "F-1"}))
        link = open_link(shop.node, shop.settings)

        done = sync_round(shop.node, link)

        assert done.pushed >= 1
        wait_for(lambda: any("bicycle_rental.bicycle" in each for each in heard))
        with main.node.database.read() as connection:
            found = connection.exec_driver_sql("SELECT id FROM bicycle_rental_bicycle").scalars().all()
        assert made.id in found
        assert httpx.get(f"{console}/sign-in").status_code == 200
        assert httpx.get(f"{door}/sign-in").status_code == 404, "a page has no business at this door"
        stolen = {"Authorization": "Bearer stolen", "Content-Type": codec.PACKED}
        for _ in range(5):
            assert httpx.post(f"{door}/sync/v1/hello", headers=stolen).status_code == 401
        wait_for(
            lambda: [each["times"] for each in main.refusals.told("zh")] == [4]
        )  # told with the 1st, 2nd, 4th, 8th
        assert [(each["node"], each["code"]) for each in main.refusals.told("en")] == [(None, "not-enrolled")]
        routes = {record.__dict__.get("route") for record in caplog.records}
        assert {"/sync/v1/hello", "/sync/v1/push"} <= routes
        link.close()


def test_a_bell_that_was_out_of_hearing_is_made_up_for(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "PAUSE_S", 0.05)
    heard: list[frozenset[str]] = []
    with opened(tmp_path / "hq", node="hq", database=url) as main:
        assert main.bell is not None
        stop = Event()
        thread = main.bell.listen(heard.append, stop)
        wait_for(lambda: _listeners(main) == 1)

        with main.node.database.read() as connection:
            connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) {LISTENING}")

        wait_for(lambda: frozenset() in heard)
        main.bell.ring(frozenset({"a.b", "c.d"}))
        main.bell.ring(frozenset({f"plugin.record_{n}" for n in range(2_000)}))
        wait_for(lambda: heard[-2:] == [frozenset({"a.b", "c.d"}), frozenset()])
        stop.set()
        thread.join()


def test_a_bell_that_cannot_be_rung_spoils_nothing_that_was_written(caplog: pytest.LogCaptureFixture) -> None:
    bells.Bell(make_url("postgresql+psycopg://postgres@/postgres?host=%2Fnowhere")).ring(frozenset({"a.b"}))

    assert "the other processes were not told" in caplog.text


def _listeners(service: Service) -> int:
    with service.node.database.read() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) {LISTENING}").scalar_one())
