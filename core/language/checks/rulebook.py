"""A rule book is kept: every rule that stands in the source is carried out somewhere and proved by a scenario."""

from __future__ import annotations

from core.language.checks.inspection import Inspection
from core.language.rulebook import RuleRow, rule_rows
from core.model.errors import Text


def check_rulebook(inspection: Inspection) -> None:
    """Find rules marked S or F that nothing cites, or that no scenario proves. All of them, at once."""
    for row in rule_rows(inspection.plugin):
        if row.rule and row.rule.binding:
            _check(inspection, row)


def _check(inspection: Inspection, row: RuleRow) -> None:
    path = ("rules", row.number)
    if not row.places:
        inspection.shop.warn(
            "rule-not-carried-out",
            f"nothing carries out {row.number}",
            f"没有任何内容执行 {row.number}",
            path,
            Text(f"cite: {row.number} where it is carried out", f"在执行该规则之处写 cite: {row.number}"),
        )
    elif row.unproved:
        inspection.shop.warn(
            "rule-not-proved",
            f"no scenario proves {row.number}",
            f"没有场景证明 {row.number}",
            path,
            Text(f"write a scenario with cite: {row.number}", f"编写带 cite: {row.number} 的场景"),
        )
