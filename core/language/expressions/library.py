"""Functions on values: presence, numbers, text, lists. Time is in ``library_time``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from core.language.expressions.env import Env, Row, RuleError
from core.language.expressions.fit import plain, unify
from core.language.expressions.registry import Function, Param
from core.model.errors import Problem, Text
from core.model.kinds import ANY, BOOL, DECIMAL, INT, LIST, TEXT, Kind

NUMBERS = ("int", "decimal")


def is_present(value: object) -> bool:
    """Return whether there is a value: neither null nor an empty text, list or map."""
    return bool(value) if isinstance(value, (str, list, dict, tuple)) else value is not None


def rule_error(en: str, zh: str) -> RuleError:
    """Return the error of values that do not fit."""
    return RuleError((Problem("rule-value", Text(en, zh)),))


def _common(kinds: tuple[Kind, ...]) -> Kind:
    result = kinds[0] if kinds else ANY
    for kind in kinds[1:]:
        result = unify(result, kind) or ANY
    return plain(result)


def _kept(kinds: tuple[Kind, ...]) -> Kind:
    return kinds[0] if kinds and kinds[0].name in NUMBERS else ANY


def _coalesced(kinds: tuple[Kind, ...]) -> Kind:
    result = kinds[0] if kinds else ANY
    for kind in kinds[1:]:
        result = unify(result, kind) or ANY
    return result


def _rounded(kinds: tuple[Kind, ...]) -> Kind:
    return INT if len(kinds) == 1 else DECIMAL


def _summed(kinds: tuple[Kind, ...]) -> Kind:
    item = kinds[0].item if kinds else None
    return item if item is not None and item.name in NUMBERS else ANY


def _same_list(kinds: tuple[Kind, ...]) -> Kind:
    return kinds[0] if kinds and kinds[0].name == "list" else LIST


def _best(pick: Callable[..., Any]) -> Callable[..., object]:
    def run(*values: object) -> object:
        choice = values[0] if len(values) == 1 and isinstance(values[0], list) else values
        try:
            return pick(choice, default=None)
        except TypeError:
            raise rule_error("these values cannot be compared", "这些值无法比较") from None

    return run


def blank(env: Env, row: Row | str | None, names: Sequence[str]) -> list[str]:
    """Return the names of the fields that have no value, in the order they were asked."""
    if not isinstance(row, Row):
        return list(names)
    return [name for name in names if not is_present(env.world.field(row, name, env))]


def half_up(value: Decimal | int, digits: int = 0) -> Decimal | int:
    """Round half away from zero, as money is rounded (C-8)."""
    if not 0 <= digits <= 12:
        raise rule_error("round() keeps 0 to 12 digits", "round() 可保留 0 至 12 位小数")
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return rounded if digits else int(rounded)


def _size(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, (str, list, dict, tuple)):
        return len(value)
    raise rule_error("only texts, lists and maps have a size", "只有文本、列表和映射有大小")


def _sum(values: Sequence[Any]) -> object:
    return sum(value for value in values if value is not None)


def _contains(text: str | None, part: str | None) -> bool:
    return text is not None and part is not None and part in text


def _startswith(text: str | None, part: str | None) -> bool:
    return text is not None and part is not None and text.startswith(part)


def _overlap(items: Sequence[object] | None, others: Sequence[object] | None) -> bool:
    return any(item in (others or ()) for item in items or ())


def _without(items: Sequence[object] | None, others: Sequence[object] | None) -> list[object]:
    return [item for item in items or () if item not in (others or ())]


def _mentions(text: str | None, words: Sequence[object] | None) -> bool:
    said = (text or "").casefold()
    return any(isinstance(word, str) and word and word.casefold() in said for word in words or ())


def as_text(value: object) -> str:
    """Write a value as text: true and false in the words of the language, numbers without an exponent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else value.id if isinstance(value, Row) else str(value)


def _whole(value: object) -> int:
    return int(_figure(value))


def _figure(value: object) -> Decimal:
    try:
        figure = Decimal(value) if isinstance(value, (int, Decimal)) else Decimal(str(value).strip())
    except InvalidOperation:
        figure = Decimal("NaN")
    if not figure.is_finite() or figure.adjusted() > 18:
        raise rule_error(f"`{value}` is not a number", f"“{value}”不是数字")
    return figure


def _join(values: Sequence[object], separator: str = ", ") -> str:
    return separator.join(as_text(value) for value in values if value is not None)


def _coalesce(*values: object) -> object:
    return next((value for value in values if value is not None), None)


_NUMBER = Param("number", NUMBERS)
_TEXT = Param("text", ("text",))

