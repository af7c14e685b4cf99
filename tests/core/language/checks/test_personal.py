from tests.core.language.bench import Faults


def test_a_phone_number_says_how_it_is_masked(faults: Faults) -> None:
    faults("""
records:
  guest:
    label: {en: Guest, zh: 客人}
    fields:
      phone:   {type: phone, label: {en: Phone, zh: 电话}}  # <- phone-without-mask
      phones:  {type: list, of: phone, label: {en: Phones, zh: 电话}}  # <- phone-without-mask
      masked:  {type: phone, mask: last4, label: {en: Masked, zh: 掩码}}
      hotline: {type: phone, mask: none, label: {en: Hotline, zh: 热线}}
""")


def test_a_number_that_is_only_asked_and_not_kept_needs_no_mask(faults: Faults) -> None:
    faults("""
records:
  guest:
    label: {en: Guest, zh: 客人}
    by: desk
    actions: {check: {ask: [{phone_at_door: {type: phone}}]}}
""")
