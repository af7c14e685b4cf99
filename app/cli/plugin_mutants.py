"""``branchline plugin mutants``: break each rule of a plugin, and list the breaks that no scenario notices."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter

from core.language.definition import Plugin
from core.language.mutants import Mutant
from core.language.rulebook import cited_at
from core.language.yaml_tree import dotted
from core.model.errors import Language, Text
from stores.rehearsal.proving import End, Prover, Trial

_CHUNK = 8  # mutants a process takes at a time


@dataclass(frozen=True, slots=True)
class Choice:
    """Which mutants to try: those of a rule, of a record (or any entry of that name), or a sample of all."""

    rule: str = ""
    entry: str = ""
    sample: int = 0  # 0 = all
    seed: int = 0

    def of(self, prover: Prover) -> list[int]:
        """Return the positions of the chosen mutants, in the order of the YAML."""
        chosen = [
            index
            for index, mutant in enumerate(prover.mutants)
            if (not self.rule or self.rule in cited_at(prover.plugin, dotted(mutant.path)))
            and (not self.entry or (len(mutant.path) > 1 and mutant.path[1] == self.entry))
        ]
        if 0 < self.sample < len(chosen):
            chosen = sorted(Random(self.seed).sample(chosen, self.sample))  # noqa: S311 - no secret
        return chosen


@dataclass(slots=True)
class Tally:
    """How it went."""

    survivors: list[Trial]
    ends: Counter[str]
    equivalent: int = 0
    stale: Sequence[str] = ()  # notes of equivalent mutants that are noticed now, or do not exist
    seconds: float = 0.0

    @property
    def proved(self) -> bool:
        """Whether every break is noticed or explained."""
        return not self.survivors and not self.stale


def try_all(prover: Prover, choice: Choice, jobs: int) -> Iterator[str | Trial | Tally]:
    """Yield the scenarios that fail as it is, then each survivor as it is found, and the tally at the end."""
    began, tally, chosen = perf_counter(), Tally([], Counter()), choice.of(prover)
    explained = prover.plugin.equivalent
    prover.walk(prover.mutants[index] for index in chosen)
    yield from prover.failing
    survived: set[str] = set()
    for trial in _trials(prover, chosen, jobs):
        tally.ends[trial.end] += 1
        if trial.end != "survived":
            continue
        survived.add(trial.mutant.name)
        if trial.mutant.name in explained:
            tally.equivalent += 1
        else:
            tally.survivors.append(trial)
            yield trial
    tried = {prover.mutants[index].name for index in chosen}
    every = {mutant.name for mutant in prover.mutants}
    tally.stale = [name for name in explained if name not in every or (name in tried and name not in survived)]
    tally.seconds = perf_counter() - began
    yield tally


def survivor(trial: Trial, plugin: Plugin, language: Language) -> str:
    """Return the line of one survivor: where, what was changed, which rules are cited there."""
    mutant = trial.mutant
    rules = ", ".join(sorted(cited_at(plugin, dotted(mutant.path))))
    return f"{_spot(plugin, mutant)} {dotted(mutant.path)}: {mutant.what.say(language)}" + (
        f"  [{rules}]" if rules else ""
    )


def stale(name: str, language: Language) -> str:
    """Return the line of a note that explains nothing any more."""
    said = Text("noted as equivalent, but noticed or gone", "注明为等效，但已被察觉或已不存在")
    return f"{name}: {said.say(language)}"


def summary(tally: Tally, language: Language) -> str:
    """Return the last line."""
    count, ends = sum(tally.ends.values()), tally.ends
    left = len(tally.survivors)
    return Text(
        f"{count} mutants: {ends['noticed']} noticed, {ends['refused']} refused by the loader, "
        f"{tally.equivalent} equivalent, {left} survived; {tally.seconds:.1f} s",
        f"{count} 个变异：{ends['noticed']} 个被场景察觉，{ends['refused']} 个被加载检查拒绝，"
        f"{tally.equivalent} 个等效，{left} 个未被察觉；用时 {tally.seconds:.1f} 秒",
    ).say(language)


def _spot(plugin: Plugin, mutant: Mutant) -> str:
    file = Path(mutant.place.file)
    short = file.relative_to(plugin.folder) if file.is_relative_to(plugin.folder) else file
    return f"{short.as_posix()}:{mutant.place.line}:{mutant.place.column}"


# --- several processes


def _trials(prover: Prover, chosen: Sequence[int], jobs: int) -> Iterator[Trial]:
    if jobs <= 1 or len(chosen) <= _CHUNK or "fork" not in multiprocessing.get_all_start_methods():
        yield from (prover.try_out(prover.mutants[index]) for index in chosen)
        return
    global _prover  # noqa: PLW0603 - what a forked process finds as it is; compiled rules cannot be sent
    _prover = prover
    try:
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("fork")) as pool:
            for index, end, by in pool.map(_try_one, chosen, chunksize=_CHUNK):
                yield Trial(prover.mutants[index], end, by)
    finally:
        _prover = None


_prover: Prover | None = None


def _try_one(index: int) -> tuple[int, End, str | None]:
    assert _prover is not None, "forked with it"
    trial = _prover.try_out(_prover.mutants[index])
    return index, trial.end, trial.by
