"""What the three parts of the walk share: where names lead, and what is known before the database is asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from sqlalchemy import ColumnElement, FromClause, and_, or_

from core.language.definition import Field
from core.language.expressions import EmptyValue, Env, Formula, World
from core.language.expressions.run import Run, closure
from core.language.expressions.sqlable import reads_columns
from core.language.expressions.tree import Arithmetic, Call, CompareOp, FieldOf, Name, Negate, Node
from stores.lowering.terms import Term
from stores.lowering.words import Words

Condition = ColumnElement[bool]


class SqlWorld(World, Protocol):
    """A world that has tables."""

    def table_of(self, record: str, /) -> FromClause:
        """Return the table of a record type."""

    def field_of(self, record: str, name: str, /) -> Field:
        """Return a field of a record type."""

    def env_in(self, record: str, env: Env, owner: str | None = None, /) -> Env:
        """Return the surroundings in which a computed field of a record type is worked out, without ``self``.

        ``owner`` is the plugin that added the field, where it is not the record's own.
        """

    def counts_apart(self, record: str, subject: str, /) -> bool:
        """Return whether rules of a type, named or given by its table, count ``record`` in their own store only."""


@dataclass(frozen=True, slots=True)
class Known:
    """A part worked out beforehand. ``failed``: it needed an empty value."""

    value: object
    failed: bool = False


class Scribe(Protocol):
    """Writes down what is known beforehand while a formula is said (``prepared``)."""

    def inside(self, record: str, owner: str | None, /) -> Scribe:
        """Return the scribe of a computed field's formula."""

    def noted(self, node: Node, run: Run, known: Known, /) -> Known:
        """Return what to go on with in the place of ``known``."""


def evaluated(run: Run, env: Env) -> Known:
    """Work a part out before the database is asked."""
    try:
        return Known(run(env))
    except EmptyValue:
        return Known(None, failed=True)


class Scene(ABC):
    """One formula being said to one database, with some names standing for tables (``sources``)."""

    def __init__(
        self,
        world: SqlWorld,
        env: Env,
        words: Words,
        sources: Mapping[str, FromClause],
        scribe: Scribe | None = None,
    ) -> None:
        self.scribe = scribe
        self.world = world
        self.env = env
        self.words = words
        self.sources = sources
        self._names = frozenset(sources)
        self._known: dict[int, Known | None] = {}
        self._terms: dict[int, Term] = {}

    @abstractmethod
    def sure(self, node: Node, *, wanted: bool) -> Condition:
        """Return SQL that is TRUE exactly when the part comes out as ``wanted`` and nothing in it fails."""

    @abstractmethod
    def formula_sure(self, formula: Formula, *, wanted: bool) -> Condition:
        """Return the same for a whole formula."""

    @abstractmethod
    def term(self, node: Node) -> Term:
        """Return the value of a part: NULL when it is empty, and also when it fails (see ``fine``)."""

    @abstractmethod
    def formula_term(self, formula: Formula) -> Term:
        """Return the value of a whole formula."""

    @abstractmethod
    def fine(self, node: Node) -> Condition | None:
        """Return SQL that is TRUE when a value does not fail, FALSE or NULL when it does; None: it never fails."""

    @abstractmethod
    def may_fail(self, node: Node) -> bool:
        """Return whether some row could make the part fail."""

    @abstractmethod
    def pair_may_fail(self, op: CompareOp, left: Node, right: Node) -> bool:
        """Return whether some row could make one comparison fail."""

    def worked_out(self, node: Node) -> Known | None:
        """Return the value of a part that reads no column, or None for one that does."""
        if id(node) not in self._known:
            self._known[id(node)] = None if reads_columns(node, self._names) else self._run(node)
        return self._known[id(node)]

    def source(self, node: Node) -> FromClause:
        """Return the table a name stands for."""
        assert isinstance(node, Name), "only a name stands for a table"
        return self.sources[node.name]

    def reads_directly(self, node: FieldOf) -> bool:
        """Return whether a field belongs to a table that is being read, rather than to one a reference leads to."""
        return isinstance(node.base, Name) and node.base.name in self.sources

    def computed(self, record: str, name: str, source: FromClause) -> tuple[Self, Formula]:
        """Return a computed field's formula and the scene to say it in: ``source`` is then its ``self``."""
        field = self.world.field_of(record, name)
        assert field.value is not None, f"{record}.{name} is not computed"
        env = self.world.env_in(record, self.env, field.owner)
        scribe = self.scribe.inside(record, field.owner) if self.scribe is not None else None
        return type(self)(self.world, env, self.words, {"self": source}, scribe), field.value

    def branched(self, test: Node | Formula, yes: Condition, no: Condition) -> Condition:
        """Return ``yes`` where the test is surely true, ``no`` where it surely is not, and neither where it fails."""
        return or_(and_(self.either_sure(test, wanted=True), yes), and_(self.either_sure(test, wanted=False), no))

    def either_sure(self, test: Node | Formula, *, wanted: bool) -> Condition:
        """Return ``sure`` of a part or of a formula."""
        return self.sure(test, wanted=wanted) if isinstance(test, Node) else self.formula_sure(test, wanted=wanted)

    def _run(self, node: Node) -> Known:
        run = closure(node, "")
        known = evaluated(run, self.env)
        return known if self.scribe is None else self.scribe.noted(node, run, known)


def empties_when_failing(node: Node) -> bool:
    """Whether a part gives NULL when it fails and only then: a calculation is never legitimately empty."""
    if isinstance(node, Call):
        return node.function is not None and node.function.nulls == "fail"
    return isinstance(node, Arithmetic | Negate)


def all_of(first: Condition, *others: Condition | None) -> Condition:
    """Join conditions; None is no condition."""
    return and_(first, *(other for other in others if other is not None))
