"""From a typed tree to a closure: what actions, timers, dispatch and scorecards call, thousands of times a second.

Two rules about empty values: ``==``, ``!=`` and ``has`` take them; calculating with one or ordering by one
raises EmptyValue. In a condition an empty value counts as false.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from core.language.expressions.env import EmptyValue, Env, Records, Row
from core.language.expressions.fit import is_number
from core.language.expressions.library import rule_error
from core.language.expressions.library_time import in_period
from core.language.expressions.operate import ARITHMETIC, minus, number_arithmetic
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
from core.model.errors import Problem, Text
from core.model.kinds import ANY
from core.model.values import BadValue

Run = Callable[[Env], Any]
Test = Callable[[Any, Any, Env], bool]

_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LOOSE = frozenset({"record", "any", "list", "map"})  # kinds whose values may hold a row where another has its id


def closure(tree: Node, text: str) -> Run:
    """Return the function that works a typed tree out. ``text`` is quoted when a value is missing."""
    return _Builder(text).build(tree)


def identity(value: Any) -> Any:
    """Return a record's id for a row (also inside a list), anything else as it is: references compare by id."""
    if type(value) is Row:
        return value.id
    if isinstance(value, (list, tuple)):
        return [identity(item) for item in value]
    return value


class _Builder:
    def __init__(self, text: str) -> None:
        self.text = text
        self.builders: dict[type[Node], Callable[[Any], Run]] = {
            Constant: lambda node: _constant(node.value),
            Name: _name,
            FieldOf: self._field,
            Part: self._part,
            ItemOf: self._item,
            ListOf: self._list,
            Logic: self._logic,
            Not: self._not,
            Compare: self._compare,
            Arithmetic: self._arithmetic,
            Negate: self._negate,
            Choose: self._choose,
            Call: self._call,
        }

    def build(self, node: Node) -> Run:
        return self.builders[type(node)](node)

    def missing(self, *nodes: Node) -> Callable[..., EmptyValue]:
        """Return what makes the error that names the part without a value."""
        texts = [self.text[node.start : node.end] for node in nodes]

        def error(*values: object) -> EmptyValue:
            empty = [text for text, value in zip(texts, values, strict=True) if value is None]
            named = empty[0] if empty else texts[0]
            return EmptyValue((Problem("empty-value", Text(f"`{named}` is empty", f"`{named}` 为空")),))

        return error

    def _field(self, node: FieldOf) -> Run:
        base, name, record, computed = self.build(node.base), node.name, node.record, node.computed
        if name == "id":
            return lambda env: identity(base(env))
        if isinstance(node.base, Name) and node.base.name != "now" and not computed:
            return _direct_field(node.base.name, name, record)

        def run(env: Env) -> object:
            row = base(env)
            if type(row) is not Row:
                row = row if row is None else env.world.row(record, row)
                if row is None:
                    return None
            return env.world.field(row, name, env) if computed else row.values.get(name)

        return run

    def _part(self, node: Part) -> Run:
        base, name = self.build(node.base), node.name
        if node.base.kind.name == "period":
            return lambda env: None if (period := base(env)) is None else getattr(period, name)
        if isinstance(node.base, Name) and node.base.name in ("settings", "ask"):
            mapping = node.base.name
            return lambda env: env.names[mapping].get(name)  # type: ignore[attr-defined]
        return lambda env: _part_of(base(env), name, env)

    def _item(self, node: ItemOf) -> Run:
        base, index = self.build(node.base), self.build(node.index)
        return lambda env: _item_of(base(env), index(env))

    def _list(self, node: ListOf) -> Run:
        items = [self.build(item) for item in node.items]
        return lambda env: [item(env) for item in items]

    def _logic(self, node: Logic) -> Run:
        first, *others = [self.build(part) for part in node.parts]
        if node.op == "and":
            if len(others) == 1:
                second = others[0]
                return lambda env: first(env) is True and second(env) is True
            return lambda env: first(env) is True and all(part(env) is True for part in others)
        if len(others) == 1:
            second = others[0]
            return lambda env: first(env) is True or second(env) is True
        return lambda env: first(env) is True or any(part(env) is True for part in others)

    def _not(self, node: Not) -> Run:
        part = self.build(node.part)
        return lambda env: part(env) is not True

    def _compare(self, node: Compare) -> Run:
        first = self.build(node.first)
        steps = []
        left = node.first
        for op, right in node.rest:
            steps.append((self._test(op, left, right), self.build(right)))
            left = right
        if len(steps) == 1:
            op, right = node.rest[0]
            if op in ORDERINGS and ANY not in (node.first.kind, right.kind):
                return self._ordering(op, node.first, right)
            listed = _written_out(right)
            if listed is not None and op in ("in", "not in") and node.first.kind.name not in _LOOSE:
                return _among(first, listed, wanted=op == "in")
            test, second = steps[0]
            return lambda env: test(first(env), second(env), env)

        def run(env: Env) -> bool:
            value = first(env)
            for test, other in steps:
                following = other(env)
                if not test(value, following, env):
                    return False
                value = following
            return True

        return run

    def _ordering(self, op: CompareOp, left: Node, right: Node) -> Run:
        """The commonest rule of all, ``self.amount >= settings.approval_from``, without a step too many."""
        compare, missing = _ORDER[op], self.missing(left, right)
        first, second = self.build(left), self.build(right)
        if left.kind.name == "duration":
            return lambda env: _ordered(compare, first(env), second(env), missing)

        def run(env: Env) -> object:
            one, other = first(env), second(env)
            if one is None or other is None:
                raise missing(one, other)
            return compare(one, other)

        return run

    def _test(self, op: CompareOp, left: Node, right: Node) -> Test:
        if op in ORDERINGS:
            compare, missing = _ORDER[op], self.missing(left, right)
            return lambda one, other, _env: _ordered(compare, one, other, missing)
        if op in ("in", "not in"):
            return self._membership(left, wanted=op == "in")
        loose = left.kind.name in _LOOSE or right.kind.name in _LOOSE
        if op == "==":
            return (lambda a, b, _env: bool(identity(a) == identity(b))) if loose else (lambda a, b, _env: bool(a == b))
        return (lambda a, b, _env: bool(identity(a) != identity(b))) if loose else (lambda a, b, _env: bool(a != b))

    def _membership(self, left: Node, *, wanted: bool) -> Test:
        missing = self.missing(left)

        def test(value: Any, group: Any, env: Env) -> bool:
            if group is None:
                return not wanted
            if isinstance(group, (list, tuple)):
                return (identity(value) in identity(group)) is wanted
            if isinstance(group, Mapping):
                return (value in group) is wanted
            if isinstance(group, str) or not hasattr(group, "start"):
                raise rule_error("`in` needs a list or a period", "`in` 右侧应为列表或期间")
            if value is None:
                raise missing(value)
            return in_period(value, group, env) is wanted

        return test

    def _arithmetic(self, node: Arithmetic) -> Run:
        left, right = self.build(node.left), self.build(node.right)
        missing = self.missing(node.left, node.right)
        numbers = is_number(node.left.kind) and is_number(node.right.kind)
        apply = number_arithmetic(node.op) if numbers else ARITHMETIC[node.op]

        def run(env: Env) -> object:
            one, other = left(env), right(env)
            if one is None or other is None:
                raise missing(one, other)
            return apply(one, other)

        return run

    def _negate(self, node: Negate) -> Run:
        part, missing = self.build(node.part), self.missing(node.part)

        def run(env: Env) -> object:
            value = part(env)
            if value is None:
                raise missing(value)
            return minus(value)

        return run

    def _choose(self, node: Choose) -> Run:
        test, yes, no = self.build(node.test), self.build(node.yes), self.build(node.no)
        return lambda env: yes(env) if test(env) is True else no(env)

    def _call(self, node: Call) -> Run:
        function = node.function
        assert function is not None, "the checker fills in the function"
        args = [self.build(arg) for arg in node.args]
        name, run, with_env, nulls = function.name, function.run, function.needs_env, function.nulls
        missing = self.missing(*node.args) if node.args else None
        if function.needs_world:
            return lambda env: env.world.call(name, [arg(env) for arg in args], env)
        assert run is not None, f"{name} has neither a body nor a world to ask"

        def call(env: Env) -> object:
            values = [arg(env) for arg in args]
            if nulls != "see" and None in values:
                if nulls == "pass":
                    return None
                assert missing is not None
                raise missing(*values)
            return run(env, *values) if with_env else run(*values)

        return call


