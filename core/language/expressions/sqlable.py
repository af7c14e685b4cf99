"""Whether the database can work a condition out itself. What it cannot do is refused when the plugin is loaded.

Parts that read no column are worked out before the question is asked, so they may use every function.
Parts that do read a column are limited to what means the same in Python, SQLite and PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from core.language.expressions.formula import Aggregate, Cases, Expression, Formula, Literal
from core.language.expressions.spots import Source
from core.language.expressions.tree import (
    ORDERINGS,
    Arithmetic,
    Call,
    Choose,
    Compare,
    Constant,
    FieldOf,
    ItemOf,
    ListOf,
    Logic,
    Name,
    Negate,
    Node,
    Not,
    children,
    walk,
)
from core.model.errors import Problem, Text

FormulaOf = Callable[[str, str], Formula | None]  # record, field -> its formula when it is computed
Names = frozenset[str]

SELF: Names = frozenset({"self"})
WEIGHT_MAX = 3000  # conditions that one rule may become; mixing `and` and `or` deeply doubles them at every step
PLAIN_ITEMS = frozenset({"text", "int", "date", "record"})  # kinds whose JSON form every database compares alike
_DATE_ONLY = frozenset({"year", "month", "day", "weekday", "days_between"})
_MOVE_OVER = Text(
    "calculate on the other side: `field < now - settings.limit` instead of `field + settings.limit < now`",
    "请把计算移到另一侧：写 `字段 < now - settings.limit`，不要写 `字段 + settings.limit < now`",
)


def sql_problem(formula: Formula, own: str | None = None, formula_of: FormulaOf | None = None) -> Problem | None:
    """Return why the database cannot work ``formula`` out, or None when it can.

    ``own`` is the name whose columns are read; an expression knows its own. With ``formula_of`` the computed
    fields it reads are looked into as well.
    """
    name = own or (formula.own if isinstance(formula, Expression) else None) or "self"
    return next(_of_formula(formula, frozenset({name}), formula_of, frozenset()), None)


def reads_columns(node: Node, names: Names) -> bool:
    """Return whether a part depends on one of the records whose columns are read."""
    return any(isinstance(part, Name) and part.name in names for part in walk(node))


def _of_formula(
    formula: Formula, names: Names, formula_of: FormulaOf | None, seen: frozenset[tuple[str, str]]
) -> Iterator[Problem]:
    match formula:
        case Literal():
            return
        case Expression():
            yield from _Judge(Source(formula.text, formula.place), names, formula_of, seen).of(formula.tree)
            if sum(_weight(formula.tree)) > WEIGHT_MAX:
                yield _problem(
                    formula, "`and` and `or` are too deep inside one another for the database",
                    "`and` 与 `or` 嵌套过深，数据库无法处理", Text("write it with fewer brackets", "请减少括号层次"),
                )  # fmt: skip
        case Cases():
            for row in formula.rows:
                for part in (row.when, row.is_):
                    if part is not None:
                        yield from _of_formula(part, names, formula_of, seen)
        case Aggregate():
            if formula.how == "avg":
                yield _problem(
                    formula, "an average cannot be compared inside the database", "数据库中不能比较平均值",
                    Text("compare the sum with the count times the figure", "请用总和与数量乘以该值比较"),
                )  # fmt: skip
            if formula.where is not None:
                yield from _of_formula(formula.where, names | {formula.name}, formula_of, seen)
            if formula.field is not None and formula_of is not None:
                yield from _of_field(formula.record, formula.field, formula_of, seen)
        case _:
            yield _problem(formula, "the database cannot work this out", "数据库无法计算此项")


def _of_field(record: str, name: str, formula_of: FormulaOf, seen: frozenset[tuple[str, str]]) -> Iterator[Problem]:
    formula = formula_of(record, name)
    if formula is not None and (record, name) not in seen:
        yield from _of_formula(formula, SELF, formula_of, seen | {(record, name)})


def _problem(formula: Formula, en: str, zh: str, fix: Text | None = None) -> Problem:
    return Problem("not-in-sql", Text(en, zh), fix=fix, place=formula.place)


class _Judge:
    """Goes down the parts that read columns and yields what the database cannot do."""

    def __init__(
        self, source: Source, names: Names, formula_of: FormulaOf | None, seen: frozenset[tuple[str, str]]
    ) -> None:
        self.source = source
        self.names = names
        self.formula_of = formula_of
        self.seen = seen

    def of(self, node: Node) -> Iterator[Problem]:
        if not reads_columns(node, self.names):
            return
        match node:
            case Name() | Logic() | Not() | Negate() | Choose():
                pass
            case FieldOf():
                yield from self._field(node)
            case Compare():
                yield from self._compare(node)
            case Arithmetic():
                yield from self._arithmetic(node)
            case Call():
                yield from self._call(node)
            case ItemOf():
                yield from self._item(node)
            case _:
                yield self._refuse(node)
        for child in children(node):
            if not (isinstance(child, ListOf) and isinstance(node, Compare)):
                yield from self.of(child)

    def _refuse(self, node: Node, fix: Text | None = None) -> Problem:
        text = self.source.text[node.start : node.end]
        en, zh = f"the database cannot work out `{text}`", f"数据库无法计算 `{text}`"
        return self.source.problem(node.start, "not-in-sql", en, zh, fix)

    def _field(self, node: FieldOf) -> Iterator[Problem]:
        if node.computed and self.formula_of is not None:
            for problem in _of_field(node.record, node.name, self.formula_of, self.seen):
                yield self._refuse(node, problem.what)

    def _compare(self, node: Compare) -> Iterator[Problem]:
        left = node.first
        for op, right in node.rest:
            if op in ("in", "not in"):
                yield from self._membership(left, right)
            elif op in ORDERINGS and "duration" in (left.kind.name, right.kind.name):
                yield self._refuse(left, _MOVE_OVER)
            elif not _is_null(left) and not _is_null(right):
                for side in (left, right):
                    if reads_columns(side, self.names) and side.kind.name in ("list", "map", "any"):
                        yield self._refuse(side)
            left = right

    def _membership(self, left: Node, right: Node) -> Iterator[Problem]:
        if isinstance(right, ListOf):
            for item in right.items:
                yield from self.of(item)
        elif reads_columns(right, self.names):
            kind = right.kind.item
            if right.kind.name != "list" or kind is None or kind.name not in PLAIN_ITEMS:
                yield self._refuse(right)
        if reads_columns(left, self.names) and left.kind.name in ("list", "map", "any"):
            yield self._refuse(left)

    def _arithmetic(self, node: Arithmetic) -> Iterator[Problem]:
        kinds = {node.left.kind.name, node.right.kind.name}
        if node.op == "/":
            yield self._refuse(
                node,
                Text("multiply the other side instead of dividing this one", "请改为在另一侧相乘，而不是在此处相除"),
            )
        elif not (kinds <= {"int", "decimal"} or kinds == {"text"}):
            yield self._refuse(node, _MOVE_OVER if kinds & {"duration", "date", "datetime"} else None)
        elif node.kind.name == "decimal":
            for side in (node.left, node.right):
                if side.kind.name == "decimal" and side.kind.digits is None and reads_columns(side, self.names):
                    yield self._refuse(side)

    def _call(self, node: Call) -> Iterator[Problem]:
        if node.name in _DATE_ONLY and any(arg.kind.name != "date" for arg in node.args):
            yield self._refuse(node, Text("keep the day in a date field of its own", "请用单独的日期字段保存日期"))
        elif node.function is None or not node.function.sql or not _plain_arguments(node):
            yield self._refuse(node)
        if node.name == "overlap" and all(reads_columns(arg, self.names) for arg in node.args):
            yield self._refuse(node, Text("one of the two lists must be known already", "两个列表之一须为已知值"))

    def _item(self, node: ItemOf) -> Iterator[Problem]:
        if node.kind.name not in PLAIN_ITEMS or node.base.kind.name != "list" or reads_columns(node.index, self.names):
            yield self._refuse(node)


def _is_null(node: Node) -> bool:
    return isinstance(node, Constant) and node.value is None


def _plain_arguments(node: Call) -> bool:
    if node.name == "overlap":
        return all(arg.kind.item is not None and arg.kind.item.name in PLAIN_ITEMS for arg in node.args)
    if node.name == "size":
        return node.args[0].kind.name in ("list", "text")
    if node.name in ("min", "max"):
        return len(node.args) > 1 and node.kind.name not in ("any", "duration", "list", "bool")
    return node.name != "coalesce" or node.kind.name not in ("any", "list", "map")


def _weight(node: Node) -> tuple[int, int]:
    """Return how many conditions it takes at most to say that a part is true, and that it is not."""
    below = [_weight(child) for child in children(node)]
    if isinstance(node, Not):
        return below[0][1], below[0][0]
    if isinstance(node, Logic):
        all_true, all_false = sum(yes for yes, _ in below), sum(no for _, no in below)
        both = all_true + all_false
        return (all_true, both) if node.op == "and" else (both, all_false)
    if isinstance(node, Choose):
        (yes, no), *branches = below
        return yes + no + sum(t for t, _ in branches), yes + no + sum(f for _, f in branches)
    total = 1 + sum(yes + no for yes, no in below if yes + no > 2)
    return total, total
