"""An empty page says how what belongs there comes about."""

from __future__ import annotations

from typing import Any

import pytest

MORE = """
  rental_check:
    label: {en: Check, zh: 检查}
    fields: {rental: {type: ref, to: rental, label: {en: Rental, zh: 租赁}}}
    by: boss
    actions: {note: {from: new, ask: [rental], label: {en: Note, zh: 登记}}}
    sync: {scope: store, home: store}
  reminder:
    label: {en: Reminder, zh: 催还}
    fields: {rental: {type: ref, to: rental, label: {en: Rental, zh: 租赁}}}
    sync: {scope: store, home: store}
  weekly:
    label: {en: Weekly sheet, zh: 周报}
    fields: {who: {type: ref, to: staff, label: {en: Who, zh: 谁}}, week: {type: date, label: {en: Week, zh: 周}}}
    every: {week: {for: staff, where: staff.badge == "nobody", with: {who: =staff, week: =period.start}}}
    sync: {scope: store, home: store}

  rental:
"""


@pytest.fixture
def empty(shop: Any) -> Any:
    """The bicycle shop before its first morning, with more to write down."""
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    text = file.read_text(encoding="utf-8").replace("\n  rental:\n", MORE)
    text = text.replace(
        "to: late, by: system, notice: late,",
        "to: late, by: system, notice: late, create: {reminder: {with: {rental: =self}}},",
    )
    file.write_text(text, encoding="utf-8")
    shop.service.node.host.reload()
    assert shop.service.node.catalog.faults == ()
    return shop


@pytest.mark.parametrize(
    ("address", "zh", "en"),
    [
        ("/records/bicycle_rental/reminder", "由 租赁 产生", "They come from Rental"),
        ("/ledgers/bicycle_rental/fees", "由 租赁 · 归还 产生", "They come from Rental · Take back"),
        ("/records/bicycle_rental/weekly", "每周自动生成", "Made by themselves every week"),
        ("/records/bicycle_rental/rental_check", "由老板登记", "Entered by: Owner"),
        ("/records/bicycle_rental/rental", "可先进行： 租出", "Begin with: Hand out"),
        ("/board/bicycle_rental/rental", "暂无记录：可先进行： 租出", "Nothing here yet: Begin with: Hand out"),
    ],
)
def test_an_empty_page_says_what_to_do_or_what_to_wait_for(
    empty: Any, browse: Any, address: str, zh: str, en: str
) -> None:
    assert zh in browse("li", "zh").texts(address)
    assert en in browse("li").texts(address)