VALUES = (
    Function(
        "has", (Param("value"),), BOOL, Text("Whether there is a value.", "是否有值。"), "has(self.room)",
        is_present, nulls="see", sql=True,
    ),
    Function(
        "blank", (Param("record", ("record",)), Param("names", ("list",))), Kind("list", item=TEXT),
        Text("The names of those fields that have no value.", "列出没有值的字段名。"),
        'blank(self, ["guest_name", "guest_phone"])', blank, nulls="see", needs_env=True,
    ),
    Function(
        "size", (Param("value", ("text", "list", "map")),), INT,
        Text("The items of a list or map, the characters of a text; 0 when empty.", "项数或文本的字数，空为 0。"),
        "size(self.missing)", _size, nulls="see", sql=True,
    ),
    Function(
        "min", (Param("value"),), _common, Text("The smallest value.", "最小值。"), "min(self.paid, self.total)",
        _best(min), many=True, sql=True,
    ),
    Function(
        "max", (Param("value"),), _common, Text("The largest value.", "最大值。"), "max(self.paid, 0)",
        _best(max), many=True, sql=True,
    ),
    Function(
        "abs", (_NUMBER,), _kept, Text("The number without its sign.", "绝对值。"), "abs(self.change)", abs, sql=True
    ),
    Function(
        "round", (_NUMBER, Param("digits", ("int",), optional=True)), _rounded,
        Text("The number rounded, half up.", "四舍五入。"), "round(self.total / 3, 2)", half_up,
    ),
    Function(
        "sum", (Param("numbers", ("list",)),), _summed, Text("The sum of a list of numbers.", "数字列表之和。"),
        "sum(self.amounts)", _sum,
    ),
    Function(
        "lower", (_TEXT,), TEXT, Text("The text in small letters.", "转为小写。"), "lower(self.code)", str.lower,
        nulls="pass",
    ),
    Function(
        "upper", (_TEXT,), TEXT, Text("The text in capital letters.", "转为大写。"), "upper(self.code)", str.upper,
        nulls="pass",
    ),
    Function(
        "contains", (_TEXT, Param("part", ("text",))), BOOL,
        Text("Whether the text has this part; an empty field has none.", "文本是否包含该部分，空字段为否。"),
        'contains(self.note, "VIP")', _contains, nulls="see", sql=True,
    ),
    Function(
        "startswith", (_TEXT, Param("part", ("text",))), BOOL,
        Text("Whether the text begins so; an empty field does not.", "文本是否以此开头，空字段为否。"),
        'startswith(self.name, "A")', _startswith, nulls="see", sql=True,
    ),
    Function(
        "overlap", (Param("list", ("list",)), Param("other", ("list",))), BOOL,
        Text("Whether two lists have an item in common; an empty one has none.", "两个列表是否有相同项，空列表为否。"),
        "overlap(self.roles, my_roles)", _overlap, nulls="see", sql=True,
    ),
    Function(
        "mentions", (_TEXT, Param("words", ("list",))), BOOL,
        Text("Whether the text names one of the words, in any case.", "文本是否提到其中一个词，不分大小写。"),
        "mentions(self.dish, self.guest.taboos)", _mentions, nulls="see",
    ),
    Function(
        "without", (Param("list", ("list",)), Param("other", ("list",))), _same_list,
        Text("The items of a list that are not in another one.", "列表中不在另一列表里的各项。"),
        "without(self.opinions, settings.none_words)", _without, nulls="see",
    ),
    Function(
        "text", (Param("value"),), TEXT, Text("The value written as text.", "把值写成文本。"), "text(self.order)",
        as_text, nulls="pass",
    ),
    Function(
        "int", (Param("value", (*NUMBERS, "text")),), INT,
        Text("The whole number, without what follows the point.", "取整数部分。"), "int(self.ratio)", _whole,
        nulls="pass",
    ),
    Function(
        "decimal", (Param("value", (*NUMBERS, "text")),), DECIMAL, Text("The exact decimal number.", "转为精确小数。"),
        'decimal("1.50")', _figure, nulls="pass",
    ),
    Function(
        "join", (Param("values", ("list",)), Param("separator", ("text",), optional=True)), TEXT,
        Text("The items of a list as one text.", "把列表各项连成文本。"), 'join(self.missing, "、")', _join,
    ),
    Function(
        "coalesce", (Param("value"),), _coalesced, Text("The first value that is not empty.", "第一个非空值。"),
        "coalesce(self.paid, 0)", _coalesce, nulls="see", many=True, empty="all", sql=True,
    ),
)  # fmt: skip
