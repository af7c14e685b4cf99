"""Anything the language computes: a literal, an expression, a list of cases, an aggregate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal as OneOf
from typing import Protocol

from core.language.expressions.env import EmptyValue, Env
from core.language.expressions.tree import Name, Node, walk
from core.model.errors import Place, Problem
from core.model.kinds import INT, Kind

How = OneOf["count", "sum", "avg", "min", "max", "one"]


class Formula(Protocol):
    """Anything the language computes. Calling it gives the value; an empty one is None."""

    @property
    def kind(self) -> Kind:
        """What it yields."""

    @property
    def text(self) -> str:
        """As it was written."""

    @property
    def place(self) -> Place | None:
        """Where it was written."""

    @property
    def may_be_empty(self) -> bool:
        """Whether it can yield None or fail for want of a value."""

    @property
    def settings(self) -> frozenset[str]:
        """The settings it cannot do without: a blank one makes the rule inactive (C-11)."""

    def __call__(self, env: Env, /) -> object:
        """Return the value. Raises EmptyValue when something it needs is empty, RuleError when values do not fit."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it is written."""

    value: object
    kind: Kind
    place: Place | None = None

    @property
    def text(self) -> str:
        """The value in words."""
        return "null" if self.value is None else str(self.value)

    @property
    def may_be_empty(self) -> bool:
        """Only null is empty."""
        return self.value is None

    @property
    def settings(self) -> frozenset[str]:
        """A literal needs none."""
        return frozenset()

    def __call__(self, _env: Env, /) -> object:
        """Return the value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression: its tree for SQL and tools, its closure for everything else."""

    text: str
    tree: Node
    kind: Kind
    place: Place | None
    run: Callable[[Env], object] = field(compare=False, repr=False)
    own: str | None = None  # the name whose columns a `where` reads (NameScope.own)
    warnings: tuple[Problem, ...] = ()
    settings: frozenset[str] = frozenset()  # those it cannot do without; a blank one makes the rule inactive (C-11)

    @property
    def may_be_empty(self) -> bool:
        """Whether it can yield None."""
        return self.tree.may_be_empty

    def __call__(self, env: Env, /) -> object:
        """Return the value."""
        return self.run(env)


@dataclass(frozen=True, slots=True)
class Case:
    """One line of a list of cases; without ``when`` it always matches."""

    when: Formula | None
    is_: Formula


@dataclass(frozen=True, slots=True)
class Cases:
    """``[{when, is}, …]``: the first that matches gives the value; when none does, there is none."""

    rows: tuple[Case, ...]
    kind: Kind
    place: Place | None = None

    @property
    def text(self) -> str:
        """All cases in one line."""
        return "; ".join(f"{row.when.text} -> {row.is_.text}" if row.when else row.is_.text for row in self.rows)

    @property
    def may_be_empty(self) -> bool:
        """Whether no case need match, or a matching one may be empty."""
        return not any(row.when is None for row in self.rows) or any(row.is_.may_be_empty for row in self.rows)

    @property
    def settings(self) -> frozenset[str]:
        """The settings its rows cannot do without."""
        parts = [part for row in self.rows for part in (row.when, row.is_) if part is not None]
        return frozenset[str]().union(*(part.settings for part in parts))

    def __call__(self, env: Env, /) -> object:
        """Return the value of the first case that matches."""
        for row in self.rows:
            if row.when is None or row.when(env) is True:
                return row.is_(env)
        return None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """``{count: project, where: …}``: one value from many records.

    ``name`` is the local name the ``where`` uses for the record at hand. ``count`` counts records (with a
    ``field``: those that have it); ``sum`` of none is 0; ``avg``, ``min`` and ``max`` of none are empty;
    ``one`` is the record (or its field) when exactly one matches, else empty: a doubtful match is no match.
    """

    how: How
    record: str  # qualified
    name: str
    field: str | None = None
    where: Expression | None = None
    kind: Kind = INT
    place: Place | None = None

    @property
    def text(self) -> str:
        """The aggregate in one line."""
        target = f"{self.name}.{self.field}" if self.field else self.name
        return f"{self.how} {target}" + (f" where {self.where.text}" if self.where else "")

    @property
    def may_be_empty(self) -> bool:
        """Counts and sums always have a value."""
        return self.how not in ("count", "sum")

    @property
    def settings(self) -> frozenset[str]:
        """The settings its ``where`` cannot do without."""
        return self.where.settings if self.where else frozenset()

    def __call__(self, env: Env, /) -> object:
        """Ask the world."""
        return env.world.aggregate(self, env)


def expressions_in(formula: Formula | None) -> Iterator[Expression]:
    """Yield every expression a formula is made of: itself, the rows of its cases, the ``where`` of its total."""
    match formula:
        case Expression():
            yield formula
        case Cases():
            for row in formula.rows:
                yield from expressions_in(row.when)
                yield from expressions_in(row.is_)
        case Aggregate():
            yield from expressions_in(formula.where)


def names_in(formula: Formula | None) -> set[str]:
    """Return every name a formula speaks of: ``self``, ``settings``, a record at hand."""
    nodes = (node for each in expressions_in(formula) for node in walk(each.tree))
    return {node.name for node in nodes if isinstance(node, Name)}


def holds(condition: Formula | None, env: Env) -> bool:
    """Return whether a ``where`` or ``when`` is true. Needing an empty value is the same as false."""
    if condition is None:
        return True
    try:
        return condition(env) is True
    except EmptyValue:
        return False
