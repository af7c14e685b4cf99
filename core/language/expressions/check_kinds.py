"""What may not be compared, calculated or given back, and what to write instead."""

from __future__ import annotations

from core.language.expressions.fit import calculated, comparable, describe, fits, is_open, orderable
from core.language.expressions.spots import Source
from core.language.expressions.tree import (
    ORDERINGS,
    ArithmeticOp,
    Choose,
    CompareOp,
    Constant,
    ListOf,
    Node,
)
from core.model.duration import Duration
from core.model.errors import Problem, Text, suggest
from core.model.kinds import ANY, BOOL, Kind

_DAY_OR_MOMENT = Text(
    "compare like with like: today_of(moment) is its business day, start_of(day) a moment",
    "请统一类型：today_of(时间) 得营业日，start_of(日期) 得时间",
)


def comparison_problem(source: Source, op: CompareOp, left: Node, right: Node) -> list[Problem]:
    """Return what is wrong with comparing two typed parts; an empty list when nothing is."""
    if op in ("in", "not in"):
        return _membership_problem(source, left, right)
    if op in ORDERINGS:
        return _ordering_problem(source, op, left, right)
    if not comparable(left.kind, right.kind):
        return [_mismatch(source, op, left, right)]
    if isinstance(left, Constant) and isinstance(right, Constant):
        return []
    return option_problems(source, left, right.kind) + option_problems(source, right, left.kind)


def arithmetic_problem(source: Source, op: ArithmeticOp, left: Node, right: Node) -> list[Problem]:
    """Return what is wrong with ``left op right``."""
    if calculated(op, left.kind, right.kind) is None:
        first, second = describe(left.kind), describe(right.kind)
        return [
            source.problem(
                left.start, "wrong-kind", f"`{op}` does not work on {first.en} and {second.en}",
                f"{first.zh}与{second.zh}之间不能用 `{op}`", _arithmetic_fix(op, left.kind, right.kind),
            )
        ]  # fmt: skip
    if op == "/" and isinstance(right, Constant) and right.value == 0:
        return [source.problem(right.start, "wrong-kind", "nothing can be divided by 0", "不能除以 0")]
    span, moment = (right, left) if right.kind.name == "duration" else (left, right)
    if isinstance(span, Constant) and isinstance(span.value, Duration):
        return _shift_problem(source, moment, span, span.value)
    return []


def result_problem(source: Source, typed: Node, expect: Kind) -> list[Problem]:
    """Return what is wrong with an expression that must give ``expect``."""
    if expect == BOOL and typed.kind.name == "null":
        return [_wrong_result(source, typed, expect)]
    wrong = option_problems(source, typed, expect)
    if wrong or fits(typed.kind, expect):
        return wrong
    return [_wrong_result(source, typed, expect)]


def option_problems(source: Source, node: Node, kind: Kind) -> list[Problem]:
    """Return a problem for each text written out in ``node`` that is none of the options of ``kind``."""
    if kind.name != "text" or kind.options is None:
        return []
    if isinstance(node, Choose):
        return option_problems(source, node.yes, kind) + option_problems(source, node.no, kind)
    if not isinstance(node, Constant) or not isinstance(node.value, str) or node.value in kind.options:
        return []
    listed = ", ".join(kind.options[:12])
    fix = suggest(node.value, kind.options) or Text(f"use one of: {listed}", f"可用：{listed}")
    en, zh = f"`{node.value}` is not one of the options here", f"`{node.value}` 不是可选值"
    return [source.problem(node.start, "unknown-option", en, zh, fix)]


def _membership_problem(source: Source, left: Node, right: Node) -> list[Problem]:
    kind = right.kind
    if is_open(kind):
        return []
    if kind.name == "list":
        if isinstance(right, ListOf):
            return [p for item in right.items for p in comparison_problem(source, "==", left, item)]
        item_kind = kind.item or ANY
        if not comparable(left.kind, item_kind) and not (left.kind.name == "record" and item_kind.name == "text"):
            return [_mismatch(source, "in", left, right)]
        return option_problems(source, left, item_kind)
    if kind.name == "period" and left.kind.name in ("date", "datetime", "any"):
        return []
    if kind.name == "map" and left.kind.name in ("text", "any"):
        return []
    fix = None
    if kind.name == "text":
        text, part = source.text[right.start : right.end], source.text[left.start : left.end]
        fix = Text(f"write contains({text}, {part})", f"请写 contains({text}, {part})")
    return [_mismatch(source, "in", left, right, fix)]


def _ordering_problem(source: Source, op: CompareOp, left: Node, right: Node) -> list[Problem]:
    if not orderable(left.kind, right.kind):
        return [_mismatch(source, op, left, right)]
    for side in (left, right):
        if side.kind.options and not isinstance(side, Constant):
            return [
                source.problem(
                    side.start, "wrong-kind", "the options of a choice have no order", "选项之间没有大小顺序",
                    Text("use == or in [...]", "请用 == 或 in [...]"),
                )
            ]  # fmt: skip
    return []


def _mismatch(source: Source, op: str, left: Node, right: Node, fix: Text | None = None) -> Problem:
    first, second = describe(left.kind), describe(right.kind)
    if {left.kind.name, right.kind.name} == {"date", "datetime"}:
        fix = _DAY_OR_MOMENT
    elif fix is None and "null" in (left.kind.name, right.kind.name):
        fix = Text("write == null or has(…)", "请写 == null 或 has(…)")
    return source.problem(
        left.start, "wrong-kind", f"`{op}` between {first.en} and {second.en} has no meaning",
        f"{first.zh}与{second.zh}不能用 `{op}` 比较", fix,
    )  # fmt: skip


def _arithmetic_fix(op: str, left: Kind, right: Kind) -> Text | None:
    if "text" in (left.name, right.name) and op == "+":
        return Text("turn the other side into text with text(…)", "请用 text(…) 转为文本")
    if {left.name, right.name} == {"date", "int"}:
        return Text("write the days as a duration: 3d, or self.days * 1d", "天数请写成时长，如 3d 或 self.days * 1d")
    return None


def _shift_problem(source: Source, moment: Node, span: Node, duration: Duration) -> list[Problem]:
    if moment.kind.name not in ("date", "datetime"):
        return []
    if not duration.exact:
        text = source.text[moment.start : moment.end]
        return [
            source.problem(
                span.start, "calendar-duration", "months and working days need the calendar", "月与工作日须按日历计算",
                Text(f"write after({text}, …)", f"请写 after({text}, …)"),
            )
        ]  # fmt: skip
    if moment.kind.name == "date" and duration.seconds:
        return [
            source.problem(
                span.start, "wrong-kind", "a date moves by whole days only", "日期只能按整天移动",
                Text("use a moment, such as start_of(day)", "请用时间，如 start_of(日期)"),
            )
        ]  # fmt: skip
    return []


def _wrong_result(source: Source, typed: Node, expect: Kind) -> Problem:
    got, want = describe(typed.kind), describe(expect)
    fix = None
    if typed.kind.name == "decimal" and expect.name == "int":
        fix = Text("write round(…) or int(…)", "请写 round(…) 或 int(…)")
    elif expect == BOOL:
        fix = Text("compare it with something, or write has(…)", "请与某值比较，或写 has(…)")
    return source.problem(
        typed.start,
        "wrong-kind",
        f"this gives {got.en}; {want.en} is needed",
        f"结果是{got.zh}，此处需要{want.zh}",
        fix,
    )
