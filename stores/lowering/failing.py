"""Failing: where a rule needs a value that a row may not have."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Select,
    case,
    exists,
    false,
    literal_column,
    not_,
    or_,
    select,
    true,
)

from core.language.expressions import Aggregate, Cases, Expression, Formula, Literal
from core.language.expressions.tree import (
    ORDERINGS,
    Call,
    Choose,
    Compare,
    CompareOp,
    FieldOf,
    Logic,
    Name,
    Node,
    Not,
    children,
)
from stores.lowering.scene import Condition, Scene, all_of, empties_when_failing


class Failing(Scene):
    """The part of the walk that tells an empty value from a rule that failed for want of one."""

    def fine(self, node: Node) -> Condition | None:
        """Return SQL that is TRUE when a value does not fail, FALSE or NULL when it does; None: it never fails."""
        known = self.worked_out(node)
        if known is not None:
            return false() if known.failed else None
        if not self.may_fail(node):
            return None
        if empties_when_failing(node):
            return self.term(node).sql.is_not(None)
        match node:
            case Logic() | Not() | Compare():
                return or_(self.sure(node, wanted=True), self.sure(node, wanted=False))
            case Choose():
                yes, no = self.fine(node.yes), self.fine(node.no)
                return self.branched(node.test, true() if yes is None else yes, true() if no is None else no)
            case FieldOf():
                return self._fine_field(node)
        return all_of(true(), *map(self.fine, children(node)))

    def _fine_field(self, node: FieldOf) -> Condition | None:
        if self.reads_directly(node):
            inner, formula = self.computed(node.record, node.name, self.source(node.base))
            return inner.fine_formula(formula)
        before = self.fine(node.base)
        if not self._computed_may_fail(node):
            return before
        other = self.world.table_of(node.record).alias()
        inner, formula = self.computed(node.record, node.name, other)
        fine = inner.fine_formula(formula)
        fails = case((true() if fine is None else fine, 0), else_=1) == 1
        key = self.term(node.base).sql
        failing: Select[Any] = (
            select(literal_column("1")).select_from(other).where(other.c.id == key, fails).correlate_except(other)
        )
        return all_of(not_(exists(failing)), before)

    def fine_formula(self, formula: Formula) -> Condition | None:
        """Return the same for a whole formula; aggregates and literals never fail."""
        match formula:
            case Expression():
                return self.fine(formula.tree)
            case Cases():
                result: Condition = true()
                for row in reversed(formula.rows):
                    mine = self.fine_formula(row.is_)
                    mine = true() if mine is None else mine
                    result = mine if row.when is None else self.branched(row.when, mine, result)
                return result
        return None

    def may_fail(self, node: Node) -> bool:
        """Return whether some row could make the part fail."""
        known = self.worked_out(node)
        if known is not None:
            return known.failed
        if empties_when_failing(node):
            return True
        if isinstance(node, FieldOf) and self._computed_may_fail(node):
            return True
        if isinstance(node, Compare):
            left = node.first
            for op, right in node.rest:
                if self.pair_may_fail(op, left, right):
                    return True
                left = right
        return any(self.may_fail(child) for child in children(node))

    def pair_may_fail(self, op: CompareOp, left: Node, right: Node) -> bool:
        """Return whether some row could make one comparison fail."""
        if op in ORDERINGS and (self._may_be_null(left) or self._may_be_null(right)):
            return True
        if right.kind.name == "period" and self._may_be_null(left):
            return True
        return self.may_fail(left) or self.may_fail(right)

    def _may_be_null(self, node: Node) -> bool:
        """Whether the database can meet NULL here; what the checker knows of required fields is not relied on."""
        known = self.worked_out(node)
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
