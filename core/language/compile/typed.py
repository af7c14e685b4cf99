"""From a type and its limits in the YAML to a field specification."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import cast

from pydantic import ValidationError

from core.language.compile.workshop import Workshop
from core.language.manifest import FieldShape, TextShape, TypedShape, problems_of
from core.language.source import KeyPath
from core.model.duration import Duration
from core.model.errors import Text
from core.model.fields import FieldSpec
from core.model.values import BadValue


def spec_of(shop: Workshop, shape: TypedShape, path: KeyPath, *, required: bool = False) -> FieldSpec | None:
    """Return the specification, or None when it has problems, which are noted."""
    if not shop.known(shape.type, shop.fields, Text("type", "类型"), (*path, "type"), "unknown-type"):
        return None
    spec = FieldSpec(shape.type, required=required, digits=shape.digits, handler=shop.fields[shape.type])
    if shape.type == "ref":
        target = _target(shop, shape, path)
        if target is None:
            return None
        spec = replace(spec, to=target)
    elif shape.to is not None:
        shop.fault("needless-key", "`to` belongs to a ref", "`to` 只用于 ref 类型", (*path, "to"))
    if shape.type == "enum":
        spec = replace(spec, options=_options(shop, shape, path))
    elif shape.type == "list":
        spec = replace(spec, item=_item(shop, shape.of, (*path, "of")))
    elif shape.type == "map":
        spec = replace(spec, parts=_parts(shop, shape.of, (*path, "of")))
    elif shape.of is not None:
        shop.fault(
            "needless-key",
            "`of` belongs to an enum, a list or a map",
            "`of` 只用于 enum、list、map 类型",
            (*path, "of"),
        )
    return _limited(shop, spec, shape, path)


def inner_shape(shop: Workshop, raw: object, path: KeyPath) -> FieldShape | None:
    """Return a field written inside `of` or `ask`: a type name or a mapping like any field."""
    if isinstance(raw, str):
        raw = {"type": raw}
    try:
        return FieldShape.model_validate(raw)
    except ValidationError as error:
        shop.problems.extend(problems_of(error, shop.root, FieldShape, path))
        return None


def inferred(raw: object) -> FieldSpec:
    """Return the specification a setting's default suggests, for lists and maps that do not spell out their parts."""
    if isinstance(raw, bool):
        return FieldSpec("bool")
    if isinstance(raw, int):
        return FieldSpec("int")
    if isinstance(raw, Decimal):
        return FieldSpec("decimal", digits=max(0, -int(raw.as_tuple().exponent)))
    if isinstance(raw, list):
        return FieldSpec("list", item=inferred(raw[0]) if raw else None)
    if isinstance(raw, dict):
        return FieldSpec("map", parts={key: inferred(value) for key, value in raw.items()})
    return FieldSpec("duration" if _is_duration(raw) else "text")


def duration(shop: Workshop, raw: str | None, path: KeyPath) -> Duration | None:
    """Return a duration literal such as ``20m``; None when there is none or it has problems."""
    if raw is None:
        return None
    try:
        return Duration.parse(raw)
    except BadValue as bad:
        shop.fault(bad.code, bad.what.en, bad.what.zh, path, bad.fix)
        return None


def _is_duration(raw: object) -> bool:
    if not isinstance(raw, str) or not re.fullmatch(r"(\d+(bd|mo|[ywdhms]))+", raw):
        return False
    try:
        Duration.parse(raw)
    except BadValue:
        return False
    return True


def _target(shop: Workshop, shape: TypedShape, path: KeyPath) -> str | None:
    if shape.to is None:
        shop.fault(
            "missing-key",
            "a ref says what it points to",
            "ref 类型须注明指向",
            path,
            Text("add `to: record`", "请补 `to: 记录`"),
        )
        return None
    if shape.to in shop.manifest.roles and shape.to not in shop.reach.local_names():
        shop.fault(
            "unknown-record",
            f"`{shape.to}` is a role, a ref points to a record",
            f"`{shape.to}` 是岗位，ref 指向的是记录",
            (*path, "to"),
            Text("write `to: staff`; a check may ask for the role", "人员请写 `to: staff`；岗位可用 checks 限定"),
        )
        return None
    known = [*shop.reach.local_names(), *(name for name in shop.reach.drafts if "." in name and name == shape.to)]
    if not shop.known(shape.to, known, Text("record", "记录"), (*path, "to"), "unknown-record"):
        return None
    return shop.reach.drafts[shape.to].key


def _options(shop: Workshop, shape: TypedShape, path: KeyPath) -> Mapping[str, Text] | None:
    """Return an enum's options; ``of: account.tier`` is resolved later, when all fields are known."""
    if isinstance(shape.of, str):
        return None
    if not isinstance(shape.of, Mapping) or not shape.of:
        shop.fault(
            "missing-key",
            "an enum lists its options",
            "enum 类型须列出选项",
            path,
            Text("add `of: {key: {en: …, zh: …}}`", "请补 `of: {键: {en: …, zh: …}}`"),
        )
        return None
    options: dict[str, Text] = {}
    for key, raw in shape.of.items():
        try:
            label = TextShape.model_validate(raw)
        except ValidationError as error:
            shop.problems.extend(problems_of(error, shop.root, TextShape, (*path, "of", key)))
            continue
        options[key] = Text(label.en, label.zh)
    return options


def _item(shop: Workshop, of: object, path: KeyPath) -> FieldSpec | None:
    if of is None:
        return None
    if isinstance(of, str) or (isinstance(of, Mapping) and isinstance(of.get("type"), str)):
        shape = inner_shape(shop, of, path)
        return spec_of(shop, shape, path) if shape else None
    parts = _parts(shop, of, path)
    return FieldSpec("map", parts=parts)


def _parts(shop: Workshop, of: object, path: KeyPath) -> Mapping[str, FieldSpec] | None:
    if of is None:
        return None
    if not isinstance(of, Mapping):
        shop.fault("wrong-shape", "named parts are expected: {name: type}", "此处应为 {名称: 类型}", path)
        return None
    parts: dict[str, FieldSpec] = {}
    for name, raw in of.items():
        shape = inner_shape(shop, raw, (*path, name))
        spec = spec_of(shop, shape, (*path, name), required=shape.required) if shape else None
        if shape and spec:
            parts[name] = replace(spec, label=shop.label(shape.label, (*path, name), needed=False))
    return parts


def _limited(shop: Workshop, spec: FieldSpec, shape: TypedShape, path: KeyPath) -> FieldSpec:
    for name in ("min", "max"):
        raw = getattr(shape, name)
        if raw is None:
            continue
        try:
            spec = replace(spec, **{name: raw})
        except BadValue as bad:
            shop.fault("bad-limit", bad.what.en, bad.what.zh, (*path, name), bad.fix)
    if spec.min is not None and spec.max is not None and cast("int", spec.min) > cast("int", spec.max):
        shop.fault("min-above-max", "`min` is above `max`", "`min` 大于 `max`", (*path, "min"))
    return spec
