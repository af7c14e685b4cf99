"""The demo's nodes: each with its own database file, its own HTTP server, one shared clock, real sync between them."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Thread

import uvicorn

from app.background.upstream import open_link
from app.bootstrap import Surroundings
from app.demo.cable import Cable
from app.demo.client import Person
from app.demo.clock import StoryClock
from app.service import Service, open_service
from app.settings import Settings
from app.signin.passwords import Passwords
from app.signin.staffing import NewPerson, add_person
from app.web.server import create_app, server_for
from core.model.errors import Language, NodeError, Text
from core.model.scope import HEADQUARTERS
from stores.acts import firing
from stores.changes import log
from stores.storage import checkpoints
from stores.storage.counters import hub_sequence
from sync import enrolment
from sync.branch.worker import Worker

PASSWORD = "evening-2026"  # of every sample login; the demo's nodes listen on this machine only  # noqa: S105
STARTED_S_MAX = 20.0


@dataclass(frozen=True, slots=True)
class PersonPlan:
    """A member of staff with a login."""

    name: str
    badge: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """One node of the demo, as config/chain.yaml describes it; ``people`` by login."""

    name: str
    store: str
    label: Text
    plugins: tuple[str, ...]
    people: Mapping[str, PersonPlan]


@dataclass
class Member:
    """A running node of the demo."""

    plan: MemberPlan
    service: Service
    port: int
    server: uvicorn.Server
    cable: Cable | None
    people: dict[str, Person] = field(default_factory=dict)
    staff: dict[str, str] = field(default_factory=dict)  # login -> staff id
    thread: Thread | None = None

    @property
    def address(self) -> str:
        """Where the node answers."""
        return f"http://127.0.0.1:{self.port}"


@dataclass
class Chain:
    """All nodes of the demo, headquarters first."""

    clock: StoryClock
    members: dict[str, Member]

    @property
    def headquarters(self) -> Member:
        """The node that orders everybody's changes."""
        return next(member for member in self.members.values() if member.plan.store == HEADQUARTERS)

    @property
    def branches(self) -> list[Member]:
        """The other nodes."""
        return [member for member in self.members.values() if member is not self.headquarters]

    def fire_due(self) -> None:
        """Fire what is due at every node."""
        for member in self.members.values():
            firing.fire_due(member.service.node)

    def next_due(self) -> datetime | None:
        """Return the moment at which some node's timer wants to be looked at."""
        dues = [firing.next_due(member.service.node) for member in self.members.values()]
        return min((due for due in dues if due is not None), default=None)

    def settled(self, names: Sequence[str] | None = None, seconds: float = 20.0) -> bool:
        """Wait until the branches that are plugged in have sent everything and hold what is at headquarters."""
        waiting = [m for m in self.branches if (names is None or m.plan.name in names) and m.cable and m.cable.plugged]
        until = time.monotonic() + seconds
        # Three times: what comes down may make something go up, and up again.
        return all(_caught_up(member, self.headquarters, until) for _ in range(3) for member in waiting)

    def plug(self, *, plugged: bool) -> None:
        """Plug in, or pull, the network cables of all branches."""
        for member in self.branches:
            assert member.cable is not None, f"{member.plan.name} has no cable"
            member.cable.plugged = plugged

    def stop(self) -> None:
        """Stop servers and services, branches first."""
        for member in [*self.branches, self.headquarters]:
            member.server.should_exit = True
            if member.thread is not None:
                member.thread.join(10)
            member.service.stop()


@contextmanager
def running(
    plans: Sequence[MemberPlan], folder: Path, plugins: Path, clock: StoryClock, port_base: int, language: Language
) -> Iterator[Chain]:
    """Make the chain in ``folder``, serve it, let the branches join, and stop it at the end."""
    members: dict[str, Member] = {}
    chain = Chain(clock, members)
    try:
        for number, plan in enumerate(plans):
            bound = _bind(port_base + number if port_base else 0)
            member = _open(chain, plan, _settings(chain, plan, folder, plugins), bound)
            members[plan.name] = member
            _serve(member, bound)
            _join(chain, member)
            _hire(member, language)
        yield chain
    finally:
        if members:
            chain.stop()


