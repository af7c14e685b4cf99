"""A node with the bicycle rental of the journeys, its people signed in, and a clock that is set by hand."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import Surroundings
from app.service import Service, open_service
from app.settings import Settings
from app.signin.passwords import Passwords
from app.signin.staffing import NewPerson, add_person
from app.web.server import create_app

BICYCLES = Path(__file__).parents[1] / "journeys" / "bicycle_rental"
PASSWORD = "a long enough password"
People = dict[str, tuple[str, list[str]]]
RENTAL: People = {
    "li": ("Li", ["counter"]),
    "wu": ("Wu", ["boss", "hq_admin"]),
    "an": ("An", ["viewer"]),
    "no": ("No", []),
}


def wait_for(holds: Callable[[], object]) -> None:
    """Wait until something holds, five seconds at most."""
    until = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


@dataclass
class Clock:
    """Real enough for a node: aware, and a millisecond later at every look."""

    moment: datetime = datetime(2026, 3, 13, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai

    def __call__(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def pass_(self, **span: float) -> None:
        self.moment += timedelta(**span)


@dataclass
class Shop:
    """The node, and one HTTP client per person."""

    service: Service
    clock: Clock
    plugins: Path
    client: Callable[..., TestClient]
    staff: dict[str, str] = field(default_factory=dict)

    def as_(self, login: str, **headers: str) -> TestClient:
        """Return a client that acts for ``login`` with a bearer token, in English."""
        client = self.client()
        answer = client.post("/api/session", json={"login": login, "password": PASSWORD, "token": True})
        assert answer.status_code == 200, answer.text
        client.headers.update({"Authorization": f"Bearer {answer.json()['token']}", "Accept-Language": "en", **headers})
        return client


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(tmp_path) as made:
        yield made


@contextmanager
def opened_shop(tmp_path: Path, business: Path = BICYCLES, people: People = RENTAL, **how: object) -> Iterator[Shop]:
    """Open a shop of a business with its people; tests that only read may share one by a fixture of their module.

    ``how`` are more settings of the plugins.
    """
    plugins = tmp_path / "plugins"
    shutil.copytree(business, plugins / business.name)
    settings = Settings.model_validate(
        {"node": "hq", "data": tmp_path, "plugins": {"folders": [plugins], "installed": False, "watch": False, **how}}
    )
    clock = Clock()
    passwords = Passwords.quick()
    service = open_service(settings, Surroundings(now=clock), passwords)
    app = create_app(service, run_service=False)
    shop = Shop(service, clock, plugins, lambda: TestClient(app, raise_server_exceptions=False))
    for login, (name, roles) in people.items():
        shop.staff[login] = add_person(service.node, passwords, NewPerson(name, login, PASSWORD, tuple(roles), login))
    yield shop
    service.node.database.close()
