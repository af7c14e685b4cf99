"""Ledgers: each becomes a record type of its own, so that entries have a table, an API and sync like any other."""

from __future__ import annotations

from typing import Any

from core.language.compile.workshop import Workshop
from core.language.definition import Ledger
from core.language.manifest.records import RecordShape
from core.language.manifest.sections import LedgerShape
from core.language.source import KeyPath
from core.model.errors import Text

MONEY = "CNY"
_COUNTERERS = ["store_admin", "hq_admin"]  # who may counter an entry that nobody confirms

_LABELS: dict[str, tuple[str, str]] = {
    "account": ("Account", "账户"),
    "amount": ("Amount", "数额"),
    "why_en": ("Why (English)", "原因（英文）"),
    "why_zh": ("Why (Chinese)", "原因"),
    "rule": ("Rules", "依据条款"),
    "source_type": ("From", "来源类型"),
    "source_id": ("From record", "来源记录"),
    "source_action": ("From action", "来源操作"),
    "at": ("At", "时间"),
    "counter_of": ("Counters", "冲销的分录"),
    "voided_by": ("Taken back by", "撤销依据"),
}
_STATES: dict[str, tuple[str, str]] = {
    "posted": ("Posted", "已入账"),
    "proposed": ("Proposed", "待确认"),
    "confirmed": ("Confirmed", "已确认"),
    "rejected": ("Rejected", "已驳回"),
    "countered": ("Countered", "已冲销"),
}


def compile_ledgers(shop: Workshop) -> dict[str, Ledger]:
    """Return the ledgers and enter them, so that actions may post to them."""
    found: dict[str, Ledger] = {}
    for name, shape in shop.manifest.ledgers.items():
        path = ("ledgers", name)
        label = shop.label(shape.label, path, needed=True)
        known = shop.known(
            shape.account, shop.reach.local_names(), Text("record", "记录"), (*path, "account"), "unknown-record"
        )
        account = shop.reach.drafts[shape.account].key if known else "core.staff"
        for key in shape.fields.keys() & _LABELS.keys():
            shop.key_fault(
                "defined-twice", f"every entry has `{key}` already", f"每条分录已有 `{key}`", (*path, "fields", key)
            )
        for key in ("confirm", "by"):
            for role in _listed(getattr(shape, key)):
                shop.known_role(role, (*path, key))
        found[name] = Ledger(name, label, shape.unit, account, _digits(shape), shape.confirm, tuple(shape.cite))
    shop.reach.ledgers.update(found)
    shop.reach.refresh()
    return found


def ledger_record(name: str, shape: LedgerShape) -> tuple[RecordShape, KeyPath]:
    """Return the record an entry of the ledger is: what a plugin would have had to write itself.

    An entry counts at once (``posted``), or is ``proposed`` until the role in ``confirm`` agrees (C-9).
    Nothing is deleted (C-10): ``counter`` writes the opposite entry beside it.
    """
    sides = sorted({"confirmed"} if shape.confirm else {"posted"})
    first = ["proposed", "confirmed", "rejected"] if shape.confirm else ["posted"]
    record: dict[str, Any] = {
        "label": {"en": name, "zh": name} if shape.label is None else shape.label.model_dump(),
        "fields": {
            **{key: field | {"label": _text(_LABELS[key])} for key, field in _fields(shape).items()},
            **{key: field.model_dump(by_alias=True, exclude_unset=True) for key, field in shape.fields.items()},
        },
        "states": {state: _text(_STATES[state]) for state in (*first, "countered")},
        "by": "system",
        "actions": _actions(name, shape, sides),
        "cite": shape.cite,
    }
    if shape.read is not None:
        record["read"] = {role: rule.model_dump(by_alias=True) for role, rule in shape.read.items()}
    if shape.sync is not None:
        record["sync"] = shape.sync.model_dump(by_alias=True)
    return RecordShape.model_validate(record), ("ledgers", name)


def _fields(shape: LedgerShape) -> dict[str, dict[str, Any]]:
    digits = _digits(shape)
    amount: dict[str, Any] = {"type": "decimal", "digits": digits} if digits else {"type": "int"}
    if shape.unit == MONEY and digits == 2:
        amount = {"type": "money"}
    return {
        "account": {"type": "ref", "to": shape.account, "required": True},
        "amount": {**amount, "required": True},
        "why_en": {"type": "text"},
        "why_zh": {"type": "text"},
        "rule": {"type": "text"},
        "source_type": {"type": "text"},
        "source_id": {"type": "text"},
        "source_action": {"type": "text"},
        "at": {"type": "datetime", "required": True, "default": "=now"},
        "counter_of": {"type": "text"},
        "voided_by": {"type": "text"},
    }


def _actions(name: str, shape: LedgerShape, sides: list[str]) -> dict[str, Any]:
    by = _listed(shape.by) or _listed(shape.confirm) or _COUNTERERS
    opposite = {
        key: f"=self.{key}"
        for key in ("account", "why_en", "why_zh", "rule", "source_type", "source_id", "source_action", *shape.fields)
    }
    counter = {
        "label": {"en": "Counter", "zh": "冲销"},
        "from": sides,
        "to": "countered",
        "by": by,
        "create": {
            name: {
                "state": sides[0],
                "with": {**opposite, "amount": "=-self.amount", "at": "=now", "counter_of": "=self.id"},
            }
        },
    }
    if not shape.confirm:
        return {"counter": counter}
    return {
        "confirm": {
            "label": {"en": "Confirm", "zh": "确认"},
            "from": "proposed",
            "to": "confirmed",
            "by": shape.confirm,
        },
        "reject": {"label": {"en": "Reject", "zh": "驳回"}, "from": "proposed", "to": "rejected", "by": shape.confirm},
        "counter": counter,
    }


def _digits(shape: LedgerShape) -> int:
    return shape.digits if shape.digits is not None else 2 if shape.unit == MONEY else 0


def _listed(names: str | list[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or [])


def _text(pair: tuple[str, str]) -> dict[str, str]:
    return {"en": pair[0], "zh": pair[1]}
