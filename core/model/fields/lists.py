"""``list``: several values of one declared type, several maps with declared parts, or any JSON."""

from __future__ import annotations

import json
import re
from datetime import tzinfo
from typing import TYPE_CHECKING

from core.model.errors import Text
from core.model.fields.base import SCALAR_MERGES, FieldType, shown
from core.model.fields.json_values import free_json, json_cell
from core.model.fields.maps import parts_from_plain, parts_kind, parts_parsed, parts_plain
from core.model.fields.texts import check_count, count_bound
from core.model.kinds import LIST, Kind
from core.model.merge import MergePolicy
from core.model.values import BadValue, Cell

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec

_BETWEEN = re.compile(r"[,，、;；\n]")


class ListField(FieldType):
    """A list; an empty one is None. Text is read too: JSON, or items with commas between them."""

    name = "list"
    merges = SCALAR_MERGES | {MergePolicy.UNION}
    default_merge = MergePolicy.UNION

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> list[object] | None:
        items = [_item_parsed(item, spec, zone) for item in items_of(raw)]
        return items or None

    def static(self, spec: FieldSpec) -> Kind:
        if spec.item is not None:
            return Kind("list", item=spec.item.static)
        return Kind("list", item=parts_kind(spec.parts)) if spec.parts else LIST

    def to_cell(self, value: object, spec: FieldSpec) -> Cell:
        return json_cell(self.plain(value, spec))

    def from_cell(self, cell: Cell, spec: FieldSpec) -> object:
        return self.from_plain(json.loads(str(cell)), spec)

    def to_json(self, value: object, spec: FieldSpec, zone: tzinfo) -> object:
        assert isinstance(value, list)
        if spec.item is not None:
            return [spec.item.json(item, zone) for item in value]
        if spec.parts:
            return [{name: part.json(item.get(name), zone) for name, part in spec.parts.items()} for item in value]
        return value

    def plain(self, value: object, spec: FieldSpec) -> object:
        assert isinstance(value, list | tuple)
        if spec.item is not None:
            return [None if item is None else spec.item.kind.plain(item, spec.item) for item in value]
        return [parts_plain(item, spec.parts) for item in value] if spec.parts else free_json(value)

    def from_plain(self, plain: object, spec: FieldSpec) -> object:
        assert isinstance(plain, list)
        if spec.item is not None:
            return [None if item is None else spec.item.kind.from_plain(item, spec.item) for item in plain]
        return [parts_from_plain(item, spec.parts) for item in plain] if spec.parts else plain

    def bound(self, raw: object, spec: FieldSpec, zone: tzinfo) -> int:
        return count_bound(raw)

    def check(self, value: object, spec: FieldSpec) -> None:
        assert isinstance(value, list)
        check_count(len(value), spec)


def items_of(raw: object) -> list[object]:
    """Return the items in a list, in JSON text, or in text with commas between them; ``BadValue`` otherwise."""
    if isinstance(raw, list | tuple):
        return list(raw)
    if isinstance(raw, str):
        if not raw.lstrip().startswith("["):
            return [piece.strip() for piece in _BETWEEN.split(raw) if piece.strip()]
        try:
            found = json.loads(raw, parse_float=str)
        except ValueError:
            found = None
        if isinstance(found, list):
            return found
    raise BadValue(
        Text(f"`{shown(raw)}` is not a list", f"“{shown(raw)}”不是列表"),
        Text("write the items with commas between them", "请用逗号分隔各项"),
        code="bad-list",
    )


def _item_parsed(item: object, spec: FieldSpec, zone: tzinfo) -> object:
    if spec.item is not None:
        return spec.item.filled(item, zone)
    return parts_parsed(item, spec.parts, zone) if spec.parts else free_json(item)
