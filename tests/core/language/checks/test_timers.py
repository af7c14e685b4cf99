from tests.core.language.bench import Faults

BOOKING = """
settings:
  hold:  {type: duration, default: 20m, label: {en: Hold, zh: 保留时长}}
  blank: {type: duration, default: null, label: {en: Not set, zh: 未设置}}
records:
  booking:
    label: {en: Booking, zh: 订房}
    fields:
      booked_at: {type: datetime, default: =now, label: {en: Booked, zh: 订房时间}}
      roomed_at: {type: datetime, label: {en: Roomed, zh: 给房时间}}
    states: {held: {en: Held, zh: 保留}, lapsed: {en: Lapsed, zh: 取消}}
    by: desk
    actions:
      book:  {from: new, to: held, ask: [roomed_at]}
      lapse: {from: held, to: lapsed, by: system}
      note:  {ask: [roomed_at], by: system}
    timers:
      hold:
        while: self.state == "held"
        then: lapse
"""


def test_a_hold_that_starts_with_a_field_nobody_need_fill_may_last_for_ever(faults: Faults) -> None:
    found = faults(
        BOOKING
        + """
        due: =self.roomed_at + settings.hold  # <- may-last-for-ever
"""
    )
    assert found[0].what.en == "held may last for ever when self.roomed_at is empty: the timer is then not armed"


def test_cases_without_a_last_row_may_match_nothing(faults: Faults) -> None:
    found = faults(
        BOOKING
        + """
        due:
          - {when: has(self.roomed_at), is: =self.roomed_at + settings.hold}  # <- may-last-for-ever
"""
    )
    assert "when no row fits" in found[0].what.en


def test_a_last_row_ends_every_hold(faults: Faults) -> None:
    faults(
        BOOKING
        + """
        due:
          - {when: has(self.roomed_at), is: =self.roomed_at + settings.hold}
          - {is: =self.booked_at + settings.hold}
"""
    )


def test_a_last_row_of_null_says_that_no_end_is_meant(faults: Faults) -> None:
    faults(
        BOOKING
        + """
        due:
          - {when: has(self.roomed_at), is: =self.roomed_at + settings.hold}
          - {is: null}
"""
    )


def test_a_field_that_is_tested_in_while_is_there(faults: Faults) -> None:
    text = BOOKING.replace('while: self.state == "held"', 'while: self.state == "held" and has(self.roomed_at)')
    faults(
        text
        + """
        due: =self.roomed_at + settings.hold
"""
    )


def test_a_blank_setting_is_no_fault_of_the_timer(faults: Faults) -> None:
    faults(
        BOOKING
        + """
        due: =self.booked_at + settings.blank
"""
    )


def test_another_sure_timer_ends_the_state(faults: Faults) -> None:
    faults(
        BOOKING
        + """
        due: =self.roomed_at + settings.hold
      closing: {while: self.state == "held", due: =self.booked_at + 12h, then: lapse}
"""
    )


def test_a_timer_that_only_notes_something_ends_nothing(faults: Faults) -> None:
    faults(
        BOOKING.replace("then: lapse", "then: note")
        + """
        due: =self.roomed_at + settings.hold
"""
    )


def test_the_action_of_a_timer_must_start_where_the_timer_runs(faults: Faults) -> None:
    text = BOOKING.replace("      note:  {", "      revive: {from: lapsed, to: held}\n      note:  {")
    faults(
        text
        + """
        due: =self.booked_at + settings.hold
      again:
        while: self.state in ["held", "lapsed"]
        due: =self.booked_at + settings.hold
        then: lapse  # <- timer-does-not-fit
"""
    )