def _constant(value: object) -> Run:
    return lambda _env: value


def _name(node: Name) -> Run:
    name = node.name
    return (lambda env: env.now) if name == "now" else (lambda env: env.names[name])


def _written_out(node: Node) -> tuple[object, ...] | None:
    """Return the values of a list that holds nothing but constants."""
    if not isinstance(node, ListOf):
        return None
    values = tuple(item.value for item in node.items if isinstance(item, Constant))
    return values if len(values) == len(node.items) else None


def _among(value: Run, known: tuple[object, ...], *, wanted: bool) -> Run:
    """``self.state in ["held", "seated"]``: the list is made once."""
    return (lambda env: value(env) in known) if wanted else (lambda env: value(env) not in known)


def _direct_field(name: str, field: str, record: str) -> Run:
    """``self.amount``: the row is at hand nearly always; a reference such as ``me`` is looked up."""

    def run(env: Env) -> object:
        row = env.names[name]
        if type(row) is Row:
            return row.values.get(field)
        found = None if row is None else env.world.row(record, row)  # type: ignore[arg-type]
        return None if found is None else found.values.get(field)

    return run


def _part_of(value: Any, name: str, env: Env) -> object:
    if value is None:
        return None
    if isinstance(value, Records):
        return value.named.get(name)
    if isinstance(value, Mapping):
        return value.get(name)
    if isinstance(value, Row):
        return env.world.field(value, name, env)
    raise rule_error(f"this value has no part `{name}`", f"该值没有 `{name}`")


def _item_of(value: Any, key: Any) -> object:
    if value is None or key is None:
        return None
    if isinstance(value, (list, tuple)) and isinstance(key, int):
        return value[key] if -len(value) <= key < len(value) else None
    if isinstance(value, Mapping):
        return value.get(key)
    raise rule_error("this value has no such item", "该值没有这一项")


def _ordered(compare: Callable[[Any, Any], Any], one: Any, other: Any, missing: Callable[..., EmptyValue]) -> bool:
    if one is None or other is None:
        raise missing(one, other)
    if isinstance(one, bool) or isinstance(other, bool):  # Python orders them as 0 and 1; a rule does not
        raise rule_error("these values cannot be compared", "这些值无法比较")
    try:
        return bool(compare(one, other))
    except BadValue as bad:
        raise rule_error(bad.what.en, bad.what.zh) from None
    except TypeError:
        raise rule_error("these values cannot be compared", "这些值无法比较") from None
