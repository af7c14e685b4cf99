"""What one reader may see of one record type: which records, which fields, and which of them only masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from core.host.catalog import Catalog
from core.language.definition import EVERYONE, SYSTEM, Field, ReadRule, RecordType
from core.language.expressions import Cases, EmptyValue, Env, Expression, Formula, Row, holds
from core.language.expressions.tree import Call, Choose, Compare, FieldOf, Name, Node, children
from core.model.errors import Forbidden, Problem, Text

CORE = "core"
_TELL_LITTLE = frozenset({"has", "blank", "size"})  # functions whose result does not carry the value itself


@dataclass(frozen=True)
class Sight:
    """The read rules that apply to one reader.

    A record is visible through any of ``rules`` and must meet all of ``narrowed`` (from hooks). A field is
    masked when every rule through which the record is visible masks it, and absent when every one hides it.
    A computed field is as secret as the fields it is made from.
    """

    record: RecordType
    rules: tuple[ReadRule, ...]
    narrowed: tuple[Formula, ...] = ()

    @property
    def blind(self) -> bool:
        """Whether the reader sees nothing of this record type."""
        return not self.rules

    @property
    def wheres(self) -> tuple[Formula, ...] | None:
        """The conditions of which one must hold; None when some rule shows every record."""
        wheres = [rule.where for rule in self.rules]
        return None if None in wheres else tuple(where for where in wheres if where is not None)

    @property
    def unmasked(self) -> bool:
        """Whether every field of every visible record is in clear."""
        plain = [not rule.mask and not rule.hide for rule in self.rules]
        return all(plain) or any(p for p, rule in zip(plain, self.rules, strict=True) if rule.where is None)

    def fields(self) -> Iterator[Field]:
        """Yield the fields that the reader may see of some record at least, masked or not."""
        for name, field in self.record.fields.items():
            if any(not rule.hide & self._sources[name] for rule in self.rules):
                yield field

    def is_open(self, name: str) -> bool:
        """Whether the reader sees the field in clear on every record that is visible.

        Only then may a list be filtered, searched or sorted by it: otherwise the order, or whether a record
        turns up, would tell what the mask hides.
        """
        clear = [_always_clear(rule, self._sources[name]) for rule in self.rules]
        return all(clear) or any(c for c, rule in zip(clear, self.rules, strict=True) if rule.where is None)

    def shows_ending(self, field: Field) -> bool:
        """Whether every visible record shows at least the end of the field: masked ``last4``, and hidden by no rule."""
        if field.mask != "last4" or not self.rules or self.is_open(field.name):
            return False
        return not any(rule.hide & self._sources[field.name] for rule in self.rules)

    def check_open(self, name: str) -> None:
        """Raise ``Forbidden`` unless the field may be filtered, searched and sorted by."""
        if not self.is_open(name):
            label = self.record.fields[name].label
            what = Text(
                f"{label.en} is masked for you, a list cannot be ordered or searched by it",
                f"您无权按{label.zh}排序或查找",
            )
            raise Forbidden((Problem("field-masked", what, field=name),))

    def shown(self, row: Row, env: Env) -> Shown:
        """Return how the fields of one visible record are to be shown."""
        if self.unmasked:
            return NOTHING_MASKED
        through = self.through(row, env)
        names = self.record.fields
        absent = {name for name in names if all(rule.hide & self._sources[name] for rule in through)}
        masked = {name for name in names if not any(_clear(rule, self._sources[name], row, env) for rule in through)}
        return Shown(frozenset(absent), frozenset(masked - absent))

    def through(self, row: Row, env: Env) -> list[ReadRule]:
        """Return the rules through which a record is visible."""
        seen_from = env.having(self=row)
        return [rule for rule in self.rules if holds(rule.where, seen_from)]

    def meets(self, row: Row, env: Env) -> bool:
        """Whether the record is visible."""
        seen_from = env.having(self=row)
        return bool(self.through(row, env)) and all(holds(rule, seen_from) for rule in self.narrowed)

    @cached_property
    def _sources(self) -> dict[str, frozenset[str]]:
        return {name: sources(self.record, name) for name in self.record.fields}


@dataclass(frozen=True, slots=True)
class Shown:
    """Which fields of one record are left out, and which are masked."""

    absent: frozenset[str]
    masked: frozenset[str]


NOTHING_MASKED = Shown(frozenset(), frozenset())


def sight(catalog: Catalog, record: RecordType, roles: Iterable[str], narrowed: tuple[Formula, ...] = ()) -> Sight:
    """Return what somebody with ``roles`` may see of ``record``. The system sees everything.

    A record type without read rules is read by every role its plugin knows; core's by every role of any plugin,
    because all of them stand on core's staff, notices and conflicts.
    """
    held = frozenset(roles)
    if SYSTEM in held:
        return Sight(record, (ReadRule(),))
    if held:
        held |= {EVERYONE}
    if record.read is None:
        return Sight(record, (ReadRule(),) if held & known_roles(catalog, record.plugin) else (), narrowed)
    return Sight(record, tuple(rule for role, rule in record.read.items() if role in held), narrowed)


def sources(record: RecordType, name: str) -> frozenset[str]:
    """Return the field itself and the fields whose values show in it."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in found and each in record.fields:
            found.add(each)
            waiting += _copied(record.fields[each].value)
    return frozenset(found)


def known_roles(catalog: Catalog, plugin: str) -> set[str]:
    """Return the roles that a plugin knows: its own, core's and those of plugins it requires; core knows all."""
    if plugin == CORE:
        return {role for each in catalog.plugins.values() for role in each.roles}
    own = catalog.plugin(plugin)
    return {
        role for name in (plugin, CORE, *own.requires) if name in catalog.plugins for role in catalog.plugin(name).roles
    }


def _always_clear(rule: ReadRule, names: frozenset[str]) -> bool:
    return not names & rule.hide and not names & rule.mask.keys()


def _clear(rule: ReadRule, names: frozenset[str], row: Row, env: Env) -> bool:
    """Whether a rule shows all of ``names`` on this record. A mask that cannot be worked out masks."""
    if names & rule.hide:
        return False
    seen_from = env.having(self=row)
    return not any(_masks(rule.mask[name], seen_from) for name in names & rule.mask.keys())


def _masks(condition: Formula | None, env: Env) -> bool:
    if condition is None:
        return True
    try:
        return condition(env) is not False
    except EmptyValue:
        return True


def _copied(formula: Formula | None) -> Iterator[str]:
    """Yield the own fields whose value an expression passes on; a comparison or a count does not."""
    if isinstance(formula, Cases):
        for case in formula.rows:
            yield from _copied(case.is_)
    elif isinstance(formula, Expression) and formula.kind.name not in {"bool", "record"}:
        yield from _copied_in(formula.tree)


def _copied_in(node: Node) -> Iterator[str]:
    if isinstance(node, Compare) or (isinstance(node, Call) and node.name in _TELL_LITTLE):
        return
    if isinstance(node, FieldOf) and isinstance(node.base, Name) and node.base.name == "self":
        yield node.name
        return
    for part in (node.yes, node.no) if isinstance(node, Choose) else children(node):
        yield from _copied_in(part)
