"""What ``+ - * /`` do: exact numbers, moments and durations, texts."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from core.language.expressions.env import EmptyValue
from core.language.expressions.library import rule_error
from core.language.expressions.tree import ArithmeticOp
from core.model.duration import Duration
from core.model.errors import Problem, Text
from core.model.values import BadValue

Operation = Callable[[Any, Any], Any]


def number_arithmetic(op: ArithmeticOp) -> Operation:
    """Return the operation on two numbers that are known to be numbers."""
    return _NUMBERS[op]


def divide(left: Any, right: Any) -> Decimal:
    """Divide exactly in decimals. By zero there is no value: the rule fails as it does for an empty field."""
    if not right:
        raise EmptyValue((Problem("empty-value", Text("nothing can be divided by 0", "不能除以 0")),))
    return Decimal(left) / Decimal(right)


def minus(value: Any) -> Any:
    """Return ``-value`` of a number or a duration."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, Duration)):
        raise _unfit("-")
    return -value


def plus(left: Any, right: Any) -> Any:
    """Add numbers, join texts, move a date or moment by a duration."""
    if isinstance(left, Duration) and isinstance(right, date):
        left, right = right, left
    if isinstance(left, date) and isinstance(right, Duration):
        return _moved(left, right)
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(left, Duration) and isinstance(right, Duration):
        return _in_bounds(lambda: left + right)
    return _on_numbers("+", left, right)


def subtract(left: Any, right: Any) -> Any:
    """Subtract numbers or durations, move a date or moment back, measure the time between two."""
    if isinstance(left, date) and isinstance(right, Duration):
        return _moved(left, -right)
    if isinstance(left, date) and isinstance(right, date) and isinstance(left, datetime) is isinstance(right, datetime):
        between = left - right
        if isinstance(left, datetime):
            return _in_bounds(lambda: Duration(seconds=int(between.total_seconds())))
        return _in_bounds(lambda: Duration(days=between.days))
    if isinstance(left, Duration) and isinstance(right, Duration):
        return _in_bounds(lambda: left - right)
    return _on_numbers("-", left, right)


def times(left: Any, right: Any) -> Any:
    """Multiply numbers, or a duration by a whole number."""
    if isinstance(left, Duration) is not isinstance(right, Duration):
        span, count = (left, right) if isinstance(left, Duration) else (right, left)
        if isinstance(count, int) and not isinstance(count, bool):
            return _in_bounds(lambda: span * count)
    return _on_numbers("*", left, right)


def over(left: Any, right: Any) -> Any:
    """Divide numbers."""
    return _on_numbers("/", left, right)


def _moved(moment: date, span: Duration) -> date:
    if not span.exact:
        raise rule_error(
            f"{span} needs the calendar: write after(moment, duration)", f"{span} 须按日历计算，请写 after(时间, 时长)"
        )
    if not isinstance(moment, datetime) and span.seconds:
        raise rule_error(f"a date moves by whole days, not by {span}", f"日期只能按整天移动，不能用 {span}")
    try:
        return moment + (span.timedelta if isinstance(moment, datetime) else timedelta(days=span.days))
    except OverflowError:
        raise rule_error("the date is out of range", "日期超出范围") from None


def _in_bounds(work: Callable[[], Duration]) -> Duration:
    try:
        return work()
    except BadValue as bad:
        raise rule_error(bad.what.en, bad.what.zh) from None


def _on_numbers(op: ArithmeticOp, left: Any, right: Any) -> Any:
    if not _is_number(left) or not _is_number(right):
        raise _unfit(op)
    return _NUMBERS[op](left, right)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _unfit(op: str) -> Exception:
    return rule_error(f"`{op}` does not work on these values", f"这些值不能用 `{op}` 计算")


_NUMBERS: dict[ArithmeticOp, Operation] = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": divide}
ARITHMETIC: dict[ArithmeticOp, Operation] = {"+": plus, "-": subtract, "*": times, "/": over}
