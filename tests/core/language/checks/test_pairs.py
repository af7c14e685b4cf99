from tests.core.language.bench import Faults, Load

TEXT = """
records:
  guest:
    label: {en: Guest, zh: 客人}
    fields:
      name:  {type: text, mask: first1, label: {en: Name, zh: 姓名}}
      phone: {type: phone, mask: last4, label: {en: Phone, zh: 电话}}
      note:  {type: text, label: {en: Note, zh: 备注}}
    read: {desk: {mask: {phone: has(self.note)}}, chief: {hide: [note]}}
  again:
    label: {en: Again, zh: 重复}
    fields:
      guest: {type: ref, to: guest, label: {en: Guest, zh: 客人}}
      name:  {type: text, mask: first1, label: {en: Name, zh: 姓名}}
      phone: {type: phone, mask: last4, label: {en: Phone, zh: 电话}}
      note:  {type: text, label: {en: Note, zh: 备注}}
    read: {desk: {mask: [%s]}, chief: {%s}}
views:
  twice:
    kind: pairs
    of: again
    against: guest
    compare:
      name: name%s
      phone: phone
      note: note%s
    label: {en: Twice, zh: 重复比对}
"""
WARNED = "  # ~ pair-masks-differ"


def test_what_one_side_masks_the_other_does_not_tell(faults: Faults) -> None:
    assert len(faults(TEXT % ("name, phone", "", WARNED, WARNED))) == 2


def test_masked_alike_is_no_fault_and_a_condition_counts_as_a_mask(load: Load) -> None:
    assert load(TEXT % ("phone", "hide: [note]", "", "")).warnings == ()
