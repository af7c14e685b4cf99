"""Who may act must see what he acts on."""

from __future__ import annotations

from tests.core.language.bench import Load

PLAN = """
records:
  plan:
    label: {en: Plan, zh: 计划}
    fields:
      size: {type: int, label: {en: Size, zh: 数量}}
      note: {type: text, label: {en: Note, zh: 备注}}
      phone: {type: phone, mask: last4, label: {en: Phone, zh: 电话}}
    by: [desk, chief]
    actions:
      write: {from: new, ask: [size, note, phone], label: {en: Write, zh: 填写}}
"""


def told(load: Load, text: str) -> list[tuple[str, str]]:
    """Return code and Chinese text of the warnings of this check."""
    found = [each for each in load(PLAN + text).warnings if each.code in {"acts-unread", "asks-unseen"}]
    return [(each.code, each.what.zh) for each in found]


def test_a_role_that_acts_on_what_it_may_not_read_is_told_of(load: Load) -> None:
    text = """
      change: {ask: [size], label: {en: Change, zh: 修改}}
      close: {by: [desk, system], label: {en: Close, zh: 结束}}
      look: {by: everyone, label: {en: Look, zh: 查看}}
    read: {desk: {}}
"""

    assert told(load, text) == [
        ("acts-unread", "岗位 `chief` 可以执行 `change`，却无权查看该记录：凭此岗位找不到它"),
        ("acts-unread", "岗位 `everyone` 可以执行 `look`，却无权查看该记录：凭此岗位找不到它"),
    ]


def test_what_is_asked_for_and_hidden_is_told_of_and_a_one_off_input_is_not(load: Load) -> None:
    text = """
      change: {ask: [size, note], label: {en: Change, zh: 修改}}
      mend: {ask: [note, phone], label: {en: Mend, zh: 更正}}
      add: {ask: [{more: {type: int, label: {en: More, zh: 增加}}}], set: {size: =self.size + ask.more}, label: {en: Add, zh: 增加}}
    read: {desk: {mask: {size: self.size > 3}}, everyone: {hide: [note], mask: [phone]}}
"""

    assert told(load, text) == [
        ("asks-unseen", "要求岗位 `chief` 填写 `note`，但该岗位看不到现有内容"),
        ("asks-unseen", "要求岗位 `chief` 填写 `note`, `phone`，但该岗位看不到现有内容"),
    ]


def test_who_may_have_it_revealed_sees_what_stands_there(load: Load) -> None:
    text = """
      mend: {ask: [phone], label: {en: Mend, zh: 更正}}
    read: {desk: {}, chief: {mask: [phone], reveal: logged}}
"""

    assert told(load, text) == []


def test_a_record_that_every_role_reads_needs_no_rule(load: Load) -> None:
    assert told(load, "      change: {ask: [size], label: {en: Change, zh: 修改}}\n") == []
