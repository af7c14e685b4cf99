"""Values: columns, calculations, what a reference leads to, what is counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    case,
    func,
    literal,
    or_,
    select,
)

from core.language.expressions import Aggregate, Cases, Expression, Formula, Literal, Row
from core.language.expressions.names import COMMON_FIELDS
from core.language.expressions.tree import (
    Arithmetic,
    Call,
    Choose,
    FieldOf,
    ItemOf,
    Name,
    Negate,
    Node,
)
from core.model.kinds import BOOL, INT, TEXT, Kind
from core.model.scope import HEADQUARTERS
from stores.lowering.conditions import ASKED
from stores.lowering.scene import Condition, Scene, all_of
from stores.lowering.terms import Term, at_scale, calculated, known_term, ordered
from stores.lowering.words import DATE_PARTS, date_part

# What every table has: the column behind each name that every record has.
COLUMNS = {"id": "id", "store": "_store", "state": "state", "number": "number", "written_at": "_at"}
_SELF = Name(start=0, end=0, name="self")
_STORE = FieldOf(start=0, end=0, kind=TEXT, base=_SELF, name="store", record="", computed=False)


class Values(Scene):
    """The part of the walk that makes values and aggregates."""

    def term(self, node: Node) -> Term:
        """Return the value of a part: NULL when it is empty, and also when it fails (see ``fine``)."""
        if id(node) not in self._terms:
            known = self.worked_out(node)
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
                return self.aggregate_term(formula)
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
                return Term(self.source(node).c.id, node.kind)
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
                index = self.worked_out(node.index)
                assert index is not None, "the loader refuses an index by column"
                assert isinstance(index.value, int), "the checker refuses other positions"
                return Term(self.words.item(self.term(node.base).sql, index.value, node.kind.name), node.kind)
            case Call() if node.name not in ASKED:
                return self._call(node)
        flag = case((self.sure(node, wanted=True), 1), (self.sure(node, wanted=False), 0))
        return Term(flag, BOOL)

    def _field(self, node: FieldOf) -> Term:
        if self.reads_directly(node):
            return self.field_term(node.record, self.source(node.base), node.name)
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
            return Term(source.c[COLUMNS[name]], COMMON_FIELDS[name])
        field = self.world.field_of(record, name)
        if field.value is None:
            kind = field.spec.static
            return Term(source.c[name], kind, kind.digits or 0)
        inner, formula = self.computed(record, name, source)
        return inner.formula_term(formula)

    def _chosen(self, test: Node | Formula, yes: Term, no: Term, kind: Kind) -> Term:
        scale = max(yes.scale, no.scale)
        one, other = at_scale(yes, scale, self.words), at_scale(no, scale, self.words)
        chosen = case((self.either_sure(test, wanted=True), one), (self.either_sure(test, wanted=False), other))
        return Term(chosen, kind, scale)

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

    def aggregate_term(self, query: Aggregate) -> Term:
        """Return an aggregate inside a condition: a scalar subquery that sees the rows around it."""
        inner = self.world.table_of(query.record).alias()
        within = type(self)(self.world, self.env, self.words, {**self.sources, query.name: inner})
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
        """Return which rows of ``source`` take part: live ones for which the ``where`` is surely true.

        At headquarters lie the records of all stores. What a store's own record counts there is what it counts in
        its store: the records of that store, and those that headquarters has given to all.
        """
        alive = source.c["_life"] % 2 == 1
        matching = alive if query.where is None else and_(alive, self.sure(query.where.tree, wanted=True))
        return all_of(matching, self._in_its_store(query, source))

    def _in_its_store(self, query: Aggregate, source: FromClause) -> Condition | None:
        """Return that a row of ``source`` lies in the store of ``self`` or is headquarters' own; None: no matter."""
        own, subject = self.sources.get("self"), self.env.names.get("self")
        if own is not None:
            table = cast(Table, getattr(own, "element", own)).name
            return _lies_in(source, own.c["_store"]) if self.world.counts_apart(query.record, table) else None
        if not isinstance(subject, Row) or not self.world.counts_apart(query.record, subject.type):
            return None
        store = self._run(_STORE).value
        return None if store is None else _lies_in(source, literal(store))


def _lies_in(source: FromClause, store: ColumnElement[str]) -> Condition:
    """Return that a row belongs to a store or to headquarters, which looks at all; no index on the store is taken."""
    belongs = source.c["_store"].concat("")
    return or_(belongs == store, belongs == HEADQUARTERS, store == HEADQUARTERS)
