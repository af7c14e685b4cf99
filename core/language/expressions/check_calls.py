"""Calls: the function is known, its arguments are as many and of the kinds it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.language.expressions.env import RuleError
from core.language.expressions.fit import describe, is_open
from core.language.expressions.registry import Function, Param
from core.language.expressions.tree import Call, Constant, ListOf, Node
from core.model.errors import Text, suggest
from core.model.kinds import ANY, Kind

if TYPE_CHECKING:
    from core.language.expressions.check import Checker


def check_call(checker: Checker, node: Call) -> Node:
    """Return the typed call; a call of literals only may come back as the value itself."""
    args = tuple(checker.visit(arg) for arg in node.args)
    function = checker.functions.get(node.name)
    if function is None:
        fix = suggest(node.name, checker.functions)
        checker.refuse(
            node.start, "unknown-function", f"unknown function `{node.name}`", f"未知函数 `{node.name}`", fix
        )
        return replace(node, args=args, kind=ANY)
    typed = replace(node, args=args, function=function)
    if not _right_count(checker, typed, function):
        return replace(typed, kind=ANY)
    before = len(checker.problems)
    for index, arg in enumerate(args):
        _check_argument(checker, function, function.param(index), arg)
    if function.name == "blank":
        _check_blank(checker, args)
    if len(checker.problems) > before:
        return replace(typed, kind=ANY)
    if function.nulls == "fail":
        for arg in args:
            checker.need(arg)
    kind = function.result_of(tuple(arg.kind for arg in args))
    empty = function.may_be_empty([arg.may_be_empty for arg in args])
    return _folded(checker, replace(typed, kind=kind, may_be_empty=empty))


def _right_count(checker: Checker, node: Call, function: Function) -> bool:
    given, least, most = len(node.args), function.arguments_min, function.arguments_max
    if given >= least and (most is None or given <= most):
        return True
    checker.refuse(
        node.start,
        "wrong-count",
        f"{node.name}() was given {given} argument{'s' * (given != 1)}",
        f"{node.name}() 收到 {given} 个参数",
        Text(f"it is {function.signature}", f"用法：{function.signature}"),
    )
    return False


def _check_argument(checker: Checker, function: Function, param: Param, arg: Node) -> None:
    if param.kinds and arg.kind.name not in param.kinds and not is_open(arg.kind):
        got = describe(arg.kind)
        wanted = [describe(Kind(name)) for name in param.kinds]
        checker.refuse(
            arg.start,
            "wrong-kind",
            f"{function.name}() needs {' or '.join(want.en for want in wanted)} for {param.name}, not {got.en}",
            f"{function.name}() 的 {param.name} 应为{'或'.join(want.zh for want in wanted)}，而不是{got.zh}",
            Text(f"for example: {function.example}", f"例如：{function.example}"),
        )
    elif param.known and isinstance(arg, Constant):
        known = checker.scope.known.get(param.known)
        if known is not None and arg.value not in known:
            checker.refuse(
                arg.start,
                f"unknown-{param.known}",
                f"there is no {param.known} `{arg.value}`",
                f"没有名为 `{arg.value}` 的 {param.known}",
                suggest(str(arg.value), known),
            )


def _check_blank(checker: Checker, args: tuple[Node, ...]) -> None:
    """The names in ``blank(self, ["…"])`` are fields, so a misspelt one must not pass as "filled in"."""
    shape = checker.scope.shape(args[0].kind.record)
    if not isinstance(args[1], ListOf):
        checker.refuse(
            args[1].start, "wrong-kind", "blank() needs its names written out", "blank() 的字段名须直接写出",
            Text('write blank(self, ["a", "b"])', '请写 blank(self, ["a", "b"])'),
        )  # fmt: skip
        return
    for item in args[1].items:
        name = item.value if isinstance(item, Constant) else None
        if shape is not None and (not isinstance(name, str) or shape.kind_of(name) is None):
            checker.refuse(
                item.start, "unknown-field", f"unknown field `{name}` on {shape.name}",
                f"{shape.name} 没有字段 {name}", suggest(str(name), shape.fields),
            )  # fmt: skip


def _folded(checker: Checker, node: Call) -> Node:
    """Work out ``date("2026-04-01")`` now: a wrong date shows at load and costs nothing later."""
    function = node.function
    if function is None or not function.folds or function.run is None:
        return node
    values = [arg.value for arg in node.args if isinstance(arg, Constant) and isinstance(arg.value, str)]
    if len(values) < len(node.args):
        return node
    try:
        value = function.run(None, *values) if function.needs_env else function.run(*values)
    except RuleError as error:
        what = error.problems[0].what
        checker.refuse(node.args[0].start, "wrong-literal", what.en, what.zh)
        return replace(node, kind=ANY)
    return Constant(start=node.start, end=node.end, value=value, kind=node.kind)
