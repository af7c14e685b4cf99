from core.language.definition import Plugin
from tests.core.language.bench import Faults, Load


def test_samples_are_kept_as_written(load: Load, core: Plugin) -> None:
    assert "on_duty" not in core.records["staff"].fields
    samples = load("samples: {staff: {li: {name: Li, badge: D01, roles: [desk], on_duty: true}}}").samples
    assert samples == {"staff": {"li": {"name": "Li", "badge": "D01", "roles": ["desk"], "on_duty": True}}}


def test_only_staff_can_be_on_duty(faults: Faults) -> None:
    faults("""
records: {room: {label: {en: Room, zh: 包房}}}
samples:
  room: {v8: {on_duty: true, store: s1}}  # <- unknown-field
""")


def test_a_ref_may_name_its_sample_in_full(faults: Faults) -> None:
    faults("""
samples:
  staff:   {li: {name: Li}}
  absence: {a: {staff: staff.li}, b: {staff: li}, c: {staff: staff.wang}}  # <- unknown-sample
""")
