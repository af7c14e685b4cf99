from tests.core.language.bench import Faults

BOOKING = """
records:
  booking:
    label: {en: Booking, zh: 订房}
    fields: {at: {type: datetime, default: =now, label: {en: At, zh: 时间}}}
    by: desk
"""


def test_a_state_no_action_leads_to_is_reported(faults: Faults) -> None:
    found = faults(
        BOOKING
        + """
    states:
      held: {en: Held, zh: 保留}
      lost: {en: Lost, zh: 丢失}  # <- unreachable-state
    actions:
      book: {from: new, to: held}
"""
    )
    assert "`lost`" in found[0].what.en


def test_a_state_reached_only_from_an_unreachable_one_is_unreachable_too(faults: Faults) -> None:
    faults(
        BOOKING
        + """
    states:
      held: {en: Held, zh: 保留}
      lost: {en: Lost, zh: 丢失}  # <- unreachable-state
      found: {en: Found, zh: 找回}  # <- unreachable-state
    actions:
      book: {from: new, to: held}
      find: {from: lost, to: found}
      lose: {from: found, to: lost}
"""
    )


def test_an_outcome_that_cannot_start_from_where_it_says_leads_nowhere(faults: Faults) -> None:
    faults(
        BOOKING
        + """
    states:
      held: {en: Held, zh: 保留}
      lost: {en: Lost, zh: 丢失}
      found: {en: Found, zh: 找回}  # <- unreachable-state
    actions:
      book: {from: new, to: held}
      lose: {from: held, to: lost}
      find: {outcomes: [{when: self.state == "found", to: found}, {to: held}]}
"""
    )


def test_a_state_another_record_creates_it_in_is_reached(faults: Faults) -> None:
    faults(
        BOOKING
        + """
    states: {held: {en: Held, zh: 保留}, gone: {en: Gone, zh: 离开}}
    actions:
      book: {from: new, to: held, create: {card: {state: open}}}
      leave: {from: held, to: gone}
  card:
    label: {en: Card, zh: 卡}
    states: {blank: {en: Blank, zh: 空白}, open: {en: Open, zh: 打开}}  # <- unreachable-state
"""
    )


def test_the_first_state_is_where_a_created_record_starts(faults: Faults) -> None:
    faults(
        BOOKING
        + """
    actions: {book: {from: new, create: {card: {}}}}
  card:
    label: {en: Card, zh: 卡}
    by: desk
    states: {open: {en: Open, zh: 打开}, closed: {en: Closed, zh: 关闭}}
    actions: {close: {from: open, to: closed}}
"""
    )


def test_a_birth_without_a_state_is_reported(faults: Faults) -> None:
    faults(
        BOOKING
        + """
    states: {held: {en: Held, zh: 保留}}
    actions:
      book: {from: new, to: held}
      jot:  {from: new, ask: [at]}  # <- no-first-state
      turn_away: {from: new, outcomes: [{refuse: {en: Full, zh: 已满}}]}
"""
    )


def test_a_final_state_needs_no_way_out(faults: Faults) -> None:
    faults(
        BOOKING
        + """
    states: {held: {en: Held, zh: 保留}, gone: {en: Gone, zh: 离开}}
    actions: {book: {from: new, to: held}, leave: {from: held, to: gone}}
"""
    )


def test_a_state_in_which_a_timer_runs_must_have_a_way_out(faults: Faults) -> None:
    faults(
        BOOKING
        + """
    states:
      held: {en: Held, zh: 保留}
      late: {en: Late, zh: 逾期}  # <- trapped-state
    actions: {book: {from: new, to: held}, slip: {from: [held], to: late, by: system}}
    timers:
      slow:
        while: self.state == "late"
        due: =self.at + 20m
        then: slip  # <- timer-does-not-fit
"""
    )
