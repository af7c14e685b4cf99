"""Values between pages and Excel: a field as a cell, and a cell as what an action takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from app.excel.workbook import Head, Value
from app.pages.frame.desk import Desk
from app.pages.showing.values import Shown, shown_field
from core.language.definition import Field
from core.model.errors import Text
from core.model.fields import BadValue, FieldSpec

YES = frozenset({"是", "yes", "y", "true", "1", "√", "✓", "对", "有"})
NO = frozenset({"否", "no", "n", "false", "0", "×", "✗", "无"})
EMPTIED = Text("(empty)", "（清空）")  # what a cell says that is to empty its field; an empty cell leaves it
NOT_IN_A_CELL = frozenset({"map", "geo", "image", "images", "file", "signature"})
_BRACKETS = str.maketrans("（）【】[]", "()()()")
_SEPARATORS = re.compile(r"[、,，;；\n]")
_WIDTHS = {"text": 20, "ref": 18, "datetime": 18, "date": 12, "money": 12, "phone": 15, "list": 24, "bool": 6}
_UNITS = (
    ("个工作日", "bd"), ("工作日", "bd"), ("working days", "bd"), ("个月", "mo"), ("months", "mo"),
    ("年", "y"), ("years", "y"),
    ("星期", "w"), ("周", "w"), ("weeks", "w"), ("天", "d"), ("日", "d"), ("days", "d"), ("小时", "h"), ("hours", "h"),
    ("分钟", "m"), ("分", "m"), ("minutes", "m"), ("秒", "s"), ("seconds", "s"),
)  # fmt: skip


def head_of(label: str, spec: FieldSpec | None, **more: Any) -> Head:
    """Return the heading of a column that holds values of ``spec``."""
    kind = spec.type if spec is not None else "text"
    form = "money" if kind == "money" else "text" if kind in {"phone", "text"} else ""
    return Head(label, max(_WIDTHS.get(kind, 14), 2 * len(label) + 2), form, **more)


def out(desk: Desk, one: Field, row: Mapping[str, Any]) -> Value:
    """Return a field of a row (as ``records.query`` gave it, masked where this reader sees a mask) as a cell."""
    value = row.get(one.name)
    if value is None or value == "":
        return None
    if one.name in row.get("_masked", ()):
        return str(value)
    plain = _OUT.get(one.spec.type)
    return plain(desk, value) if plain else text_of(shown_field(desk, one, row))


def moment(desk: Desk, value: object) -> datetime | None:
    """Return an instant in the store's own time; Excel knows no other."""
    return datetime.fromisoformat(str(value)).astimezone(desk.node.zone).replace(tzinfo=None) if value else None


def text_of(shown: Shown) -> str | None:
    """Return what a page shows as one text."""
    match shown.kind:
        case "none":
            return None
        case "list":
            return "、".join(text for each in shown.items if (text := text_of(each)))
        case "table":
            lines = [[text_of(cell) or "" for cell in row] for row in shown.rows]
            return "\n".join(" ".join(part for part in line if part) for line in lines)
        case "image":
            return shown.text
    return shown.text or None


def taken_in(desk: Desk, spec: FieldSpec, raw: object, find: Callable[[str, str], str]) -> object:
    """Return a cell as an action takes it, None for an empty one; raises BadValue.

    ``find`` gives the id of what a reference names, by record type and text. What a value means is in the end decided
    by the field's own type, when the action is carried out: here only Excel's ways of writing are undone.
    """
    if raw is None:
        return None
    if spec.type == "list" and spec.item is not None:
        parts = [part.strip() for part in _SEPARATORS.split(_text(raw)) if part.strip()]
        return [taken_in(desk, spec.item, part, find) for part in parts] or None
    if spec.type == "list":
        return [part.strip() for part in _SEPARATORS.split(_text(raw)) if part.strip()] or None
    if spec.type == "ref":
        return find(spec.to or "", _text(raw).strip())
    if spec.type == "enum":
        return _option(spec, _text(raw).strip())
    read = _IN.get(spec.type)
    return read(raw) if read else _text(raw).strip() or None


