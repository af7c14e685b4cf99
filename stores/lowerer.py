"""The walk from a typed tree to SQL. ``stores.lowering`` is the door to it and says what it promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
)

from core.language.definition import Field
from core.language.expressions import Aggregate, Cases, EmptyValue, Env, Expression, Formula, Literal, World
from core.language.expressions.run import closure
from core.language.expressions.sqlable import reads_columns
from core.language.expressions.tree import (
    ORDERINGS,
    Arithmetic,
    Call,
    Choose,
    Compare,
    CompareOp,
    FieldOf,
    ItemOf,
    ListOf,
    Logic,
    Name,
    Negate,
    Node,
    Not,
    children,
)
from core.model.kinds import BOOL, INT, TEXT, Kind
from stores.terms import Term, at_scale, calculated, known_term, one_of, ordered, same
from stores.words import DATE_PARTS, Words, date_part

Condition = ColumnElement[bool]
ASKED = frozenset({"has", "contains", "startswith"})  # functions that are conditions themselves
COLUMNS = {"id": "id", "store": "_store", "state": "state", "number": "number"}  # what every table has


class SqlWorld(World, Protocol):
    """A world that has tables."""

    def table_of(self, record: str, /) -> FromClause:
        """Return the table of a record type."""

    def field_of(self, record: str, name: str, /) -> Field:
        """Return a field of a record type."""

    def env_in(self, record: str, env: Env, /) -> Env:
        """Return the surroundings in which a computed field of a record type is worked out, without ``self``."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A part worked out beforehand. ``failed``: it needed an empty value."""

    value: object
    failed: bool = False


