"""Pydantic's complaints as problems with a place, a suggestion and both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.language.source import KeyPath, YamlNode
from core.model.errors import Place, Problem, Text, one_of, suggest

_BRANCHES = ("[key]", "str", "bool")  # steps pydantic adds for keys and for the branches of a union
_NAMING = Text(
    "use lower-case letters, digits and underscores, a letter first", "请用小写字母、数字和下划线，以字母开头"
)
_CUT_OFF = re.compile(r"[().=<>+*/\"']")  # no key has such a sign
_SHAPES = {
    "string_type": Text("text is expected here", "此处应为文本"),
    "bool_type": Text("true or false is expected here", "此处应为 true 或 false"),
    "int_type": Text("a whole number is expected here", "此处应为整数"),
    "dict_type": Text("a mapping (key: value) is expected here", "此处应为键值映射"),
    "model_type": Text("a mapping (key: value) is expected here", "此处应为键值映射"),
    "list_type": Text("a list is expected here", "此处应为列表"),
    "too_short": Text("there is nothing here", "此处不能为空"),
    "too_long": Text("only one entry may stand here", "此处只能有一项"),
    "string_too_short": Text("the text is empty", "文本不能为空"),
    "string_too_long": Text("the name is too long", "名称过长"),
}
_BOTH = Text("write {en: …, zh: …}", "请写成 {en: …, zh: …}")
_SAID = frozenset({"label", "message", "why", "text"})  # keys whose value a person reads
_ADDED = {
    "label": Text("add label: {en: …, zh: …}", "请添加 label: {en: …, zh: …}"),
    "default": Text(
        "add `default:`; `default: null` is inactive until somebody sets it",
        "请添加 `default:`；写 null 表示配置前不生效",
    ),
}
# What other languages call it, where no likeness helps.
_ALIASES = {
    "options": "of", "choices": "of", "values": "of", "items": "of", "roles": "by", "role": "by", "target": "to",
    "optional": "required", "formula": "value", "condition": "when",
}  # fmt: skip


def problems_of(
    error: ValidationError, root: YamlNode, model: type[BaseModel], prefix: KeyPath = ()
) -> tuple[Problem, ...]:
    """Return one problem per complaint, in the order of the file. ``prefix`` leads to what was validated."""
    problems = {_problem(detail, root, model, tuple(prefix)) for detail in error.errors(include_url=False)}
    return tuple(sorted(problems, key=lambda problem: problem.place or Place("", 0, 0)))


def _problem(detail: ErrorDetails, root: YamlNode, model: type[BaseModel], prefix: tuple[str | int, ...]) -> Problem:
    inside = tuple(step for step in detail["loc"] if step not in _BRANCHES)
    loc = (*prefix, *inside)
    here = root.place(loc)
    match detail["type"]:
        case "extra_forbidden":
            return _unknown_key(loc, _keys_at(model, inside[:-1]), root)
        case "missing" if loc[-1] in ("en", "zh"):
            return _missing_language(str(loc[-1]), root.key_place(loc[:-1]))
        case "missing":
            what = Text(f"the key `{loc[-1]}` is missing", f"缺少键 `{loc[-1]}`")
            fix = _ADDED.get(str(loc[-1])) or Text(f"add `{loc[-1]}:`", f"请添加 `{loc[-1]}:`")
            return Problem("missing-key", what, fix, root.key_place(loc[:-1]))
        case "literal_error":
            return _unknown_word(detail, here, root.at(loc).value)
        case "string_pattern_mismatch":
            of_key = detail["loc"][-1] == "[key]"
            word, place = (loc[-1], root.key_place(loc)) if of_key else (root.at(loc).value, here)
            return Problem("bad-name", Text(f"`{word}` is not a name", f"`{word}` 不是合法名称"), _NAMING, place)
        case other:
            fallback = Text(detail["msg"], f"格式不符：{detail['msg']}")
            return Problem("wrong-shape", _SHAPES.get(other, fallback), _way_out(other, loc), here)


def _way_out(complaint: str, loc: tuple[str | int, ...]) -> Text | None:
    """Return how to write what has the wrong shape."""
    match complaint:
        case "string_type":
            return Text("put the text in quotes", "请给文本加引号")
        case "dict_type" | "model_type" if loc[-1] in _SAID:
            return _BOTH
        case "dict_type" | "model_type":
            return Text("write {name: …, name: …}", "请写成 {名称: …, 名称: …}")
        case "list_type":
            return Text("write [one, two]", "请写成 [一, 二]")
        case _:
            return None


def _unknown_key(loc: tuple[str | int, ...], known: tuple[str, ...], root: YamlNode) -> Problem:
    if _CUT_OFF.search(str(loc[-1])):
        return _cut_off(str(loc[-1]), root.key_place(loc))
    what = Text(f"unknown key `{loc[-1]}`", f"未知的键 `{loc[-1]}`")
    listed = Text(f"known keys: {', '.join(known)}", f"可用的键：{'、'.join(known)}") if known else None
    word = str(loc[-1])
    meant = _ALIASES.get(word)
    alias = Text(f"did you mean `{meant}`?", f"是否为 `{meant}`？") if meant in known else None
    return Problem("unknown-key", what, suggest(word, known) or alias or listed, root.key_place(loc))


def _cut_off(rest: str, place: Place) -> Problem:
    """Return what it means that the rest of an expression stands where a key is expected: in { } a comma ends it."""
    what = Text(f"`{rest}` is the rest of an expression that a comma has cut off", f"`{rest}` 是被逗号截断的表达式")
    fix = Text("put the whole expression in quotes: '=…'", "请给整个表达式加引号：'=…'")
    return Problem("expression-cut", what, fix, place)


def _missing_language(language: str, place: Place) -> Problem:
    name = {"en": Text("English", "英文"), "zh": Text("Chinese", "中文")}[language]
    what = Text(f"the {name.en} text is missing", f"缺少{name.zh}文本")
    return Problem("missing-language", what, _BOTH, place)


def _unknown_word(detail: ErrorDetails, place: Place, given: object) -> Problem:
    words = str(detail.get("ctx", {}).get("expected", "")).replace("'", "").replace(" or ", ", ")
    what = Text(f"`{given}` cannot stand here", f"此处不能写 `{given}`")
    near = suggest(str(given), words.split(", "))
    return Problem("unknown-word", what, near or one_of(words.split(", ")), place)


def _keys_at(annotation: Any, loc: tuple[str | int, ...]) -> tuple[str, ...]:
    """Return the keys the model at the end of ``loc`` knows."""
    model = _bare(annotation)
    if not loc:
        if isinstance(model, type) and issubclass(model, BaseModel):
            return tuple(field.alias or name for name, field in model.model_fields.items())
        return ()
    step, rest = loc[0], loc[1:]
    if isinstance(model, type) and issubclass(model, BaseModel):
        for name, field in model.model_fields.items():
            if (field.alias or name) == step:
                return _keys_at(field.annotation, rest)
        return ()
    origin, arguments = get_origin(model), get_args(model)
    if origin in (dict, Mapping):
        return _keys_at(arguments[1], rest)
    return _keys_at(arguments[0], rest) if origin is list else ()


def _bare(annotation: Any) -> Any:
    """Strip ``Annotated`` and ``| None`` from an annotation."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, UnionType):
            annotation = next(part for part in get_args(annotation) if part is not NoneType)
        else:
            return annotation if origin is not Literal else str
