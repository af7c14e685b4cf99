"""From text to a tree: Python's own parser does the reading, and only what a rule may say gets through.

Nothing is ever evaluated here. What Python cannot read but a rule may say (``20m``, a field called
``class``) is first replaced by a stand-in of the same length, so that every column stays exact.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

from core.language.expressions.scan import Scanned, scan
from core.language.expressions.spots import Source
from core.language.expressions.tree import (
    Arithmetic,
    ArithmeticOp,
    Call,
    Choose,
    Compare,
    CompareOp,
    Constant,
    ItemOf,
    ListOf,
    Logic,
    Name,
    Negate,
    Node,
    Not,
    Part,
)
from core.model.errors import DefinitionError, Text
from core.model.kinds import BOOL, DURATION, INT, NULL, Kind

NODES_MAX = 200
NESTING_MAX = 40
DIGITS_MAX = 18

_COMPARE: dict[type[ast.cmpop], CompareOp] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_ARITHMETIC: dict[type[ast.operator], ArithmeticOp] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_WORDS: dict[str, Constant] = {
    "null": Constant(start=0, end=0, value=None, kind=NULL, may_be_empty=True),
    "true": Constant(start=0, end=0, value=True, kind=BOOL),
    "false": Constant(start=0, end=0, value=False, kind=BOOL),
}
_REFUSED: dict[str, tuple[str, str, Text | None]] = {
    "Lambda": ("`lambda`", "`lambda`", None),
    "ListComp": ("a comprehension (a loop)", "推导式（循环）", None),
    "SetComp": ("a comprehension (a loop)", "推导式（循环）", None),
    "DictComp": ("a comprehension (a loop)", "推导式（循环）", None),
    "GeneratorExp": ("a comprehension (a loop)", "推导式（循环）", None),
    "Await": ("`await`", "`await`", None),
    "Yield": ("`yield`", "`yield`", None),
    "YieldFrom": ("`yield`", "`yield`", None),
    "Dict": ("a map written out", "直接书写的映射", None),
    "Set": ("a set", "集合", Text("write a list: [a, b]", "请写成列表：[a, b]")),
    "Tuple": ("a tuple", "元组", Text("write a list: [a, b]", "请写成列表：[a, b]")),
    "NamedExpr": ("`:=`", "`:=`", None),
    "Starred": ("`*` before a value", "值前的 `*`", None),
    "Slice": ("a slice [a:b]", "切片 [a:b]", None),
    "Pow": ("`**`", "`**`", None),
    "Mod": ("`%`", "`%`", None),
    "FloorDiv": ("`//`", "`//`", Text("write / and round()", "请用 / 与 round()")),
    "MatMult": ("`@`", "`@`", None),
    "LShift": ("`<<`", "`<<`", None),
    "RShift": ("`>>`", "`>>`", None),
    "BitOr": ("`|`", "`|`", Text("write `or`", "请写 `or`")),
    "BitAnd": ("`&`", "`&`", Text("write `and`", "请写 `and`")),
    "BitXor": ("`^`", "`^`", None),
    "Invert": ("`~`", "`~`", Text("write `not`", "请写 `not`")),
    "UAdd": ("a leading `+`", "前置的 `+`", None),
    "Is": ("`is`", "`is`", Text("write == null", "请写 == null")),
    "IsNot": ("`is not`", "`is not`", Text("write != null", "请写 != null")),
}


def parse(source: Source) -> Node:
    """Return the tree of an expression, not yet typed. Raises DefinitionError at the exact column."""
    scanned = scan(source)
    lead = len(scanned.python) - len(scanned.python.lstrip())
    try:
        body = ast.parse(scanned.python[lead:].rstrip(), mode="eval").body
    except SyntaxError as error:
        offset = min(lead + max((error.offset or 1) - 1, 0), len(source.text) - 1)
        raise DefinitionError(
            (
                source.problem(
                    offset, "rule-syntax", "the expression cannot be read from here on", "表达式从此处起无法读取"
                ),
            )
        ) from None
    except (RecursionError, MemoryError, ValueError):
        raise DefinitionError((_too_big(source),)) from None
    return _Reader(source, scanned, lead).read(body)


def _too_big(source: Source) -> Any:
    return source.problem(
        0,
        "rule-too-big",
        f"the expression has more than {NODES_MAX} parts, or more than {NESTING_MAX} inside one another",
        f"表达式超过 {NODES_MAX} 个部分，或嵌套超过 {NESTING_MAX} 层",
        Text("move a part into a computed field", "请把一部分移入计算字段"),
    )


class _Reader:
    """Turns what Python read into our tree, refusing by name what a rule may not say."""

    def __init__(self, source: Source, scanned: Scanned, lead: int) -> None:
        self.source = source
        self.scanned = scanned
        self.lead = lead
        self.bytes = scanned.python[lead:].encode()
        self.ascii = self.bytes.isascii()
        self.nodes = 0
        self.depth = 0
        self.readers: dict[type[ast.expr], Callable[[Any], Node]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._part,
            ast.Subscript: self._item,
            ast.List: self._list,
            ast.BoolOp: self._logic,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._arithmetic,
            ast.Compare: self._compare,
            ast.IfExp: self._choose,
            ast.Call: self._call,
        }

    def read(self, node: ast.expr) -> Node:
        self.nodes += 1
        self.depth += 1
        if self.nodes > NODES_MAX or self.depth > NESTING_MAX:
            raise DefinitionError((_too_big(self.source),))
        reader = self.readers.get(type(node))
        if reader is None:
            raise self._refused(node, self._start(node))
        result = reader(node)
        self.depth -= 1
        return result

    def _start(self, node: ast.expr) -> int:
        return self.lead + self._characters(node.col_offset)

    def _end(self, node: ast.expr) -> int:
        return self.lead + self._characters(node.end_col_offset or 0)

    def _characters(self, in_bytes: int) -> int:
        """Python counts columns in bytes of UTF-8; people count characters."""
        return in_bytes if self.ascii else len(self.bytes[:in_bytes].decode())

    def _refused(self, what: ast.AST, offset: int) -> DefinitionError:
        name = type(what).__name__
        en, zh, fix = _REFUSED.get(name, (f"`{name}`", f"`{name}`", None))
        problem = self.source.problem(
            offset, "rule-refused", f"{en} is not part of the rule language", f"规则语言不支持{zh}", fix
        )
        return DefinitionError((problem,))

    def _constant(self, node: ast.Constant) -> Node:
        start, end = self._start(node), self._end(node)
        value = node.value
        if value is None or isinstance(value, bool):
            word = _WORDS["null" if value is None else str(value).lower()]
            return Constant(start=start, end=end, value=word.value, kind=word.kind, may_be_empty=word.may_be_empty)
        if isinstance(value, str):
            return Constant(start=start, end=end, value=value, kind=Kind("text", options=(value,)))
        if isinstance(value, (int, float)):
            return self._number(start, end)
        raise DefinitionError(
            (
                self.source.problem(
                    start, "rule-refused", "this kind of value is not part of the rule language", "规则语言不支持这种值"
                ),
            )
        )

    def _number(self, start: int, end: int) -> Node:
        """Read the figure from its own characters: a float would already have lost the exact value."""
        figure = self.source.text[start:end]
        if len(figure.replace(".", "")) > DIGITS_MAX:
            raise DefinitionError(
                (
                    self.source.problem(
                        start, "rule-number", f"a number has at most {DIGITS_MAX} digits", f"数字最多 {DIGITS_MAX} 位"
                    ),
                )
            )
        whole, dot, decimals = figure.partition(".")
        if not dot:
            return Constant(start=start, end=end, value=int(whole), kind=INT)
        return Constant(start=start, end=end, value=Decimal(figure), kind=Kind("decimal", digits=len(decimals)))

    def _name(self, node: ast.Name) -> Node:
        start, end = self._start(node), self._end(node)
        if start in self.scanned.durations:
            return Constant(start=start, end=end, value=self.scanned.durations[start], kind=DURATION)
        if node.id in _WORDS:
            word = _WORDS[node.id]
            return Constant(start=start, end=end, value=word.value, kind=word.kind, may_be_empty=word.may_be_empty)
        return Name(start=start, end=end, name=self.scanned.words.get(start, node.id))

    def _part(self, node: ast.Attribute) -> Node:
        end = self._end(node)
        name = self.scanned.words.get(end - len(node.attr), node.attr)
        return Part(start=self._start(node), end=end, base=self.read(node.value), name=name)

    def _item(self, node: ast.Subscript) -> Node:
        return ItemOf(
            start=self._start(node), end=self._end(node), base=self.read(node.value), index=self.read(node.slice)
        )

    def _list(self, node: ast.List) -> Node:
        return ListOf(start=self._start(node), end=self._end(node), items=tuple(self.read(e) for e in node.elts))

    def _logic(self, node: ast.BoolOp) -> Node:
        parts = tuple(self.read(part) for part in node.values)
        op: Literal["and", "or"] = "and" if isinstance(node.op, ast.And) else "or"
        return Logic(start=self._start(node), end=self._end(node), op=op, parts=parts)

    def _unary(self, node: ast.UnaryOp) -> Node:
        start, end = self._start(node), self._end(node)
        if isinstance(node.op, ast.Not):
            return Not(start=start, end=end, part=self.read(node.operand))
        if not isinstance(node.op, ast.USub):
            raise self._refused(node.op, start)
        part = self.read(node.operand)
        if isinstance(part, Constant) and isinstance(part.value, (int, Decimal)) and not isinstance(part.value, bool):
            return Constant(start=start, end=end, value=-part.value, kind=part.kind)
        return Negate(start=start, end=end, part=part)

    def _arithmetic(self, node: ast.BinOp) -> Node:
        left = self.read(node.left)
        op = _ARITHMETIC.get(type(node.op))
        if op is None:
            raise self._refused(node.op, left.end + self._gap(left.end))
        return Arithmetic(start=self._start(node), end=self._end(node), op=op, left=left, right=self.read(node.right))

    def _compare(self, node: ast.Compare) -> Node:
        first = self.read(node.left)
        rest: list[tuple[CompareOp, Node]] = []
        before = first
        for operator, right in zip(node.ops, node.comparators, strict=True):
            op = _COMPARE.get(type(operator))
            if op is None:
                raise self._refused(operator, before.end + self._gap(before.end))
            before = self.read(right)
            rest.append((op, before))
        return Compare(start=self._start(node), end=self._end(node), first=first, rest=tuple(rest))

    def _gap(self, offset: int) -> int:
        """Return how far the operator is from the end of its left side (closing brackets lie between, too)."""
        after = self.source.text[offset:]
        return len(after) - len(after.lstrip(" \t\n)"))

    def _choose(self, node: ast.IfExp) -> Node:
        yes, test = self.read(node.body), self.read(node.test)
        return Choose(start=self._start(node), end=self._end(node), test=test, yes=yes, no=self.read(node.orelse))

    def _call(self, node: ast.Call) -> Node:
        start, end = self._start(node), self._end(node)
        if not isinstance(node.func, ast.Name):
            raise self._not_a_function(node)
        if node.keywords:
            raise DefinitionError(
                (
                    self.source.problem(
                        self.lead + self._characters(node.keywords[0].col_offset),
                        "rule-refused",
                        "arguments are not named in a rule",
                        "规则中的参数不写名称",
                        Text("give them in order", "请按顺序给出"),
                    ),
                )
            )
        name = self.scanned.words.get(self._start(node.func), node.func.id)
        return Call(start=start, end=end, name=name, args=tuple(self.read(arg) for arg in node.args))

    def _not_a_function(self, node: ast.Call) -> DefinitionError:
        fix = None
        if isinstance(node.func, ast.Attribute):
            object_ = self.source.text[self._start(node.func) : self._end(node.func.value)]
            fix = Text(f"write {node.func.attr}({object_})", f"请写 {node.func.attr}({object_})")
        problem = self.source.problem(
            self._start(node),
            "rule-refused",
            "only functions are called, by their plain name",
            "只能按名称调用函数",
            fix,
        )
        return DefinitionError((problem,))
