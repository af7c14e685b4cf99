"""The reference of the plugin language, docs/plugin-reference.md: every key and every function, from the code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from core.language import json_schema
from core.language.expressions import FUNCTIONS
from core.language.expressions.functions import Function

_HEAD = """# Plugin reference

Every key a plugin may have and every function a rule may call, from the code: `branchline plugin reference`.
Editors get the same from `branchline plugin schema`. To learn it, begin with [the plugin guide](plugin-guide.md).

Text is literal unless it starts with `=`; `when`, `where`, `while`, `rule`, `key` and a scenario's `then` are always
expressions. A value may be a list of `{when, is}` (the first match wins) or an aggregate,
`{count|sum|avg|min|max|one: record.field, where: …}`. In a record whose home is its store an aggregate looks at what
that store holds, at headquarters too; in one whose home is headquarters, at all stores. Names in a rule: `self` `old`
`ask` `me` `my_roles` `my_store` `now` `today` `period` `settings` `store` `item` `index`, and inside a `where` the
record's own name. Every record has `id` `store` `state` `number` and `written_at`, when it was last written.
Durations are written `20m` `48h` `15d` `2w` `3mo` `1y` `2bd`. The role `everyone` under `read:` stands for whoever
works in the store.
"""


def plugin_reference() -> str:
    """Return the whole of docs/plugin-reference.md."""
    schema = json_schema()
    shapes = cast("dict[str, dict[str, Any]]", schema["$defs"])
    parts = [_HEAD, "## The file", _keys(schema)]
    for name, shape in sorted(shapes.items()):
        if shape.get("properties"):
            parts += [
                f"## {_title(name)}",
                str(shape.get("description", "")).split("\n\n")[0].replace("\n", " "),
                _keys(shape),
            ]
    parts += ["## Functions", _functions(FUNCTIONS.values())]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _keys(shape: Mapping[str, Any]) -> str:
    required = set(shape.get("required", ()))
    lines = ["| key | | what it says |", "|---|---|---|"]
    for name, told in shape["properties"].items():
        must = "required" if name in required else ""
        lines.append(f"| `{name}` | {must} | {_cell(told.get('description') or ', '.join(_shapes_in(told)))} |")
    return "\n".join(lines)


def _shapes_in(told: object) -> Iterator[str]:
    """Yield the names of the shapes a key holds, for keys that say no more than that."""
    if isinstance(told, Mapping):
        if "$ref" in told:
            yield "see " + _title(str(told["$ref"]).rpartition("/")[2])
        for inner in told.values():
            yield from _shapes_in(inner)
    elif isinstance(told, list):
        for inner in told:
            yield from _shapes_in(inner)


def _functions(functions: Iterable[Function]) -> str:
    lines = ["| call | what it gives | 说明 |", "|---|---|---|"]
    lines += [f"| `{_cell(each.example)}` | {_cell(each.doc.en)} | {_cell(each.doc.zh)} |" for each in functions]
    return "\n".join(lines)


def _title(name: str) -> str:
    return name.removesuffix("Shape")


def _cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
