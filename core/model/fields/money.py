"""``money``: yuan with two digits, half up (C-8); kept as whole fen."""

from __future__ import annotations

import re
from datetime import tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING

from core.model.fields.decimals import DecimalField
from core.model.kinds import MONEY, Kind

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec

_SIGNS = re.compile(r"^\s*([+-]?)\s*[¥￥]\s*|\s*元\s*$")


class MoneyField(DecimalField):
    """An amount in yuan. ``¥500`` and ``500元`` are read as well."""

    name = "money"

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> Decimal:
        if isinstance(raw, str) and not raw.isascii():
            raw = _SIGNS.sub(r"\1", raw)
        return super().parse(raw, spec, zone)

    def static(self, spec: FieldSpec) -> Kind:
        return MONEY if spec.digits is None else super().static(spec)
