"""Computed fields must not need themselves, however long the way round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.language.checks.inspection import Inspection
from core.language.expressions import Aggregate, Cases, Expression, Formula
from core.language.expressions.tree import Call, FieldOf, Name, walk
from core.model.errors import Text

Node = tuple[str, str]  # qualified record, field


def check_cycles(inspection: Inspection) -> None:
    """Find computed fields that need themselves."""
    needs: dict[Node, set[Node]] = {}
    spots: dict[Node, tuple[str | int, ...]] = {}
    for plan in inspection.plans:
        record = inspection.compiled[plan.name]
        for name, field in record.fields.items():
            if field.value is not None:
                needs[plan.draft.key, name] = set(reads_of(field.value))
                spots[plan.draft.key, name] = (*plan.path, "fields", name, "value")
    done: set[Node] = set()
    for node in needs:
        cycle = _cycle(node, needs, done)
        if cycle:
            way = " -> ".join(f"{record.partition('.')[2]}.{name}" for record, name in cycle)
            inspection.shop.fault(
                "computed-cycle",
                f"the computed field needs itself: {way}",
                f"计算字段依赖自身：{way}",
                spots[node],
                Text("break the circle", "请打破循环"),
            )


def reads_of(formula: Formula) -> Iterator[Node]:
    """Yield every field a formula reads, with the record it belongs to."""
    if isinstance(formula, Expression):
        for node in walk(formula.tree):
            if isinstance(node, FieldOf):
                yield node.record, node.name
            elif isinstance(node, Call) and node.name == "blank":
                yield from _blank(node)
    elif isinstance(formula, Cases):
        for row in formula.rows:
            if row.when is not None:
                yield from reads_of(row.when)
            yield from reads_of(row.is_)
    elif isinstance(formula, Aggregate):
        if formula.field:
            yield formula.record, formula.field
        if formula.where is not None:
            yield from reads_of(formula.where)


def _blank(node: Call) -> Iterator[Node]:
    """``blank(self, ["a", "b"])`` reads the fields it names."""
    if len(node.args) != 2 or not isinstance(node.args[0], Name) or node.args[0].kind.record is None:
        return
    for item in getattr(node.args[1], "items", ()):
        if isinstance(value := getattr(item, "value", None), str):
            yield node.args[0].kind.record, value


def _cycle(start: Node, needs: Mapping[Node, set[Node]], done: set[Node]) -> list[Node] | None:
    """Return the way from ``start`` back to itself, None when there is none. Each field is looked at once."""
    if start in done:
        return None
    trail: list[Node] = []

    def visit(node: Node) -> list[Node] | None:
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node in done or node not in needs:
            return None
        trail.append(node)
        for below in sorted(needs[node]):
            if found := visit(below):
                done.update(trail)
                return found
        trail.pop()
        done.add(node)
        return None

    return visit(start)
