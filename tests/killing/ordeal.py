"""A branch and its headquarters as real processes over real HTTP, killed again and again at every moment of their work.

Every life of a node is a process of its own, forked from one that has the plugins loaded, so that hundreds of lives
take no longer than a few starts of the program. The nodes are wired by ``app`` as in a shop.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app import bootstrap
from app.bootstrap import Surroundings
from app.service import Service, open_service
from app.settings import read_settings
from app.web.server import create_app, server_for
from stores.actor import Actor
from stores.acts.act import act
from stores.acts.calls import Call
from stores.changes import digest, log
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage import checkpoints
from sync import enrolment
from sync.wire.link import HttpLink
from tests.killing.mortal import Mortal
from tests.simulation.chain import KINDS, PLUGINS, host
from tests.simulation.disk import Cell, disk_of, log_of, number_of, table

GUEST = "tea_house.guest"
BRANCH, HUB = "bund", "hq"
ACTS = 4  # in one life of the branch, each followed by a round with headquarters
ROUNDS_MAX = 30
LIFE_S_MAX = 60
PEOPLE = {
    name: Actor(f"0190a0a0-0000-7000-8000-0000000000a{number}", name, frozenset({"waiter"}), "小陈")
    for number, name in enumerate((HUB, BRANCH))
}


class Ordeal:
    """``live`` one life of both nodes, one of them perhaps to die at a given moment; ``check`` what is left."""

    def __init__(self, folder: Path, hub_url: str | None = None) -> None:
        self.folder = folder
        self.deaths = folder / "deaths.txt"
        self.lives = 0
        self.disks = {HUB: disk_of(HUB, folder, hub_url), BRANCH: disk_of(BRANCH, folder)}
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port = found.getsockname()[1]
        for name, disk in self.disks.items():
            upstream = f"upstream: {self.address}\n" if name == BRANCH else ""
            (folder / f"{name}.yaml").write_text(
                f"node: {name}\nstore: {name}\ndatabase: {disk.url}\n{upstream}plugins: {{folders: [{PLUGINS}], watch: false}}\n",
                encoding="utf-8",
            )
        bootstrap.open_host = lambda _settings, _watchdog: host()  # loaded once, before the processes part
        host()
        with self._life(self._found_and_serve, None):
            self._run(self._join, None)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def live(self, victim: str | None = None, dies_at: int | None = None) -> dict[str, list[str]]:
        """Let both live; return, for each that was not killed, what it was in the middle of at every moment."""
        self.lives += 1
        with self._life(self._serve, dies_at if victim == HUB else None):
            self._run(self._work, dies_at if victim == BRANCH else None)
        return {name: self._passed(name).read_text().split() for name in self.disks if self._passed(name).exists()}

    def calm(self) -> None:
        """Let the branch sync until everything is sent and nothing comes any more."""
        self.lives += 1
        with self._life(self._serve, None):
            assert self._run(self._settle, None) == 0, "the branch cannot bring its work to headquarters"

    def died_in(self) -> Counter[str]:
        """Return how often somebody died in the middle of what."""
        lines = self.deaths.read_text(encoding="utf-8").splitlines() if self.deaths.exists() else []
        return Counter(line.partition("\t")[0] for line in lines)

    def check(self) -> None:
        """Nothing acknowledged is lost, nothing is doubled, the logs are equal and gapless, the digests too."""
        hub, branch = self.disks[HUB], self.disks[BRANCH]
        for kind, everywhere in KINDS:
            held = {id_: row for id_, row in table(hub, kind).items() if everywhere or row["_store"] in (BRANCH, HUB)}
            assert table(branch, kind) == held, f"{kind} differs"
        lines = log_of(hub, BRANCH)
        assert log_of(branch, BRANCH) == lines, "the branch's log differs"
        for author in (HUB, BRANCH):
            seqs = [line["seq"] for line in log_of(hub, author)]
            assert seqs == list(range(1, len(seqs) + 1)), f"the log of {author} has gaps"
        assert number_of(hub, "SELECT count(*) FROM quarantine") == 0
        self._check_acknowledged()
        self._check_counts()
        assert self._run(self._compare_digests, None) == 0, "chains or digests are not what they must be"

    def close(self) -> None:
        for disk in self.disks.values():
            disk.close()

    def _check_acknowledged(self) -> None:
        """Every guest whose name was acknowledged is there, once; nobody is there whom nobody has entered."""
        names = Counter(str(row["name"]) for row in table(self.disks[HUB], "tea_house_guest").values())
        doubled = {name: count for name, count in names.items() if count > 1}
        assert not doubled, f"doubled: {doubled}"
        lost = set(self._lines("acknowledged.txt")) - set(names)
        assert not lost, f"acknowledged and lost: {lost}"
        invented = set(names) - set(self._lines("begun.txt"))
        assert not invented, f"nobody has entered {invented}"

    def _check_counts(self) -> None:
        """What everybody counts up is exactly the sum of what stands in the logs."""
        counted: Counter[Cell] = Counter()
        for author in (HUB, BRANCH):
            for line in log_of(self.disks[HUB], author):
                if line["type"] == GUEST:
                    old, new = _pair(str(line["body"]), "visits")
                    counted[line["pk"]] += new - old
        shown = {id_: int(row["visits"] or 0) for id_, row in table(self.disks[HUB], "tea_house_guest").items()}
        assert shown == {id_: counted[id_] for id_ in shown}

    # --- what a process does ------------------------------------------------------------------------------------------

    def _found_and_serve(self, mortal: Mortal) -> None:
        service = self._open(HUB)
        _hire(service.node)
        invitation = enrolment.invite(service.node, BRANCH, dice=service.world.dice)
        (self.folder / "code.txt").write_text(invitation.code, encoding="utf-8")
        self._answer(service)

    def _join(self, mortal: Mortal) -> None:
        service = self._open(BRANCH)
        code_file = self.folder / "code.txt"
        _wait_for(code_file.exists)
        dice = service.world.dice
        enrolment.enrol(service.node, self.address, code_file.read_text(), dice=dice, connect=HttpLink)

    def _serve(self, mortal: Mortal) -> None:
        service = self._open(HUB)
        mortal.arm()
        self._enter(service.node, 0)
        self._answer(service)

    def _answer(self, service: Service) -> None:
        with suppress(KeyboardInterrupt), socket.create_server(("127.0.0.1", self.port)) as door:
            server_for(create_app(service), "127.0.0.1", self.port).run(sockets=[door])

    def _work(self, mortal: Mortal) -> None:
        service = self._open(BRANCH)
        mortal.arm()
        assert service.worker is not None
        for number in range(ACTS):
            self._enter(service.node, number)
            service.worker.work()

    def _settle(self, mortal: Mortal) -> None:
        service = self._open(BRANCH)
        worker = service.worker
        assert worker is not None
        quiet = 0
        for _ in range(ROUNDS_MAX):
            before = worker.status()
            if worker.work() and worker.status().waiting == 0 and worker.status().pulled == before.pulled:
                quiet += 1
            if quiet == 2:
                return
        raise AssertionError(f"no rest: {worker.status()}")

    def _compare_digests(self, mortal: Mortal) -> None:
        hub, branch = self._open(HUB).node, self._open(BRANCH).node
        with hub.database.read() as one, branch.database.read() as other:
            assert digest.digests(one, hub, BRANCH) == digest.digests(other, branch, BRANCH)
            for connection in (one, other):
                for origin in checkpoints.heads(connection):
                    assert log.verify(connection, origin) is None, origin

    def _enter(self, node: Node, number: int) -> None:
        """Enter a guest, and count a visit of one who is there; what was answered is noted as acknowledged."""
        name = f"{node.store}-{self.lives}-{number}"
        self._note("begun.txt", name)
        record, actor = node.catalog.records[GUEST], PEOPLE[node.store]
        receipt = act(node, Call(record, "add", actor, ask={"name": name, "visits": 1}))
        self._note("acknowledged.txt", name)
        act(node, Call(record, "edit", actor, receipt.id, ask={"visits": 2}))
        others = [row for row in table(self.disks[node.store], "tea_house_guest").values() if row["_store"] == HUB]
        if others:
            first = min(others, key=lambda row: str(row["id"]))
            act(node, Call(record, "edit", actor, str(first["id"]), ask={"visits": int(first["visits"] or 0) + 1}))

    def _open(self, name: str) -> Service:
        return open_service(read_settings(self.folder / f"{name}.yaml"), Surroundings())

    # --- processes ----------------------------------------------------------------------------------------------------

    @contextmanager
    def _life(self, task: Callable[[Mortal], None], dies_at: int | None) -> Iterator[None]:
        """Let headquarters live for the block; whatever it is doing then, it is killed."""
        process = self._fork(HUB, task, dies_at)
        ended: int | None = None

        def answers_or_gone() -> bool:
            nonlocal ended
            ended = _ended(process)
            return ended is not None or self._answers()

        try:
            _wait_for(answers_or_gone)
            yield
        finally:
            if ended is None:
                os.kill(process, signal.SIGINT if dies_at is None else signal.SIGKILL)
                _wait(process)

    def _run(self, task: Callable[[Mortal], None], dies_at: int | None) -> int:
        """Let the branch live once; return its exit status, negative if it was killed."""
        status = _wait(self._fork(BRANCH, task, dies_at))
        assert status in (0, -signal.SIGKILL), f"the branch failed, see {self.folder}"
        return status

    def _fork(self, name: str, task: Callable[[Mortal], None], dies_at: int | None) -> int:
        self._passed(name).unlink(missing_ok=True)
        for disk in self.disks.values():
            disk.close()
        process = os.fork()
        if process:
            return process
        mortal = Mortal(self.deaths, dies_at)
        status = 1
        try:
            task(mortal)
            status = 0
        except BaseException:  # noqa: BLE001 - a child never returns into its parent's work
            traceback.print_exc()
        finally:
            self._passed(name).write_text(" ".join(mortal.passed), encoding="utf-8")
            sys.stderr.flush()
            os._exit(status)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def _passed(self, name: str) -> Path:
        return self.folder / f"passed-{name}.txt"

    def _note(self, file: str, line: str) -> None:
        note = os.open(self.folder / file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(note, f"{line}\n".encode())
        os.close(note)

    def _lines(self, file: str) -> list[str]:
        return (self.folder / file).read_text(encoding="utf-8").splitlines()


def _hire(node: Node) -> None:
    """Let headquarters know the people: what somebody unknown does to records of others, it does not believe."""
    record = node.catalog.records["core.staff"]
    staff = {"roles": '["waiter"]', "active": 1}
    hired = [Edit(record, who.id, store, "create", {"name": who.name, **staff}) for store, who in PEOPLE.items()]
    with node.database.write() as connection:
        commit(connection, node, Deed(node.new_id(), "core.staff.hire", "system", node.now()), hired)


def _pair(body: str, name: str) -> tuple[int, int]:
    old, new = json.loads(body).get(name, (0, 0))
    return old or 0, new or 0


def _wait(process: int) -> int:
    """Wait for a process; return its exit status, negative if a signal ended it."""
    until = time.monotonic() + LIFE_S_MAX
    while time.monotonic() < until:
        if (ended := _ended(process)) is not None:
            return ended
        time.sleep(0.005)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    raise AssertionError("a process did not end")


def _ended(process: int) -> int | None:
    done, status = os.waitpid(process, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if done else None


def _wait_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + LIFE_S_MAX
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)
