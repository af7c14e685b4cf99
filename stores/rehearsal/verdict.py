"""What a rehearsal found: for each thing that differed, the place in the file and both sides of it."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.errors import NodeError, Place, Text


@dataclass(frozen=True, slots=True)
class Miss:
    """One expectation that was not met."""

    place: Place
    what: Text


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a scenario ended."""

    scenario: str
    misses: tuple[Miss, ...]

    @property
    def passed(self) -> bool:
        """Whether everything was as the scenario says."""
        return not self.misses


class Missed(Exception):
    """A step did not go as the scenario says; the play ends here."""

    def __init__(self, place: Place, what: Text) -> None:
        super().__init__(f"{place}: {what.en}")
        self.miss = Miss(place, what)


def because(what: Text, error: NodeError) -> Text:
    """Return ``what`` with the problems that led to it, in both languages."""
    en = "; ".join(_named(problem.what.en, problem.field) for problem in error.problems)
    zh = "；".join(_named(problem.what.zh, problem.field) for problem in error.problems)
    return Text(f"{what.en}: {en}", f"{what.zh}：{zh}")


def _named(what: str, field: str | None) -> str:
    return f"{field}: {what}" if field else what
