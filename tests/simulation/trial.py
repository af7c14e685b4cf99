"""One storm that can be told in a line, run again, and made smaller while it still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.simulation.chain import Chain
from tests.simulation.fate import FatefulChain
from tests.simulation.weather import PowerCut

SHRINKS_MAX = 16


@dataclass(frozen=True)
class Trial:
    """A storm by its seed and size, over a planted fault (``mutant``) or none; ``fate`` puts machines back.

    ``database`` makes an empty database for headquarters; without it, it keeps a file like the others.
    """

    seed: int
    steps: int = 200
    branches: int = 3
    danger: float = 0.1
    mutant: str = ""
    fate: str = ""
    database: Callable[[], str] | None = None

    def run(self) -> tuple[str, str]:
        """Return what went wrong, empty if nothing did, and what happened in the storm."""
        with TemporaryDirectory() as folder:
            chain = self._chain(Path(folder))
            try:
                chain.storm(self.steps)
                chain.calm()
                chain.check()
            except (Exception, PowerCut) as error:  # noqa: BLE001 - whatever it is, the seed must be told
                return f"{type(error).__name__}: {str(error)[:300]}", ""
            finally:
                chain.close()
        told = f"{chain.rounds} rounds, {chain.cuts} power cuts, {len(chain.witness.edits)} edits, "
        return "", told + f"{chain.witness.conflicts.total()} conflicts, all agree"

    def _chain(self, folder: Path) -> Chain:
        hub_url = self.database() if self.database else None
        if self.fate:
            return FatefulChain(self.seed, folder, self.branches, self.danger, hub_url, fate=self.fate)
        return Chain(self.seed, folder, self.branches, self.danger, hub_url)

    @property
    def command(self) -> str:
        """How to run it again by hand."""
        size = f"--first {self.seed} --seeds 1 --steps {self.steps} --branches {self.branches} --danger {self.danger}"
        return (
            f"python -m tests.simulation {size}"
            + "".join(f" --{name} {value}" for name in ("fate", "mutant") if (value := getattr(self, name)))
            + (" --postgres" if self.database else "")
        )


def shrunk(failed: Trial) -> Trial:
    """Return the smallest storm found that fails as well: fewer branches, calmer weather, fewer steps."""
    runs, wrong = 0, failed.run()[0]
    smallest, search = failed, _smaller(failed)
    while (smaller := next(search, None)) is not None and runs < SHRINKS_MAX:
        runs += 1
        if _kind(smaller.run()[0]) == _kind(wrong):
            smallest, search = smaller, _smaller(smaller)
    return smallest


def _kind(wrong: str) -> str:
    """Return what sort of failure it is: a smaller storm must fail in the same way, not just somehow."""
    return wrong.partition(":")[0]


def _smaller(trial: Trial) -> Iterator[Trial]:
    if trial.steps > 5:
        yield replace(trial, steps=trial.steps // 2)
    if trial.branches > 1:
        yield replace(trial, branches=trial.branches - 1)
    if trial.danger:
        yield replace(trial, danger=0.0)
    if trial.steps > 5:
        yield replace(trial, steps=trial.steps - trial.steps // 4)
        yield replace(trial, steps=trial.steps - 1)
