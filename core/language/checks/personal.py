"""Personal data: a phone number says how it is masked."""

from __future__ import annotations

from core.language.checks.inspection import Inspection
from core.model.errors import Text


def check_personal(inspection: Inspection) -> None:
    """Find phone fields without a mask."""
    for plan, record in inspection.written():
        for name, field in record.fields.items():
            phone = field.spec.type == "phone" or (field.spec.item is not None and field.spec.item.type == "phone")
            if phone and field.stored and field.mask is None:
                inspection.shop.key_fault(
                    "phone-without-mask",
                    f"`{name}` is a phone number and says nothing of its mask",
                    f"`{name}` 是电话号码，但未规定掩码",
                    (*plan.path, "fields", name),
                    Text(
                        "add `mask: last4` (or `mask: none` if it is no person's)",
                        "请补 `mask: last4`（若非个人电话可写 `mask: none`）",
                    ),
                )
