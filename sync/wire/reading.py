"""Strict reading of what arrived: every getter gives the type it promises or a FrameError that names the place."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import TypeVar, cast

from core.model.errors import Problem, Text
from core.model.lines import Clean, Same
from core.model.values import of_kind
from sync.protocol import FrameError

T = TypeVar("T")

INT_MAX = 2**63 - 1
INT_MIN = -(2**63)
NAME_CHARS_MAX = 200


def bad(where: str, en: str, zh: str) -> FrameError:
    """Return the error for a message that is not what it should be. ``where`` names the part, never its content."""
    what = Text(f"the message cannot be read: {where}: {en}", f"消息无法读取：{where}：{zh}")
    fix = Text(
        "update the older of the two nodes; if both are current, report it", "请升级较旧的节点；若均为最新版本，请报告"
    )
    return FrameError((Problem("frame-malformed", what, fix=fix),))


def text(value: object, where: str, chars_max: int | None = None) -> str:
    """Return ``value`` if it is a text without NUL (which PostgreSQL cannot keep)."""
    if type(value) is not str:
        raise bad(where, "a text is needed", "应为文本")
    if "\0" in value:
        raise bad(where, "a text with a NUL character", "文本含 NUL 字符")
    if chars_max is not None and len(value) > chars_max:
        raise bad(where, f"longer than {chars_max} characters", f"超过 {chars_max} 个字符")
    return value


def name(value: object, where: str) -> str:
    """Return ``value`` if it is a non-empty text of at most 200 characters."""
    found = text(value, where, NAME_CHARS_MAX)
    if not found:
        raise bad(where, "empty", "为空")
    return found


def integer(value: object, where: str, low: int = 0, high: int = INT_MAX) -> int:
    """Return ``value`` if it is a whole number from ``low`` to ``high``; True and False are not."""
    if type(value) is not int or not low <= value <= high:
        raise bad(where, f"a whole number from {low} to {high} is needed", f"应为 {low} 到 {high} 的整数")
    return value


def flag(value: object, where: str) -> bool:
    """Return ``value`` if it is True or False."""
    if type(value) is not bool:
        raise bad(where, "true or false is needed", "应为真或假")
    return value


def listing(value: object, where: str, length: int | None = None) -> list[object]:
    """Return ``value`` if it is a list, of ``length`` when given."""
    if not isinstance(value, list):
        raise bad(where, "a list is needed", "应为列表")
    if length is not None and len(value) != length:
        raise bad(where, f"{length} items are needed, not {len(value)}", f"应有 {length} 项，实为 {len(value)} 项")
    return value


def mapping(value: object, where: str) -> dict[str, object]:
    """Return ``value`` if it is a map; its keys are texts, because the decoders allow no others."""
    if not isinstance(value, dict):
        raise bad(where, "a map is needed", "应为映射")
    return value


def hexadecimal(value: object, where: str, chars: int) -> str:
    """Return ``value`` if it is ``chars`` lower-case hexadecimal digits."""
    found = text(value, where)
    if len(found) != chars or not set(found) <= set("0123456789abcdef"):
        raise bad(where, f"{chars} hexadecimal digits are needed", f"应为 {chars} 位十六进制数")
    return found


def blob(value: object, where: str, bytes_max: int) -> bytes:
    """Return ``value`` if it is bytes, or their base64 in a readable message."""
    try:
        found = base64.b64decode(value, validate=True) if isinstance(value, str) else value
    except ValueError as error:
        raise bad(where, "bytes are needed", "应为字节") from error
    if type(found) is not bytes or len(found) > bytes_max:
        raise bad(where, f"at most {bytes_max} bytes are needed", f"应为不超过 {bytes_max} 字节的内容")
    return found


class Part:
    """One map of a message. Every key must be asked for, so that nothing unknown slips through."""

    def __init__(self, value: object, where: str, keys: Sequence[str]) -> None:
        self._values: Mapping[str, object] = mapping(value, where)
        self._where = where
        if strange := sorted(set(self._values) ^ set(keys)):
            listed = ", ".join(strange)[:NAME_CHARS_MAX]
            raise bad(where, f"missing or unknown: {listed}", f"缺少或未知：{listed}")

    def get(self, key: str, getter: Callable[..., T], *bounds: int) -> T:
        """Return the value at ``key`` as ``getter`` reads it."""
        return getter(self._values[key], f"{self._where}.{key}", *bounds)


def texts(values: list[object], where: str) -> list[str]:
    """Return a column of texts; a whole column is checked at once because there are thousands."""
    if type(values) is Clean:
        return values
    told = _told(values)
    if not set(map(type, told)) <= {str}:
        raise bad(where, "texts are needed", "应为文本")
    if "\0" in "".join(cast(list[str], told)):
        raise bad(where, "a text with a NUL character", "文本含 NUL 字符")
    return cast(list[str], values)


def integers(values: list[object], where: str, low: int = 0, high: int = INT_MAX) -> list[int]:
    """Return a column of whole numbers from ``low`` to ``high``."""
    told = cast(list[int], _told(values))
    if not set(map(type, told)) <= {int}:
        raise bad(where, "whole numbers are needed", "应为整数")
    if told and not (low <= min(told) and max(told) <= high):
        raise bad(where, f"whole numbers from {low} to {high} are needed", f"应为 {low} 到 {high} 的整数")
    return cast(list[int], values)


def cells(values: list[object], where: str) -> list[int | str | None]:
    """Return a column of cells: empty, a 64-bit whole number, or a text."""
    told = _told(values)
    kinds = set(map(type, told))
    if not kinds <= {str, int, NoneType}:
        raise bad(where, "a cell is empty, a whole number or a text", "单元只能是空、整数或文本")
    if str in kinds and "\0" in "".join(of_kind(str, told, kinds)):
        raise bad(where, "a text with a NUL character", "文本含 NUL 字符")
    if int in kinds:
        numbers = of_kind(int, told, kinds)
        if not INT_MIN <= min(numbers) <= max(numbers) <= INT_MAX:
            raise bad(where, "a number beyond 64 bits", "数字超过 64 位")
    return cast("list[int | str | None]", values)


def _told(values: list[object]) -> list[object]:
    """Return the values of a column that have to be looked at: of one value as often as there are lines, the first."""
    return values[:1] if type(values) is Same else values
