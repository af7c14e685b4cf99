"""Conditions: surely true, or surely not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import (
    and_,
    false,
    func,
    not_,
    or_,
    true,
)

from core.language.expressions import Cases, Expression, Formula, Literal
from core.language.expressions.tree import (
    ORDERINGS,
    Call,
    Choose,
    Compare,
    CompareOp,
    FieldOf,
    ListOf,
    Logic,
    Name,
    Node,
    Not,
)
from core.model.kinds import TEXT, Kind
from stores.lowering.scene import Condition, Scene, all_of, empties_when_failing
from stores.lowering.terms import Term, known_term, one_of, ordered, same

ASKED = frozenset({"has", "contains", "startswith", "overlap"})  # functions that are conditions themselves


class Conditions(Scene):
    """The part of the walk that makes conditions."""

    def sure(self, node: Node, *, wanted: bool) -> Condition:
        """Return SQL that is TRUE exactly when the part comes out as ``wanted`` and nothing in it fails."""
        known = self.worked_out(node)
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
                return self.branched(node.test, yes, no)
            case Call() if node.name in ASKED:
                return all_of(self._asked(node, wanted=wanted), *map(self.fine, node.args))
            case FieldOf(base=Name(), computed=True):
                inner, formula = self.computed(node.record, node.name, self.source(node.base))
                return inner.formula_sure(formula, wanted=wanted)
        flag = self.term(node).sql
        return all_of(flag == 1 if wanted else func.coalesce(flag, 0) != 1, self.fine(node))

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
                    result = mine if row.when is None else self.branched(row.when, mine, result)
                return result
        flag = self.formula_term(formula).sql
        return flag == 1 if wanted else func.coalesce(flag, 0) != 1

    def _logic(self, node: Logic, *, wanted: bool) -> Condition:
        if (node.op == "and") is wanted:
            return and_(true(), *(self.sure(part, wanted=wanted) for part in node.parts))
        *before, last = node.parts
        result = self.sure(last, wanted=wanted)
        for part in reversed(before):
            if self.may_fail(part):  # what stands behind it only counts when it did come out, the other way
                result = and_(self.sure(part, wanted=not wanted), result)
            result = or_(self.sure(part, wanted=wanted), result)
        return result

    def _compare(self, node: Compare, *, wanted: bool) -> Condition:
        steps: list[tuple[Condition, Condition, bool]] = []
        left = node.first
        for op, right in node.rest:
            fails = self.pair_may_fail(op, left, right)
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
            return all_of(self._member(left, right, wanted=(op == "in") is wanted), self.fine(left))
        one, other = self.term(left), self.term(right)
        if op in ORDERINGS:
            rest = [self.fine(side) for side in (left, right) if not empties_when_failing(side)]
            return all_of(ordered(op, one, other, self.words, wanted=wanted), *rest)
        found = same(one, other, self.words, wanted=(op == "==") is wanted)
        return all_of(found, self.fine(left), self.fine(right))

    def _member(self, left: Node, right: Node, *, wanted: bool) -> Condition:
        known = self.worked_out(right)
        if known is not None:
            return false() if known.failed else self._member_of(left, known.value, right.kind, wanted=wanted)
        if not isinstance(right, ListOf):
            kind = right.kind.item.name if right.kind.item else "text"
            found = self.words.has_item(self.term(right).sql, self.term(left).sql, kind)
            return all_of(found if wanted else not_(found), self.fine(right))
        one = self.term(left)
        each = [same(one, self.term(item), self.words, wanted=wanted) for item in right.items]
        together = or_(false(), *each) if wanted else and_(true(), *each)
        return all_of(together, *map(self.fine, right.items))

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
        """``has``, ``contains``, ``startswith``, ``overlap``: an empty argument makes them false, never a failure."""
        if node.name == "overlap":
            return self._overlap(*node.args, wanted=wanted)
        first = self.term(node.args[0])
        if node.name == "has":
            return _present(first) if wanted else _absent(first)
        part = self.term(node.args[1]).sql
        if node.name == "contains":
            where = self.words.position(first.sql, part)
            return where > 0 if wanted else func.coalesce(where, 0) == 0
        begin = func.substr(first.sql, 1, func.length(part))
        return begin == part if wanted else or_(first.sql.is_(None), part.is_(None), begin != part)

    def _overlap(self, items: Node, others: Node, *, wanted: bool) -> Condition:
        known = self.worked_out(others)
        if known is None:
            items, others, known = others, items, self.worked_out(items)
        assert known is not None, "the loader refuses two columns"
        kind = items.kind.item or TEXT
        values = cast("Sequence[object]", known.value or ())
        found = [self.words.has_item(self.term(items).sql, known_term(v, kind).sql, kind.name) for v in values]
        return or_(false(), *found) if wanted else not_(or_(false(), *found))


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
