from core.model.errors import Text
from tests.core.language.bench import Faults, Load

CARD = """
records:
  visit: {label: {en: Visit, zh: 拜访}, fields: {owner: {type: ref, to: staff, label: {en: O, zh: 人}}, day: {type: date, default: =today, label: {en: D, zh: 日}}}}
scorecards:
  monthly:
    label: {en: Monthly, zh: 月度}
    every: {month: {for: staff, where: '"desk" in staff.roles'}}
    items:
      visits: {weight: 70, target: 4, value: {count: visit, where: visit.owner == staff and visit.day in period}, label: {en: Visits, zh: 拜访}}
      review: {weight: 20, by: chief, label: {en: Review, zh: 评分}}
      manner: {weight: 10, by: ROLE, label: {en: Manner, zh: 态度}}
    bands: {pass: 60, fail: 0}
    read: {desk: {where: self.staff == me}, chief: {where: self.subject != me}}
"""


def test_a_card_keeps_marks_and_results_in_a_record(load: Load) -> None:
    plugin = load(CARD.replace("ROLE", "chief"))
    record = plugin.records["monthly"]
    assert record.origin == "scorecard"
    assert list(record.fields) == ["subject", "period", "mark_review", "mark_manner", "items", "total", "band", "staff"]
    assert record.fields["mark_review"].label.zh == "评分"
    assert list(record.states) == ["open", "closed"]
    assert record.actions["mark"].by == ("chief",)
    assert "system" in record.actions["close"].by
    assert plugin.scorecards["monthly"].items["review"].by == "chief"


def test_bands_are_called_as_the_plugin_says_on_the_card_and_in_its_record(load: Load) -> None:
    named = CARD.replace("ROLE", "chief").replace("fail: 0}", "fail: 0}\n    band_labels: {pass: {en: Pass, zh: 合格}}")
    plugin = load(named)

    assert plugin.scorecards["monthly"].band_labels == {"pass": Text("Pass", "合格")}
    assert plugin.records["monthly"].fields["band"].spec.options == {
        "pass": Text("Pass", "合格"), "fail": Text("fail", "fail"),
    }  # fmt: skip
    assert load(CARD.replace("ROLE", "chief")).records["monthly"].fields["band"].spec.type == "text"


def test_a_name_for_a_band_that_is_not_there_is_a_fault(faults: Faults) -> None:
    faults(
        CARD.replace("ROLE", "chief").replace(
            "fail: 0}", "fail: 0}\n    band_labels: {passed: {en: Pass, zh: 合格}}  # <- unknown-key"
        )
    )


def test_a_card_is_made_for_every_subject_and_period(load: Load) -> None:
    every = load(CARD.replace("ROLE", "chief")).records["monthly"].every
    assert every
    assert (every.period, every.subject) == ("month", "core.staff")
    assert {name: formula.text for name, formula in every.values.items()} == {
        "subject": "staff",
        "period": "period.start",
    }


def test_where_roles_differ_each_mark_is_kept_to_its_own(load: Load) -> None:
    mark = load(CARD.replace("ROLE", "desk")).records["monthly"].actions["mark"]
    assert mark.by == ("chief", "desk")
    assert [check.rule.text for check in mark.checks] == [
        '(self.mark_review == old.mark_review) or holds_role(me, "chief")',
        '(self.mark_manner == old.mark_manner) or holds_role(me, "desk")',
    ]


def test_names_in_a_scorecard_must_exist(faults: Faults) -> None:
    faults("""
scorecards:
  monthly:
    label: {en: Monthly, zh: 月度}
    every:
      month: {for: staff, where: staff.role == "desk"}  # <- unknown-field
    items:
      a: {weight: 50, by: cheif, label: {en: A, zh: 甲}}  # <- unknown-role
      b: {weight: =settings.b, value: =staff.name, target: true, label: {en: B, zh: 乙}}  # <- unknown-part wrong-kind
  weekly:
    label: {en: Weekly, zh: 每周}
    every:
      week: {for: stuff}  # <- unknown-record
    items: {a: {weight: 100, by: chief, label: {en: A, zh: 甲}}}
""")


LOCKED = CARD.replace("ROLE", "chief").replace(
    "    bands:",
    """    lock: =end_of(nth_workday(self.period + 31d, 3))
    cap: 120
    fields: {remark: {type: text, label: {en: Remark, zh: 备注}}}
    states: {signed: {en: Signed, zh: 已签字}}
    actions: {sign: {from: closed, to: signed, by: chief, ask: [remark], label: {en: Sign, zh: 签字}}}
    bands:""",
)


def test_a_card_with_a_lock_is_marked_and_closed_after_it_and_may_go_on(load: Load) -> None:
    record = load(LOCKED).records["monthly"]
    assert list(record.states) == ["open", "locked", "closed", "signed"]
    assert record.actions["close"].sources == {"locked"}
    assert record.actions["mark"].sources == {"open", "locked"}
    assert record.timers["lock"].then == "lock"
    assert record.actions["sign"].sources == {"closed"}
    assert "remark" in record.fields


def test_a_mark_may_have_parts_each_with_a_field_of_its_own(load: Load) -> None:
    parts = "parts: {team: {en: Team, zh: 协作}, care: {en: Care, zh: 维护}}"
    record = load(LOCKED.replace("weight: 20, by: chief", f"weight: 20, by: chief, {parts}")).records["monthly"]
    asked = [ask.name for ask in record.actions["mark"].ask]
    assert asked == ["mark_review_team", "mark_review_care", "mark_manner"]
    assert record.fields["mark_review_care"].label.zh == "评分：维护"


def test_parts_need_somebody_who_marks_them(faults: Faults) -> None:
    faults(
        CARD.replace("ROLE", "chief").replace(
            "weight: 70,", "weight: 70,\n        parts: {a: {en: A, zh: 甲}},  # <- parts-need-a-role\n        "
        )
    )
