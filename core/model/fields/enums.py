"""``enum``: one of a list of keys, each with a label in both languages."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from core.model.errors import Text, suggest
from core.model.fields.base import FieldType, shown
from core.model.kinds import TEXT, Kind
from core.model.values import BadValue

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec


class EnumField(FieldType):
    """A key. A label is read too, because that is what a spreadsheet has in its cells."""

    name = "enum"

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> str:
        options = spec.options or {}
        word = str(raw).strip()
        if word in options:
            return word
        by_label = [key for key, label in options.items() if word in (label.zh, label.en)]
        if len(by_label) == 1:
            return by_label[0]
        choices = ", ".join(options)
        raise BadValue(
            Text(f"`{shown(raw)}` is not one of the choices", f"“{shown(raw)}”不在可选项中"),
            suggest(word, options) or Text(f"choose one of {choices}", f"请选择：{choices}"),
            code="bad-choice",
        )

    def static(self, spec: FieldSpec) -> Kind:
        return Kind("text", options=tuple(spec.options)) if spec.options else TEXT
