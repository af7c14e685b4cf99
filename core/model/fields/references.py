"""``ref``: the id of another record."""

from __future__ import annotations

import re
from datetime import tzinfo
from typing import TYPE_CHECKING

from core.model.errors import Text
from core.model.fields.base import FieldType, shown
from core.model.kinds import Kind, record_kind
from core.model.values import BadValue

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:\-]{0,63}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


class RefField(FieldType):
    """An id. Whether the record exists is the store's to know: it may still be on its way here."""

    name = "ref"

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> str:
        known = getattr(raw, "id", raw)  # a rule may hand over the record itself
        word = known.strip() if isinstance(known, str) else ""
        if not _ID.fullmatch(word):
            raise BadValue(
                Text(f"`{shown(known)}` is not the id of a record", f"“{shown(known)}”不是记录编号"),
                Text("choose a record from the list", "请从列表中选择"),
                code="bad-ref",
            )
        return word.lower() if _UUID.fullmatch(word) else word

    def static(self, spec: FieldSpec) -> Kind:
        assert spec.to is not None, "a ref says what it points to"
        return record_kind(spec.to)