def _settings(chain: Chain, plan: MemberPlan, folder: Path, plugins: Path) -> Settings:
    return Settings.model_validate(
        {
            "node": plan.name,
            "store": plan.store,
            "label": {"zh": plan.label.zh, "en": plan.label.en},
            "data": folder,
            "upstream": None if plan.store == HEADQUARTERS else chain.headquarters.address,
            "plugins": {"folders": [plugins], "only": plan.plugins, "watch": True},
            "sign_in": {"session": "90d"},
            "sync": {"beat": 0.5},
        }
    )


def _open(chain: Chain, plan: MemberPlan, settings: Settings, bound: socket.socket) -> Member:
    cables: list[Cable] = []  # the worker wants its cable before the node it hangs on is there
    world = Surroundings(now=chain.clock)
    service = open_service(settings, world, Passwords.quick(), lambda: cables[0].open())  # noqa: PLW0108
    if service.worker is not None:
        cables.append(Cable(lambda: open_link(service.node, settings)))
    port = bound.getsockname()[1]
    server = server_for(create_app(service, run_service=False), "127.0.0.1", port)
    return Member(plan, service, port, server, cables[0] if cables else None)


def _serve(member: Member, bound: socket.socket) -> None:
    member.thread = Thread(target=member.server.run, kwargs={"sockets": [bound]}, name=member.plan.name, daemon=True)
    member.thread.start()
    until = time.monotonic() + STARTED_S_MAX
    while not member.server.started:
        if time.monotonic() > until or not member.thread.is_alive():
            raise NodeError.of("demo-start", f"{member.plan.name} did not start", f"{member.plan.name} 未能启动")
        time.sleep(0.01)


def _join(chain: Chain, member: Member) -> None:
    if member.service.worker is None:
        return
    headquarters = chain.headquarters.service
    made = enrolment.invite(headquarters.node, member.plan.store, dice=headquarters.world.dice)
    enrolment.enrol(member.service.node, chain.headquarters.address, made.code, dice=member.service.world.dice)
    member.service.worker.start()


def _hire(member: Member, language: Language) -> None:
    service = member.service
    for login, about in member.plan.people.items():
        new = NewPerson(about.name, login, PASSWORD, about.roles, about.badge)
        member.staff[login] = add_person(service.node, service.passwords, new)
        member.people[login] = Person(member.port, login, PASSWORD, language)


def _caught_up(member: Member, headquarters: Member, until: float) -> bool:
    """Ask for rounds until nothing waits to go up and everything headquarters has ordered has come down.

    What has come down may still be worked on: requests are decided after the page is written. So what is looked at
    is what stands after a whole round.
    """
    worker = member.service.worker
    assert worker is not None, "headquarters has nobody to catch up with"
    while _whole_round(worker, until):
        with headquarters.service.node.database.read() as connection:
            top = hub_sequence(connection)
        with member.service.node.database.read() as connection:
            waiting, _ = log.unsent(connection)
            held = checkpoints.pulled(connection)
        if waiting == 0 and held >= top:
            return True
    return False


def _whole_round(worker: Worker, until: float) -> bool:
    """Wait for two rounds to end, so that the second has begun after the call; return whether they did in time."""
    for _ in range(2):
        before = worker.status().last_sync
        worker.sync_now()
        while worker.status().last_sync == before:
            if time.monotonic() >= until:
                return False
            time.sleep(0.01)
    return True


def _bind(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        raise NodeError.of(
            "port-taken",
            f"port {port} of this machine is in use",
            f"本机端口 {port} 已被占用",
            fix=Text("choose others with --port-base", "请用 --port-base 另选端口"),
        ) from None
    return bound
