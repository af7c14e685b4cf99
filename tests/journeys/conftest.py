"""Real nodes: each a process of its own, started as a shop starts it, killed as a power cut kills it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Surroundings
from app.demo.client import Person
from app.service import Service, open_service
from app.settings import read_settings
from app.signin.staffing import NewPerson, add_person
from stores.storage.credentials import Credential
from sync import enrolment
from tests.journeys.hands import HOW_TO_GET_ONE, browser_path
from tests.sync.nodes import DirectLink

HOUSE = Path(__file__).parents[2]
BICYCLES = Path(__file__).parent / "bicycle_rental"
PASSWORD = "a long enough password"
PATIENCE_S = 60.0
NOWHERE = "http://127.0.0.1:9"  # nobody answers there


@dataclass
class RealNode:
    """One node as its shop has it: a settings file, a data folder, and, while it is switched on, a process."""

    folder: Path
    name: str
    store: str
    plugins: Path
    port: int = 0
    upstream: str | None = None
    process: subprocess.Popen[str] | None = None
    clock: Path | None = None  # the file that ``set_clock`` writes
    program: tuple[str, ...] = ("app",)  # the module that is run, and what it is told before the command

    @property
    def config(self) -> Path:
        return self.folder / f"{self.name}.yaml"

    @property
    def output(self) -> Path:
        return self.folder / "output.txt"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def set_clock(self, moment: str) -> None:
        """Set the PC's clock to a moment of branch time: ``2026-03-13 20:50:00``."""
        assert self.clock is not None, "this node has the clock of the world"
        written = self.clock.with_suffix(".new")
        written.write_text(f"{moment}+08:00", encoding="utf-8")
        written.replace(self.clock)

    def _now(self) -> datetime:
        assert self.clock is not None, "this node has the clock of the world"
        return datetime.fromisoformat(self.clock.read_text("utf-8")).astimezone(UTC)

    def write_settings(self, sync: str = "beat: 1s") -> None:
        upstream = f"upstream: {self.upstream}\n" if self.upstream else ""
        self.config.write_text(
            f"node: {self.name}\nstore: {self.store}\ndata: data\n{upstream}"
            f"plugins: {{folders: [{self.plugins}], installed: false}}\nsync: {{{sync}}}\n",
            encoding="utf-8",
        )

    def run(self, *arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run one command of the command line for this node."""
        command = [sys.executable, "-m", *self.program, *arguments, "--config", str(self.config)]
        return subprocess.run(
            command,
            input=typed,
            capture_output=True,
            text=True,
            cwd=HOUSE,
            env=_environment(),
            timeout=PATIENCE_S,
            check=False,
        )

    @contextmanager
    def opened(self) -> Iterator[Service]:
        """Open the node in this process, where what a command does takes no process of its own."""
        service = open_service(read_settings(self.config), Surroundings(now=self._now) if self.clock else None)
        try:
            yield service
        finally:
            service.node.database.close()

    def hire(self, people: Mapping[str, str], badges: Mapping[str, str] | None = None) -> None:
        """Let people sign in here: login -> posts. As `branchline person add` does, without a process for each."""
        with self.opened() as service:
            for login, posts in people.items():
                new = NewPerson(login.title(), login, PASSWORD, tuple(posts.split()), (badges or {}).get(login))
                add_person(service.node, service.passwords, new)

    def join(self, hq: RealNode) -> None:
        """Join the chain, as `branchline invite` and `enrol` do, while headquarters is switched off."""
        with hq.opened() as hub, self.opened() as branch:
            code = enrolment.invite(hub.node, self.store, dice=hub.world.dice).code
            line = DirectLink(hub.node, Credential(self.name, self.store))
            enrolment.enrol(branch.node, str(self.upstream), code, dice=branch.world.dice, connect=lambda _: line)

    def follow(self, hq: RealNode) -> None:
        """Look for headquarters where it is now."""
        self.upstream = hq.address
        self.write_settings()

    def person(self, login: str) -> Person:
        return Person(self.port, login, PASSWORD, "en")

    def switch_on(self) -> None:
        """Start the process and wait until it answers."""
        command = [sys.executable, "-m", *self.program, "serve", "--config", str(self.config), "--port", str(self.port)]
        with self.output.open("w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, text=True, cwd=HOUSE, env=_environment()
            )
        eventually(self._answers, f"{self.name} to answer")

    def kill(self) -> None:
        """Cut the power: nothing is told, nothing is flushed."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        self.process.wait(PATIENCE_S)

    def switch_off(self) -> int:
        """Stop the process as Ctrl+C does; return its exit status."""
        if self.process is None or self.process.poll() is not None:
            return 0
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)

    def _answers(self) -> bool:
        assert self.process is not None
        said = self.output.read_text(encoding="utf-8")
        assert self.process.poll() is None, said
        found = re.search(r"http://127\.0\.0\.1:(\d+)$", said, re.MULTILINE)
        if not found:
            return False
        self.port = int(found.group(1))
        with suppress(OSError, HTTPException):
            status, _ = self.person("nobody")._send("GET", "/api/status", None)
            return status == 200
        return False


