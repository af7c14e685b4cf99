"""Who holds a copy, and one more store that a record itself names."""

from __future__ import annotations

from tests.core.language.bench import Faults, Load

PARCEL = """
records:
  parcel:
    label: {{en: Parcel, zh: 包裹}}
    fields:
      for_store: {{type: text, label: {{en: For store, zh: 目的门店}}}}
      weight:    {{type: int, label: {{en: Weight, zh: 重量}}}}
      shouted:   {{type: text, value: '=upper(self.for_store)', label: {{en: Shouted, zh: 大写}}}}
      secret:    {{type: text, label: {{en: Secret, zh: 机密}}}}
    by: store_admin
    actions: {{send: {{from: new, ask: [for_store], label: {{en: Send, zh: 发送}}}}}}
    sync: {{hide: [secret], also: {field}}}{comment}
"""


def test_a_record_may_name_one_more_store_that_holds_a_copy(load: Load) -> None:
    plugin = load(PARCEL.format(field="for_store", comment=""))

    assert plugin.records["parcel"].sync.also == "for_store"


def test_a_field_that_cannot_name_a_store_is_refused(faults: Faults) -> None:
    for field, code in [
        ("weight", "no-store-field"),
        ("shouted", "no-store-field"),
        ("secret", "no-store-field"),
        ("for_shop", "unknown-field"),
    ]:
        faults(PARCEL.format(field=field, comment=f"  # <- {code}"))


def test_a_record_stays_with_the_store_that_it_was_made_for(faults: Faults) -> None:
    for later in ("ask: [for_store]", "set: {for_store: '=\"x\"'}"):
        text = PARCEL.format(field="for_store", comment="  # <- store-field-moves")
        text = text.replace(
            "actions: {send:", f"actions: {{redirect: {{{later}, label: {{en: Redirect, zh: 改寄}}}}, send:"
        )
        faults(text)
