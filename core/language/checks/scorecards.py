"""Scorecards: weights total 100, bands cover 0 to 100."""

from __future__ import annotations

from decimal import Decimal

from core.language.checks.inspection import Inspection
from core.language.definition import Scorecard
from core.language.expressions import Literal
from core.model.errors import Text


def check_scorecards(inspection: Inspection) -> None:
    """Check every scorecard's weights and bands."""
    for card in inspection.plugin.scorecards.values():
        _check_weights(inspection, card)
        _check_bands(inspection, card)


def _check_weights(inspection: Inspection, card: Scorecard) -> None:
    """Only when all are written out: a weight may come from a setting, and a blank one is not configured."""
    weights = [item.weight.value for item in card.items.values() if isinstance(item.weight, Literal)]
    if len(weights) < len(card.items) or None in weights:
        return
    total = sum(Decimal(str(weight)) for weight in weights)
    if total != 100:
        inspection.shop.key_fault(
            "weights-not-100",
            f"the weights total {total}, not 100",
            f"权重合计 {total}，应为 100",
            ("scorecards", card.name, "items"),
        )


def _check_bands(inspection: Inspection, card: Scorecard) -> None:
    if not card.bands:
        return
    path, shop = ("scorecards", card.name, "bands"), inspection.shop
    fix = Text("let the lowest band begin at 0", "最低等级应从 0 开始")
    if min(card.bands.values()) != 0:
        shop.key_fault(
            "bands-gap",
            f"totals below {min(card.bands.values())} have no band",
            f"低于 {min(card.bands.values())} 的总分没有等级",
            path,
            fix,
        )
    for band, least in card.bands.items():
        if not 0 <= least <= 100:
            shop.fault(
                "bands-gap",
                f"`{band}` begins at {least}, outside 0 to 100",
                f"`{band}` 从 {least} 开始，超出 0–100",
                (*path, band),
            )
    if len(set(card.bands.values())) < len(card.bands):
        shop.key_fault("bands-gap", "two bands begin at the same total", "两个等级起点相同", path)
