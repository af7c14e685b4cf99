"""What a check is given: the compiled parts, the bench they came from, and where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.language.compile.drafts import Blueprint
from core.language.compile.workshop import Workshop
from core.language.definition import Plugin, RecordType


@dataclass(frozen=True, slots=True)
class Inspection:
    """One compiled plugin under inspection."""

    shop: Workshop
    plugin: Plugin
    plans: tuple[Blueprint, ...]
    compiled: Mapping[str, RecordType]  # by local name, additions too

    def written(self) -> Iterator[tuple[Blueprint, RecordType]]:
        """Yield the records a person wrote, not those made from ledgers and scorecards."""
        for plan in self.plans:
            if plan.origin == "record":
                yield plan, self.compiled[plan.name]