def empties(raw: object) -> bool:
    """Whether a cell says that its field is to be emptied: the word in either language, in any kind of brackets."""
    return isinstance(raw, str) and _bare(raw) in {_bare(EMPTIED.en), _bare(EMPTIED.zh)}


def _bare(text: str) -> str:
    return text.strip().translate(_BRACKETS).casefold()


def _option(spec: FieldSpec, text: str) -> str | None:
    options = spec.options or {}
    for key, label in options.items():
        if text.casefold() in {key.casefold(), label.zh.casefold(), label.en.casefold()}:
            return key
    if not text:
        return None
    raise BadValue(
        Text(f"`{text}` is not one of the choices", f"“{text}”不在可选范围内"),
        Text(
            "write one of " + ", ".join(each.en for each in options.values()),
            "可填：" + "、".join(each.zh for each in options.values()),
        ),
    )


def _text(raw: object) -> str:
    if isinstance(raw, float) and raw.is_integer():  # Excel keeps a telephone number as a number
        return str(int(raw))
    if isinstance(raw, datetime):
        return raw.isoformat(sep=" ")
    return str(raw)


def _bool(raw: object) -> object:
    word = _text(raw).strip().casefold()
    if isinstance(raw, bool) or word in YES | NO:
        return raw if isinstance(raw, bool) else word in YES
    raise BadValue(
        Text(f"`{raw}` is neither yes nor no", f"“{raw}”不是“是”或“否”"), Text("write yes or no", "请填 是 或 否")
    )


def _number(raw: object) -> object:
    if isinstance(raw, float):
        return str(Decimal(repr(raw)))
    return re.sub(r"[¥￥元,，\s]", "", _text(raw)) or None


def _date(raw: object) -> object:
    if isinstance(raw, datetime):
        return raw.date().isoformat()
    if isinstance(raw, date):
        return raw.isoformat()
    return _dashed(_text(raw).strip()) or None


def _moment(raw: object) -> object:
    if isinstance(raw, datetime):
        return raw.isoformat(timespec="seconds")
    if isinstance(raw, date):
        return f"{raw.isoformat()}T00:00:00"
    return _dashed(_text(raw).strip()) or None


def _dashed(text: str) -> str:
    """Return ``2026/3/7 20:45`` and ``2026年3月7日`` as ``2026-03-07 20:45`` and ``2026-03-07``."""
    found = re.fullmatch(r"(\d{4})[./年-](\d{1,2})[./月-](\d{1,2})日?(.*)", text)
    return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}{found[4]}" if found else text


def _time(raw: object) -> object:
    if isinstance(raw, datetime | time):
        return raw.strftime("%H:%M:%S")
    if isinstance(raw, timedelta):
        minutes, seconds = divmod(int(raw.total_seconds()), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return _text(raw).strip().replace("：", ":") or None


def _duration(raw: object) -> object:
    if isinstance(raw, timedelta):
        return f"{int(raw.total_seconds()) // 60}m"
    if isinstance(raw, time):
        return f"{raw.hour}h{raw.minute}m"
    text = _text(raw).strip()
    for word, unit in _UNITS:
        text = re.sub(rf"(\d)\s*{word}", rf"\1{unit}", text)
    return re.sub(r"\s+", "", text) or None


_OUT: Mapping[str, Callable[[Desk, Any], Value]] = {
    "int": lambda _, value: int(value),
    "decimal": lambda _, value: Decimal(str(value)),
    "money": lambda _, value: Decimal(str(value)),
    "date": lambda _, value: date.fromisoformat(str(value)),
    "datetime": moment,
    "time": lambda _, value: time.fromisoformat(str(value)),
}
_IN: Mapping[str, Callable[[object], object]] = {
    "bool": _bool,
    "int": _number,
    "decimal": _number,
    "money": _number,
    "date": _date,
    "datetime": _moment,
    "time": _time,
    "duration": _duration,
}
