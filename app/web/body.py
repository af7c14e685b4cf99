"""Reads a JSON body: bounded, typed, exact. Numbers with a point become decimals, never floats."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated

from fastapi import Depends, Request

from app.web.errors import BadRequest, TooLarge, WrongType
from core.model.errors import NodeError, Problem, Text, suggest
from core.model.values import BadValue, clean_text

LARGEST = 1 << 20  # bytes
JsonMap = dict[str, object]


async def read_json(request: Request) -> JsonMap:
    """Return the body as a map; raise a NodeError that says what is wrong with it. An empty body is an empty map."""
    raw = await _read(request)
    if not raw.strip():
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise WrongType.of(
            "not-json",
            f"the body is {kind or 'of no stated type'}, not JSON",
            f"请求内容类型为 {kind or '（未注明）'}，不是 JSON",
            fix=Text("send Content-Type: application/json", "请使用 Content-Type: application/json"),
        )
    return parse_json(raw)


JsonBody = Annotated[JsonMap, Depends(read_json)]


def parse_json(raw: bytes) -> JsonMap:
    """Return the map in ``raw``; doubled keys, NaN and anything but an object are refused with the place."""
    try:
        value = json.loads(
            raw.decode("utf-8"), parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_no_doubles
        )
    except json.JSONDecodeError as error:
        raise _malformed(
            f"line {error.lineno}, column {error.colno}: {error.msg}", f"第 {error.lineno} 行第 {error.colno} 列"
        ) from None
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} is not UTF-8", f"第 {error.start} 字节不是 UTF-8") from None
    except RecursionError:
        raise _malformed("nested too deep", "嵌套过深") from None
    except ValueError as error:  # a whole number with thousands of digits, NaN, a doubled key
        raise _malformed(str(error), str(error)) from None
    if b"\\u" in raw and not _is_unicode(value):
        raise _malformed(
            "it holds half of a surrogate pair (\\ud800 to \\udfff)", "含有不完整的代理字符（\\ud800 至 \\udfff）"
        )
    if not isinstance(value, dict):
        raise _malformed("the body must be an object {…}", "内容须为对象 {…}")
    return value


def only(body: JsonMap, known: dict[str, type | tuple[type, ...]], fix: Text | None = None) -> JsonMap:
    """Return the body after checking its keys and their types; null counts as absent."""
    problems = []
    for key, value in body.items():
        if key not in known:
            what = Text(f"unknown key `{key}`", f"未知的键 `{key}`")
            problems.append(Problem("unknown-key", what, fix=suggest(key, known) or fix, field=key))
        elif value is not None and (
            not isinstance(value, known[key]) or isinstance(value, bool) is not _bool(known[key])
        ):
            problems.append(Problem("wrong-type", _needs(key, known[key]), field=key))
    if problems:
        raise NodeError(tuple(problems))
    return {key: _cleaned(key, value) for key, value in body.items() if value is not None}


def _cleaned(key: str, value: object) -> object:
    """Return a text as fields keep theirs: what no database keeps safely never gets as far as the log."""
    try:
        return clean_text(value) if isinstance(value, str) else value
    except BadValue as bad:
        raise NodeError((bad.problem(key),)) from None


def _is_unicode(value: object) -> bool:
    """Whether every text in ``value`` can be written as UTF-8: an escape may hide half of a surrogate pair."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return False
    return True


def _bool(kinds: type | tuple[type, ...]) -> bool:
    return kinds is bool


_SPOKEN = {
    dict: ("an object", "对象"),
    str: ("text", "文字"),
    int: ("a whole number", "整数"),
    bool: ("true or false", "true 或 false"),
}


def _needs(key: str, kinds: type | tuple[type, ...]) -> Text:
    first = kinds if isinstance(kinds, type) else kinds[0]
    en, zh = _SPOKEN.get(first, (first.__name__, first.__name__))
    return Text(f"`{key}` must be {en}", f"`{key}` 须为{zh}")


async def _read(request: Request) -> bytes:
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > LARGEST:
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise _too_large()
        parts.append(part)
    return b"".join(parts)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON value")


def _no_doubles(pairs: list[tuple[str, object]]) -> JsonMap:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        doubled = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"`{doubled}` is there twice")
    return value


def _malformed(en: str, zh: str) -> NodeError:
    return BadRequest.of("malformed-json", f"the body is not JSON: {en}", f"内容不是有效的 JSON：{zh}")


def _too_large() -> NodeError:
    return TooLarge.of("too-large", "the body is larger than 1 MiB", "内容超过 1 MiB")
