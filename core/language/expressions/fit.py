"""Which kinds of values go together: what compares, what orders, what may be written where."""

from __future__ import annotations

from core.model.errors import Text
from core.model.kinds import ANY, BOOL, Kind

_NAMES = {
    "text": Text("text", "文本"),
    "int": Text("a whole number", "整数"),
    "decimal": Text("a decimal number", "小数"),
    "bool": Text("true or false", "是或否"),
    "date": Text("a date", "日期"),
    "time": Text("a time of day", "时刻"),
    "datetime": Text("a date with time", "日期时间"),
    "duration": Text("a duration", "时长"),
    "list": Text("a list", "列表"),
    "map": Text("a map", "映射"),
    "record": Text("a record", "记录"),
    "period": Text("a period", "期间"),
    "null": Text("nothing (null)", "空值"),
    "any": Text("anything", "任意值"),
}
_NUMBERS = frozenset({"int", "decimal"})
_ORDERED = frozenset({"text", "date", "time", "datetime", "duration"})


def describe(kind: Kind) -> Text:
    """Return a kind in words."""
    if kind.record:
        name = kind.record.rpartition(".")[2]
        return Text(f"a {name} record", f"{name} 记录")
    if kind.name == "list" and kind.item is not None and kind.item.name != "any":
        item = describe(kind.item)
        return Text(f"a list of {item.en}", f"列表（{item.zh}）")
    return _NAMES.get(kind.name, Text(kind.name, kind.name))


def is_number(kind: Kind) -> bool:
    """Return whether one can calculate with it."""
    return kind.name in _NUMBERS


def is_open(kind: Kind) -> bool:
    """Return whether only the value itself will tell what it is."""
    return kind.name in ("any", "null")


def comparable(left: Kind, right: Kind) -> bool:
    """Return whether ``==`` between the two can ever be true."""
    if is_open(left) or is_open(right) or (is_number(left) and is_number(right)):
        return True
    if left.name != right.name:
        return False
    if left.name == "record":
        return left.record == right.record or left.record is None or right.record is None
    if left.name == "list":
        return comparable(left.item or ANY, right.item or ANY)
    return left.name != "period"


def orderable(left: Kind, right: Kind) -> bool:
    """Return whether ``<`` between the two has a meaning."""
    if left.name == "null" or right.name == "null":
        return False
    if left.name == "any" or right.name == "any":
        other = right if left.name == "any" else left
        return other.name == "any" or is_number(other) or other.name in _ORDERED
    if is_number(left) and is_number(right):
        return True
    return left.name == right.name and left.name in _ORDERED


def unify(left: Kind, right: Kind) -> Kind | None:
    """Return the kind that covers both, or None when the two have nothing in common."""
    if left == right or right.name == "null":
        return left
    if left.name == "null":
        return right
    if left.name == "any" or right.name == "any":
        return ANY
    if is_number(left) and is_number(right):
        return _wider_number(left, right)
    if left.name != right.name or not comparable(left, right):
        return None
    if left.name == "text":
        options = None if left.options is None or right.options is None else _union(left.options, right.options)
        return Kind("text", options=options)
    if left.name == "list":
        return Kind("list", item=unify(left.item or ANY, right.item or ANY) or ANY)
    if left.name == "record":
        return left if left.record else right
    return Kind(left.name)


def fits(got: Kind, want: Kind) -> bool:
    """Return whether a value of kind ``got`` may be written where ``want`` is expected."""
    if is_open(got) or want.name == "any":
        return True
    if want.name == "decimal":
        return is_number(got)
    if got.name != want.name or not comparable(got, want):
        return False
    if want.name == "text" and want.options is not None and got.options is not None:
        return set(got.options) <= set(want.options)
    return want.name != "list" or fits(got.item or ANY, want.item or ANY)


def plain(kind: Kind) -> Kind:
    """Return the kind of a text without its known words, so that results do not carry them along."""
    return Kind("text") if kind.name == "text" else kind


def calculated(op: str, left: Kind, right: Kind) -> Kind | None:
    """Return what ``left op right`` gives, or None when it has no meaning."""
    if left.name == "null" or right.name == "null":
        return None
    if left.name == "any" or right.name == "any":
        return ANY if BOOL not in (left, right) else None
    if is_number(left) and is_number(right):
        return _calculated_number(op, left, right)
    return _OTHER.get((left.name, op, right.name))


def _calculated_number(op: str, left: Kind, right: Kind) -> Kind:
    if op == "/":
        return Kind("decimal")
    if left.name == right.name == "int":
        return Kind("int")
    first, second = _digits(left), _digits(right)
    if first is None or second is None:
        return Kind("decimal")
    return Kind("decimal", digits=first + second if op == "*" else max(first, second))


def _wider_number(left: Kind, right: Kind) -> Kind:
    if left.name == right.name == "int":
        return Kind("int")
    first, second = _digits(left), _digits(right)
    return Kind("decimal", digits=None if first is None or second is None else max(first, second))


def _digits(kind: Kind) -> int | None:
    return 0 if kind.name == "int" else kind.digits


def _union(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    return left + tuple(option for option in right if option not in left)


_OTHER: dict[tuple[str, str, str], Kind] = {
    ("text", "+", "text"): Kind("text"),
    ("date", "+", "duration"): Kind("date"),
    ("date", "-", "duration"): Kind("date"),
    ("date", "-", "date"): Kind("duration"),
    ("datetime", "+", "duration"): Kind("datetime"),
    ("datetime", "-", "duration"): Kind("datetime"),
    ("datetime", "-", "datetime"): Kind("duration"),
    ("duration", "+", "duration"): Kind("duration"),
    ("duration", "-", "duration"): Kind("duration"),
    ("duration", "+", "date"): Kind("date"),
    ("duration", "+", "datetime"): Kind("datetime"),
    ("duration", "*", "int"): Kind("duration"),
    ("int", "*", "duration"): Kind("duration"),
}