class Lowerer:
    """Says expressions to one database, with some names standing for tables (``sources``)."""

    def __init__(self, world: SqlWorld, env: Env, words: Words, sources: Mapping[str, FromClause]) -> None:
        self.world = world
        self.env = env
        self.words = words
        self.sources = sources
        self._names = frozenset(sources)
        self._known: dict[int, _Known | None] = {}
        self._terms: dict[int, Term] = {}

    # --- conditions: surely true (wanted), or surely not

    def sure(self, node: Node, *, wanted: bool) -> Condition:
        """Return SQL that is TRUE exactly when the part comes out as ``wanted`` and nothing in it fails."""
        known = self._worked_out(node)
        if known is not None:
            return true() if not known.failed and (known.value is True) is wanted else false()
        match node:
            case Logic():
                return self._logic(node, wanted=wanted)
            case Not():
                return self.sure(node.part, wanted=not wanted)
            case Compare():
                return self._compare(node, wanted=wanted)
            case Choose():
                yes, no = self.sure(node.yes, wanted=wanted), self.sure(node.no, wanted=wanted)
                return self._branched(node.test, yes, no)
            case Call() if node.name in ASKED:
                return _all(self._asked(node, wanted=wanted), *map(self.fine, node.args))
            case FieldOf(base=Name(), computed=True):
                inner, formula = self._computed(node.record, node.name, self._source(node.base))
                return inner.formula_sure(formula, wanted=wanted)
        flag = self.term(node).sql
        return _all(flag == 1 if wanted else func.coalesce(flag, 0) != 1, self.fine(node))

    def formula_sure(self, formula: Formula, *, wanted: bool) -> Condition:
        """Return the same for a whole formula."""
        match formula:
            case Expression():
                return self.sure(formula.tree, wanted=wanted)
            case Literal():
                return true() if (formula.value is True) is wanted else false()
            case Cases():
                result: Condition = false() if wanted else true()
                for row in reversed(formula.rows):
                    mine = self.formula_sure(row.is_, wanted=wanted)
                    result = mine if row.when is None else self._formula_branched(row.when, mine, result)
                return result
        flag = self.formula_term(formula).sql
        return flag == 1 if wanted else func.coalesce(flag, 0) != 1

    def _logic(self, node: Logic, *, wanted: bool) -> Condition:
        if (node.op == "and") is wanted:
            return and_(true(), *(self.sure(part, wanted=wanted) for part in node.parts))
        *before, last = node.parts
        result = self.sure(last, wanted=wanted)
        for part in reversed(before):
            if self._may_fail(part):  # what stands behind it only counts when it did come out, the other way
                result = and_(self.sure(part, wanted=not wanted), result)
            result = or_(self.sure(part, wanted=wanted), result)
        return result

    def _branched(self, test: Node, yes: Condition, no: Condition) -> Condition:
        return or_(and_(self.sure(test, wanted=True), yes), and_(self.sure(test, wanted=False), no))

    def _formula_branched(self, test: Formula, yes: Condition, no: Condition) -> Condition:
        return or_(and_(self.formula_sure(test, wanted=True), yes), and_(self.formula_sure(test, wanted=False), no))

    def _compare(self, node: Compare, *, wanted: bool) -> Condition:
        steps: list[tuple[Condition, Condition, bool]] = []
        left = node.first
        for op, right in node.rest:
            fails = self._pair_may_fail(op, left, right)
            steps.append((self._pair(op, left, right, wanted=True), self._pair(op, left, right, wanted=False), fails))
            left = right
        if wanted:
            return and_(true(), *(yes for yes, _, _ in steps))
        result = steps[-1][1]
        for yes, no, fails in reversed(steps[:-1]):
            result = or_(no, and_(yes, result) if fails else result)
        return result

    def _pair(self, op: CompareOp, left: Node, right: Node, *, wanted: bool) -> Condition:
        if op in ("in", "not in"):
            return _all(self._member(left, right, wanted=(op == "in") is wanted), self.fine(left))
        one, other = self.term(left), self.term(right)
        if op in ORDERINGS:
            rest = [self.fine(side) for side in (left, right) if not _empties_when_failing(side)]
            return _all(ordered(op, one, other, self.words, wanted=wanted), *rest)
        found = same(one, other, self.words, wanted=(op == "==") is wanted)
        return _all(found, self.fine(left), self.fine(right))

    def _member(self, left: Node, right: Node, *, wanted: bool) -> Condition:
        known = self._worked_out(right)
        if known is not None:
            return false() if known.failed else self._member_of(left, known.value, right.kind, wanted=wanted)
        if not isinstance(right, ListOf):
            kind = right.kind.item.name if right.kind.item else "text"
            found = self.words.has_item(self.term(right).sql, self.term(left).sql, kind)
            return _all(found if wanted else not_(found), self.fine(right))
        one = self.term(left)
        each = [same(one, self.term(item), self.words, wanted=wanted) for item in right.items]
        together = or_(false(), *each) if wanted else and_(true(), *each)
        return _all(together, *map(self.fine, right.items))

    def _member_of(self, left: Node, group: Any, kind: Kind, *, wanted: bool) -> Condition:
        """Whether ``left`` is in a list, map or period that is known already."""
        if group is None:
            return false() if wanted else true()
        if kind.name != "period" and not hasattr(group, "start"):
            return one_of(self.term(left), list(group), wanted=wanted)
        one = self.term(left)
        first: object = group.start
        last: object = group.end
        end = "<="
        if left.kind.name == "datetime":
            calendar = self.env.world.calendar()
            first, last, end = calendar.start_of(group.start), calendar.end_of(group.end), "<"
        inside = [
            ordered(">=", one, known_term(first, left.kind), self.words, wanted=wanted),
            ordered(end, one, known_term(last, left.kind), self.words, wanted=wanted),
        ]
        return and_(*inside) if wanted else or_(*inside)

    def _asked(self, node: Call, *, wanted: bool) -> Condition:
        """``has``, ``contains`` and ``startswith``: an empty argument makes them false, never a failure."""
        first = self.term(node.args[0])
        if node.name == "has":
            return _present(first) if wanted else _absent(first)
        part = self.term(node.args[1]).sql
        if node.name == "contains":
            where = self.words.position(first.sql, part)
            return where > 0 if wanted else func.coalesce(where, 0) == 0
        begin = func.substr(first.sql, 1, func.length(part))
        return begin == part if wanted else or_(first.sql.is_(None), part.is_(None), begin != part)

    # --- values

    def term(self, node: Node) -> Term:
        """Return the value of a part: NULL when it is empty, and also when it fails (see ``fine``)."""
        if id(node) not in self._terms:
            known = self._worked_out(node)
            self._terms[id(node)] = known_term(known.value, node.kind) if known is not None else self._term(node)
        return self._terms[id(node)]

    def formula_term(self, formula: Formula) -> Term:
        """Return the value of a whole formula."""
        match formula:
            case Literal():
                return known_term(formula.value, formula.kind)
            case Expression():
                return self.term(formula.tree)
            case Aggregate():
                return self._aggregate(formula)
            case Cases():
                result = known_term(None, formula.kind)
                for row in reversed(formula.rows):
                    mine = self.formula_term(row.is_)
                    result = mine if row.when is None else self._chosen(row.when, mine, result, formula.kind)
                return result
        raise AssertionError(f"no SQL for {type(formula).__name__}")

    def _term(self, node: Node) -> Term:
        match node:
            case Name():
                return Term(self._source(node).c.id, node.kind)
            case FieldOf():
                return self._field(node)
            case Arithmetic():
                return calculated(node.op, self.term(node.left), self.term(node.right), node.kind, self.words)
            case Negate():
                part = self.term(node.part)
                return Term(-self.words.wide(part.sql), node.kind, part.scale)
            case Choose() if node.kind != BOOL:
                return self._chosen(node.test, self.term(node.yes), self.term(node.no), node.kind)
            case ItemOf():
                index = self._worked_out(node.index)
                assert index is not None, "the loader refuses an index by column"
                assert isinstance(index.value, int), "the checker refuses other positions"
                return Term(self.words.item(self.term(node.base).sql, index.value, node.kind.name), node.kind)
            case Call() if node.name not in ASKED:
                return self._call(node)
        flag = case((self.sure(node, wanted=True), 1), (self.sure(node, wanted=False), 0))
        return Term(flag, BOOL)

    def _field(self, node: FieldOf) -> Term:
        if isinstance(node.base, Name) and node.base.name in self.sources:
            return self.field_term(node.record, self._source(node.base), node.name)
        key = self.term(node.base).sql
        if node.name == "id":
            return Term(key, TEXT)
        inner = self.world.table_of(node.record).alias()
        found = self.field_term(node.record, inner, node.name)
        query = select(found.sql).where(inner.c.id == key).correlate_except(inner)
        return Term(query.scalar_subquery(), found.kind, found.scale)

    def field_term(self, record: str, source: FromClause, name: str) -> Term:
        """Return a field of the record a table or alias stands for; a computed one is worked out in place."""
        if name in COLUMNS:
            return Term(source.c[COLUMNS[name]], TEXT)
        field = self.world.field_of(record, name)
        if field.value is None:
            kind = field.spec.static
            return Term(source.c[name], kind, kind.digits or 0)
        inner, formula = self._computed(record, name, source)
        return inner.formula_term(formula)

    def _computed(self, record: str, name: str, source: FromClause) -> tuple[Lowerer, Formula]:
        formula = self.world.field_of(record, name).value
        assert formula is not None, f"{record}.{name} is not computed"
        return Lowerer(self.world, self.world.env_in(record, self.env), self.words, {"self": source}), formula

    def _chosen(self, test: Node | Formula, yes: Term, no: Term, kind: Kind) -> Term:
        scale = max(yes.scale, no.scale)
        one, other = at_scale(yes, scale, self.words), at_scale(no, scale, self.words)
        if isinstance(test, Node):
            true_, false_ = self.sure(test, wanted=True), self.sure(test, wanted=False)
        else:
            true_, false_ = self.formula_sure(test, wanted=True), self.formula_sure(test, wanted=False)
        return Term(case((true_, one), (false_, other)), kind, scale)

    def _call(self, node: Call) -> Term:
        args = [self.term(arg) for arg in node.args]
        first = args[0].sql
        match node.name:
            case "size":
                counted = func.length(first) if args[0].kind.name == "text" else self.words.size(first)
                return Term(func.coalesce(counted, 0), INT)
            case "abs":
                return Term(func.abs(first), node.kind, args[0].scale)
            case "coalesce":
                scale = max(arg.scale for arg in args)
                return Term(func.coalesce(*(at_scale(arg, scale, self.words) for arg in args)), node.kind, scale)
            case "min" | "max":
                return self._extreme(node.name, args, node.kind)
            case "weekday":
                return Term(self.words.weekday(first), INT)
            case "days_between":
                return Term(self.words.days_between(first, args[1].sql), INT)
            case name if name in DATE_PARTS:
                return Term(date_part(name, first), INT)
        sql = node.function.sql if node.function is not None else False
        assert callable(sql), f"no SQL for {node.name}()"
        return Term(sql(*(arg.sql for arg in args)), node.kind)

    def _extreme(self, name: str, args: Sequence[Term], kind: Kind) -> Term:
        """Return the least or greatest. The databases' own functions differ over NULL; here it stays NULL."""
        op = "<=" if name == "min" else ">="
        best = args[0]
        for other in args[1:]:
            scale = max(best.scale, other.scale)
            keep = ordered(op, best, other, self.words, wanted=True)
            change = ordered(op, best, other, self.words, wanted=False)
            one, two = at_scale(best, scale, self.words), at_scale(other, scale, self.words)
            best = Term(case((keep, one), (change, two)), kind, scale)
        return best

    # --- aggregates

    def _aggregate(self, query: Aggregate) -> Term:
        inner = self.world.table_of(query.record).alias()
        within = Lowerer(self.world, self.env, self.words, {**self.sources, query.name: inner})
        value = within.aggregated(query, inner)
        statement: Select[Any] = select(value.sql).select_from(inner).where(within.matching(query, inner))
        return Term(statement.correlate_except(inner).scalar_subquery(), value.kind, value.scale)

    def aggregated(self, query: Aggregate, source: FromClause) -> Term:
        """Return the aggregate over the matching rows of ``source``. Empty fields do not count (SQL's rule, too)."""
        value = self.aggregated_value(query, source)
        match query.how:
            case "count":
                return Term(func.count(value.sql), INT)
            case "sum":
                return Term(func.coalesce(func.sum(value.sql), 0), value.kind, value.scale)
            case "min":
                return Term(func.min(value.sql), value.kind, value.scale)
            case "max":
                return Term(func.max(value.sql), value.kind, value.scale)
            case "one":
                return Term(case((func.count() == 1, func.min(value.sql))), value.kind, value.scale)
        raise AssertionError(f"no SQL for {query.how} inside a condition")

    def aggregated_value(self, query: Aggregate, source: FromClause) -> Term:
        """Return what is aggregated of one row: the field, or the record itself."""
        if query.field is None:
            return Term(source.c.id, Kind("record", record=query.record))
        return self.field_term(query.record, source, query.field)

    def matching(self, query: Aggregate, source: FromClause) -> Condition:
        """Return which rows of ``source`` take part: live ones for which the ``where`` is surely true."""
        alive = source.c["_life"] % 2 == 1
        return alive if query.where is None else and_(alive, self.sure(query.where.tree, wanted=True))

    # --- failing

    def fine(self, node: Node) -> Condition | None:
        """Return SQL that is TRUE when a value does not fail, FALSE or NULL when it does; None: it never fails."""
        known = self._worked_out(node)
        if known is not None:
            return false() if known.failed else None
        if not self._may_fail(node):
            return None
        if _empties_when_failing(node):
            return self.term(node).sql.is_not(None)
        match node:
            case Logic() | Not() | Compare():
                return or_(self.sure(node, wanted=True), self.sure(node, wanted=False))
            case Choose():
                yes, no = self.fine(node.yes), self.fine(node.no)
                return self._branched(node.test, true() if yes is None else yes, true() if no is None else no)
            case FieldOf():
                return self._fine_field(node)
        return _all(true(), *map(self.fine, children(node)))

    def _fine_field(self, node: FieldOf) -> Condition | None:
        if isinstance(node.base, Name) and node.base.name in self.sources:
            inner, formula = self._computed(node.record, node.name, self._source(node.base))
            return inner._fine_formula(formula)
        before = self.fine(node.base)
        if not self._computed_may_fail(node):
            return before
        other = self.world.table_of(node.record).alias()
        inner, formula = self._computed(node.record, node.name, other)
        fine = inner._fine_formula(formula)
        fails = case((true() if fine is None else fine, 0), else_=1) == 1
        key = self.term(node.base).sql
        failing: Select[Any] = (
            select(literal_column("1")).select_from(other).where(other.c.id == key, fails).correlate_except(other)
        )
        return _all(not_(exists(failing)), before)

    def _fine_formula(self, formula: Formula) -> Condition | None:
        match formula:
            case Expression():
                return self.fine(formula.tree)
            case Cases():
                result: Condition = true()
                for row in reversed(formula.rows):
                    mine = self._fine_formula(row.is_)
                    mine = true() if mine is None else mine
                    result = mine if row.when is None else self._formula_branched(row.when, mine, result)
                return result
        return None

    def _may_fail(self, node: Node) -> bool:
        known = self._worked_out(node)
        if known is not None:
            return known.failed
        if _empties_when_failing(node):
            return True
        if isinstance(node, FieldOf) and self._computed_may_fail(node):
            return True
        if isinstance(node, Compare):
            left = node.first
            for op, right in node.rest:
                if self._pair_may_fail(op, left, right):
                    return True
                left = right
        return any(self._may_fail(child) for child in children(node))

    def _pair_may_fail(self, op: CompareOp, left: Node, right: Node) -> bool:
        if op in ORDERINGS and (self._may_be_null(left) or self._may_be_null(right)):
            return True
        if right.kind.name == "period" and self._may_be_null(left):
            return True
        return self._may_fail(left) or self._may_fail(right)

    def _may_be_null(self, node: Node) -> bool:
        """Whether the database can meet NULL here; what the checker knows of required fields is not relied on."""
        known = self._worked_out(node)
        if known is not None:
            return known.value is None
        if isinstance(node, FieldOf):
            if isinstance(node.base, Name) and node.computed:
                formula = self.world.field_of(node.record, node.name).value
                return not (isinstance(formula, Aggregate) and not formula.may_be_empty)
            return not (isinstance(node.base, Name) and node.name in ("id", "store"))
        return not isinstance(node, Name | Logic | Not | Compare) and not (
            isinstance(node, Call) and node.name == "size"
        )

    def _computed_may_fail(self, node: FieldOf) -> bool:
        if not node.computed:
            return False
        formula = self.world.field_of(node.record, node.name).value
        return not isinstance(formula, Aggregate | Literal)

    def _worked_out(self, node: Node) -> _Known | None:
        """Return the value of a part that reads no column, or None for one that does."""
        if id(node) not in self._known:
            self._known[id(node)] = None if reads_columns(node, self._names) else self._run(node)
        return self._known[id(node)]

    def _run(self, node: Node) -> _Known:
        try:
            return _Known(closure(node, "")(self.env))
        except EmptyValue:
            return _Known(None, failed=True)

    def _source(self, node: Node) -> FromClause:
        assert isinstance(node, Name)
        return self.sources[node.name]


def _empties_when_failing(node: Node) -> bool:
    """Whether a part gives NULL when it fails and only then: a calculation is never legitimately empty."""
    if isinstance(node, Call):
        return node.function is not None and node.function.nulls == "fail"
    return isinstance(node, Arithmetic | Negate)


def _all(first: Condition, *others: Condition | None) -> Condition:
    return and_(first, *(other for other in others if other is not None))


def _present(term: Term) -> Condition:
    if term.kind.name == "text":
        return term.sql != ""
    return and_(term.sql.is_not(None), term.sql != "[]", term.sql != "{}") if _is_json(term) else term.sql.is_not(None)


def _absent(term: Term) -> Condition:
    if term.kind.name == "text":
        return func.coalesce(term.sql, "") == ""
    return func.coalesce(term.sql, "[]").in_(["[]", "{}"]) if _is_json(term) else term.sql.is_(None)


def _is_json(term: Term) -> bool:
    return term.kind.name in ("list", "map")
