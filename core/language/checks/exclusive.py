"""Exclusive keys are decided by one node: the records they compare must all have the same home."""

from __future__ import annotations

from core.language.checks.inspection import Inspection
from core.model.errors import Text


def check_exclusive(inspection: Inspection) -> None:
    """Find exclusive keys over records whose homes differ.

    With home `hq` headquarters decides. With home `store` each store decides for its own records: that is
    enough when only the store holds them, or when the store is part of the key.
    """
    for plan, record in inspection.written():
        one_home = record.sync.home == "hq" or record.sync.scope in ("store", "hq")
        for name, exclusive in record.exclusive.items():
            if not one_home and "store" not in exclusive.key:
                inspection.shop.key_fault(
                    "exclusive-without-home",
                    f"{plan.name} records of several stores have several homes: nobody can decide `{name}`",
                    f"多家门店的 {plan.name} 归属不同节点，无人能裁定 `{name}`",
                    (*plan.path, "exclusive", name),
                    Text(
                        "write `sync: {home: hq}` or `scope: store`, or add store to the key",
                        "请写 `sync: {home: hq}` 或 `scope: store`，或把 store 加入 key",
                    ),
                )
