"""What stands side by side is masked alike: one column must not tell what the other keeps back."""

from __future__ import annotations

from core.language.checks.inspection import Inspection
from core.language.definition import ReadRule, RecordType
from core.model.errors import Text

KIND = "pairs"


def check_pairs(inspection: Inspection) -> None:
    """Warn of compared fields that a role sees in clear on one side and masked or not at all on the other."""
    records = {record.key: record for record in inspection.compiled.values()}
    for name, view in inspection.plugin.views.items():
        record = records.get(str(view.get("of")))
        against = record.fields.get(str(view.get("against"))) if record else None
        other = records.get(against.spec.to or "") if against else None
        if view["kind"] == KIND and record is not None and other is not None:
            _compare(inspection, name, record, other)


def _compare(inspection: Inspection, view: str, record: RecordType, other: RecordType) -> None:
    ours, theirs = record.read or {}, other.read or {}
    compare: dict[str, str] = inspection.plugin.views[view]["compare"]  # type: ignore[assignment]
    for role in sorted(ours.keys() & theirs.keys()):
        for field, there in compare.items():
            if _is_open(ours[role], field) != _is_open(theirs[role], there):
                inspection.shop.warn(
                    "pair-masks-differ",
                    f"`{role}` sees `{record.name}.{field}` and `{other.name}.{there}` differently: one is masked",
                    f"`{role}` 看到的 `{record.name}.{field}` 与 `{other.name}.{there}` 掩码不一致",
                    ("views", view, "compare", field),
                    Text("mask both or neither under `read`", "请在 `read` 中统一两者的掩码"),
                )


def _is_open(rule: ReadRule, field: str) -> bool:
    return field not in rule.mask and field not in rule.hide
