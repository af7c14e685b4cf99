from tests.core.language.bench import Faults, Load

CASE = """
records:
  case:
    label: {en: Case, zh: 案件}
    fields: {owner: {type: ref, to: staff, label: {en: Owner, zh: 负责人}}, seen: {type: list, of: text, label: {en: Seen, zh: 已阅}}}
    by: desk
    actions: {open: {from: new, notice: told, label: {en: Open, zh: 开}}}
  call:
    label: {en: Call, zh: 电话}
    fields: {phone: {type: phone, mask: last4, label: {en: Phone, zh: 电话}}}
    by: desk
"""


def test_a_notice_goes_to_posts_and_to_people(load: Load) -> None:
    told = load(
        CASE
        + """
notices: {told: {to: [desk, =self.owner], text: {en: "Case of {self.owner.name}", zh: "{self.owner.name} 的案件"}}}
"""
    ).notices["told"]
    assert told.to[0] == "desk"
    assert getattr(told.to[1], "text", None) == "self.owner"
    assert set(told.fills) == {"self.owner.name"}


def test_a_notice_is_checked_against_every_record_that_sends_it(faults: Faults) -> None:
    text = (
        CASE
        + """
    actions: {ring: {from: new, notice: told, label: {en: Ring, zh: 拨打}}}
notices:
  told: {to: [=self.owner], text: {en: Hello, zh: 你好}}  # <- unknown-field
"""
    )
    found = faults(text)
    assert "call" in found[0].what.en


def test_recipients_must_exist_and_be_people(faults: Faults) -> None:
    faults(
        CASE
        + """
notices:
  told: {to: [dsk, =self], text: {en: Hello, zh: 你好}}  # <- unknown-role wrong-kind
  idle: {to: desk, text: {en: Hello, zh: 你好}}
"""
    )


def test_a_notice_nothing_sends_is_warned_of(faults: Faults) -> None:
    faults("""
notices:
  idle: {to: desk, text: {en: Hello, zh: 你好}}  # ~ never-sent
""")
