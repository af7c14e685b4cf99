"""``geo``: a spot on the map, latitude and longitude in degrees to about ten centimetres."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from core.model.errors import Text
from core.model.fields.base import FieldType, shown
from core.model.fields.decimals import quantized, read_number
from core.model.fields.json_values import json_cell
from core.model.kinds import Kind
from core.model.values import BadValue, Cell

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec

_DIGITS = 6
_LIMITS = {"lat": 90, "lon": 180}
_DEGREES = Kind("decimal", digits=_DIGITS)


class GeoField(FieldType):
    """A map with ``lat`` and ``lon``; ``31.2304,121.4737`` is read too, in this order."""

    name = "geo"

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> dict[str, Decimal]:
        given = _read(raw)
        if given is None:
            raise _nowhere(raw)
        spot = {}
        for name, limit in _LIMITS.items():
            degrees = quantized(read_number(given[name]), _DIGITS)
            if abs(degrees) > limit:
                raise _nowhere(raw)
            spot[name] = degrees
        return spot

    def static(self, spec: FieldSpec) -> Kind:
        return Kind("map", parts=(("lat", _DEGREES), ("lon", _DEGREES)))

    def to_cell(self, value: object, spec: FieldSpec) -> Cell:
        return json_cell(self.plain(value, spec))

    def from_cell(self, cell: Cell, spec: FieldSpec) -> object:
        return self.from_plain(json.loads(str(cell)), spec)

    def to_json(self, value: object, spec: FieldSpec, zone: tzinfo) -> object:
        return self.plain(value, spec)

    def plain(self, value: object, spec: FieldSpec) -> dict[str, str]:
        spot = cast(Mapping[str, Decimal], value)
        return {name: format(spot[name], "f") for name in _LIMITS}

    def from_plain(self, plain: object, spec: FieldSpec) -> dict[str, Decimal]:
        return {name: Decimal(cast(Mapping[str, str], plain)[name]) for name in _LIMITS}


def _read(raw: object) -> Mapping[str, object] | None:
    if isinstance(raw, str) and raw.count(",") == 1 and not raw.lstrip().startswith("{"):
        return dict(zip(_LIMITS, raw.split(","), strict=True))
    if isinstance(raw, str):
        try:
            raw = json.loads(raw, parse_float=str)
        except ValueError:
            return None
    return raw if isinstance(raw, Mapping) and set(raw) == set(_LIMITS) else None


def _nowhere(raw: object) -> BadValue:
    return BadValue(
        Text(f"`{shown(raw)}` is not a spot on the map", f"“{shown(raw)}”不是地理位置"),
        Text("write latitude and longitude, for example 31.2304,121.4737", "请填写纬度,经度，例如 31.2304,121.4737"),
        code="bad-geo",
    )
