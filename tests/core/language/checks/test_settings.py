from tests.core.language.bench import Faults


def test_a_setting_no_rule_reads_is_warned_of(faults: Faults) -> None:
    faults("""
settings:
  cutoff: {type: time, default: "20:45", label: {en: Cut-off, zh: 截止}}  # ~ unused-setting
""")