@dataclass
class RealChain:
    """Headquarters with an administrator and somebody who may work the counter, and a branch with its counter."""

    hq: RealNode
    branch: RealNode
    boss: Person
    head: Person
    counter: Person


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real browser, or a loud reason why there is none."""
    path = browser_path()
    if path is None:
        pytest.skip(HOW_TO_GET_ONE)
    playwright = pytest.importorskip("playwright.sync_api", reason="the `dev` extra is not installed: no playwright")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., None]:
    """Wait until something holds."""
    return eventually


def eventually(holds: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    """Wait until something holds; a node at work is asked again every twentieth of a second."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.05)


@pytest.fixture
def new_node(tmp_path: Path) -> Iterator[Callable[..., RealNode]]:
    """Make nodes in folders of their own; whatever still runs is switched off at the end."""
    made: list[RealNode] = []

    def make(name: str, store: str, upstream: str | None = None) -> RealNode:
        node = _new_node(tmp_path, name, store, upstream)
        made.append(node)
        return node

    yield make
    switch_off(made)


@pytest.fixture(scope="session")
def club_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a club with the booking desk of plugins/ and its people. Made once; each test takes a copy."""
    folder = tmp_path_factory.mktemp("club")
    shutil.copytree(HOUSE / "plugins" / "nightclub_booking", folder / "plugins" / "nightclub_booking")
    node = _club(folder)
    node.set_clock("2026-03-13 19:00:00")
    posts = {"boss": "store_admin dept_manager", "lin": "desk", "wang": "booker customer_manager"}
    node.hire(posts, badges={"wang": "S17"})
    return folder


@pytest.fixture
def club(club_folder: Path, tmp_path: Path) -> Iterator[RealNode]:
    """A club that works alone, on a PC whose clock stands where ``set_clock`` puts it."""
    node = _club(Path(shutil.copytree(club_folder, tmp_path / "club")))
    yield node
    switch_off([node])


def _club(folder: Path) -> RealNode:
    clock = folder / "clock.txt"
    program = ("tests.journeys.clocked", str(clock))
    node = RealNode(folder, "club-1", "club", folder / "plugins", upstream=NOWHERE, clock=clock, program=program)
    node.write_settings()
    return node


@pytest.fixture(scope="session")
def joined(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The folder of a headquarters and a lakeside branch that has joined it, and the port of headquarters.

    Made once: each test that wants a chain starts its processes on a copy.
    """
    folder = tmp_path_factory.mktemp("joined")
    hq = _new_node(folder, "hq", "hq")
    hq.hire({"wu": "boss hq_admin", "hao": "counter"})
    hq.switch_on()
    try:
        branch = _new_node(folder, "lakeside-1", "lakeside", hq.address)
        invited = hq.run("invite", "lakeside")
        assert invited.returncode == 0, invited.stderr
        enrolled = branch.run("enrol", hq.address, invited.stdout.strip())
        assert enrolled.returncode == 0, enrolled.stderr
        branch.hire({"li": "counter store_admin"})
    finally:
        assert hq.switch_off() == 0
    return folder, hq.port


@pytest.fixture
def chain(joined: tuple[Path, int], tmp_path: Path) -> Iterator[RealChain]:
    """A headquarters and a lakeside branch that has joined it; both are switched on."""
    folder, port = joined
    shutil.copytree(folder, tmp_path / "chain")
    hq = _node(tmp_path / "chain", "hq", "hq", port=port)
    branch = _node(tmp_path / "chain", "lakeside-1", "lakeside", hq.address)
    try:
        hq.switch_on()
        branch.switch_on()
        yield RealChain(hq, branch, hq.person("wu"), hq.person("hao"), branch.person("li"))
    finally:
        switch_off([branch, hq])


def _new_node(folder: Path, name: str, store: str, upstream: str | None = None) -> RealNode:
    shutil.copytree(BICYCLES, folder / name / "plugins" / "bicycle_rental")
    return _node(folder, name, store, upstream)


def _node(folder: Path, name: str, store: str, upstream: str | None = None, port: int = 0) -> RealNode:
    node = RealNode(folder / name, name, store, folder / name / "plugins", port, upstream)
    node.write_settings()
    return node


def switch_off(nodes: list[RealNode]) -> None:
    for node in nodes:
        if node.process is not None and node.process.poll() is None:
            node.process.kill()
            node.process.wait(PATIENCE_S)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BRANCHLINE_")}
    return {**kept, "BRANCHLINE_LANG": "en", "BRANCHLINE_LANGUAGE": "en", "PYTHONUNBUFFERED": "1"}
