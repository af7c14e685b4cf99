"""JSON Schemas of fields, as the API takes them in and gives them out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.language.definition import Ask, Field
from core.model.errors import Language, Text
from core.model.fields import FieldSpec

Schema = dict[str, Any]

# type -> what JSON Schema calls it, an example, and a hint that the type's name alone does not give
_PLAIN: Mapping[str, tuple[Schema, Text | None]] = {
    "text": ({"type": "string"}, None),
    "int": ({"type": "integer"}, None),
    "decimal": (
        {"type": ["string", "number"], "format": "decimal", "examples": ["12.50"]},
        Text("exact decimal; comes back as text", "精确小数，返回为文本"),
    ),
    "money": (
        {"type": ["string", "number"], "format": "decimal", "examples": ["500.00"]},
        Text("yuan with two digits; comes back as text", "人民币元，两位小数，返回为文本"),
    ),
    "bool": ({"type": "boolean"}, None),
    "date": ({"type": "string", "format": "date", "examples": ["2026-03-07"]}, None),
    "time": ({"type": "string", "format": "time", "examples": ["20:45"]}, None),
    "datetime": (
        {"type": "string", "format": "date-time", "examples": ["2026-03-07T20:45:00+08:00", "2026-03-07 20:45"]},
        Text("without an offset: the store's own time", "不带时区偏移时按门店当地时间"),
    ),
    "duration": ({"type": "string", "format": "duration", "examples": ["20m", "48h", "2bd"]}, None),
    "enum": ({"type": "string"}, None),
    "list": ({"type": "array", "items": {}}, None),
    "map": ({"type": "object"}, None),
    "phone": ({"type": "string", "format": "phone", "examples": ["13800001111"]}, None),
    "ref": ({"type": "string", "format": "uuid"}, None),
    "file": ({"type": "string", "format": "file"}, Text("name or content hash of a file", "文件名或内容哈希")),
    "image": ({"type": "string", "format": "file"}, Text("name or content hash of an image", "图片名或内容哈希")),
    "images": ({"type": "array", "items": {"type": "string", "format": "file"}}, None),
    "signature": ({"type": "string", "format": "file"}, Text("a drawn signature", "手写签名")),
    "geo": (
        {
            "type": "object",
            "properties": {"lat": {"type": "number"}, "lon": {"type": "number"}},
            "required": ["lat", "lon"],
        },
        None,
    ),
}


def schema_of(spec: FieldSpec, language: Language) -> Schema:
    """Return the JSON Schema of a value of ``spec``; a field type of a hook is shown as any value."""
    plain, hint = _PLAIN.get(spec.type, ({}, None))
    schema: Schema = {**plain, "x-type": spec.type}
    if hint is not None:
        schema["description"] = hint.say(language)
    if spec.options is not None:
        schema["enum"] = list(spec.options)
        schema["x-labels"] = {key: label.say(language) for key, label in spec.options.items()}
    if spec.to is not None:
        schema["x-record"] = spec.to
    if spec.item is not None:
        schema["items"] = schema_of(spec.item, language)
    if spec.parts is not None:
        parts: Schema = {"type": "object", "properties": {n: schema_of(p, language) for n, p in spec.parts.items()}}
        schema = {**schema, "items": parts} if spec.type == "list" else {**schema, **parts}
    return {**schema, **_bounds(spec)}


def ask_schema(ask: Ask, language: Language) -> Schema:
    """Return the schema of one input of an action, with its label."""
    return _titled(schema_of(ask.spec, language), ask.label, language)


def field_schema(field: Field, language: Language) -> Schema:
    """Return the schema of a field as it is read: it may be empty, and it may come masked."""
    schema = _titled(schema_of(field.spec, language), field.label, language)
    kind = schema.get("type")
    if kind is not None:
        schema["type"] = [*(kind if isinstance(kind, list) else [kind]), "null"]
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    if not field.stored:
        schema["readOnly"] = True
        schema["x-computed"] = True
    if field.mask:
        schema["x-mask"] = field.mask
    if field.cite:
        schema["x-rules"] = list(field.cite)
    return schema


def _titled(schema: Schema, label: Text, language: Language) -> Schema:
    return {"title": label.say(language), **schema, "x-label": {"zh": label.zh, "en": label.en}}


def _bounds(spec: FieldSpec) -> Schema:
    """Return min and max: a length for text and lists, a value for numbers."""
    low, high = {
        "text": ("minLength", "maxLength"),
        "list": ("minItems", "maxItems"),
        "images": ("minItems", "maxItems"),
        "map": ("minProperties", "maxProperties"),
    }.get(spec.type, ("minimum", "maximum"))
    found = {}
    for name, bound in ((low, spec.min), (high, spec.max)):
        if isinstance(bound, bool) or bound is None:
            continue
        found[name] = float(bound) if isinstance(bound, Decimal) else bound if isinstance(bound, int) else str(bound)
    return found


ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string"},
                "problems": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "code": {"type": "string"},
                            "field": {"type": ["string", "null"]},
                            "what": {"type": "string"},
                            "fix": {"type": ["string", "null"]},
                            "level": {"enum": ["error", "warn"]},
                        },
                    },
                },
            },
        }
    },
}
RECEIPT: Schema = {
    "type": "object",
    "properties": {
        "tx": {"type": "string"},
        "id": {"type": "string"},
        "number": {"type": ["string", "null"]},
        "state": {"type": ["string", "null"]},
        "provisional": {"type": "boolean"},
        "request": {"type": ["string", "null"]},
        "warnings": {"type": "array", "items": {"type": "object"}},
    },
}
