"""``map``: values by name, with declared parts or any JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import tzinfo
from typing import TYPE_CHECKING, cast

from core.model.errors import Text, suggest
from core.model.fields.base import FieldType, shown
from core.model.fields.json_values import free_json, json_cell
from core.model.kinds import MAP, Kind
from core.model.values import BadValue, Cell

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec


class MapField(FieldType):
    """A map; with declared parts it always has all of them, the empty ones as None."""

    name = "map"

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> object:
        if spec.parts:
            return parts_parsed(raw, spec.parts, zone)
        return free_json(_mapping(raw)) or None

    def static(self, spec: FieldSpec) -> Kind:
        return parts_kind(spec.parts) if spec.parts else MAP

    def to_cell(self, value: object, spec: FieldSpec) -> Cell:
        return json_cell(self.plain(value, spec))

    def from_cell(self, cell: Cell, spec: FieldSpec) -> object:
        return self.from_plain(json.loads(str(cell)), spec)

    def to_json(self, value: object, spec: FieldSpec, zone: tzinfo) -> object:
        if not spec.parts:
            return value
        return {name: part.json(cast(Mapping[str, object], value).get(name), zone) for name, part in spec.parts.items()}

    def plain(self, value: object, spec: FieldSpec) -> object:
        return parts_plain(value, spec.parts) if spec.parts else free_json(value)

    def from_plain(self, plain: object, spec: FieldSpec) -> object:
        return parts_from_plain(plain, spec.parts) if spec.parts else plain


def parts_parsed(raw: object, parts: Mapping[str, FieldSpec], zone: tzinfo) -> dict[str, object]:
    """Return the parts of a map a person entered; ``BadValue`` names the part that is wrong."""
    given = _mapping(raw)
    for name in given:
        if name not in parts:
            known = ", ".join(parts)
            raise BadValue(
                Text(f"has no part `{shown(name)}`", f"没有“{shown(name)}”这一项"),
                suggest(str(name), parts) or Text(f"known are {known}", f"可用的有：{known}"),
                code="unknown-part",
            )
    return {name: _part_parsed(name, given.get(name), part, zone) for name, part in parts.items()}


def _part_parsed(name: str, raw: object, part: FieldSpec, zone: tzinfo) -> object:
    try:
        return part.filled(raw, zone)
    except BadValue as bad:
        raise BadValue(Text(f"{name}: {bad.what.en}", f"{name}：{bad.what.zh}"), bad.fix, bad.code) from None


def parts_plain(value: object, parts: Mapping[str, FieldSpec]) -> dict[str, object]:
    """Return the filled parts in the form inside a JSON cell."""
    given = cast(Mapping[str, object], value)
    return {
        name: part.kind.plain(filled, part) for name, part in parts.items() if (filled := given.get(name)) is not None
    }


def parts_from_plain(plain: object, parts: Mapping[str, FieldSpec]) -> dict[str, object]:
    """Return the parts from inside a JSON cell; a part this version of the plugin does not know is left out."""
    given = cast(Mapping[str, object], plain)
    return {
        name: None if given.get(name) is None else part.kind.from_plain(given[name], part)
        for name, part in parts.items()
    }


def parts_kind(parts: Mapping[str, FieldSpec]) -> Kind:
    """Return the static type of a map with these parts."""
    return Kind("map", parts=tuple((name, part.static) for name, part in parts.items()))


def _mapping(raw: object) -> Mapping[str, object]:
    if isinstance(raw, str):
        with suppress(ValueError):
            raw = json.loads(raw, parse_float=str)
    if isinstance(raw, Mapping):
        return raw
    raise BadValue(
        Text(f"`{shown(raw)}` is not a map", f"“{shown(raw)}”不是键值表"),
        Text('write names and values, for example {"a": 1}', '请填写名称和值，例如 {"a": 1}'),
        code="bad-map",
    )
