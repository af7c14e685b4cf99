"""Every name known, every kind right, every empty field tested: found out when the plugin is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from core.language.expressions import guards
from core.language.expressions.check_calls import check_call
from core.language.expressions.check_kinds import arithmetic_problem, comparison_problem, result_problem
from core.language.expressions.fit import calculated, describe, is_number, is_open, unify
from core.language.expressions.names import NameScope, RecordShape
from core.language.expressions.registry import Functions
from core.language.expressions.spots import Source
from core.language.expressions.tree import (
    ORDERINGS,
    Arithmetic,
    Call,
    Choose,
    Compare,
    CompareOp,
    Constant,
    FieldOf,
    ItemOf,
    ListOf,
    Logic,
    Name,
    Negate,
    Node,
    Not,
    Part,
)
from core.model.errors import DefinitionError, Problem, Text, suggest
from core.model.kinds import ANY, BOOL, DURATION, Kind
from core.model.values import BadValue, clean_text


def check(
    tree: Node,
    source: Source,
    scope: NameScope,
    functions: Functions,
    *,
    expect: Kind | None = None,
    given: Sequence[Node] = (),
) -> tuple[Node, list[Problem]]:
    """Return the typed tree and the warnings. Raises DefinitionError with all problems found.

    ``given`` are typed conditions known to be true whenever the expression runs.
    """
    checker = Checker(source, scope, functions)
    checker.facts = guards.NOTHING.union(*(guards.when_true(node) for node in given))
    typed = checker.visit(tree)
    if expect is not None and not checker.problems:
        checker.problems += result_problem(source, typed, expect)
    if checker.problems:
        raise DefinitionError(tuple(checker.problems))
    return typed, checker.warnings


class Checker:
    """Walks a tree once; ``facts`` are the paths known to have a value at the part it is looking at."""

    def __init__(self, source: Source, scope: NameScope, functions: Functions) -> None:
        self.source = source
        self.scope = scope
        self.functions = functions
        self.facts = guards.NOTHING
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._warned: set[str] = set()
        self._visitors: dict[type[Node], Callable[[Any], Node]] = {
            Constant: self._constant,
            Name: self._name,
            Part: self._part,
            ItemOf: self._item,
            ListOf: self._list,
            Logic: self._logic,
            Not: self._not,
            Compare: self._compare,
            Arithmetic: self._arithmetic,
            Negate: self._negate,
            Choose: self._choose,
            Call: lambda node: check_call(self, node),
        }

    def visit(self, node: Node) -> Node:
        """Return the node with its kind; after a problem its kind is ``any``, so that one fault is told once."""
        return self._visitors[type(node)](node)

    def refuse(self, offset: int, code: str, en: str, zh: str, fix: Text | None = None) -> None:
        """Note a problem and go on: the author gets all of them at once."""
        self.problems.append(self.source.problem(offset, code, en, zh, fix))

    def need(self, node: Node) -> None:
        """Warn when a value that is needed here may be empty."""
        if not node.may_be_empty:
            return
        text = self.source.text[node.start : node.end]
        if text in self._warned:
            return
        self._warned.add(text)
        fix = Text(f"use coalesce({text}, …)", f"请用 coalesce({text}, …)")
        if guards.path_of(node):
            fix = Text(f"test it first: has({text}) and …", f"请先判断：has({text}) and …")
        en, zh = f"`{text}` may be empty; the rule then fails", f"`{text}` 可能为空，届时规则不成立"
        self.warnings.append(self.source.problem(node.start, "may-be-empty", en, zh, fix, level="warn"))

    def under(self, facts: guards.Facts, node: Node) -> Node:
        """Visit a part that only runs when ``facts`` are known."""
        before = self.facts
        self.facts = before | facts
        typed = self.visit(node)
        self.facts = before
        return typed

    # --- values

    def _constant(self, node: Constant) -> Node:
        if not isinstance(node.value, str):
            return node
        try:
            text = clean_text(node.value)
        except BadValue as bad:
            self.refuse(node.start, bad.code, bad.what.en, bad.what.zh, bad.fix)
            text = ""
        return replace(node, value=text, kind=Kind("text", options=(text,)))

    def _name(self, node: Name) -> Node:
        kind = self.scope.names.get(node.name)
        if kind is None:
            fix = self._name_fix(node.name)
            self.refuse(node.start, "unknown-name", f"unknown name `{node.name}`", f"未知名称 `{node.name}`", fix)
            return replace(node, kind=ANY)
        return replace(node, kind=kind, may_be_empty=node.name in self.scope.empty and node.name not in self.facts)

    def _name_fix(self, name: str) -> Text:
        shape = self._shape(self.scope.names.get("self"))
        if shape is not None and shape.kind_of(name):
            return Text(f"write self.{name}", f"请写 self.{name}")
        if name in dict((self.scope.names.get("settings") or ANY).parts or ()):
            return Text(f"write settings.{name}", f"请写 settings.{name}")
        if any(shape.name == name for shape in self.scope.records.values()):
            return Text(
                "a record type is named only in the `where` of its own count, sum, …",
                "记录类型只能在其自身汇总的 `where` 中使用",
            )
        near = suggest(name, self.scope.names)
        return near or Text(f'quote it if it is text: "{name}"', f'如为文本请加引号："{name}"')

    def _part(self, node: Part) -> Node:
        base = self.visit(node.base)
        shape = self._shape(base.kind)
        if shape is not None:
            return self._field(node, base, shape)
        kind = self._part_kind(node, base)
        path = guards.path_of(replace(node, base=base)) or ""
        empty = base.may_be_empty or (is_open(kind) and base.kind.name != "period") or path in self.scope.empty
        return replace(node, base=base, kind=kind, may_be_empty=empty and path not in self.facts)

    def _shape(self, kind: Kind | None) -> RecordShape | None:
        return self.scope.shape(kind.record) if kind is not None and kind.name == "record" else None

    def _field(self, node: Part, base: Node, shape: RecordShape) -> Node:
        kind = shape.kind_of(node.name)
        if kind is None:
            self.refuse(
                node.end - len(node.name),
                "unknown-field",
                f"unknown field `{node.name}` on {shape.name}",
                f"{shape.name} 没有字段 {node.name}",
                suggest(node.name, shape.fields) or _listed(shape.fields),
            )
        typed = FieldOf(
            start=node.start,
            end=node.end,
            base=base,
            name=node.name,
            record=shape.key,
            computed=node.name in shape.computed,
            kind=kind or ANY,
        )
        empty = kind is not None and (base.may_be_empty or shape.may_be_empty(node.name))
        return replace(typed, may_be_empty=empty and guards.path_of(typed) not in self.facts)

    def _part_kind(self, node: Part, base: Node) -> Kind:
        parts = dict(base.kind.parts or ())
        if node.name in parts:
            return parts[node.name]
        offset = node.end - len(node.name)
        if base.kind.parts is not None:
            owner = self.source.text[base.start : base.end]
            self.refuse(
                offset, "unknown-part", f"`{owner}` has no `{node.name}`", f"`{owner}` 没有 `{node.name}`",
                suggest(node.name, parts) or _listed(parts),
            )  # fmt: skip
        elif not is_open(base.kind) and base.kind.name not in ("map", "record"):
            what = describe(base.kind)
            fix = None
            if node.name in self.functions:
                owner = self.source.text[base.start : base.end]
                fix = Text(f"write {node.name}({owner})", f"请写 {node.name}({owner})")
            self.refuse(
                offset, "no-parts", f"{what.en} has no parts, so no `.{node.name}`",
                f"{what.zh}没有组成部分，不能用 `.{node.name}`", fix,
            )  # fmt: skip
        return ANY

    def _item(self, node: ItemOf) -> Node:
        base, index = self.visit(node.base), self.visit(node.index)
        typed = replace(node, base=base, index=index, kind=self._item_kind(base, index))
        return replace(typed, may_be_empty=guards.path_of(typed) not in self.facts)

    def _item_kind(self, base: Node, index: Node) -> Kind:
        wanted = {"list": "int", "map": "text"}.get(base.kind.name)
        if wanted is None and not is_open(base.kind):
            what = describe(base.kind)
            self.refuse(base.start, "no-items", f"{what.en} has no items", f"{what.zh}没有可取的项")
        elif wanted is not None and index.kind.name not in (wanted, "any"):
            en, zh = ("a whole number", "整数") if wanted == "int" else ("a text", "文本")
            what = describe(index.kind)
            self.refuse(
                index.start, "wrong-kind", f"the key must be {en}, not {what.en}", f"键应为{zh}，而不是{what.zh}"
            )
        elif base.kind.parts and base.kind.name == "map":
            return self._keyed(dict(base.kind.parts), index)
        return base.kind.item or ANY

    def _keyed(self, parts: dict[str, Kind], index: Node) -> Kind:
        if isinstance(index, Constant) and isinstance(index.value, str) and index.value not in parts:
            key = index.value
            self.refuse(
                index.start, "unknown-part", f"there is no `{key}` here", f"此处没有 `{key}`",
                suggest(key, parts) or _listed(parts),
            )  # fmt: skip
        kinds = set(parts.values())
        return kinds.pop() if len(kinds) == 1 else ANY

    def _list(self, node: ListOf) -> Node:
        items = tuple(self.visit(item) for item in node.items)
        kind = ANY
        for number, item in enumerate(items):
            common = item.kind if number == 0 else unify(kind, item.kind)
            if common is None:
                here, there = describe(item.kind), describe(kind)
                self.refuse(
                    item.start, "mixed-list", f"{here.en} does not go with {there.en} in one list",
                    f"同一列表中不能既有{there.zh}又有{here.zh}",
                )  # fmt: skip
            kind = common or ANY
        return replace(node, items=items, kind=Kind("list", item=kind))

    # --- conditions

    def condition(self, node: Node) -> None:
        """Refuse a typed part that is neither true nor false."""
        if node.kind != BOOL and not is_open(node.kind):
            what, text = describe(node.kind), self.source.text[node.start : node.end]
            test = f"size({text}) > 0" if node.kind.name == "list" else f"has({text})"
            self.refuse(
                node.start, "not-a-condition", f"`{text}` is {what.en}, not true or false",
                f"`{text}` 是{what.zh}，不是条件", Text(f"write {test}", f"请写 {test}"),
            )  # fmt: skip

    def _logic(self, node: Logic) -> Node:
        parts: list[Node] = []
        facts = guards.NOTHING
        for part in node.parts:
            typed = self.under(facts, part)
            self.condition(typed)
            facts |= guards.when_true(typed) if node.op == "and" else guards.when_false(typed)
            parts.append(typed)
        return replace(node, parts=tuple(parts), kind=BOOL)

    def _not(self, node: Not) -> Node:
        part = self.visit(node.part)
        self.condition(part)
        return replace(node, part=part, kind=BOOL)

    def _compare(self, node: Compare) -> Node:
        left = first = self.visit(node.first)
        rest: list[tuple[CompareOp, Node]] = []
        for op, raw in node.rest:
            right = self.visit(raw)
            found = comparison_problem(self.source, op, left, right)
            self.problems += found
            if not found and op in ORDERINGS:
                self.need(left)
                self.need(right)
            elif not found and right.kind.name == "period":
                self.need(left)
            rest.append((op, right))
            left = right
        return replace(node, first=first, rest=tuple(rest), kind=BOOL)

    # --- calculations

    def _arithmetic(self, node: Arithmetic) -> Node:
        left, right = self.visit(node.left), self.visit(node.right)
        found = arithmetic_problem(self.source, node.op, left, right)
        self.problems += found
        if not found:
            self.need(left)
            self.need(right)
        kind = calculated(node.op, left.kind, right.kind) or ANY
        return replace(node, left=left, right=right, kind=kind)

    def _negate(self, node: Negate) -> Node:
        part = self.visit(node.part)
        if not is_number(part.kind) and part.kind.name not in ("any", "duration"):
            what = describe(part.kind)
            self.refuse(
                node.start, "wrong-kind", f"`-` needs a number, not {what.en}", f"`-` 后应为数字，而不是{what.zh}"
            )
        else:
            self.need(part)
        return replace(node, part=part, kind=part.kind if is_number(part.kind) or part.kind == DURATION else ANY)

    def _choose(self, node: Choose) -> Node:
        test = self.visit(node.test)
        self.condition(test)
        yes = self.under(guards.when_true(test), node.yes)
        no = self.under(guards.when_false(test), node.no)
        kind = unify(yes.kind, no.kind)
        if kind is None:
            first, second = describe(yes.kind), describe(no.kind)
            self.refuse(
                no.start, "mixed-kinds", f"one branch gives {first.en}, the other {second.en}",
                f"两个分支一个是{first.zh}，另一个是{second.zh}",
            )  # fmt: skip
        empty = yes.may_be_empty or no.may_be_empty
        return replace(node, test=test, yes=yes, no=no, kind=kind or ANY, may_be_empty=empty)


def _listed(names: Iterable[str]) -> Text:
    shown = ", ".join(list(names)[:12])
    return Text(f"there is {shown}", f"可用：{shown}") if shown else Text("there are none", "没有可用的名称")
