from core.model.errors import Text
from tests.core.language.bench import Faults, Load

FINES = """
ledgers:
  credit: {account: staff, unit: booking, label: {en: Credit, zh: 业绩}}
  fines:  {account: staff, unit: CNY, confirm: chief, read: {chief: {}, desk: {where: self.account == me}}, label: {en: Fines, zh: 罚款}}
  hours:  {account: staff, unit: hour, digits: 1, by: desk, sync: {home: hq}, label: {en: Hours, zh: 工时}}
"""


def test_an_entry_is_an_ordinary_record(load: Load) -> None:
    plugin = load(FINES)
    credit = plugin.records["credit"]
    assert (credit.key, credit.origin, credit.label) == ("shop.credit", "ledger", Text("Credit", "业绩"))
    assert list(credit.fields) == [
        "account", "amount", "why_en", "why_zh", "rule", "source_type", "source_id", "source_action", "at", "counter_of",
            "voided_by",
    ]  # fmt: skip
    assert credit.fields["account"].spec.to == "core.staff"
    assert plugin.ledgers["credit"].digits == 0
    assert (credit.fields["amount"].spec.type, plugin.records["fines"].fields["amount"].spec.type) == ("int", "money")
    assert plugin.records["hours"].fields["amount"].spec.digits == 1


def test_an_entry_counts_at_once_or_waits_for_a_role(load: Load) -> None:
    records = load(FINES).records
    assert list(records["credit"].states) == ["posted", "countered"]
    assert list(records["fines"].states) == ["proposed", "confirmed", "rejected", "countered"]
    assert list(records["credit"].actions) == ["counter"]
    assert {name: action.by for name, action in records["fines"].actions.items()} == {
        "confirm": ("chief",), "reject": ("chief",), "counter": ("chief",),
    }  # fmt: skip


def test_a_correction_is_a_counter_entry_beside_the_old_one(load: Load) -> None:
    fines = load(FINES).records["fines"]
    outcome = fines.actions["counter"].outcomes[0]
    assert outcome.to == "countered"
    assert outcome.create[0].record == "shop.fines"
    assert outcome.create[0].state == "confirmed"
    assert outcome.create[0].values["amount"].text == "-self.amount"
    assert outcome.create[0].values["counter_of"].text == "self.id"


def test_who_counters_reads_and_holds_an_entry_can_be_said(load: Load) -> None:
    records = load(FINES).records
    assert records["hours"].actions["counter"].by == ("desk",)
    assert records["credit"].actions["counter"].by == ("store_admin", "hq_admin")
    assert set(records["fines"].read or {}) == {"chief", "desk"}
    assert records["hours"].sync.home == "hq"


def test_names_in_a_ledger_must_exist(faults: Faults) -> None:
    faults("""
ledgers:
  fines: {account: staf, unit: CNY, confirm: cheif, label: {en: Fines, zh: 罚款}}  # <- unknown-record unknown-role
  hours:
    account: staff
    unit: h
    label: {en: Hours, zh: 工时}
    read:
      desk: {where: self.acount == me}  # <- unknown-field
""")
