"""Which checks are about the record itself: they hold as long as it does, and not only at the moment of one action.

A check of a decisive action guards that action, which its record's home carries out on what it knows. A check of a
field-only action is different: such actions are done in several places at once and merge field by field, so what each
of them has checked may be broken by the two together. It can be asked again of what came of them, if it speaks of
nothing but the record: not of the moment, of who acts, of what was entered once, or of how many others there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from core.language.checks.cycles import reads_of
from core.language.definition import Action, Check, RecordType
from core.language.expressions import Aggregate, Formula, expressions_in
from core.language.expressions.tree import Call, FieldOf, Name, Node, walk

_OWN = frozenset({"self", "settings"})
_DECIDED = frozenset({"state", "number"})


class Lasting(NamedTuple):
    """One such check, the action that asks it, and the fields of the record that its answer depends on."""

    action: Action
    check: Check
    reads: frozenset[str]

    @property
    def name(self) -> str:
        """What a conflict calls it: ``action.check``."""
        return f"{self.action.name}.{self.check.name}"


def lasting_checks(record: RecordType) -> tuple[Lasting, ...]:
    """Return the checks of a record type that can be asked again of any record of it, at any time."""
    field_only = [action for action in record.actions.values() if not action.decisive]
    return tuple(
        Lasting(action, check, reads)
        for action in field_only
        for check in action.checks
        if check.level == "error" and (reads := _read(record, check.rule)) is not None
    )


def _read(record: RecordType, rule: Formula) -> frozenset[str] | None:
    """Return the fields of the record that a rule depends on; None when it depends on something else as well."""
    names, waiting, looked_into = set[str](), [rule], set[str]()
    while waiting:
        formula = waiting.pop()
        if not _is_own(formula):
            return None
        for name in _fields(record, formula):
            declared = record.fields.get(name)
            if declared is None or declared.stored:
                names |= {name} & (record.fields.keys() | _DECIDED)
            elif name not in looked_into:
                looked_into.add(name)
                assert declared.value is not None, "it is computed"
                waiting.append(declared.value)
    return frozenset(names) or None


def _is_own(formula: Formula) -> bool:
    """Say whether a formula speaks of the record, of what that refers to and of settings, and of nothing else."""
    if isinstance(formula, Aggregate):
        return False
    return all(_is_fixed(node) for part in expressions_in(formula) for node in walk(part.tree))


def _is_fixed(node: Node) -> bool:
    if isinstance(node, Name):
        return node.name in _OWN
    if isinstance(node, FieldOf):
        return not node.computed or _is_self(node.base)
    return not (isinstance(node, Call) and (node.function is None or node.function.needs_world))


def _fields(record: RecordType, formula: Formula) -> Iterator[str]:
    yield from (name for owner, name in reads_of(formula) if owner == record.key)


def _is_self(node: Node) -> bool:
    return isinstance(node, Name) and node.name == "self"
