"""The rule book as rows: each rule, where the YAML carries it out, which scenarios prove it."""

from __future__ import annotations

from dataclasses import dataclass

from core.language.definition import Citation, Plugin, Rule

SCENARIOS, GUIDANCE = "scenarios.", "guidance."


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule. ``rule`` is None for a number of a required plugin's rule book, or when there is no rule book."""

    number: str
    rule: Rule | None
    places: tuple[Citation, ...]
    proofs: tuple[str, ...]  # names of scenarios

    @property
    def for_people(self) -> bool:
        """Whether only guidance carries it out: there is nothing to run, the words themselves are the proof."""
        return bool(self.places) and all(place.where.startswith(GUIDANCE) for place in self.places)

    @property
    def unproved(self) -> bool:
        """Whether something carries it out and no scenario shows it."""
        return bool(self.places) and not self.for_people and not self.proofs


def rule_rows(plugin: Plugin) -> tuple[RuleRow, ...]:
    """Return one row per rule on the list and per other number that is cited, in the order of the numbers."""
    places: dict[str, list[Citation]] = {}
    for citation in plugin.citations:
        if not citation.where.startswith(SCENARIOS):
            places.setdefault(citation.number, []).append(citation)
    proofs: dict[str, list[str]] = {}
    for scenario in plugin.scenarios.values():
        for number in scenario.cite:
            proofs.setdefault(number, []).append(scenario.name)
    numbers = dict.fromkeys([*plugin.rules, *places, *proofs])
    return tuple(
        RuleRow(number, plugin.rules.get(number), tuple(places.get(number, ())), tuple(proofs.get(number, ())))
        for number in sorted(numbers, key=_natural)
    )


def cited_at(plugin: Plugin, path: str) -> set[str]:
    """Return the rules cited at a place of the YAML, or at what it is a part of."""
    return {
        each.number
        for each in plugin.citations
        if path.startswith(each.where) and path[len(each.where) : len(each.where) + 1] in ("", ".", "[")
    }


def _natural(number: str) -> tuple[str, int, str]:
    """Sort NC-9 before NC-10."""
    word, _, figure = number.rpartition("-")
    return (word, int(figure), "") if figure.isdigit() else (word, 0, figure)
