from tests.core.language.bench import Faults, Load

GUEST = """
records:
  guest:
    label: {en: Guest, zh: 客人}
    fields:
      name:  {type: text, label: {en: Name, zh: 姓名}}
      phone: {type: phone, mask: last4, label: {en: Phone, zh: 电话}}
      short: {type: text, value: =self.name, label: {en: Short, zh: 简称}}
    alike:
      one_phone: %s
    sync: %s
"""
LABEL = "label: {en: One phone, zh: 同一电话}"


def test_two_records_are_alike_by_stored_fields(load: Load, faults: Faults) -> None:
    guest = load(GUEST % (f"{{key: [phone, name], {LABEL}}}", "{scope: store}")).records["guest"]
    assert guest.alike["one_phone"].key == ("phone", "name")
    for key in ("[short]", "[telephone]"):
        faults(GUEST % (f"{{key: {key}, {LABEL}}}  # <- unknown-field", "{scope: store}"))


def test_what_never_leaves_the_store_cannot_be_compared(faults: Faults) -> None:
    faults(GUEST % (f"{{key: [phone], {LABEL}}}  # <- alike-stays-home", "{hide: [phone]}"))


def test_records_of_headquarters_have_no_two_stores(faults: Faults) -> None:
    for sync in ("{home: hq}", "{scope: hq}"):
        faults(GUEST % (f"{{key: [phone], {LABEL}}}  # <- alike-without-stores", sync))
