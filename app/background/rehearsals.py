"""Scenarios of plugins, played on a running node when somebody asks: in memory, one plugin at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from core.host.host import Host
from core.language.definition import Plugin
from stores.rehearsal import Verdict, rehearse

BREATH_S = 0.02  # between two scenarios: people and branches come first


@dataclass
class Run:
    """One run: of which version, how many scenarios there are, and how those that have been played ended."""

    plugin: str
    digest: str
    total: int
    verdicts: list[Verdict] = field(default_factory=list)
    running: bool = True

    @property
    def failed(self) -> int:
        """How many did not end as they say."""
        return sum(not each.passed for each in self.verdicts)


class Rehearsals:
    """The runs of one node: the last of each plugin, and never two at once."""

    def __init__(self, host: Host, spawn: Callable[[Callable[[], None]], None] | None = None) -> None:
        self._host = host
        self._spawn = spawn or _thread
        self._lock = Lock()
        self._rest = Event()
        self._runs: dict[str, Run] = {}

    def last(self, plugin: Plugin) -> Run | None:
        """Return the last run of a plugin as it is now; None when it has changed since."""
        run = self._runs.get(plugin.name)
        return run if run is not None and run.digest == plugin.digest else None

    def start(self, plugin: Plugin) -> bool:
        """Begin to play a plugin's scenarios; return False when a run is under way."""
        with self._lock:
            if any(run.running for run in self._runs.values()):
                return False
            run = self._runs[plugin.name] = Run(plugin.name, plugin.digest, len(plugin.scenarios))
        self._spawn(lambda: self._play(plugin, run))
        return True

    def _play(self, plugin: Plugin, run: Run) -> None:
        try:
            for scenario in plugin.scenarios.values():
                run.verdicts.append(rehearse(self._host, plugin, scenario))
                self._rest.wait(BREATH_S)
        finally:
            run.running = False


def _thread(work: Callable[[], None]) -> None:
    Thread(target=work, name="rehearsal", daemon=True).start()
