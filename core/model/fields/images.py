"""``images``: any number of pictures, by name or by hash. Those added in two places are all kept."""

from __future__ import annotations

import json
from datetime import tzinfo
from typing import TYPE_CHECKING

from core.model.fields.base import SCALAR_MERGES, FieldType
from core.model.fields.files import content_name
from core.model.fields.json_values import json_cell, without_doubles
from core.model.fields.lists import items_of
from core.model.fields.texts import check_count, count_bound
from core.model.kinds import TEXT, Kind
from core.model.merge import MergePolicy
from core.model.values import Cell

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec


class ImagesField(FieldType):
    """Pictures, each once; none at all is None."""

    name = "images"
    merges = SCALAR_MERGES | {MergePolicy.UNION}
    default_merge = MergePolicy.UNION

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> list[object] | None:
        return without_doubles(content_name(item) for item in items_of(raw)) or None

    def static(self, spec: FieldSpec) -> Kind:
        return Kind("list", item=TEXT)

    def to_cell(self, value: object, spec: FieldSpec) -> Cell:
        return json_cell(value)

    def from_cell(self, cell: Cell, spec: FieldSpec) -> object:
        return json.loads(str(cell))

    def plain(self, value: object, spec: FieldSpec) -> object:
        return value

    def from_plain(self, plain: object, spec: FieldSpec) -> object:
        return plain

    def bound(self, raw: object, spec: FieldSpec, zone: tzinfo) -> int:
        return count_bound(raw)

    def check(self, value: object, spec: FieldSpec) -> None:
        assert isinstance(value, list)
        check_count(len(value), spec)
