"""A chain whose machines are not what they were: put back from backups of themselves, copied, headquarters too.

What must hold afterwards is in ``aftermath``: less than after an ordinary storm, because what was only on a disk that
is gone is gone, and because who writes after such an accident cannot always prove what he had seen.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from core.model.errors import NodeError
from stores.changes import apply, quarantine
from sync import keys
from sync.branch import comparing
from sync.branch.round import sync_round
from tests.simulation.aftermath import Aftermath
from tests.simulation.chain import CALM_ROUNDS_MAX, Chain
from tests.simulation.disk import PostgresDisk, SqliteDisk
from tests.simulation.witness import Key, Known

FATES = {
    "branch": ("set_back", "set_back", "copy"),
    "hub": ("restore",),
    "unnoticed": ("set_back_headquarters",),
    "both": ("set_back", "copy", "restore"),
}
PATIENCE = timedelta(minutes=20)
BACKED_UP = 0.08  # the chance, at every step, that somebody makes a backup
BEFALLEN = 0.03  # and that something happens


@dataclass(frozen=True)
class Backup:
    """A machine as it was, and what the witness knew of it then. It may be put back more than once."""

    file: Path
    knows: Known
    made: tuple[Key, ...]
    decided: tuple[str, ...]  # transactions
    place: int  # of headquarters: up to where the witness had read its log


class FatefulChain(Chain):
    """``fate`` says what happens: to branches, to headquarters with ``branchline restore``, to headquarters without
    anybody telling it, or to both."""

    def __init__(
        self, seed: int, folder: Path, branches: int = 3, danger: float = 0.1, hub_url: str | None = None, *, fate: str
    ) -> None:
        self.fates: tuple[str, ...] = FATES[fate]
        self.backups: dict[str, list[Backup]] = {}
        self.set_backs = 0
        super().__init__(seed, folder, branches, danger, hub_url)
        self.folder = folder
        self.aftermath = Aftermath(self.witness, fate, self.disks)

    def befall(self) -> None:
        """Now and then make a backup, and now and then put one back; never of a branch in the middle of its round."""
        idle = [name for name in self.names if name not in self._syncing]
        if self.dice.random() < BACKED_UP:
            self._back_up(self.dice.choice(idle))
        if self.dice.random() < BEFALLEN:
            getattr(self, f"_{self.dice.choice(self.fates)}")(idle)

    def calm(self) -> None:
        """Heal the links and let everybody sync until nothing moves. A log may be disputed more than once."""
        while self.delayed:
            self._deliver_late()
        for _ in range(2 * CALM_ROUNDS_MAX):
            moved = 0
            for name in self.branches:
                self._tick()
                try:
                    done = sync_round(self.nodes[name], self.link(name, danger=0.0))
                    moved += done.pushed + done.pulled
                except NodeError:
                    moved += 1
                self._learn(name)
            if not moved and not self._tried_again():
                return
        raise AssertionError("the chain does not come to rest")

    def _tried_again(self) -> int:
        """Let the time pass after which headquarters tries again by itself what it could not merge."""
        self.time += PATIENCE
        hub = self.nodes["hq"]
        with hub.database.write() as connection:
            return apply.retry(connection, hub, quarantine.due(connection, hub.now())).merged

    def storm(self, steps: int) -> None:
        """Let the chain work in any weather; afterwards nothing befalls anybody any more."""
        super().storm(steps)
        self.befall = lambda: None  # type: ignore[method-assign]

    def check(self) -> None:
        """See ``aftermath``."""
        self.witness.look_at_the_log()
        for name in self.branches * 3:  # what only a branch remembers of what headquarters forgot goes
            found = comparing.compare(self.nodes[name], self.link(name, danger=0.0))
            if found is None or not found.same:
                self.calm()
        if not self.aftermath.may_miss:
            self.check_comparison()
        self.aftermath.check()

    def _check_own_work(self, name: str) -> None:
        if self.aftermath.exact:
            super()._check_own_work(name)

    # --- what happens ------------------------------------------------------------------------------------------------

    def _back_up(self, name: str) -> None:
        self._learn(name)
        kept, witness = self.backups.setdefault(name, []), self.witness
        file = self.folder / f"{name}-{len(kept)}.backup"
        if name == "hq" and isinstance(self.disks[name], PostgresDisk):
            witness.look_at_the_log()  # where lines have other places when they come back, none may be left unread
        self.disks[name].keep(file)
        known, made, decided = deepcopy(witness.knows[name]), tuple(witness.made[name]), tuple(witness.decided_by[name])
        kept.append(Backup(file, known, made, decided, witness.place))

    def _set_back(self, idle: list[str]) -> None:
        """A branch is put back from a backup."""
        if ready := [name for name in idle if name in self.backups and name != "hq"]:
            name = self.dice.choice(ready)
            self._put_back(name, self.dice.choice(self.backups[name]))

    def _copy(self, idle: list[str]) -> None:
        """The file of a branch is copied to a second PC, and both work on."""
        name = self.dice.choice(idle)
        if name == "hq" or name.endswith("'") or f"{name}'" in self.names:
            return
        self._learn(name)
        copy = f"{name}'"
        disk = SqliteDisk(copy, self.folder / f"{copy}.db")
        self.disks[name].keep(disk.file)
        self.disks[copy], self.skew[copy] = disk, self.skew[name]
        self.witness.knows[copy] = deepcopy(self.witness.knows[name])
        self.nodes[copy] = self._boot(copy)
        self.names = (*self.names, copy)

    def _restore(self, idle: list[str]) -> None:
        """Headquarters is put back with ``branchline restore``."""
        if "hq" in self.backups:
            self.time += timedelta(seconds=1)  # nobody restores twice in a second
            self._put_back("hq", self.dice.choice(self.backups["hq"]))
            with self.nodes["hq"].database.write() as connection:
                keys.begin_epoch(connection, self.dice.randbytes, int(self.nodes["hq"].now().timestamp() * 1000))

    def _set_back_headquarters(self, idle: list[str]) -> None:
        """Headquarters is put back and nobody tells it."""
        if "hq" in self.backups:
            self._put_back("hq", self.dice.choice(self.backups["hq"]))

    def _put_back(self, name: str, backup: Backup) -> None:
        witness = self.witness
        self.mains.on(name)
        self.aftermath.put_back(name, backup.made, backup.decided)
        self.nodes[name].database.close()
        place = self.disks[name].put_back(backup.file)
        witness.knows[name] = deepcopy(backup.knows)
        if name == "hq":
            witness.place = backup.place if place is None else place
        self._pages.pop(name, None)
        self.restart(name)
        if name != "hq":
            self.aftermath.reckon()
        self.cuts -= 1
        self.set_backs += 1
